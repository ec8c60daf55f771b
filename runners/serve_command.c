/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/serve_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define NAMES_MAX 8
#define APPENDED_MAX 12

/* As llama-server spells them; the first is the one that is appended. */
static const char *const model_names[NAMES_MAX] = {
	"-m", "--model", "-mu", "--model-url", "-hf", "-hfr", "--hf-repo"
};
static const char *const host_names[NAMES_MAX] = { "--host" };
static const char *const port_names[NAMES_MAX] = { "--port" };
static const char *const thread_names[NAMES_MAX] = { "-t", "--threads" };
static const char *const ctx_names[NAMES_MAX] = { "-c", "--ctx-size" };
static const char *const layer_names[NAMES_MAX] = { "-ngl", "--gpu-layers",
						    "--n-gpu-layers" };

bool ep_serve_is_file(const char *model)
{
	return strchr(model, '/') || ep_str_ends(model, ".gguf") ||
	       access(model, F_OK) == 0;
}

bool ep_serve_wanted(const struct ep_drive *d)
{
	return !d->url &&
	       (d->server || (d->model && ep_serve_is_file(d->model)));
}

/* The value of the last of these options: the last one counts. */
static const char *value_of(char *const *argv, const char *const *names)
{
	const char *value = NULL;

	for (size_t i = 1; argv[0] && argv[i]; i++)
		for (size_t k = 0; k < NAMES_MAX && names[k]; k++) {
			size_t len = strlen(names[k]);

			if (strncmp(argv[i], names[k], len) != 0)
				continue;
			if (argv[i][len] == '=')
				value = argv[i] + len + 1;
			else if (argv[i][len] == '\0')
				value = argv[i + 1] ? argv[i + 1] : "";
		}
	return value;
}

/* An option and its value, unless the command has it. */
static int append(struct ep_serve_command *c, const char *const *names,
		  const char *option, const char *value, struct ep_err *err)
{
	const char *has = value_of(c->argv, names);
	size_t count = 0;

	if (has && strcmp(has, value) != 0)
		return ep_err_set(err, -EINVAL,
				  "the server's command has %s %.60s, and %s "
				  "says %.60s; leave one of them out",
				  names[0], has, option, value);
	if (has)
		return 0;
	while (c->argv[count])
		count++;
	c->argv[count] = strdup(names[0]);
	if (c->argv[count])
		c->argv[count + 1] = strdup(value);
	return c->argv[count] && c->argv[count + 1] ? 0 : -ENOMEM;
}

static int append_count(struct ep_serve_command *c, const char *const *names,
			const char *option, int64_t count, struct ep_err *err)
{
	char text[24];

	(void)ep_str_format(text, sizeof(text), "%lld", (long long)count);
	return append(c, names, option, text, err);
}

/* Where a client of this machine reaches it. */
static int set_host(struct ep_serve_command *c, char *ret, size_t size,
		    struct ep_err *err)
{
	const char *has = value_of(c->argv, host_names);
	const char *host = has ? has : "127.0.0.1";

	if (!host[0] || strchr(host, '/') || ep_str_ends(host, ".sock"))
		return ep_err_set(err, -EINVAL,
				  "the server's command has --host '%.80s': "
				  "requests are sent over TCP; give an address "
				  "such as 127.0.0.1",
				  host);
	if (strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	if (!ep_str_format(ret, size, strchr(host, ':') ? "[%s]" : "%s", host))
		return ep_err_set(err, -EINVAL,
				  "the server's --host is too long");
	return has ? 0 : append(c, host_names, "--host", host, err);
}

static int set_port(struct ep_serve_command *c, unsigned free_port,
		    struct ep_err *err)
{
	const char *text = value_of(c->argv, port_names);
	uint64_t port = free_port;

	if (text &&
	    (ep_num_parse_u64(text, &port) < 0 || port == 0 || port > 65535))
		return ep_err_set(err, -EINVAL,
				  "the server's command has --port '%.40s': "
				  "give one from 1 to 65535, or none for one "
				  "that is free",
				  text);
	c->port = (unsigned)port;
	return text ? 0
		    : append_count(c, port_names, "--port", (int64_t)port, err);
}

static int copy_argv(char *const *argv, struct ep_serve_command *ret)
{
	size_t count = 0;

	while (argv[count])
		count++;
	ret->argv = calloc(count + APPENDED_MAX + 1, sizeof(*ret->argv));
	if (!ret->argv)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		ret->argv[i] = strdup(argv[i]);
		if (!ret->argv[i])
			return -ENOMEM;
	}
	return 0;
}

static int make(const struct ep_drive *d, unsigned free_port,
		struct ep_serve_command *c, struct ep_err *err)
{
	char host[256] = "";
	int r = copy_argv(d->server, c);

	if (r == 0 && d->model)
		r = append(c, model_names, "--model", d->model, err);
	if (r == 0)
		r = set_host(c, host, sizeof(host), err);
	if (r == 0)
		r = set_port(c, free_port, err);
	if (r == 0 && d->thread_count > 0)
		r = append_count(c, thread_names, "--threads", d->thread_count,
				 err);
	if (r == 0 && d->ctx_count > 0)
		r = append_count(c, ctx_names, "--ctx", d->ctx_count, err);
	if (r == 0 && d->gpu_layer_count >= 0)
		r = append_count(c, layer_names, "--gpu-layers",
				 d->gpu_layer_count, err);
	(void)ep_str_format(c->url, sizeof(c->url), "http://%s:%u", host,
			    c->port);
	return r;
}

int ep_serve_command_make(const struct ep_drive *drive, unsigned free_port,
			  struct ep_serve_command *ret, struct ep_err *err)
{
	struct ep_serve_command c = { .argv = NULL };
	int r = make(drive, free_port, &c, err);

	if (r == 0) {
		*ret = c;
		return 0;
	}
	ep_serve_command_done(&c);
	if (r == -ENOMEM)
		return ep_err_set(err, r, "out of memory");
	return r;
}

void ep_serve_command_done(struct ep_serve_command *c)
{
	for (size_t i = 0; c->argv && c->argv[i]; i++)
		free(c->argv[i]);
	free(c->argv);
	c->argv = NULL;
}

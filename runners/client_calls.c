/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/client.h"
#include "runners/suite_fit.h"
#include "runners/workflow_run.h"

/* A server that answers no small question within this time is not well. */
#define CALL_TIMEOUT_NS (30 * EP_NS_PER_S)
#define LOAD_PATIENCE_NS (300 * EP_NS_PER_S)
#define UNLOAD_PATIENCE_NS (60 * EP_NS_PER_S)
#define POLL_NS (100 * EP_NS_PER_MS)

int ep_client_pause(const struct ep_client *c, int64_t ns)
{
	int64_t until_ns = ep_clock_monotonic_ns() + ns;

	for (;;) {
		int64_t left_ns = until_ns - ep_clock_monotonic_ns();
		struct pollfd fd = { .fd = c->stop_fd, .events = POLLIN };
		struct timespec t;

		if (left_ns <= 0)
			return 0;
		t.tv_sec = left_ns / EP_NS_PER_S;
		t.tv_nsec = left_ns % EP_NS_PER_S;
		if (ppoll(&fd, 1, &t, NULL) > 0)
			return -EINTR;
	}
}

static int keep(void *ctx, int status, const char *data, size_t len,
		int64_t t_ns)
{
	struct ep_client *c = ctx;

	(void)status;
	(void)t_ns;
	return ep_buf_add(&c->body, data, len);
}

int ep_client_call(struct ep_client *c, const char *path, const char *body,
		   struct ep_err *err)
{
	const struct ep_http_taker taker = { .take = keep, .ctx = c };
	char url[2048];
	const struct ep_http_ask ask = { .url = url,
					 .body = body,
					 .len = body ? strlen(body) : 0,
					 .timeout_ns = CALL_TIMEOUT_NS };
	int r;

	(void)ep_str_format(url, sizeof(url), "%s%s", c->url, path);
	ep_buf_reset(&c->body);
	r = ep_http_stream_ask(c->http, &ask, &taker, &c->end, err);
	if (c->asked_ns == 0)
		c->asked_ns = c->end.begin_ns;
	if (c->connect_ns == 0)
		c->connect_ns = c->end.connect_ns;
	if (r == -EFBIG || r == -ENOMEM)
		ep_err_set(err, r, "the answer to %s is too long", path);
	return r < 0 ? r : c->end.status;
}

static json_t *parse_body(const struct ep_client *c)
{
	return c->body.len > 0 ? json_loadb(c->body.data, c->body.len, 0, NULL)
			       : NULL;
}

/* "llama3.2" means "llama3.2:latest". */
static bool same_model(const char *name, const char *asked)
{
	size_t len = strlen(asked);

	return strcmp(name, asked) == 0 ||
	       (strncmp(name, asked, len) == 0 && !strchr(asked, ':') &&
		strcmp(name + len, ":latest") == 0);
}

int ep_client_loaded(struct ep_client *c)
{
	const json_t *model;
	json_t *root;
	size_t i;
	int r;

	if (!c->dialect->can_unload)
		return -ENOTSUP;
	r = ep_client_call(c, "/api/ps", NULL, NULL);
	if (r != 200)
		return r < 0 ? r : -EPROTO;
	root = parse_body(c);
	r = json_is_array(json_object_get(root, "models")) ? 0 : -EPROTO;
	json_array_foreach(json_object_get(root, "models"), i, model)
	{
		const char *name =
			json_string_value(json_object_get(model, "name"));

		if (name && same_model(name, c->drive->model))
			r = 1;
	}
	json_decref(root);
	return r;
}

int ep_client_unload(struct ep_client *c, struct ep_err *err)
{
	int64_t until_ns = ep_clock_monotonic_ns() + UNLOAD_PATIENCE_NS;
	json_t *o = json_pack("{s:s,s:i}", "model", c->drive->model,
			      "keep_alive", 0);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	int r = text ? ep_client_call(c, "/api/generate", text, err) : -ENOMEM;

	free(text);
	json_decref(o);
	if (r > 0 && r != 200)
		return ep_err_set(err, -EPROTO,
				  "the server does not unload the model: HTTP "
				  "status %d",
				  r);
	while (r >= 0) {
		r = ep_client_loaded(c);
		if (r == 0)
			return 0;
		if (r > 0 && ep_clock_monotonic_ns() > until_ns)
			return ep_err_set(err, -ETIMEDOUT,
					  "the model is still in memory 60 s "
					  "after it was asked to leave");
		if (r > 0)
			r = ep_client_pause(c, POLL_NS);
	}
	if (err && !err->text[0])
		ep_err_set(err, r, "the model cannot be unloaded: %s",
			   strerror(-r));
	return r;
}

/* 503: it loads its model. */
static int wait_for_server(struct ep_client *c, struct ep_err *err)
{
	int64_t until_ns = ep_clock_monotonic_ns() + LOAD_PATIENCE_NS;
	int r;

	for (;;) {
		r = ep_client_call(c, c->dialect->check_path, NULL, err);
		if (r != 503)
			break;
		if (ep_clock_monotonic_ns() > until_ns)
			return ep_err_set(err, -ETIMEDOUT,
					  "the server still loads its model "
					  "after 300 s");
		r = ep_client_pause(c, POLL_NS);
		if (r < 0)
			return r;
	}
	if (r >= 0 && r != 200)
		return ep_err_set(err, -EPROTO,
				  "this is no %s server: %s answers with HTTP "
				  "status %d",
				  c->dialect->name, c->dialect->check_path, r);
	return r < 0 ? r : 0;
}

/* Ollama knows its models; others take what they serve. */
int ep_client_check_model(struct ep_client *c, struct ep_err *err)
{
	json_t *o = json_pack("{s:s}", "model", c->drive->model);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	int r = text ? ep_client_call(c, "/api/show", text, err) : -ENOMEM;

	free(text);
	json_decref(o);
	if (r == 404)
		return ep_err_set(err, -ENOENT,
				  "the server has no model '%s': ollama pull "
				  "%s, or see ollama list",
				  c->drive->model, c->drive->model);
	return r < 0 ? r : 0;
}

/* Not every server lists its models; one that wants a key says so here. */
static int check_key(struct ep_client *c, struct ep_err *err)
{
	int r = ep_client_call(c, "/models", NULL, err);

	if (r == 401 || r == 403)
		return ep_err_set(
			err, -EACCES,
			"the server %s (HTTP status %d): give it with "
			"--key-file FILE or in EDGEPROF_API_KEY",
			c->key[0] ? "refuses the key" : "wants a key", r);
	return r;
}

int ep_client_ready(struct ep_client *c, struct ep_err *err)
{
	int r;

	ep_buf_init(&c->body, (size_t)4 * 1024 * 1024);
	ep_buf_init(&c->answer, (size_t)1024 * 1024);
	ep_wire_out_init(&c->wire, c->wire_fd);
	r = ep_http_stream_new(c->stop_fd, &c->http, err);
	if (r == 0 && c->key[0])
		r = ep_http_stream_set_key(c->http, c->key);
	if (r == 0 && c->drive->ca_file)
		r = ep_http_stream_set_ca(c->http, c->drive->ca_file, err);
	if (r < 0 || c->server_pid > 0)
		return r;
	if (c->dialect->check_path[0])
		r = wait_for_server(c, err);
	else
		r = check_key(c, err);
	if (r >= 0 && c->dialect->can_unload)
		r = ep_client_check_model(c, err);
	if (r >= 0 && c->drive->steps)
		r = ep_workflow_ready(c, err);
	if (r >= 0)
		r = ep_suite_fit(c, err);
	if (r >= 0 && c->drive->cold)
		r = ep_client_unload(c, err);
	return r < 0 ? r : 0;
}

void ep_client_done(struct ep_client *c)
{
	ep_http_stream_free(c->http);
	ep_wire_out_done(&c->wire);
	ep_buf_done(&c->body);
	ep_buf_done(&c->answer);
}

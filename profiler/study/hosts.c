/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/hosts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "base/words.h"

static const struct ep_param host_keys[] = {
	{ "ssh", "", "what ssh is given; default: the name of the section" },
	{ "board", "", "its board; default: the one that the study names" },
	{ "edgeprof", "edgeprof", "where edgeprof is there" },
	{ "models", "", "the folder in which runs start" },
	{ "sensors", "", "words, each a --sensor of its runs" },
	{ "plug", "", "a command that cycles its power" },
	{ "run-timeout", "1h", "a run that takes longer hangs" },
	{ "boot-timeout", "5m", "until it answers after a power cycle" },
	{ NULL, NULL, NULL },
};
static const struct ep_param no_keys[] = { { NULL, NULL, NULL } };
static const struct ep_conf_rule rules[] = {
	{ "", no_keys, false, false },
	{ "host", host_keys, true, true },
	{ NULL, NULL, false, false },
};

/* GNU parallel takes ',', '/' and '@' apart, ssh a '-' in front. */
static int check_name(const struct ep_conf *c, struct ep_err *err)
{
	size_t len = strlen(c->title);

	if (len > 0 && len < 64 && c->title[0] != '-' && c->title[0] != '.' &&
	    strspn(c->title, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len)
		return 0;
	return ep_err_set(err, -EINVAL,
			  "%s:%d: a host is called by letters, digits, '.', "
			  "'_' and '-', not '%.60s'; its address belongs into "
			  "ssh",
			  c->file, c->line, c->title);
}

static const char *get(const struct ep_conf *c, const char *key,
		       const char *fallback)
{
	const char *value = ep_conf_get(c, key);

	return value && value[0] ? value : fallback;
}

static int get_words(const struct ep_conf *c, const char *key, char ***ret,
		     struct ep_err *err)
{
	const char *text = ep_conf_get(c, key);
	struct ep_err why = { 0 };
	char **words = NULL;

	if (!text || !text[0])
		return 0;
	if (ep_words_split(text, &words, &why) < 0)
		return ep_conf_err(c, key, err, why.text);
	if (ep_words_count(words) == 0) {
		ep_words_free(words);
		return 0;
	}
	*ret = words;
	return 0;
}

static int read_host(const struct ep_conf *c, struct ep_host *h,
		     struct ep_err *err)
{
	int r = check_name(c, err);

	h->name = c->title;
	h->ssh = get(c, "ssh", c->title);
	h->board = get(c, "board", "");
	h->edgeprof = get(c, "edgeprof", "edgeprof");
	h->models = get(c, "models", "");
	if (r == 0 && h->ssh[0] == '-')
		r = ep_conf_err(c, "ssh", err, "it cannot begin with '-'");
	if (r == 0 && h->models[0] && h->models[0] != '/')
		r = ep_conf_err(c, "models", err,
				"a path from the root is wanted, such as "
				"/srv/models");
	if (r == 0)
		r = get_words(c, "sensors", &h->sensors, err);
	if (r == 0)
		r = get_words(c, "plug", &h->plug, err);
	if (r == 0)
		r = ep_conf_get_duration_ns(c, "run-timeout",
					    3600 * EP_NS_PER_S,
					    &h->run_timeout_ns, err);
	if (r == 0)
		r = ep_conf_get_duration_ns(c, "boot-timeout",
					    300 * EP_NS_PER_S,
					    &h->boot_timeout_ns, err);
	if (r == 0 && (h->run_timeout_ns <= 0 || h->boot_timeout_ns <= 0))
		r = ep_conf_err(c,
				h->run_timeout_ns <= 0 ? "run-timeout"
						       : "boot-timeout",
				err, "it is longer than nothing");
	return r;
}

int ep_hosts_load(const char *path, struct ep_hosts *ret, struct ep_err *err)
{
	struct ep_hosts h = { .count = 0 };
	int r = ep_conf_load(path, rules, &h.conf, err);

	if (r < 0)
		return r;
	if (h.conf->section_count == 0)
		r = ep_err_set(err, -EINVAL,
			       "%s names no host: host \"pi1\" { ssh = "
			       "\"pi@192.168.1.21\" }",
			       path);
	for (size_t i = 0; r == 0 && i < h.conf->section_count; i++) {
		if (h.count == EP_HOSTS_MAX)
			r = ep_err_set(err, -E2BIG, "%s: more than %d hosts",
				       path, EP_HOSTS_MAX);
		else
			r = read_host(h.conf->sections[i], &h.items[h.count++],
				      err);
	}
	if (r < 0) {
		ep_hosts_done(&h);
		return r;
	}
	*ret = h;
	return 0;
}

void ep_hosts_done(struct ep_hosts *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++) {
		ep_words_free(h->items[i].sensors);
		ep_words_free(h->items[i].plug);
	}
	ep_conf_free(h->conf);
	memset(h, 0, sizeof(*h));
}

const struct ep_host *ep_hosts_find(const struct ep_hosts *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcmp(h->items[i].name, name) == 0)
			return &h->items[i];
	return NULL;
}

/* Never asks for a password, and a link that is dead is found out within a
 * minute. */
void ep_hosts_ssh_argv(const struct ep_host *h, const char *command,
		       const char *argv[EP_HOSTS_SSH_WORDS])
{
	static const char *const head[] = {
		"ssh", "-T",
		"-o",  "BatchMode=yes",
		"-o",  "ConnectTimeout=10",
		"-o",  "ServerAliveInterval=15",
		"-o",  "ServerAliveCountMax=4",
	};
	size_t n = sizeof(head) / sizeof(head[0]);

	for (size_t i = 0; i < n; i++)
		argv[i] = head[i];
	argv[n++] = "--";
	argv[n++] = h->ssh;
	argv[n++] = command;
	argv[n] = NULL;
}

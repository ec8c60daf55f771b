/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/attached.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "runners/dialect.h"
#include "sensors/table.h"

static void tell(const struct ep_session *s, enum ep_progress what,
		 const char *text)
{
	s->progress.tell(s->progress.ctx, what, text, 0);
}

static const struct ep_dialect *find_dialect(const char *name)
{
	for (size_t i = 0; ep_dialects[i]; i++)
		if (strcmp(ep_dialects[i]->name, name) == 0)
			return ep_dialects[i];
	return NULL;
}

/* The server that the runner's name and --url stand for. */
static int find_server(struct ep_session *s, struct ep_err *err)
{
	const struct ep_record_options *o = s->options;
	const struct ep_dialect *d = find_dialect(o->runner);
	const char *url = o->url;

	if (d && !url)
		url = d->url;
	if (!d || !url)
		return ep_err_set(
			err, -EINVAL,
			"--client needs --runner ollama, llama-server "
			"or openai, and --url for openai: whose "
			"client the command is");
	return ep_attach_server(url, d->exe, &s->attached, err);
}

int ep_session_find_attached(struct ep_session *s, struct ep_err *err)
{
	const struct ep_record_options *o = s->options;
	int r = 0;

	s->attaches = o->attach || o->client;
	if (o->attach)
		r = ep_attach_find(o->attach, &s->attached, err);
	else if (o->client)
		r = find_server(s, err);
	if (r == 0 && s->attached.note[0])
		tell(s, EP_PROGRESS_NOTE, s->attached.note);
	return r;
}

pid_t ep_session_measure_attached(struct ep_session *s)
{
	const struct ep_attached *a = &s->attached;
	char text[500];

	s->env.target_runs = 1;
	s->env.target_path = NULL;
	s->env.target_argv = NULL;
	s->env.target_pid = a->id.pid;
	if (a->id.pid > 0) {
		(void)ep_str_format(text, sizeof(text), "%s (%d)", a->exe,
				    (int)a->id.pid);
		ep_session_event(s, "fact", "attached", text);
		return a->id.pid;
	}
	(void)ep_str_format(text, sizeof(text),
			    "the server's counters, memory and CPU time are "
			    "not measured: %s",
			    a->why);
	tell(s, EP_PROGRESS_WARNING, text);
	ep_session_event(s, "warning", "server-unseen", text);
	return 0;
}

int ep_session_count_client(struct ep_session *s, struct ep_err *err)
{
	const struct ep_sensor_ops *ops;
	const char *events = s->options->events;
	struct ep_slot *slot = NULL;
	int r;

	if (!s->attaches || s->child_pid == 0)
		return 0;
	if (!events && s->board->events[0])
		events = s->board->events;
	ops = ep_sensor_find("counters", err);
	if (!ops)
		return -EINVAL;
	s->client_env = s->env;
	s->client_env.target_pid = s->child_pid;
	s->client_env.target_runs = 0;
	r = ep_slot_add(&s->slots, ops, "client-counters", &slot, err);
	if (r < 0)
		return r;
	slot->client = true;
	r = ep_conf_from_options("--events", "", &slot->own_conf, err);
	if (r == 0 && events)
		r = ep_conf_set(slot->own_conf, "events", events);
	slot->conf = slot->own_conf;
	return r < 0 ? r : ep_slot_open(&s->client_env, s->board, slot, err);
}

void ep_manifest_add_attached(const struct ep_session *s, json_t *o)
{
	const struct ep_attached *a = &s->attached;
	json_t *attach;

	if (!s->attaches)
		return;
	attach = json_pack("{s:s?,s:b,s:i,s:s,s:s,s:s,s:s}", "asked",
			   s->options->attach, "client", s->options->client,
			   "pid", (int)a->id.pid, "exe", a->exe, "how", a->how,
			   "reason", a->why, "note", a->note);
	if (a->port > 0)
		json_object_set_new(attach, "port",
				    json_integer((json_int_t)a->port));
	if (s->options->client)
		json_object_set_new(attach, "runner",
				    json_string(s->options->runner));
	if (s->options->url)
		json_object_set_new(attach, "url",
				    json_string(s->options->url));
	json_object_set_new(o, "attach", attach);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/client.h"

void ep_client_tell(struct ep_client *c, const char *what, int64_t t_ns,
		    json_t *text)
{
	struct ep_event e = ep_event_make(t_ns, what);
	char *dump =
		text ? json_dumps(text, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	e.request = c->request;
	e.source = c->dialect->name;
	e.evidence = EP_EVIDENCE_STREAMED;
	e.text = dump ? dump : "";
	ep_wire_put(&c->wire, &e);
	free(dump);
	json_decref(text);
}

void ep_client_tell_request(struct ep_client *c, const struct ep_prompt *p,
			    int cold, int64_t t_ns)
{
	const struct ep_drive *d = c->drive;
	int64_t max = ep_token_limit(d, p);
	json_t *o = json_pack("{s:s,s:s}", "id", p->id, "tag", p->tag);

	if (o && d->model)
		ep_json_put(o, "model", json_string(d->model));
	if (o && !isnan(p->randomness))
		ep_json_put(o, "temperature", json_real(p->randomness));
	if (o && d->seed >= 0)
		ep_json_put(o, "seed", json_integer(d->seed));
	if (o && max > 0)
		ep_json_put(o, "max_tokens", json_integer(max));
	if (o && cold >= 0)
		ep_json_put(o, "cold", json_boolean(cold));
	if (o && p->asked_prompt_count > 0)
		ep_json_put(o, "asked_prompt_tokens",
			    json_integer(p->asked_prompt_count));
	if (o && p->asked_output_count > 0)
		ep_json_put(o, "asked_output_tokens",
			    json_integer(p->asked_output_count));
	if (o && c->try_number > 1)
		ep_json_put(o, "try", json_integer(c->try_number));
	ep_client_tell(c, "request", t_ns, o);
	ep_wire_flush(&c->wire);
}

static void put_known(json_t *o, const char *key, int64_t value)
{
	if (o && value >= 0)
		ep_json_put(o, key, json_integer(value));
}

void ep_client_tell_reply(struct ep_client *c, const struct ep_http_end *end)
{
	const struct ep_reply *r = &c->reply;
	json_t *o = json_object();

	put_known(o, "status", end->status);
	put_known(o, "prompt_tokens", r->prompt_count);
	put_known(o, "cached_tokens", r->cached_count);
	put_known(o, "output_tokens", r->output_count);
	put_known(o, "draft_tokens", r->draft_count);
	put_known(o, "load_ns", r->load_ns);
	put_known(o, "prefill_ns", r->prefill_ns);
	put_known(o, "generation_ns", r->generation_ns);
	put_known(o, "total_ns", r->total_ns);
	if (o && r->prompt_has_cached)
		ep_json_put(o, "prompt_has_cached", json_true());
	if (o && r->odd)
		ep_json_put(o, "odd", json_true());
	if (o && r->stop[0])
		ep_json_put(o, "stop", json_string(r->stop));
	if (o && r->model[0])
		ep_json_put(o, "model", json_string(r->model));
	if (o && r->error[0])
		ep_json_put(o, "error", json_string(r->error));
	ep_client_tell(c, "sent", end->sent_ns, NULL);
	ep_client_tell(c, "reply", end->done_ns, o);
}

void ep_client_tell_piece(struct ep_client *c, const struct ep_piece *piece)
{
	struct ep_event e = ep_event_make(c->t_ns, "piece");

	e.request = c->request;
	e.source = c->dialect->name;
	e.phase = piece->thinking ? "thinking" : "";
	e.evidence = EP_EVIDENCE_STREAMED;
	e.tokens = piece->tokens_count;
	if (e.tokens < 0 && piece->running_count >= 0)
		e.tokens = piece->running_count - c->running_count;
	if (e.tokens < -1)
		e.tokens = -1;
	if (piece->running_count > c->running_count)
		c->running_count = piece->running_count;
	ep_wire_put(&c->wire, &e);
	/* What does not fit is in no log; the answer itself is no result. */
	c->answer_cut |= ep_buf_adds(&c->answer, piece->text) < 0;
	if (c->keep && !piece->thinking)
		c->keep_cut |= ep_buf_adds(c->keep, piece->text) < 0;
}

void ep_client_tell_progress(struct ep_client *c, const struct ep_piece *piece)
{
	json_t *o = json_object();

	put_known(o, "processed", piece->processed_count);
	put_known(o, "total", piece->prompt_count);
	ep_client_tell(c, "progress", c->t_ns, o);
}

static void warn(struct ep_client *c, int32_t request, const char *code,
		 const char *text)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "warning");

	e.request = request;
	e.source = code;
	e.text = text;
	ep_wire_put(&c->wire, &e);
	(void)dprintf(STDERR_FILENO, "edgeprof: %s\n", text);
}

void ep_client_tell_failure(struct ep_client *c, const struct ep_prompt *p,
			    int64_t again_ns)
{
	char text[700], again[80] = "";

	if (again_ns > 0)
		(void)ep_str_format(again, sizeof(again),
				    "; sent again in %.3g s, %d of %lld times",
				    (double)again_ns * 1e-9, c->try_number,
				    (long long)c->drive->retry_count);
	(void)ep_str_format(text, sizeof(text), "request %d (%.60s): %s%s",
			    (int)c->request, p->id, c->reply.error, again);
	ep_str_printable(text);
	warn(c, c->request, again_ns > 0 ? "request-retried" : "request-failed",
	     text);
	c->failed_count += again_ns == 0;
}

/* Prompts that were never sent are no gap in silence. */
void ep_client_tell_left(struct ep_client *c, size_t left)
{
	char text[100];

	(void)ep_str_format(text, sizeof(text),
			    "%zu of %zu prompts were not "
			    "sent",
			    left, c->prompts->count);
	warn(c, 0, "prompts-left", text);
}

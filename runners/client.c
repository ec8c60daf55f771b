/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/client.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

#define REFUSAL_BYTES_MAX 65536

static void tell(struct ep_client *c, const char *what, int64_t t_ns,
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

static void tell_request(struct ep_client *c, const struct ep_prompt *p,
			 int cold, int64_t t_ns)
{
	const struct ep_drive *d = c->drive;
	int64_t max = p->max_token_count > 0 ? p->max_token_count
					     : d->max_token_count;
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
	tell(c, "request", t_ns, o);
	ep_wire_flush(&c->wire);
}

static void put_known(json_t *o, const char *key, int64_t value)
{
	if (o && value >= 0)
		ep_json_put(o, key, json_integer(value));
}

static void tell_reply(struct ep_client *c, const struct ep_http_end *end)
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
	tell(c, "sent", end->sent_ns, NULL);
	tell(c, "reply", end->done_ns, o);
}

static void tell_piece(struct ep_client *c, const struct ep_piece *piece)
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
	ep_wire_put(&c->wire, &e);
	/* What does not fit is in no log; the answer itself is no result. */
	c->answer_cut |= ep_buf_adds(&c->answer, piece->text) < 0;
}

static void tell_progress(struct ep_client *c, const struct ep_piece *piece)
{
	json_t *o = json_object();

	put_known(o, "processed", piece->processed_count);
	put_known(o, "total", piece->prompt_count);
	tell(c, "progress", c->t_ns, o);
}

/* One line or message of the reply. */
static int take_line(void *ctx, char *text, size_t len)
{
	struct ep_client *c = ctx;
	struct ep_piece piece;
	char start[48];
	json_t *value;
	bool done;

	if (c->dialect->events && strcmp(text, "[DONE]") == 0) {
		c->seen_done = true;
		return 0;
	}
	value = json_loadb(text, len, 0, NULL);
	if (!json_is_object(value)) {
		json_decref(value);
		(void)ep_str_copy(start, sizeof(start), text);
		ep_str_printable(start);
		(void)ep_str_format(c->reply.error, sizeof(c->reply.error),
				    "this is no answer of a %s server: %s",
				    c->dialect->name, start);
		return -EBADMSG;
	}
	ep_piece_init(&piece);
	done = c->reply.done;
	c->dialect->decode(value, &c->reply, &piece);
	if (piece.said == EP_SAID_PIECE)
		tell_piece(c, &piece);
	else if (piece.said == EP_SAID_PROGRESS)
		tell_progress(c, &piece);
	if (piece.running_count > c->running_count)
		c->running_count = piece.running_count;
	if (c->reply.done && !done)
		tell(c, "finish", c->t_ns, NULL);
	json_decref(value);
	return c->reply.error[0] ? -EREMOTEIO : 0;
}

static int take(void *ctx, int status, const char *data, size_t len,
		int64_t t_ns)
{
	struct ep_client *c = ctx;
	int r;

	c->t_ns = t_ns;
	if (status != 200) {
		return c->body.len < REFUSAL_BYTES_MAX
			       ? ep_buf_add(&c->body, data, len)
			       : 0;
	}
	if (!c->begun && data[0] == '<') {
		(void)ep_str_copy(c->reply.error, sizeof(c->reply.error),
				  "the server sends a web page instead of an "
				  "answer");
		return -EBADMSG;
	}
	c->begun = true;
	r = ep_lines_feed(&c->lines, data, len);
	if (r == -EFBIG)
		(void)ep_str_copy(c->reply.error, sizeof(c->reply.error),
				  "a line of the answer is longer than 1 MiB");
	ep_wire_flush_due(&c->wire, t_ns);
	return r;
}

static void turn(void *ctx)
{
	struct ep_client *c = ctx;

	ep_wire_flush_due(&c->wire, ep_clock_monotonic_ns());
}

/* An answer that is no 200: what it says, or at least its number. */
static void explain_status(struct ep_client *c, int status)
{
	json_t *value = c->body.len > 0
				? json_loadb(c->body.data, c->body.len, 0, NULL)
				: NULL;
	char text[sizeof(c->reply.error)];

	if (value && ep_reply_error(value, &c->reply))
		(void)ep_str_format(text, sizeof(text),
				    "HTTP status %d: %.250s", status,
				    c->reply.error);
	else
		(void)ep_str_format(text, sizeof(text), "HTTP status %d",
				    status);
	(void)ep_str_copy(c->reply.error, sizeof(c->reply.error), text);
	json_decref(value);
}

static void judge(struct ep_client *c, int r, const struct ep_http_end *end,
		  const struct ep_err *why)
{
	struct ep_reply *reply = &c->reply;

	if (r == 0 && end->status != 200)
		explain_status(c, end->status);
	else if (r == 0 && !reply->done && !c->seen_done && !reply->error[0])
		(void)ep_str_copy(reply->error, sizeof(reply->error),
				  "the answer ended before it was whole");
	else if (r < 0 && !reply->error[0])
		(void)ep_str_copy(reply->error, sizeof(reply->error),
				  why->text[0] ? why->text : strerror(-r));
}

static int ask(struct ep_client *c, const struct ep_prompt *p,
	       struct ep_http_end *end)
{
	const struct ep_http_taker taker = { .take = take,
					     .turn = turn,
					     .ctx = c };
	struct ep_err why = { 0 };
	const char *path = "";
	json_t *o = c->dialect->body(c->drive, p, &path);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	struct ep_http_ask what = {
		.body = text,
		.timeout_ns = c->drive->request_timeout_ns,
	};
	char url[2048];
	int cold = -1, r = text ? 0 : -ENOMEM;

	(void)ep_str_format(url, sizeof(url), "%s%s", c->url, path);
	what.url = url;
	what.len = text ? strlen(text) : 0;
	if (c->dialect->can_unload) {
		cold = ep_client_loaded(c);
		cold = cold < 0 ? -1 : !cold;
	}
	ep_buf_reset(&c->body);
	ep_lines_init(&c->lines, c->dialect->events, take_line, c);
	end->sent_ns = end->done_ns = ep_clock_monotonic_ns();
	tell_request(c, p, cold, end->sent_ns);
	if (r == 0)
		r = ep_http_stream_ask(c->http, &what, &taker, end, &why);
	c->t_ns = end->done_ns;
	if (r == 0 && end->status == 200)
		r = ep_lines_finish(&c->lines);
	judge(c, r, end, &why);
	tell_reply(c, end);
	ep_lines_done(&c->lines);
	free(text);
	json_decref(o);
	return r;
}

static void tell_failure(struct ep_client *c, const struct ep_prompt *p)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "warning");
	char text[600];

	(void)ep_str_format(text, sizeof(text), "request %d (%.60s): %s",
			    (int)c->request, p->id, c->reply.error);
	ep_str_printable(text);
	e.request = c->request;
	e.source = "request-failed";
	e.text = text;
	ep_wire_put(&c->wire, &e);
	(void)dprintf(STDERR_FILENO, "edgeprof: %s\n", text);
	c->failed_count++;
}

/* Into stdout.log; without it the figures are the same. */
static void write_answer(struct ep_client *c, const struct ep_prompt *p)
{
	struct ep_buf *a = &c->answer;

	if (ep_buf_adds(a, c->answer_cut ? "...\n" : "\n") < 0 ||
	    dprintf(STDOUT_FILENO, "== request %d (%.200s) ==\n",
		    (int)c->request, p->id) < 0 ||
	    ep_file_write_all(STDOUT_FILENO, a->data, a->len) < 0)
		c->answer_cut = true;
	ep_buf_reset(a);
	c->answer_cut = false;
}

static int between(struct ep_client *c, const struct ep_prompt *p)
{
	struct ep_err why = { 0 };
	int r = 0;

	if (c->request > 1 && c->drive->cold)
		r = ep_client_unload(c, &why);
	if (r == -EINTR)
		return r;
	if (r < 0) {
		ep_reply_init(&c->reply);
		(void)ep_str_copy(c->reply.error, sizeof(c->reply.error),
				  why.text[0] ? why.text : strerror(-r));
		tell_failure(c, p);
		return -ECANCELED;
	}
	return c->request > 1 ? ep_client_pause(c, c->drive->pause_ns) : 0;
}

/* Prompts that were never sent are no gap in silence. */
static void tell_left(struct ep_client *c, size_t left)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "warning");
	char text[100];

	(void)ep_str_format(text, sizeof(text),
			    "%zu of %zu prompts were not "
			    "sent",
			    left, c->prompts->count);
	e.source = "prompts-left";
	e.text = text;
	ep_wire_put(&c->wire, &e);
	(void)dprintf(STDERR_FILENO, "edgeprof: %s\n", text);
}

/* 0, or why no other prompt can be sent. */
static int drive_one(struct ep_client *c, const struct ep_prompt *p)
{
	struct ep_http_end end = { 0 };
	int r = between(c, p);

	if (r < 0)
		return r;
	ep_reply_init(&c->reply);
	c->running_count = 0;
	c->seen_done = c->begun = false;
	r = ask(c, p, &end);
	if (c->reply.error[0])
		tell_failure(c, p);
	write_answer(c, p);
	ep_wire_flush(&c->wire);
	if (c->wire.error < 0)
		return c->wire.error;
	/* Nobody is there any more. */
	return r == -EINTR || r == -ECONNREFUSED ? r : 0;
}

int ep_client_drive(struct ep_client *c)
{
	size_t sent = 0;
	int r = 0;

	while (r == 0 && sent < c->prompts->count) {
		const struct ep_prompt *p = &c->prompts->items[sent++];

		c->request = (int32_t)sent;
		r = drive_one(c, p);
	}
	if (sent < c->prompts->count)
		tell_left(c, c->prompts->count - sent);
	return r == -EINTR ? r : 0;
}

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
#include "runners/suite_fit.h"
#include "runners/workflow_run.h"

#define REFUSAL_BYTES_MAX 65536
/* Before the first retry; it doubles up to 16 times that. */
#define RETRY_WAIT_NS (EP_NS_PER_S / 2)
#define RETRY_DOUBLINGS_MAX 4

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
				    "this is not what %s answers: %s",
				    c->dialect->name, start);
		return -EBADMSG;
	}
	ep_piece_init(&piece);
	done = c->reply.done;
	c->dialect->decode(value, &c->reply, &piece);
	if (piece.said == EP_SAID_PIECE)
		ep_client_tell_piece(c, &piece);
	else if (piece.said == EP_SAID_PROGRESS)
		ep_client_tell_progress(c, &piece);
	if (c->reply.done && !done)
		ep_client_tell(c, "finish", c->t_ns, NULL);
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
		(void)ep_str_format(text, sizeof(text), "HTTP status %d%s",
				    status,
				    status >= 300 && status < 400
					    ? ": it sends elsewhere, which is "
					      "not followed: give the final "
					      "address with --url"
					    : "");
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
	ep_client_tell_request(c, p, cold, end->sent_ns);
	if (r == 0)
		r = ep_http_stream_ask(c->http, &what, &taker, end, &why);
	c->t_ns = end->done_ns;
	if (r == 0 && end->status == 200)
		r = ep_lines_finish(&c->lines);
	judge(c, r, end, &why);
	ep_client_tell_reply(c, end);
	ep_lines_done(&c->lines);
	free(text);
	json_decref(o);
	return r;
}

/* Into stdout.log; without it the figures are the same. */
static void write_answer(struct ep_client *c, const struct ep_prompt *p)
{
	struct ep_buf *a = &c->answer;

	if (ep_buf_adds(a, c->answer_cut ? "...\n" : "\n") < 0 ||
	    dprintf(STDOUT_FILENO, "== request %d (%.200s)%s ==\n",
		    (int)c->request, p->id,
		    c->reply.error[0] ? ", failed" : "") < 0 ||
	    ep_file_write_all(STDOUT_FILENO, a->data, a->len) < 0)
		c->answer_cut = true;
	ep_buf_reset(a);
	c->answer_cut = false;
}

/* The model is out of memory before a cold start. */
static int unload(struct ep_client *c)
{
	struct ep_err why = { 0 };
	int r = c->drive->cold ? ep_client_unload(c, &why) : 0;

	if (r >= 0 || r == -EINTR)
		return r < 0 ? r : 0;
	ep_reply_init(&c->reply);
	(void)ep_str_copy(c->reply.error, sizeof(c->reply.error),
			  why.text[0] ? why.text : strerror(-r));
	return -ECANCELED;
}

static int between(struct ep_client *c, const struct ep_prompt *p)
{
	int r = c->request > 1 ? unload(c) : 0;

	if (r == -ECANCELED)
		ep_client_tell_failure(c, p, 0);
	if (r < 0 || c->request == 1)
		return r;
	return ep_client_pause(c, c->drive->pause_ns);
}

/* One try; what came of it is in c->reply. */
static int try_once(struct ep_client *c, const struct ep_prompt *p,
		    struct ep_http_end *end)
{
	int r;

	ep_reply_init(&c->reply);
	c->running_count = 0;
	c->seen_done = c->begun = false;
	c->keep_cut = false;
	if (c->keep)
		ep_buf_reset(c->keep);
	memset(end, 0, sizeof(*end));
	r = ask(c, p, end);
	write_answer(c, p);
	return r;
}

/* A server that refuses would refuse again, and so would a certificate. */
static bool worth_a_retry(const struct ep_client *c, int r,
			  const struct ep_http_end *end)
{
	bool refused = end->status >= 300 && end->status < 500 &&
		       end->status != 408 && end->status != 429;

	return c->reply.error[0] && c->wire.error == 0 && !refused &&
	       c->try_number <= c->drive->retry_count && r != -EINTR &&
	       r != -ENOMEM && r != -EPROTO;
}

/* Waits until the next try may begin. */
static int wait_for_retry(struct ep_client *c, const struct ep_prompt *p)
{
	int doublings = c->try_number - 1 < RETRY_DOUBLINGS_MAX
				? c->try_number - 1
				: RETRY_DOUBLINGS_MAX;
	int64_t wait_ns = RETRY_WAIT_NS << doublings;
	int r;

	ep_client_tell_failure(c, p, wait_ns);
	ep_wire_flush(&c->wire);
	r = ep_client_pause(c, wait_ns);
	return r < 0 ? r : unload(c);
}

int ep_client_drive_one(struct ep_client *c, const struct ep_prompt *p)
{
	struct ep_http_end end;
	int r = between(c, p);

	if (r < 0)
		return r;
	c->try_number = 1;
	r = try_once(c, p, &end);
	while (worth_a_retry(c, r, &end)) {
		r = wait_for_retry(c, p);
		if (r < 0)
			break;
		c->try_number++;
		r = try_once(c, p, &end);
	}
	if (c->reply.error[0])
		ep_client_tell_failure(c, p, 0);
	ep_suite_check(c, p);
	ep_wire_flush(&c->wire);
	if (c->wire.error < 0)
		return c->wire.error;
	/* Nobody is there any more. */
	return r == -EINTR || r == -ECONNREFUSED || r == -ECANCELED ? r : 0;
}

int ep_client_drive(struct ep_client *c)
{
	size_t sent = 0;
	int r = 0;

	if (c->drive->steps)
		r = ep_workflow_drive(c);
	while (r == 0 && sent < c->prompts->count) {
		const struct ep_prompt *p = &c->prompts->items[sent++];

		c->request = (int32_t)sent;
		r = ep_client_drive_one(c, p);
	}
	if (sent < c->prompts->count)
		ep_client_tell_left(c, c->prompts->count - sent);
	ep_suite_tell(c);
	return r == -EINTR ? r : 0;
}

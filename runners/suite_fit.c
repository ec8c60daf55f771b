/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/suite_fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define TEXT_BYTES_MAX ((size_t)64 * 1024 * 1024)

static int write_text(const struct ep_suite_text *what, char **ret,
		      struct ep_err *err)
{
	struct ep_buf text;
	int r;

	ep_buf_init(&text, TEXT_BYTES_MAX);
	r = ep_suite_write(what, &text);
	if (r < 0) {
		ep_buf_done(&text);
		return ep_err_set(err, r, "a prompt of that length: %s",
				  strerror(-r));
	}
	*ret = text.data;
	return 0;
}

/* One value of the answer to a request that only counts. */
struct answer {
	const struct ep_dialect *dialect;
	struct ep_lines lines;
	struct ep_reply reply;
};

static int take_line(void *ctx, char *text, size_t len)
{
	struct answer *a = ctx;
	json_t *value = json_loadb(text, len, 0, NULL);
	struct ep_piece piece;

	ep_piece_init(&piece);
	if (json_is_object(value))
		a->dialect->decode(value, &a->reply, &piece);
	json_decref(value);
	return 0;
}

static int take(void *ctx, int status, const char *data, size_t len,
		int64_t t_ns)
{
	struct answer *a = ctx;

	(void)t_ns;
	return status == 200 ? ep_lines_feed(&a->lines, data, len) : 0;
}

static int post(struct ep_client *c, const struct ep_prompt *p,
		struct answer *a, struct ep_err *err)
{
	struct ep_drive drive = *c->drive;
	const struct ep_http_taker taker = { .take = take, .ctx = a };
	struct ep_http_end end = { 0 };
	const char *path = "";
	char url[2048];
	char *text = NULL;
	json_t *o;
	int r = -ENOMEM;

	drive.output_token_count = 1;
	drive.ignore_eos = false;
	o = c->dialect->body(&drive, p, &path);
	if (o)
		text = json_dumps(o, JSON_COMPACT);
	(void)ep_str_format(url, sizeof(url), "%s%s", c->url, path);
	if (text) {
		const struct ep_http_ask ask = {
			.url = url,
			.body = text,
			.len = strlen(text),
			.timeout_ns = c->drive->request_timeout_ns,
		};

		r = ep_http_stream_ask(c->http, &ask, &taker, &end, err);
	}
	if (r == 0)
		r = ep_lines_finish(&a->lines);
	if (r == 0 && end.status != 200)
		r = ep_err_set(err, -EPROTO,
			       "the server does not answer a prompt that only "
			       "tells its length: HTTP status %d",
			       end.status);
	free(text);
	json_decref(o);
	return r;
}

static int count_by_request(void *ctx, struct ep_suite_text *what, int64_t *ret,
			    struct ep_err *err)
{
	struct ep_client *c = ctx;
	struct answer a = { .dialect = c->dialect };
	struct ep_prompt p = { .randomness = (double)NAN,
			       .asked_prompt_count = 1 };
	int r;

	/* Another beginning each time: what is cached is not counted by all. */
	what->number = EP_SUITE_NUMBERS - 1 - c->suite.asked_count;
	r = write_text(what, &p.text, err);
	if (r < 0)
		return r;
	ep_reply_init(&a.reply);
	ep_lines_init(&a.lines, c->dialect->events, take_line, &a);
	r = post(c, &p, &a, err);
	ep_lines_done(&a.lines);
	free(p.text);
	if (r < 0)
		return r;
	if (a.reply.error[0])
		return ep_err_set(err, -EPROTO,
				  "a prompt that only tells its length: %s",
				  a.reply.error);
	if (a.reply.prompt_count < 0)
		return ep_err_set(err, -EPROTO,
				  "prompts of a fixed length cannot be made: "
				  "the server tells no count of prompt tokens");
	*ret = a.reply.prompt_count;
	if (!a.reply.prompt_has_cached && a.reply.cached_count > 0)
		*ret += a.reply.cached_count;
	c->suite.asked_count++;
	if (*ret > c->suite.longest_count)
		c->suite.longest_count = *ret;
	return 0;
}

static int fit_by_requests(struct ep_client *c, struct ep_err *err)
{
	struct ep_suite_fitter *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return ep_err_set(err, -ENOMEM, "out of memory");
	f->count = count_by_request;
	f->ctx = c;
	r = ep_suite_fitter_init(f, err);
	for (size_t i = 0; r == 0 && i < c->prompts->count; i++) {
		struct ep_prompt *p = &c->prompts->items[i];
		struct ep_suite_text what;
		char *text = NULL;

		if (p->asked_prompt_count == 0)
			continue;
		r = ep_suite_fitter_plan(f, p->asked_prompt_count, &what, err);
		what.number = i;
		if (r == 0)
			r = write_text(&what, &text, err);
		if (r < 0)
			break;
		free(p->text);
		p->text = text;
	}
	free(f);
	return r;
}

/* The first of the tokens of a text that is long enough. */
static int take_tokens(const struct ep_client *c, struct ep_prompt *p,
		       struct ep_err *err)
{
	json_t *root = json_loadb(c->body.data, c->body.len, 0, NULL);
	const json_t *list = json_object_get(root, "tokens");
	size_t count = (size_t)p->asked_prompt_count;
	int r = 0;

	if (json_array_size(list) < count)
		r = ep_err_set(err, -EPROTO,
			       "a text of more than %zu words has fewer tokens "
			       "by the server's /tokenize",
			       count);
	p->tokens = r == 0 ? calloc(count, sizeof(*p->tokens)) : NULL;
	if (r == 0 && !p->tokens)
		r = ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < count; i++) {
		const json_t *value = json_array_get(list, i);

		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > INT32_MAX)
			r = ep_err_set(err, -EPROTO,
				       "/tokenize does not answer with a list "
				       "of numbers");
		else
			p->tokens[i] = (int32_t)json_integer_value(value);
	}
	p->token_count = r == 0 ? count : 0;
	json_decref(root);
	return r;
}

/* 1: the server has no /tokenize. */
static int fit_by_tokens(struct ep_client *c, struct ep_prompt *p,
			 size_t number, struct ep_err *err)
{
	const struct ep_suite_text what = {
		.number = number,
		.block_count =
			(size_t)p->asked_prompt_count / EP_SUITE_BLOCK_WORDS +
			2,
	};
	char *text = NULL, *body = NULL;
	int r = write_text(&what, &text, err);
	json_t *o;

	if (r < 0)
		return r;
	o = json_pack("{s:s,s:b}", "content", text, "add_special", 1);
	body = o ? json_dumps(o, JSON_COMPACT) : NULL;
	r = body ? ep_client_call(c, "/tokenize", body, err)
		 : ep_err_set(err, -ENOMEM, "out of memory");
	free(text);
	free(body);
	json_decref(o);
	if (r == 404 || r == 501)
		return 1;
	if (r > 0 && r != 200)
		return ep_err_set(err, -EPROTO,
				  "/tokenize answers with HTTP status %d", r);
	return r < 0 ? r : take_tokens(c, p, err);
}

int ep_suite_fit(struct ep_client *c, struct ep_err *err)
{
	bool any = false, tells = c->dialect->tokenizes && !c->drive->chat;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->prompts->count; i++) {
		struct ep_prompt *p = &c->prompts->items[i];

		any |= p->asked_prompt_count > 0;
		if (p->asked_prompt_count > 0 && tells)
			r = fit_by_tokens(c, p, i, err);
	}
	if (!any || r < 0)
		return r;
	if (!tells || r == 1)
		r = fit_by_requests(c, err);
	return r;
}

void ep_suite_check(struct ep_client *c, const struct ep_prompt *p)
{
	const struct ep_reply *r = &c->reply;
	bool prompt = p->asked_prompt_count > 0 &&
		      p->asked_prompt_count != r->prompt_count;
	bool output = p->asked_output_count > 0 &&
		      p->asked_output_count != r->output_count;
	char got[32] = "none told", cached[48] = "";
	int64_t count = prompt ? r->prompt_count : r->output_count;

	if (r->error[0] || (!prompt && !output))
		return;
	c->suite.wrong_count++;
	if (c->suite.wrong[0])
		return;
	if (count >= 0)
		(void)ep_str_format(got, sizeof(got), "%lld", (long long)count);
	if (prompt && r->cached_count > 0)
		(void)ep_str_format(cached, sizeof(cached), " and %lld cached",
				    (long long)r->cached_count);
	(void)ep_str_format(c->suite.wrong, sizeof(c->suite.wrong),
			    "request %d (%.60s): asked %lld %s tokens, %s %s%s",
			    (int)c->request, p->id,
			    (long long)(prompt ? p->asked_prompt_count
					       : p->asked_output_count),
			    prompt ? "prompt" : "output",
			    prompt ? "evaluated" : "got", got, cached);
}

static void tell(struct ep_client *c, const char *event, const char *source,
		 const char *text)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), event);

	e.source = source;
	e.text = text;
	ep_wire_put(&c->wire, &e);
}

void ep_suite_tell(struct ep_client *c)
{
	char text[400];

	if (c->suite.asked_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu requests of at most %lld prompt "
				    "tokens before the start",
				    c->suite.asked_count,
				    (long long)c->suite.longest_count);
		tell(c, "fact", "prompts.fitted", text);
	}
	if (c->suite.wrong_count == 0)
		return;
	if (c->suite.wrong_count == 1)
		(void)ep_str_format(text, sizeof(text), "wrong token count: %s",
				    c->suite.wrong);
	else
		(void)ep_str_format(text, sizeof(text),
				    "wrong token count: %zu of %zu requests, "
				    "the first is %s",
				    c->suite.wrong_count, c->prompts->count,
				    c->suite.wrong);
	ep_str_printable(text);
	tell(c, "warning", "wrong-token-count", text);
	(void)dprintf(STDERR_FILENO, "edgeprof: %s\n", text);
}

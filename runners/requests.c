/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/requests.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Ollama tells a few ms of load for a model that is in memory, too. */
#define LOAD_NS_MIN INT64_C(100000000)

static void text_at(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (text)
		(void)ep_str_copy(ret, size, text);
}

static void count_at(const json_t *o, const char *key, int64_t *ret)
{
	const json_t *value = json_object_get(o, key);

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		*ret = json_integer_value(value);
}

static void take_begin(struct ep_request *q, const struct ep_event *e)
{
	json_t *o = json_loads(e->text, 0, NULL);
	const json_t *value;

	q->begin_ns = e->t_ns;
	text_at(o, "id", q->id, sizeof(q->id));
	text_at(o, "tag", q->tag, sizeof(q->tag));
	text_at(o, "model", q->model, sizeof(q->model));
	count_at(o, "seed", &q->seed);
	count_at(o, "asked_prompt_tokens", &q->asked_prompt_count);
	count_at(o, "asked_output_tokens", &q->asked_output_count);
	value = json_object_get(o, "temperature");
	if (json_is_number(value))
		q->randomness = json_number_value(value);
	value = json_object_get(o, "cold");
	if (json_is_boolean(value))
		q->cold = json_is_true(value);
	json_decref(o);
}

static void take_piece(struct ep_request *q, const struct ep_event *e)
{
	if (q->piece_count == 0)
		q->first_ns = e->t_ns;
	q->last_ns = e->t_ns;
	q->piece_count++;
	if (e->tokens < 0)
		q->piece_token_count = -1;
	else if (q->piece_token_count >= 0 &&
		 q->piece_token_count < INT64_MAX - e->tokens)
		q->piece_token_count += e->tokens;
	if (e->tokens != 1)
		q->pieces_are_tokens = false;
}

/*
 * Ollama ("done_reason") and llama-server ("stop_type") count the end token
 * where the model itself ended the answer; at a limit there is none.
 */
static void take_visible(struct ep_request *q, const char *stop,
			 const char *dialect)
{
	static const struct {
		const char *dialect, *stop;
		int64_t hidden;
	} known[] = {
		{ "ollama", "stop", 1 },
		{ "ollama", "length", 0 },
		{ "llama-server", "eos", 1 },
		{ "llama-server", "limit", 0 },
	};

	for (size_t i = 0; stop && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].dialect, dialect) == 0 &&
		    strcmp(known[i].stop, stop) == 0 &&
		    q->output_count >= known[i].hidden)
			q->visible_count = q->output_count - known[i].hidden;
}

static void take_reply(struct ep_request *q, const struct ep_event *e)
{
	json_t *o = json_loads(e->text, 0, NULL);

	q->reply_ns = e->t_ns;
	if (!q->model[0])
		text_at(o, "model", q->model, sizeof(q->model));
	text_at(o, "error", q->error, sizeof(q->error));
	count_at(o, "prompt_tokens", &q->prompt_count);
	count_at(o, "cached_tokens", &q->cached_count);
	count_at(o, "output_tokens", &q->output_count);
	count_at(o, "draft_tokens", &q->draft_count);
	count_at(o, "load_ns", &q->load_ns);
	count_at(o, "prefill_ns", &q->prefill_ns);
	count_at(o, "generation_ns", &q->generation_ns);
	count_at(o, "total_ns", &q->total_ns);
	q->prompt_has_cached =
		json_is_true(json_object_get(o, "prompt_has_cached"));
	q->odd = json_is_true(json_object_get(o, "odd"));
	take_visible(q, json_string_value(json_object_get(o, "stop")),
		     e->source);
	json_decref(o);
}

/*
 * One token in each chunk: the server says so, or as many chunks came as it
 * counts tokens (or one less: the end token is not shown).
 */
static void settle(struct ep_request *q)
{
	int64_t n = q->output_count, pieces = q->piece_count;

	if (pieces == 0) {
		q->pieces_are_tokens = false;
		q->piece_token_count = -1;
		return;
	}
	if (n < 0 && q->piece_token_count > 0)
		n = q->output_count = q->piece_token_count;
	if (n >= 0)
		q->pieces_are_tokens =
			(q->pieces_are_tokens || q->piece_token_count < 0) &&
			(pieces == n || pieces == n - 1);
}

static void reset(struct ep_request *q, int32_t number, int retry_count)
{
	memset(q, 0, sizeof(*q));
	q->number = number;
	q->retry_count = retry_count;
	q->randomness = (double)NAN;
	q->cold = -1;
	q->pieces_are_tokens = true;
	q->seed = q->prompt_count = q->cached_count = q->output_count = -1;
	q->draft_count = q->load_ns = q->prefill_ns = q->generation_ns = -1;
	q->total_ns = q->visible_count = -1;
	q->asked_prompt_count = q->asked_output_count = -1;
}

static int64_t latest_ns(const struct ep_request *q)
{
	return q->reply_ns ? q->reply_ns : q->last_ns ? q->last_ns : q->sent_ns;
}

/* A request that begins once more: what was before has failed. */
static void set_aside(struct ep_requests *list, struct ep_request *q)
{
	struct ep_try *t = &list->tries[list->try_count++];

	t->number = q->number;
	t->start_ns = q->sent_ns ? q->sent_ns : q->begin_ns;
	t->end_ns = latest_ns(q) ? latest_ns(q) : q->begin_ns;
	reset(q, q->number, q->retry_count + 1);
}

static struct ep_request *of_number(struct ep_requests *list, int64_t number)
{
	struct ep_request *q;

	if (list->count > 0 && list->items[list->count - 1].number == number)
		return &list->items[list->count - 1];
	if (number < 1 || number > INT32_MAX || list->count == EP_REQUESTS_MAX)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].number == number)
			return &list->items[i];
	q = &list->items[list->count++];
	reset(q, (int32_t)number, 0);
	return q;
}

static bool is_event(const struct ep_event *e, const char *name)
{
	return strcmp(e->event, name) == 0;
}

static void take(struct ep_requests *list, const struct ep_event *e)
{
	struct ep_request *q;

	if (!is_event(e, "request") && !is_event(e, "sent") &&
	    !is_event(e, "piece") && !is_event(e, "finish") &&
	    !is_event(e, "reply"))
		return;
	q = of_number(list, e->request);
	if (!q)
		return;
	if (is_event(e, "request") && q->begin_ns != 0)
		set_aside(list, q);
	if (is_event(e, "request"))
		take_begin(q, e);
	else if (is_event(e, "sent"))
		q->sent_ns = e->t_ns;
	else if (is_event(e, "piece"))
		take_piece(q, e);
	else if (is_event(e, "finish"))
		q->finish_ns = e->t_ns;
	else
		take_reply(q, e);
}

static size_t count_requests(const struct ep_event *events, size_t count,
			     size_t *ret_tries)
{
	size_t n = 0;
	int64_t last = 0;

	/* A number comes back only in a damaged file; room is enough then. */
	for (size_t i = 0; i < count; i++) {
		n += events[i].request > 0 && events[i].request != last;
		last = events[i].request;
		*ret_tries += is_event(&events[i], "request");
	}
	return n;
}

int ep_requests_read(const struct ep_event *events, size_t count,
		     struct ep_requests *ret)
{
	struct ep_requests list = { 0 };
	size_t tries = 0, room = count_requests(events, count, &tries);

	list.items = calloc(room + 1, sizeof(*list.items));
	list.tries = calloc(tries + 1, sizeof(*list.tries));
	if (!list.items || !list.tries) {
		ep_requests_done(&list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		take(&list, &events[i]);
	for (size_t i = 0; i < list.count; i++)
		settle(&list.items[i]);
	*ret = list;
	return 0;
}

void ep_requests_done(struct ep_requests *r)
{
	if (!r)
		return;
	free(r->items);
	free(r->tries);
	memset(r, 0, sizeof(*r));
}

bool ep_request_loads(const struct ep_request *q)
{
	return q->load_ns > 0 && (q->cold == 1 || q->load_ns >= LOAD_NS_MIN);
}

int64_t ep_request_server_ns(const struct ep_request *q)
{
	int64_t sum;

	if (q->total_ns >= 0)
		return q->total_ns;
	if (q->prefill_ns < 0 || q->generation_ns < 0)
		return -1;
	sum = q->prefill_ns + q->generation_ns;
	return q->load_ns > 0 ? sum + q->load_ns : sum;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "runners/dialect.h"

/* llama.cpp's own server: /completion ends without "[DONE]", its last event
 * has "stop": true and the timings. */

static json_t *prompt_of(const struct ep_prompt *p)
{
	json_t *list;

	if (!p->tokens)
		return json_string(p->text);
	list = json_array();
	for (size_t i = 0; list && i < p->token_count; i++)
		if (json_array_append_new(list, json_integer(p->tokens[i])) <
		    0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *body(const struct ep_drive *d, const struct ep_prompt *p,
		    const char **ret_path)
{
	int64_t max = ep_token_limit(d, p);
	json_t *o;
	bool fine;

	*ret_path = d->chat ? "/v1/chat/completions" : "/completion";
	o = d->chat ? ep_openai_chat(d, p)
		    : json_pack("{s:o,s:b,s:b}", "prompt", prompt_of(p),
				"stream", 1, "return_tokens", 1);
	fine = o != NULL;
	/* All of a prompt of fixed length is evaluated. */
	if (fine && p->asked_prompt_count > 0)
		fine = ep_json_put(o, "cache_prompt", json_false());
	if (fine && d->chat)
		return o;
	if (fine && !isnan(p->randomness))
		fine = ep_json_put(o, "temperature", json_real(p->randomness));
	if (fine && max > 0)
		fine = ep_json_put(o, "n_predict", json_integer(max));
	if (fine && d->seed >= 0)
		fine = ep_json_put(o, "seed", json_integer(d->seed));
	if (fine && d->ignore_eos)
		fine = ep_json_put(o, "ignore_eos", json_true());
	if (fine)
		return o;
	json_decref(o);
	return NULL;
}

/* tokens_predicted counts from the prompt's end; progress chunks carry no
 * text, and a token list of one zero that stands for nothing. */
static void decode_completion(const json_t *value, struct ep_reply *r,
			      struct ep_piece *piece)
{
	const char *text = json_string_value(json_object_get(value, "content"));
	const json_t *progress = json_object_get(value, "prompt_progress");
	const json_t *tokens = json_object_get(value, "tokens");

	ep_reply_text(value, "model", r->model, sizeof(r->model));
	ep_reply_count(value, "tokens_predicted", r, &piece->running_count);
	if (text && text[0]) {
		piece->said = EP_SAID_PIECE;
		piece->text = text;
		if (json_array_size(tokens) > 0)
			piece->tokens_count = (int64_t)json_array_size(tokens);
	} else if (json_is_object(progress)) {
		piece->said = EP_SAID_PROGRESS;
		ep_reply_count(progress, "processed", r,
			       &piece->processed_count);
		ep_reply_count(progress, "total", r, &piece->prompt_count);
		return;
	}
	if (!json_is_true(json_object_get(value, "stop")))
		return;
	r->done = true;
	if (piece->running_count >= 0)
		r->output_count = piece->running_count;
	ep_reply_text(value, "stop_type", r->stop, sizeof(r->stop));
	ep_reply_timings(json_object_get(value, "timings"), r);
}

static void decode(const json_t *value, struct ep_reply *r,
		   struct ep_piece *piece)
{
	if (ep_reply_error(value, r))
		return;
	if (json_object_get(value, "choices"))
		ep_openai_decode(value, r, piece);
	else
		decode_completion(value, r, piece);
}

const struct ep_dialect ep_dialect_llama_server = {
	.name = "llama-server",
	.summary = "requests to llama.cpp's server",
	.url = "http://127.0.0.1:8080",
	.exe = "llama-server",
	.command = "llama-server",
	.events = true,
	.chats = true,
	.ignores_eos = true,
	.tokenizes = true,
	.check_path = "/health",
	.body = body,
	.decode = decode,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "runners/dialect.h"

/* Ollama's own API (v0.33, docs/api.md): one JSON object per line. */

static json_t *options(const struct ep_drive *d, const struct ep_prompt *p)
{
	int64_t max = ep_token_limit(d, p);
	json_t *o = json_object();
	bool fine = o != NULL;

	if (fine && !isnan(p->randomness))
		fine = ep_json_put(o, "temperature", json_real(p->randomness));
	if (fine && max > 0)
		fine = ep_json_put(o, "num_predict", json_integer(max));
	if (fine && d->ctx_count > 0)
		fine = ep_json_put(o, "num_ctx", json_integer(d->ctx_count));
	if (fine && d->gpu_layer_count >= 0)
		fine = ep_json_put(o, "num_gpu",
				   json_integer(d->gpu_layer_count));
	if (fine && d->thread_count > 0)
		fine = ep_json_put(o, "num_thread",
				   json_integer(d->thread_count));
	if (fine && d->seed >= 0)
		fine = ep_json_put(o, "seed", json_integer(d->seed));
	if (fine)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *body(const struct ep_drive *d, const struct ep_prompt *p,
		    const char **ret_path)
{
	json_t *o;

	*ret_path = d->chat ? "/api/chat" : "/api/generate";
	if (d->chat)
		return json_pack("{s:s,s:[{s:s,s:s}],s:b,s:o}", "model",
				 d->model, "messages", "role", "user",
				 "content", p->text, "stream", 1, "options",
				 options(d, p));
	o = json_pack("{s:s,s:s,s:b,s:o}", "model", d->model, "prompt", p->text,
		      "stream", 1, "options", options(d, p));
	/* A template would be the cached beginning of every prompt. */
	if (o && p->asked_prompt_count > 0 &&
	    !ep_json_put(o, "raw", json_true())) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* What a line holds of the answer: "response", or "message" in a chat. */
static void read_piece(const json_t *value, struct ep_piece *piece)
{
	const json_t *from = json_object_get(value, "message");
	const char *text, *thinking;

	text = json_string_value(json_object_get(
		from ? from : value, from ? "content" : "response"));
	thinking = json_string_value(
		json_object_get(from ? from : value, "thinking"));
	if (text && text[0]) {
		piece->said = EP_SAID_PIECE;
		piece->text = text;
	} else if (thinking && thinking[0]) {
		piece->said = EP_SAID_PIECE;
		piece->text = thinking;
		piece->thinking = true;
	} else if (json_array_size(json_object_get(from, "tool_calls")) > 0) {
		piece->said = EP_SAID_PIECE;
	}
}

/* Durations are ns; a zero is an absent key (Go's omitempty).  Since v0.30
 * prompt_eval_count counts cached tokens too, which are not told apart. */
static void decode(const json_t *value, struct ep_reply *r,
		   struct ep_piece *piece)
{
	if (ep_reply_error(value, r))
		return;
	ep_reply_text(value, "model", r->model, sizeof(r->model));
	read_piece(value, piece);
	if (!json_is_true(json_object_get(value, "done")))
		return;
	r->done = true;
	r->prompt_has_cached = true;
	ep_reply_text(value, "done_reason", r->stop, sizeof(r->stop));
	ep_reply_count(value, "total_duration", r, &r->total_ns);
	ep_reply_count(value, "load_duration", r, &r->load_ns);
	ep_reply_count(value, "prompt_eval_duration", r, &r->prefill_ns);
	ep_reply_count(value, "eval_duration", r, &r->generation_ns);
	ep_reply_count(value, "prompt_eval_count", r, &r->prompt_count);
	ep_reply_count(value, "eval_count", r, &r->output_count);
}

const struct ep_dialect ep_dialect_ollama = {
	.name = "ollama",
	.summary = "requests to an Ollama server",
	.url = "http://127.0.0.1:11434",
	.exe = "ollama",
	.needs_model = true,
	.can_unload = true,
	.chats = true,
	.sets_up = true,
	.check_path = "/api/version",
	.body = body,
	.decode = decode,
};

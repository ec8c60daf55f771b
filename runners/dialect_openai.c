/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "runners/dialect.h"

/* /chat/completions as OpenAI, llama-server, vLLM, SGLang and others stream
 * it. */

json_t *ep_openai_chat(const struct ep_drive *d, const struct ep_prompt *p)
{
	int64_t max = ep_token_limit(d, p);
	json_t *o = json_pack("{s:[{s:s,s:s}],s:b,s:{s:b}}", "messages", "role",
			      "user", "content", p->text, "stream", 1,
			      "stream_options", "include_usage", 1);
	bool fine = o != NULL;

	if (fine && d->model)
		fine = ep_json_put(o, "model", json_string(d->model));
	if (fine && !isnan(p->randomness))
		fine = ep_json_put(o, "temperature", json_real(p->randomness));
	if (fine && max > 0)
		fine = ep_json_put(o, "max_tokens", json_integer(max));
	if (fine && d->seed >= 0)
		fine = ep_json_put(o, "seed", json_integer(d->seed));
	/* No field of OpenAI's own, but of llama-server, vLLM, SGLang ... */
	if (fine && d->ignore_eos)
		fine = ep_json_put(o, "ignore_eos", json_true());
	if (fine)
		return o;
	json_decref(o);
	return NULL;
}

/* The last one stands: some servers send it with every chunk. */
static void read_usage(const json_t *usage, struct ep_reply *r,
		       struct ep_piece *piece)
{
	const json_t *details = json_object_get(usage, "prompt_tokens_details");

	if (!json_is_object(usage))
		return;
	ep_reply_count(usage, "prompt_tokens", r, &r->prompt_count);
	ep_reply_count(usage, "completion_tokens", r, &r->output_count);
	piece->running_count = r->output_count;
	r->prompt_has_cached = true;
	if (!json_is_object(details))
		return;
	ep_reply_count(details, "cached_tokens", r, &r->cached_count);
	if (r->cached_count >= 0 && r->prompt_count >= r->cached_count) {
		r->prompt_count -= r->cached_count;
		r->prompt_has_cached = false;
	}
}

static void read_delta(const json_t *delta, struct ep_piece *piece)
{
	static const char *const thoughts[] = { "reasoning_content",
						"reasoning" };
	const char *text = json_string_value(json_object_get(delta, "content"));

	if (text && text[0]) {
		piece->said = EP_SAID_PIECE;
		piece->text = text;
		return;
	}
	for (size_t i = 0; i < sizeof(thoughts) / sizeof(thoughts[0]); i++) {
		text = json_string_value(json_object_get(delta, thoughts[i]));
		if (!text || !text[0])
			continue;
		piece->said = EP_SAID_PIECE;
		piece->text = text;
		piece->thinking = true;
		return;
	}
	if (json_array_size(json_object_get(delta, "tool_calls")) > 0)
		piece->said = EP_SAID_PIECE;
}

void ep_openai_decode(const json_t *value, struct ep_reply *r,
		      struct ep_piece *piece)
{
	const json_t *choice =
		json_array_get(json_object_get(value, "choices"), 0);
	const json_t *progress = json_object_get(value, "prompt_progress");

	if (ep_reply_error(value, r))
		return;
	ep_reply_text(value, "model", r->model, sizeof(r->model));
	read_delta(json_object_get(choice, "delta"), piece);
	if (json_is_object(progress) && piece->said == EP_SAID_NOTHING) {
		piece->said = EP_SAID_PROGRESS;
		ep_reply_count(progress, "processed", r,
			       &piece->processed_count);
		ep_reply_count(progress, "total", r, &piece->prompt_count);
	}
	if (json_is_string(json_object_get(choice, "finish_reason"))) {
		r->done = true;
		ep_reply_text(choice, "finish_reason", r->stop,
			      sizeof(r->stop));
	}
	read_usage(json_object_get(value, "usage"), r, piece);
	ep_reply_timings(json_object_get(value, "timings"), r);
}

static json_t *body(const struct ep_drive *d, const struct ep_prompt *p,
		    const char **ret_path)
{
	*ret_path = "/chat/completions";
	return ep_openai_chat(d, p);
}

const struct ep_dialect ep_dialect_openai = {
	.name = "openai",
	.summary = "requests to a server that speaks OpenAI's API",
	.exe = "",
	.events = true,
	.needs_model = true,
	.ignores_eos = true,
	.check_path = "",
	.body = body,
	.decode = ep_openai_decode,
};

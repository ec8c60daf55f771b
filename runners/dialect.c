/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/dialect.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* Beyond any count of tokens, and eleven days in nanoseconds. */
#define SENSIBLE_MAX INT64_C(1000000000000000)

void ep_reply_init(struct ep_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->prompt_count = r->cached_count = r->output_count = -1;
	r->draft_count = -1;
	r->load_ns = r->prefill_ns = r->generation_ns = r->total_ns = -1;
}

void ep_piece_init(struct ep_piece *piece)
{
	memset(piece, 0, sizeof(*piece));
	piece->text = "";
	piece->tokens_count = piece->running_count = -1;
	piece->processed_count = piece->prompt_count = -1;
}

void ep_reply_text(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text)
		return;
	(void)ep_str_copy(ret, size, text);
	ep_str_printable(ret);
}

bool ep_reply_error(const json_t *value, struct ep_reply *r)
{
	const json_t *e = json_object_get(value, "error");

	if (!e || json_is_null(e))
		return false;
	(void)ep_str_copy(r->error, sizeof(r->error),
			  "the server told of an error without a word");
	if (json_is_string(e))
		ep_reply_text(value, "error", r->error, sizeof(r->error));
	else
		ep_reply_text(e, "message", r->error, sizeof(r->error));
	return true;
}

void ep_reply_count(const json_t *o, const char *key, struct ep_reply *r,
		    int64_t *ret)
{
	const json_t *value = json_object_get(o, key);
	double real;

	if (!json_is_number(value)) {
		r->odd |= value && !json_is_null(value);
		return;
	}
	real = json_number_value(value);
	if (!(real >= 0 && real <= (double)SENSIBLE_MAX)) {
		r->odd = true;
		return;
	}
	*ret = json_is_integer(value) ? json_integer_value(value)
				      : llround(real);
}

void ep_reply_ms(const json_t *o, const char *key, struct ep_reply *r,
		 int64_t *ret_ns)
{
	const json_t *value = json_object_get(o, key);
	double ns;

	if (!json_is_number(value)) {
		r->odd |= value && !json_is_null(value);
		return;
	}
	ns = json_number_value(value) * 1e6;
	if (ns >= 0 && ns <= (double)SENSIBLE_MAX)
		*ret_ns = llround(ns);
	else
		r->odd = true;
}

/*
 * prompt_n is what was evaluated, cache_n (newer than February 2025) what was
 * not.  predicted_ms covers the decodes after the first token.
 */
void ep_reply_timings(const json_t *timings, struct ep_reply *r)
{
	if (!json_is_object(timings))
		return;
	ep_reply_count(timings, "prompt_n", r, &r->prompt_count);
	ep_reply_count(timings, "cache_n", r, &r->cached_count);
	ep_reply_count(timings, "predicted_n", r, &r->output_count);
	ep_reply_ms(timings, "prompt_ms", r, &r->prefill_ns);
	ep_reply_ms(timings, "predicted_ms", r, &r->generation_ns);
	ep_reply_count(timings, "draft_n", r, &r->draft_count);
	r->prompt_has_cached = false;
}

int64_t ep_token_limit(const struct ep_drive *d, const struct ep_prompt *p)
{
	if (d->output_token_count > 0)
		return d->output_token_count;
	return p->max_token_count > 0 ? p->max_token_count : d->max_token_count;
}

bool ep_json_put(json_t *o, const char *key, json_t *value)
{
	return json_object_set_new(o, key, value) == 0;
}

const struct ep_dialect *const ep_dialects[] = {
#define EP_RUNNER(id)
#define EP_DIALECT(id, name) &ep_dialect_##id,
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT
	NULL,
};

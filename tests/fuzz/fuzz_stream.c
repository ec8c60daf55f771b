/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/dialect.h"
#include "runners/lines.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What a server sends: split, decoded by every dialect; and the same bytes as
 * a file of prompts. */
struct run {
	const struct ep_dialect *dialect;
	struct ep_reply reply;
	uint64_t sum; /* of what the lines hold */
};

static void check(const struct ep_reply *r)
{
	const int64_t numbers[] = { r->prompt_count,  r->cached_count,
				    r->output_count,  r->draft_count,
				    r->load_ns,	      r->prefill_ns,
				    r->generation_ns, r->total_ns };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] < -1)
			abort();
}

static int each(void *ctx, char *text, size_t len)
{
	struct run *run = ctx;
	struct ep_piece piece;
	json_t *value;

	if (strlen(text) > len)
		abort();
	for (size_t i = 0; i < len; i++)
		run->sum = run->sum * 31 + (unsigned char)text[i];
	value = json_loadb(text, len, 0, NULL);
	ep_piece_init(&piece);
	if (json_is_object(value))
		run->dialect->decode(value, &run->reply, &piece);
	check(&run->reply);
	json_decref(value);
	return 0;
}

static uint64_t feed(const struct ep_dialect *dialect, const char *data,
		     size_t size, size_t step)
{
	struct run run = { .dialect = dialect };
	struct ep_lines lines;
	int r = 0;

	ep_reply_init(&run.reply);
	ep_lines_init(&lines, dialect->events, each, &run);
	for (size_t at = 0; r == 0 && at < size; at += step)
		r = ep_lines_feed(&lines, data + at,
				  size - at < step ? size - at : step);
	if (r == 0)
		r = ep_lines_finish(&lines);
	ep_lines_done(&lines);
	return run.sum + (uint64_t)-r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct ep_prompts prompts = { 0 };
	char *text;

	for (size_t i = 0; size > 0 && ep_dialects[i]; i++)
		if (feed(ep_dialects[i], bytes, size, size) !=
		    feed(ep_dialects[i], bytes, size, 1 + size / 7))
			abort();
	text = malloc(size + 1);
	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (ep_prompts_parse_csv("f", text, &prompts, NULL) == 0)
		ep_prompts_done(&prompts);
	if (ep_prompts_parse_jsonl("f", text, &prompts, NULL) == 0)
		ep_prompts_done(&prompts);
	free(text);
	return 0;
}

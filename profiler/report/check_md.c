/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "profiler/report/check.h"

/* Characters that would start a tag, a link, a column or emphasis. */
static int escaped(struct ep_buf *b, const char *text)
{
	int r = 0;

	while (r == 0 && *text != '\0') {
		size_t plain = strcspn(text, "\\`*_[]<>|~#&");

		r = ep_buf_add(b, text, plain);
		text += plain;
		if (r == 0 && *text != '\0')
			r = ep_buf_addf(b, "\\%c", *text++);
	}
	return r;
}

static int put_cell(struct ep_buf *b, const char *text)
{
	int r = ep_buf_adds(b, " ");

	if (r == 0)
		r = escaped(b, text);
	return r < 0 ? r : ep_buf_adds(b, " |");
}

static int put_row(struct ep_buf *b, const struct ep_check_item *item)
{
	const char *label = ep_check_label(item);
	int r = ep_buf_adds(b, "|");

	if (r == 0)
		r = item->fails ? ep_buf_addf(b, " **%s** |", label)
				: put_cell(b, label);
	if (r == 0)
		r = put_cell(b, item->group);
	if (r == 0)
		r = put_cell(b, item->asked);
	if (r == 0)
		r = put_cell(b, item->text);
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

static int put_list(struct ep_buf *b, const char *head, char (*texts)[400],
		    size_t count)
{
	int r = count ? ep_buf_addf(b, "\n%s\n\n", head) : 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = ep_buf_adds(b, "- ");
		if (r == 0)
			r = escaped(b, texts[i]);
		if (r == 0)
			r = ep_buf_adds(b, "\n");
	}
	return r;
}

int ep_check_md(const struct ep_check_result *result, struct ep_buf *b)
{
	char end[200];
	int r;

	ep_check_conclude(result, end, sizeof(end));
	r = ep_buf_addf(b,
			"**edgeprof check: %s**\n\n"
			"| result | runs | what was asked | what came out |\n"
			"| --- | --- | --- | --- |\n",
			end);
	for (size_t i = 0; r == 0 && i < result->count; i++)
		r = put_row(b, &result->items[i]);
	if (r == 0)
		r = put_list(b, "Careful:", result->warnings,
			     result->warning_count);
	if (r == 0)
		r = put_list(b, "Left out:", result->notes, result->note_count);
	return r;
}

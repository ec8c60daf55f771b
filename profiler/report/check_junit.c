/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/check.h"

/*
 * Text as character data or between quotes.  What XML 1.0 has no character for
 * becomes '?', and '>' is never plain, so that no "]]>" comes out.
 */
static int escaped(struct ep_buf *b, const char *text)
{
	char *clean = strdup(text), *at = clean;
	int r = 0;

	if (!clean)
		return -ENOMEM;
	ep_str_printable(clean);
	/* U+FFFE and U+FFFF. */
	for (char *p = clean; (p = strstr(p, "\xef\xbf")) != NULL; p += 3)
		if ((unsigned char)p[2] >= 0xbe)
			memset(p, '?', 3);
	while (r == 0 && *at != '\0') {
		size_t plain = strcspn(at, "<>&\"'");

		r = ep_buf_add(b, at, plain);
		at += plain;
		if (r == 0 && *at != '\0')
			r = ep_buf_addf(b, "&#%d;", *at++);
	}
	free(clean);
	return r;
}

static int put_attribute(struct ep_buf *b, const char *name, const char *text)
{
	int r = ep_buf_addf(b, " %s=\"", name);

	if (r == 0)
		r = escaped(b, text);
	return r < 0 ? r : ep_buf_adds(b, "\"");
}

/* <tag message="">text</tag> */
static int put_outcome(struct ep_buf *b, const char *tag,
		       const struct ep_check_item *item)
{
	bool has_message = strcmp(tag, "system-out") != 0;
	int r = ep_buf_addf(b, "      <%s", tag);

	if (r == 0 && has_message)
		r = put_attribute(b, "message", item->text);
	if (r == 0 && has_message && strcmp(tag, "skipped") != 0)
		r = put_attribute(b, "type",
				  ep_check_verdict_name(item->verdict));
	if (r == 0)
		r = ep_buf_adds(b, ">");
	if (r == 0)
		r = escaped(b, item->asked);
	if (r == 0)
		r = ep_buf_adds(b, ": ");
	if (r == 0)
		r = escaped(b, item->text);
	return r < 0 ? r : ep_buf_addf(b, "</%s>\n", tag);
}

static int put_case(struct ep_buf *b, const struct ep_check_item *item)
{
	const char *tag = item->fails				   ? "failure"
			  : item->verdict == EP_CHECK_CANNOT_JUDGE ? "error"
			  : item->verdict == EP_CHECK_SKIPPED	   ? "skipped"
							      : "system-out";
	int r = ep_buf_adds(b, "    <testcase");

	if (r == 0)
		r = put_attribute(b, "classname", item->group);
	if (r == 0)
		r = put_attribute(b, "name", item->asked);
	if (r == 0)
		r = ep_buf_adds(b, " time=\"0\">\n");
	if (r == 0)
		r = put_outcome(b, tag, item);
	return r < 0 ? r : ep_buf_adds(b, "    </testcase>\n");
}

static int put_lines(struct ep_buf *b, const char *head, char (*texts)[400],
		     size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = ep_buf_adds(b, head);
		if (r == 0)
			r = escaped(b, texts[i]);
		if (r == 0)
			r = ep_buf_adds(b, "\n");
	}
	return r;
}

int ep_check_junit(const struct ep_check_result *result, struct ep_buf *b)
{
	struct ep_check_tally t = ep_check_count(result);
	char counts[160];
	int r;

	(void)ep_str_format(counts, sizeof(counts),
			    "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
			    "skipped=\"%zu\" time=\"0\"",
			    result->count, t.fail, t.unjudged, t.skipped);
	r = ep_buf_addf(b,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites name=\"edgeprof check\" %s>\n"
			"  <testsuite name=\"edgeprof check\" %s>\n",
			counts, counts);
	for (size_t i = 0; r == 0 && i < result->count; i++)
		r = put_case(b, &result->items[i]);
	if (r == 0)
		r = ep_buf_adds(b, "    <system-out>");
	if (r == 0)
		r = put_lines(b, "careful: ", result->warnings,
			      result->warning_count);
	if (r == 0)
		r = put_lines(b, "left out: ", result->notes,
			      result->note_count);
	return r < 0 ? r
		     : ep_buf_adds(b, "</system-out>\n"
				      "  </testsuite>\n"
				      "</testsuites>\n");
}

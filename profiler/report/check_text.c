/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/check.h"

static const struct ep_check_format formats[] = {
	{ "text", ep_check_text },
	{ "junit", ep_check_junit },
	{ "md", ep_check_md },
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

const struct ep_check_format *ep_check_format_find(const char *name,
						   struct ep_err *err)
{
	const char *names[FORMAT_COUNT], *near;

	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		names[i] = formats[i].name;
		if (strcmp(names[i], name) == 0)
			return &formats[i];
	}
	near = ep_str_nearest(name, names, FORMAT_COUNT);
	(void)ep_err_set(err, -EINVAL,
			 "unknown format '%.40s'%s%s%s; there are text, junit "
			 "and md",
			 name, near ? ", did you mean '" : "", near ? near : "",
			 near ? "'?" : "");
	return NULL;
}

const char *ep_check_label(const struct ep_check_item *item)
{
	if (item->verdict == EP_CHECK_CANNOT_TELL)
		return item->fails ? "FAIL, cannot tell" : "pass, cannot tell";
	return item->fails ? "FAIL" : ep_check_verdict_name(item->verdict);
}

static int put_list(struct ep_buf *b, const char *head, char (*texts)[400],
		    size_t count)
{
	int r = count ? ep_buf_addf(b, "%s\n", head) : 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = ep_buf_addf(b, "  - %s\n", texts[i]);
	return r;
}

int ep_check_text(const struct ep_check_result *result, struct ep_buf *b)
{
	const char *group = "";
	char end[200];
	int r = 0;

	for (size_t i = 0; r == 0 && i < result->count; i++) {
		const struct ep_check_item *item = &result->items[i];

		if (strcmp(group, item->group) != 0)
			r = ep_buf_addf(b, "%s\n", item->group);
		group = item->group;
		if (r == 0)
			r = ep_buf_addf(b, "  %s: %s: %s\n",
					ep_check_label(item), item->asked,
					item->text);
	}
	if (r == 0)
		r = put_list(b, "Careful:", result->warnings,
			     result->warning_count);
	if (r == 0)
		r = put_list(b, "Left out:", result->notes, result->note_count);
	ep_check_conclude(result, end, sizeof(end));
	return r < 0 ? r : ep_buf_addf(b, "%s\n", end);
}

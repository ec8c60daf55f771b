/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/formats.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

const struct ep_format *const ep_formats[] = {
	&ep_format_text,
	&ep_format_md,
	&ep_format_csv,
	&ep_format_json,
	&ep_format_latex,
#if EP_WITH_HTML
	&ep_format_html,
#endif
	NULL,
};

/* Spellings people try. */
static const struct {
	const char *alias;
	const struct ep_format *format;
} aliases[] = {
	{ "txt", &ep_format_text },
	{ "markdown", &ep_format_md },
	{ "tex", &ep_format_latex },
};

const struct ep_format *ep_format_find(const char *name, struct ep_err *err)
{
	const char *names[sizeof(ep_formats) / sizeof(ep_formats[0])];
	char list[120] = "";
	const char *near;
	size_t count = 0;

	for (; ep_formats[count]; count++) {
		size_t used = strlen(list);

		if (strcmp(ep_formats[count]->name, name) == 0)
			return ep_formats[count];
		names[count] = ep_formats[count]->name;
		(void)ep_str_format(list + used, sizeof(list) - used, "%s%s",
				    count > 0 ? ", " : "", names[count]);
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].alias, name) == 0)
			return aliases[i].format;
#if !EP_WITH_HTML
	if (strcmp(name, "html") == 0) {
		(void)ep_err_set(err, -EINVAL,
				 "this edgeprof was built without pages "
				 "(WITH_HTML=0); use one of %s",
				 list);
		return NULL;
	}
#endif
	near = ep_str_nearest(name, names, count);
	if (near)
		(void)ep_err_set(err, -EINVAL,
				 "unknown format '%s'; did you mean '%s'? "
				 "(formats: %s)",
				 name, near, list);
	else
		(void)ep_err_set(err, -EINVAL,
				 "unknown format '%s'; use one of %s", name,
				 list);
	return NULL;
}

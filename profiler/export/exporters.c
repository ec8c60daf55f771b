/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/export.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

const struct ep_exporter *const ep_exporters[] = {
	&ep_exporter_perfetto,
	&ep_exporter_influx,
	&ep_exporter_prometheus,
	&ep_exporter_otlp,
#if EP_WITH_ARCHIVE
	&ep_exporter_archive,
#endif
	NULL,
};

const struct ep_exporter *ep_exporter_find(const char *name, struct ep_err *err)
{
	const char *names[sizeof(ep_exporters) / sizeof(ep_exporters[0])],
		*near;
	char list[200] = "";
	size_t count = 0;

	for (; ep_exporters[count]; count++) {
		const char *other = ep_exporters[count]->name;
		size_t len = strlen(list);

		if (strcmp(other, name) == 0)
			return ep_exporters[count];
		names[count] = other;
		(void)ep_str_format(list + len, sizeof(list) - len, "%s%s",
				    count > 0 ? ", " : "", other);
	}
	near = ep_str_nearest(name, names, count);
	(void)ep_err_set(err, -ENOENT, "--to '%.40s': there is %s%s%s%s", name,
			 near ? "'" : "", near ? near : list,
			 near ? "'; did you mean it? All: " : "",
			 near ? list : "");
	return NULL;
}

void ep_export_say(const struct ep_export *x, const char *format, ...)
{
	char text[500];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_str_printable(text);
	if (x->say)
		x->say(x->say_ctx, text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"
#include "profiler/report/page.h"

/* So much of a hash tells files apart; the rest is in report.json. */
#define HASH_SHOWN 16

void ep_page_models(struct ep_page *page)
{
	const json_t *list = json_object_get(page->report->run, "model_files");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *path =
			json_string_value(json_object_get(o, "path"));
		const char *hash =
			json_string_value(json_object_get(o, "sha256"));
		const char *reason =
			json_string_value(json_object_get(o, "reason"));
		char size[EP_CELL_BYTES];

		ep_cell_bytes(size,
			      json_number_value(json_object_get(o, "bytes")));
		ep_page_fact(page, "model", "%s, %s, SHA-256 %.*s%s",
			     path ? path : "?", size, HASH_SHOWN,
			     hash ? hash : "not known: ",
			     hash     ? ""
			     : reason ? reason
				      : "");
	}
}

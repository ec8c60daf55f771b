/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/scrub.h"
#include "profiler/export/sums.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What is read is written so that it is read again as the same. */
static void manifest(const char *text, size_t size)
{
	struct ep_sums s = { 0 }, again = { 0 };
	struct ep_buf b;

	if (ep_sums_parse(text, size, &s, NULL) < 0)
		return;
	ep_buf_init(&b, EP_SUMS_BYTES_MAX);
	if (ep_sums_put(&s, &b) < 0 ||
	    ep_sums_parse(b.data, b.len, &again, NULL) < 0 ||
	    again.count != s.count)
		abort();
	for (size_t i = 0; i < s.count; i++)
		if (!ep_sums_find(&again, s.items[i].path) ||
		    strcmp(again.items[i].hash, s.items[i].hash) != 0)
			abort();
	ep_buf_done(&b);
	ep_sums_done(&s);
	ep_sums_done(&again);
}

/* A name that was added stands in no text afterwards. */
static void names(const char *text)
{
	struct ep_scrub *s = NULL;
	struct ep_buf b;

	if (ep_scrub_new(&s) < 0)
		return;
	ep_buf_init(&b, 1 << 22);
	if (ep_scrub_add(s, "hermengilde", "user") == 0 &&
	    ep_scrub_add_hosts(s, text) == 0 &&
	    ep_scrub_put(s, text, &b) == 0 && b.data &&
	    strcasestr(b.data, "hermengilde"))
		abort();
	ep_buf_done(&b);
	ep_scrub_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	manifest(text, size);
	names(text);
	free(text);
	return 0;
}

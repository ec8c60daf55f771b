/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/render.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/*
 * A results.csv: what is taken makes sense, what is not says why and leaves
 * nothing; and nothing in it gets out of the text of a page.
 */
static const char *const metrics[] = { "generation.j_per_token",
				       "generation.tokens_per_s",
				       "run.duration_s", NULL };

static void judge(const struct ep_summary *s)
{
	if (s->metric_count != 3 || s->factor_count > EP_SUMMARY_FACTORS_MAX ||
	    s->rejected_count > EP_SUMMARY_REJECTED_MAX)
		abort();
	for (size_t i = 0; i < s->config_count; i++) {
		if (i > 0 && s->configs[i].number <= s->configs[i - 1].number)
			abort();
		for (size_t k = 0; k < s->factor_count; k++)
			if (!s->configs[i].levels[k])
				abort();
	}
}

#if EP_WITH_HTML
static size_t count(const char *text, const char *what)
{
	size_t found = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		found++;
	return found;
}

static void render(const struct ep_summary *s)
{
	static size_t begins, ends;
	const struct ep_render_options options = { 0 };
	const struct ep_format *html = ep_format_find("html", NULL);
	struct ep_buf b;

	if (!html || s->config_count > 100)
		return;
	ep_buf_init(&b, (size_t)64 << 20);
	if (html->study->render(s, &options, &b) < 0)
		abort();
	if (begins == 0) {
		begins = count(b.data, "<script");
		ends = count(b.data, "</script");
	}
	if (count(b.data, "<script") != begins ||
	    count(b.data, "</script") != ends || count(b.data, "<img") > 0)
		abort();
	ep_buf_done(&b);
}
#else
static void render(const struct ep_summary *s)
{
	(void)s;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_summary s = { .run_count = -1 };
	struct ep_err err = { 0, "" };
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (ep_summary_parse(text, metrics, &s, &err) < 0) {
		if (err.text[0] == '\0' || s.run_count != -1 || s.configs)
			abort();
	} else {
		judge(&s);
		render(&s);
		ep_summary_done(&s);
	}
	free(text);
	return 0;
}

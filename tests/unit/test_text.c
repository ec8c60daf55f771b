/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of all eras against what they tell: tests/golden/lines/ERA.log and
 * ERA.told, a line of the one for every known line of the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/text.h"
#include "runners/text_lines.h"

#define FOLDER "tests/golden/lines"

static char *slurp(const char *name, const char *ending, size_t *ret_len)
{
	char path[300];
	char *text = calloc(1, 64 * 1024);
	FILE *f;

	(void)snprintf(path, sizeof(path), FOLDER "/%s%s", name, ending);
	f = fopen(path, "r");
	if (!f || !text)
		fail_msg("%s cannot be read", path);
	*ret_len = fread(text, 1, 64 * 1024 - 1, f);
	(void)fclose(f);
	return text;
}

static const char *const words[EP_TEXT_WHAT_COUNT] = {
	"load", "prompt", "eval", "total", "sample", "rates", "borders"
};

static void add_told(char *to, size_t size, const struct ep_text_told *t)
{
	size_t used = strlen(to);

	(void)snprintf(to + used, size - used,
		       "%s %s ns=%" PRId64 " count=%" PRId64 "%s%s", t->decoder,
		       words[t->what], t->ns, t->count,
		       t->output ? " output" : "", t->wall ? " wall" : "");
	used = strlen(to);
	if (t->task >= 0)
		(void)snprintf(to + used, size - used, " task=%" PRId64,
			       t->task);
	used = strlen(to);
	if (t->what == EP_TEXT_RATES)
		(void)snprintf(to + used, size - used, " %.1f %.1f",
			       t->prompt_rate, t->eval_rate);
	if (t->what == EP_TEXT_BORDERS)
		(void)snprintf(to + used, size - used,
			       " %" PRId64 " %" PRId64 " load %" PRId64
			       "..%" PRId64 " run %" PRId64 "..%" PRId64
			       "..%" PRId64,
			       t->prompt_count, t->output_count,
			       t->load_start_ns, t->load_end_ns, t->start_ns,
			       t->prompt_end_ns, t->end_ns);
	strcat(to, "\n");
}

struct heard {
	char told[16 * 1024];
};

static void hear(void *ctx, const struct ep_output *piece, char *line)
{
	struct heard *h = ctx;
	struct ep_text_told told;

	(void)piece;
	if (ep_text_decode(line, &told))
		add_told(h->told, sizeof(h->told), &told);
}

/* In pieces of any size. */
static void feed(const char *text, size_t len, size_t step, struct heard *h)
{
	struct ep_text_lines *l = calloc(1, sizeof(*l));
	struct ep_output piece = { .stream = 1 };

	assert_non_null(l);
	memset(h, 0, sizeof(*h));
	l->each = hear;
	l->ctx = h;
	for (size_t at = 0; at < len; at += step) {
		piece.bytes = text + at;
		piece.len = len - at < step ? len - at : step;
		ep_text_lines_feed(l, &piece);
	}
	piece.len = 0;
	ep_text_lines_feed(l, &piece);
	free(l);
}

static void every_era_tells_what_it_tells(void **state)
{
	static const size_t steps[] = { 1, 7, 100, 65536 };
	static struct heard h;
	struct dirent *e;
	DIR *d = opendir(FOLDER);
	size_t count = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		char name[280];
		char *log, *told;
		size_t len, told_len;

		if (!strstr(e->d_name, ".log"))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)(strlen(e->d_name) - 4), e->d_name);
		log = slurp(name, ".log", &len);
		told = slurp(name, ".told", &told_len);
		for (size_t i = 0; i < 4; i++) {
			feed(log, len, steps[i], &h);
			if (strcmp(h.told, told) != 0)
				fail_msg("%s, pieces of %zu: told\n%s", name,
					 steps[i], h.told);
		}
		free(log);
		free(told);
		count++;
	}
	(void)closedir(d);
	assert_in_range(count, 13, 100);
}

static void lines_are_cleaned(void **state)
{
	static const struct {
		const char *raw;
		size_t len;
		const char *clean;
	} cases[] = {
		{ "plain", 5, "plain" },
		{ "a\0b", 3, "a?b" },
		{ "\x1b[1;32mok\x1b[0m  ", 15, "ok" },
		{ "\x1b]0;title\aok", 12, "ok" },
		{ "\x1b]0;title\x1b\\ok", 13, "ok" },
		{ "\x1b(Bok\x1b", 6, "ok" },
		{ "\x1b[", 2, "" },
		{ "\x1b", 1, "" },
		{ "bad\xff\xc3", 5, "bad??" },
		{ "\xc2\xb1 good", 7, "\xc2\xb1 good" },
		{ "a\tb\x01", 4, "a b?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64] = "";

		memcpy(text, cases[i].raw, cases[i].len);
		ep_text_clean(text, cases[i].len);
		assert_string_equal(text, cases[i].clean);
	}
}

struct longest {
	size_t len;
	size_t count;
};

static void measure(void *ctx, const struct ep_output *piece, char *line)
{
	struct longest *m = ctx;

	(void)piece;
	m->len = strlen(line) > m->len ? strlen(line) : m->len;
	m->count++;
}

static void huge_lines_are_cut_and_counted(void **state)
{
	struct ep_text_lines *l = calloc(1, sizeof(*l));
	size_t len = 3 * 1024 * 1024;
	char *text = malloc(len);
	struct longest m = { 0 };
	struct ep_output piece = { .stream = 1, .bytes = text, .len = len };

	(void)state;
	assert_non_null(l);
	assert_non_null(text);
	memset(text, 'x', len);
	text[len / 2] = '\n';
	text[len - 6] = '\r';
	l->each = measure;
	l->ctx = &m;
	ep_text_lines_feed(l, &piece);
	piece.len = 0;
	ep_text_lines_feed(l, &piece);
	assert_int_equal(m.count, 3);
	assert_int_equal(m.len, EP_TEXT_LINE_BYTES - 1);
	assert_int_equal(l->cut_count, 2);
	free(l);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_era_tells_what_it_tells),
		cmocka_unit_test(lines_are_cleaned),
		cmocka_unit_test(huge_lines_are_cut_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

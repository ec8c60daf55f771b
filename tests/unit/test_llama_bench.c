/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/llama_bench.h"

#define MS INT64_C(1000000)
#define GATE (1000 * MS)
#define EXIT (9000 * MS)

struct rows {
	struct ep_bench_row items[8];
	size_t count;
};

static void keep(void *ctx, const struct ep_bench_row *row)
{
	struct rows *r = ctx;

	assert_in_range(r->count, 0, 7);
	r->items[r->count++] = *row;
}

static void read_rows(const char *text, size_t step, struct rows *ret)
{
	struct ep_bench_reader reader;
	size_t len = strlen(text);

	memset(ret, 0, sizeof(*ret));
	ep_bench_reader_init(&reader, keep, ret);
	for (size_t at = 0; at < len; at += step)
		ep_bench_reader_feed(&reader, text + at,
				     len - at < step ? len - at : step);
	ep_bench_reader_feed(&reader, NULL, 0);
	ep_bench_reader_done(&reader);
}

static void every_format_is_read_by_names(void **state)
{
	static const char *const texts[] = {
		"n_batch,cpu_info,n_prompt,n_gen,n_depth,avg_ns,stddev_ns\n"
		"\"5\",\"A, \"\"b\"\"\",\"512\",\"0\",\"0\",\"200\",\"3\"\n"
		"\"5\",\"\",\"0\",\"128\",\"16\",\"300\",\"3\"\n",
		"cuda,n_gen,n_prompt,avg_ts,avg_ns\r\n0,0,512,1.5,200\r\n"
		"0,128,0,1.5,300\r\n",
		"[\n  {\n    \"x\": \"}{\\\"\",\n    \"n_prompt\": 512,\n    "
		"\"n_gen\": 0,\n    \"avg_ns\": 200,\n    \"samples_ns\": [ "
		"150, 250 ]\n  },\n  {\n    \"n_gen\": 128, \"n_prompt\": 0, "
		"\"avg_ns\": 300,\n    \"samples_ns\": [ 300 ]\n  }",
		"{\"n_prompt\": 512, \"n_gen\": 0, \"avg_ns\": 200}\n"
		"{\"n_prompt\": 0, \"n_gen\": 128, \"avg_ns\": 300}\n",
		"CREATE TABLE IF NOT EXISTS test (\n  n_prompt INTEGER,\n  "
		"n_gen INTEGER\n);\n\nINSERT INTO test (n_gen, cpu_info, "
		"n_prompt, avg_ns) VALUES ('0', 'A (b), c', '512', '200');\n"
		"INSERT INTO test (n_gen, cpu_info, n_prompt, avg_ns) VALUES "
		"('128', '', '0', '300');\n",
		"| model | threads |          test |      t/s |\n"
		"| ----- | ------: | ------------: | -------: |\n"
		"| llama |       2 |         pp512 | 2560000000.00 \xc2\xb1 1 |\n"
		"| llama |       2 |  tg128 @ d16 | 426666666.66 \xc2\xb1 1 |\n"
		"\nbuild: 0abc6a2 (4727)\n",
		"| model | test       | t/s |\n| --- | --- | --- |\n"
		"| x | pp 512 | 2560000000.00 \xc2\xb1 1 |\n"
		"| x | tg 128 | 426666666.66 \xc2\xb1 1 |\n",
	};
	static const size_t steps[] = { 1, 13, 100000 };
	struct rows r;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t k = 0; k < 3; k++) {
			read_rows(texts[i], steps[k], &r);
			if (r.count != 2)
				fail_msg("text %zu gives %zu rows", i, r.count);
			assert_int_equal(r.items[0].prompt, 512);
			assert_int_equal(r.items[0].gen, 0);
			assert_int_equal(r.items[0].avg_ns, 200);
			assert_int_equal(r.items[1].prompt, 0);
			assert_int_equal(r.items[1].gen, 128);
			assert_int_equal(r.items[1].avg_ns, 300);
			assert_int_equal(r.items[1].rate_only, i > 4);
			assert_int_equal(r.items[1].depth,
					 i == 0 || i == 5 ? 16 : 0);
			assert_int_equal(r.items[0].sample_count,
					 i == 2 ? 2 : 0);
		}
	}
}

static void rubbish_gives_no_rows(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n|\n||||\n{}\n[]\n{\"n_prompt\": -1, \"n_gen\": 5}\n",
		"n_prompt,n_gen,avg_ns\n1,2\n\"1\",\"2\n",
		"INSERT INTO test (n_prompt, n_gen) VALUES ('1');\n",
		"INSERT INTO test (n_prompt) VALUES (\n",
		"| test | t/s |\n| ppx | 5 |\n| pp0 | 5 |\n",
		"{\"n_prompt\": \"512\", \"n_gen\": 0}\n",
	};
	struct rows r;
	char *huge = calloc(1, 400 * 1024);

	(void)state;
	assert_non_null(huge);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		read_rows(texts[i], 3, &r);
		if (r.count != 0)
			fail_msg("text %zu gives %zu rows", i, r.count);
	}
	/* A row after something that never ends. */
	memset(huge, '{', 300 * 1024);
	strcpy(huge + 300 * 1024, "\n{\"n_prompt\": 7, \"n_gen\": 0}\n");
	read_rows(huge, 4096, &r);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.items[0].prompt, 7);
	free(huge);
}

struct run {
	struct ep_event events[256];
	char texts[256][160];
	size_t count;
	int64_t now;
};

static void add(struct run *r, const char *event, const char *source,
		const char *text)
{
	struct ep_event *e = &r->events[r->count];

	(void)snprintf(r->texts[r->count], sizeof(r->texts[0]), "%s", text);
	*e = ep_event_make(r->now, event);
	e->source = source;
	e->text = r->texts[r->count];
	r->count++;
}

static void decode(struct run *r, int64_t tokens, int64_t ms)
{
	add(r, "probe", "llama:7:a", "llama_decode:in");
	r->events[r->count - 1].tokens = tokens;
	r->now += ms * MS;
	add(r, "probe", "llama:7:a", "llama_decode:out");
	r->events[r->count - 1].tokens = 0;
}

static void is_phase(const struct ep_timeline *tl, size_t i, const char *name,
		     int start_ms, int end_ms)
{
	assert_in_range(i, 0, tl->phase_count - 1);
	assert_string_equal(tl->phases[i].name, name);
	assert_int_equal(tl->phases[i].start_ns, GATE + start_ms * MS);
	assert_int_equal(tl->phases[i].end_ns, GATE + end_ms * MS);
}

static void timeline(const struct run *r, struct ep_timeline *tl)
{
	ep_timeline_init(tl);
	assert_int_equal(ep_bench_timeline(r->events, r->count, GATE, EXIT, tl),
			 0);
}

/* A warm-up of 24 tokens, then twice 24 tokens in pieces of 16, 10 ms each. */
static void bench_prompt(struct run *r)
{
	for (int i = 0; i < 3; i++) {
		decode(r, 16, 10);
		decode(r, 8, 10);
	}
	r->now += 5 * MS;
}

static void probes_tell_the_borders_of_repetitions(void **state)
{
	struct run *r = calloc(1, sizeof(*r));
	struct ep_timeline tl;

	(void)state;
	assert_non_null(r);
	r->now = GATE + 10 * MS;
	bench_prompt(r);
	add(r, "bench", "stdout",
	    "{\"n_prompt\":24,\"n_gen\":0,\"avg_ns\":20000000,"
	    "\"samples_ns\":[20000000,20000000]}");
	r->now += 15 * MS;
	for (int i = 0; i < 7; i++)
		decode(r, 1, 4);
	r->now += MS;
	add(r, "bench", "stdout",
	    "{\"n_prompt\":0,\"n_gen\":3,\"avg_ns\":15000000,\"reps\":2}");
	timeline(r, &tl);
	assert_int_equal(tl.phase_count, 4);
	is_phase(&tl, 0, "prefill", 30, 50);
	is_phase(&tl, 1, "prefill", 50, 70);
	is_phase(&tl, 2, "generation", 94, 106);
	is_phase(&tl, 3, "generation", 106, 118);
	assert_int_equal(tl.phases[0].tokens_count, 24);
	assert_int_equal(tl.phases[2].tokens_count, 3);
	assert_int_equal(tl.phases[2].steps_count, 3);
	assert_int_equal(tl.phases[0].request, 1);
	assert_int_equal(tl.phases[2].request, 2);
	assert_int_equal(tl.phases[0].evidence, EP_EVIDENCE_PROBED);
	assert_string_equal(tl.note,
			    "tests 1 pp24, 2 tg3; test 2: llama-bench tells "
			    "15.000 ms for a repetition, but 12.000 ms was "
			    "observed");
	ep_timeline_done(&tl);
	free(r);
}

static void without_probes_the_rows_tell(void **state)
{
	struct run *r = calloc(1, sizeof(*r));
	struct ep_timeline tl;

	(void)state;
	assert_non_null(r);
	r->now = GATE + MS;
	add(r, "fact", "bench.reps", "2");
	r->now = GATE + 500 * MS;
	add(r, "bench", "stderr",
	    "{\"n_prompt\":24,\"n_gen\":0,\"avg_ns\":9,\"rate_only\":true}");
	add(r, "bench", "stdout",
	    "{\"n_prompt\":24,\"n_gen\":0,"
	    "\"avg_ns\":20000000,\"samples_ns\":[30000000,10000000]}");
	r->now = GATE + 900 * MS;
	add(r, "bench", "stdout",
	    "{\"n_prompt\":0,\"n_gen\":3,\"avg_ns\":50000000}");
	r->now = GATE + 1500 * MS;
	add(r, "bench", "stdout",
	    "{\"n_prompt\":8,\"n_gen\":3,\"n_depth\":64,\"avg_ns\":50000000}");
	r->now = GATE + 1600 * MS;
	add(r, "bench", "stdout",
	    "{\"n_prompt\":8,\"n_gen\":0,\"avg_ns\":90000000}");
	timeline(r, &tl);
	assert_int_equal(tl.phase_count, 3);
	is_phase(&tl, 0, "prefill", 460, 500);
	is_phase(&tl, 1, "generation", 800, 900);
	is_phase(&tl, 2, "pg", 1450, 1500);
	assert_int_equal(tl.phases[0].tokens_count, 48);
	assert_int_equal(tl.phases[1].steps_count, 6);
	assert_int_equal(tl.phases[1].slack_ns, 3 * MS);
	assert_int_equal(tl.phases[2].tokens_count, -1);
	assert_int_equal(tl.phases[0].evidence, EP_EVIDENCE_INFERRED);
	assert_non_null(strstr(tl.note, "longer than the test could last"));
	assert_non_null(strstr(tl.note, "only the last repetition"));
	ep_timeline_done(&tl);
	r->count = 1;
	add(r, "bench", "stdout", "{\"n_prompt\":24,\"n_gen\":0}");
	timeline(r, &tl);
	assert_int_equal(tl.phase_count, 0);
	assert_non_null(strstr(tl.note, "add -o jsonl"));
	ep_timeline_done(&tl);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_read_by_names),
		cmocka_unit_test(rubbish_gives_no_rows),
		cmocka_unit_test(probes_tell_the_borders_of_repetitions),
		cmocka_unit_test(without_probes_the_rows_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

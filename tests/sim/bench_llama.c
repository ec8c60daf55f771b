/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What llama.cpp's tools print, with the C API of libllama linked in, which only
 * spins: llama-bench in each of its formats, and a completion with the timings
 * of an era.
 *
 * usage: bench_llama bench FORMAT PROMPT TOKENS REPS [PERCENT]
 *        bench_llama log ERA PROMPT TOKENS [PERCENT]
 *
 * FORMAT: csv json jsonl sql md old-csv old-md none.  ERA: timings context
 * common server bare cli no-perf silent.  What is printed of a time is PERCENT
 * of what it was.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

#if defined(__GNUC__) && !defined(__clang__)
#define NO_INLINE __attribute__((noinline, used, externally_visible))
#else
#define NO_INLINE __attribute__((noinline, used))
#endif
#define CHUNK 16
#define REPS_MAX 64

/* llama_batch of 2024 and later: 56 bytes. */
struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

void *llama_model_load_from_file(const char *path);
void *llama_init_from_model(void *model);
int32_t llama_decode(void *ctx, struct llama_batch batch);
void llama_synchronize(void *ctx);
float *llama_get_logits_ith(void *ctx, int32_t i);
void llama_perf_context_reset(void *ctx);
void llama_free(void *ctx);

static int context;
static volatile int64_t evaluated;
static int64_t percent = 100;

static void spin(int64_t us)
{
	int64_t end = ep_clock_monotonic_ns() + us * EP_NS_PER_US;

	while (ep_clock_monotonic_ns() < end)
		;
}

NO_INLINE void *llama_model_load_from_file(const char *path)
{
	(void)path;
	spin(20000);
	return &context;
}

NO_INLINE void *llama_init_from_model(void *model)
{
	spin(1000);
	return model;
}

NO_INLINE int32_t llama_decode(void *ctx, struct llama_batch batch)
{
	(void)ctx;
	spin(1000 + 300 * batch.n_tokens);
	evaluated += batch.n_tokens;
	return 0;
}

NO_INLINE void llama_synchronize(void *ctx)
{
	(void)ctx;
	spin(1);
}

NO_INLINE float *llama_get_logits_ith(void *ctx, int32_t i)
{
	static float logits[2];

	(void)ctx;
	spin(1);
	return logits + (i & 1);
}

NO_INLINE void llama_perf_context_reset(void *ctx)
{
	(void)ctx;
	spin(1);
}

NO_INLINE void llama_free(void *ctx)
{
	(void)ctx;
	spin(1);
}

static void prompt(int64_t left)
{
	while (left > 0) {
		struct llama_batch batch = {
			.n_tokens = (int32_t)(left < CHUNK ? left : CHUNK)
		};

		(void)llama_decode(&context, batch);
		left -= batch.n_tokens;
	}
	llama_synchronize(&context);
}

static void generate(int64_t tokens)
{
	for (int64_t i = 0; i < tokens; i++) {
		(void)llama_decode(&context,
				   (struct llama_batch){ .n_tokens = 1 });
		llama_synchronize(&context);
	}
}

struct test {
	int64_t n_prompt, n_gen, reps, samples_ns[REPS_MAX], avg_ns;
	double rate;
};

static void measure(struct test *t)
{
	int64_t sum_ns = 0;

	(void)llama_init_from_model(&context);
	if (t->n_prompt > 0)
		prompt(t->n_prompt);
	if (t->n_gen > 0)
		generate(1);
	for (int64_t i = 0; i < t->reps; i++) {
		int64_t begin_ns = ep_clock_monotonic_ns();

		if (t->n_prompt > 0)
			prompt(t->n_prompt);
		if (t->n_gen > 0)
			generate(t->n_gen);
		t->samples_ns[i] =
			(ep_clock_monotonic_ns() - begin_ns) * percent / 100;
		sum_ns += t->samples_ns[i];
	}
	t->avg_ns = sum_ns / t->reps;
	t->rate = t->avg_ns > 0 ? (double)(t->n_prompt + t->n_gen) * 1e9 /
					  (double)t->avg_ns
				: 0;
}

static void print_samples(const struct test *t)
{
	printf("\"samples_ns\": [");
	for (int64_t i = 0; i < t->reps; i++)
		printf("%s%" PRId64, i ? ", " : " ", t->samples_ns[i]);
	printf(" ]");
}

static void print_object(const struct test *t, bool lines)
{
	const char *begin = lines ? "    " : "", *end = lines ? ",\n" : ", ";

	printf(lines ? "  {\n" : "{");
	printf("%s\"build_commit\": \"0abc6a2c2\"%s", begin, end);
	printf("%s\"cpu_info\": \"A {76} \\\"core\\\"\"%s", begin, end);
	printf("%s\"n_prompt\": %" PRId64 "%s", begin, t->n_prompt, end);
	printf("%s\"n_gen\": %" PRId64 "%s", begin, t->n_gen, end);
	printf("%s\"n_depth\": 0%s", begin, end);
	printf("%s\"test_time\": \"2026-09-01T00:00:00Z\"%s", begin, end);
	printf("%s\"avg_ns\": %" PRId64 "%s", begin, t->avg_ns, end);
	printf("%s\"avg_ts\": %.6f%s", begin, t->rate, end);
	printf("%s", begin);
	print_samples(t);
	printf(lines ? "\n  }" : "}\n");
}

static void print_head(const char *format)
{
	if (strcmp(format, "csv") == 0)
		printf("build_commit,cpu_info,n_prompt,n_gen,n_depth,test_time,"
		       "avg_ns,stddev_ns,avg_ts,stddev_ts\n");
	else if (strcmp(format, "old-csv") == 0)
		printf("build_commit,cuda,opencl,n_threads,n_prompt,n_gen,"
		       "test_time,avg_ns,stddev_ns,avg_ts,stddev_ts\n");
	else if (strcmp(format, "json") == 0)
		printf("[\n");
	else if (strcmp(format, "sql") == 0)
		printf("CREATE TABLE IF NOT EXISTS test (\n  n_prompt INTEGER,\n"
		       "  avg_ns INTEGER\n);\n\n");
	else if (strcmp(format, "md") == 0)
		printf("| model | size | params | backend | threads |          "
		       "test |              t/s |\n"
		       "| ----- | ---: | -----: | ------- | ------: | "
		       "------------: | ---------------: |\n");
	else if (strcmp(format, "old-md") == 0)
		printf("| model | backend | test       |              t/s |\n"
		       "| ----- | ------- | ---------- | ---------------: |\n");
}

static void print_test(const char *format, const struct test *t, bool first)
{
	char name[64];

	snprintf(name, sizeof(name),
		 strcmp(format, "old-md") == 0 ? "%s %" PRId64 : "%s%" PRId64,
		 t->n_gen > 0 ? "tg" : "pp", t->n_gen + t->n_prompt);
	if (strcmp(format, "csv") == 0)
		printf("\"0abc6a2c2\",\"A, \"\"core\"\"\",\"%" PRId64
		       "\",\"%" PRId64 "\",\"0\",\"2026\",\"%" PRId64
		       "\",\"5\",\"%.6f\",\"0.1\"\n",
		       t->n_prompt, t->n_gen, t->avg_ns, t->rate);
	else if (strcmp(format, "old-csv") == 0)
		printf("\"525213d2\",\"0\",\"0\",\"2\",\"%" PRId64
		       "\",\"%" PRId64 "\",\"2024\",\"%" PRId64
		       "\",\"5\",\"%.6f\",\"0.1\"\n",
		       t->n_prompt, t->n_gen, t->avg_ns, t->rate);
	else if (strcmp(format, "json") == 0 && !first)
		printf(",\n");
	if (strncmp(format, "json", 4) == 0)
		print_object(t, strcmp(format, "json") == 0);
	else if (strcmp(format, "sql") == 0)
		printf("INSERT INTO test (cpu_info, n_prompt, n_gen, avg_ns) "
		       "VALUES ('A (core), 1', '%" PRId64 "', '%" PRId64
		       "', '%" PRId64 "');\n",
		       t->n_prompt, t->n_gen, t->avg_ns);
	else if (strcmp(format, "md") == 0)
		printf("| llama 1B Q8_0 | 1.00 GiB | 1.00 B | CPU | 2 | %s | "
		       "%.2f \xc2\xb1 0.01 |\n",
		       name, t->rate);
	else if (strcmp(format, "old-md") == 0)
		printf("| LLaMA 1B | CPU | %s | %.2f \xc2\xb1 0.01 |\n", name,
		       t->rate);
	fflush(stdout);
}

static int bench(const char *format, const int64_t *n)
{
	struct test tests[2] = { { .n_prompt = n[0], .reps = n[2] },
				 { .n_gen = n[1], .reps = n[2] } };

	print_head(format);
	fflush(stdout);
	(void)llama_model_load_from_file("none");
	for (int i = 0; i < 2; i++) {
		if (tests[i].n_prompt + tests[i].n_gen == 0)
			continue;
		measure(&tests[i]);
		print_test(format, &tests[i], i == 0);
		llama_free(&context);
	}
	if (strcmp(format, "json") == 0)
		printf("\n]\n");
	return 0;
}

struct times {
	double load, prompt, eval, total;
	int64_t n_prompt, n_eval;
};

/* The lines of one era; the server counts tokens where the library counts
 * runs. */
static void print_era(const char *era, const struct times *t)
{
	const char *name = strcmp(era, "timings") == 0 ? "llama_print_timings"
			   : strcmp(era, "common") == 0
				   ? "0.00.085.251 I common_perf_print"
				   : "llama_perf_context_print";

	if (strcmp(era, "cli") == 0) {
		printf("[ Prompt: %.1f t/s | Generation: %.1f t/s ]\n",
		       (double)t->n_prompt * 1e3 / t->prompt,
		       (double)t->n_eval * 1e3 / t->eval);
	} else if (strcmp(era, "server") == 0) {
		fprintf(stderr,
			"\x1b[34m0.02.266.404\x1b[0m \x1b[32mI \x1b[0mslot "
			"print_timing: id  0 | task 5 | prompt eval time = "
			"%10.2f ms / %5" PRId64 " tokens (    1.22 ms per "
			"token,   822.98 tokens per second)\n"
			"0.02.266.434 I slot print_timing: id  0 | task 5 |    "
			"    eval time = %10.2f ms / %5" PRId64
			" tokens (    0.70 ms per token,      inf tokens per "
			"second)\n",
			t->prompt, t->n_prompt, t->eval, t->n_eval + 1);
	} else if (strcmp(era, "bare") == 0) {
		fprintf(stderr,
			"slot print_timing: id  0 | task 0 | \n"
			"prompt eval time = %10.2f ms / %5" PRId64
			" tokens\n       eval time = %10.2f ms / %5" PRId64
			" tokens\n      total time = %10.2f ms / %5" PRId64
			" tokens\n",
			t->prompt, t->n_prompt, t->eval, t->n_eval + 1,
			t->prompt + t->eval, t->n_prompt + t->n_eval + 1);
	} else if (strcmp(era, "silent") != 0) {
		fprintf(stderr, "%s:        load time = %10.2f ms\n", name,
			t->load);
		fprintf(stderr,
			"%s: prompt eval time = %10.2f ms / %5" PRId64
			" tokens (    nan ms per token,      inf tokens per "
			"second)\n",
			name, t->prompt, t->n_prompt);
		fprintf(stderr,
			"%s:        eval time = %10.2f ms / %5" PRId64
			" runs   (    1.06 ms per token,   942.38 tokens per "
			"second)\n",
			name, t->eval, t->n_eval);
		fprintf(stderr,
			"%s:       total time = %10.2f ms / %5" PRId64
			" tokens\n",
			name, t->total, t->n_prompt + t->n_eval);
	}
}

static double ms_since(int64_t begin_ns)
{
	return (double)(ep_clock_monotonic_ns() - begin_ns) * 1e-6 *
	       (double)percent / 100;
}

static int complete(const char *era, const int64_t *n)
{
	struct times t = { .n_prompt = n[0], .n_eval = n[1] - 1 };
	int64_t begin_ns = ep_clock_monotonic_ns(), reset_ns, first_ns;

	(void)llama_init_from_model(llama_model_load_from_file("none"));
	(void)llama_decode(&context, (struct llama_batch){ .n_tokens = 2 });
	llama_synchronize(&context);
	llama_perf_context_reset(&context);
	t.load = ms_since(begin_ns);
	begin_ns = reset_ns = ep_clock_monotonic_ns();
	prompt(n[0]);
	t.prompt = ms_since(begin_ns);
	first_ns = ep_clock_monotonic_ns();
	(void)llama_get_logits_ith(&context, -1);
	for (int64_t i = 1; i < n[1]; i++) {
		begin_ns = ep_clock_monotonic_ns();
		generate(1);
		t.eval += ms_since(begin_ns);
		(void)llama_get_logits_ith(&context, -1);
	}
	t.total = ms_since(reset_ns);
	/* Servers count from the first token to the last. */
	if (strcmp(era, "cli") == 0 || strcmp(era, "server") == 0 ||
	    strcmp(era, "bare") == 0)
		t.eval = ms_since(first_ns);
	if (strcmp(era, "no-perf") == 0)
		t.load = t.prompt = t.eval = t.total = 0;
	print_era(era, &t);
	fflush(stdout);
	llama_free(&context);
	return 0;
}

int main(int argc, char **argv)
{
	int64_t numbers[4] = { 32, 8, 2, 100 };
	bool benches = argc > 2 && strcmp(argv[1], "bench") == 0;
	int count = benches ? 3 : 2;

	if (argc < 3)
		return 2;
	for (int i = 0; i <= count && i + 3 < argc; i++)
		if (ep_num_parse_i64(argv[i + 3],
				     &numbers[i == count ? 3 : i]) < 0)
			return 2;
	percent = numbers[3];
	if (numbers[2] < 1 || numbers[2] > REPS_MAX || numbers[1] < 0)
		return 2;
	return benches ? bench(argv[2], numbers) : complete(argv[2], numbers);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_bench.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"

#define FIELDS_MAX 128

/* Names and values of one row, in the order of the text. */
struct fields {
	char *names[FIELDS_MAX], *values[FIELDS_MAX];
	size_t count;
};

static const char *value_of(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->names[i], name) == 0)
			return f->values[i];
	return NULL;
}

static int64_t number_of(const struct fields *f, const char *name)
{
	const char *text = value_of(f, name);
	int64_t number;

	if (!text || ep_num_parse_i64(text, &number) < 0 || number < 0)
		return -1;
	return number;
}

static void take_fields(struct ep_bench_reader *r, const struct fields *f)
{
	struct ep_bench_row row = { .prompt = number_of(f, "n_prompt"),
				    .gen = number_of(f, "n_gen"),
				    .depth = number_of(f, "n_depth"),
				    .reps = -1,
				    .avg_ns = number_of(f, "avg_ns") };

	if (row.prompt < 0 || row.gen < 0 || row.prompt + row.gen == 0)
		return;
	if (row.depth < 0)
		row.depth = 0;
	r->each(r->ctx, &row);
}

static void take_object(struct ep_bench_reader *r)
{
	json_t *o = json_loads(r->text.data, 0, NULL), *value;
	struct ep_bench_row row = { .reps = -1, .avg_ns = -1 };
	const json_t *samples = json_object_get(o, "samples_ns");
	const json_t *prompt = json_object_get(o, "n_prompt");
	const json_t *gen = json_object_get(o, "n_gen");

	row.prompt = json_integer_value(prompt);
	row.gen = json_integer_value(gen);
	row.depth = json_integer_value(json_object_get(o, "n_depth"));
	value = json_object_get(o, "avg_ns");
	if (json_is_integer(value))
		row.avg_ns = json_integer_value(value);
	if (json_array_size(samples) > 0)
		row.reps = (int64_t)json_array_size(samples);
	for (size_t i = 0; i < json_array_size(samples) &&
			   json_array_size(samples) <= EP_BENCH_REPS_MAX;
	     i++) {
		row.samples_ns[i] =
			json_integer_value(json_array_get(samples, i));
		row.sample_count = i + 1;
	}
	if (json_is_integer(prompt) && json_is_integer(gen) &&
	    row.prompt >= 0 && row.gen >= 0 && (row.prompt > 0 || row.gen > 0))
		r->each(r->ctx, &row);
	json_decref(o);
}

/* A list with commas between, as csv or SQL write it: 'a', "b" or c. */
static size_t split(char *text, char **ret, size_t max)
{
	size_t count = 0;
	char *to;

	for (;;) {
		char quote;

		text += strspn(text, " ");
		quote = *text == '"' || *text == '\'' ? *text++ : '\0';
		if (count == max)
			return 0;
		ret[count++] = to = text;
		for (; *text; text++) {
			if (quote && *text == quote && text[1] != quote)
				break;
			if (!quote && *text == ',')
				break;
			if (quote && *text == quote)
				text++;
			*to++ = *text;
		}
		text += quote && *text == quote;
		text += strspn(text, " ");
		if (*text != ',') {
			*to = '\0';
			return *text == '\0' ? count : 0;
		}
		text++;
		*to = '\0';
	}
}

/* INSERT INTO test (a, b) VALUES ('1', '2'); */
static void take_sql(struct ep_bench_reader *r, char *line)
{
	char *names = strchr(line, '('), *values, *end;
	struct fields f;

	values = names ? strstr(names, ") VALUES (") : NULL;
	end = values ? strrchr(values, ')') : NULL;
	if (!end || end == values)
		return;
	*values = *end = '\0';
	f.count = split(names + 1, f.names, FIELDS_MAX);
	if (f.count > 0 && split(values + strlen(") VALUES ("), f.values,
				 FIELDS_MAX) == f.count)
		take_fields(r, &f);
}

static void take_csv(struct ep_bench_reader *r, char *line)
{
	char *head = r->head ? strdup(r->head) : NULL;
	struct fields f;

	if (!head)
		return;
	f.count = split(head, f.names, FIELDS_MAX);
	if (f.count > 0 && split(line, f.values, FIELDS_MAX) == f.count)
		take_fields(r, &f);
	free(head);
}

/* "| a | b |" */
static size_t split_table(char *text, char **ret, size_t max)
{
	size_t count = 0;

	text++;
	while (count < max) {
		char *end = strchr(text, '|');

		if (!end)
			return count;
		*end = '\0';
		text += strspn(text, " ");
		ret[count++] = ep_str_chomp(text);
		text = end + 1;
	}
	return 0;
}

/* The number after a word: "pp512", in old versions "pp 512". */
static int64_t count_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	int64_t count;

	if (!at)
		return 0;
	at += strlen(word);
	at += strspn(at, " ");
	return ep_num_scan_i64(at, strlen(at), &count) > 0 && count > 0 ? count
									: 0;
}

/* A rate, "123.45 ± 0.67", is the mean over the repetitions. */
static void set_rate(struct ep_bench_row *row, const char *rate)
{
	size_t len = strcspn(rate, " ");
	char number[32];
	int64_t milli;
	double ns;

	if (len >= sizeof(number))
		return;
	memcpy(number, rate, len);
	number[len] = '\0';
	if (ep_num_parse_scaled(number, 3, &milli) < 0 || milli <= 0)
		return;
	ns = (double)(row->prompt + row->gen) * 1e12 / (double)milli;
	if (ns < 1e16) {
		row->avg_ns = (int64_t)ns;
		row->rate_only = true;
	}
}

static void take_table(struct ep_bench_reader *r, char *line)
{
	char *head = r->head ? strdup(r->head) : NULL;
	struct ep_bench_row row = { .reps = -1, .avg_ns = -1 };
	const char *test, *rate;
	struct fields f;

	if (!head)
		return;
	f.count = split_table(head, f.names, FIELDS_MAX);
	if (f.count == 0 || split_table(line, f.values, FIELDS_MAX) != f.count)
		goto out;
	test = value_of(&f, "test");
	rate = value_of(&f, "t/s");
	if (!test || !rate)
		goto out;
	row.prompt = count_after(test, "pp");
	row.gen = count_after(test, "tg");
	row.depth = count_after(test, "@ d");
	if (row.prompt + row.gen == 0)
		goto out;
	set_rate(&row, rate);
	r->each(r->ctx, &row);
out:
	free(head);
}

static void keep_head(struct ep_bench_reader *r)
{
	free(r->head);
	r->head = strdup(r->text.data);
}

static void end_line(struct ep_bench_reader *r)
{
	char *line = r->text.data;

	if (r->text.len == 0 || r->skipping) {
		r->skipping = false;
		ep_buf_reset(&r->text);
		return;
	}
	(void)ep_str_chomp(line);
	if (ep_str_starts(line, "INSERT INTO test (")) {
		take_sql(r, line);
	} else if (line[0] == '|') {
		if (strstr(line, "t/s") && strstr(line, "test"))
			keep_head(r);
		else
			take_table(r, line);
	} else if (strstr(line, "n_prompt") && strstr(line, "n_gen") &&
		   strchr(line, ',')) {
		keep_head(r);
	} else if (strchr(line, ',')) {
		take_csv(r, line);
	}
	ep_buf_reset(&r->text);
}

static void end_object(struct ep_bench_reader *r)
{
	take_object(r);
	r->object = false;
	ep_buf_reset(&r->text);
}

/* One byte of an object; its end does not wait for the line's: the last brace
 * of a test comes without one. */
static void track(struct ep_bench_reader *r, char byte)
{
	if (r->escaped) {
		r->escaped = false;
	} else if (r->quoted) {
		r->escaped = byte == '\\';
		r->quoted = byte != '"';
	} else if (byte == '"') {
		r->quoted = true;
	} else if (byte == '{') {
		r->depth++;
	} else if (byte == '}') {
		r->depth--;
	}
}

static void take_byte(struct ep_bench_reader *r, char byte)
{
	if (!r->object && byte == '{' && r->text.len == 0 && !r->skipping) {
		r->object = true;
		r->quoted = r->escaped = false;
		r->depth = 0;
	}
	if (!r->object && byte == '\n') {
		end_line(r);
		return;
	}
	/* Objects of json stand between blanks, commas and line ends. */
	if (!r->object && r->text.len == 0 && strchr(" ,[]\r", byte) && byte)
		return;
	if (byte == '\0')
		byte = '?';
	/* Too long for a row: on with the next line. */
	if (!r->skipping && ep_buf_add(&r->text, &byte, 1) < 0) {
		r->skipping = true;
		r->object = false;
	}
	if (r->object) {
		track(r, byte);
		if (r->depth == 0)
			end_object(r);
	}
}

void ep_bench_reader_init(struct ep_bench_reader *r,
			  void (*each)(void *ctx,
				       const struct ep_bench_row *row),
			  void *ctx)
{
	memset(r, 0, sizeof(*r));
	ep_buf_init(&r->text, EP_BENCH_ROW_BYTES_MAX);
	r->each = each;
	r->ctx = ctx;
}

void ep_bench_reader_done(struct ep_bench_reader *r)
{
	ep_buf_done(&r->text);
	free(r->head);
	r->head = NULL;
}

void ep_bench_reader_feed(struct ep_bench_reader *r, const char *bytes,
			  size_t len)
{
	for (size_t i = 0; i < len; i++)
		take_byte(r, bytes[i]);
	if (len == 0 && !r->object)
		end_line(r);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_bench.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX (INT64_C(1) << 40)
#define NS_MAX (INT64_C(1) << 55)

int ep_bench_row_write(const struct ep_bench_row *row, struct ep_buf *ret)
{
	json_t *o = json_object(), *samples = json_array();
	char *text;
	int r;

	json_object_set_new(o, "n_prompt", json_integer(row->prompt));
	json_object_set_new(o, "n_gen", json_integer(row->gen));
	json_object_set_new(o, "n_depth", json_integer(row->depth));
	if (row->reps >= 0)
		json_object_set_new(o, "reps", json_integer(row->reps));
	if (row->avg_ns >= 0)
		json_object_set_new(o, "avg_ns", json_integer(row->avg_ns));
	if (row->rate_only)
		json_object_set_new(o, "rate_only", json_true());
	for (size_t i = 0; i < row->sample_count; i++)
		json_array_append_new(samples,
				      json_integer(row->samples_ns[i]));
	json_object_set_new(o, "samples_ns", samples);
	text = json_dumps(o, JSON_COMPACT);
	r = text ? ep_buf_adds(ret, text) : -ENOMEM;
	free(text);
	json_decref(o);
	return r;
}

static int64_t get(const json_t *o, const char *key, int64_t max)
{
	const json_t *value = json_object_get(o, key);
	int64_t number = -1;

	if (json_is_integer(value))
		number = json_integer_value(value);
	return number < 0 || number > max ? -1 : number;
}

int ep_bench_row_read(const char *text, struct ep_bench_row *ret)
{
	json_t *o = json_loads(text, 0, NULL), *samples, *value;
	struct ep_bench_row row = { 0 };
	size_t i;

	if (!json_is_object(o)) {
		json_decref(o);
		return -EBADMSG;
	}
	row.prompt = get(o, "n_prompt", COUNT_MAX);
	row.gen = get(o, "n_gen", COUNT_MAX);
	row.depth = get(o, "n_depth", COUNT_MAX);
	row.reps = get(o, "reps", EP_BENCH_REPS_MAX);
	row.avg_ns = get(o, "avg_ns", NS_MAX);
	row.rate_only = json_is_true(json_object_get(o, "rate_only"));
	samples = json_object_get(o, "samples_ns");
	json_array_foreach(samples, i, value)
	{
		int64_t ns =
			json_is_integer(value) ? json_integer_value(value) : -1;

		if (ns <= 0 || ns > NS_MAX || i >= EP_BENCH_REPS_MAX) {
			row.sample_count = 0;
			break;
		}
		row.samples_ns[row.sample_count++] = ns;
	}
	json_decref(o);
	if (row.depth < 0)
		row.depth = 0;
	if (row.prompt < 0 || row.gen < 0 || row.prompt + row.gen == 0)
		return -EBADMSG;
	if (row.sample_count > 0)
		row.reps = (int64_t)row.sample_count;
	*ret = row;
	return 0;
}

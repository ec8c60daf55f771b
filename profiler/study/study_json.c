/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/study_parts.h"

#define SCHEMA "edgeprof.study/1"

static json_t *words_to_json(char *const *words)
{
	json_t *a;

	if (!words)
		return json_null();
	a = json_array();
	for (size_t i = 0; words[i]; i++)
		json_array_append_new(a, json_string(words[i]));
	return a;
}

/* NULL is kept apart from an empty list. */
static int words_from_json(const json_t *a, char ***ret)
{
	char **words;

	if (!json_is_array(a))
		return json_is_null(a) ? 0 : -EBADMSG;
	words = calloc(json_array_size(a) + 1, sizeof(*words));
	if (!words)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(a); i++) {
		const char *text = json_string_value(json_array_get(a, i));

		words[i] = text ? strdup(text) : NULL;
		if (!words[i]) {
			ep_words_free(words);
			return text ? -ENOMEM : -EBADMSG;
		}
	}
	*ret = words;
	return 0;
}

/* Numbers as text: what a file says in decimal comes back to the last bit. */
static json_t *number_to_json(double value)
{
	char text[32];

	ep_num_put_f64(text, value);
	return text[0] ? json_string(text) : json_null();
}

static int number_from_json(const json_t *o, double *ret)
{
	if (json_is_null(o)) {
		*ret = (double)NAN;
		return 0;
	}
	return json_is_string(o) ? ep_num_parse_f64(json_string_value(o), ret)
				 : -EBADMSG;
}

static json_t *factors_to_json(const struct ep_study *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->factor_count; i++) {
		const struct ep_factor *f = &s->factors[i];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(f->name));
		json_object_set_new(o, "option",
				    f->option ? json_string(f->option)
					      : json_null());
		json_object_set_new(o, "levels", words_to_json(f->levels));
		json_array_append_new(a, o);
	}
	return a;
}

static int factors_from_json(const json_t *a, struct ep_study *s,
			     struct ep_err *err)
{
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *o = json_array_get(a, i);
		const char *name =
			json_string_value(json_object_get(o, "name"));
		const char *option =
			json_string_value(json_object_get(o, "option"));
		const struct ep_factor_option *known;
		char **levels = NULL;
		int r;

		if (!name)
			return -EBADMSG;
		known = ep_factor_option_find(name);
		if (option && !known)
			return ep_err_set(err, -EBADMSG,
					  "option %.60s is not known to this "
					  "edgeprof",
					  option);
		r = words_from_json(json_object_get(o, "levels"), &levels);
		if (r == 0)
			r = ep_study_add_factor(s, name,
						option ? known->option : NULL,
						levels, err);
		ep_words_free(levels);
		if (r < 0)
			return r;
	}
	return 0;
}

struct number {
	const char *name;
	size_t offset;
};

#define AT(field) offsetof(struct ep_study, field)

static const struct number counts[] = {
	{ "runs", AT(run_count) },
	{ "warmup", AT(warmup_count) },
	{ "retries", AT(retry_count) },
	{ "max_runs", AT(max_run_count) },
	{ "cooldown_ns", AT(cooldown_ns) },
	{ "cooldown_limit_ns", AT(cooldown_limit_ns) },
	{ "expect_tokens", AT(limits.token_count) },
};
static const struct number numbers[] = {
	{ "until_share", AT(until_share) },
	{ "floor", AT(floor_value) },
	{ "cooldown_c", AT(cooldown_c) },
	{ "max_background_cpu", AT(limits.background_cpu_share_max) },
	{ "max_thermal_drift", AT(limits.thermal_drift_c_max) },
	{ "max_missed_ticks", AT(limits.missed_tick_share_max) },
	{ "max_sensor_gaps", AT(limits.sensor_gap_share_max) },
	{ "max_frequency_shortfall", AT(limits.frequency_shortfall_max) },
};
#define COUNT_COUNT (sizeof(counts) / sizeof(counts[0]))
#define NUMBER_COUNT (sizeof(numbers) / sizeof(numbers[0]))

json_t *ep_study_to_json(const struct ep_study *s)
{
	json_t *o = json_object();
	char seed[24];
	int64_t n;
	double x;

	(void)ep_str_format(seed, sizeof(seed), "%" PRIu64, s->seed);
	json_object_set_new(o, "schema", json_string(SCHEMA));
	json_object_set_new(o, "title", json_string(s->title ? s->title : ""));
	json_object_set_new(o, "options", words_to_json(s->options));
	json_object_set_new(o, "command", words_to_json(s->command));
	json_object_set_new(o, "factors", factors_to_json(s));
	json_object_set_new(o, "until_metric",
			    s->until_metric ? json_string(s->until_metric)
					    : json_null());
	json_object_set_new(o, "objective",
			    s->objective ? json_string(s->objective)
					 : json_null());
	json_object_set_new(o, "floor_metric",
			    s->floor_metric ? json_string(s->floor_metric)
					    : json_null());
	json_object_set_new(o, "search", json_integer((int)s->search));
	json_object_set_new(o, "clear_swap", json_integer((int)s->clear_swap));
	json_object_set_new(o, "cooldown", json_integer((int)s->cooldown));
	json_object_set_new(o, "drop_caches",
			    json_integer((int)s->drop_caches));
	json_object_set_new(o, "order", json_integer((int)s->order));
	json_object_set_new(o, "seed", json_string(seed));
	json_object_set_new(o, "same_output",
			    json_integer((int)s->limits.same_output));
	for (size_t i = 0; i < COUNT_COUNT; i++) {
		memcpy(&n, (const char *)s + counts[i].offset, sizeof(n));
		json_object_set_new(o, counts[i].name, json_integer(n));
	}
	for (size_t i = 0; i < NUMBER_COUNT; i++) {
		memcpy(&x, (const char *)s + numbers[i].offset, sizeof(x));
		if (json_object_set_new(o, numbers[i].name, number_to_json(x)) <
		    0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static int small(const json_t *o, const char *name, int max, int *ret)
{
	const json_t *n = json_object_get(o, name);

	if (!json_is_integer(n) || json_integer_value(n) < 0 ||
	    json_integer_value(n) > max)
		return -EBADMSG;
	*ret = (int)json_integer_value(n);
	return 0;
}

static int read_numbers(const json_t *o, struct ep_study *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_COUNT; i++) {
		const json_t *n = json_object_get(o, counts[i].name);
		int64_t value = json_integer_value(n);

		r = json_is_integer(n) ? 0 : -EBADMSG;
		memcpy((char *)s + counts[i].offset, &value, sizeof(value));
	}
	for (size_t i = 0; r == 0 && i < NUMBER_COUNT; i++) {
		double value = (double)NAN;

		r = number_from_json(json_object_get(o, numbers[i].name),
				     &value);
		memcpy((char *)s + numbers[i].offset, &value, sizeof(value));
	}
	return r;
}

static int read_choices(const json_t *o, struct ep_study *s)
{
	const char *seed = json_string_value(json_object_get(o, "seed"));
	int cooldown, drop, swap, order, search, same, r;

	r = small(o, "cooldown", EP_COOLDOWN_TEMPERATURE, &cooldown);
	if (r == 0)
		r = small(o, "drop_caches", EP_DROP_EACH, &drop);
	if (r == 0)
		r = small(o, "clear_swap", EP_DROP_EACH, &swap);
	if (r == 0)
		r = small(o, "order", EP_ORDER_GIVEN, &order);
	if (r == 0)
		r = small(o, "search", EP_SEARCH_HALVING, &search);
	if (r == 0)
		r = small(o, "same_output", EP_SAME_NO, &same);
	if (r == 0)
		r = seed ? ep_num_parse_u64(seed, &s->seed) : -EBADMSG;
	if (r < 0)
		return r;
	s->cooldown = (enum ep_cooldown)cooldown;
	s->drop_caches = (enum ep_drop_caches)drop;
	s->clear_swap = (enum ep_drop_caches)swap;
	s->order = (enum ep_order)order;
	s->search = (enum ep_search)search;
	s->limits.same_output = (enum ep_same_output)same;
	return 0;
}

/* NULL where there is none. */
static int copy_text(const json_t *o, const char *name, char **field)
{
	const json_t *value = json_object_get(o, name);

	if (!json_is_string(value))
		return json_is_null(value) ? 0 : -EBADMSG;
	*field = strdup(json_string_value(value));
	return *field ? 0 : -ENOMEM;
}

static int read_texts(const json_t *o, struct ep_study *s)
{
	const char *title = json_string_value(json_object_get(o, "title"));
	int r = words_from_json(json_object_get(o, "options"), &s->options);

	if (r == 0)
		r = words_from_json(json_object_get(o, "command"), &s->command);
	if (r < 0)
		return r;
	if (title && title[0])
		r = copy_text(o, "title", &s->title);
	if (r == 0)
		r = copy_text(o, "until_metric", &s->until_metric);
	if (r == 0)
		r = copy_text(o, "objective", &s->objective);
	if (r == 0)
		r = copy_text(o, "floor_metric", &s->floor_metric);
	return r;
}

int ep_study_from_json(const json_t *o, struct ep_study *ret,
		       struct ep_err *err)
{
	const char *schema = json_string_value(json_object_get(o, "schema"));
	struct ep_err why = { 0 };
	struct ep_study s;
	int r;

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return ep_err_set(err, -EBADMSG,
				  "not the study of this edgeprof: schema "
				  "'%.60s', not " SCHEMA,
				  schema ? schema : "none");
	ep_study_init(&s);
	r = read_texts(o, &s);
	if (r == 0)
		r = factors_from_json(json_object_get(o, "factors"), &s, &why);
	if (r == 0)
		r = read_numbers(o, &s);
	if (r == 0)
		r = read_choices(o, &s);
	if (r < 0) {
		ep_study_done(&s);
		return ep_err_set(err, r, "the study is damaged: %s",
				  why.text[0] ? why.text : strerror(-r));
	}
	*ret = s;
	return 0;
}

int ep_study_hash(const struct ep_study *s, char ret[EP_STUDY_HASH_BYTES])
{
	json_t *o = ep_study_to_json(s);
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (text)
		ep_hash_bytes(text, strlen(text), ret);
	free(text);
	json_decref(o);
	return text ? 0 : -ENOMEM;
}

int ep_study_differences(const struct ep_study *was, const struct ep_study *is,
			 char *ret, size_t size)
{
	json_t *a = ep_study_to_json(was), *b = ep_study_to_json(is);
	const char *key;
	json_t *value;
	int count = 0;

	ret[0] = '\0';
	json_object_foreach(a, key, value)
	{
		json_t *other = json_object_get(b, key);
		size_t used = strlen(ret);
		char *x, *y;

		if (json_equal(value, other))
			continue;
		count++;
		x = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		y = json_dumps(other, JSON_COMPACT | JSON_ENCODE_ANY);
		(void)ep_str_format(
			ret + used, size - used, "%s%s was %.300s, is %.300s",
			used ? "\n" : "", key, x ? x : "?", y ? y : "?");
		free(x);
		free(y);
	}
	json_decref(a);
	json_decref(b);
	return count;
}

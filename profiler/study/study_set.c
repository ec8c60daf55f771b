/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/study/study_parts.h"

enum kind {
	TEXT,
	COUNT,
	SHARE,
	CELSIUS,
	SAME,
	SEED,
	COOLDOWN,
	LIMIT_TIME,
	UNTIL,
	ORDER,
	DROP,
	SEARCH,
	METRIC,
	FLOOR
};

struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t min, max;
};

#define AT(field) offsetof(struct ep_study, field)

static const struct setting settings[] = {
	{ "title", TEXT, AT(title), 0, 0 },
	{ "runs", COUNT, AT(run_count), 1, 10000 },
	{ "warmup", COUNT, AT(warmup_count), 0, 1000 },
	{ "retries", COUNT, AT(retry_count), 0, 1000 },
	{ "max-runs", COUNT, AT(max_run_count), 2, 10000 },
	{ "until-ci", UNTIL, 0, 0, 0 },
	{ "cooldown", COOLDOWN, 0, 0, 0 },
	{ "cooldown-limit", LIMIT_TIME, AT(cooldown_limit_ns), 0, 0 },
	{ "search", SEARCH, 0, 0, 0 },
	{ "objective", METRIC, AT(objective), 0, 0 },
	{ "floor", FLOOR, 0, 0, 0 },
	{ "drop-caches", DROP, AT(drop_caches), 0, 0 },
	{ "clear-swap", DROP, AT(clear_swap), 0, 0 },
	{ "order", ORDER, 0, 0, 0 },
	{ "order-seed", SEED, AT(seed), 0, 0 },
	{ "max-background-cpu", SHARE, AT(limits.background_cpu_share_max), 0,
	  0 },
	{ "max-thermal-drift", CELSIUS, AT(limits.thermal_drift_c_max), 0, 0 },
	{ "max-missed-ticks", SHARE, AT(limits.missed_tick_share_max), 0, 0 },
	{ "max-sensor-gaps", SHARE, AT(limits.sensor_gap_share_max), 0, 0 },
	{ "max-frequency-shortfall", SHARE, AT(limits.frequency_shortfall_max),
	  0, 0 },
	{ "expect-tokens", COUNT, AT(limits.token_count), 1, 1000000 },
	{ "same-output", SAME, 0, 0, 0 },
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

const char *const ep_study_settings[] = {
	"title",
	"runs",
	"warmup",
	"retries",
	"max-runs",
	"until-ci",
	"cooldown",
	"cooldown-limit",
	"search",
	"objective",
	"floor",
	"drop-caches",
	"clear-swap",
	"order",
	"order-seed",
	"max-background-cpu",
	"max-thermal-drift",
	"max-missed-ticks",
	"max-sensor-gaps",
	"max-frequency-shortfall",
	"expect-tokens",
	"same-output",
	NULL,
};

static int refuse(const struct setting *row, const char *value,
		  const char *wanted, struct ep_err *err)
{
	return ep_err_set(err, -EINVAL, "%s: '%.60s' is not %s", row->name,
			  value, wanted);
}

static int parse_share(const char *text, double *ret)
{
	size_t len = strlen(text);
	char number[32];
	double value = 0;

	if (len < 2 || text[len - 1] != '%' ||
	    !ep_str_format(number, sizeof(number), "%.*s", (int)len - 1,
			   text) ||
	    ep_num_parse_f64(number, &value) < 0 || value < 0 || value > 1000)
		return -EINVAL;
	*ret = value / 100;
	return 0;
}

static int set_count(const struct setting *row, const char *value,
		     int64_t *field_count, struct ep_err *err)
{
	char wanted[80];
	int64_t n = 0;

	if (ep_num_parse_i64(value, &n) == 0 && n >= row->min &&
	    n <= row->max) {
		*field_count = n;
		return 0;
	}
	(void)ep_str_format(wanted, sizeof(wanted),
			    "a whole number from %lld to %lld",
			    (long long)row->min, (long long)row->max);
	return refuse(row, value, wanted, err);
}

/* "30s", "to:50C". */
static int set_cooldown(struct ep_study *s, const struct setting *row,
			const char *value, struct ep_err *err)
{
	size_t len = strlen(value);
	char number[32];
	double celsius = 0;
	int64_t ns = 0;

	if (ep_num_parse_duration_ns(value, &ns) == 0 && ns >= 0) {
		s->cooldown = ns > 0 ? EP_COOLDOWN_TIME : EP_COOLDOWN_NONE;
		s->cooldown_ns = ns;
		return 0;
	}
	if (len < 5 || !ep_str_starts(value, "to:") || value[len - 1] != 'C' ||
	    !ep_str_format(number, sizeof(number), "%.*s", (int)len - 4,
			   value + 3) ||
	    ep_num_parse_f64(number, &celsius) < 0 || celsius < 0 ||
	    celsius > 120)
		return refuse(row, value,
			      "a time such as 30s or a temperature such as "
			      "to:50C",
			      err);
	s->cooldown = EP_COOLDOWN_TEMPERATURE;
	s->cooldown_c = celsius;
	return 0;
}

/* "generation.j_per_token=2%" */
static int set_until(struct ep_study *s, const struct setting *row,
		     const char *value, struct ep_err *err)
{
	const char *equals = strchr(value, '='), *dot = strchr(value, '.');
	double share = 0;
	char *metric;

	if (!equals || !dot || dot > equals || dot == value ||
	    dot + 1 == equals || parse_share(equals + 1, &share) < 0 ||
	    share <= 0)
		return refuse(row, value,
			      "a metric and how narrow its 95 % interval shall "
			      "be, such as generation.j_per_token=2%",
			      err);
	metric = strndup(value, (size_t)(equals - value));
	if (!metric)
		return ep_err_set(err, -ENOMEM, "out of memory");
	free(s->until_metric);
	s->until_metric = metric;
	s->until_share = share;
	return 0;
}

/* The index of value in names, or refused with what there is. */
static int choose(const struct setting *row, const char *value,
		  const char *const *names, int *ret, struct ep_err *err)
{
	char wanted[120] = "one of:";

	for (int i = 0; names[i]; i++) {
		size_t used = strlen(wanted);

		if (strcmp(names[i], value) == 0) {
			*ret = i;
			return 0;
		}
		(void)ep_str_format(wanted + used, sizeof(wanted) - used, " %s",
				    names[i]);
	}
	return refuse(row, value, wanted, err);
}

static int set_choice(struct ep_study *s, const struct setting *row,
		      const char *value, struct ep_err *err)
{
	static const char *const orders[] = { "random", "given", NULL };
	static const char *const searches[] = { "grid", "halving", NULL };
	static const char *const drops[] = { "never", "first", "each", NULL };
	static const char *const answers[] = { "auto", "yes", "no", NULL };
	void *field = (char *)s + row->offset;
	int i = 0, r;

	if (row->kind == ORDER) {
		r = choose(row, value, orders, &i, err);
		if (r == 0)
			s->order = i == 0 ? EP_ORDER_RANDOM : EP_ORDER_GIVEN;
	} else if (row->kind == DROP) {
		r = choose(row, value, drops, &i, err);
		if (r == 0)
			*(enum ep_drop_caches *)field = (enum ep_drop_caches)i;
	} else if (row->kind == SEARCH) {
		r = choose(row, value, searches, &i, err);
		if (r == 0)
			s->search = (enum ep_search)i;
	} else {
		r = choose(row, value, answers, &i, err);
		if (r == 0)
			s->limits.same_output = (enum ep_same_output)i;
	}
	return r;
}

static int set_text(char **field, const char *value, struct ep_err *err)
{
	char *copy = strdup(value);

	if (!copy)
		return ep_err_set(err, -ENOMEM, "out of memory");
	free(*field);
	*field = copy;
	return 0;
}

/* The first so many characters are a phase and a name, with a dot between. */
static bool is_metric(const char *text, size_t len)
{
	const char *dot = memchr(text, '.', len);

	return dot && dot > text && dot + 1 < text + len &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
			    "YZ0123456789_.-") >= len;
}

static int set_metric(const struct setting *row, const char *value,
		      char **field, struct ep_err *err)
{
	if (!is_metric(value, strlen(value)))
		return refuse(row, value,
			      "a metric such as generation.j_per_token", err);
	return set_text(field, value, err);
}

/* "generation.tokens_per_s=5.33" */
static int set_floor(struct ep_study *s, const struct setting *row,
		     const char *value, struct ep_err *err)
{
	size_t len = strcspn(value, "=");
	double least = 0;
	char *metric;

	if (!value[len] || !is_metric(value, len) ||
	    ep_num_parse_f64(value + len + 1, &least) < 0)
		return refuse(row, value,
			      "a metric and the least it may be, such as "
			      "generation.tokens_per_s=5.33",
			      err);
	metric = strndup(value, len);
	if (!metric)
		return ep_err_set(err, -ENOMEM, "out of memory");
	free(s->floor_metric);
	s->floor_metric = metric;
	s->floor_value = least;
	return 0;
}

static int set_number(const struct setting *row, const char *value, void *field,
		      struct ep_err *err)
{
	double number = 0;
	int64_t ns = 0;

	if (row->kind == SEED) {
		if (ep_num_parse_u64(value, field) < 0)
			return refuse(row, value, "a whole number", err);
		return 0;
	}
	if (row->kind == LIMIT_TIME) {
		if (ep_num_parse_duration_ns(value, &ns) < 0 || ns <= 0)
			return refuse(row, value, "a time such as 10m", err);
		memcpy(field, &ns, sizeof(ns));
		return 0;
	}
	if (row->kind == SHARE && parse_share(value, &number) < 0)
		return refuse(row, value, "a share such as 10%", err);
	if (row->kind == CELSIUS &&
	    (ep_num_parse_f64(value, &number) < 0 || number < 0))
		return refuse(row, value, "degrees such as 5", err);
	memcpy(field, &number, sizeof(number));
	return 0;
}

int ep_study_set(struct ep_study *s, const char *name, const char *value,
		 struct ep_err *err)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *row = &settings[i];
		void *field = (char *)s + row->offset;

		if (strcmp(row->name, name) != 0)
			continue;
		switch (row->kind) {
		case TEXT:
			return set_text(field, value, err);
		case COUNT:
			return set_count(row, value, field, err);
		case COOLDOWN:
			return set_cooldown(s, row, value, err);
		case METRIC:
			return set_metric(row, value, field, err);
		case FLOOR:
			return set_floor(s, row, value, err);
		case UNTIL:
			return set_until(s, row, value, err);
		case ORDER:
		case DROP:
		case SAME:
		case SEARCH:
			return set_choice(s, row, value, err);
		case SHARE:
		case CELSIUS:
		case SEED:
		case LIMIT_TIME:
			return set_number(row, value, field, err);
		}
	}
	return ep_err_set(err, -ENOENT, "a study has no setting '%.60s'", name);
}

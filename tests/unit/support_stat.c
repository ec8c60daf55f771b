/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_stat.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

#define FILE_BYTES_MAX (1 << 22)

/* Calls line() with the fields of each line but the first. */
static void read_lines(const char *path, struct ep_golden *g,
		       void (*line)(struct ep_golden *, char **))
{
	char *fields[4], *at, *end;
	struct ep_buf b;

	ep_buf_init(&b, FILE_BYTES_MAX);
	assert_int_equal(ep_file_read(AT_FDCWD, path, &b), 0);
	at = strchr(b.data, '\n');
	assert_non_null(at);
	for (at++; *at; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		*end = '\0';
		assert_int_equal(ep_csv_split(at, fields, 4), 4);
		line(g, fields);
	}
	ep_buf_done(&b);
}

static double number(const char *text)
{
	double value = (double)NAN;

	if (text[0] != '\0')
		assert_int_equal(ep_num_parse_f64(text, &value), 0);
	return value;
}

static void *grow(void *old, size_t count, size_t size)
{
	void *bigger = old;

	/* At 0, 1, 2, 4, 8 ... */
	if ((count & (count - 1)) == 0)
		bigger = realloc(old, (count ? 2 * count : 1) * size);
	assert_non_null(bigger);
	return bigger;
}

static void take_datum(struct ep_golden *g, char **fields)
{
	struct ep_set_data *set =
		g->set_count ? &g->sets[g->set_count - 1] : NULL;
	size_t all = 0, group = (size_t)number(fields[2]);

	if (!set || strcmp(set->name, fields[0]) != 0) {
		g->sets = grow(g->sets, g->set_count, sizeof(*set));
		set = &g->sets[g->set_count++];
		memset(set, 0, sizeof(*set));
		(void)ep_str_copy(set->name, sizeof(set->name), fields[0]);
		(void)ep_str_copy(set->kind, sizeof(set->kind), fields[1]);
	}
	assert_true(group < EP_SET_GROUPS_MAX);
	set->group_count = group + 1;
	for (size_t i = 0; i <= group; i++)
		all += set->groups[i].n;
	set->values = grow(set->values, all, sizeof(*set->values));
	set->values[all] = number(fields[3]);
	set->groups[group].n++;
}

static void take_value(struct ep_golden *g, char **fields)
{
	struct ep_golden_value *v;

	g->values = grow(g->values, g->value_count, sizeof(*v));
	v = &g->values[g->value_count++];
	(void)ep_str_copy(v->set, sizeof(v->set), fields[0]);
	(void)ep_str_copy(v->test, sizeof(v->test), fields[1]);
	(void)ep_str_copy(v->field, sizeof(v->field), fields[2]);
	v->value = number(fields[3]);
	v->used = false;
}

struct ep_golden *golden_load(void)
{
	struct ep_golden *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	read_lines("tests/golden/stats/data.csv", g, take_datum);
	read_lines("tests/golden/stats/golden.csv", g, take_value);
	for (size_t i = 0; i < g->set_count; i++) {
		const double *x = g->sets[i].values;

		for (size_t k = 0; k < g->sets[i].group_count; k++) {
			g->sets[i].groups[k].x = x;
			x += g->sets[i].groups[k].n;
		}
	}
	return g;
}

void golden_free(struct ep_golden *g)
{
	for (size_t i = 0; i < g->set_count; i++)
		free(g->sets[i].values);
	free(g->sets);
	free(g->values);
	free(g);
}

bool golden_find(struct ep_golden *g, const char *set, const char *test,
		 const char *field, double *ret)
{
	for (size_t i = 0; i < g->value_count; i++) {
		struct ep_golden_value *v = &g->values[i];

		if (strcmp(v->set, set) != 0 || strcmp(v->test, test) != 0 ||
		    strcmp(v->field, field) != 0)
			continue;
		v->used = true;
		*ret = v->value;
		return true;
	}
	return false;
}

/* What metrics are held to: statistics 1e-9, p 1e-9 + 1e-6 p, p of a
 * studentized range 1e-8 + 1e-6 p. */
static double tolerance(struct golden_at at, const char *test,
			const char *field, double reference)
{
	bool is_p = field[0] == 'p';

	if (at.ill_conditioned)
		return 1e-3 * fmax(1, fabs(reference));
	if (is_p &&
	    (strncmp(test, "tukey", 5) == 0 || strncmp(test, "games", 5) == 0))
		return 1e-8 + 1e-6 * reference;
	if (is_p)
		return 1e-9 + 1e-6 * reference;
	/* qtukey() itself stops at 1e-4 of its argument's scale. */
	if ((strncmp(test, "tukey", 5) == 0 ||
	     strncmp(test, "games", 5) == 0) &&
	    strcmp(field, "estimate") != 0)
		return 1e-8 * fmax(1, fabs(reference));
	return 1e-9 * fmax(1, fabs(reference));
}

void golden_check(struct golden_at at, const char *test, const char *field,
		  double value)
{
	double reference;

	if (!golden_find(at.g, at.set->name, test, field, &reference))
		return;
	if (isnan(reference) ? isnan(value)
			     : fabs(value - reference) <=
				       tolerance(at, test, field, reference))
		return;
	print_error("%s %s %s: %.17g, R has %.17g\n", at.set->name, test, field,
		    value, reference);
	at.g->wrong++;
}

void golden_stat(struct golden_at at, const char *test, const struct ep_stat *s)
{
	double value = isfinite(s->value) ? s->value : (double)NAN;

	golden_check(at, test, "value", value);
	golden_check(at, test, "df", s->df);
	golden_check(at, test, "df2", s->df2);
	golden_check(at, test, "estimate", s->estimate);
	golden_check(at, test, "low", s->low);
	golden_check(at, test, "high", s->high);
	golden_check(at, test, "p", s->p);
	golden_check(at, test, "p_exact", s->p_exact);
	/* Whoever has no p says why. */
	assert_true(!isnan(s->p) || s->reason);
}

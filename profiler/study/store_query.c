/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/distributions.h"
#include "profiler/study/store_parts.h"

/* phase and name of "generation.j_per_token". */
static bool split_metric(const char *metric, char phase[32], const char **name)
{
	const char *dot = strchr(metric, '.');

	if (!dot ||
	    !ep_str_format(phase, 32, "%.*s", (int)(dot - metric), metric))
		return false;
	*name = dot + 1;
	return true;
}

static int bind_metric(struct ep_store *s, const char *sql, const char *metric,
		       sqlite3_stmt **ret, struct ep_err *err)
{
	char phase[32];
	const char *name;
	int r;

	if (!split_metric(metric, phase, &name))
		return ep_err_set(err, -EINVAL,
				  "'%.60s' is no metric: write it like "
				  "generation.j_per_token",
				  metric);
	r = ep_store_prepare(s, sql, ret, err);
	if (r < 0)
		return r;
	sqlite3_bind_text(*ret, 1, phase, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(*ret, 2, name, -1, SQLITE_TRANSIENT);
	return 0;
}

static int count_states(struct ep_store *s, struct ep_standing *standing,
			struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&s->study);
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE,
	    r = ep_store_prepare(s,
				 "SELECT config, state, warmup, count(*)"
				 " FROM run GROUP BY config, state, warmup",
				 &stmt, err);

	if (r < 0)
		return r;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		uint64_t config = (uint64_t)sqlite3_column_int64(stmt, 0);
		const char *state = (const char *)sqlite3_column_text(stmt, 1);
		bool warmup = sqlite3_column_int(stmt, 2) != 0;
		int64_t n = sqlite3_column_int64(stmt, 3);

		if (config >= count || !state)
			continue;
		if (strcmp(state, "valid") == 0 && warmup)
			standing[config].warmup_count += n;
		else if (strcmp(state, "valid") == 0)
			standing[config].valid_count += n;
		else if (strcmp(state, "rejected") == 0)
			standing[config].rejected_count += n;
		else if (strcmp(state, "lost") == 0)
			standing[config].lost_count += n;
		else if (strcmp(state, "failed") == 0)
			standing[config].failed = true;
	}
	if (code != SQLITE_DONE)
		r = ep_store_fail(s, "standing", err);
	sqlite3_finalize(stmt);
	return r;
}

struct sums {
	int64_t n;
	double mean, m2; /* Welford */
};

static void finish_interval(struct ep_standing *st, const struct sums *sum)
{
	double n = (double)sum->n;

	if (sum->n < 2 || !(fabs(sum->mean) > 0))
		return;
	st->half_width_share = ep_t_quantile(0.95, n - 1) *
			       sqrt(sum->m2 / (n - 1) / n) / fabs(sum->mean);
}

static int measure_intervals(struct ep_store *s, struct ep_standing *standing,
			     struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&s->study);
	struct sums *sums = calloc(count, sizeof(*sums));
	sqlite3_stmt *stmt;
	int code, r;

	if (!sums)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = bind_metric(s,
			"SELECT run.config, figure.value FROM run JOIN figure"
			" ON figure.run = run.number WHERE figure.phase = ?"
			" AND figure.name = ? AND run.state = 'valid'"
			" AND run.warmup = 0 AND figure.value IS NOT NULL"
			" ORDER BY run.number",
			s->study.until_metric, &stmt, err);
	if (r < 0) {
		free(sums);
		return r;
	}
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		uint64_t config = (uint64_t)sqlite3_column_int64(stmt, 0);
		double x = sqlite3_column_double(stmt, 1), delta;

		if (config >= count)
			continue;
		delta = x - sums[config].mean;
		sums[config].n++;
		sums[config].mean += delta / (double)sums[config].n;
		sums[config].m2 += delta * (x - sums[config].mean);
	}
	if (code != SQLITE_DONE)
		r = ep_store_fail(s, "interval", err);
	sqlite3_finalize(stmt);
	for (uint64_t i = 0; r == 0 && i < count; i++)
		finish_interval(&standing[i], &sums[i]);
	free(sums);
	return r;
}

int ep_store_standing(struct ep_store *s, struct ep_standing **ret,
		      struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&s->study);
	struct ep_standing *standing = calloc(count, sizeof(*standing));
	int r;

	if (!standing)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (uint64_t i = 0; i < count; i++)
		standing[i].half_width_share = (double)NAN;
	r = count_states(s, standing, err);
	if (r == 0 && s->study.until_metric)
		r = measure_intervals(s, standing, err);
	if (r == 0 && s->study.search == EP_SEARCH_HALVING)
		r = ep_store_search(s, &standing, err);
	if (r < 0) {
		free(standing);
		return r;
	}
	*ret = standing;
	return 0;
}

int ep_store_last_order(struct ep_store *s, int64_t *ret, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(s,
				 "SELECT coalesce(max(position), 0) FROM run"
				 " WHERE state <> 'interrupted'",
				 &stmt, err);

	if (r < 0)
		return r;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	else
		r = ep_store_fail(s, "position", err);
	sqlite3_finalize(stmt);
	return r;
}

int ep_store_mean(struct ep_store *s, uint64_t config, const char *metric,
		  double *ret, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = bind_metric(s,
			    "SELECT avg(figure.value) FROM run JOIN figure"
			    " ON figure.run = run.number WHERE figure.phase = ?"
			    " AND figure.name = ? AND run.state = 'valid'"
			    " AND run.warmup = 0 AND run.config = ?",
			    metric, &stmt, err);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)config);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*ret = sqlite3_column_type(stmt, 0) == SQLITE_NULL
			       ? (double)NAN
			       : sqlite3_column_double(stmt, 0);
	else
		r = ep_store_fail(s, "mean", err);
	sqlite3_finalize(stmt);
	return r;
}

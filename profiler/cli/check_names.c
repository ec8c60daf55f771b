/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/cli/check.h"

static int add_metric(struct ep_check_work *w, const char *name,
		      bool with_baseline, struct ep_err *err)
{
	size_t i = 0;

	while (i < w->metric_count && strcmp(w->metrics[i], name) != 0)
		i++;
	if (i == EP_CHECK_METRICS_MAX)
		return ep_err_set(err, -E2BIG, "more than %d metrics",
				  EP_CHECK_METRICS_MAX);
	if (i == w->metric_count)
		w->metrics[w->metric_count++] = name;
	w->with_baseline[i] |= with_baseline;
	return 0;
}

int ep_check_metrics(struct ep_check_work *w, struct ep_err *err)
{
	const struct ep_check_options *o = w->o;
	bool same = o->baseline_count > 0 && !o->metrics;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->limit_count; i++)
		r = add_metric(w, o->limits[i].metric, same, err);
	for (size_t i = 0; r == 0 && o->metrics && o->metrics[i]; i++)
		r = add_metric(w, o->metrics[i], true, err);
	return r;
}

/* Every name a figure of these folders has. */
static const char **list_names(const struct ep_check_work *w, size_t *ret_count)
{
	const struct ep_table *t = &w->seen.table;
	const char **names =
		calloc(t->column_count + w->name_count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t c = 0; names && c < t->column_count; c++)
		if (strchr(t->columns[c].name, '.'))
			names[count++] = t->columns[c].name;
	for (size_t i = 0; names && i < w->name_count; i++)
		names[count++] = w->names[i];
	*ret_count = count;
	return names;
}

/* "generation.ttft_s" where only "request.ttft_s" is. */
static const char *same_last(const char *name, const char *const *names,
			     size_t count)
{
	const char *dot = strchr(name, '.');

	for (size_t i = 0; dot && i < count; i++) {
		const char *other = strchr(names[i], '.');

		if (other && strcmp(dot, other) == 0)
			return names[i];
	}
	return NULL;
}

/* What runs in which the program served nothing lack: not measured there, and
 * no mistake of who asks. */
static bool is_known(const char *name)
{
	static const char *const phases[] = { "load.", "prefill.",
					      "generation.", "request.",
					      "run." };
	static const char *const figures[] = {
		"duration_s",	      "energy_j",
		"energy_net_j",	      "power_mean_w",
		"tokens_per_s",	      "j_per_token",
		"net_j_per_token",    "action_j_s_per_token",
		"j_per_output_token", "ttft_s",
		"charge_c",
	};
	const char *dot = strchr(name, '.');
	bool phase = false, figure = false;

	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		phase |= ep_str_starts(name, phases[i]);
	for (size_t i = 0; dot && i < sizeof(figures) / sizeof(*figures); i++)
		figure |= strcmp(dot + 1, figures[i]) == 0;
	return phase && figure;
}

int ep_check_names(const struct ep_check_work *w, struct ep_err *err)
{
	size_t count;
	const char **names = list_names(w, &count), *near;
	int r = 0;

	if (!names)
		return ep_err_set(err, -ENOMEM, "out of memory");
	/* No run that counts: nobody knows what it would have had. */
	for (size_t i = 0; r == 0 && count > 0 && i < w->metric_count; i++) {
		size_t k = 0;

		while (k < count && strcmp(names[k], w->metrics[i]) != 0)
			k++;
		if (k < count || is_known(w->metrics[i]))
			continue;
		near = ep_str_nearest(w->metrics[i], names, count);
		if (!near)
			near = same_last(w->metrics[i], names, count);
		r = ep_err_set(err, -EINVAL,
			       "no run has a figure '%.80s'%s%s%s",
			       w->metrics[i],
			       near ? "; did you mean '" : "; there is ",
			       near ? near : names[0], near ? "'?" : ", ...");
	}
	free(names);
	return r;
}

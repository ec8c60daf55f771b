/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "profiler/analyze/pareto.h"
#include "profiler/analyze/summary.h"

int ep_summary_pareto(const struct ep_summary *s,
		      const struct ep_summary_axes *axes, size_t **ret_front,
		      size_t *ret_count, ptrdiff_t *ret_knee)
{
	int cost = ep_summary_find(s, axes->cost);
	int gain = ep_summary_find(s, axes->gain);
	struct ep_pareto_point *points;
	int r;

	*ret_front = NULL;
	*ret_count = 0;
	*ret_knee = -1;
	if (cost < 0 || gain < 0 || s->config_count < 2)
		return 0;
	points = calloc(s->config_count, sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (size_t i = 0; i < s->config_count; i++)
		points[i] = (struct ep_pareto_point){
			s->configs[i].cells[cost].figure.mean,
			s->configs[i].cells[gain].figure.mean,
		};
	r = ep_pareto(points, s->config_count, ret_front, ret_count, ret_knee);
	free(points);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_FIGURES_H
#define EP_PROFILER_REPORT_FIGURES_H

#include "base/buf.h"
#include "base/err.h"
#include "profiler/report/render.h"

/*
 * Some figures alone, by their names ("generation.j_per_token"), one line each:
 * value, half-width and unit for people, metric,value,u95,status,reason as CSV,
 * an object of metrics as JSON.  -ENOENT names the nearest figure.
 */
int ep_figures_render(const struct ep_report *r, char *const *names,
		      const struct ep_format *format, struct ep_buf *b,
		      struct ep_err *err) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_FORMATS_H
#define EP_PROFILER_REPORT_FORMATS_H

#include "profiler/report/render.h"

/* One line for each format; the table in formats.c names them. */
extern const struct ep_format ep_format_text;
extern const struct ep_format ep_format_md;
extern const struct ep_format ep_format_csv;
extern const struct ep_format ep_format_json;
extern const struct ep_format ep_format_latex;
extern const struct ep_format ep_format_html; /* with EP_WITH_HTML */

#endif

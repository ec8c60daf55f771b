/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_REPORT_OPTIONS_H
#define EP_PROFILER_CLI_REPORT_OPTIONS_H

#include "profiler/analyze/asked.h"
#include "profiler/report/render.h"

/* What stood on the command line of `edgeprof report`. */
struct ep_report_options {
	const char *dir;
	const char *shown;   /* dir for people; "" it is gone afterwards */
	const char *output;  /* NULL: standard output */
	const char *gnuplot; /* folder of figures; NULL none */
	const struct ep_format *format;
	bool help, list_batteries, verify;
	const char *against; /* a folder; NULL none */
	const char *metrics; /* names between commas; NULL: the report */
	double usable, yield, tolerance; /* of the battery; NAN: its own */
	struct ep_asked asked;		 /* all but against */
};

/* -EINVAL, -ERANGE, -ENOENT with a sentence: a wrong command line. */
int ep_report_options_parse(int argc, char **argv,
			    struct ep_report_options *ret,
			    struct ep_err *err) EP_MUST_CHECK;
/* Parts of it: what says nothing without another option (-EINVAL), and
 * "NAME=VALUE" of --floor and --ceiling. */
int ep_report_options_needs(const struct ep_report_options *o,
			    struct ep_err *err) EP_MUST_CHECK;
int ep_report_options_bound(struct ep_asked *q, const char *text,
			    bool is_ceiling, struct ep_err *err) EP_MUST_CHECK;
/* Is more asked for than the report itself? */
bool ep_report_options_ask(const struct ep_report_options *o);

#endif

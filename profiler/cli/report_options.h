/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_REPORT_OPTIONS_H
#define EP_PROFILER_CLI_REPORT_OPTIONS_H

#include "profiler/analyze/asked.h"
#include "profiler/report/render.h"

/* What stood on the command line of `edgeprof report`. */
struct ep_report_options {
	const char *dir;
	const char *output; /* NULL: standard output */
	const struct ep_format *format;
	bool help, list_batteries;
	const char *against; /* a folder; NULL none */
	const char *metrics; /* names between commas; NULL: the report */
	double usable, yield, tolerance; /* of the battery; NAN: its own */
	struct ep_asked asked;		 /* all but against */
};

/* -EINVAL, -ERANGE, -ENOENT with a sentence: a wrong command line. */
int ep_report_options_parse(int argc, char **argv,
			    struct ep_report_options *ret,
			    struct ep_err *err) EP_MUST_CHECK;
/* Is more asked for than the report itself? */
bool ep_report_options_ask(const struct ep_report_options *o);

#endif

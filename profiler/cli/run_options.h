/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_RUN_OPTIONS_H
#define EP_PROFILER_CLI_RUN_OPTIONS_H

#include "base/err.h"
#include "profiler/record/control.h"
#include "profiler/record/options.h"

/* The options of `edgeprof run`. */
struct ep_run_options {
	struct ep_record_options record;
	struct ep_control control; /* becomes record.changes */
	struct ep_drive drive;	   /* of runners that send requests */
	bool json;
	bool quiet;
	bool help;
};

/*
 * argv[0] is "run".  Nothing is permuted: what follows "--" is the program's.
 * -EINVAL with a sentence.
 */
int ep_run_options_parse(int argc, char **argv, struct ep_run_options *ret,
			 struct ep_err *err) EP_MUST_CHECK;

extern const char ep_run_help[];

#endif

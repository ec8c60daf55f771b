/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_RUN_OPTIONS_H
#define EP_PROFILER_CLI_RUN_OPTIONS_H

#include "base/err.h"
#include "profiler/record/control.h"
#include "profiler/record/options.h"

#define EP_SETS_MAX 32

/* The options of `edgeprof run`. */
struct ep_run_options {
	struct ep_record_options record;
	struct ep_control control; /* becomes record.changes */
	struct ep_drive drive;	   /* of runners that send requests */
	char *server[2]; /* drive.server when nobody names a command */
	const char *sets[EP_SETS_MAX]; /* "NAME=VALUE" for {NAME} */
	size_t set_count;
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

/* How many arguments it takes: 0 or 1; -EINVAL there is no such option. */
int ep_run_option_arity(const char *name, struct ep_err *err) EP_MUST_CHECK;

/* Does the runner send requests, rather than a command? */
bool ep_run_drives(const struct ep_run_options *o);
/* The command is what starts the server, where the runner does that. */
void ep_run_take_server(struct ep_run_options *o);
/* What does not go together: -EINVAL with a sentence. */
int ep_run_check(const struct ep_run_options *o,
		 struct ep_err *err) EP_MUST_CHECK;
/* Is anything of it asked for? */
bool ep_run_drive_is_asked(const struct ep_drive *d);
/* --client and --attach: -EINVAL for what does not go with them.  drives: the
 * runner sends requests. */
int ep_run_check_client(const struct ep_run_options *o,
			struct ep_err *err) EP_MUST_CHECK;
int ep_run_check_attach(const struct ep_run_options *o, bool drives,
			struct ep_err *err) EP_MUST_CHECK;

extern const char ep_run_help[];
/* The phase rules are good, and there is output to read. */
int ep_run_check_rules(const struct ep_run_options *o, bool drives,
		       struct ep_err *err) EP_MUST_CHECK;

#endif

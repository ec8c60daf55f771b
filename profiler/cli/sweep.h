/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_SWEEP_H
#define EP_PROFILER_CLI_SWEEP_H

#include "profiler/cli/sweep_machines.h"
#include "profiler/study/execute.h"

#include <stdio.h>

/* Parts of sweep*.c; run.c hands repeated runs over. */

enum ep_sweep_mode {
	EP_SWEEP_START,
	EP_SWEEP_PLAN,
	EP_SWEEP_RESUME,
	EP_SWEEP_REBUILD,
	EP_SWEEP_COLLECT,
};

struct ep_sweep_options {
	enum ep_sweep_mode mode;
	const char *file; /* study file; NULL: study is from the options */
	const char *dir;  /* NULL: from the file's name, or by the time */
	struct ep_study study;
	bool has_study;
	bool yes, quiet, help;
	bool is_run; /* edgeprof run --runs */
	struct ep_sweep_machines machines;
};

/*
 * argv[0] is "sweep", or "run" for repeated runs, which have no factors.
 * -EINVAL with a sentence.  done() in both cases.
 */
int ep_sweep_options_parse(int argc, char **argv, struct ep_sweep_options *ret,
			   struct ep_err *err) EP_MUST_CHECK;
void ep_sweep_options_done(struct ep_sweep_options *o);
/* Has `edgeprof run` been asked to repeat? */
bool ep_sweep_is_asked(int argc, char **argv);
/* Then this is what it does. */
int ep_sweep_main(int argc, char **argv);

extern const char ep_sweep_help[];

/* What a person sees. */
struct ep_sweep_screen {
	const struct ep_study *study;
	bool terminal, quiet;
	bool line_open; /* a status line stands on the terminal */
	int64_t shown_ns;
};
/* struct ep_execute's tell(); ctx is the screen. */
void ep_sweep_tell(void *ctx, const struct ep_study_progress *p);
void ep_sweep_close_line(struct ep_sweep_screen *screen);
/* The plan of a study, on stdout. */
int ep_sweep_show_plan(const struct ep_study *s, const char *dir);
/* What came out. */
int ep_sweep_show_results(struct ep_store *store, FILE *to,
			  struct ep_err *err) EP_MUST_CHECK;
/* Of a study that searches: what it will do; who won, how sure that is, and what
 * dropped out when and why. */
void ep_sweep_show_search_plan(const struct ep_study *s);
int ep_sweep_show_search(FILE *to, const struct ep_study *s,
			 const struct ep_standing *standing) EP_MUST_CHECK;
/* How the search of a study went; nothing when it does not search, or when its
 * database is not there. */
void ep_sweep_report_search(const char *dir, FILE *to);
/* "1 h 12 min", "45 s" */
void ep_sweep_name_time(double seconds, char *ret, size_t size);
/* "governor=powersave threads=4"; "the only one" without factors. */
void ep_sweep_name_config(const struct ep_study *s, uint64_t config, char *ret,
			  size_t size);

#endif

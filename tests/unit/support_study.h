/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_STUDY_H
#define EP_TESTS_UNIT_SUPPORT_STUDY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct ep_study;

/* Studies of a scripted program, and run folders without a run. */

/* One factor "n" with so many levels ("1", "2", ...), for {n}. */
void support_study_make(struct ep_study *s, int level_count);

/* What a run folder shall say. */
struct support_made {
	json_t *labels; /* borrowed */
	const char *ended;
	const char *output;
	double energy_j; /* of "run", and half of it of "generation" */
	int64_t tokens;
	int stopped_by;
	int64_t started_real_ns;
};
/* run.json, stdout.log, and report.json last, as edgeprof run does.  0 or
 * -errno. */
int support_made_write(int dir_fd, const struct support_made *made);
/* A report as it would write it, for tests of one part. */
json_t *support_made_report(const struct support_made *made);

/*
 * Instead of edgeprof: main() of a test program whose first argument is "run".
 * What comes of it is in the labels alone: the first attempt of configuration 2
 * ends with exit 3, that of configuration 3 leaves no folder (exit 125), and
 * configuration 4 cannot run (exit 127).
 */
int support_stand_in(int argc, char **argv);

/* results.csv below dir without its first column, which no two studies share;
 * free(). */
char *support_results(int dir_fd);

#endif

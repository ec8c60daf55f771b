/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_ANONYMOUS_H
#define EP_PROFILER_EXPORT_ANONYMOUS_H

#include "base/buf.h"
#include "base/err.h"
#include "profiler/export/scrub.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * Files of run and study folders without what tells whose machine it was.
 * Nothing is searched for and crossed out: what a table names is copied, the
 * rest is left out, and texts among it go through scrub.h.
 */
enum ep_kept_how {
	EP_KEPT_PLAIN, /* a number, yes or no, or a word of ours */
	EP_KEPT_TEXT,  /* for people */
	EP_KEPT_ID,    /* of a sensor or channel: others refer to it */
	EP_KEPT_RULE,  /* for a parser: only known names are replaced */
};
struct ep_kept {
	const char *path; /* "sensors[].channels[].name", "labels.*" */
	enum ep_kept_how how;
};
struct ep_kept_table {
	const struct ep_kept *rows;
	size_t count;
};
extern const struct ep_kept_table ep_kept_run, ep_kept_study, ep_kept_lost,
	ep_kept_event;

/* *ret is new.  -EPERM with a sentence: an id holds a known name. */
int ep_anonymous_json(const struct ep_kept_table *table,
		      const struct ep_scrub *s, json_t *o, json_t **ret,
		      struct ep_err *err) EP_MUST_CHECK;
/* The names in a run.json that must not be seen: host, serial number, hosts of
 * URLs. */
int ep_anonymous_learn(struct ep_scrub *s, json_t *run) EP_MUST_CHECK;

/* events.csv; text is changed. */
int ep_anonymous_events(const struct ep_scrub *s, struct ep_buf *text,
			struct ep_buf *b, struct ep_err *err) EP_MUST_CHECK;
/* Lines a program printed. */
int ep_anonymous_log(const struct ep_scrub *s, struct ep_buf *text,
		     struct ep_buf *b) EP_MUST_CHECK;
/* A block of a CSV of integers: -EBADMSG when it holds anything else.  *in_head
 * is true before the first block. */
int ep_anonymous_check_numbers(const char *text, size_t len,
			       bool *in_head) EP_MUST_CHECK;

/* Levels of factors, before and after; both have the same factors. */
struct ep_anonymous_levels {
	json_t *was, *is; /* study.factors of study.json */
};
/* Levels that became the same get "~2" and so on. */
int ep_anonymous_tell_apart(json_t *factors) EP_MUST_CHECK;
/* The hosts and boards in results.csv; text is changed. */
int ep_anonymous_learn_results(struct ep_scrub *s,
			       struct ep_buf *text) EP_MUST_CHECK;
/* The user's, root's and the owner's names and homes, and the folders. */
int ep_anonymous_learn_people(struct ep_scrub *s, const char *dir,
			      int dir_fd) EP_MUST_CHECK;
/* results.csv; text is changed. */
int ep_anonymous_results(const struct ep_scrub *s,
			 const struct ep_anonymous_levels *levels,
			 struct ep_buf *text, struct ep_buf *b,
			 struct ep_err *err) EP_MUST_CHECK;

/* One folder into another. */
struct ep_anonymous_job {
	const char *dir; /* where from_fd is */
	int from_fd, to_fd;
	bool study, with_output;
	struct ep_scrub *scrub;
	json_t *study_was, *study_is; /* study.json; NULL without */
};
/* One file that is packed; "runs/0001/" is where its run is.  -errno with a
 * sentence. */
int ep_anonymous_file(const struct ep_anonymous_job *job, const char *path,
		      struct ep_err *err) EP_MUST_CHECK;
/*
 * A copy of what is packed of from_fd, in to_fd, which is empty: report.json is
 * computed again there and has the same figures, or -EPERM says which not.
 */
int ep_anonymous_folder(struct ep_anonymous_job *job,
			struct ep_err *err) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_COLLECT_H
#define EP_PROFILER_STUDY_COLLECT_H

#include "profiler/study/store.h"

/* Run folders that other machines made, into a study: each once. */

enum ep_collect_outcome {
	EP_COLLECT_VALID,
	EP_COLLECT_REJECTED,   /* kept, and does not count */
	EP_COLLECT_LOST,       /* it was given up; counted as such */
	EP_COLLECT_KNOWN,      /* it is there already */
	EP_COLLECT_UNFINISHED, /* being written, or cut: left where it is */
	EP_COLLECT_FOREIGN,    /* of another study, or of none */
	EP_COLLECT_MISMATCH,   /* another configuration than the study has */
	EP_COLLECT_VERSION,    /* another edgeprof made it */
	EP_COLLECT_DAMAGED,
	EP_COLLECT_OUTCOMES
};

struct ep_collected {
	enum ep_collect_outcome outcome;
	struct ep_next item;
	int64_t number; /* of its folder in the study; 0: none */
	char host[128], board_serial[128];
	char text[700]; /* why; "" where there is nothing to say */
};

struct ep_collect {
	struct ep_store *store;
	bool mixed_versions;
	void (*tell)(void *ctx, const char *path, const struct ep_collected *c);
	void *ctx;
	size_t counts[EP_COLLECT_OUTCOMES];
};

/*
 * One run folder.  It is copied aside, looked at, and put among the others when
 * it is whole and nobody wrote to it meanwhile.  0 with *ret; -errno when the
 * study itself has trouble (disk full, database).
 */
int ep_store_collect(struct ep_store *s, int run_fd, bool mixed_versions,
		     struct ep_collected *ret,
		     struct ep_err *err) EP_MUST_CHECK;
/* Is this run of the configuration there and valid? */
int ep_store_valid_runs(struct ep_store *s,
			void (*each)(void *ctx, uint64_t config, bool warmup,
				     int64_t repetition),
			void *ctx, struct ep_err *err) EP_MUST_CHECK;

/* A run folder, or a folder with run folders, a study's or not; tells of each
 * and counts.  -ENOENT: there is no run in it. */
int ep_collect_path(struct ep_collect *c, const char *path,
		    struct ep_err *err) EP_MUST_CHECK;
/* What waits in a folder of arrivals (arrived.h); it is emptied. */
int ep_collect_arrived(struct ep_collect *c, int dir_fd,
		       struct ep_err *err) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_RESULT_H
#define EP_PROFILER_STUDY_RESULT_H

#include "profiler/study/plan.h"

/* What a finished run folder says of itself: run.json and report.json, no raw
 * traces. */

/* Labels that `edgeprof run --label` puts into run.json for a study. */
#define EP_LABEL_STUDY "study.id"
#define EP_LABEL_CONFIG "study.config" /* hash */
#define EP_LABEL_NUMBER "study.number" /* of the configuration */
#define EP_LABEL_RUN "study.run"       /* repetition; warm-ups "w1" */
#define EP_LABEL_ATTEMPT "study.attempt"
#define EP_LABEL_ORDER "study.order" /* 1, 2, ... over the study */
#define EP_LABEL_COUNT 6

/* Who a run is, as those labels; *ret: an object, json_decref(). */
struct ep_labels {
	const struct ep_study *study;
	const char *study_id;
	const struct ep_next *item;
	int64_t order;
};
int ep_result_labels(const struct ep_labels *l, json_t **ret) EP_MUST_CHECK;

struct ep_figure {
	char phase[32];	   /* "load", "run", "request" ... */
	char name[80];	   /* "j_per_token" */
	double value, u95; /* NAN: none */
	double u_common;   /* standard, of u95 what all runs share */
	char status[16];   /* "ok", "low_confidence", "estimated", ... */
};

#define EP_REASONS_MAX 16
struct ep_reasons {
	char texts[EP_REASONS_MAX][160];
	size_t count;
};

struct ep_result {
	char study_id[EP_STUDY_ID_BYTES]; /* "" none */
	char config_hash[EP_STUDY_HASH_BYTES];
	uint64_t config;
	struct ep_next item;
	int64_t order;
	char host[128], board[64], board_serial[128]; /* "" unknown */
	char version[64];
	int64_t started_real_ns;
	double duration_s;
	char ended[64];	 /* "exit 0" */
	int exit_status; /* -1: by a signal */
	int stopped_by;	 /* a signal to edgeprof ended it early; 0 none */
	char output_hash[EP_STUDY_HASH_BYTES]; /* of stdout.log; "" none */
	/* Output tokens of its requests, fewest and most; -1 not known. */
	int64_t token_min_count, token_max_count;
	bool greedy; /* every request was asked at temperature 0 */
	struct ep_figure *figures;
	size_t figure_count;
	json_t *run;	    /* of report.json: what was asked; owned */
	json_t *warnings;   /* of report.json; owned */
	json_t *recording;  /* of report.json: the grid; owned */
	json_t *health;	    /* of report.json: the channels; owned */
	json_t *conditions; /* of report.json; NULL: an older report; owned */
	char invalid[400];  /* reasons the report gives itself; "" none */
	bool complete;	    /* recording reached its end */
	/* Somebody gave it up and left a lost.json: why; "" nobody did. */
	char lost[400];
	bool failed; /* then: nor will the next of its configuration */
};

/* What is known of a run without a report. */
struct ep_lost {
	const json_t *labels; /* object */
	const char *reason;
	bool failed;
};
/* Puts it into a run folder, durably. */
int ep_result_put_lost(int dir_fd, const struct ep_lost *lost) EP_MUST_CHECK;

/* -ENOENT no run folder, -EBADMSG damaged, with a sentence. */
int ep_result_read(int dir_fd, struct ep_result *ret,
		   struct ep_err *err) EP_MUST_CHECK;
void ep_result_done(struct ep_result *r);
/* "generation.j_per_token"; NULL: not there. */
const struct ep_figure *ep_result_figure(const struct ep_result *r,
					 const char *metric);

/*
 * Why the run does not count; none: it does.  peers_hash is the output hash of
 * the other runs of its configuration, "" when there is none yet.
 */
void ep_result_judge(const struct ep_result *r, const struct ep_limits *limits,
		     const char *peers_hash, struct ep_reasons *ret);
/* One line: "; " between them; cut where it does not fit. */
void ep_reasons_join(const struct ep_reasons *why, char *ret, size_t size);

#endif

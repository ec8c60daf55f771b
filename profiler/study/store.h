/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_STORE_H
#define EP_PROFILER_STUDY_STORE_H

#include "profiler/study/result.h"

/*
 * DIR/study.db (SQLite, WAL, foreign keys): plan, state and results of a study.
 * Everything in it can be made again from study.json and the run folders.
 * Two processes may write; a network file system is refused.
 */
struct ep_store;

/* Makes DIR, DIR/runs, study.json, study.db.  -EEXIST: there is a study. */
int ep_store_create(const char *dir, const struct ep_study *s,
		    struct ep_store **ret, struct ep_err *err) EP_MUST_CHECK;
/* -ENOENT no study, -EBADMSG damaged or of a newer schema (says: --rebuild),
 * -EBUSY locked for 10 s. */
int ep_store_open(const char *dir, struct ep_store **ret,
		  struct ep_err *err) EP_MUST_CHECK;
/* The same for who only looks, in a folder that may be read-only. */
int ep_store_look(const char *dir, struct ep_store **ret,
		  struct ep_err *err) EP_MUST_CHECK;
void ep_store_close(struct ep_store *s);
const char *ep_store_id(const struct ep_store *s);
const char *ep_store_dir(const struct ep_store *s);
/* The folder in which it was begun, that relative paths start from; "" not
 * known. */
const char *ep_store_started_in(const struct ep_store *s);
const struct ep_study *ep_store_study(const struct ep_store *s);

/* DIR/runs/0001 */
void ep_store_folder(const struct ep_store *s, int64_t number, char *ret,
		     size_t size);
/* A run that will be made: its folder's number (runs/0001 is 1).  Written and
 * synced before the run starts. */
int ep_store_begin(struct ep_store *s, const struct ep_next *item,
		   int64_t order, int64_t *ret_number,
		   struct ep_err *err) EP_MUST_CHECK;
/*
 * The folder of a run that was begun, or that another machine made: read,
 * judged, and stored in one transaction, after the folder has reached the disk.
 * 1 it counts, 0 it does not (why says it); -EINTR it was stopped before its
 * end and is as if it had not been begun, -EEXIST a copy of one that is there;
 * -ENOENT and -EBADMSG: it left nothing that can be read.
 */
int ep_store_take(struct ep_store *s, int64_t number, struct ep_reasons *why,
		  struct ep_err *err) EP_MUST_CHECK;
/* It was stopped by somebody: no fault of its own, and no try used up. */
int ep_store_interrupted(struct ep_store *s, int64_t number,
			 struct ep_err *err) EP_MUST_CHECK;
/* It left nothing to count; reason says why, and lost.json in its folder too.
 * failed: nor will the next. */
int ep_store_lost(struct ep_store *s, int64_t number, bool failed,
		  const char *reason, struct ep_err *err) EP_MUST_CHECK;
/* Runs begun and not finished: takes those whose folder is whole, the rest was
 * interrupted.  Folders nobody began are taken too.  Returns how many. */
int ep_store_recover(struct ep_store *s, struct ep_err *err) EP_MUST_CHECK;
/* How all configurations stand, *ret[ep_plan_config_count()]; free(), which is
 * the end of their values, too. */
int ep_store_standing(struct ep_store *s, struct ep_standing **ret,
		      struct ep_err *err) EP_MUST_CHECK;
/* The last order number that was given; 0 none. */
int ep_store_last_order(struct ep_store *s, int64_t *ret,
			struct ep_err *err) EP_MUST_CHECK;
/* Means over valid runs, for progress; NAN when there is none. */
int ep_store_mean(struct ep_store *s, uint64_t config, const char *metric,
		  double *ret, struct ep_err *err) EP_MUST_CHECK;
/* results.csv, replaced atomically: one line per run and phase. */
int ep_store_export(struct ep_store *s, struct ep_err *err) EP_MUST_CHECK;

/* A new database from study.json and the folders; the old one is kept aside. */
int ep_store_rebuild(const char *dir, struct ep_err *err) EP_MUST_CHECK;

#endif

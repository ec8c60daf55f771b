/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_STORE_PARTS_H
#define EP_PROFILER_STUDY_STORE_PARTS_H

#include "profiler/study/store.h"

#include <sqlite3.h>

/* Only for store*.c. */
#define EP_STORE_SCHEMA 3
#define EP_STORE_BUSY_MS 10000

struct ep_store {
	sqlite3 *db;
	int dir_fd;  /* of the study */
	int runs_fd; /* of DIR/runs */
	char dir[4096];
	char folder[4096]; /* where the study was begun */
	char id[EP_STUDY_ID_BYTES];
	struct ep_study study;
};

/* The error of the last call, as -errno with a sentence that names the file and
 * says what to do. */
int ep_store_fail(const struct ep_store *s, const char *what,
		  struct ep_err *err);
/* A statement without values or rows. */
int ep_store_exec(struct ep_store *s, const char *sql,
		  struct ep_err *err) EP_MUST_CHECK;
int ep_store_prepare(struct ep_store *s, const char *sql, sqlite3_stmt **ret,
		     struct ep_err *err) EP_MUST_CHECK;
/* Runs one that gives no row, and ends it. */
int ep_store_step_done(struct ep_store *s, sqlite3_stmt *stmt,
		       struct ep_err *err) EP_MUST_CHECK;
/* NAN is stored as NULL. */
void ep_store_bind_number(sqlite3_stmt *stmt, int column, double value);

/* Ends a transaction: r >= 0 keeps it and is returned, else it is undone. */
int ep_store_commit(struct ep_store *s, int r,
		    struct ep_err *err) EP_MUST_CHECK;

/* Makes the tables of an empty database, with study and configurations in
 * them; migrates older ones. */
int ep_store_schema(struct ep_store *s, struct ep_err *err) EP_MUST_CHECK;
/* What kind of network file system a type (statfs f_type) is; NULL: none. */
const char *ep_store_network(long type);
/* The run of a number, for its labels. */
struct ep_store_row {
	struct ep_next item;
	int64_t order;
};
int ep_store_find(struct ep_store *s, int64_t number, struct ep_store_row *ret,
		  struct ep_err *err) EP_MUST_CHECK;
/* The output hash that most valid runs of a configuration have; "" none. */
int ep_store_peers_hash(struct ep_store *s, uint64_t config,
			char ret[EP_STUDY_HASH_BYTES],
			struct ep_err *err) EP_MUST_CHECK;
/* Values and goals of a search; the standing moves. */
int ep_store_search(struct ep_store *s, struct ep_standing **standing,
		    struct ep_err *err) EP_MUST_CHECK;
/* A run folder by number as an open descriptor; -ENOENT. */
int ep_store_open_run(const struct ep_store *s, int64_t number) EP_MUST_CHECK;
/* One past the highest number that a row or a folder has: a folder that the
 * database does not know is not written over. */
int ep_store_next_number(struct ep_store *s, int64_t *ret,
			 struct ep_err *err) EP_MUST_CHECK;
/* "0001" */
void ep_store_folder_name(int64_t number, char *ret, size_t size);

#endif

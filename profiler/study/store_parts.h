/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_STORE_PARTS_H
#define EP_PROFILER_STUDY_STORE_PARTS_H

#include "profiler/study/store.h"

#include <sqlite3.h>

/* Only for store*.c. */
#define EP_STORE_SCHEMA 1
#define EP_STORE_BUSY_MS 10000

struct ep_store {
	sqlite3 *db;
	int dir_fd;  /* of the study */
	int runs_fd; /* of DIR/runs */
	char dir[4096];
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

/* Makes the tables; migrates older ones. */
int ep_store_schema(struct ep_store *s, struct ep_err *err) EP_MUST_CHECK;
/* Study and configurations into an empty database. */
int ep_store_fill(struct ep_store *s, struct ep_err *err) EP_MUST_CHECK;
/* The output hash that most valid runs of a configuration have; "" none. */
int ep_store_peers_hash(struct ep_store *s, uint64_t config,
			char ret[EP_STUDY_HASH_BYTES],
			struct ep_err *err) EP_MUST_CHECK;
/* A run folder by number as an open descriptor; -ENOENT. */
int ep_store_open_run(const struct ep_store *s, int64_t number) EP_MUST_CHECK;
/* "0001" */
void ep_store_folder_name(int64_t number, char *ret, size_t size);
/* study.json of a folder. */
int ep_store_read_study(int dir_fd, char id[EP_STUDY_ID_BYTES],
			struct ep_study *ret, struct ep_err *err) EP_MUST_CHECK;

#endif

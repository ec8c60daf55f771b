/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/store_parts.h"

int ep_store_fail(const struct ep_store *s, const char *what,
		  struct ep_err *err)
{
	int code = s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_NOMEM;

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ep_err_set(err, -EBUSY,
				  "%s/study.db is in use by another program "
				  "for longer than 10 s",
				  s->dir);
	case SQLITE_FULL:
		return ep_err_set(
			err, -ENOSPC,
			"%s/study.db: the disk is full; make room and "
			"go on with --resume",
			s->dir);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return ep_err_set(err, -EACCES,
				  "%s/study.db: no permission to write",
				  s->dir);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ep_err_set(err, -EBADMSG,
				  "%s/study.db is damaged: edgeprof sweep %s "
				  "--rebuild makes it again from the run "
				  "folders",
				  s->dir, s->dir);
	case SQLITE_CANTOPEN:
		return ep_err_set(
			err, -ENOENT,
			"%s/study.db cannot be opened: edgeprof sweep "
			"%s --rebuild makes it from the run folders",
			s->dir, s->dir);
	default:
		return ep_err_set(err, code == SQLITE_NOMEM ? -ENOMEM : -EIO,
				  "%s/study.db: %s: %s", s->dir, what,
				  s->db ? sqlite3_errmsg(s->db)
					: "out of memory");
	}
}

int ep_store_exec(struct ep_store *s, const char *sql, struct ep_err *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : ep_store_fail(s, sql, err);
}

int ep_store_prepare(struct ep_store *s, const char *sql, sqlite3_stmt **ret,
		     struct ep_err *err)
{
	return sqlite3_prepare_v2(s->db, sql, -1, ret, NULL) == SQLITE_OK
		       ? 0
		       : ep_store_fail(s, sql, err);
}

int ep_store_step_done(struct ep_store *s, sqlite3_stmt *stmt,
		       struct ep_err *err)
{
	int code = sqlite3_step(stmt);
	int r = code == SQLITE_DONE || code == SQLITE_ROW
			? 0
			: ep_store_fail(s, "write", err);

	sqlite3_finalize(stmt);
	return r;
}

int ep_store_commit(struct ep_store *s, int r, struct ep_err *err)
{
	if (r >= 0) {
		int code = ep_store_exec(s, "COMMIT", err);

		if (code == 0)
			return r;
		r = code;
	}
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

void ep_store_bind_number(sqlite3_stmt *stmt, int column, double value)
{
	if (isfinite(value))
		sqlite3_bind_double(stmt, column, value);
	else
		sqlite3_bind_null(stmt, column);
}

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

void ep_store_bind_number(sqlite3_stmt *stmt, int column, double value)
{
	if (isfinite(value))
		sqlite3_bind_double(stmt, column, value);
	else
		sqlite3_bind_null(stmt, column);
}

static const char tables[] =
	"CREATE TABLE study (id TEXT PRIMARY KEY, hash TEXT NOT NULL,"
	" json TEXT NOT NULL)%s;"
	"CREATE TABLE config (number INTEGER PRIMARY KEY,"
	" hash TEXT NOT NULL UNIQUE)%s;"
	"CREATE TABLE level (config INTEGER NOT NULL"
	" REFERENCES config(number), factor TEXT NOT NULL,"
	" level TEXT NOT NULL, PRIMARY KEY (config, factor))%s;"
	"CREATE TABLE run (number INTEGER PRIMARY KEY, config INTEGER NOT NULL"
	" REFERENCES config(number), warmup INTEGER NOT NULL,"
	" repetition INTEGER NOT NULL, attempt INTEGER NOT NULL,"
	" position INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN"
	" ('begun', 'valid', 'rejected', 'lost', 'failed')),"
	" reasons TEXT NOT NULL DEFAULT '', host TEXT NOT NULL DEFAULT '',"
	" board TEXT NOT NULL DEFAULT '', board_serial TEXT NOT NULL DEFAULT '',"
	" version TEXT NOT NULL DEFAULT '', started_real_ns INTEGER,"
	" duration_s REAL, ended TEXT NOT NULL DEFAULT '',"
	" output_hash TEXT NOT NULL DEFAULT '', environment TEXT)%s;"
	"CREATE INDEX run_config ON run (config);"
	"CREATE TABLE figure (run INTEGER NOT NULL REFERENCES run(number)"
	" ON DELETE CASCADE, phase TEXT NOT NULL, name TEXT NOT NULL,"
	" value REAL, u95 REAL, status TEXT NOT NULL,"
	" PRIMARY KEY (run, phase, name))%s;";

static int make_tables(struct ep_store *s, struct ep_err *err)
{
	/* Older ones take any type in any column; ours are bound by type. */
	const char *strict =
		sqlite3_libversion_number() >= 3037000 ? " STRICT" : "";
	char sql[4000], version[64];

	if (!ep_str_format(sql, sizeof(sql), "BEGIN IMMEDIATE;") ||
	    !ep_str_format(sql + strlen(sql), sizeof(sql) - strlen(sql), tables,
			   strict, strict, strict, strict, strict))
		return ep_err_set(err, -EFBIG, "the schema is too long");
	(void)ep_str_format(version, sizeof(version),
			    "PRAGMA user_version=%d; COMMIT;", EP_STORE_SCHEMA);
	if (!ep_str_format(sql + strlen(sql), sizeof(sql) - strlen(sql), "%s",
			   version))
		return ep_err_set(err, -EFBIG, "the schema is too long");
	return ep_store_exec(s, sql, err);
}

int ep_store_schema(struct ep_store *s, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int version, r;

	r = ep_store_prepare(s, "PRAGMA user_version", &stmt, err);
	if (r < 0)
		return r;
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		r = ep_store_fail(s, "user_version", err);
		sqlite3_finalize(stmt);
		return r;
	}
	version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	if (version == 0)
		return make_tables(s, err);
	if (version > EP_STORE_SCHEMA)
		return ep_err_set(err, -EBADMSG,
				  "%s/study.db is of a newer edgeprof (schema "
				  "%d, this one knows %d): edgeprof sweep %s "
				  "--rebuild makes one for this edgeprof",
				  s->dir, version, EP_STORE_SCHEMA, s->dir);
	return 0;
}

static int fill_config(struct ep_store *s, uint64_t number,
		       sqlite3_stmt *config, sqlite3_stmt *level)
{
	char hash[EP_STUDY_HASH_BYTES];
	size_t levels[EP_FACTORS_MAX];
	int r = ep_plan_config_hash(&s->study, number, hash);

	if (r < 0)
		return r;
	sqlite3_bind_int64(config, 1, (sqlite3_int64)number);
	sqlite3_bind_text(config, 2, hash, -1, SQLITE_TRANSIENT);
	if (sqlite3_step(config) != SQLITE_DONE)
		return -EIO;
	sqlite3_reset(config);
	ep_plan_levels(&s->study, number, levels);
	for (size_t i = 0; i < s->study.factor_count; i++) {
		const struct ep_factor *f = &s->study.factors[i];

		sqlite3_bind_int64(level, 1, (sqlite3_int64)number);
		sqlite3_bind_text(level, 2, f->name, -1, SQLITE_STATIC);
		sqlite3_bind_text(level, 3, f->levels[levels[i]], -1,
				  SQLITE_STATIC);
		if (sqlite3_step(level) != SQLITE_DONE)
			return -EIO;
		sqlite3_reset(level);
	}
	return 0;
}

static int fill_study(struct ep_store *s, struct ep_err *err)
{
	json_t *o = ep_study_to_json(&s->study);
	char *json = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	char hash[EP_STUDY_HASH_BYTES];
	sqlite3_stmt *stmt;
	int r = json ? ep_study_hash(&s->study, hash) : -ENOMEM;

	if (r == 0)
		r = ep_store_prepare(s, "INSERT INTO study VALUES (?, ?, ?)",
				     &stmt, err);
	else
		ep_err_set(err, r, "out of memory");
	if (r == 0) {
		sqlite3_bind_text(stmt, 1, s->id, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, hash, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 3, json, -1, SQLITE_STATIC);
		r = ep_store_step_done(s, stmt, err);
	}
	free(json);
	json_decref(o);
	return r;
}

int ep_store_fill(struct ep_store *s, struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&s->study);
	sqlite3_stmt *config = NULL, *level = NULL;
	int r = ep_store_exec(s, "BEGIN IMMEDIATE", err);

	if (r < 0)
		return r;
	r = fill_study(s, err);
	if (r == 0)
		r = ep_store_prepare(s, "INSERT INTO config VALUES (?, ?)",
				     &config, err);
	if (r == 0)
		r = ep_store_prepare(s, "INSERT INTO level VALUES (?, ?, ?)",
				     &level, err);
	for (uint64_t i = 0; r == 0 && i < count; i++)
		if (fill_config(s, i, config, level) < 0)
			r = ep_store_fail(s, "configurations", err);
	sqlite3_finalize(config);
	sqlite3_finalize(level);
	if (r == 0)
		return ep_store_exec(s, "COMMIT", err);
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/store_parts.h"

#define SQL_BYTES_MAX 4000

/* %s: STRICT where SQLite knows it (3.37); older ones take any type in any
 * column, and ours are bound by type. */
#define RUN_TABLE(name)                                                       \
	"CREATE TABLE " name " (number INTEGER PRIMARY KEY,"                  \
	" config INTEGER NOT NULL REFERENCES config(number),"                 \
	" warmup INTEGER NOT NULL, repetition INTEGER NOT NULL,"              \
	" attempt INTEGER NOT NULL, position INTEGER NOT NULL,"               \
	" state TEXT NOT NULL CHECK (state IN ('begun', 'valid', 'rejected'," \
	" 'lost', 'failed', 'interrupted')),"                                 \
	" reasons TEXT NOT NULL DEFAULT '', host TEXT NOT NULL DEFAULT '',"   \
	" board TEXT NOT NULL DEFAULT '',"                                    \
	" board_serial TEXT NOT NULL DEFAULT '',"                             \
	" version TEXT NOT NULL DEFAULT '', started_real_ns INTEGER,"         \
	" duration_s REAL, ended TEXT NOT NULL DEFAULT '',"                   \
	" output_hash TEXT NOT NULL DEFAULT '', environment TEXT)%s;"

static const char *const tables[] = {
	"CREATE TABLE study (id TEXT PRIMARY KEY, hash TEXT NOT NULL,"
	" json TEXT NOT NULL)%s;",
	"CREATE TABLE config (number INTEGER PRIMARY KEY,"
	" hash TEXT NOT NULL UNIQUE)%s;",
	"CREATE TABLE level (config INTEGER NOT NULL"
	" REFERENCES config(number), factor TEXT NOT NULL,"
	" level TEXT NOT NULL, PRIMARY KEY (config, factor))%s;",
	RUN_TABLE("run"),
	"CREATE INDEX run_config ON run (config);",
	"CREATE TABLE figure (run INTEGER NOT NULL REFERENCES run(number)"
	" ON DELETE CASCADE, phase TEXT NOT NULL, name TEXT NOT NULL,"
	" value REAL, u95 REAL, status TEXT NOT NULL, u_common REAL,"
	" PRIMARY KEY (run, phase, name))%s;",
	NULL,
};
/* From 1: the state 'interrupted'.  SQLite cannot change a CHECK. */
static const char *const from_1[] = {
	RUN_TABLE("run_2"),
	"INSERT INTO run_2 SELECT * FROM run;",
	"DROP TABLE run;",
	"ALTER TABLE run_2 RENAME TO run;",
	"CREATE INDEX run_config ON run (config);",
	NULL,
};
/* From 2: what the runs have in common; of older runs it stays NULL, not known,
 * until a rebuild. */
static const char *const from_2[] = {
	"ALTER TABLE figure ADD COLUMN u_common REAL;",
	NULL,
};
/* migrations[n] leads from schema n to n + 1; there never was a 0. */
static const char *const *const migrations[EP_STORE_SCHEMA] = {
	NULL,
	from_1,
	from_2,
};

static int make_tables(struct ep_store *s, const char *const *statements,
		       struct ep_err *err)
{
	const char *strict =
		sqlite3_libversion_number() >= 3037000 ? " STRICT" : "";
	char sql[SQL_BYTES_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && statements[i]; i++) {
		const char *mark = strstr(statements[i], "%s");
		int len = (int)(mark ? (size_t)(mark - statements[i])
				     : strlen(statements[i]));

		if (!ep_str_format(sql, sizeof(sql), "%.*s%s%s", len,
				   statements[i], mark ? strict : "",
				   mark ? mark + strlen("%s") : ""))
			return ep_err_set(err, -EFBIG,
					  "the schema is too long");
		r = ep_store_exec(s, sql, err);
	}
	return r;
}

static int get_version(struct ep_store *s, int *ret, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(s, "PRAGMA user_version", &stmt, err);

	if (r < 0)
		return r;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	else
		r = ep_store_fail(s, "user_version", err);
	sqlite3_finalize(stmt);
	return r;
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

/* Study and configurations into an empty database. */
static int fill_all(struct ep_store *s, struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&s->study);
	sqlite3_stmt *config = NULL, *level = NULL;
	int r = fill_study(s, err);

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
	return r;
}

/* Within a transaction, so that another process or a power cut finds either
 * what was or what shall be. */
static int change_schema(struct ep_store *s, struct ep_err *err)
{
	char sql[40];
	int version = 0, r;

	r = get_version(s, &version, err);
	if (r == 0 && version == 0) {
		r = make_tables(s, tables, err);
		if (r == 0)
			r = fill_all(s, err);
	}
	for (; r == 0 && version > 0 && version < EP_STORE_SCHEMA; version++)
		r = make_tables(s, migrations[version], err);
	(void)ep_str_format(sql, sizeof(sql), "PRAGMA user_version=%d",
			    EP_STORE_SCHEMA);
	return r < 0 ? r : ep_store_exec(s, sql, err);
}

int ep_store_schema(struct ep_store *s, struct ep_err *err)
{
	int version = 0, code, r = get_version(s, &version, err);

	if (r < 0 || version == EP_STORE_SCHEMA)
		return r;
	if (version > EP_STORE_SCHEMA || version < 0)
		return ep_err_set(err, -EBADMSG,
				  "%s/study.db is of a newer edgeprof (schema "
				  "%d, this one knows %d): edgeprof sweep %s "
				  "--rebuild makes one for this edgeprof",
				  s->dir, version, EP_STORE_SCHEMA, s->dir);
	/* A table that others refer to is replaced. */
	r = ep_store_exec(s, "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE", err);
	if (r == 0)
		r = ep_store_commit(s, change_schema(s, err), err);
	code = ep_store_exec(s, "PRAGMA foreign_keys=ON", err);
	return r < 0 ? r : code;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/study/store_parts.h"

void ep_store_folder_name(int64_t number, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%04lld", (long long)number);
}

void ep_store_folder(const struct ep_store *s, int64_t number, char *ret,
		     size_t size)
{
	(void)ep_str_format(ret, size, "%s/runs/%04lld", s->dir,
			    (long long)number);
}

int ep_store_open_run(const struct ep_store *s, int64_t number)
{
	char name[24];
	int fd;

	ep_store_folder_name(number, name, sizeof(name));
	fd = openat(s->runs_fd, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* One past the highest number that a row or a folder has: a folder that the
 * database does not know is not written over. */
static int next_number(struct ep_store *s, int64_t *ret, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int fd, r = ep_store_prepare(
			s, "SELECT coalesce(max(number), 0) + 1 FROM run",
			&stmt, err);

	if (r < 0)
		return r;
	if (sqlite3_step(stmt) != SQLITE_ROW)
		r = ep_store_fail(s, "number", err);
	else
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	while (r == 0 && (fd = ep_store_open_run(s, *ret)) >= 0) {
		close(fd);
		(*ret)++;
	}
	return r;
}

static int insert_run(struct ep_store *s, int64_t number,
		      const struct ep_next *item, int64_t order,
		      struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(
		s,
		"INSERT INTO run (number, config, warmup, repetition, attempt,"
		" position, state) VALUES (?, ?, ?, ?, ?, ?, 'begun')",
		&stmt, err);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, number);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)item->config);
	sqlite3_bind_int(stmt, 3, item->warmup);
	sqlite3_bind_int64(stmt, 4, item->repetition);
	sqlite3_bind_int64(stmt, 5, item->attempt);
	sqlite3_bind_int64(stmt, 6, order);
	return ep_store_step_done(s, stmt, err);
}

static int commit(struct ep_store *s, int r, struct ep_err *err)
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

int ep_store_begin(struct ep_store *s, const struct ep_next *item,
		   int64_t order, int64_t *ret_number, struct ep_err *err)
{
	int64_t number = 0;
	int r = ep_store_exec(s, "BEGIN IMMEDIATE", err);

	if (r < 0)
		return r;
	r = next_number(s, &number, err);
	if (r == 0)
		r = insert_run(s, number, item, order, err);
	r = commit(s, r, err);
	if (r == 0)
		*ret_number = number;
	return r;
}

int ep_store_peers_hash(struct ep_store *s, uint64_t config,
			char ret[EP_STUDY_HASH_BYTES], struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int code, r = ep_store_prepare(
			  s,
			  "SELECT output_hash FROM run WHERE config = ? AND"
			  " state = 'valid' AND output_hash <> ''"
			  " GROUP BY output_hash"
			  " ORDER BY count(*) DESC, min(number) LIMIT 1",
			  &stmt, err);

	if (r < 0)
		return r;
	ret[0] = '\0';
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)config);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		(void)ep_str_copy(ret, EP_STUDY_HASH_BYTES,
				  (const char *)sqlite3_column_text(stmt, 0));
	else if (code != SQLITE_DONE)
		r = ep_store_fail(s, "output_hash", err);
	sqlite3_finalize(stmt);
	return r;
}

static int put_figures(struct ep_store *s, int64_t number,
		       const struct ep_result *result, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(
		s, "INSERT OR REPLACE INTO figure VALUES (?, ?, ?, ?, ?, ?)",
		&stmt, err);

	for (size_t i = 0; r == 0 && i < result->figure_count; i++) {
		const struct ep_figure *f = &result->figures[i];

		sqlite3_bind_int64(stmt, 1, number);
		sqlite3_bind_text(stmt, 2, f->phase, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 3, f->name, -1, SQLITE_STATIC);
		ep_store_bind_number(stmt, 4, f->value);
		ep_store_bind_number(stmt, 5, f->u95);
		sqlite3_bind_text(stmt, 6, f->status, -1, SQLITE_STATIC);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			r = ep_store_fail(s, "figures", err);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

static void join(const struct ep_reasons *why, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < why->count; i++) {
		size_t used = strlen(ret);

		(void)ep_str_format(ret + used, size - used, "%s%s",
				    used ? "; " : "", why->texts[i]);
	}
}

static int put_run(struct ep_store *s, int64_t number,
		   const struct ep_result *result, const struct ep_reasons *why,
		   struct ep_err *err)
{
	char *environment =
		result->run ? json_dumps(result->run, JSON_COMPACT) : NULL;
	char reasons[EP_REASONS_MAX * 162];
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(
		s,
		"UPDATE run SET state = ?, reasons = ?, host = ?, board = ?,"
		" board_serial = ?, version = ?, started_real_ns = ?,"
		" duration_s = ?, ended = ?, output_hash = ?, environment = ?"
		" WHERE number = ?",
		&stmt, err);

	if (r == 0) {
		join(why, reasons, sizeof(reasons));
		sqlite3_bind_text(stmt, 1, why->count ? "rejected" : "valid",
				  -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, reasons, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 3, result->host, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 4, result->board, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 5, result->board_serial, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(stmt, 6, result->version, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 7, result->started_real_ns);
		ep_store_bind_number(stmt, 8, result->duration_s);
		sqlite3_bind_text(stmt, 9, result->ended, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 10, result->output_hash, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(stmt, 11, environment, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 12, number);
		r = ep_store_step_done(s, stmt, err);
	}
	free(environment);
	return r;
}

/* Configuration and repetition of a folder that nobody here began. */
static int adopt(struct ep_store *s, int64_t number,
		 const struct ep_result *result, struct ep_err *err)
{
	char hash[EP_STUDY_HASH_BYTES];
	sqlite3_stmt *stmt;
	bool known;
	int r = ep_store_prepare(s, "SELECT 1 FROM run WHERE number = ?", &stmt,
				 err);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, number);
	known = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	if (known)
		return 0;
	if (strcmp(result->study_id, s->id) != 0)
		return ep_err_set(
			err, -EBADMSG,
			"runs/%04lld belongs to %s, not to this study",
			(long long)number,
			result->study_id[0] ? "another study" : "no study");
	if (result->config >= ep_plan_config_count(&s->study) ||
	    ep_plan_config_hash(&s->study, result->config, hash) < 0 ||
	    strcmp(hash, result->config_hash) != 0)
		return ep_err_set(err, -EBADMSG,
				  "runs/%04lld was made with another "
				  "configuration than the study has",
				  (long long)number);
	return insert_run(s, number, &result->item, result->order, err);
}

int ep_store_take(struct ep_store *s, int64_t number, struct ep_reasons *why,
		  struct ep_err *err)
{
	char peers[EP_STUDY_HASH_BYTES];
	struct ep_result result;
	int fd = ep_store_open_run(s, number), r;

	if (fd < 0)
		return ep_err_set(err, fd, "%s/runs/%04lld: %s", s->dir,
				  (long long)number, strerror(-fd));
	r = ep_result_read(fd, &result, err);
	close(fd);
	if (r < 0)
		return r;
	r = ep_store_exec(s, "BEGIN IMMEDIATE", err);
	if (r == 0) {
		r = adopt(s, number, &result, err);
		if (r == 0)
			r = ep_store_peers_hash(s, result.config, peers, err);
		if (r == 0) {
			ep_result_judge(&result, &s->study.limits, peers, why);
			r = put_run(s, number, &result, why, err);
		}
		if (r == 0)
			r = put_figures(s, number, &result, err);
		r = commit(s, r, err);
	}
	ep_result_done(&result);
	return r < 0 ? r : why->count == 0;
}

int ep_store_lost(struct ep_store *s, int64_t number, bool failed,
		  const char *reason, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(
		s, "UPDATE run SET state = ?, reasons = ? WHERE number = ?",
		&stmt, err);

	if (r < 0)
		return r;
	sqlite3_bind_text(stmt, 1, failed ? "failed" : "lost", -1,
			  SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, reason, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(stmt, 3, number);
	return ep_store_step_done(s, stmt, err);
}

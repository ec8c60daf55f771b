/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static bool is_taken(const struct ep_store *s, int64_t number)
{
	struct stat st;
	char name[24];

	ep_store_folder_name(number, name, sizeof(name));
	return fstatat(s->runs_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int ep_store_next_number(struct ep_store *s, int64_t *ret, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(
		s, "SELECT coalesce(max(number), 0) + 1 FROM run", &stmt, err);

	if (r < 0)
		return r;
	if (sqlite3_step(stmt) != SQLITE_ROW)
		r = ep_store_fail(s, "number", err);
	else
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	while (r == 0 && is_taken(s, *ret))
		(*ret)++;
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

int ep_store_begin(struct ep_store *s, const struct ep_next *item,
		   int64_t order, int64_t *ret_number, struct ep_err *err)
{
	int64_t number = 0;
	int r = ep_store_exec(s, "BEGIN IMMEDIATE", err);

	if (r < 0)
		return r;
	r = ep_store_next_number(s, &number, err);
	if (r == 0)
		r = insert_run(s, number, item, order, err);
	r = ep_store_commit(s, r, err);
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
		s, "INSERT OR REPLACE INTO figure VALUES (?, ?, ?, ?, ?, ?, ?)",
		&stmt, err);

	for (size_t i = 0; r == 0 && i < result->figure_count; i++) {
		const struct ep_figure *f = &result->figures[i];

		sqlite3_bind_int64(stmt, 1, number);
		sqlite3_bind_text(stmt, 2, f->phase, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 3, f->name, -1, SQLITE_STATIC);
		ep_store_bind_number(stmt, 4, f->value);
		ep_store_bind_number(stmt, 5, f->u95);
		sqlite3_bind_text(stmt, 6, f->status, -1, SQLITE_STATIC);
		ep_store_bind_number(stmt, 7, f->u_common);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			r = ep_store_fail(s, "figures", err);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

static const char *state_of(const struct ep_result *result,
			    const struct ep_reasons *why)
{
	if (result->stopped_by > 0)
		return "interrupted";
	if (result->lost[0])
		return result->failed ? "failed" : "lost";
	return why->count > 0 ? "rejected" : "valid";
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
		ep_reasons_join(why, reasons, sizeof(reasons));
		sqlite3_bind_text(stmt, 1, state_of(result, why), -1,
				  SQLITE_STATIC);
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

static int check_own(const struct ep_store *s, int64_t number,
		     const struct ep_result *result, struct ep_err *err)
{
	char hash[EP_STUDY_HASH_BYTES];

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
	return 0;
}

int ep_store_find(struct ep_store *s, int64_t number, struct ep_store_row *ret,
		  struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int code, r = ep_store_prepare(
			  s,
			  "SELECT config, warmup, repetition, attempt, position"
			  " FROM run WHERE number = ?",
			  &stmt, err);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, number);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		ret->item.config = (uint64_t)sqlite3_column_int64(stmt, 0);
		ret->item.warmup = sqlite3_column_int(stmt, 1) != 0;
		ret->item.repetition = sqlite3_column_int64(stmt, 2);
		ret->item.attempt = sqlite3_column_int64(stmt, 3);
		ret->order = sqlite3_column_int64(stmt, 4);
	} else {
		r = code == SQLITE_DONE
			    ? ep_err_set(err, -ENOENT, "there is no run %lld",
					 (long long)number)
			    : ep_store_fail(s, "run", err);
	}
	sqlite3_finalize(stmt);
	return r;
}

/* The same run under another number: somebody copied the folder. */
static int check_copy(struct ep_store *s, const struct ep_result *result,
		      struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int code, r = ep_store_prepare(
			  s,
			  "SELECT number FROM run WHERE config = ? AND"
			  " warmup = ? AND repetition = ? AND attempt = ? AND"
			  " position = ? AND host = ? AND started_real_ns = ?"
			  " AND state <> 'begun' LIMIT 1",
			  &stmt, err);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)result->config);
	sqlite3_bind_int(stmt, 2, result->item.warmup);
	sqlite3_bind_int64(stmt, 3, result->item.repetition);
	sqlite3_bind_int64(stmt, 4, result->item.attempt);
	sqlite3_bind_int64(stmt, 5, result->order);
	sqlite3_bind_text(stmt, 6, result->host, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 7, result->started_real_ns);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		r = ep_err_set(err, -EEXIST, "it is a copy of runs/%04lld",
			       (long long)sqlite3_column_int64(stmt, 0));
	else if (code != SQLITE_DONE)
		r = ep_store_fail(s, "copy", err);
	sqlite3_finalize(stmt);
	return r;
}

/* Makes a row for a folder that nobody here began. */
static int adopt(struct ep_store *s, int64_t number,
		 const struct ep_result *result, struct ep_err *err)
{
	struct ep_store_row row = { .order = 0 };
	struct ep_err none = { 0 };
	int r = check_own(s, number, result, err);

	if (r < 0)
		return r;
	r = ep_store_find(s, number, &row, &none);
	if (r == -ENOENT) {
		r = check_copy(s, result, err);
		return r < 0 ? r
			     : insert_run(s, number, &result->item,
					  result->order, err);
	}
	if (r < 0)
		return ep_err_set(err, r, "%s", none.text);
	if (row.item.config != result->config || row.order != result->order)
		return ep_err_set(err, -EBADMSG,
				  "runs/%04lld is not the run that was begun",
				  (long long)number);
	return 0;
}

static int store_result(struct ep_store *s, int64_t number,
			const struct ep_result *result, struct ep_reasons *why,
			struct ep_err *err)
{
	char peers[EP_STUDY_HASH_BYTES];
	int r = adopt(s, number, result, err);

	if (r == 0)
		r = ep_store_peers_hash(s, result->config, peers, err);
	if (r < 0)
		return r;
	ep_result_judge(result, &s->study.limits, peers, why);
	r = put_run(s, number, result, why, err);
	if (r == 0 && result->stopped_by == 0)
		r = put_figures(s, number, result, err);
	return r;
}

int ep_store_take(struct ep_store *s, int64_t number, struct ep_reasons *why,
		  struct ep_err *err)
{
	struct ep_result result;
	bool stopped;
	int fd = ep_store_open_run(s, number), r;

	if (fd < 0)
		return ep_err_set(err, fd, "%s/runs/%04lld: %s", s->dir,
				  (long long)number, strerror(-fd));
	r = ep_result_read(fd, &result, err);
	/* What the database counts, a power cut must leave. */
	if (r == 0 && syncfs(fd) < 0) {
		r = ep_err_set(err, -errno, "%s/runs/%04lld: %s", s->dir,
			       (long long)number, strerror(errno));
		ep_result_done(&result);
	}
	close(fd);
	if (r < 0)
		return r;
	stopped = result.stopped_by > 0;
	r = ep_store_exec(s, "BEGIN IMMEDIATE", err);
	if (r == 0)
		r = ep_store_commit(
			s, store_result(s, number, &result, why, err), err);
	ep_result_done(&result);
	if (r == 0 && stopped)
		r = ep_err_set(err, -EINTR, "it was stopped");
	return r < 0 ? r : why->count == 0;
}

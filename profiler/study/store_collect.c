/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/version.h"
#include "profiler/study/collect.h"
#include "profiler/study/store_parts.h"

#define JSON_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* Somebody else may take the same number: the next one is tried. */
#define NUMBER_TRIES 1000

static int is(struct ep_collected *c, enum ep_collect_outcome outcome,
	      const char *text)
{
	c->outcome = outcome;
	(void)ep_str_copy(c->text, sizeof(c->text), text);
	return 0;
}

/* "edgeprof.run/1"; "" none. */
static void read_schema(int dir_fd, const char *name, char *ret, size_t size)
{
	json_t *o = NULL;
	const char *text;
	struct ep_buf b;

	ep_buf_init(&b, JSON_BYTES_MAX);
	if (ep_file_read(dir_fd, name, &b) == 0)
		o = json_loadb(b.data, b.len, 0, NULL);
	text = json_string_value(json_object_get(o, "schema"));
	(void)ep_str_copy(ret, size, text ? text : "");
	json_decref(o);
	ep_buf_done(&b);
}

static bool check_schemas(int dir_fd, struct ep_collected *ret)
{
	static const char *const files[][2] = {
		{ "run.json", "edgeprof.run/1" },
		{ "report.json", "edgeprof.report/1" },
	};

	for (size_t i = 0; i < 2; i++) {
		char schema[60], text[200];

		read_schema(dir_fd, files[i][0], schema, sizeof(schema));
		if (strcmp(schema, files[i][1]) == 0)
			continue;
		(void)ep_str_format(text, sizeof(text),
				    "%s has the schema '%s', not %s",
				    files[i][0], schema, files[i][1]);
		is(ret, EP_COLLECT_DAMAGED, text);
		return false;
	}
	return true;
}

static bool check_version(const struct ep_result *r, bool mixed,
			  struct ep_collected *ret)
{
	char text[300];

	if (mixed || strcmp(r->version, ep_version) == 0)
		return true;
	(void)ep_str_format(text, sizeof(text),
			    "%s has edgeprof %s, this is %s: give "
			    "--mixed-versions to take it all the same",
			    r->host[0] ? r->host : "its machine",
			    r->version[0] ? r->version : "?", ep_version);
	is(ret, EP_COLLECT_VERSION, text);
	return false;
}

static bool check_study(const struct ep_store *s, const struct ep_result *r,
			struct ep_collected *ret)
{
	char hash[EP_STUDY_HASH_BYTES], text[200];

	if (strcmp(r->study_id, s->id) != 0) {
		(void)ep_str_format(text, sizeof(text), "it belongs to %s%.32s",
				    r->study_id[0] ? "study " : "no study",
				    r->study_id);
		is(ret, EP_COLLECT_FOREIGN, text);
		return false;
	}
	if (r->config >= ep_plan_config_count(&s->study) ||
	    ep_plan_config_hash(&s->study, r->config, hash) < 0 ||
	    strcmp(hash, r->config_hash) != 0) {
		is(ret, EP_COLLECT_MISMATCH,
		   "it was made with another configuration than the study has");
		return false;
	}
	return true;
}

/* 1: good to be taken; 0: *ret says why not; -errno. */
static int look_at(const struct ep_store *s, int dir_fd, bool mixed,
		   struct ep_collected *ret)
{
	struct ep_err err = { 0 };
	struct ep_result r;
	bool good;
	int code = ep_result_read(dir_fd, &r, &err);

	if (code == -ENOENT)
		return is(ret, EP_COLLECT_UNFINISHED,
			  "it has no report: it is being written, or was cut");
	if (code < 0)
		return is(ret, EP_COLLECT_DAMAGED, err.text);
	ret->item = r.item;
	(void)ep_str_copy(ret->host, sizeof(ret->host), r.host);
	(void)ep_str_copy(ret->board_serial, sizeof(ret->board_serial),
			  r.board_serial);
	good = check_study(s, &r, ret);
	if (good && r.lost[0] == '\0')
		good = check_version(&r, mixed, ret) &&
		       check_schemas(dir_fd, ret);
	if (good && r.lost[0] == '\0' && (!r.complete || r.stopped_by > 0)) {
		is(ret, EP_COLLECT_UNFINISHED,
		   r.stopped_by > 0 ? "it was stopped by a signal"
				    : "its recording has no end");
		good = false;
	}
	if (good && r.lost[0])
		is(ret, EP_COLLECT_LOST, r.lost);
	ep_result_done(&r);
	return good;
}

/* Opens an empty folder runs/.collect-PID. */
static int make_aside(const struct ep_store *s, char *name, size_t size)
{
	int fd, r;

	(void)ep_str_format(name, size, ".collect-%d", (int)getpid());
	r = ep_tree_remove(s->runs_fd, name);
	if (r == 0 && mkdirat(s->runs_fd, name, 0755) < 0)
		r = -errno;
	if (r < 0)
		return r;
	fd = openat(s->runs_fd, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* Ours, not of the folder that is copied. */
static bool is_own_trouble(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EROFS || r == -ENOMEM ||
	       r == -EFBIG;
}

/* 1: copied whole; 0: somebody writes to it. */
static int copy_still(int from_fd, int to_fd)
{
	struct ep_tree before, after;
	bool same = false;
	int r = ep_tree_list(from_fd, &before);

	if (r < 0)
		return r;
	r = ep_tree_copy(&before, from_fd, to_fd);
	if (r == 0) {
		r = ep_tree_list(from_fd, &after);
		if (r == 0) {
			same = ep_tree_same(&before, &after);
			ep_tree_done(&after);
		}
	}
	ep_tree_done(&before);
	return r == 0 ? same : r == -ENOENT ? 0 : r;
}

/* The folder gets the next number that nobody has. */
static int place(struct ep_store *s, const char *aside, int64_t *ret,
		 struct ep_err *err)
{
	int64_t number = 0;
	int r = ep_store_next_number(s, &number, err);

	for (int i = 0; r == 0 && i < NUMBER_TRIES; i++, number++) {
		char name[24];

		ep_store_folder_name(number, name, sizeof(name));
		/* An old folder of that name is not empty, and so stays. */
		if (renameat(s->runs_fd, aside, s->runs_fd, name) == 0) {
			*ret = number;
			return 0;
		}
		if (errno != EEXIST && errno != ENOTEMPTY)
			r = ep_err_set(err, -errno, "%s/runs/%s: %s", s->dir,
				       name, strerror(errno));
	}
	return r < 0 ? r : ep_err_set(err, -EBUSY, "%s/runs is busy", s->dir);
}

static int store(struct ep_store *s, const char *aside,
		 struct ep_collected *ret, struct ep_err *err)
{
	bool lost = ret->outcome == EP_COLLECT_LOST && ret->text[0];
	struct ep_reasons why = { .count = 0 };
	struct ep_err left = { 0 };
	char name[24];
	int r = place(s, aside, &ret->number, err);

	if (r < 0)
		return r;
	r = ep_store_take(s, ret->number, &why, &left);
	if (r == -EEXIST) {
		ep_store_folder_name(ret->number, name, sizeof(name));
		ret->number = 0;
		r = ep_tree_remove(s->runs_fd, name);
		return r < 0 ? ep_err_set(err, r, "%s/runs/%s: %s", s->dir,
					  name, strerror(-r))
			     : is(ret, EP_COLLECT_KNOWN, "");
	}
	if (r < 0)
		return ep_err_set(err, r, "%s", left.text);
	if (lost)
		return 0;
	is(ret, r > 0 ? EP_COLLECT_VALID : EP_COLLECT_REJECTED, "");
	for (size_t i = 0; r == 0 && i < why.count; i++) {
		size_t used = strlen(ret->text);

		(void)ep_str_format(ret->text + used, sizeof(ret->text) - used,
				    "%s%s", used ? "; " : "", why.texts[i]);
	}
	return 0;
}

int ep_store_collect(struct ep_store *s, int run_fd, bool mixed_versions,
		     struct ep_collected *ret, struct ep_err *err)
{
	struct ep_collected c = { .outcome = EP_COLLECT_VALID };
	char aside[40];
	int fd, r = look_at(s, run_fd, mixed_versions, &c);

	if (r <= 0) {
		*ret = c;
		return r;
	}
	fd = make_aside(s, aside, sizeof(aside));
	r = fd < 0 ? fd : copy_still(run_fd, fd);
	if (r == 0)
		is(&c, EP_COLLECT_UNFINISHED, "somebody writes to it");
	if (fd >= 0 && r < 0 && !is_own_trouble(r))
		r = is(&c, EP_COLLECT_DAMAGED,
		       r == -ENOTSUP ? "it holds what is neither file nor "
				       "folder"
				     : strerror(-r));
	/* What was read may have been another state than what was copied. */
	if (r > 0)
		r = look_at(s, fd, mixed_versions, &c);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		r = ep_err_set(err, r, "%s/runs/%s: %s", s->dir, aside,
			       strerror(-r));
	else if (r > 0)
		r = store(s, aside, &c, err);
	(void)!ep_tree_remove(s->runs_fd, aside);
	if (r == 0)
		*ret = c;
	return r;
}

int ep_store_valid_runs(struct ep_store *s,
			void (*each)(void *ctx, uint64_t config, bool warmup,
				     int64_t repetition),
			void *ctx, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int code, r = ep_store_prepare(s,
				       "SELECT config, warmup, repetition FROM"
				       " run WHERE state = 'valid'",
				       &stmt, err);

	if (r < 0)
		return r;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
		each(ctx, (uint64_t)sqlite3_column_int64(stmt, 0),
		     sqlite3_column_int(stmt, 1) != 0,
		     sqlite3_column_int64(stmt, 2));
	if (code != SQLITE_DONE)
		r = ep_store_fail(s, "runs", err);
	sqlite3_finalize(stmt);
	return r;
}

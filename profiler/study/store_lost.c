/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/study/store_parts.h"

/* The folder of a run that may have made none. */
static int make_folder(const struct ep_store *s, int64_t number)
{
	char name[24];

	ep_store_folder_name(number, name, sizeof(name));
	if (mkdirat(s->runs_fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (fsync(s->runs_fd) < 0)
		return -errno;
	return ep_store_open_run(s, number);
}

int ep_store_lost(struct ep_store *s, int64_t number, bool failed,
		  const char *reason, struct ep_err *err)
{
	struct ep_lost lost = { .reason = reason, .failed = failed };
	struct ep_reasons why;
	struct ep_store_row row = { .order = 0 };
	json_t *labels = NULL;
	int fd, r = ep_store_find(s, number, &row, err);

	if (r == 0) {
		const struct ep_labels l = { &s->study, s->id, &row.item,
					     row.order };

		r = ep_result_labels(&l, &labels);
		if (r < 0)
			ep_err_set(err, r, "%s", strerror(-r));
	}
	if (r < 0)
		return r;
	lost.labels = labels;
	fd = make_folder(s, number);
	r = fd < 0 ? fd : ep_result_put_lost(fd, &lost);
	if (fd >= 0)
		close(fd);
	json_decref(labels);
	if (r < 0)
		return ep_err_set(err, r, "%s/runs/%04lld/lost.json: %s",
				  s->dir, (long long)number, strerror(-r));
	r = ep_store_take(s, number, &why, err);
	return r < 0 ? r : 0;
}

int ep_store_interrupted(struct ep_store *s, int64_t number, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int r = ep_store_prepare(s,
				 "UPDATE run SET state = 'interrupted',"
				 " reasons = '' WHERE number = ?",
				 &stmt, err);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, number);
	return ep_store_step_done(s, stmt, err);
}

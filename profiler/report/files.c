/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "profiler/report/csv_files.h"
#include "profiler/report/formats.h"
#include "profiler/report/json_head.h"

/* 65 536 phases with 15 metrics each and their budgets are about 400 MB. */
#define CONTENT_BYTES_MAX ((size_t)1 << 30)
#define TRACE "trace.csv"
#define REPORT "report.json"

void ep_report_own(int dir_fd, int fd)
{
	struct stat st;

	if (geteuid() != 0 || fstat(dir_fd, &st) < 0 || st.st_uid == 0)
		return;
	/* Not fatal: the file is only harder to delete for the owner. */
	if (fchown(fd, st.st_uid, st.st_gid) < 0)
		return;
}

/* A regular file of just these bytes. */
static bool holds(int dir_fd, const char *name, const struct ep_buf *b)
{
	struct ep_buf old;
	struct stat st;
	bool same;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode) || st.st_size != (off_t)b->len)
		return false;
	ep_buf_init(&old, b->len + 1);
	same = ep_file_read(dir_fd, name, &old) >= 0 && old.len == b->len &&
	       memcmp(old.data, b->data, b->len) == 0;
	ep_buf_done(&old);
	return same;
}

static int replace(int dir_fd, const char *name, const struct ep_buf *b)
{
	struct ep_file_draft draft;
	int r = ep_file_draft_begin(&draft, dir_fd, name);

	if (r < 0)
		return r;
	r = ep_file_write_all(draft.fd, b->data, b->len);
	if (r == 0) {
		ep_report_own(dir_fd, draft.fd);
		r = ep_file_draft_commit(&draft);
	}
	ep_file_draft_abandon(&draft);
	return r;
}

static int64_t trace_bytes(int dir_fd)
{
	struct stat st;

	if (fstatat(dir_fd, TRACE, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	return st.st_size;
}

static int render_json(int dir_fd, const struct ep_report *report,
		       struct ep_buf *b)
{
	struct ep_render_options options = {
		.trace_bytes = trace_bytes(dir_fd),
	};

	return ep_format_json.render(report, &options, b);
}

int ep_report_write_files(int dir_fd, const struct ep_report *report,
			  struct ep_err *err)
{
	static const struct {
		const char *name;
		int (*content)(const struct ep_report *report,
			       struct ep_buf *b);
	} files[] = {
		{ "phases.csv", ep_csv_phases },
		{ "tokens.csv", ep_csv_tokens },
		{ "requests.csv", ep_csv_requests },
		{ REPORT, NULL },
	};
	struct ep_buf b;
	int r = 0;

	ep_buf_init(&b, CONTENT_BYTES_MAX);
	for (size_t i = 0; r == 0 && i < sizeof(files) / sizeof(*files); i++) {
		ep_buf_reset(&b);
		r = files[i].content ? files[i].content(report, &b)
				     : render_json(dir_fd, report, &b);
		if (r == 0 && !holds(dir_fd, files[i].name, &b))
			r = replace(dir_fd, files[i].name, &b);
		if (r < 0)
			(void)ep_err_set(err, r, "cannot write %s: %s",
					 files[i].name, strerror(-r));
	}
	ep_buf_done(&b);
	return r;
}

static bool newer(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec > b->tv_sec;
	return a->tv_nsec > b->tv_nsec;
}

/* Whether a raw file is newer; a file that is not there is not. */
static bool raw_is_newer(int dir_fd, const char *name, const struct stat *trace)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       newer(&st.st_mtim, &trace->st_mtim);
}

static bool sensors_are_newer(int dir_fd, const struct stat *trace)
{
	int fd = openat(dir_fd, "sensors",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (entry = readdir(dir); entry && !found; entry = readdir(dir))
		if (entry->d_name[0] != '.')
			found = raw_is_newer(fd, entry->d_name, trace);
	closedir(dir);
	return found;
}

/* report.json begins as this build writes it beside a trace of this size. */
static bool head_matches(int dir_fd, int64_t bytes)
{
	struct ep_buf want, have;
	bool same = false;
	ssize_t got;
	int fd;

	fd = openat(dir_fd, REPORT,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	ep_buf_init(&want, 4096);
	ep_buf_init(&have, 4096);
	if (ep_json_head(&want, bytes) == 0 &&
	    ep_buf_reserve(&have, want.len) == 0) {
		got = pread(fd, have.data, want.len, 0);
		same = got == (ssize_t)want.len &&
		       memcmp(have.data, want.data, want.len) == 0;
	}
	ep_buf_done(&want);
	ep_buf_done(&have);
	close(fd);
	return same;
}

bool ep_report_trace_is_current(int dir_fd)
{
	struct stat trace, report;

	if (fstatat(dir_fd, TRACE, &trace, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(trace.st_mode) || trace.st_size == 0)
		return false;
	/* Made before report.json: a later change is somebody else's. */
	if (fstatat(dir_fd, REPORT, &report, AT_SYMLINK_NOFOLLOW) < 0 ||
	    newer(&trace.st_mtim, &report.st_mtim))
		return false;
	if (raw_is_newer(dir_fd, "run.json", &trace) ||
	    raw_is_newer(dir_fd, "events.csv", &trace) ||
	    raw_is_newer(dir_fd, "ticks.csv", &trace) ||
	    sensors_are_newer(dir_fd, &trace))
		return false;
	return head_matches(dir_fd, trace.st_size);
}

void ep_report_trace_done(int dir_fd)
{
	/* Unchanged content is not rewritten; its time alone moves. */
	(void)utimensat(dir_fd, REPORT, NULL, AT_SYMLINK_NOFOLLOW);
}

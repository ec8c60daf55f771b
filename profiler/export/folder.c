/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/analyze/analyze.h"
#include "profiler/report/formats.h"

#define JSON_BYTES_MAX ((size_t)1 << 30)

int ep_folder_read(int dir_fd, const char *path, struct ep_buf *b)
{
	int fd = ep_sums_open(dir_fd, path), r = fd < 0 ? fd : 0;
	ssize_t got = 1;
	struct stat st;

	if (r == 0 && fstat(fd, &st) == 0 &&
	    (uint64_t)st.st_size > (uint64_t)b->max_bytes)
		r = -EFBIG;
	while (r == 0 && got > 0) {
		size_t room = b->max_bytes - b->len;

		room = room < 65536 ? room : 65536;
		r = room > 0 ? ep_buf_reserve(b, room) : -EFBIG;
		if (r < 0)
			break;
		got = read(fd, b->data + b->len, room);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			r = -errno;
		else
			b->len += (size_t)got;
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

int ep_folder_json(int dir_fd, const char *path, json_t **ret,
		   struct ep_err *err)
{
	json_error_t at = { .text = "" };
	json_t *o = NULL;
	struct ep_buf b;
	int r;

	ep_buf_init(&b, JSON_BYTES_MAX);
	r = ep_folder_read(dir_fd, path, &b);
	if (r == 0)
		o = json_loadb(b.data ? b.data : "", b.len,
			       JSON_REJECT_DUPLICATES, &at);
	ep_buf_done(&b);
	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	if (!json_is_object(o)) {
		json_decref(o);
		return ep_err_set(err, -EBADMSG, "is damaged: %s",
				  o ? "no object" : at.text);
	}
	*ret = o;
	return 0;
}

int ep_folder_compute(int dir_fd, int64_t trace_bytes, struct ep_buf *b,
		      struct ep_err *err)
{
	struct ep_render_options options = { .trace_bytes = trace_bytes };
	struct ep_report *report = NULL;
	int r = ep_analyze_run(dir_fd, -1, &report, err);

	if (r < 0)
		return r;
	r = ep_format_json.render(report, &options, b);
	ep_report_free(report);
	return r < 0 ? ep_err_set(err, r, "%s", strerror(-r)) : 0;
}

int ep_folder_open(int dir_fd, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int at = openat(dir_fd, ".", flags), r = at < 0 ? -errno : 0;

	while (r == 0 && *path) {
		size_t len = strcspn(path, "/");
		char name[256];
		int next;

		if (!ep_str_format(name, sizeof(name), "%.*s", (int)len, path))
			r = -ENAMETOOLONG;
		next = r == 0 ? openat(at, name, flags) : -1;
		if (r == 0 && next < 0)
			r = -errno;
		(void)close(at);
		at = next;
		path += path[len] == '/' ? len + 1 : len;
	}
	return r < 0 ? r : at;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/tree.h"
#include "base/version.h"
#include "profiler/export/differ.h"
#include "profiler/export/folder.h"
#include "profiler/export/packed.h"

#define REPORT_BYTES_MAX ((size_t)1 << 30)

static EP_PRINTF(2, 3) void say(struct ep_verify *v, const char *format, ...)
{
	char line[700];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	ep_str_printable(line);
	if (v->tell)
		v->tell(v->ctx, line);
}

static EP_PRINTF(3, 4) void say_file(struct ep_verify *v, const char *path,
				     const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	v->file_differ_count++;
	say(v, "%s: %s", path, what);
}

static int check_sums(struct ep_verify *v, const struct ep_sums *s,
		      struct ep_err *err)
{
	char hash[EP_HASH_BYTES];

	for (size_t i = 0; i < s->count; i++) {
		const struct ep_sum *sum = &s->items[i];
		int r;

		if (ep_hold_waiting())
			return ep_err_set(err, -EINTR, "interrupted");
		r = ep_sums_hash(v->dir_fd, sum->path, hash);
		if (r == -ENOENT || r == -ENOTDIR)
			say_file(v, sum->path, "is missing");
		else if (r < 0)
			say_file(v, sum->path, "cannot be read: %s",
				 strerror(-r));
		else if (strcmp(hash, sum->hash) != 0)
			say_file(v, sum->path,
				 "was changed: its SHA-256 is not that of the "
				 "manifest");
	}
	return 0;
}

static void check_rest(struct ep_verify *v, const struct ep_sums *s,
		       const struct ep_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct ep_tree_entry *e = &tree->entries[i];
		enum ep_packed_kind kind = ep_packed_kind(e->path, v->study);

		if (e->folder || strcmp(e->path, EP_SUMS_NAME) == 0 ||
		    ep_sums_find(s, e->path))
			continue;
		/* Who has unpacked it may have looked at the report. */
		if (!v->packed &&
		    (kind == EP_PACKED_DERIVED || kind == EP_PACKED_NOT))
			continue;
		say_file(v, e->path, "is not in the manifest");
	}
}

static int check_manifest(struct ep_verify *v, const struct ep_tree *tree,
			  struct ep_err *err)
{
	struct ep_sums sums = { 0 };
	struct ep_buf b;
	int r;

	ep_buf_init(&b, EP_SUMS_BYTES_MAX);
	r = ep_folder_read(v->dir_fd, EP_SUMS_NAME, &b);
	if (r == -ENOENT && !v->packed) {
		ep_buf_done(&b);
		return 0;
	}
	if (r < 0)
		r = ep_err_set(err, r == -ENOENT ? -EBADMSG : r,
			       "is no archive of edgeprof: " EP_SUMS_NAME
			       ": %s",
			       strerror(-r));
	else
		r = ep_sums_parse(b.data ? b.data : "", b.len, &sums, err);
	ep_buf_done(&b);
	if (r < 0)
		return r;
	v->has_manifest = true;
	v->file_count = sums.count;
	r = check_sums(v, &sums, err);
	if (r == 0)
		check_rest(v, &sums, tree);
	ep_sums_done(&sums);
	return r;
}

struct run {
	struct ep_verify *v;
	const char *path; /* of its report.json */
};

static void tell_figure(void *ctx, const char *path, const json_t *was,
			const json_t *is)
{
	struct run *run = ctx;
	char *a = was ? json_dumps(was, JSON_ENCODE_ANY | JSON_COMPACT |
						JSON_REAL_PRECISION(15))
		      : NULL;
	char *b = is ? json_dumps(is, JSON_ENCODE_ANY | JSON_COMPACT |
					      JSON_REAL_PRECISION(15))
		     : NULL;

	say(run->v, "%s: %s: %.100s there, %.100s computed", run->path, path,
	    was ? (a ? a : "?") : "missing", is ? (b ? b : "?") : "not");
	free(a);
	free(b);
}

static void compare(struct ep_verify *v, const char *path, json_t *was,
		    json_t *is)
{
	const char *build = json_string_value(json_object_get(was, "build"));
	struct run run = { v, path };
	struct ep_differ d = { .tell = tell_figure, .ctx = &run };

	d.texts = build && strcmp(build, ep_build) == 0;
	v->other_build |= !d.texts;
	ep_differ(&d, was, is);
	v->run_count++;
	v->figure_count += d.figure_count;
	v->figure_differ_count += d.differ_count + d.overflow_count;
	v->new_count += d.new_count;
}

static int compute(struct ep_verify *v, const char *folder, json_t **ret,
		   struct ep_err *err)
{
	int fd = ep_folder_open(v->dir_fd, folder), r;
	struct ep_buf b;

	if (fd < 0)
		return ep_err_set(err, fd, "%s", strerror(-fd));
	ep_buf_init(&b, REPORT_BYTES_MAX);
	r = ep_folder_compute(fd, 0, &b, err);
	(void)close(fd);
	if (r == 0) {
		*ret = json_loadb(b.data, b.len, 0, NULL);
		r = *ret ? 0 : ep_err_set(err, -ENOMEM, "out of memory");
	}
	ep_buf_done(&b);
	return r;
}

/* path: of a run.json. */
static int check_run(struct ep_verify *v, const char *path, struct ep_err *err)
{
	const char *name = strrchr(path, '/');
	char folder[64], report[96];
	json_t *was = NULL, *is = NULL;
	struct ep_err why = { 0 };
	int r;

	if (ep_hold_waiting())
		return ep_err_set(err, -EINTR, "interrupted");
	if (!ep_str_format(folder, sizeof(folder), "%.*s",
			   name ? (int)(name - path) : 0, path))
		return ep_err_set(err, -ENAMETOOLONG, "%.100s", path);
	(void)ep_str_format(report, sizeof(report), "%s%sreport.json", folder,
			    folder[0] ? "/" : "");
	r = ep_folder_json(v->dir_fd, report, &was, &why);
	if (r == -ENOENT) {
		v->unreported_count++;
		return 0;
	}
	if (r == 0)
		r = compute(v, folder, &is, &why);
	if (r == 0) {
		compare(v, report, was, is);
	} else if (r != -ENOMEM) {
		/* The rest is worth looking at all the same. */
		v->figure_differ_count++;
		say(v, "%s: %s", report, why.text);
		r = 0;
	} else {
		(void)ep_err_set(err, r, "%s: %s", report, why.text);
	}
	json_decref(was);
	json_decref(is);
	return r;
}

int ep_verify(struct ep_verify *v, struct ep_err *err)
{
	struct ep_tree tree = { 0 };
	int r = ep_tree_list(v->dir_fd, &tree);

	if (r < 0)
		return ep_err_set(
			err, r == -ENOTSUP ? -EBADMSG : r, "%s",
			r == -ENOTSUP ? "there is a link, or something else "
					"that is no file, in it"
				      : strerror(-r));
	r = check_manifest(v, &tree, err);
	for (size_t i = 0; r == 0 && i < tree.count; i++) {
		const char *path = tree.entries[i].path;

		if (ep_packed_kind(path, v->study) == EP_PACKED_RAW &&
		    ep_str_ends(path, "run.json"))
			r = check_run(v, path, err);
	}
	ep_tree_done(&tree);
	if (r == 0 && v->run_count == 0 && v->figure_differ_count == 0)
		r = ep_err_set(err, -ENOENT,
			       "no run with a report.json is in it: there is "
			       "nothing to compare with");
	return r;
}

bool ep_verify_good(const struct ep_verify *v)
{
	return v->file_differ_count == 0 && v->figure_differ_count == 0;
}

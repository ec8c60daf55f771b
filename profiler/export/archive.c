/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/version.h"
#include "profiler/export/anonymous.h"
#include "profiler/export/archive_parts.h"
#include "profiler/export/export.h"
#include "profiler/export/folder.h"
#include "profiler/export/packed.h"

#define NAME_BYTES 64

struct job {
	const struct ep_export *x;
	int dir_fd; /* that is packed: x's, or the anonymous copy */
	char top[NAME_BYTES];
	char output[PATH_MAX];
	struct ep_tree tree; /* of dir_fd */
	struct ep_sums sums;
	struct ep_buf about, manifest;
	int64_t packed_bytes;
};

static bool is_packed(const struct job *j, const struct ep_tree_entry *e)
{
	enum ep_packed_kind kind = ep_packed_kind(e->path, j->x->study);

	return !e->folder &&
	       (kind == EP_PACKED_RAW || kind == EP_PACKED_REPORT ||
		kind == EP_PACKED_OUTPUT);
}

/* The last name of the folder, fit for every system. */
static void name_folder(const struct ep_export *x, char ret[NAME_BYTES])
{
	char whole[PATH_MAX], *base = NULL;

	if (realpath(x->dir, whole))
		base = strrchr(whole, '/');
	(void)ep_str_copy(ret, NAME_BYTES - 16,
			  base && base[1] ? base + 1 : "folder");
	for (char *c = ret; *c; c++)
		if (strspn(c, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == 0)
			*c = '_';
	if (ret[0] == '.')
		ret[0] = '_';
}

static int name_output(struct job *j, struct ep_err *err)
{
	const char *kind = j->x->study ? "study" : "run";
	bool fits;

	name_folder(j->x, j->top);
	if (j->x->anonymous)
		(void)ep_str_copy(j->top, sizeof(j->top), kind);
	if (j->x->output)
		fits = ep_str_copy(j->output, sizeof(j->output), j->x->output);
	else
		fits = ep_str_format(
			j->output, sizeof(j->output), "%s%s.tar.gz",
			j->x->anonymous ? "edgeprof-" : "", j->top);
	if (!fits || ep_packer_suffix_len(j->output) == 0)
		return ep_err_set(err, -EINVAL,
				  "-o %.200s: end the name of the archive with "
				  "%s",
				  j->output, ep_packer_known());
	return 0;
}

static int add_sums(struct job *j, struct ep_err *err)
{
	char hash[EP_HASH_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->tree.count; i++) {
		const char *path = j->tree.entries[i].path;

		if (!is_packed(j, &j->tree.entries[i]))
			continue;
		if (ep_hold_waiting())
			return ep_err_set(err, -EINTR, "interrupted");
		r = ep_sums_hash(j->dir_fd, path, hash);
		r = r < 0 ? ep_err_set(err, r, "%s: %s", path, strerror(-r))
			  : ep_sums_add(&j->sums, hash, path, err);
	}
	return r;
}

/* archive.json: what this is. */
static int describe(struct job *j, struct ep_err *err)
{
	json_t *o = json_pack(
		"{s:s,s:s,s:b,s:s,s:s}", "schema", "edgeprof.archive/1", "kind",
		j->x->study ? "study" : "run", "anonymous",
		(int)j->x->anonymous, "version", ep_version, "build", ep_build);
	char *text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	char hash[EP_HASH_BYTES];
	int r = text ? ep_buf_addf(&j->about, "%s\n", text) : -ENOMEM;

	free(text);
	json_decref(o);
	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	ep_hash_bytes(j->about.data, j->about.len, hash);
	return ep_sums_add(&j->sums, hash, EP_PACKED_ABOUT, err);
}

static int put_one(struct job *j, struct ep_packer *p, const char *path,
		   struct ep_err *err)
{
	const struct ep_buf *content = NULL;
	char whole[NAME_BYTES + EP_SUMS_PATH_BYTES_MAX];
	int fd, r;

	if (strcmp(path, EP_SUMS_NAME) == 0)
		content = &j->manifest;
	else if (strcmp(path, EP_PACKED_ABOUT) == 0)
		content = &j->about;
	(void)ep_str_format(whole, sizeof(whole), "%s/%s", j->top, path);
	if (content)
		return ep_packer_put(p, whole, content, err);
	fd = ep_sums_open(j->dir_fd, path);
	if (fd < 0)
		return ep_err_set(err, fd, "%s: %s", path, strerror(-fd));
	r = ep_packer_put_file(p, whole, fd, err);
	(void)close(fd);
	return r;
}

static const struct ep_tree_entry *
next_packed(const struct job *j, const struct ep_tree *t, size_t *at)
{
	for (; *at < t->count; (*at)++)
		if (is_packed(j, &t->entries[*at]))
			return &t->entries[(*at)++];
	return NULL;
}

/* None of the packed files was written to since it was listed. */
static bool is_still(const struct job *j, const struct ep_tree *now)
{
	size_t a = 0, b = 0;

	for (;;) {
		const struct ep_tree_entry *was = next_packed(j, &j->tree, &a);
		const struct ep_tree_entry *is = next_packed(j, now, &b);

		if (!was || !is)
			return was == is;
		if (strcmp(was->path, is->path) != 0 ||
		    was->size_bytes != is->size_bytes ||
		    was->changed_ns != is->changed_ns)
			return false;
	}
}

static int check_still(struct job *j, struct ep_err *err)
{
	struct ep_tree now = { 0 };
	int r = ep_tree_list(j->dir_fd, &now);

	if (r == 0 && !is_still(j, &now))
		r = -EBUSY;
	ep_tree_done(&now);
	if (r == -EBUSY)
		return ep_err_set(err, r,
				  "%s changed while it was packed; wait until "
				  "the recording has ended",
				  j->x->dir);
	return r < 0 ? ep_err_set(err, r, "%s: %s", j->x->dir, strerror(-r))
		     : 0;
}

static int pack_to(struct job *j, int fd, struct ep_err *err)
{
	struct ep_packer *p = NULL;
	struct stat st;
	int r = ep_packer_open(fd, j->output, &p, err);

	if (r < 0)
		return r;
	r = put_one(j, p, EP_SUMS_NAME, err);
	for (size_t i = 0; r == 0 && i < j->sums.count; i++)
		r = put_one(j, p, j->sums.items[i].path, err);
	if (r < 0) {
		ep_packer_abandon(p);
		return r;
	}
	r = ep_packer_close(p, &j->packed_bytes, err);
	if (r == 0)
		r = check_still(j, err);
	if (r == 0 && (fstat(fd, &st) < 0 ||
		       j->packed_bytes > ep_archive_allowance(st.st_size)))
		r = ep_err_set(err, -EFBIG,
			       "the files are too large, or hold too much of "
			       "the same: nobody could tell the archive from "
			       "one made to fill a disk");
	return r;
}

/* Beside where it shall be, then renamed: whole or not there. */
static int write_output(struct job *j, struct ep_err *err)
{
	struct ep_file_draft draft = { .fd = -1 };
	char folder[PATH_MAX];
	const char *slash = strrchr(j->output, '/');
	int dir_fd, r;

	(void)ep_str_format(folder, sizeof(folder), "%.*s",
			    slash ? (int)(slash - j->output) + 1 : 1,
			    slash ? j->output : ".");
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir_fd < 0 ? -errno
		       : ep_file_draft_begin(&draft, dir_fd,
					     slash ? slash + 1 : j->output);
	if (r == 0) {
		err->text[0] = '\0';
		r = pack_to(j, draft.fd, err);
		if (r == 0)
			r = ep_file_draft_commit(&draft);
		ep_file_draft_abandon(&draft);
	} else {
		err->text[0] = '\0';
	}
	if (dir_fd >= 0)
		(void)close(dir_fd);
	if (r < 0 && !err->text[0])
		(void)ep_err_set(err, r, "cannot write %s: %s", j->output,
				 strerror(-r));
	return r;
}

static int check_report(struct job *j, struct ep_err *err)
{
	struct stat st;

	if (j->x->study ||
	    fstatat(j->x->dir_fd, "report.json", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return ep_err_set(err, -ENOENT,
			  "%s has no report.json; 'edgeprof report %s' makes "
			  "it",
			  j->x->dir, j->x->dir);
}

static int pack(struct job *j, struct ep_err *err)
{
	int r = ep_tree_list(j->dir_fd, &j->tree);

	if (r < 0)
		return ep_err_set(
			err, r, "%s: %s", j->x->dir,
			r == -ENOTSUP ? "there is a link, or something else "
					"that is no file, in it"
				      : strerror(-r));
	r = add_sums(j, err);
	if (r == 0)
		r = describe(j, err);
	ep_sums_sort(&j->sums);
	if (r == 0) {
		r = ep_sums_put(&j->sums, &j->manifest);
		if (r < 0)
			(void)ep_err_set(err, r, "%s", strerror(-r));
	}
	return r == 0 ? write_output(j, err) : r;
}

static int pack_anonymous(struct job *j, struct ep_err *err)
{
	struct ep_private place;
	struct ep_anonymous_job copy = {
		.dir = j->x->dir,
		.from_fd = j->x->dir_fd,
		.study = j->x->study,
		.with_output = j->x->with_output,
	};
	int r = ep_private_open(&place, err);

	if (r < 0)
		return r;
	copy.to_fd = j->dir_fd = place.fd;
	r = ep_anonymous_folder(&copy, err);
	if (r == -ENOSPC)
		(void)ep_err_set(err, r,
				 "no room for a copy in %.300s; name another "
				 "place with TMPDIR",
				 place.path);
	if (r == 0)
		r = pack(j, err);
	ep_private_close(&place);
	return r;
}

static void tell(const struct job *j)
{
	ep_export_say(j->x,
		      "%s: %zu files, %.3g MB unpacked; what 'edgeprof "
		      "report' makes again is left out",
		      j->output, j->sums.count + 1,
		      (double)j->packed_bytes / 1e6);
	if (!j->x->anonymous)
		return;
	if (!j->x->with_output)
		ep_export_say(j->x, "what the program printed is left out; "
				    "--with-output packs it");
	ep_export_say(j->x, "names of hosts, users, folders and devices that "
			    "are known are left out; look through it for "
			    "others before you give it away");
}

static int run(const struct ep_export *x, struct ep_err *err)
{
	struct job j = { .x = x, .dir_fd = x->dir_fd };
	sigset_t old;
	int r = name_output(&j, err);

	if (r == 0)
		r = check_report(&j, err);
	if (r < 0)
		return r;
	ep_buf_init(&j.about, 65536);
	ep_buf_init(&j.manifest, EP_SUMS_BYTES_MAX);
	ep_hold_begin(&old);
	r = x->anonymous ? pack_anonymous(&j, err) : pack(&j, err);
	ep_hold_end(&old);
	if (r == 0)
		tell(&j);
	ep_tree_done(&j.tree);
	ep_sums_done(&j.sums);
	ep_buf_done(&j.about);
	ep_buf_done(&j.manifest);
	return r;
}

const struct ep_exporter ep_exporter_archive = {
	.name = "archive",
	.summary = "raw files and report with SHA-256 sums, to be checked",
	.takes = EP_EXPORT_LOGS,
	.run = run,
};

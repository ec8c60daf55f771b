/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/str.h"
#include "base/tree.h"
#include "profiler/study/courier.h"

/* A run folder beyond that is no run folder. */
#define FILE_BYTES_MAX (INT64_C(64) << 30)

void ep_courier_in_init(struct ep_courier_in *in, const char *nonce, int to_fd)
{
	memset(in, 0, sizeof(*in));
	in->nonce = nonce;
	in->to_fd = to_fd;
	in->folder_fd = in->file_fd = -1;
}

static void part_name(const struct ep_courier_in *in, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%s.part-%d", in->folder, (int)getpid());
}

static void fail(struct ep_courier_in *in, const char *what, int r)
{
	if (in->failure[0] == '\0')
		(void)ep_str_format(in->failure, sizeof(in->failure), "%s: %s",
				    what, strerror(-r));
}

static void drop_folder(struct ep_courier_in *in)
{
	char part[EP_WORK_NAME_BYTES + 32];

	if (in->file_fd >= 0)
		close(in->file_fd);
	if (in->folder_fd >= 0)
		close(in->folder_fd);
	in->file_fd = in->folder_fd = -1;
	if (in->folder[0] == '\0')
		return;
	part_name(in, part, sizeof(part));
	/* What cannot be removed is left out by its name. */
	(void)!ep_tree_remove(in->to_fd, part);
	in->folder[0] = '\0';
}

void ep_courier_in_done(struct ep_courier_in *in)
{
	drop_folder(in);
}

static void begin_folder(struct ep_courier_in *in, const char *name)
{
	char part[EP_WORK_NAME_BYTES + 32];

	drop_folder(in);
	in->failure[0] = '\0';
	if (!ep_tree_path_is_plain(name) || strchr(name, '/') ||
	    !ep_str_copy(in->folder, sizeof(in->folder), name)) {
		in->folder[0] = '\0';
		return;
	}
	part_name(in, part, sizeof(part));
	(void)!ep_tree_remove(in->to_fd, part);
	if (mkdirat(in->to_fd, part, 0755) == 0)
		in->folder_fd =
			openat(in->to_fd, part,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (in->folder_fd < 0)
		fail(in, part, -errno);
}

static void make_dir(struct ep_courier_in *in, const char *path)
{
	if (in->folder_fd < 0)
		return;
	if (!ep_tree_path_is_plain(path))
		fail(in, "a folder's name", -EBADMSG);
	else if (mkdirat(in->folder_fd, path, 0755) < 0)
		fail(in, path, -errno);
}

static void close_file(struct ep_courier_in *in)
{
	char hash[EP_HASH_BYTES] = "";
	int r = 0;

	if (in->file_fd < 0)
		return;
	if (lseek(in->file_fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = ep_hash_file(in->file_fd, hash);
	if (r == 0 && strcmp(hash, in->hash) != 0)
		r = -EBADMSG;
	if (close(in->file_fd) < 0 && r == 0)
		r = -errno;
	in->file_fd = -1;
	if (r < 0)
		fail(in, "a file", r);
}

/* "BYTES SHA256 PATH" */
static void begin_file(struct ep_courier_in *in, const char *rest)
{
	size_t digits = strcspn(rest, " ");
	const char *hash = rest + digits + (rest[digits] == ' ');
	size_t hex = strcspn(hash, " ");
	const char *path = hash + hex + (hash[hex] == ' ');
	char number[24];
	int64_t bytes = -1;

	(void)ep_str_format(number, sizeof(number), "%.*s", (int)digits, rest);
	if (ep_num_parse_i64(number, &bytes) < 0 || bytes < 0 ||
	    bytes > FILE_BYTES_MAX || hex != EP_HASH_BYTES - 1) {
		fail(in, "the head of a file", -EBADMSG);
		return;
	}
	in->left_bytes = bytes;
	(void)ep_str_format(in->hash, sizeof(in->hash), "%.*s", (int)hex, hash);
	if (in->folder_fd < 0 || in->failure[0])
		return;
	if (!ep_tree_path_is_plain(path)) {
		fail(in, "a file's name", -EBADMSG);
		return;
	}
	in->file_fd = openat(in->folder_fd, path,
			     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			     0644);
	if (in->file_fd < 0)
		fail(in, path, -errno);
	else if (bytes == 0)
		close_file(in);
}

static void end_folder(struct ep_courier_in *in, const char *name)
{
	char part[EP_WORK_NAME_BYTES + 32], text[400];

	if (in->folder[0] == '\0' || strcmp(in->folder, name) != 0)
		return;
	part_name(in, part, sizeof(part));
	/* One that is there already is not empty, and so stays. */
	if (in->failure[0] == '\0' &&
	    renameat(in->to_fd, part, in->to_fd, name) < 0 && errno != EEXIST &&
	    errno != ENOTEMPTY)
		fail(in, name, -errno);
	if (in->failure[0])
		(void)ep_str_format(text, sizeof(text), "%s %s", name,
				    in->failure);
	drop_folder(in);
	if (in->failure[0])
		in->said(in->ctx, "damaged", text);
	else
		in->said(in->ctx, "arrived", name);
}

static void take_line(struct ep_courier_in *in)
{
	const char *text, *rest;
	char verb[24];
	size_t len;

	if (!ep_courier_line(in->line, in->nonce, &text))
		return;
	len = strcspn(text, " ");
	rest = text + len + (text[len] == ' ');
	(void)ep_str_format(verb, sizeof(verb), "%.*s", (int)len, text);
	if (strcmp(verb, "folder") == 0)
		begin_folder(in, rest);
	else if (strcmp(verb, "dir") == 0)
		make_dir(in, rest);
	else if (strcmp(verb, "file") == 0)
		begin_file(in, rest);
	else if (strcmp(verb, "ends") == 0)
		end_folder(in, rest);
	else
		in->said(in->ctx, verb, rest);
}

static size_t take_bytes(struct ep_courier_in *in, const char *data, size_t len)
{
	size_t n =
		(uint64_t)in->left_bytes < len ? (size_t)in->left_bytes : len;
	int r = in->file_fd < 0 ? 0 : ep_file_write_all(in->file_fd, data, n);

	if (r < 0) {
		fail(in, "cannot write", r);
		close(in->file_fd);
		in->file_fd = -1;
	}
	in->left_bytes -= (int64_t)n;
	if (in->left_bytes == 0)
		close_file(in);
	return n;
}

static void take_char(struct ep_courier_in *in, char c)
{
	if (c != '\n') {
		if (in->len + 1 < sizeof(in->line))
			in->line[in->len++] = c;
		else
			in->overlong = true;
		return;
	}
	/* A terminal somewhere between may have added it. */
	if (in->len > 0 && in->line[in->len - 1] == '\r')
		in->len--;
	in->line[in->len] = '\0';
	if (!in->overlong)
		take_line(in);
	in->len = 0;
	in->overlong = false;
}

void ep_courier_in_feed(struct ep_courier_in *in, const char *data, size_t len)
{
	while (len > 0) {
		size_t n = 1;

		if (in->left_bytes > 0)
			n = take_bytes(in, data, len);
		else
			take_char(in, *data);
		data += n;
		len -= n;
	}
}

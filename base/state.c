/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

#define OWN_NAME "edgeprof"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define CPU_DIR "/sys/devices/system/cpu"
#define LOCKS_BYTES_MAX (1024 * 1024)

/* Where the folder lies, and how those above it are made. */
struct place {
	const struct ep_root *root;
	char base[PATH_MAX];
	mode_t mode;
};

static int find_place(struct place *p, const struct ep_root *root,
		      struct ep_err *err)
{
	const char *xdg = secure_getenv("XDG_STATE_HOME");
	const char *home = secure_getenv("HOME");
	bool fits = true;

	p->root = root;
	p->mode = 0755;
	if (ep_root_redirected(root) || geteuid() == 0) {
		(void)ep_str_copy(p->base, sizeof(p->base), "/var/lib");
		return 0;
	}
	p->mode = 0700;
	/* A relative path must be ignored (XDG Base Directory 0.8). */
	if (xdg && xdg[0] == '/')
		fits = ep_str_copy(p->base, sizeof(p->base), xdg);
	else if (home && home[0] == '/')
		fits = ep_str_format(p->base, sizeof(p->base),
				     "%s/.local/state", home);
	else
		return ep_err_set(err, -ENOENT,
				  "neither XDG_STATE_HOME nor HOME names a "
				  "folder for edgeprof's journal: set one");
	return fits ? 0
		    : ep_err_set(err, -ENAMETOOLONG,
				 "the path of the journal folder is too long");
}

/* Opens path as a folder; where it is missing it is made, with those above. */
static int open_made(const struct place *p, const char *path, bool create)
{
	int fd = ep_root_openat(p->root, path, O_RDONLY | O_DIRECTORY);
	char above[PATH_MAX];
	char *slash;
	int parent, r = 0;

	if (fd != -ENOENT || !create)
		return fd;
	(void)ep_str_copy(above, sizeof(above), path);
	slash = strrchr(above, '/');
	if (!slash || slash[1] == '\0')
		return -ENOENT;
	*slash = '\0';
	parent = open_made(p, slash == above ? "/" : above, true);
	if (parent < 0)
		return parent;
	if (mkdirat(parent, slash + 1, p->mode) < 0 && errno != EEXIST)
		r = -errno;
	close(parent);
	return r < 0 ? r
		     : ep_root_openat(p->root, path, O_RDONLY | O_DIRECTORY);
}

static int explain(struct ep_err *err, int code, const char *path)
{
	if (code == -EROFS)
		return ep_err_set(err, code,
				  "%s: the file system is read-only, so no "
				  "journal of what is changed can be kept: "
				  "remount it writable, or mount a tmpfs there",
				  path);
	if (code == -EACCES)
		return ep_err_set(err, code,
				  "%s: permission denied: the journal of what "
				  "is changed is kept there; give yourself "
				  "that folder",
				  path);
	if (code == -ENOSPC || code == -EDQUOT)
		return ep_err_set(err, code,
				  "%s: %s: the journal of what is changed is "
				  "kept there; make room",
				  path, strerror(-code));
	return ep_err_set(err, code,
			  "%s: cannot open the folder of the journal: %s", path,
			  strerror(-code));
}

static int check_folder(int fd, const char *path, struct ep_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return explain(err, -errno, path);
	if (st.st_uid != geteuid())
		return ep_err_set(
			err, -EPERM,
			"%s belongs to user id %u, not to %u who runs "
			"edgeprof: whoever can write there could "
			"have settings put \"back\"; remove it or "
			"give it to the right user",
			path, (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return ep_err_set(err, -EPERM,
				  "%s can be written to by others: chmod 0700 "
				  "%s",
				  path, path);
	return 0;
}

static int open_own(int base_fd, bool create)
{
	static const int flags =
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(base_fd, OWN_NAME, flags);

	if (fd < 0 && errno == ENOENT && create) {
		if (mkdirat(base_fd, OWN_NAME, 0700) < 0 && errno != EEXIST)
			return -errno;
		(void)fsync(base_fd);
		fd = openat(base_fd, OWN_NAME, flags);
	}
	return fd < 0 ? -errno : fd;
}

int ep_state_open(struct ep_state *state, const struct ep_root *root,
		  bool create, struct ep_err *err)
{
	struct place p;
	struct stat st;
	int base_fd, fd, r = find_place(&p, root, err);

	state->dir_fd = -1;
	if (r < 0)
		return r;
	if (!ep_str_format(state->path, sizeof(state->path), "%s/" OWN_NAME,
			   p.base))
		return ep_err_set(err, -ENAMETOOLONG,
				  "the path of the journal folder is too long");
	base_fd = open_made(&p, p.base, create);
	if (base_fd < 0)
		return explain(err, base_fd, state->path);
	fd = open_own(base_fd, create);
	if ((fd == -ENOTDIR || fd == -ELOOP) &&
	    fstatat(base_fd, OWN_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
		r = ep_err_set(err, -EPERM,
			       "%s is %s: edgeprof keeps its journal there and "
			       "needs a folder; remove it",
			       state->path,
			       S_ISLNK(st.st_mode) ? "a symbolic link"
						   : "not a folder");
	else if (fd < 0)
		r = explain(err, fd, state->path);
	close(base_fd);
	if (r == 0)
		r = check_folder(fd, state->path, err);
	if (r < 0 && fd >= 0)
		close(fd);
	if (r == 0)
		state->dir_fd = fd;
	return r;
}

void ep_state_close(struct ep_state *state)
{
	if (state && state->dir_fd >= 0) {
		close(state->dir_fd);
		state->dir_fd = -1;
	}
}

int ep_state_openat(const struct ep_state *state, const char *name, int flags)
{
	struct stat st;
	int fd = openat(state->dir_fd, name,
			flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			0600);
	int r = 0;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		 st.st_nlink > 1 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		r = -EPERM;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int ep_state_name(const char *what, char *ret, size_t size)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host)) < 0)
		return -errno;
	host[HOST_NAME_MAX] = '\0';
	ep_str_slug(host);
	return ep_str_format(ret, size, "%s-%s", what, host) ? 0
							     : -ENAMETOOLONG;
}

int ep_state_boot_id(const struct ep_root *root, char *ret, size_t size)
{
	int r = ep_root_read_text(root, BOOT_ID, ret, size);

	/* The machine's own where a fixture does not say it. */
	if (r == -ENOENT)
		r = ep_root_read_text(&ep_root_machine, BOOT_ID, ret, size);
	if (r == 0)
		return -ENODATA;
	return r < 0 ? r : 0;
}

/* The n-th field, 0-based, of a line of blank-separated ones. */
static const char *field_at(const char *line, int n)
{
	line += strspn(line, " ");
	while (n-- > 0) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return line;
}

/* "1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF" (proc_locks(5)) */
static pid_t holder_of(int fd)
{
	struct ep_buf text;
	struct stat st;
	char place[64];
	int64_t pid = 0;

	ep_buf_init(&text, LOCKS_BYTES_MAX);
	if (fstat(fd, &st) < 0 ||
	    ep_file_read(AT_FDCWD, "/proc/locks", &text) < 0 || !text.data)
		goto out;
	(void)ep_str_format(place, sizeof(place), "%02x:%02x:%llu ",
			    major(st.st_dev), minor(st.st_dev),
			    (unsigned long long)st.st_ino);
	for (const char *line = text.data; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		const char *kind = field_at(line, 1);
		const char *number = field_at(line, 4);

		if (ep_str_starts(kind, "FLOCK ") &&
		    ep_str_starts(field_at(line, 5), place) &&
		    ep_num_scan_i64(number, strcspn(number, " \n"), &pid) > 0)
			break;
	}
out:
	ep_buf_done(&text);
	return pid > 0 ? (pid_t)pid : 0;
}

int ep_state_lock_board(const struct ep_root *root, pid_t *ret_pid)
{
	int fd = ep_root_openat(root, CPU_DIR, O_RDONLY | O_DIRECTORY);
	int code;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	code = -errno;
	if (code == -EWOULDBLOCK)
		*ret_pid = holder_of(fd);
	close(fd);
	return code;
}

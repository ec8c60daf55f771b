/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "drivers/proc_list.h"

#define TRY_AGAIN_NS (50 * EP_NS_PER_MS)

static void read_owner(struct ep_journal *j)
{
	char text[EP_JOURNAL_LINE_BYTES_MAX];
	ssize_t got = pread(j->lock_fd, text, sizeof(text), 0);

	if (got <= 0 ||
	    ep_journal_parse_owner(text, (size_t)got, &j->owner) < 0) {
		j->owner.pid = 0;
		j->owner.command[0] = '\0';
	}
	ep_str_printable(j->owner.command);
}

/* Who has the lock of this folder, as a sentence. */
static int held(struct ep_journal *j, struct ep_err *err)
{
	struct ep_proc_id id = { .pid = 0 };

	read_owner(j);
	id.pid = j->owner.pid;
	id.start_ticks = j->owner.start_ticks;
	if (id.pid == 0)
		return ep_err_set(err, -EBUSY,
				  "another edgeprof is changing the settings "
				  "of this board (%s holds its lock)",
				  j->state.path);
	if (!ep_proc_is(&id))
		return ep_err_set(err, -EBUSY,
				  "the settings of this board are just being "
				  "put back by the guardian of process %ld "
				  "(%s), which was killed",
				  (long)id.pid, j->owner.command);
	return ep_err_set(err, -EBUSY,
			  "another edgeprof has changed the settings of this "
			  "board: process %ld (%s)",
			  (long)id.pid, j->owner.command);
}

static int held_by_other_user(pid_t pid, struct ep_err *err)
{
	if (pid == 0)
		return ep_err_set(err, -EBUSY,
				  "an edgeprof of another user has changed the "
				  "settings of this board");
	return ep_err_set(err, -EBUSY,
			  "an edgeprof of another user, process %ld, has "
			  "changed the settings of this board",
			  (long)pid);
}

static int open_lock(struct ep_journal *j, struct ep_err *err)
{
	char name[160];
	int r = ep_state_name("lock", name, sizeof(name));

	if (r == 0)
		j->lock_fd = ep_state_openat(&j->state, name, O_RDWR | O_CREAT);
	if (r == 0 && j->lock_fd < 0) {
		r = j->lock_fd;
		j->lock_fd = -1;
	}
	if (r == -EPERM)
		return ep_err_set(err, r,
				  "%s/%s is not an ordinary file of the user "
				  "who runs edgeprof: remove it",
				  j->state.path, name);
	if (r < 0)
		return ep_err_set(err, r,
				  "%s/%s: cannot be made: %s: without "
				  "a lock nothing is changed",
				  j->state.path, name, strerror(-r));
	return 0;
}

/* 0, -EWOULDBLOCK, or -ESTALE when the file was removed under us. */
static int try_lock(const struct ep_journal *j)
{
	struct stat st;

	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return fstat(j->lock_fd, &st) == 0 && st.st_nlink == 0 ? -ESTALE : 0;
}

static int lock_folder(struct ep_journal *j, int64_t until_ns,
		       struct ep_err *err)
{
	for (;;) {
		int r = j->lock_fd < 0 ? open_lock(j, err) : 0;

		if (r < 0)
			return r;
		r = try_lock(j);
		if (r == 0)
			return 0;
		if (r == -ESTALE) {
			close(j->lock_fd);
			j->lock_fd = -1;
			continue;
		}
		if (r == -EINTR)
			continue;
		if (r != -EWOULDBLOCK)
			return ep_err_set(err, r, "%s: cannot be locked: %s",
					  j->state.path, strerror(-r));
		if (ep_clock_monotonic_ns() >= until_ns)
			return held(j, err);
		ep_clock_sleep_until(ep_clock_monotonic_ns() + TRY_AGAIN_NS);
	}
}

/* Other users have other folders, but the same board. */
static int lock_board(struct ep_journal *j, const struct ep_env *env,
		      int64_t until_ns, struct ep_err *err)
{
	for (;;) {
		pid_t pid = 0;
		int r = ep_state_lock_board(&env->root, &pid);

		if (r != -EWOULDBLOCK) {
			/* A board without that folder, or a kernel without
			 * flock there: the folder's lock must do. */
			j->board_fd = r < 0 ? -1 : r;
			return 0;
		}
		if (ep_clock_monotonic_ns() >= until_ns)
			return held_by_other_user(pid, err);
		ep_clock_sleep_until(ep_clock_monotonic_ns() + TRY_AGAIN_NS);
	}
}

int ep_journal_own(struct ep_journal *j, const char *command,
		   struct ep_err *err)
{
	char pid[24], ticks[24];
	const char *fields[] = { "owner", pid, ticks, command, NULL };
	struct ep_proc_id self = { .pid = 0 };
	struct ep_buf line;
	int r = ep_proc_get(getpid(), &self);

	j->owner.pid = getpid();
	j->owner.start_ticks = r == 0 ? self.start_ticks : 0;
	(void)ep_str_copy(j->owner.command, sizeof(j->owner.command), command);
	(void)ep_str_format(pid, sizeof(pid), "%ld", (long)j->owner.pid);
	(void)ep_str_format(ticks, sizeof(ticks), "%llu", j->owner.start_ticks);
	ep_buf_init(&line, EP_JOURNAL_LINE_BYTES_MAX);
	r = ep_journal_format(&line, fields);
	if (r == 0 && (ftruncate(j->lock_fd, 0) < 0 ||
		       lseek(j->lock_fd, 0, SEEK_SET) < 0))
		r = -errno;
	if (r == 0)
		r = ep_file_write_all(j->lock_fd, line.data, line.len);
	ep_buf_done(&line);
	if (r < 0)
		return ep_err_set(err, r,
				  "%s: cannot be written to: %s: without a "
				  "journal nothing is changed",
				  j->state.path, strerror(-r));
	return 0;
}

static bool is_of_this_boot(const struct ep_journal *j, const char *name)
{
	struct ep_journal other = *j;
	bool good;

	other.entries = NULL;
	other.entries_size = 0;
	other.fd = ep_state_openat(&j->state, name, O_RDONLY);
	if (other.fd < 0)
		return false;
	good = ep_journal_reload(&other, NULL) == 0 &&
	       strcmp(other.boot_id, j->boot_now) == 0;
	close(other.fd);
	free(other.entries);
	return good;
}

/* The host was given another name since; the id of a boot is no other's. */
static void find_renamed(struct ep_journal *j)
{
	int fd = openat(j->state.dir_fd, ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (ep_str_starts(entry->d_name, "journal-") &&
		    strlen(entry->d_name) < sizeof(j->name) &&
		    is_of_this_boot(j, entry->d_name)) {
			(void)ep_str_copy(j->name, sizeof(j->name),
					  entry->d_name);
			break;
		}
	closedir(dir);
}

static bool has_file(const struct ep_journal *j)
{
	return faccessat(j->state.dir_fd, j->name, F_OK, AT_SYMLINK_NOFOLLOW) ==
	       0;
}

static int open_file(struct ep_journal *j, struct ep_err *err)
{
	int fd = ep_state_openat(&j->state, j->name, O_RDWR | O_APPEND);

	if (fd == -ENOENT)
		return 0;
	if (fd == -EPERM)
		return ep_err_set(err, fd,
				  "%s/%s is not an ordinary file of the user "
				  "who runs edgeprof: remove it",
				  j->state.path, j->name);
	if (fd < 0)
		return ep_err_set(err, fd, "%s/%s: cannot be opened: %s",
				  j->state.path, j->name, strerror(-fd));
	j->fd = fd;
	return ep_journal_reload(j, err);
}

int ep_journal_open(struct ep_journal *j, const struct ep_env *env, bool create,
		    int64_t wait_ns, struct ep_err *err)
{
	int64_t until_ns = ep_clock_monotonic_ns() + wait_ns;
	int r;

	memset(j, 0, sizeof(*j));
	j->lock_fd = j->board_fd = j->fd = j->state.dir_fd = -1;
	r = ep_state_name("journal", j->name, sizeof(j->name));
	if (r == 0)
		r = ep_state_boot_id(&env->root, j->boot_now,
				     sizeof(j->boot_now));
	if (r < 0)
		return ep_err_set(err, r,
				  "this boot has no id that tells it from "
				  "another: %s",
				  strerror(-r));
	r = ep_state_open(&j->state, &env->root, create, err);
	if (r < 0)
		return r;
	if (!has_file(j))
		find_renamed(j);
	if (!create && !has_file(j))
		return -ENOENT;
	r = lock_folder(j, until_ns, err);
	if (r == 0)
		r = lock_board(j, env, until_ns, err);
	return r == 0 ? open_file(j, err) : r;
}

void ep_journal_close(struct ep_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	if (j->board_fd >= 0)
		close(j->board_fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	j->fd = j->board_fd = j->lock_fd = -1;
	ep_state_close(&j->state);
	free(j->entries);
	j->entries = NULL;
	j->count = j->entries_size = 0;
}

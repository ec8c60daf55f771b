/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

#define STEP_FILES 8
#define STEP_NS INT64_C(60000)

/* getdents64(2): readdir(3) would allocate */
struct dent {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* The field count fields after text, which points at one; NULL at the end. */
static const char *skip_fields(const char *text, int count)
{
	for (; count > 0; count--) {
		text = strchr(text, ' ');
		if (!text)
			return NULL;
		text++;
	}
	return text;
}

static int field_i64(const char *text, int64_t *ret)
{
	return text && ep_num_scan_i64(text, strcspn(text, " \n"), ret) > 0
		       ? 0
		       : -EBADMSG;
}

/* proc(5): pid (comm) state ppid ... threads(20) ... starttime(22); comm may
 * hold anything, so counting begins at the last ')'. */
int ep_walk_stat_parse(const char *text, struct ep_walk_stat *ret)
{
	const char *at = strrchr(text, ')');
	int64_t ppid;

	if (!at || at[1] != ' ' || !at[2])
		return -EBADMSG;
	ret->state = at[2];
	at = skip_fields(at + 2, 1);
	if (field_i64(at, &ppid) < 0)
		return -EBADMSG;
	ret->ppid = (pid_t)ppid;
	at = skip_fields(at, 16);
	if (field_i64(at, &ret->threads_count) < 0)
		return -EBADMSG;
	return field_i64(skip_fields(at, 2), &ret->start_ticks);
}

static int read_stat(const char *path, struct ep_walk_stat *ret)
{
	char text[1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int n;

	if (fd < 0)
		return -errno;
	n = ep_kept_read_text(fd, text, sizeof(text));
	close(fd);
	return n < 0 ? n : ep_walk_stat_parse(text, ret);
}

int ep_walk_stat_read(pid_t pid, struct ep_walk_stat *ret)
{
	char path[48];

	(void)ep_str_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return read_stat(path, ret);
}

/* The process number given out last: the fifth word of loadavg. */
static int read_last_pid(const struct ep_proc_tree *tree, pid_t *ret)
{
	char text[128];
	int64_t value;
	int n = ep_kept_read_text(tree->loadavg_fd, text, sizeof(text));

	if (n < 0)
		return n;
	if (field_i64(skip_fields(text, 4), &value) < 0 || value <= 0)
		return -EBADMSG;
	*ret = (pid_t)value;
	return 0;
}

static bool is_own(const struct ep_proc_tree *tree, pid_t pid)
{
	for (size_t i = 0; i < tree->own_count; i++)
		if (tree->own[i] == pid)
			return true;
	return false;
}

/* The next name in the listed folder as a number, 0 for other names; -ENODATA
 * when the block is used up. */
static int next_number(struct ep_proc_tree *tree, pid_t *ret)
{
	const struct dent *d;
	int64_t value;
	size_t len;

	if (tree->dents_at >= tree->dents_end)
		return -ENODATA;
	d = (const struct dent *)(const void *)(tree->dents + tree->dents_at);
	tree->dents_at += d->reclen;
	len = strlen(d->name);
	*ret = 0;
	if (ep_num_scan_i64(d->name, len, &value) == (int)len && value > 0 &&
	    value <= INT32_MAX)
		*ret = (pid_t)value;
	return 0;
}

/* The next block of names: 1, or 0 at the end of the folder, or -errno. */
static int next_block(struct ep_proc_tree *tree)
{
	long n = syscall(SYS_getdents64, tree->dir_fd, tree->dents,
			 sizeof(tree->dents));

	tree->dents_at = 0;
	tree->dents_end = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n > 0;
}

static void close_dir(struct ep_proc_tree *tree)
{
	if (tree->dir_fd >= 0)
		close(tree->dir_fd);
	tree->dir_fd = -1;
	tree->dents_at = tree->dents_end = 0;
}

static int open_dir(struct ep_proc_tree *tree, const char *path)
{
	close_dir(tree);
	tree->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree->dir_fd < 0 ? -errno : 0;
}

/* Does the step end after this many files? */
static bool enough(const struct ep_proc_tree *tree, int files)
{
	return files >= STEP_FILES ||
	       (files > 0 && ep_clock_monotonic_ns() >= tree->step_end_ns);
}

/* Process numbers are given out in a circle. */
static bool in_scan_range(const struct ep_proc_tree *tree, pid_t pid)
{
	if (tree->scan_low < tree->scan_high)
		return pid > tree->scan_low && pid <= tree->scan_high;
	return pid > tree->scan_low || pid <= tree->scan_high;
}

/* 1 when the scan is complete. */
static int scan_step(struct ep_proc_tree *tree)
{
	const pid_t self = getpid();
	int files = 0;
	int r;
	pid_t pid;

	while (!enough(tree, files)) {
		struct ep_walk_stat s;

		r = next_number(tree, &pid);
		if (r == -ENODATA) {
			/* One block a step: listing processes is dear. */
			if (files > 0)
				return 0;
			r = next_block(tree);
			if (r <= 0)
				return r < 0 ? r : 1;
			files++;
			continue;
		}
		if (pid == 0 || !in_scan_range(tree, pid) ||
		    ep_proc_tree_has(tree, pid))
			continue;
		files++;
		if (ep_walk_stat_read(pid, &s) == 0 &&
		    (ep_proc_tree_has(tree, s.ppid) ||
		     (tree->ours && s.ppid == self && !is_own(tree, pid))))
			ep_proc_tree_add(tree, pid, s.start_ticks);
	}
	return 0;
}

static int begin_scan(struct ep_proc_tree *tree)
{
	tree->phase = EP_WALK_SCAN;
	return open_dir(tree, "/proc");
}

static int begin_walk(struct ep_proc_tree *tree, int64_t now_ns)
{
	pid_t last;
	int r;

	tree->walk_begin_ns = now_ns;
	tree->walk_due_ns = now_ns + EP_PROC_WALK_NS;
	tree->walk_cost_ns = 0;
	tree->threads_now = tree->looked_now = tree->busy_now = 0;
	tree->thread_proc = 0;
	r = read_last_pid(tree, &last);
	if (r < 0)
		return r;
	/* A number is given out a moment before its process can be seen, so
	 * each range is looked through twice. */
	tree->scan_low = tree->scan_after;
	tree->scan_high = last;
	tree->scan_after = tree->scan_next;
	tree->scan_next = last;
	tree->phase = EP_WALK_THREADS;
	if (tree->scan_low == last)
		return 0;
	/* Folders list small numbers first; past the wrap a parent may have a
	 * larger number than its child. */
	tree->scan_again = tree->scan_low > last;
	return begin_scan(tree);
}

/* The process itself: is it still the same, how many threads has it?  Opens
 * its list of threads when that is worth looking at. */
static void begin_process(struct ep_proc_tree *tree)
{
	struct ep_process *p = &tree->procs[tree->thread_proc];
	struct ep_walk_stat s;
	char path[48];

	if (ep_walk_stat_read(p->pid, &s) < 0 ||
	    s.start_ticks != p->start_ticks) {
		ep_proc_tree_drop(tree, tree->thread_proc);
		return;
	}
	tree->threads_now += s.threads_count;
	if (s.threads_count == 1) {
		tree->looked_now++;
		tree->busy_now += s.state == 'R';
	} else if (tree->threads && tree->threads_now <= EP_PROC_THREADS_MAX) {
		(void)ep_str_format(path, sizeof(path), "/proc/%d/task",
				    (int)p->pid);
		if (open_dir(tree, path) == 0)
			return;
	}
	tree->thread_proc++;
}

static void look_at_thread(struct ep_proc_tree *tree, pid_t tid)
{
	struct ep_walk_stat s;
	char path[64];

	(void)ep_str_format(path, sizeof(path), "/proc/%d/task/%d/stat",
			    (int)tree->procs[tree->thread_proc].pid, (int)tid);
	tree->looked_now++;
	if (read_stat(path, &s) == 0)
		tree->busy_now += s.state == 'R';
}

/* 1 when every process was looked at. */
static int threads_step(struct ep_proc_tree *tree)
{
	for (int files = 0; !enough(tree, files); files++) {
		pid_t tid = 0;

		if (tree->dir_fd < 0) {
			if (tree->thread_proc >= tree->count)
				return 1;
			begin_process(tree);
			continue;
		}
		if (next_number(tree, &tid) == -ENODATA) {
			if (next_block(tree) > 0 &&
			    tree->looked_now <= EP_PROC_THREADS_MAX)
				continue;
			close_dir(tree);
			tree->thread_proc++;
		} else if (tid > 0) {
			look_at_thread(tree, tid);
		}
	}
	return 0;
}

static void end_walk(struct ep_proc_tree *tree)
{
	close_dir(tree);
	tree->phase = EP_WALK_REST;
	tree->threads_count = tree->threads_now;
	if (tree->threads)
		tree->busy_count = tree->threads_now > EP_PROC_THREADS_MAX
					   ? -1
					   : tree->busy_now;
}

/* One piece of the phase the walk is in; 1 when the walk is complete. */
static int walk_piece(struct ep_proc_tree *tree)
{
	int r;

	if (tree->phase == EP_WALK_SCAN) {
		r = scan_step(tree);
		if (r <= 0)
			return r;
		close_dir(tree);
		if (tree->scan_again) {
			tree->scan_again = false;
			return begin_scan(tree);
		}
		tree->phase = EP_WALK_THREADS;
		return 0;
	}
	return threads_step(tree);
}

int ep_proc_tree_step(struct ep_proc_tree *tree, int64_t now_ns)
{
	int64_t begin_ns, rest_ns;
	int r = 0;

	if (!tree->started)
		return -ESRCH;
	if (tree->phase == EP_WALK_REST && now_ns < tree->walk_due_ns)
		return 0;
	begin_ns = ep_clock_monotonic_ns();
	tree->step_end_ns = begin_ns + STEP_NS;
	if (tree->phase == EP_WALK_REST)
		r = begin_walk(tree, now_ns);
	if (r == 0)
		r = walk_piece(tree);
	tree->walk_cost_ns += ep_clock_monotonic_ns() - begin_ns;
	if (r == 0)
		return 0;
	end_walk(tree);
	rest_ns = tree->walk_cost_ns * EP_PROC_REST;
	if (rest_ns > EP_PROC_WALK_NS)
		tree->walk_due_ns = tree->walk_begin_ns + rest_ns;
	return r;
}

int ep_proc_walk_prepare(struct ep_proc_tree *tree, pid_t pid)
{
	const pid_t self = getpid();
	struct ep_walk_stat s;
	pid_t other;
	int r;

	/* A process is always given its number after its parent. */
	tree->scan_after = tree->scan_next = tree->ours ? pid : 0;
	if (!tree->ours)
		return 0;
	r = open_dir(tree, "/proc");
	while (r == 0 && (r = next_block(tree)) > 0) {
		while (next_number(tree, &other) == 0)
			if (other > pid && tree->own_count < EP_PROC_OWN_MAX &&
			    ep_walk_stat_read(other, &s) == 0 && s.ppid == self)
				tree->own[tree->own_count++] = other;
		r = 0;
	}
	close_dir(tree);
	return r;
}

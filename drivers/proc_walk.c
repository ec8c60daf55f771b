/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_tree_parts.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

#define STEP_FILES 8
#define PROBES_MAX 8192
#define STEP_NS INT64_C(30000)

/* The process number given out last: the fifth and last word of loadavg. */
static int read_last_pid(const struct ep_proc_tree *tree, pid_t *ret)
{
	char text[128];
	const char *at;
	int64_t value;
	int n = ep_kept_read_text(tree->loadavg_fd, text, sizeof(text));

	if (n < 0)
		return n;
	at = strrchr(text, ' ');
	if (!at ||
	    ep_num_scan_i64(at + 1, strspn(at + 1, "0123456789"), &value) <=
		    0 ||
	    value <= 0 || value > INT32_MAX)
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

/* Does this new process belong to the tree? */
static void look_at_process(struct ep_proc_tree *tree, pid_t pid)
{
	struct ep_walk_stat s = { 0 };

	if (ep_walk_stat_read(pid, &s) == 0 &&
	    (ep_proc_tree_has(tree, s.ppid) ||
	     (tree->ours && s.ppid == getpid() && !is_own(tree, pid))))
		ep_proc_tree_add(tree, pid, s.start_ticks);
}

/*
 * Asks for each number whether there is a process (not a thread), which is much
 * cheaper than listing them all.  1 when the range is through.
 */
static int probe_step(struct ep_proc_tree *tree)
{
	int files = 0;

	for (int n = 1; tree->scan_low < tree->scan_high; n++) {
		pid_t pid = ++tree->scan_low;
		clockid_t clock;

		if (clock_getcpuclockid(pid, &clock) == 0 &&
		    !ep_proc_tree_has(tree, pid)) {
			look_at_process(tree, pid);
			files++;
		}
		if (enough(tree, n % 16 == 0 ? files + 1 : files))
			return tree->scan_low == tree->scan_high;
	}
	return 1;
}

/* The same by listing all processes, for a range that is long or has wrapped. */
static int scan_step(struct ep_proc_tree *tree)
{
	int files = 0;
	int r;
	pid_t pid;

	while (!enough(tree, files)) {
		r = ep_walk_next_number(tree, &pid);
		if (r == -ENODATA) {
			r = ep_walk_next_block(tree);
			if (r <= 0)
				return r < 0 ? r : 1;
			files++;
			continue;
		}
		if (pid == 0 || !in_scan_range(tree, pid) ||
		    ep_proc_tree_has(tree, pid))
			continue;
		files++;
		look_at_process(tree, pid);
	}
	return 0;
}

static int begin_scan(struct ep_proc_tree *tree)
{
	tree->phase = EP_WALK_SCAN;
	return ep_walk_open_dir(tree, "/proc");
}

static int begin_walk(struct ep_proc_tree *tree, int64_t now_ns)
{
	pid_t last = 0;
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
	if (tree->scan_low > 0 && tree->scan_low < last &&
	    last - tree->scan_low <= PROBES_MAX) {
		tree->phase = EP_WALK_PROBE;
		return 0;
	}
	/* One that had begun before us may have numbers from before a wrap. */
	if (tree->scan_low == 0)
		tree->scan_high = INT32_MAX;
	/* Folders list small numbers first; past the wrap a parent may have a
	 * larger number than its child. */
	tree->scan_again = tree->scan_low == 0 || tree->scan_low > last;
	return begin_scan(tree);
}

/* The process itself: is it still the same, how many threads has it?  Opens
 * its list of threads when that is worth looking at. */
static void begin_process(struct ep_proc_tree *tree)
{
	struct ep_process *p = &tree->procs[tree->thread_proc];
	struct ep_walk_stat s = { 0 };
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
		if (ep_walk_open_dir(tree, path) == 0)
			return;
	}
	tree->thread_proc++;
}

static void look_at_thread(struct ep_proc_tree *tree, pid_t tid)
{
	struct ep_walk_stat s = { 0 };
	char path[64];

	(void)ep_str_format(path, sizeof(path), "/proc/%d/task/%d/stat",
			    (int)tree->procs[tree->thread_proc].pid, (int)tid);
	tree->looked_now++;
	if (ep_walk_stat_read_at(path, &s) == 0)
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
		if (ep_walk_next_number(tree, &tid) == -ENODATA) {
			if (ep_walk_next_block(tree) > 0 &&
			    tree->looked_now <= EP_PROC_THREADS_MAX)
				continue;
			ep_walk_close_dir(tree);
			tree->thread_proc++;
		} else if (tid > 0) {
			look_at_thread(tree, tid);
		}
	}
	return 0;
}

static void end_walk(struct ep_proc_tree *tree)
{
	ep_walk_close_dir(tree);
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

	if (tree->phase == EP_WALK_SCAN || tree->phase == EP_WALK_PROBE) {
		r = tree->phase == EP_WALK_SCAN ? scan_step(tree)
						: probe_step(tree);
		if (r <= 0)
			return r;
		ep_walk_close_dir(tree);
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
	int r;

	if (!tree->started)
		return -ESRCH;
	if (tree->phase == EP_WALK_REST && now_ns < tree->walk_due_ns)
		return 0;
	begin_ns = ep_clock_monotonic_ns();
	tree->step_end_ns = begin_ns + STEP_NS;
	r = tree->phase == EP_WALK_REST ? begin_walk(tree, now_ns)
					: walk_piece(tree);
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
	struct ep_walk_stat s = { 0 };
	pid_t other;
	int r;

	/* A process is always given its number after its parent. */
	tree->scan_after = tree->scan_next = tree->ours ? pid : 0;
	if (!tree->ours)
		return 0;
	r = ep_walk_open_dir(tree, "/proc");
	while (r == 0 && (r = ep_walk_next_block(tree)) > 0) {
		while (ep_walk_next_number(tree, &other) == 0)
			if (other > pid && tree->own_count < EP_PROC_OWN_MAX &&
			    ep_walk_stat_read(other, &s) == 0 && s.ppid == self)
				tree->own[tree->own_count++] = other;
		r = 0;
	}
	ep_walk_close_dir(tree);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

int ep_proc_tree_new(bool threads, struct ep_proc_tree **ret)
{
	struct ep_proc_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->threads = threads;
	tree->dir_fd = -1;
	tree->threads_count = -1;
	tree->busy_count = -1;
	tree->loadavg_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	if (tree->loadavg_fd < 0) {
		int r = -errno;

		free(tree);
		return r;
	}
	*ret = tree;
	return 0;
}

void ep_proc_tree_free(struct ep_proc_tree *tree)
{
	if (!tree)
		return;
	if (tree->dir_fd >= 0)
		close(tree->dir_fd);
	close(tree->loadavg_fd);
	free(tree);
}

bool ep_proc_tree_has(const struct ep_proc_tree *tree, pid_t pid)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->procs[i].pid == pid)
			return true;
	return false;
}

void ep_proc_tree_add(struct ep_proc_tree *tree, pid_t pid, int64_t start_ticks)
{
	struct ep_process *p = &tree->procs[tree->count];

	if (tree->count == EP_PROC_TREE_MAX) {
		tree->truncated = true;
		return;
	}
	if (clock_getcpuclockid(pid, &p->clock) != 0)
		return;
	p->pid = pid;
	p->start_ticks = start_ticks;
	p->cpu_ns = 0;
	tree->count++;
}

void ep_proc_tree_drop(struct ep_proc_tree *tree, size_t i)
{
	tree->ended_ns += tree->procs[i].cpu_ns;
	tree->procs[i] = tree->procs[--tree->count];
}

int ep_proc_tree_start(struct ep_proc_tree *tree, pid_t pid)
{
	struct ep_walk_stat s;
	int r;

	if (tree->started)
		return -EBUSY;
	if (ep_walk_stat_read(pid, &s) < 0)
		return -ESRCH;
	tree->ours = s.ppid == getpid();
	r = ep_proc_walk_prepare(tree, pid);
	if (r < 0)
		return r;
	ep_proc_tree_add(tree, pid, s.start_ticks);
	if (tree->count == 0)
		return -ESRCH;
	tree->started = true;
	return 0;
}

int ep_proc_tree_follow(struct ep_proc_tree *tree, pid_t pid, int64_t now_ns)
{
	int r = 0;

	if (!tree->started)
		r = pid > 0 ? ep_proc_tree_start(tree, pid) : -ESRCH;
	return r < 0 ? r : ep_proc_tree_step(tree, now_ns);
}

bool ep_proc_tree_started(const struct ep_proc_tree *tree)
{
	return tree->started;
}

int ep_proc_tree_cpu_ns(struct ep_proc_tree *tree, int64_t now_ns,
			int64_t *ret_ns)
{
	int64_t begin_ns, sum_ns;

	if (!tree->started)
		return -ESRCH;
	if (now_ns < tree->cpu_due_ns)
		return -EAGAIN;
	begin_ns = ep_clock_monotonic_ns();
	for (size_t i = tree->count; i-- > 0;) {
		struct ep_process *p = &tree->procs[i];
		struct timespec ts;
		int64_t value_ns;

		if (clock_gettime(p->clock, &ts) < 0) {
			ep_proc_tree_drop(tree, i);
			continue;
		}
		value_ns = (int64_t)ts.tv_sec * EP_NS_PER_S + ts.tv_nsec;
		if (value_ns < p->cpu_ns)
			ep_proc_tree_drop(tree, i);
		else
			p->cpu_ns = value_ns;
	}
	sum_ns = tree->ended_ns;
	for (size_t i = 0; i < tree->count; i++)
		sum_ns += tree->procs[i].cpu_ns;
	if (sum_ns > tree->sum_ns)
		tree->sum_ns = sum_ns;
	tree->cpu_due_ns =
		now_ns +
		(ep_clock_monotonic_ns() - begin_ns - 100000) * EP_PROC_REST;
	*ret_ns = tree->sum_ns;
	return 0;
}

size_t ep_proc_tree_count(const struct ep_proc_tree *tree)
{
	return tree->count;
}

pid_t ep_proc_tree_pid(const struct ep_proc_tree *tree, size_t index)
{
	return tree->procs[index].pid;
}

void ep_proc_tree_facts(const struct ep_proc_tree *tree,
			struct ep_proc_tree_facts *ret)
{
	ret->threads_count = tree->threads_count;
	ret->busy_count = tree->busy_count;
	ret->truncated = tree->truncated;
}

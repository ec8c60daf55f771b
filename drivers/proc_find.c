/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_find.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"
#include "drivers/proc_list.h"

#define GENERATIONS_MAX 1000
#define NAME_BYTES 256

int ep_proc_exe(pid_t pid, char *ret, size_t size)
{
	static const char gone[] = " (deleted)";
	char path[64], text[4096];
	ssize_t n;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	/* Replaced while it runs: the name is still what it was. */
	if (ep_str_ends(text, gone))
		text[(size_t)n - strlen(gone)] = '\0';
	return ep_str_copy(ret, size, text) ? 0 : -ENAMETOOLONG;
}

/* Without folders; "" where it may not be known. */
static void exe_name(pid_t pid, char ret[NAME_BYTES])
{
	char path[4096];
	const char *slash;

	ret[0] = '\0';
	if (ep_proc_exe(pid, path, sizeof(path)) < 0)
		return;
	slash = strrchr(path, '/');
	if (!ep_str_copy(ret, NAME_BYTES, slash ? slash + 1 : path))
		ret[0] = '\0';
}

/* One look at all processes, and which of them have the name. */
struct look {
	struct ep_proc_id *all;
	bool *match;
	char (*names)[NAME_BYTES];
	int count;
};

static int index_of(const struct look *l, pid_t pid)
{
	for (int i = 0; i < l->count; i++)
		if (l->all[i].pid == pid)
			return i;
	return -1;
}

static bool has_match_above(const struct look *l, int i)
{
	for (int n = 0; i >= 0 && n < GENERATIONS_MAX; n++) {
		i = index_of(l, l->all[i].parent);
		if (i >= 0 && l->match[i])
			return true;
	}
	return false;
}

static void look_at(struct look *l, const char *name)
{
	for (int i = 0; i < l->count; i++) {
		const struct ep_proc_id *id = &l->all[i];

		if (id->kernel || id->zombie || id->pid == getpid())
			continue;
		exe_name(id->pid, l->names[i]);
		l->match[i] = strcmp(l->names[i], name) == 0 ||
			      strcmp(id->name, name) == 0;
		if (!l->names[i][0])
			(void)ep_str_copy(l->names[i], NAME_BYTES, id->name);
	}
}

static void find_near(const struct look *l, const char *name, char *near,
		      size_t size)
{
	const char **names = calloc(2 * (size_t)l->count + 1, sizeof(*names));
	const char *nearest;
	size_t count = 0;

	for (int i = 0; names && i < l->count; i++)
		if (l->names[i][0]) {
			names[count++] = l->names[i];
			names[count++] = l->all[i].name;
		}
	nearest = names ? ep_str_nearest(name, names, count) : NULL;
	if (nearest && ep_str_copy(near, size, nearest))
		ep_str_printable(near);
	free(names);
}

int ep_proc_find_name(const char *name, pid_t *ret, int max, char *near,
		      size_t size)
{
	struct look l = { .count = ep_proc_all(&l.all) };
	int found = 0;

	if (size > 0)
		near[0] = '\0';
	if (l.count < 0)
		return l.count;
	l.match = calloc((size_t)l.count + 1, sizeof(*l.match));
	l.names = calloc((size_t)l.count + 1, sizeof(*l.names));
	if (l.match && l.names && l.all) {
		look_at(&l, name);
		for (int i = 0; i < l.count; i++) {
			if (!l.match[i] || has_match_above(&l, i))
				continue;
			if (found < max)
				ret[found] = l.all[i].pid;
			found++;
		}
		if (found == 0)
			find_near(&l, name, near, size);
	} else {
		found = -ENOMEM;
	}
	free(l.match);
	free(l.names);
	free(l.all);
	return found;
}

int ep_proc_of_thread(pid_t tid, pid_t *ret)
{
	char path[64], text[4096];
	const char *at;
	int64_t pid = 0;
	int n;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/status", (int)tid);
	n = ep_root_read_text(&ep_root_machine, path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	at = strstr(text, "\nTgid:\t");
	if (!at)
		return -EBADMSG;
	at += strlen("\nTgid:\t");
	if (ep_num_scan_i64(at, strcspn(at, "\n"), &pid) <= 0 || pid <= 0)
		return -EBADMSG;
	*ret = (pid_t)pid;
	return 0;
}

/* The children of all threads of a process are added behind count. */
static int add_children(pid_t pid, pid_t *ret, int count, int max)
{
	char path[80], text[4096];
	const struct dirent *entry;
	bool any = false;
	DIR *dir;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		const char *at = text;
		int64_t child;

		if (entry->d_name[0] == '.' ||
		    !ep_str_format(path, sizeof(path),
				   "/proc/%d/task/%.16s/children", (int)pid,
				   entry->d_name) ||
		    ep_root_read_text(&ep_root_machine, path, text,
				      sizeof(text)) < 0)
			continue;
		any = true;
		for (; *at; at += strspn(at, " ")) {
			size_t len = strcspn(at, " ");

			if (count < max && ep_num_scan_i64(at, len, &child) > 0)
				ret[count++] = (pid_t)child;
			at += len;
		}
	}
	if (dir)
		closedir(dir);
	return any ? count : -ENOENT;
}

int ep_proc_quick_tree(pid_t pid, pid_t *ret, int max)
{
	int count = 1;

	if (max < 1)
		return 0;
	ret[0] = pid;
	for (int i = 0; i < count; i++) {
		int more = add_children(ret[i], ret, count, max);

		if (more < 0 && i == 0)
			return more;
		count = more > count ? more : count;
	}
	return count;
}

bool ep_proc_is_above(pid_t pid)
{
	struct ep_proc_id id = { .parent = getpid() };

	for (int n = 0; id.parent > 0 && n < GENERATIONS_MAX; n++) {
		if (id.parent == pid)
			return true;
		if (ep_proc_get(id.parent, &id) < 0)
			return false;
	}
	return false;
}

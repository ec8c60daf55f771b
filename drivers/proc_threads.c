/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/proc_list.h"

#define LISTS_MAX 10

static void add_threads(pid_t pid, struct ep_proc_threads *list)
{
	const struct dirent *entry;
	char path[64];
	int64_t id;
	DIR *dir;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (ep_num_parse_i64(entry->d_name, &id) < 0)
			continue;
		if (list->count == EP_PROC_THREADS_LIST_MAX)
			list->truncated = true;
		else
			list->ids[list->count++] = (pid_t)id;
	}
	if (dir)
		closedir(dir);
}

static int list_once(pid_t root, struct ep_proc_threads *ret)
{
	struct ep_proc_id *list =
		calloc(EP_PROC_THREADS_LIST_MAX, sizeof(*list));
	int count;

	if (!list)
		return -ENOMEM;
	memset(ret, 0, sizeof(*ret));
	count = ep_proc_descendants(root, true, list, EP_PROC_THREADS_LIST_MAX);
	for (int i = 0; i < count; i++)
		if (!list[i].zombie)
			add_threads(list[i].pid, ret);
	free(list);
	return ret->count > 0 ? 0 : -ESRCH;
}

int ep_proc_threads_list(pid_t root, struct ep_proc_threads *ret)
{
	struct ep_proc_threads *last = calloc(1, sizeof(*last));
	int r = last ? list_once(root, ret) : -ENOMEM;
	bool equal = false;

	for (int i = 0; r == 0 && !equal && i < LISTS_MAX; i++) {
		*last = *ret;
		r = list_once(root, ret);
		equal = r == 0 && last->count == ret->count &&
			memcmp(last->ids, ret->ids,
			       ret->count * sizeof(ret->ids[0])) == 0;
	}
	free(last);
	if (r == 0)
		ret->unsettled = !equal;
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

#define PROCESSES_MAX 65536
#define KERNEL_THREAD 0x00200000U /* PF_KTHREAD of linux/sched.h */

/* The n-th space-separated field of text (0-based) as a number. */
static int field_at(const char *text, int n, int64_t *ret)
{
	for (; n > 0 && *text; n--) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return ep_num_scan_i64(text, strcspn(text, " \n"), ret) > 0 ? 0
								    : -EBADMSG;
}

int ep_proc_stat_parse(const char *text, struct ep_proc_id *ret)
{
	/* The name may hold anything, also ") "; the last ')' ends it. */
	const char *open = strchr(text, '('), *shut = strrchr(text, ')');
	struct ep_proc_id id = { .pid = 0 };
	int64_t pid, parent, start, flags;

	if (!open || !shut || shut < open || shut[1] != ' ' || !shut[2])
		return -EBADMSG;
	if (ep_num_scan_i64(text, (size_t)(open - text) - (open > text), &pid) <
		    0 ||
	    field_at(shut + 2, 1, &parent) < 0 ||
	    field_at(shut + 2, 6, &flags) < 0 ||
	    field_at(shut + 2, 19, &start) < 0)
		return -EBADMSG;
	id.pid = (pid_t)pid;
	id.parent = (pid_t)parent;
	id.start_ticks = (unsigned long long)start;
	id.zombie = shut[2] == 'Z' || shut[2] == 'X';
	id.kernel = ((unsigned long long)flags & KERNEL_THREAD) != 0;
	(void)ep_str_format(id.name, sizeof(id.name), "%.*s",
			    (int)(shut - open - 1), open + 1);
	ep_str_printable(id.name);
	*ret = id;
	return 0;
}

static int read_stat(const char *pid, struct ep_proc_id *ret)
{
	char path[64], text[1024];
	int fd, n;

	if (!ep_str_format(path, sizeof(path), "/proc/%s/stat", pid))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = ep_kept_read_text(fd, text, sizeof(text));
	close(fd);
	return n < 0 ? n : ep_proc_stat_parse(text, ret);
}

int ep_proc_all(struct ep_proc_id **ret)
{
	struct ep_proc_id *all = NULL;
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int count = 0, size = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) && count < PROCESSES_MAX) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (count == size) {
			struct ep_proc_id *more;

			size = size ? size * 2 : 256;
			more = realloc(all, (size_t)size * sizeof(*all));
			if (!more)
				break;
			all = more;
		}
		memset(&all[count], 0, sizeof(*all));
		if (read_stat(entry->d_name, &all[count]) == 0)
			count++;
	}
	closedir(dir);
	*ret = all;
	return count;
}

static bool is_in(const struct ep_proc_id *list, int count, pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (list[i].pid == pid)
			return true;
	return false;
}

int ep_proc_descendants(pid_t root, bool include_root, struct ep_proc_id *ret,
			int max)
{
	struct ep_proc_id *all = NULL;
	int total = ep_proc_all(&all), count = 0;
	bool grew = true;

	if (total <= 0 || !all) {
		free(all);
		return total;
	}
	for (int i = 0; i < total && count < max; i++)
		if (all[i].pid == root && include_root)
			ret[count++] = all[i];
	while (grew) {
		grew = false;
		for (int i = 0; i < total && count < max; i++) {
			if (all[i].pid == root ||
			    is_in(ret, count, all[i].pid) ||
			    (all[i].parent != root &&
			     !is_in(ret, count, all[i].parent)))
				continue;
			ret[count++] = all[i];
			grew = true;
		}
	}
	free(all);
	return count;
}

int ep_proc_get(pid_t pid, struct ep_proc_id *ret)
{
	char text[24];

	text[ep_num_put_i64(text, pid)] = '\0';
	return read_stat(text, ret);
}

bool ep_proc_is(const struct ep_proc_id *id)
{
	struct ep_proc_id now = { .pid = 0 };

	return ep_proc_get(id->pid, &now) == 0 &&
	       now.start_ticks == id->start_ticks && !now.zombie;
}

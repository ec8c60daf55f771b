/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

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

int ep_walk_stat_read_at(const char *path, struct ep_walk_stat *ret)
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
	return ep_walk_stat_read_at(path, ret);
}

/* The next name in the listed folder as a number, 0 for other names; -ENODATA
 * when the block is used up. */
int ep_walk_next_number(struct ep_proc_tree *tree, pid_t *ret)
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
int ep_walk_next_block(struct ep_proc_tree *tree)
{
	long n = syscall(SYS_getdents64, tree->dir_fd, tree->dents,
			 sizeof(tree->dents));

	tree->dents_at = 0;
	tree->dents_end = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n > 0;
}

void ep_walk_close_dir(struct ep_proc_tree *tree)
{
	if (tree->dir_fd >= 0)
		close(tree->dir_fd);
	tree->dir_fd = -1;
	tree->dents_at = tree->dents_end = 0;
}

int ep_walk_open_dir(struct ep_proc_tree *tree, const char *path)
{
	ep_walk_close_dir(tree);
	tree->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree->dir_fd < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/shelter.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/root.h"
#include "base/str.h"

#define CGROUP_DIR "/sys/fs/cgroup"

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Version 1 of the groups: one tree per controller ("systemd", "freezer"). */
static int leave_tree(void *ctx, const char *name)
{
	char path[256];

	(void)ctx;
	if (ep_str_format(path, sizeof(path), CGROUP_DIR "/%s/cgroup.procs",
			  name))
		(void)put(path, "0");
	return 0;
}

void ep_shelter_enter(bool leave_group)
{
	(void)put("/proc/self/oom_score_adj", "-1000");
	if (!leave_group || geteuid() != 0)
		return;
	if (ep_root_exists(&ep_root_machine, CGROUP_DIR "/cgroup.procs") == 0)
		(void)put(CGROUP_DIR "/cgroup.procs", "0");
	else
		(void)ep_root_list(&ep_root_machine, CGROUP_DIR, leave_tree,
				   NULL);
}

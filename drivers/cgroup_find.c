/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cgroup_parts.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

#define ID_DIGITS_MIN 4
#define TEXT_BYTES 16384 /* v1 has a line for each controller */

struct found {
	pid_t pid;
	int64_t start_ticks;
	bool several;
	char id[EP_CGROUP_ID_BYTES];
	char path[EP_CGROUP_PATH_BYTES];
};

/* Field 22; the name before it may hold anything, its last ')' ends it. */
static int64_t start_of(const char *pid)
{
	char path[64], text[1024];
	const char *at;
	int64_t value = -1;

	if (!ep_str_format(path, sizeof(path), "/proc/%s/stat", pid) ||
	    ep_root_read_text(&ep_root_machine, path, text, sizeof(text)) < 0)
		return -1;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	if (!at || ep_num_scan_i64(at, strcspn(at, " "), &value) < 0)
		return -1;
	return value;
}

static void look_at(const char *pid, const char *wanted, struct found *f)
{
	char path[64], text[TEXT_BYTES], below[EP_CGROUP_PATH_BYTES];
	char id[EP_CGROUP_ID_BYTES];
	int64_t number, start;

	if (ep_num_parse_i64(pid, &number) < 0 ||
	    !ep_str_format(path, sizeof(path), "/proc/%s/cgroup", pid) ||
	    ep_root_read_text(&ep_root_machine, path, text, sizeof(text)) < 0 ||
	    !ep_cgroup_parse(text, id, below, sizeof(below)) ||
	    !ep_str_starts(id, wanted))
		return;
	start = start_of(pid);
	if (start < 0)
		return;
	f->several |= f->pid > 0 && strcmp(f->id, id) != 0;
	if (f->pid > 0 && start >= f->start_ticks)
		return;
	f->pid = (pid_t)number;
	f->start_ticks = start;
	(void)ep_str_copy(f->id, sizeof(f->id), id);
	(void)ep_str_copy(f->path, sizeof(f->path), below);
}

/* The oldest process of the container whose id begins so. */
static int find_by_id(const char *wanted, struct found *f, struct ep_err *err)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (!dir)
		return ep_err_set(err, -errno, "/proc cannot be read: %s",
				  strerror(errno));
	while ((entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at(entry->d_name, wanted, f);
	closedir(dir);
	if (f->several)
		return ep_err_set(err, -ENOTUNIQ,
				  "several running containers have an id that "
				  "begins with %s: give more of it",
				  wanted);
	if (f->pid == 0)
		return ep_err_set(err, -ENOENT,
				  "no process of this machine runs in a "
				  "container %s",
				  wanted);
	return 0;
}

static bool is_id(const char *name)
{
	size_t len = strlen(name);

	return len >= ID_DIGITS_MIN && len < EP_CGROUP_ID_BYTES &&
	       strspn(name, "0123456789abcdef") == len;
}

/* A name may look like an id: whoever knows names is asked first. */
static int find_id(const char *name, char ret[EP_CGROUP_ID_BYTES],
		   struct ep_err *err)
{
	struct ep_engine_said said = { .pid = 0 };
	int r = ep_engine_find(name, &said);

	if (r == 0) {
		memcpy(ret, said.id, sizeof(said.id));
		if (said.pid > 0)
			return 0;
		return ep_err_set(err, -ENOENT,
				  "container '%.80s' does not run: start it "
				  "first",
				  name);
	}
	if (ep_podman_find(name, ret) == 0)
		return 0;
	if (is_id(name)) {
		(void)ep_str_copy(ret, EP_CGROUP_ID_BYTES, name);
		return 0;
	}
	if (r == -EACCES)
		return ep_err_set(err, r,
				  "the container engine may not be asked for "
				  "'%.80s': run edgeprof with sudo, or give "
				  "the container's id",
				  name);
	if (r == -EAGAIN || r == -EBADMSG)
		return ep_err_set(err, r,
				  "the container engine gave no answer that "
				  "is understood: give the container's id "
				  "(docker ps) instead of '%.80s'",
				  name);
	return ep_err_set(err, -ENOENT,
			  "no running container is called '%.80s': docker ps "
			  "or podman ps lists them",
			  name);
}

int ep_container_find(const char *name, pid_t *ret_pid, char *ret_cgroup,
		      size_t size, struct ep_err *err)
{
	struct found f = { .pid = 0 };
	char id[EP_CGROUP_ID_BYTES];
	int r = find_id(name, id, err);

	if (r == 0)
		r = find_by_id(id, &f, err);
	if (r < 0)
		return r;
	if (!ep_str_copy(ret_cgroup, size, f.path))
		return ep_err_set(err, -ENAMETOOLONG,
				  "the control group's path is too long");
	*ret_pid = f.pid;
	return 0;
}

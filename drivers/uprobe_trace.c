/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

/* Kernel 5.2; not in the headers of glibc 2.31. */
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#define FSCONFIG_CREATE 6
#define FSMOUNT_CLOSE_ON_EXEC 1U
#define FSOPEN_CLOSE_ON_EXEC 1U

#define GROUP EP_UPROBE_GROUP "_"
#define LIST_BYTES (256 * 1024)

#if defined(__x86_64__)
#define FETCH_FIRST "%di"
#define FETCH_SECOND "%si"
#define FETCH_THIRD "%dx"
#define FETCH_STRUCT "+8(%sp)"
#else /* AArch64 */
#define FETCH_FIRST "%x0"
#define FETCH_SECOND "%x1"
#define FETCH_THIRD "%x2"
#define FETCH_STRUCT "+0(%x1)"
#endif

static int open_mounted(const char *path)
{
	struct statfs fs;
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == TRACEFS_MAGIC)
		return fd;
	close(fd);
	return -ENOENT;
}

/* A mount that only this descriptor knows, and that ends with it. */
static int open_detached(void)
{
	int fs, fd = -1;

	fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOSE_ON_EXEC);
	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOSE_ON_EXEC, 0);
	if (fd < 0)
		fd = -errno;
	close(fs);
	return fd;
}

static int command(int trace_fd, const char *text)
{
	int fd = openat(trace_fd, "uprobe_events",
			O_WRONLY | O_APPEND | O_CLOEXEC);
	size_t len = strlen(text);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		r = -errno;
	close(fd);
	return r;
}

static int read_file(int trace_fd, const char *path, char *ret, size_t size)
{
	int fd = openat(trace_fd, path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < size - 1) {
		n = read(fd, ret + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	ret[len] = '\0';
	return n < 0 ? -EIO : 0;
}

/* "p:edgeprof_123/in0 /usr/lib/libllama.so:0x1234 ..." */
static bool event_of(char *line, const char *prefix, char **ret)
{
	if ((line[0] != 'p' && line[0] != 'r') || !strchr(line, ':'))
		return false;
	*ret = strchr(line, ':') + 1; /* r8:group/event: at most 8 at a time */
	line = *ret + strcspn(*ret, " ");
	*line = '\0';
	return ep_str_starts(*ret, prefix) && strchr(*ret, '/');
}

int ep_uprobe_trace_list(int trace_fd, const char *prefix,
			 void (*each)(void *ctx, const char *name), void *ctx)
{
	char *text = malloc(LIST_BYTES), *line = text, *name;
	int r = text ? read_file(trace_fd, "uprobe_events", text, LIST_BYTES)
		     : -ENOMEM;

	while (r == 0 && *line) {
		char *end = strchr(line, '\n');

		if (!end)
			break;
		*end = '\0';
		if (event_of(line, prefix, &name))
			each(ctx, name);
		line = end + 1;
	}
	free(text);
	return r;
}

/* "edgeprof_123/e0" of a process that is gone. */
static void remove_stale(void *ctx, const char *name)
{
	const int *trace_fd = ctx;
	const char *number = name + strlen(GROUP);
	char text[32];
	int64_t pid = 0;

	if (!ep_str_format(text, sizeof(text), "%.*s",
			   (int)strcspn(number, "/"), number) ||
	    ep_num_parse_i64(text, &pid) < 0 || pid <= 0 || pid > INT32_MAX ||
	    kill((pid_t)pid, 0) == 0 || errno != ESRCH)
		return;
	(void)ep_uprobe_trace_remove(*trace_fd, name);
}

int ep_uprobe_trace_open(void)
{
	int fd = open_mounted("/sys/kernel/tracing");

	if (fd < 0)
		fd = open_mounted("/sys/kernel/debug/tracing");
	if (fd < 0)
		fd = open_detached();
	if (fd < 0)
		return fd;
	if (faccessat(fd, "uprobe_events", W_OK, AT_EACCESS) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	/* Definitions outlive a process that was killed.  They cost nothing,
	 * but they would pile up. */
	(void)ep_uprobe_trace_list(fd, GROUP, remove_stale, &fd);
	return fd;
}

/* "\tfield:u64 v;\toffset:24;\tsize:8;..." */
static int field_at(const char *format, const char *name, uint16_t *ret)
{
	const char *at = strstr(format, name);
	int64_t value = 0;
	char digits[8];
	size_t len;

	if (!at)
		return -EBADMSG;
	at = strstr(at, "offset:");
	if (!at)
		return -EBADMSG;
	at += strlen("offset:");
	len = strcspn(at, ";");
	if (len >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, at, len);
	digits[len] = '\0';
	if (ep_num_parse_i64(digits, &value) < 0 || value < 0 || value > 64)
		return -EBADMSG;
	*ret = (uint16_t)value;
	return 0;
}

int ep_uprobe_trace_layout(int trace_fd, const char *name,
			   struct ep_uprobe_kind *kind, uint64_t *ret_config)
{
	char path[128], text[4096];
	int64_t id = 0;
	int r;

	(void)ep_str_format(path, sizeof(path), "events/%s/id", name);
	r = read_file(trace_fd, path, text, sizeof(text));
	if (r == 0)
		r = ep_num_parse_i64(ep_str_chomp(text), &id);
	(void)ep_str_format(path, sizeof(path), "events/%s/format", name);
	if (r == 0)
		r = read_file(trace_fd, path, text, sizeof(text));
	if (r == 0)
		r = field_at(text, ":s32 id;", &kind->probe_at);
	if (r == 0 && (kind->flags & EP_UPROBE_RETURN))
		r = field_at(text, ":u64 v;", &kind->value_at);
	else if (r == 0)
		r = field_at(text, ":u64 a;", &kind->first_at);
	if (r == 0 && !(kind->flags & EP_UPROBE_RETURN))
		r = field_at(text, ":s32 b;", &kind->second_at);
	if (r == 0 && !(kind->flags & EP_UPROBE_RETURN))
		r = field_at(text, ":u64 c;", &kind->third_at);
	*ret_config = (uint64_t)id;
	return r;
}

static int define_one(int trace_fd, const char *name, int fd,
		      const struct ep_uprobe_point *p)
{
	char fetch[64] = "v=$retval:u64", text[256];
	char kind = 'r';

	if (!(p->flags & EP_UPROBE_RETURN)) {
		kind = 'p';
		(void)ep_str_format(fetch, sizeof(fetch),
				    "a=%s:u64 b=%s:s32 c=%s:u64", FETCH_FIRST,
				    (p->flags & EP_UPROBE_STRUCT)
					    ? FETCH_STRUCT
					    : FETCH_SECOND,
				    FETCH_THIRD);
	}
	(void)ep_str_format(text, sizeof(text),
			    "%c:%s /proc/self/fd/%d:0x%llx %s id=\\%d:s32",
			    kind, name, fd, (unsigned long long)p->offset,
			    fetch, p->probe);
	return command(trace_fd, text);
}

int ep_uprobe_trace_define(int trace_fd, const char *name,
			   const struct ep_uprobe_batch *batch,
			   struct ep_uprobe_kind *kind, uint64_t *ret_config)
{
	unsigned wanted = kind->flags & EP_UPROBE_RETURN;
	int r = -ENOENT;

	for (size_t i = 0; i < batch->count; i++) {
		const struct ep_uprobe_point *p = &batch->points[i];

		if ((p->flags & EP_UPROBE_RETURN) != wanted)
			continue;
		r = define_one(trace_fd, name, batch->fd, p);
		if (r < 0)
			break;
	}
	if (r == 0)
		r = ep_uprobe_trace_layout(trace_fd, name, kind, ret_config);
	if (r < 0 && r != -ENOENT)
		(void)ep_uprobe_trace_remove(trace_fd, name);
	return r;
}

int ep_uprobe_trace_remove(int trace_fd, const char *name)
{
	char text[96];

	if (!ep_str_format(text, sizeof(text), "-:%s", name))
		return -ENAMETOOLONG;
	return command(trace_fd, text);
}

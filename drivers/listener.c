/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/listener.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "drivers/listener_parts.h"

#define TABLE_BYTES_MAX (16 * 1024 * 1024)
#define SOCKETS_MAX 16

/* TCP_LISTEN of include/net/tcp_states.h, as the table prints it. */
#define LISTENS "0A"

struct search {
	uint64_t inodes[SOCKETS_MAX];
	size_t count;
	bool denied;
};

bool ep_listener_word(const char *line, int index, char *ret, size_t size)
{
	size_t len;

	for (;; index--) {
		line += strspn(line, " \t");
		len = strcspn(line, " \t\n");
		if (index == 0 || len == 0)
			break;
		line += len;
	}
	return len > 0 && ep_str_format(ret, size, "%.*s", (int)len, line);
}

uint64_t ep_listener_parse(const char *line, unsigned port)
{
	char address[64], state[8], inode[24], want[8];
	uint64_t value = 0;

	(void)ep_str_format(want, sizeof(want), ":%04X", port);
	if (!ep_listener_word(line, EP_TCP_LOCAL_WORD, address,
			      sizeof(address)) ||
	    !ep_listener_word(line, EP_TCP_STATE_WORD, state, sizeof(state)) ||
	    !ep_listener_word(line, EP_TCP_INODE_WORD, inode, sizeof(inode)) ||
	    strcmp(state, LISTENS) != 0 || !ep_str_ends(address, want) ||
	    ep_num_parse_u64(inode, &value) < 0)
		return 0;
	return value;
}

static int read_table(const char *path, unsigned port, struct search *s)
{
	struct ep_buf text;
	const char *line;
	int r;

	ep_buf_init(&text, TABLE_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, &text);
	for (line = r < 0 ? NULL : text.data; line && *line;) {
		uint64_t inode = ep_listener_parse(line, port);
		const char *end = strchr(line, '\n');

		if (inode > 0 && s->count < SOCKETS_MAX)
			s->inodes[s->count++] = inode;
		line = end ? end + 1 : NULL;
	}
	ep_buf_done(&text);
	return r;
}

static bool is_wanted(const struct search *s, const char *link)
{
	char want[40];

	for (size_t i = 0; i < s->count; i++) {
		(void)ep_str_format(want, sizeof(want), "socket:[%llu]",
				    (unsigned long long)s->inodes[i]);
		if (strcmp(link, want) == 0)
			return true;
	}
	return false;
}

static bool owns(struct search *s, const char *pid)
{
	char path[64], link[64];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)ep_str_format(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	if (!dir) {
		s->denied |= errno == EACCES;
		return false;
	}
	while (!found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link,
				       sizeof(link) - 1);

		if (n <= 0)
			continue;
		link[n] = '\0';
		found = is_wanted(s, link);
	}
	closedir(dir);
	return found;
}

static pid_t find_owner(struct search *s)
{
	const struct dirent *entry;
	int64_t lowest = 0, pid;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir)))
		if (ep_num_parse_i64(entry->d_name, &pid) == 0 && pid > 0 &&
		    (lowest == 0 || pid < lowest) && owns(s, entry->d_name))
			lowest = pid;
	if (dir)
		closedir(dir);
	return (pid_t)lowest;
}

static void name_of(pid_t pid, char *ret, size_t size)
{
	char path[64], text[4096];
	struct ep_buf comm;
	const char *slash;
	ssize_t n;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		slash = strrchr(text, '/');
		(void)ep_str_copy(ret, size, slash ? slash + 1 : text);
		return;
	}
	ep_buf_init(&comm, 64);
	(void)ep_str_format(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (ep_file_read(AT_FDCWD, path, &comm) == 0)
		(void)ep_str_copy(ret, size, ep_str_chomp(comm.data));
	ep_buf_done(&comm);
}

int ep_listener_find(unsigned port, pid_t *ret, char *name, size_t size,
		     struct ep_err *err)
{
	struct search s = { .count = 0 };
	pid_t pid;
	int r = read_table("/proc/net/tcp", port, &s);

	/* Without IPv6 there is no second table. */
	(void)read_table("/proc/net/tcp6", port, &s);
	if (r < 0)
		return ep_err_set(err, r, "/proc/net/tcp cannot be read: %s",
				  strerror(-r));
	if (s.count == 0)
		return ep_err_set(
			err, -ENOENT,
			"no process of this machine listens on port "
			"%u: what answers there, if anything does, is "
			"elsewhere",
			port);
	pid = find_owner(&s);
	if (pid == 0 && s.denied)
		return ep_err_set(err, -EACCES,
				  "the process that listens on port %u belongs "
				  "to another user: run edgeprof with sudo",
				  port);
	if (pid == 0)
		return ep_err_set(err, -ENOENT,
				  "the process that listens on port %u is not "
				  "visible from here",
				  port);
	if (size > 0)
		name[0] = '\0';
	name_of(pid, name, size);
	*ret = pid;
	return 0;
}

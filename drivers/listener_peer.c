/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/listener_peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "drivers/listener_parts.h"

#define TABLE_BYTES_MAX (16 * 1024 * 1024)

uint64_t ep_listener_peer_parse(const char *line, unsigned port)
{
	char address[64], inode[24], want[8];
	uint64_t value = 0;

	(void)ep_str_format(want, sizeof(want), ":%04X", port);
	if (!ep_listener_word(line, EP_TCP_REMOTE_WORD, address,
			      sizeof(address)) ||
	    !ep_listener_word(line, EP_TCP_INODE_WORD, inode, sizeof(inode)) ||
	    !ep_str_ends(address, want) || ep_num_parse_u64(inode, &value) < 0)
		return 0;
	return value;
}

static int read_table(const char *path, unsigned port, uint64_t *ret, int max)
{
	struct ep_buf text;
	const char *line;
	int r, count = 0;

	ep_buf_init(&text, TABLE_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, &text);
	for (line = r < 0 ? NULL : text.data; line && *line;) {
		uint64_t inode = ep_listener_peer_parse(line, port);
		const char *end = strchr(line, '\n');

		if (inode > 0 && count < max)
			ret[count++] = inode;
		line = end ? end + 1 : NULL;
	}
	ep_buf_done(&text);
	return r < 0 ? r : count;
}

int ep_listener_peers(unsigned port, uint64_t *ret, int max)
{
	int count = read_table("/proc/net/tcp", port, ret, max), more;

	if (count < 0)
		return count;
	/* Without IPv6 there is no second table. */
	more = read_table("/proc/net/tcp6", port, ret + count, max - count);
	return more < 0 ? count : count + more;
}

int ep_listener_sockets(pid_t pid, uint64_t *ret, int max)
{
	static const char socket_link[] = "socket:[";
	const size_t head = sizeof(socket_link) - 1;
	const struct dirent *entry;
	char path[64], link[64];
	int count = 0;
	DIR *dir;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (count < max && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link,
				       sizeof(link) - 1);
		int64_t inode;

		if (n <= 0)
			continue;
		link[n] = '\0';
		if (ep_str_starts(link, socket_link) &&
		    ep_num_scan_i64(link + head, strcspn(link + head, "]"),
				    &inode) > 0)
			ret[count++] = (uint64_t)inode;
	}
	closedir(dir);
	return count;
}

/* A socket can be bound to the addresses of this machine and to no other. */
static bool can_bind(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, a->ai_addr, a->ai_addrlen) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

int ep_listener_is_here(const char *host, struct ep_err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;
	int r = getaddrinfo(host, NULL, &hints, &list);
	bool here = false;

	if (r != 0)
		return ep_err_set(err, -ENOENT, "host '%.100s': %s", host,
				  gai_strerror(r));
	for (const struct addrinfo *a = list; a && !here; a = a->ai_next)
		here = can_bind(a);
	freeaddrinfo(list);
	return here;
}

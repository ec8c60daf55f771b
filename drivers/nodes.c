/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct scan {
	const struct ep_root *root;
	const char *folder, *prefix;
	bool numbered;
	struct ep_node *nodes;
	size_t count, max;
};

/* By the descriptor's link in /proc: access control lists count too. */
static bool usable(int fd)
{
	char path[48];

	(void)ep_str_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
}

static int add_node(void *ctx, const char *name)
{
	struct scan *s = ctx;
	size_t len = strlen(s->prefix);
	const char *rest = name + len;
	struct ep_node *n;
	struct stat st;
	int fd;

	if (!ep_str_starts(name, s->prefix) || s->count == s->max ||
	    (s->numbered ? !*rest || rest[strspn(rest, "0123456789")]
			 : *rest != '\0'))
		return 0;
	n = &s->nodes[s->count];
	if (!ep_str_format(n->path, sizeof(n->path), "%s/%s", s->folder,
			   name) ||
	    !ep_str_copy(n->name, sizeof(n->name), name))
		return 0;
	fd = ep_root_openat(s->root, n->path, O_PATH);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0) {
		n->usable = usable(fd);
		n->group_may = (st.st_mode & 0060) == 0060;
		n->gid = st.st_gid;
		s->count++;
	}
	close(fd);
	return 0;
}

int ep_nodes_list(const struct ep_root *root, const char *prefix, bool numbered,
		  struct ep_node *ret, size_t max)
{
	const char *slash = strrchr(prefix, '/');
	char folder[64];
	struct scan s = {
		.root = root,
		.folder = folder,
		.prefix = slash ? slash + 1 : prefix,
		.numbered = numbered,
		.nodes = ret,
		.max = max,
	};

	(void)ep_str_format(folder, sizeof(folder), "/dev%s%.*s",
			    slash ? "/" : "", slash ? (int)(slash - prefix) : 0,
			    prefix);
	(void)ep_root_list(root, folder, add_node, &s);
	return (int)s.count;
}

/* The tty hangs on an interface of the device, or a port of that (ttyUSB). */
void ep_node_usb_ids(const struct ep_root *root, const struct ep_node *node,
		     char *ret, size_t size)
{
	static const char *const up[] = { "..", "../..", "../../.." };
	char dir[160], vendor[8], product[8];

	(void)ep_str_copy(ret, size, "");
	for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++) {
		if (!ep_str_format(dir, sizeof(dir),
				   "/sys/class/tty/%s/device/%s", node->name,
				   up[i]) ||
		    ep_root_read_text_in(root, dir, "idVendor", vendor,
					 sizeof(vendor)) != 4 ||
		    ep_root_read_text_in(root, dir, "idProduct", product,
					 sizeof(product)) != 4)
			continue;
		(void)ep_str_format(ret, size, "%s:%s", vendor, product);
		ep_str_printable(ret);
		return;
	}
}

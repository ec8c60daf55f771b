/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/marks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

/* Only a socket whose edgeprof is gone refuses; a live one takes us, and one
 * that is just being made is not there yet. */
static bool is_left_over(const char *base, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (!ep_str_format(address.sun_path, sizeof(address.sun_path),
			   "%s/%s/" EP_MARKS_SOCKET_NAME, base, name))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	r = connect(fd, (const struct sockaddr *)(const void *)&address,
		    sizeof(address));
	r = r < 0 ? -errno : 0;
	close(fd);
	return r == -ECONNREFUSED;
}

static void remove_one(int base_fd, const char *base, const char *name)
{
	int fd = openat(base_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (is_left_over(base, name) &&
	    unlinkat(fd, EP_MARKS_SOCKET_NAME, 0) == 0)
		(void)unlinkat(base_fd, name, AT_REMOVEDIR);
	close(fd);
}

void ep_marks_sweep(const char *base)
{
	DIR *dir = opendir(base);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (ep_str_glob(EP_MARKS_FOLDER_GLOB, entry->d_name))
			remove_one(dirfd(dir), base, entry->d_name);
	closedir(dir);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_run.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static void empty_dir(int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)) != NULL) {
		int sub;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), e->d_name, 0) == 0)
			continue;
		sub = openat(dirfd(dir), e->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			empty_dir(sub);
		(void)unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	}
	(void)closedir(dir);
}

void support_run_remove(struct support_folder *folder)
{
	if (folder->fd < 0)
		return;
	empty_dir(folder->fd);
	folder->fd = -1;
	(void)rmdir(folder->path);
}

void support_run_write(const struct support_folder *folder, const char *name,
		       const void *bytes, size_t len)
{
	int fd = openat(folder->fd, name,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		assert_true(put > 0);
		bytes = (const char *)bytes + put;
		len -= (size_t)put;
	}
	assert_int_equal(close(fd), 0);
}

char *support_run_read(const struct support_folder *folder, const char *name,
		       size_t *ret_len)
{
	int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t len = 0;
	char *text;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	while (len < (size_t)st.st_size) {
		ssize_t got = read(fd, text + len, (size_t)st.st_size - len);

		assert_true(got > 0);
		len += (size_t)got;
	}
	text[len] = '\0';
	(void)close(fd);
	if (ret_len)
		*ret_len = len;
	return text;
}

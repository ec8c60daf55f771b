/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_TMP_H
#define EP_TESTS_UNIT_SUPPORT_TMP_H

#include <stddef.h>

/* A private folder for one test; every failure ends the test program. */
struct ep_tmp {
	char path[128];
	int fd;
};

void ep_tmp_make(struct ep_tmp *tmp);
void ep_tmp_remove(struct ep_tmp *tmp); /* and all that is in it */
/* name may hold slashes; the folders on the way are made. */
void ep_tmp_write(const struct ep_tmp *tmp, const char *name, const void *data,
		  size_t len);
void ep_tmp_puts(const struct ep_tmp *tmp, const char *name, const char *text);
void ep_tmp_mkdir(const struct ep_tmp *tmp, const char *name);
void ep_tmp_symlink(const struct ep_tmp *tmp, const char *target,
		    const char *name);
/* Opens tmp/name for reading. */
int ep_tmp_open(const struct ep_tmp *tmp, const char *name);
/* "tmp/name" in one of a few static buffers. */
const char *ep_tmp_path(const struct ep_tmp *tmp, const char *name);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/vmstat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"

#define VMSTAT_BYTES_MAX (256 * 1024)

int ep_vmstat_parse_swap_in(const char *text, int64_t *ret_count)
{
	static const char name[] = "\npswpin ";
	const char *at = strncmp(text, name + 1, sizeof(name) - 2) == 0
				 ? text - 1
				 : strstr(text, name);
	int64_t count = 0;
	size_t len;

	if (!at)
		return -ENODATA;
	at += sizeof(name) - 1;
	len = strcspn(at, "\n");
	if (ep_num_scan_i64(at, len, &count) != (int)len || len == 0 ||
	    count < 0)
		return -EBADMSG;
	*ret_count = count;
	return 0;
}

int ep_vmstat_swap_in(int64_t *ret_count)
{
	struct ep_buf b;
	int r;

	ep_buf_init(&b, VMSTAT_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, "/proc/vmstat", &b);
	if (r == 0 && b.len == 0)
		r = -ENODATA;
	if (r == 0)
		r = ep_vmstat_parse_swap_in(b.data, ret_count);
	ep_buf_done(&b);
	return r;
}

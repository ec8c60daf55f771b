/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "profiler/cli/cli.h"

int ep_cli_put(const char *output, const struct ep_buf *b, const char *what,
	       struct ep_err *err)
{
	int r = output ? ep_file_output(output, b->data, b->len)
		       : ep_file_write_all(STDOUT_FILENO, b->data, b->len);

	if (r == 0)
		return 0;
	ep_err_set(err, r, "cannot write %s: %s", output ? output : what,
		   strerror(-r));
	switch (-r) {
	case EACCES:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ENOENT:
	case ENOTDIR:
	case EPERM:
	case EROFS:
		return -EINVAL;
	default:
		return -EIO;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_LINT_MODEL_H
#define EP_TESTS_LINT_MODEL_H

/*
 * What clang's analyser cannot see from one file, put before each by tidy.sh:
 * errno is positive after a failure, and ep_err_set() returns a negative code.
 */
#include "base/err.h"

#include <errno.h>

static inline int *ep_model_errno(void)
{
	int *number = __errno_location();

	if (*number <= 0)
		__builtin_unreachable();
	return number;
}
#undef errno
#define errno (*ep_model_errno())

#define ep_err_set(err, code, ...) \
	((ep_err_set)(err, code, __VA_ARGS__), (code) < 0 ? (code) : -1)

#endif

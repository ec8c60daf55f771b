/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deny_perf EACCES|EPERM|ENOSYS -- CMD...: runs CMD where perf_event_open fails
 * with that errno.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/support_seccomp.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int value;
	} errors[] = {
		{ "EACCES", EACCES },
		{ "EPERM", EPERM },
		{ "ENOSYS", ENOSYS },
	};
	int error = 0;
	int r;

	for (size_t i = 0; argc > 3 && i < 3; i++) {
		if (strcmp(argv[1], errors[i].name) == 0)
			error = errors[i].value;
	}
	if (error == 0 || strcmp(argv[2], "--") != 0) {
		fprintf(stderr,
			"usage: deny_perf EACCES|EPERM|ENOSYS -- CMD...\n");
		return 125;
	}
	r = ep_test_deny_perf(error);
	if (r < 0) {
		fprintf(stderr, "deny_perf: %s\n", strerror(-r));
		return 125;
	}
	execvp(argv[3], argv + 3);
	fprintf(stderr, "deny_perf: %s: %s\n", argv[3], strerror(errno));
	return 127;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphan SECONDS: leaves a grandchild behind that keeps the output open for
 * that many whole seconds, and ends at once with status 7.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"

static void leave_grandchild(unsigned int seconds)
{
	pid_t grandchild;

	/* Inherited: the grandchild has it from the start. */
	(void)prctl(PR_SET_NAME, "left-behind");
	grandchild = fork();
	if (grandchild < 0)
		_exit(1);
	if (grandchild == 0) {
		(void)alarm(seconds);
		for (;;)
			(void)pause();
	}
	printf("{\"grandchild\":%d}\n", (int)grandchild);
	(void)fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	int64_t seconds;
	int status;
	pid_t child;

	if (argc != 2 || ep_num_parse_i64(argv[1], &seconds) < 0 ||
	    seconds < 1 || seconds > 3600) {
		fprintf(stderr, "usage: orphan SECONDS\n");
		return 2;
	}
	child = fork();
	if (child == 0)
		leave_grandchild((unsigned int)seconds);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		return 1;
	return 7;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* killed_self N: dies of signal N, leaving no core file. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/num.h"

int main(int argc, char **argv)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	int64_t number;
	sigset_t set;

	if (argc != 2 || ep_num_parse_i64(argv[1], &number) < 0 || number < 1 ||
	    number > SIGRTMAX) {
		fprintf(stderr, "usage: killed_self SIGNAL\n");
		return 2;
	}
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal((int)number, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, (int)number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("dying\n");
	(void)fflush(stdout);
	(void)raise((int)number);
	/* The signal is one that is ignored by default. */
	return 3;
}

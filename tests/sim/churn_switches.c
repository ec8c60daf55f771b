/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * churn_switches N: at least N context switches, half of them in this process
 * and half in a forked child, four threads each.  Prints what getrusage counted
 * so far.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

#define THREADS INT64_C(4)

static void *churn(void *arg)
{
	const int64_t *quota = arg;
	/* Shorter than any timer: it blocks, and is woken at once. */
	const struct timespec moment = { .tv_nsec = 1 };
	struct rusage ru;

	do {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
		(void)getrusage(RUSAGE_THREAD, &ru);
	} while (ru.ru_nvcsw + ru.ru_nivcsw < *quota);
	return NULL;
}

static int churn_threads(int64_t quota)
{
	pthread_t ids[THREADS];
	int64_t started = 0;

	for (; started < THREADS; started++) {
		if (pthread_create(&ids[started], NULL, churn, &quota) != 0)
			break;
	}
	for (int64_t i = 0; i < started; i++)
		(void)pthread_join(ids[i], NULL);
	return started == THREADS ? 0 : -1;
}

static void print_usage(const char *name, int who)
{
	struct rusage ru;

	(void)getrusage(who, &ru);
	printf("\"%s\":{\"nvcsw\":%ld,\"nivcsw\":%ld,\"minflt\":%ld}", name,
	       ru.ru_nvcsw, ru.ru_nivcsw, ru.ru_minflt);
}

int main(int argc, char **argv)
{
	int64_t total;
	int64_t quota;
	int status;
	pid_t child;

	if (argc != 2 || ep_num_parse_i64(argv[1], &total) < 0 || total < 1) {
		fprintf(stderr, "usage: churn_switches N\n");
		return 2;
	}
	quota = total / (2 * THREADS) + 1;
	child = fork();
	if (child < 0) {
		perror("fork");
		return 1;
	}
	if (child == 0)
		_exit(churn_threads(quota) < 0 ? 1 : 0);
	if (churn_threads(quota) < 0 || waitpid(child, &status, 0) < 0 ||
	    status != 0) {
		fprintf(stderr, "a thread could not be started\n");
		return 1;
	}
	printf("{");
	print_usage("self", RUSAGE_SELF);
	printf(",");
	print_usage("children", RUSAGE_CHILDREN);
	printf("}\n");
	return 0;
}

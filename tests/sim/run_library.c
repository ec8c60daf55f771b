/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loads a library and calls its play(): what it does is its own affair, and it
 * writes "WORD START_NS END_NS RESULT" of each of its calls.
 *
 * usage: run_library LOG LIBRARY [WAIT_FOR_FILE]
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	void (*play)(FILE * log);
	void *handle, *found;
	FILE *log;

	if (argc < 3)
		return 2;
	handle = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
	found = handle ? dlsym(handle, "play") : NULL;
	log = fopen(argv[1], "we");
	if (!found || !log) {
		fprintf(stderr, "%s\n", found ? "no log" : dlerror());
		return 1;
	}
	/* ISO C forbids to convert what dlsym() returns. */
	memcpy(&play, &found, sizeof(play));
	for (int i = 0; argc > 3 && i < 15000 && access(argv[3], F_OK) < 0; i++)
		nanosleep(&pause, NULL);
	play(log);
	return fclose(log) == 0 ? 0 : 1;
}

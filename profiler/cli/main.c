/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/version.h"
#include "profiler/cli/cli.h"

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
};

static const struct command commands[] = {
	{ "boards", ep_cmd_boards,
	  "what edgeprof knows of boards; which one this is" },
#if EP_WITH_RMATH
	{ "check", ep_cmd_check,
	  "whether runs keep to limits and are no worse: for CI" },
	{ "compare", ep_cmd_compare,
	  "whether groups of runs differ, and how sure that is" },
#endif
	{ "doctor", ep_cmd_doctor,
	  "what is missing here, and how to put it right" },
	{ "export", ep_cmd_export, "a run for other programs and receivers" },
	{ "mark", ep_cmd_mark, "mark a phase from a shell script" },
	{ "report", ep_cmd_report, "recompute and print the report of a run" },
	{ "restore", ep_cmd_restore,
	  "put back settings that a killed run left changed" },
	{ "run", ep_cmd_run, "measure a program, or the whole system" },
	{ "sensors", ep_cmd_sensors, "what this machine can measure, live" },
	{ "setup", ep_cmd_setup,
	  "give ordinary users what measuring needs (root)" },
#if EP_WITH_SQLITE
	{ "sweep", ep_cmd_sweep,
	  "many runs: every configuration, several times" },
#endif
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	fprintf(to, "usage: edgeprof COMMAND [options]\n\n"
		    "Measures what AI inference costs on edge boards: power, "
		    "energy and counters,\ncut at load, prefill and "
		    "generation.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name,
			commands[i].summary);
	fprintf(to, "\nedgeprof COMMAND --help tells more.  Example:\n"
		    "  edgeprof run -o out -- ./infer -m model.gguf\n");
}

static int unknown(const char *name)
{
	const char *names[COMMAND_COUNT], *nearest;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	nearest = ep_str_nearest(name, names, COMMAND_COUNT);
	fprintf(stderr, "edgeprof: there is no command '%s'%s%s%s\n", name,
		nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "; see edgeprof --help");
	return EP_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	ep_spawn_fill_standard();
	if (argc < 2) {
		usage(stderr);
		return EP_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("edgeprof %s\n", ep_version);
		return EP_EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return EP_EXIT_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].main(argc - 1, argv + 1);
	return unknown(argv[1]);
}

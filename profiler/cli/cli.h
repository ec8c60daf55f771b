/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_CLI_H
#define EP_PROFILER_CLI_CLI_H

#include "base/buf.h"
#include "base/err.h"

/*
 * One file per command.  argv[0] is the command's name, the rest its options;
 * the return value is the exit status of edgeprof.  Only code in this folder
 * writes to the terminal.
 */
int ep_cmd_run(int argc, char **argv);
int ep_cmd_report(int argc, char **argv);
int ep_cmd_check(int argc, char **argv);
int ep_cmd_compare(int argc, char **argv);
int ep_cmd_export(int argc, char **argv);
int ep_cmd_mark(int argc, char **argv);
int ep_cmd_restore(int argc, char **argv);
int ep_cmd_setup(int argc, char **argv);
int ep_cmd_sweep(int argc, char **argv);
int ep_cmd_sensors(int argc, char **argv);
int ep_cmd_boards(int argc, char **argv);
int ep_cmd_doctor(int argc, char **argv);

/*
 * run: the child's status, or EP_EXIT_INTERNAL and above; 128 + n for a child
 * ended by signal n.  Every other command: the first three and
 * EP_EXIT_INTERNAL.
 */
enum ep_exit {
	EP_EXIT_OK = 0,
	EP_EXIT_NO = 1,		/* the answer is no */
	EP_EXIT_USAGE = 2,	/* usage, or it cannot be judged */
	EP_EXIT_INTERNAL = 125, /* edgeprof failed; run: usage too */
	EP_EXIT_NOT_EXECUTABLE = 126,
	EP_EXIT_NOT_FOUND = 127,
	EP_EXIT_SIGNAL = 128, /* plus the signal's number */
};

/*
 * To the file of -o (output), else to standard output, which what names.
 * -EINVAL where another output helps, -EIO the rest; told in err.
 */
int ep_cli_put(const char *output, const struct ep_buf *b, const char *what,
	       struct ep_err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/finish.h"
#include "profiler/cli/run_options.h"
#include "profiler/cli/run_prepare.h"
#include "profiler/cli/sweep.h"
#include "profiler/record/session.h"
#include "profiler/report/render.h"

static void say(const char *kind, const char *text)
{
	char line[1024];

	(void)ep_str_copy(line, sizeof(line), text);
	ep_str_printable(line);
	fprintf(stderr, "edgeprof: %s%s\n", kind, line);
}

static void tell(void *ctx, enum ep_progress what, const char *text,
		 double seconds)
{
	const struct ep_run_options *o = ctx;

	if (o->quiet)
		return;
	switch (what) {
	case EP_PROGRESS_WARNING:
		say("warning: ", text);
		break;
	case EP_PROGRESS_NOTE:
		say("", text);
		break;
	case EP_PROGRESS_IDLE:
		fprintf(stderr,
			"edgeprof: idle baseline for %g s, then %s starts "
			"(--idle 0s skips it)\n",
			seconds,
			o->drive.server	  ? "the server"
			: o->record.drive ? "the first request"
			: o->record.argv  ? "the program"
					  : "recording");
		break;
	case EP_PROGRESS_GATE:
		if (o->drive.server)
			say("", "server started");
		else if (o->record.drive)
			say("", "requests started");
		else if (o->record.argv)
			say("", "program started");
		break;
	case EP_PROGRESS_TAIL:
		fprintf(stderr, "edgeprof: %s ended; recording %g s more\n",
			o->record.drive	 ? "requests"
			: o->record.argv ? "program"
					 : "measured time",
			seconds);
		break;
	}
}

/* Limits of the process that any step may meet. */
static void advise(int r)
{
	if (r == -EMFILE)
		say("", "ulimit -n tells how many files may be open; allow "
			"more, for example ulimit -n 1024");
	else if (r == -EAGAIN)
		say("", "ulimit -u limits the user's processes and threads, "
			"ulimit -v the memory; allow more");
}

static int print(const struct ep_format *format, const struct ep_report *report,
		 const struct ep_render_options *how, FILE *to)
{
	struct ep_buf text;
	int r;

	ep_buf_init(&text, (size_t)256 * 1024 * 1024);
	r = format->render(report, how, &text);
	errno = 0;
	if (r >= 0 && fwrite(text.data, 1, text.len, to) != text.len)
		r = errno > 0 ? -errno : -EIO;
	if (r >= 0 && fflush(to) != 0)
		r = -errno;
	ep_buf_done(&text);
	return r;
}

static int show(const struct ep_run_options *o, const char *folder, int dir_fd,
		const struct ep_report *report)
{
	struct ep_render_options how = { .folder = folder };
	/* Without a program the report is the result. */
	FILE *to = o->record.drive ? stdout : stderr;
	struct stat trace;
	struct ep_err err = { 0 };
	const struct ep_format *format;
	struct winsize size;

	if (o->json) {
		/* As report.json has it. */
		if (fstatat(dir_fd, "trace.csv", &trace, 0) == 0)
			how.trace_bytes = (int64_t)trace.st_size;
		format = ep_format_find("json", &err);
		return format ? print(format, report, &how, stdout) : -ENOENT;
	}
	if (o->quiet)
		return 0;
	how.colour = isatty(fileno(to)) && !getenv("NO_COLOR");
	if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 80)
		how.columns = size.ws_col < 100 ? size.ws_col : 100;
	format = ep_format_find("text", &err);
	return format ? print(format, report, &how, to) : -ENOENT;
}

/* The analysis reads a folder that belongs to the caller: as the caller. */
static int report_folder(const struct ep_run_options *o, const char *folder)
{
	struct ep_identity identity;
	struct ep_report *report = NULL;
	struct ep_err err = { 0 };
	bool written = false;
	int dir_fd = -1, r;

	r = ep_identity_get(&identity, &err);
	if (r == 0)
		r = ep_identity_enter(&identity, &err);
	if (r == 0) {
		dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = dir_fd < 0 ? ep_err_set(&err, -errno, "cannot open %s: %s",
					    folder, strerror(errno))
			       : 0;
	}
	if (r == 0)
		r = ep_finish_folder(dir_fd, &written, &report, &err);
	if (r < 0)
		say("", err.text[0] ? err.text : strerror(-r));
	else if (!written)
		say("warning: ", err.text);
	if (r >= 0) {
		r = show(o, folder, dir_fd, report);
		/* Text is for a person; without stderr it reaches nobody, and
		 * the program's status stands. */
		if (r < 0 && o->json) {
			(void)ep_err_set(&err, r,
					 "cannot write the report to stdout: "
					 "%s; %s holds it as report.json",
					 strerror(-r), folder);
			say("", err.text);
		} else {
			r = 0;
		}
	}
	ep_report_free(report);
	if (dir_fd >= 0)
		close(dir_fd);
	return r;
}

int ep_cmd_run(int argc, char **argv)
{
	struct ep_process_state state;
	struct ep_run_prepared prepared = { .argv = NULL };
	struct ep_run_options o;
	struct ep_progress_sink progress = { .tell = tell, .ctx = &o };
	struct ep_outcome outcome = { .exit_status = EP_EXIT_INTERNAL };
	struct ep_err err = { 0 };
	int r;

#if EP_WITH_SQLITE
	if (ep_sweep_is_asked(argc, argv))
		return ep_sweep_main(argc, argv);
#endif
	ep_process_state_get(&state);
	r = ep_run_options_parse(argc, argv, &o, &err);
	if (r < 0) {
		say("", err.text);
		return EP_EXIT_INTERNAL;
	}
	if (o.help) {
		fputs(ep_run_help, stdout);
		return EP_EXIT_OK;
	}
	r = ep_run_prepare(&o, &state, &prepared, &err);
	for (size_t i = 0; !o.quiet && i < prepared.notes.count; i++)
		say("", prepared.notes.text[i]);
	if (r == 0)
		r = ep_session_record(&o.record, &state, &progress, &outcome,
				      &err);
	ep_run_prepared_done(&prepared);
	if (r < 0) {
		say("", err.text[0] ? err.text : strerror(-r));
		advise(r);
	}
	if (outcome.gate_opened && report_folder(&o, outcome.folder) < 0)
		return EP_EXIT_INTERNAL;
	return outcome.exit_status;
}

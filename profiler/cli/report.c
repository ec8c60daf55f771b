/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/words.h"
#include "profiler/analyze/analyze.h"
#include "profiler/cli/batteries.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/finish.h"
#include "profiler/cli/report_archive.h"
#include "profiler/cli/report_options.h"
#include "profiler/cli/report_parts.h"
#include "profiler/cli/report_plots.h"
#include "profiler/report/figures.h"

static const char help[] =
	"usage: edgeprof report DIR|ARCHIVE [options]\n"
	"\n"
	"Computes a recorded run again from its raw files, brings the derived "
	"files in\n"
	"DIR up to date and prints it.  What is asked for below is only "
	"printed.\n"
	"\n"
	"  --format F       text (default), md, csv (one line for each phase), "
	"json"
#if EP_WITH_HTML
	",\n"
	"                   latex (tables for a paper) or html (a page with "
	"charts)\n"
#else
	", latex\n"
#endif
	"  -o FILE          write it to FILE; --gnuplot DIR: figures for print\n"
	"  --metric NAMES   only these figures: generation.j_per_token,..\n"
	"  --best FIGURE --floor F=MIN --ceiling F=MAX  a study's best "
	"configuration\n"
	"  --battery E      life of a charge: 18.84Wh, 5000mAh@3.7V, a name, "
	"'list'\n"
	"    --usable 80% --efficiency 90% --tolerance 5% --duty 30/h\n"
	"  --price P        cost of a million tokens: 0.20/kWh\n"
	"    --supply-efficiency 85% --api-price IN,OUT --include load,idle\n"
	"  --against DIR    ratios and change factors to another run\n"
	"    --normalise    compare actions of unequal numbers of tokens\n"
	"    --device-price THIS,OTHER  break-even, with --io-ratio 1,8\n"
	"    --utilisation 10%,50% --years 5 --yearly-cost THIS,OTHER\n"
	"  --verify         does report.json come out of the raw files? 1: no\n"
	"  --help           this text\n"
	"\n"
	"exit status: 0 done, 2 usage or DIR is not a run folder, 125 "
	"failure\n"
	"\n"
	"example: edgeprof report out --battery 18.84Wh --duty 30/h --price "
	"0.20/kWh\n";

static int usage(struct ep_err *err)
{
	ep_str_printable(err->text);
	(void)fprintf(stderr, "edgeprof report: %s; see --help\n", err->text);
	return EP_EXIT_USAGE;
}

static int open_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOTDIR)
		(void)fprintf(stderr,
			      "edgeprof report: %s: not a folder; give the "
			      "folder that 'edgeprof run' printed\n",
			      dir);
	else
		(void)fprintf(stderr, "edgeprof report: %s: %s\n", dir,
			      strerror(errno));
	return -1;
}

bool ep_report_wants_colour(const struct ep_report_options *q)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !q->output && isatty(STDOUT_FILENO) == 1 &&
	       !(no_color && no_color[0] != '\0') && term &&
	       strcmp(term, "dumb") != 0;
}

/* The finished text to its place. */
int ep_report_put(const struct ep_report_options *q, const struct ep_buf *b)
{
	struct ep_err err = { 0 };
	int r = ep_cli_put(q->output, b, "the report", &err);

	if (r == 0)
		return EP_EXIT_OK;
	(void)fprintf(stderr, "edgeprof report: %s\n", err.text);
	return r == -EINVAL ? EP_EXIT_USAGE : EP_EXIT_INTERNAL;
}

/* Only what was named. */
static int print_figures(const struct ep_report_options *q,
			 const struct ep_report *report)
{
	struct ep_err err = { 0 };
	char **names;
	struct ep_buf b;
	int r = ep_words_list(q->metrics, &names, &err);

	ep_buf_init(&b, EP_REPORT_BYTES_MAX);
	if (r == 0) {
		r = ep_figures_render(report, names, q->format, &b, &err);
		ep_words_free(names);
	}
	if (r == 0) {
		r = ep_report_put(q, &b);
	} else {
		ep_str_printable(err.text);
		(void)fprintf(stderr, "edgeprof report: %s\n", err.text);
		r = r == -ENOENT || r == -EINVAL || r == -E2BIG
			    ? EP_EXIT_USAGE
			    : EP_EXIT_INTERNAL;
	}
	ep_buf_done(&b);
	return r;
}

static int print_report(const struct ep_report_options *q, int dir_fd,
			const struct ep_report *report)
{
	struct ep_render_options options = {
		.colour = ep_report_wants_colour(q),
		.folder = q->shown,
	};
	struct ep_series_set series = { 0 };
	struct ep_buf b;
	struct stat st;
	int r = 0;

	if (fstatat(dir_fd, "trace.csv", &st, AT_SYMLINK_NOFOLLOW) == 0)
		options.trace_bytes = st.st_size;
	ep_buf_init(&b, EP_REPORT_BYTES_MAX);
	if (q->format->wants_series) {
		r = ep_series_read(dir_fd, report, &series);
		options.series = &series;
	}
	if (r == 0)
		r = q->format->render(report, &options, &b);
	if (r == 0) {
		r = ep_report_put(q, &b);
	} else {
		(void)fprintf(stderr, "edgeprof report: %s\n", strerror(-r));
		r = EP_EXIT_INTERNAL;
	}
	ep_series_done(&series);
	ep_buf_done(&b);
	return r;
}

/* The run beside it, of whose folder nothing is written. */
static int read_other(const char *dir, struct ep_report **ret,
		      struct ep_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return ep_err_set(err, -ENOENT, "--against %s: %s", dir,
				  strerror(errno));
	if (ep_report_is_study(fd))
		r = ep_err_set(err, -EINVAL,
			       "it is the folder of a study, and a run stands "
			       "against a run: give one of its runs/");
	else
		r = ep_analyze_run(fd, -1, ret, err);
	if (r < 0)
		(void)ep_err_prefix(err, "--against %s", dir);
	(void)close(fd);
	return r;
}

/* Adds what was asked for beside the report; an exit status. */
static int answer(const struct ep_report_options *q, struct ep_report *report)
{
	struct ep_asked asked = q->asked;
	struct ep_report *other = NULL;
	struct ep_err err = { 0 };
	int r = 0;

	if (asked.best || asked.bound_count > 0)
		r = ep_err_set(&err, -EINVAL,
			       "--best chooses among the configurations of a "
			       "study, and %s is a run",
			       q->dir);
	if (r == 0 && q->against)
		r = read_other(q->against, &other, &err);
	asked.against = other;
	if (r == 0)
		r = ep_asked_answer(report, &asked, &err);
	ep_report_free(other);
	if (r == 0)
		return EP_EXIT_OK;
	ep_str_printable(err.text);
	(void)fprintf(stderr, "edgeprof report: %s\n", err.text);
	return r == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
}

static int report_folder(const struct ep_report_options *q, int dir_fd)
{
	struct ep_report *report = NULL;
	struct ep_err err;
	bool written = false;
	int r = ep_finish_folder(dir_fd, &written, &report, &err);

	ep_str_printable(err.text);
	if (r < 0) {
		(void)fprintf(stderr, "edgeprof report: %s: %s\n", q->dir,
			      err.text);
		return r == -ENOENT || r == -EBADMSG || r == -ENODATA ||
				       r == -EACCES
			       ? EP_EXIT_USAGE
			       : EP_EXIT_INTERNAL;
	}
	if (!written)
		(void)fprintf(stderr, "edgeprof report: %s: %s\n", q->dir,
			      err.text);
	r = answer(q, report);
	if (r == EP_EXIT_OK)
		r = q->gnuplot	 ? ep_report_plots(q, dir_fd, report)
		    : q->metrics ? print_figures(q, report)
				 : print_report(q, dir_fd, report);
	ep_report_free(report);
	return r;
}

static int report_any(const struct ep_report_options *q, int dir_fd)
{
	if (!ep_report_is_study(dir_fd))
		return report_folder(q, dir_fd);
	if (q->gnuplot)
		return ep_report_plots_study(q, dir_fd);
	return ep_report_study(q, dir_fd);
}

int ep_cmd_report(int argc, char **argv)
{
	struct ep_report_options q;
	struct ep_report_place place;
	struct ep_err err = { 0 };
	int r = ep_report_options_parse(argc, argv, &q, &err), dir_fd;

	if (r < 0)
		return usage(&err);
	if (q.help) {
		(void)fputs(help, stdout);
		return EP_EXIT_OK;
	}
	if (q.list_batteries)
		return ep_batteries_show();
	r = ep_report_place_open(&place, q.dir);
	if (r != EP_EXIT_OK)
		return r;
	q.dir = place.dir;
	q.shown = place.unpacked ? "" : place.dir;
	dir_fd = open_folder(q.dir);
	if (dir_fd < 0)
		r = EP_EXIT_USAGE;
	else if (q.verify)
		r = ep_report_verify(&place, dir_fd,
				     ep_report_is_study(dir_fd));
	else
		r = report_any(&q, dir_fd);
	if (dir_fd >= 0)
		(void)close(dir_fd);
	ep_report_place_close(&place);
	return r;
}

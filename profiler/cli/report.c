/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/finish.h"
#include "profiler/report/render.h"

#define OUTPUT_BYTES_MAX ((size_t)1 << 30)

static const char help[] =
	"usage: edgeprof report DIR [--format text|md|csv|json] [-o FILE]\n"
	"\n"
	"Computes a recorded run again from its raw files and prints it.\n"
	"Derived files in DIR (trace.csv, phases.csv, tokens.csv,\n"
	"requests.csv, report.json) are brought up to date.\n"
	"\n"
	"  --format F   text (default), md, csv (one line for each phase) or\n"
	"               json (everything, with uncertainty budgets)\n"
	"  -o FILE      write the report to FILE instead of standard output\n"
	"  --help       this text\n"
	"\n"
	"exit status: 0 done, 2 usage or DIR is not a run folder, 125 failure\n"
	"\n"
	"example: edgeprof report edgeprof-20261120T231220Z --format md\n";

struct request {
	const char *dir;
	const char *output; /* NULL: standard output */
	const struct ep_format *format;
	bool help;
};

static int usage(const char *text)
{
	(void)fprintf(stderr, "edgeprof report: %s; see --help\n", text);
	return EP_EXIT_USAGE;
}

static int unknown_option(const char *word)
{
	static const char *const known[] = { "--format", "--output", "--help" };
	const size_t count = sizeof(known) / sizeof(known[0]);
	const char *near = ep_str_nearest(word, known, count);
	char clean[80], text[160];

	(void)ep_str_copy(clean, sizeof(clean), word);
	ep_str_printable(clean);
	(void)ep_str_format(text, sizeof(text), "unknown option '%s'%s%s%s",
			    clean, near ? ", did you mean '" : "",
			    near ? near : "", near ? "'?" : "");
	return usage(text);
}

/* The options; 0, or an exit status. */
static int parse_options(int argc, char **argv, struct request *q)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct ep_err err;
	int c;

	optind = 0; /* another command may have parsed before */
	opterr = 0;
	for (;;) {
		c = getopt_long(argc, argv, ":o:f:h", options, NULL);
		if (c == -1)
			break;
		if (c == 'h') {
			q->help = true;
			return 0;
		}
		if (c == 'o') {
			q->output = optarg;
		} else if (c == 'f') {
			q->format = ep_format_find(optarg, &err);
			if (!q->format)
				return usage(err.text);
		} else if (c == ':') {
			return usage("the last option needs a value");
		} else {
			return unknown_option(argv[optind - 1]);
		}
	}
	return 0;
}

/* Fills q, or returns the exit status of a wrong command line. */
static int parse(int argc, char **argv, struct request *q)
{
	struct ep_err err;
	int r;

	*q = (struct request){ .format = ep_format_find("text", &err) };
	r = parse_options(argc, argv, q);
	if (r != 0 || q->help)
		return r;
	if (optind >= argc)
		return usage("which run? give its folder");
	if (optind + 1 < argc)
		return usage("one run folder at a time");
	q->dir = argv[optind];
	return 0;
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

static bool wants_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) == 1 && !(no_color && no_color[0] != '\0') && term &&
	       strcmp(term, "dumb") != 0;
}

/* The finished text to its place. */
static int put_output(const struct request *q, const struct ep_buf *b)
{
	int fd = STDOUT_FILENO, r;

	if (q->output)
		fd = open(q->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0666);
	if (fd < 0) {
		(void)fprintf(stderr, "edgeprof report: cannot write %s: %s\n",
			      q->output, strerror(errno));
		return EP_EXIT_USAGE;
	}
	r = ep_file_write_all(fd, b->data, b->len);
	if (q->output && close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		return EP_EXIT_OK;
	(void)fprintf(stderr, "edgeprof report: cannot write %s: %s\n",
		      q->output ? q->output : "the report", strerror(-r));
	return EP_EXIT_INTERNAL;
}

static int print_report(const struct request *q, int dir_fd,
			const struct ep_report *report)
{
	struct ep_render_options options = {
		.colour = !q->output && wants_colour(STDOUT_FILENO),
		.folder = q->dir,
	};
	struct ep_buf b;
	struct stat st;
	int r;

	if (fstatat(dir_fd, "trace.csv", &st, AT_SYMLINK_NOFOLLOW) == 0)
		options.trace_bytes = st.st_size;
	ep_buf_init(&b, OUTPUT_BYTES_MAX);
	r = q->format->render(report, &options, &b);
	if (r == 0) {
		r = put_output(q, &b);
	} else {
		(void)fprintf(stderr, "edgeprof report: %s\n", strerror(-r));
		r = EP_EXIT_INTERNAL;
	}
	ep_buf_done(&b);
	return r;
}

static int report_folder(const struct request *q, int dir_fd)
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
	r = print_report(q, dir_fd, report);
	ep_report_free(report);
	return r;
}

int ep_cmd_report(int argc, char **argv)
{
	struct request q;
	int r = parse(argc, argv, &q);
	int dir_fd;

	if (r != 0)
		return r;
	if (q.help) {
		(void)fputs(help, stdout);
		return EP_EXIT_OK;
	}
	dir_fd = open_folder(q.dir);
	if (dir_fd < 0)
		return EP_EXIT_USAGE;
	r = report_folder(&q, dir_fd);
	(void)close(dir_fd);
	return r;
}

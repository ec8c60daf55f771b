/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/export/export.h"

static const char help[] =
	"usage: edgeprof export DIR --to FORMAT [-o FILE | --url URL] "
	"[options]\n"
	"\n"
	"Gives a recorded run, or every valid run of a study, to other "
	"programs. Nothing\n"
	"in DIR is changed. FORMAT is\n"
	"\n";

static const char help_options[] =
	"\n"
	"  -o FILE            write it there instead of standard output\n"
	"  --anonymous        no host, user or serial number\n"
#if EP_WITH_ARCHIVE
	"    --with-output    archive: what the program printed all the same\n"
#endif
#if EP_WITH_CURL
	"  --url URL          send it there: influx, otlp\n"
	"    --db NAME        influx 1: the database\n"
	"    --org O --bucket B  influx 2\n"
	"    --token-file F   token or password, in a file only you can read; "
	"or in\n"
	"                     the environment as EDGEPROF_EXPORT_TOKEN\n"
	"    --user NAME      the token is this user's password\n"
	"    --ca-file F      trust this certificate\n"
	"    --timeout 10s    of one request\n"
	"    --retry-for 60s  how long one request is tried again\n"
#endif
	"  --help             this text\n"
	"\n"
	"exit status: 0 done, 1 a receiver did not take all of it, 2 usage or "
	"no run\n"
	"folder, 125 failure\n"
	"\n"
	"example: edgeprof export out --to perfetto -o out.json\n";

enum {
	OPT_TO = 256,
	OPT_URL,
	OPT_DB,
	OPT_ORG,
	OPT_BUCKET,
	OPT_USER,
	OPT_TOKEN_FILE,
	OPT_CA_FILE,
	OPT_TIMEOUT,
	OPT_RETRY_FOR,
	OPT_ANONYMOUS,
	OPT_WITH_OUTPUT,
};

static const struct option options[] = {
	{ "to", required_argument, NULL, OPT_TO },
	{ "output", required_argument, NULL, 'o' },
	{ "url", required_argument, NULL, OPT_URL },
	{ "db", required_argument, NULL, OPT_DB },
	{ "org", required_argument, NULL, OPT_ORG },
	{ "bucket", required_argument, NULL, OPT_BUCKET },
	{ "user", required_argument, NULL, OPT_USER },
	{ "token-file", required_argument, NULL, OPT_TOKEN_FILE },
	{ "ca-file", required_argument, NULL, OPT_CA_FILE },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "retry-for", required_argument, NULL, OPT_RETRY_FOR },
	{ "anonymous", no_argument, NULL, OPT_ANONYMOUS },
	{ "with-output", no_argument, NULL, OPT_WITH_OUTPUT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct asked {
	struct ep_export x;
	const struct ep_exporter *to;
	const char *pushed; /* an option that goes with --url, or NULL */
	bool help;
};

static void say(void *ctx, const char *sentence)
{
	(void)ctx;
	(void)fprintf(stderr, "edgeprof export: %s\n", sentence);
}

static int unknown(const char *word, struct ep_err *err)
{
	const char *names[sizeof(options) / sizeof(options[0])], *near;
	size_t count = 0;

	for (; options[count].name; count++)
		names[count] = options[count].name;
	near = ep_str_nearest(word + strspn(word, "-"), names, count);
	return ep_err_set(err, -EINVAL, "unknown option '%.80s'%s%s%s", word,
			  near ? ", did you mean '--" : "", near ? near : "",
			  near ? "'?" : "");
}

static int take_duration(const char *option, const char *text, int64_t least_ns,
			 int64_t *ret_ns, struct ep_err *err)
{
	int64_t ns;

	if (ep_num_parse_duration_ns(text, &ns) < 0 || ns < least_ns ||
	    ns > 86400 * EP_NS_PER_S)
		return ep_err_set(err, -EINVAL,
				  "--%s %.40s: give a time such as 10s, at "
				  "most 24h",
				  option, text);
	*ret_ns = ns;
	return 0;
}

static int take(struct asked *a, int option, const char *text,
		struct ep_err *err)
{
	const struct {
		int option;
		const char *name;
		const char **to;
	} texts[] = {
		{ 'o', NULL, &a->x.output },
		{ OPT_URL, NULL, &a->x.url },
		{ OPT_DB, "db", &a->x.database },
		{ OPT_ORG, "org", &a->x.org },
		{ OPT_BUCKET, "bucket", &a->x.bucket },
		{ OPT_USER, "user", &a->x.user },
		{ OPT_TOKEN_FILE, "token-file", &a->x.token_file },
		{ OPT_CA_FILE, "ca-file", &a->x.ca_file },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].option == option) {
			*texts[i].to = text;
			a->pushed = texts[i].name ? texts[i].name : a->pushed;
			return 0;
		}
	if (option == OPT_TO) {
		a->to = ep_exporter_find(text, err);
		return a->to ? 0 : -EINVAL;
	}
	if (option == OPT_TIMEOUT) {
		a->pushed = "timeout";
		return take_duration("timeout", text, EP_NS_PER_MS,
				     &a->x.timeout_ns, err);
	}
	if (option == OPT_RETRY_FOR) {
		a->pushed = "retry-for";
		return take_duration("retry-for", text, 0, &a->x.retry_ns, err);
	}
	a->x.anonymous |= option == OPT_ANONYMOUS;
	a->x.with_output |= option == OPT_WITH_OUTPUT;
	a->help |= option == 'h';
	return 0;
}

static int read_options(int argc, char **argv, struct asked *a,
			struct ep_err *err)
{
	int option, r = 0;

	opterr = 0;
	optind = 0;
	while (r == 0) {
		option = getopt_long(argc, argv, ":o:h", options, NULL);
		if (option < 0)
			break;
		if (option == '?')
			return unknown(argv[optind - 1], err);
		if (option == ':')
			return ep_err_set(err, -EINVAL,
					  "%.40s needs a value after it",
					  argv[optind - 1]);
		r = take(a, option, optarg, err);
	}
	return r;
}

static int check(struct asked *a, int argc, char **argv, struct ep_err *err)
{
	bool stored = a->x.database || a->x.bucket || a->x.org;

	if (!a->to)
		return ep_err_set(err, -EINVAL,
				  "to what? give --to FORMAT, see --help");
	if (optind + 1 != argc)
		return ep_err_set(err, -EINVAL,
				  optind >= argc ? "which run? give its folder"
						 : "one folder at a time");
	a->x.dir = argv[optind];
	if (a->x.url && !(a->to->takes & EP_EXPORT_URL))
		return ep_err_set(err, -EINVAL,
				  "--to %s is a file: give -o FILE instead of "
				  "--url",
				  a->to->name);
	if (a->x.with_output && !(a->to->takes & EP_EXPORT_LOGS))
		return ep_err_set(
			err, -EINVAL,
			"--to %s never holds what the program printed: "
			"leave --with-output out",
			a->to->name);
	if (a->x.with_output && !a->x.anonymous)
		return ep_err_set(
			err, -EINVAL,
			"--with-output says nothing without "
			"--anonymous: what the program printed is in");
	if (a->x.url && a->x.output)
		return ep_err_set(err, -EINVAL,
				  "--url and -o: give one of them");
	if (a->pushed && !a->x.url)
		return ep_err_set(err, -EINVAL,
				  "--%s says nothing without --url", a->pushed);
	if (stored && !(a->to->takes & EP_EXPORT_DATABASE))
		return ep_err_set(err, -EINVAL,
				  "--to %s knows no --db, --org or --bucket",
				  a->to->name);
	if (a->x.url && !EP_WITH_CURL)
		return ep_err_set(err, -EINVAL,
				  "this edgeprof was built without HTTP "
				  "(WITH_CURL=0); write a file with -o FILE "
				  "and send it with another program");
	return 0;
}

/* Who can put it right. */
static int exit_status(int r)
{
	if (r == 0 || r == 1)
		return r == 0 ? EP_EXIT_OK : EP_EXIT_NO;
	return r == -ENOMEM || r == -EIO || r == -ENOSPC ? EP_EXIT_INTERNAL
							 : EP_EXIT_USAGE;
}

static void print_help(void)
{
	(void)fputs(help, stdout);
	for (size_t i = 0; ep_exporters[i]; i++)
		(void)printf("  %-18s %s\n", ep_exporters[i]->name,
			     ep_exporters[i]->summary);
	(void)fputs(help_options, stdout);
}

int ep_cmd_export(int argc, char **argv)
{
	struct asked a = { .x = { .timeout_ns = 10 * EP_NS_PER_S,
				  .retry_ns = 60 * EP_NS_PER_S,
				  .say = say } };
	struct ep_err err = { 0 };
	int r = read_options(argc, argv, &a, &err);

	if (r == 0 && a.help) {
		print_help();
		return EP_EXIT_OK;
	}
	if (r == 0)
		r = check(&a, argc, argv, &err);
	if (r != 0) {
		ep_str_printable(err.text);
		(void)fprintf(stderr, "edgeprof export: %s; see --help\n",
			      err.text);
		return EP_EXIT_USAGE;
	}
	a.x.dir_fd = open(a.x.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a.x.dir_fd < 0) {
		(void)fprintf(stderr, "edgeprof export: %s: %s\n", a.x.dir,
			      errno == ENOTDIR ? "not a folder; give the one "
						 "that 'edgeprof run' printed"
					       : strerror(errno));
		return EP_EXIT_USAGE;
	}
	a.x.study = faccessat(a.x.dir_fd, "study.json", F_OK, 0) == 0 &&
		    faccessat(a.x.dir_fd, "run.json", F_OK, 0) < 0;
	r = a.to->run(&a.x, &err);
	(void)close(a.x.dir_fd);
	ep_str_printable(err.text);
	if (r != 0)
		(void)fprintf(stderr, "edgeprof export: %s\n",
			      err.text[0] ? err.text
					  : strerror(r < 0 ? -r : 1));
	return exit_status(r);
}

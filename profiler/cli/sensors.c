/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/sensors_parts.h"

#define DURATION_NS (3 * EP_NS_PER_S)
#define DURATION_NS_MAX (INT64_C(86400) * EP_NS_PER_S)
#define COLLECT_NS (100 * EP_NS_PER_MS)
#define TABLE_COLUMNS_MAX 100

static const char help[] =
	"usage: edgeprof sensors [options]\n"
	"\n"
	"What this machine can measure: reads every sensor for a moment and "
	"prints, for\n"
	"each channel, its value, how often a new one comes (declared and "
	"measured), how\n"
	"accurate it is, and what the total of a run would be; then what is "
	"not there, and\n"
	"why.  Nothing is recorded and nothing is changed.\n"
	"\n"
	"  --board NAME|PATH   board file (default: detected; none = no board)"
	"\n"
	"  --sensor NAME[:ADDRESS][,key=value...]   one more instrument\n"
	"  --estimate          also a utilisation model of the power\n"
	"  --duration TIME     how long to read (default 3s; with --watch: "
	"until q)\n"
	"  --watch             live on the terminal, with joules so far; q or "
	"Ctrl-C ends\n"
	"  --json              one JSON object, edgeprof(1) describes it\n"
	"  -h, --help          this text\n"
	"\n"
	"Exit status: 0 done; 2 wrong usage; 125 edgeprof failed.\n"
	"\n"
	"Example: edgeprof sensors --sensor um25c:/dev/rfcomm0 --watch\n";

struct options {
	struct ep_record_options record;
	int64_t duration_ns; /* 0: not given */
	bool watch, json, help;
};

static void say(const char *kind, const char *text)
{
	char line[1024];

	(void)ep_str_copy(line, sizeof(line), text);
	ep_str_printable(line);
	fprintf(stderr, "edgeprof sensors: %s%s\n", kind, line);
}

static int set_duration(struct options *o, const char *text, struct ep_err *err)
{
	int64_t ns = 0;

	if (ep_num_parse_duration_ns(text, &ns) < 0)
		return ep_err_set(err, -EINVAL,
				  "--duration: '%.40s' is not a time: write it "
				  "like 500ms, 3s or 2m",
				  text);
	if (ns <= 0 || ns > DURATION_NS_MAX)
		return ep_err_set(err, -EINVAL,
				  "--duration: %.40s is out of range: more "
				  "than 0s, at most one day",
				  text);
	o->duration_ns = ns;
	return 0;
}

static int set_value(struct options *o, const char *name, const char *value,
		     struct ep_err *err)
{
	struct ep_record_options *r = &o->record;

	if (!value[0])
		return ep_err_set(err, -EINVAL, "%s: the value is empty", name);
	if (strcmp(name, "--board") == 0)
		r->board = value;
	else if (strcmp(name, "--duration") == 0)
		return set_duration(o, value, err);
	else if (r->sensor_count == EP_SENSOR_OPTIONS_MAX)
		return ep_err_set(err, -EINVAL, "more than %d --sensor options",
				  EP_SENSOR_OPTIONS_MAX);
	else
		r->sensors[r->sensor_count++] = value;
	return 0;
}

static bool *flag_of(struct options *o, const char *arg)
{
	if (strcmp(arg, "--watch") == 0)
		return &o->watch;
	if (strcmp(arg, "--json") == 0)
		return &o->json;
	if (strcmp(arg, "--estimate") == 0)
		return &o->record.estimate;
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
		return &o->help;
	return NULL;
}

static int unknown(const char *arg, struct ep_err *err)
{
	static const char *const names[] = { "--board",	   "--sensor",
					     "--duration", "--watch",
					     "--json",	   "--estimate" };
	const char *nearest =
		ep_str_nearest(arg, names, sizeof(names) / sizeof(names[0]));

	if (arg[0] != '-')
		return ep_err_set(err, -EINVAL,
				  "too many arguments: '%.60s': instruments "
				  "are named with --sensor",
				  arg);
	return ep_err_set(err, -EINVAL, "there is no option %.60s%s%s%s", arg,
			  nearest ? "; did you mean " : "",
			  nearest ? nearest : "",
			  nearest ? "?" : "; see edgeprof sensors --help");
}

static int parse(struct options *o, int argc, char **argv, struct ep_err *err)
{
	static const char *const valued[] = { "--board", "--sensor",
					      "--duration" };
	int r = 0;

	for (int i = 1; r == 0 && i < argc; i++) {
		size_t len = strcspn(argv[i], "="), k = 0;
		bool *flag = flag_of(o, argv[i]);

		if (flag) {
			*flag = true;
			continue;
		}
		while (k < 3 && (strlen(valued[k]) != len ||
				 strncmp(valued[k], argv[i], len) != 0))
			k++;
		if (k == 3)
			return unknown(argv[i], err);
		if (!argv[i][len] && i + 1 == argc)
			return ep_err_set(err, -EINVAL, "%s needs a value",
					  valued[k]);
		r = set_value(o, valued[k],
			      argv[i][len] ? argv[i] + len + 1 : argv[++i],
			      err);
	}
	return r;
}

static int check(const struct options *o, struct ep_err *err)
{
	const char *term = getenv("TERM");

	if (!o->watch)
		return 0;
	if (o->json)
		return ep_err_set(err, -EINVAL,
				  "--watch is for people and --json for "
				  "programs; leave one of them out");
	if (!isatty(STDOUT_FILENO))
		return ep_err_set(err, -EINVAL,
				  "--watch draws on a terminal, and stdout is "
				  "none; without --watch the table is printed "
				  "once, anywhere");
	if (!term || !term[0] || strcmp(term, "dumb") == 0)
		return ep_err_set(err, -EINVAL,
				  "--watch cannot draw on a terminal of type "
				  "TERM=%s; leave --watch out",
				  term && term[0] ? term : "''");
	return 0;
}

/* Signals come to the main thread through a descriptor, so that sensors are
 * closed and the terminal is put back.  What the shell had us ignore (nohup)
 * stays ignored. */
static int take_signals(bool watch, struct ep_sensors_end *end,
			struct ep_err *err)
{
	/* The last two mean something to --watch only. */
	static const int taken[] = { SIGINT,  SIGTERM, SIGHUP,
				     SIGQUIT, SIGTSTP, SIGWINCH };
	size_t count = sizeof(taken) / sizeof(taken[0]) - (watch ? 0 : 2);
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		if (sigaction(taken[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	end->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (end->signal_fd < 0)
		return ep_err_set(err, -errno, "cannot make a signalfd: %s",
				  strerror(errno));
	return 0;
}

/* As if the signal had not been taken: whoever waits for us sees it. */
static void die_of(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	signal(signo, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
}

static void read_signals(struct ep_sensors_end *end)
{
	struct signalfd_siginfo info;

	while (read(end->signal_fd, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info))
		end->signo = (int)info.ssi_signo;
}

/* Reads for the time; a signal cuts it short. */
static void read_sensors(struct ep_survey *s, struct ep_sensors_end *end,
			 int64_t duration_ns)
{
	int64_t until_ns = s->begin_ns + duration_ns, left_ns;
	struct pollfd fd = { .fd = end->signal_fd, .events = POLLIN };

	while (end->signo == 0) {
		struct timespec wait = { 0, 0 };

		left_ns = until_ns - s->env.now_ns();
		if (left_ns <= 0)
			break;
		if (left_ns > COLLECT_NS)
			left_ns = COLLECT_NS;
		wait.tv_nsec = left_ns;
		(void)ppoll(&fd, 1, &wait, NULL);
		read_signals(end);
		ep_survey_collect(s);
	}
}

static int print(const struct options *o, const struct ep_survey *s,
		 double seconds, struct ep_err *err)
{
	struct winsize size;
	struct ep_buf text;
	int columns = 80, r;

	if (isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 80)
		columns = size.ws_col < TABLE_COLUMNS_MAX ? size.ws_col
							  : TABLE_COLUMNS_MAX;
	ep_buf_init(&text, (size_t)64 * 1024 * 1024);
	r = o->json ? ep_sensors_json(s, seconds, &text)
		    : ep_sensors_table(s, seconds, columns, &text);
	if (r < 0)
		(void)ep_err_set(err, r, "%s", strerror(-r));
	errno = 0;
	if (r >= 0 && (fwrite(text.data, 1, text.len, stdout) != text.len ||
		       fflush(stdout) != 0))
		r = ep_err_set(err, errno > 0 ? -errno : -EIO,
			       "cannot write to stdout: %s", strerror(errno));
	ep_buf_done(&text);
	return r < 0 ? r : 0;
}

static void warn_of_board(const struct ep_survey *s)
{
	char text[300];

	if (s->matches)
		return;
	(void)ep_str_format(text, sizeof(text),
			    "this machine does not look like board %s (it "
			    "looks like %s)",
			    s->board->name, s->detected);
	say("warning: ", text);
}

static int measure(const struct options *o, struct ep_survey *s,
		   struct ep_sensors_end *end, struct ep_err *err)
{
	int64_t duration_ns = o->duration_ns > 0 ? o->duration_ns : DURATION_NS;
	int r = ep_survey_start(s, err);
	double seconds;

	if (r < 0)
		return r;
	if (o->watch)
		return ep_sensors_watch(s, end, o->duration_ns, err);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "edgeprof sensors: reading for %g s\n",
			(double)duration_ns / 1e9);
	read_sensors(s, end, duration_ns);
	seconds = (double)(s->env.now_ns() - s->begin_ns) / 1e9;
	ep_survey_stop(s);
	return end->signo ? 0 : print(o, s, seconds, err);
}

int ep_cmd_sensors(int argc, char **argv)
{
	struct options o = { .record.interval_ns = 10 * EP_NS_PER_MS };
	struct ep_survey *s = calloc(1, sizeof(*s));
	struct ep_sensors_end end = { .signal_fd = -1 };
	struct ep_err err = { 0 };
	int status = EP_EXIT_USAGE;
	int r = s ? parse(&o, argc, argv, &err) : -ENOMEM;

	if (r == 0 && o.help) {
		fputs(help, stdout);
		free(s);
		return EP_EXIT_OK;
	}
	if (r == 0)
		r = check(&o, &err);
	if (r == 0) {
		r = take_signals(o.watch, &end, &err);
		if (r == 0)
			r = ep_survey_open(s, &o.record, &err);
		if (r == 0) {
			warn_of_board(s);
			status = EP_EXIT_INTERNAL;
			r = measure(&o, s, &end, &err);
		}
		ep_survey_close(s);
		close(end.signal_fd);
	}
	free(s);
	if (r < 0)
		say("", err.text[0] ? err.text : strerror(-r));
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EAGAIN)
		status = EP_EXIT_INTERNAL;
	if (end.signo)
		die_of(end.signo);
	return r < 0 ? status : EP_EXIT_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"
#include "profiler/report/width.h"

#define WORD_COLUMNS 8
#define TOPIC_COLUMNS 12
#define TEXT_COLUMN (WORD_COLUMNS + TOPIC_COLUMNS + 2)
#define TEXT_BYTES 1200
#define PMIC_NS (8 * EP_NS_PER_S)
#define PMIC_NS_MIN (EP_NS_PER_S / 2)
#define PMIC_NS_MAX (600 * EP_NS_PER_S)

static const char help[] =
	"usage: edgeprof doctor [--board NAME|PATH]\n"
	"       edgeprof doctor --pmic [--time TIME]\n"
	"\n"
	"Looks for what keeps this machine from being measured well, says what "
	"each thing\n"
	"costs and which command puts it right.  Nothing is changed, no "
	"command is run.\n"
	"\n"
	"  --board B      for this board (default: the one detected)\n"
	"  --pmic         Raspberry Pi 5: what reading the power chip costs the\n"
	"                 programs beside it; keeps all cores busy for a while\n"
	"  --time TIME    how long that takes (8s)\n"
	"  -h, --help     this text\n"
	"\n"
	"  ok       as it should be\n"
	"  note     good to know, or could be better\n"
	"  missing  some figures are not measured\n"
	"  NEEDED   the board's total is not measured, or not whole\n"
	"\n"
	"Exit status: 0 nothing is missing that the board's total needs; 1 "
	"something is;\n"
	"2 wrong usage, or it cannot be judged; 125 edgeprof failed.\n"
	"\n"
	"Example: edgeprof doctor --board rpi5\n";

/* In the order of their worth: first what the total depends on. */
static void (*const checks[])(struct ep_doctor *d) = {
	ep_doctor_user,	     ep_doctor_board,	 ep_doctor_sensors,
	ep_doctor_total,     ep_doctor_values,	 ep_doctor_counters,
	ep_doctor_pmus,	     ep_doctor_probes,	 ep_doctor_realtime,
	ep_doctor_nodes,     ep_doctor_serial,	 ep_doctor_testers,
	ep_doctor_bluetooth, ep_doctor_graphics, ep_doctor_build,
	ep_doctor_governor,  ep_doctor_clock,	 ep_doctor_steal,
	ep_doctor_swap,	     ep_doctor_disk,	 ep_doctor_journal,
};
#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

struct request {
	const char *board; /* NULL: detected */
	int64_t time_ns;
	bool pmic, timed, help;
};

static void complain(const char *text)
{
	char clean[600];

	ep_width_clean(clean, sizeof(clean), text);
	(void)fprintf(stderr, "edgeprof doctor: %s\n", clean);
}

void ep_doctor_say(struct ep_doctor *d, enum ep_finding finding,
		   const char *topic, const char *format, ...)
{
	static const char *const words[EP_FINDING_COUNT] = {
		[EP_FINDING_OK] = "ok",
		[EP_FINDING_NOTE] = "note",
		[EP_FINDING_MISSING] = "missing",
		[EP_FINDING_NEEDED] = "NEEDED",
	};
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->counts[finding]++;
	ep_lines_cell(WORD_COLUMNS, words[finding]);
	ep_lines_spaces(1);
	ep_lines_cell(TOPIC_COLUMNS, topic);
	ep_lines_spaces(1);
	ep_lines_wrap(TEXT_COLUMN, TEXT_COLUMN, text);
}

static void below(const char *label, const char *format, va_list args)
	EP_PRINTF(2, 0);
static void below(const char *label, const char *format, va_list args)
{
	char text[TEXT_BYTES];
	int indent = TEXT_COLUMN + (int)strlen(label);

	(void)vsnprintf(text, sizeof(text), format, args);
	ep_lines_spaces(TEXT_COLUMN);
	(void)printf("%s", label);
	ep_lines_wrap(indent, indent, text);
}

void ep_doctor_cost(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	below("costs: ", format, args);
	va_end(args);
}

void ep_doctor_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	below("", format, args);
	va_end(args);
}

static void command(const char *label, const char *format, va_list args)
	EP_PRINTF(2, 0);
static void command(const char *label, const char *format, va_list args)
{
	char text[TEXT_BYTES], clean[TEXT_BYTES];

	(void)vsnprintf(text, sizeof(text), format, args);
	ep_width_clean(clean, sizeof(clean), text);
	ep_lines_spaces(WORD_COLUMNS + 1);
	(void)printf("%-5s%s\n", label, clean);
}

void ep_doctor_fix(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	command("fix:", format, args);
	va_end(args);
}

void ep_doctor_step(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	command("", format, args);
	va_end(args);
}

static int usage(const char *text)
{
	char line[300];

	(void)ep_str_format(line, sizeof(line),
			    "%s; see edgeprof doctor --help", text);
	complain(line);
	return EP_EXIT_USAGE;
}

static int take_time(struct request *q, const char *text)
{
	q->timed = true;
	if (ep_num_parse_duration_ns(text, &q->time_ns) < 0 ||
	    q->time_ns < PMIC_NS_MIN || q->time_ns > PMIC_NS_MAX)
		return usage("--time is a time such as 8s, from 500ms to 10m");
	return EP_EXIT_OK;
}

static int unknown_option(const char *word)
{
	static const char *const known[] = { "--board", "--pmic", "--time",
					     "--help" };
	const char *near = ep_str_nearest(word, known, 4);
	char text[200];

	(void)ep_str_format(text, sizeof(text), "unknown option '%.80s'%s%s%s",
			    word, near ? ", did you mean '" : "",
			    near ? near : "", near ? "'?" : "");
	return usage(text);
}

/* Fills q, or returns the exit status of a wrong command line. */
static int parse(int argc, char **argv, struct request *q)
{
	static const struct option options[] = {
		{ "board", required_argument, NULL, 'b' },
		{ "pmic", no_argument, NULL, 'p' },
		{ "time", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r = EP_EXIT_OK;

	optind = 0; /* another command may have parsed before */
	opterr = 0;
	while (r == EP_EXIT_OK &&
	       (c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'b')
			q->board = optarg;
		else if (c == 'p')
			q->pmic = true;
		else if (c == 't')
			r = take_time(q, optarg);
		else if (c == 'h')
			q->help = true;
		else if (c == ':')
			r = usage("the last option needs a value");
		else
			r = unknown_option(argv[optind - 1]);
	}
	if (r != EP_EXIT_OK || q->help)
		return r;
	if (optind < argc)
		return usage("it takes no arguments");
	if (q->timed && !q->pmic)
		return usage("--time belongs to --pmic");
	if (q->board && q->pmic)
		return usage("--pmic needs no --board");
	return EP_EXIT_OK;
}

static void summarise(const struct ep_doctor *d)
{
	const size_t *n = d->counts;

	(void)printf("\n%zu ok, %zu to note, %zu missing, %zu needed for the "
		     "total\n",
		     n[EP_FINDING_OK], n[EP_FINDING_NOTE],
		     n[EP_FINDING_MISSING], n[EP_FINDING_NEEDED]);
}

/* As a run opens them, but for those that follow a program. */
static int open_sensors(struct ep_doctor *d, struct ep_err *err)
{
	const struct ep_record_options none = { .interval_ns =
							10 * EP_NS_PER_MS };
	int r = ep_slots_open(&d->env, d->board, &none, &d->slots, err);

	if (r >= 0)
		r = ep_total_choose(&d->slots, d->board, NULL, &d->total, err);
	return r;
}

static int examine(struct ep_doctor *d, const char *board)
{
	struct ep_err err = { 0 };
	int r = ep_board_detect(&d->env, d->detected, sizeof(d->detected),
				&err);

	d->asked = board != NULL;
	if (r == 0)
		r = ep_board_load(board ? board : d->detected, &d->board, &err);
	if (r == 0)
		r = open_sensors(d, &err);
	if (r < 0) {
		complain(err.text[0] ? err.text : strerror(-r));
		return r == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
	}
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		checks[i](d);
		(void)fflush(stdout);
	}
	summarise(d);
	return d->counts[EP_FINDING_NEEDED] > 0 ? EP_EXIT_NO : EP_EXIT_OK;
}

int ep_cmd_doctor(int argc, char **argv)
{
	struct request q = { .time_ns = PMIC_NS };
	struct ep_doctor d = { .board = NULL };
	struct ep_err err = { 0 };
	int r = parse(argc, argv, &q);

	if (r != EP_EXIT_OK)
		return r;
	if (q.help) {
		(void)fputs(help, stdout);
		return ep_lines_end("doctor", EP_EXIT_OK);
	}
	if (ep_env_init(&d.env, &err) < 0) {
		complain(err.text);
		return EP_EXIT_INTERNAL;
	}
	d.env.interval_ns = 10 * EP_NS_PER_MS;
	r = q.pmic ? ep_doctor_pmic(&d.env, q.time_ns) : examine(&d, q.board);
	ep_slots_close(&d.slots);
	ep_board_free(d.board);
	ep_env_done(&d.env);
	return ep_lines_end("doctor", r);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stddef.h>

#include "runners/demo/pool.h"

#define DEFAULT_TOKENS 300 /* as the help says */

static const char default_prompt[] =
	"A small board in the corner of the room reads one page after another "
	"and is asked what it costs to answer. Every word that it writes takes "
	"one walk through all of its memory, and every walk takes a little of "
	"the charge that the battery had left. How long?";
_Static_assert(sizeof(default_prompt) == 256, "with the begin token, 256");

const char infer_help[] =
	"usage: infer [OPTION]...\n"
	"\n"
	"Runs a small decoder-only transformer (7 layers, 90 MB of 8-bit\n"
	"weights) whose weights are random: it costs what a model of its size\n"
	"costs, but what it writes means nothing.  It marks load, prefill,\n"
	"generation and every token for edgeprof.\n"
	"\n"
	"  -t N           threads (default: every core this process may use)\n"
	"  -n N           tokens to generate, 1 to 4095 (default 300)\n"
	"  -p TEXT        prompt; one token per byte (default: 256 tokens)\n"
	"  -m FILE        model; otherwise demo-model.bin in edgeprof's cache\n"
	"                 folder, made when it is not there\n"
	"  -s N           seed of the sampling (default 1)\n"
	"  --temp X       temperature, 0 = always the likeliest (default 0.8)\n"
	"  -r N           requests: answer the prompt N times (default 1)\n"
	"  --quiet        only the text, no figures\n"
	"  --times        at the end, CLOCK_MONOTONIC of every border and token\n"
	"                 in nanoseconds on standard error\n"
	"  --make-model FILE  write the model to FILE and end\n"
	"  --tiny         with --make-model: a model of 1 MB, for tests\n"
	"  --self-check   check the arithmetic with the model and end\n"
	"  --help         this text\n"
	"\n"
	"Example: edgeprof run -- infer -t 2 -n 100 -p \"Once upon a time\"\n";

enum {
	OPTION_TEMP = 256,
	OPTION_QUIET,
	OPTION_TIMES,
	OPTION_MAKE_MODEL,
	OPTION_TINY,
	OPTION_SELF_CHECK,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "temp", required_argument, NULL, OPTION_TEMP },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "times", no_argument, NULL, OPTION_TIMES },
	{ "make-model", required_argument, NULL, OPTION_MAKE_MODEL },
	{ "tiny", no_argument, NULL, OPTION_TINY },
	{ "self-check", no_argument, NULL, OPTION_SELF_CHECK },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

int infer_number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (text[0] == '\0')
		return -EINVAL;
	for (const char *c = text; *c; c++) {
		uint64_t digit;

		if (*c < '0' || *c > '9')
			return -EINVAL;
		digit = (uint64_t)(*c - '0');
		if (value > (max - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

int infer_decimal_parse(const char *text, float *ret)
{
	uint32_t value = 0;   /* all digits */
	uint32_t divisor = 0; /* 0 before the '.' */
	int places = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '.' && divisor == 0 && c != text) {
			divisor = 1;
			continue;
		}
		if (*c < '0' || *c > '9' || (divisor > 0 && ++places > 6))
			return -EINVAL;
		value = value * 10 + (uint32_t)(*c - '0');
		divisor *= 10;
		if (divisor == 0 && value > 1000)
			return -ERANGE;
	}
	/* "", or a '.' without digits after it */
	if (text[0] == '\0' || divisor == 1)
		return -EINVAL;
	*ret = (float)value / (divisor > 0 ? (float)divisor : 1.0F);
	return 0;
}

/* An integer option from 1 to max. */
static int parse_count(const char *option, const char *text, int max, int *ret,
		       struct infer_err *err)
{
	uint64_t value;

	if (infer_number_parse(text, (uint64_t)max, &value) < 0 || value < 1)
		return infer_err_set(err, -EINVAL,
				     "%s %s: give a whole number from 1 to %d",
				     option, text, max);
	*ret = (int)value;
	return 0;
}

static int parse_temperature(const char *text, float *ret,
			     struct infer_err *err)
{
	if (infer_decimal_parse(text, ret) < 0)
		return infer_err_set(err, -EINVAL,
				     "--temp %s: give a number from 0 to 1000, "
				     "like 0.8",
				     text);
	return 0;
}

static int parse_seed(const char *text, uint64_t *ret, struct infer_err *err)
{
	if (infer_number_parse(text, UINT64_MAX, ret) < 0)
		return infer_err_set(err, -EINVAL, "-s %s: give a whole number",
				     text);
	return 0;
}

static int parse_letter(struct infer_options *o, int option, const char *text,
			struct infer_err *err)
{
	switch (option) {
	case 't':
		return parse_count("-t", text, INFER_THREADS_MAX, &o->threads,
				   err);
	case 'n':
		return parse_count("-n", text, INFER_TOKENS_MAX, &o->tokens,
				   err);
	case 'r':
		return parse_count("-r", text, INFER_REQUESTS_MAX, &o->requests,
				   err);
	case 's':
		return parse_seed(text, &o->seed, err);
	case 'p':
		o->prompt = text;
		return 0;
	case 'm':
		o->model = text;
		return 0;
	default:
		return infer_err_set(err, -EINVAL,
				     "option unknown or without its value; see "
				     "--help");
	}
}

static int parse_one(struct infer_options *o, int option, const char *text,
		     struct infer_err *err)
{
	switch (option) {
	case OPTION_TEMP:
		return parse_temperature(text, &o->temperature, err);
	case OPTION_QUIET:
		o->quiet = true;
		return 0;
	case OPTION_TIMES:
		o->times = true;
		return 0;
	case OPTION_MAKE_MODEL:
		o->make_model = text;
		return 0;
	case OPTION_TINY:
		o->tiny = true;
		return 0;
	case OPTION_SELF_CHECK:
		o->self_check = true;
		return 0;
	case OPTION_HELP:
		o->help = true;
		return 0;
	default:
		return parse_letter(o, option, text, err);
	}
}

/* Cores this process may run on. */
static int usable_cores(void)
{
	cpu_set_t set;
	int count;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	count = CPU_COUNT(&set);
	if (count < 1)
		return 1;
	return count < INFER_THREADS_MAX ? count : INFER_THREADS_MAX;
}

int infer_options_parse(struct infer_options *ret, int argc, char **argv,
			struct infer_err *err)
{
	struct infer_options o = {
		.threads = usable_cores(),
		.tokens = DEFAULT_TOKENS,
		.requests = 1,
		.seed = 1,
		.temperature = 0.8F,
		.prompt = default_prompt,
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "t:n:p:m:s:r:", long_options,
				     NULL)) >= 0) {
		int r = parse_one(&o, option, optarg, err);

		if (r < 0 && (option == '?'))
			return infer_err_set(err, r,
					     "%s: unknown, or its value is "
					     "missing; see --help",
					     argv[optind - 1]);
		if (r < 0)
			return r;
	}
	if (optind < argc)
		return infer_err_set(err, -EINVAL,
				     "\"%s\": not an option; a prompt goes "
				     "after -p",
				     argv[optind]);
	if (o.tiny && !o.make_model)
		return infer_err_set(err, -EINVAL,
				     "--tiny goes with --make-model FILE");
	*ret = o;
	return 0;
}

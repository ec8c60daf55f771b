/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/check.h"

const char ep_check_help[] =
	"usage: edgeprof check DIR... [--max METRIC=V] [--min METRIC=V]\n"
	"                             [--baseline DIR [--margin 5%]] [options]\n"
	"\n"
	"Says by its exit status whether runs keep to limits and are no worse than\n"
	"others.  Several run folders are repetitions of one thing; of a study every\n"
	"configuration must pass.  Only valid runs count, warm-ups do not.\n"
	"\n"
	"  --max METRIC=V   the mean must not be above V, as in\n"
	"                   generation.j_per_token=2.1 or load.duration_s=1500ms\n"
	"  --min METRIC=V   the mean must not be below V\n"
	"  --baseline DIR   run or study that the figures are compared with; fails\n"
	"                   when the 95 % interval of the change lies wholly beyond\n"
	"                   the margin, on the bad side.  Again: more repetitions\n"
	"  --margin P       how much worse is no harm (default 5%)\n"
	"  --metric NAMES   what is compared with the baseline (default: what --max\n"
	"                   and --min name)\n"
	"  --strict         \"cannot tell\" against the baseline fails, too\n"
	"  --allow LIST     judge all the same what is: estimated, low-confidence;\n"
	"                   skip what is: missing\n"
	"  --format F       text (default), junit, md\n"
	"  -o FILE          write it to FILE; what did not pass goes to standard\n"
	"                   error, too\n"
	"  --help           this text\n"
	"\n"
	"exit status: 0 all passed, 1 something failed, 2 something cannot be judged,\n"
	"or usage, 125 failure\n"
	"\n"
	"example: edgeprof check out --max generation.j_per_token=2.1 \\\n"
	"           --baseline last-release --margin 5%\n";

enum {
	OPT_MAX = 256,
	OPT_MIN,
	OPT_BASELINE,
	OPT_MARGIN,
	OPT_METRIC,
	OPT_STRICT,
	OPT_ALLOW,
	OPT_FORMAT,
};

static const struct option options[] = {
	{ "max", required_argument, NULL, OPT_MAX },
	{ "min", required_argument, NULL, OPT_MIN },
	{ "baseline", required_argument, NULL, OPT_BASELINE },
	{ "margin", required_argument, NULL, OPT_MARGIN },
	{ "metric", required_argument, NULL, OPT_METRIC },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "allow", required_argument, NULL, OPT_ALLOW },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int unknown(const char *word, struct ep_err *err)
{
	const char *names[sizeof(options) / sizeof(options[0])], *near;
	size_t count = 0;

	while (options[count].name) {
		names[count] = options[count].name;
		count++;
	}
	near = ep_str_nearest(word + strspn(word, "-"), names, count);
	return ep_err_set(err, -EINVAL, "unknown option '%.80s'%s%s%s", word,
			  near ? ", did you mean '--" : "", near ? near : "",
			  near ? "'?" : "");
}

static int add_limit(struct ep_check_options *o, enum ep_check_kind kind,
		     struct ep_err *err)
{
	const char *name = kind == EP_CHECK_MAX ? "--max" : "--min";
	struct ep_check_limit *l = &o->limits[o->limit_count];
	int r;

	if (o->limit_count == EP_CHECK_LIMITS_MAX)
		return ep_err_set(err, -E2BIG, "more than %d limits",
				  EP_CHECK_LIMITS_MAX);
	r = ep_check_limit_parse(optarg, kind, l, err);
	if (r < 0) {
		(void)ep_err_prefix(err, "%s", name);
		return r;
	}
	for (size_t i = 0; i < o->limit_count; i++) {
		const struct ep_check_limit *k = &o->limits[i];

		if (strcmp(k->metric, l->metric) != 0)
			continue;
		if (k->kind == kind)
			return ep_err_set(err, -EINVAL, "%s: %s twice", name,
					  l->metric);
		if (kind == EP_CHECK_MAX ? l->value < k->value
					 : l->value > k->value)
			return ep_err_set(err, -EINVAL,
					  "nothing is below --max and above "
					  "--min of %s",
					  l->metric);
	}
	o->limit_count++;
	return 0;
}

/* "5%" */
static int take_margin(struct ep_check_options *o, struct ep_err *err)
{
	size_t len = strlen(optarg);
	char number[32];
	double value;

	if (len < 2 || optarg[len - 1] != '%' ||
	    !ep_str_format(number, sizeof(number), "%.*s", (int)len - 1,
			   optarg) ||
	    ep_num_parse_f64(number, &value) < 0 ||
	    !(value >= 0 && value <= 1000))
		return ep_err_set(
			err, -EINVAL,
			"--margin is a percentage from 0%% to 1000%%, "
			"such as 5%%");
	o->rules.margin = value / 100;
	o->has_margin = true;
	return 0;
}

static int take_allow(struct ep_check_options *o, struct ep_err *err)
{
	static const char *const known[] = { "estimated", "low-confidence",
					     "missing" };
	bool *const fields[] = { &o->rules.allow_estimated,
				 &o->rules.allow_low_confidence,
				 &o->rules.allow_missing };
	char **words;
	int r = ep_words_list(optarg, &words, err);

	if (r < 0) {
		(void)ep_err_prefix(err, "--allow");
		return r;
	}
	for (size_t i = 0; r == 0 && words[i]; i++) {
		const char *near = ep_str_nearest(words[i], known, 3);
		size_t k = 0;

		while (k < 3 && strcmp(words[i], known[k]) != 0)
			k++;
		if (k < 3)
			*fields[k] = true;
		else
			r = ep_err_set(err, -EINVAL,
				       "--allow: '%.40s' is none of estimated, "
				       "low-confidence and missing%s%s%s",
				       words[i], near ? "; did you mean '" : "",
				       near ? near : "", near ? "'?" : "");
	}
	ep_words_free(words);
	return r;
}

static int take_metrics(struct ep_check_options *o, struct ep_err *err)
{
	int r;

	ep_words_free(o->metrics);
	o->metrics = NULL;
	r = ep_words_list(optarg, &o->metrics, err);
	for (size_t i = 0; r == 0 && o->metrics[i]; i++)
		if (!strchr(o->metrics[i], '.') ||
		    strlen(o->metrics[i]) >= EP_CHECK_METRIC_BYTES)
			r = ep_err_set(err, -EINVAL,
				       "'%.80s' of which phase? give it as in "
				       "generation.j_per_token",
				       o->metrics[i]);
	return r < 0 ? (void)ep_err_prefix(err, "--metric"), r : 0;
}

static int take_option(struct ep_check_options *o, int c, struct ep_err *err)
{
	switch (c) {
	case OPT_MAX:
		return add_limit(o, EP_CHECK_MAX, err);
	case OPT_MIN:
		return add_limit(o, EP_CHECK_MIN, err);
	case OPT_BASELINE:
		if (o->baseline_count == EP_CHECK_BASELINES_MAX)
			return ep_err_set(err, -E2BIG,
					  "more than %d folders of --baseline",
					  EP_CHECK_BASELINES_MAX);
		o->baselines[o->baseline_count++] = optarg;
		return 0;
	case OPT_MARGIN:
		return take_margin(o, err);
	case OPT_METRIC:
		return take_metrics(o, err);
	case OPT_STRICT:
		o->rules.strict = true;
		return 0;
	case OPT_ALLOW:
		return take_allow(o, err);
	case OPT_FORMAT:
		o->format = ep_check_format_find(optarg, err);
		return o->format ? 0 : -EINVAL;
	case 'o':
		o->output = optarg;
		return 0;
	default:
		o->help = true;
		return 0;
	}
}

static int check_needs(const struct ep_check_options *o, struct ep_err *err)
{
	if (o->folder_count == 0)
		return ep_err_set(err, -EINVAL,
				  "what shall be checked? give run or study "
				  "folders");
	if (o->limit_count == 0 && o->baseline_count == 0)
		return ep_err_set(err, -EINVAL,
				  "for what? give --max METRIC=V, --min "
				  "METRIC=V or --baseline DIR");
	if (o->baseline_count == 0 &&
	    (o->has_margin || o->rules.strict || o->metrics))
		return ep_err_set(err, -EINVAL,
				  "%s says nothing without --baseline",
				  o->has_margin	    ? "--margin"
				  : o->rules.strict ? "--strict"
						    : "--metric");
	if (o->limit_count == 0 && !o->metrics)
		return ep_err_set(err, -EINVAL,
				  "which figures are compared with the "
				  "baseline? give --metric "
				  "generation.j_per_token,...");
	return 0;
}

int ep_check_options_parse(int argc, char **argv, struct ep_check_options *o,
			   struct ep_err *err)
{
	int c, r = 0;

	memset(o, 0, sizeof(*o));
	o->rules.margin = 0.05;
	o->format = ep_check_format_find("text", err);
	optind = 0;
	opterr = 0;
	while (r == 0 && !o->help) {
		c = getopt_long(argc, argv, ":o:h", options, NULL);
		if (c == -1)
			break;
		if (c == '?')
			return unknown(argv[optind - 1], err);
		if (c == ':')
			return ep_err_set(err, -EINVAL, "%.60s needs a value",
					  argv[optind - 1]);
		r = take_option(o, c, err);
	}
	if (r < 0 || o->help)
		return r;
	o->folders = argv + optind;
	o->folder_count = (size_t)(argc - optind);
	return check_needs(o, err);
}

void ep_check_options_done(struct ep_check_options *o)
{
	ep_words_free(o->metrics);
	o->metrics = NULL;
}

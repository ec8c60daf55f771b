/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/compare.h"

const char ep_compare_help[] =
	"usage: edgeprof compare A... -- B... [-- C...]   runs and studies\n"
	"       edgeprof compare STUDY --by FACTOR        levels of a factor\n"
	"       edgeprof compare --csv FILE --group COLUMN [--metric LIST]\n"
	"\n"
	"Says whether groups of runs differ: different, equivalent within a\n"
	"margin, or cannot tell and how many runs would. Differences are B - A.\n"
	"\n"
	"  --metric LIST     generation.j_per_token,run.duration_s ...\n"
	"  --margin 2%       what is too small to matter\n"
	"  --pair KEY        column that pairs observations (prompt_id, run);\n"
	"                    of run folders, a column of requests.csv\n"
	"  --test NAME       what the verdict follows: welch (default), paired-t\n"
	"                    (default with --pair), student, mann-whitney,\n"
	"                    brunner-munzel, ks, permutation, wilcoxon\n"
	"  --baseline NAME   the group others are compared with (the first)\n"
	"  --where COL=VALUE only rows with it; may be repeated\n"
	"  --keep-cold       do not set cold starts apart\n"
	"  --together        all metrics at once (MANOVA)\n"
	"  --clusters        groups that nobody named: Ward, k-means, mixture\n"
	"  --change-points   where the mean shifts in the order of measurement\n"
	"  --seed N, --resamples N   of bootstrap and permutation (1, 10000)\n"
	"  --format F        text (default), json (everything), csv, md, latex"
#if EP_WITH_HTML
	", html"
#endif
	"\n"
	"  -o FILE           write it there\n"
	"  --help            this text\n"
	"\n"
	"exit status: 0 done, whatever the verdict; 2 usage, or nothing to\n"
	"compare; 125 failure\n"
	"\n"
	"example: edgeprof compare rust/ -- python/ --pair prompt_id --margin 2%\n";

enum {
	OPT_CSV = 256,
	OPT_GROUP,
	OPT_BY,
	OPT_PAIR,
	OPT_MARGIN,
	OPT_TEST,
	OPT_METRIC,
	OPT_FORMAT,
	OPT_BASELINE,
	OPT_WHERE,
	OPT_KEEP_COLD,
	OPT_SEED,
	OPT_RESAMPLES,
	OPT_TOGETHER,
	OPT_CLUSTERS,
	OPT_CHANGE_POINTS,
};

static const struct option options[] = {
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "by", required_argument, NULL, OPT_BY },
	{ "pair", required_argument, NULL, OPT_PAIR },
	{ "margin", required_argument, NULL, OPT_MARGIN },
	{ "test", required_argument, NULL, OPT_TEST },
	{ "metric", required_argument, NULL, OPT_METRIC },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "baseline", required_argument, NULL, OPT_BASELINE },
	{ "where", required_argument, NULL, OPT_WHERE },
	{ "keep-cold", no_argument, NULL, OPT_KEEP_COLD },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "resamples", required_argument, NULL, OPT_RESAMPLES },
	{ "together", no_argument, NULL, OPT_TOGETHER },
	{ "clusters", no_argument, NULL, OPT_CLUSTERS },
	{ "change-points", no_argument, NULL, OPT_CHANGE_POINTS },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int unknown(const char *word, struct ep_err *err)
{
	const char *names[sizeof(options) / sizeof(options[0])], *near;
	const char *bare = word + strspn(word, "-");
	size_t count = 0;
	char clean[80];

	while (options[count].name) {
		names[count] = options[count].name;
		count++;
	}
	near = ep_str_nearest(bare, names, count);
	(void)ep_str_copy(clean, sizeof(clean), word);
	ep_str_printable(clean);
	return ep_err_set(err, -EINVAL, "unknown option '%s'%s%s%s", clean,
			  near ? ", did you mean '--" : "", near ? near : "",
			  near ? "'?" : "");
}

/* "2%" */
static int parse_margin(const char *text, double *ret, struct ep_err *err)
{
	size_t len = strlen(text);
	char number[32];
	double value;

	if (len > 1 && len < sizeof(number) && text[len - 1] == '%') {
		memcpy(number, text, len - 1);
		number[len - 1] = '\0';
		if (ep_num_parse_f64(number, &value) == 0 && value > 0 &&
		    value < 100) {
			*ret = value / 100;
			return 0;
		}
	}
	return ep_err_set(err, -EINVAL,
			  "--margin is a percentage between 0%% and 100%%, "
			  "such as 2%%");
}

static int parse_count(const char *text, uint64_t least, const char *name,
		       uint64_t *ret, struct ep_err *err)
{
	uint64_t value;

	if (ep_num_parse_u64(text, &value) < 0 || value < least ||
	    value > 10 * 1000 * 1000)
		return ep_err_set(err, -EINVAL,
				  "%s is a whole number from %llu to 10000000",
				  name, (unsigned long long)least);
	*ret = value;
	return 0;
}

static int add_where(struct ep_compare_options *o, const char *text,
		     struct ep_err *err)
{
	if (!strchr(text, '=') || text[0] == '=')
		return ep_err_set(err, -EINVAL,
				  "--where takes COLUMN=VALUE, such as "
				  "threads=2");
	if (o->where_count == EP_COMPARE_WHERE_MAX)
		return ep_err_set(err, -E2BIG, "--where more than %d times",
				  EP_COMPARE_WHERE_MAX);
	o->where[o->where_count++] = text;
	return 0;
}

static int take_metrics(struct ep_compare_options *o, const char *text,
			struct ep_err *err)
{
	int r;

	ep_words_free(o->metrics);
	o->metrics = NULL;
	r = ep_words_list(text, &o->metrics, err);
	return r < 0 ? ep_err_prefix(err, "--metric"), r : 0;
}

static int take_analysis(struct ep_compare_options *o, int c,
			 struct ep_err *err)
{
	uint64_t count = 0;
	int r = 0;

	switch (c) {
	case OPT_MARGIN:
		return parse_margin(optarg, &o->contrast.margin, err);
	case OPT_TEST:
		o->has_test = true;
		return ep_test_find(optarg, &o->contrast.test, err);
	case OPT_SEED:
		return parse_count(optarg, 0, "--seed",
				   &o->contrast.resample.seed, err);
	case OPT_RESAMPLES:
		r = parse_count(optarg, 100, "--resamples", &count, err);
		o->contrast.resample.count = (size_t)count;
		return r;
	case OPT_TOGETHER:
		o->told.together = true;
		return 0;
	case OPT_CLUSTERS:
		o->told.clusters = true;
		return 0;
	case OPT_CHANGE_POINTS:
		o->told.changes = true;
		return 0;
	case OPT_METRIC:
		return take_metrics(o, optarg, err);
	case OPT_FORMAT:
		o->format = ep_compare_format_find(optarg, err);
		return o->format ? 0 : -EINVAL;
	default:
		return add_where(o, optarg, err);
	}
}

static int take_option(struct ep_compare_options *o, int c, struct ep_err *err)
{
	switch (c) {
	case OPT_CSV:
		o->csv = optarg;
		return 0;
	case OPT_GROUP:
		o->group_column = optarg;
		return 0;
	case OPT_BY:
		o->by = optarg;
		return 0;
	case OPT_PAIR:
		o->pair = optarg;
		return 0;
	case OPT_BASELINE:
		o->baseline = optarg;
		return 0;
	case OPT_KEEP_COLD:
		o->keep_cold = true;
		return 0;
	case 'o':
		o->output = optarg;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	default:
		return take_analysis(o, c, err);
	}
}

/* The words between two "--": options among them, the rest are folders. */
static int parse_part(int argc, char **argv, struct ep_compare_options *o,
		      struct ep_err *err)
{
	size_t group = o->group_count;
	int c, r = 0;

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
	if (r == 0 && optind < argc) {
		o->folders[group] = argv + optind;
		o->folder_counts[group] = (size_t)(argc - optind);
		o->group_count++;
	}
	return r;
}

static int parse_parts(int argc, char **words, struct ep_compare_options *o,
		       struct ep_err *err)
{
	int begin = 0, r = 0;

	for (int i = 1; r == 0 && i <= argc && !o->help; i++) {
		size_t before = o->group_count;

		if (i < argc && strcmp(words[i], "--") != 0)
			continue;
		if (before == EP_GROUPS_MAX)
			return ep_err_set(err, -E2BIG,
					  "more than %d groups between --",
					  EP_GROUPS_MAX);
		/* getopt() wants a name of a program before the words. */
		words[begin] = words[0];
		r = parse_part(i - begin, words + begin, o, err);
		if (r == 0 && i < argc && o->group_count == before && !o->help)
			return ep_err_set(err, -EINVAL,
					  "there is no folder before a --");
		begin = i;
	}
	return r;
}

static int check_input(const struct ep_compare_options *o, struct ep_err *err)
{
	if (o->csv && (o->group_count > 0 || o->by))
		return ep_err_set(err, -EINVAL,
				  "--csv is compared alone, with --group");
	if (o->csv && !o->group_column)
		return ep_err_set(err, -EINVAL,
				  "--csv needs --group COLUMN, whose values "
				  "are the groups");
	if (!o->csv && o->group_column)
		return ep_err_set(err, -EINVAL,
				  "--group is for --csv; of a study say --by");
	if (!o->csv && o->group_count == 0)
		return ep_err_set(err, -EINVAL,
				  "what shall be compared? A... -- B..., a "
				  "study with --by FACTOR, or --csv FILE");
	if (o->by && o->group_count > 1)
		return ep_err_set(err, -EINVAL,
				  "--by makes the groups itself; leave -- "
				  "away");
	if (!o->csv && !o->by && o->group_count < 2)
		return ep_err_set(err, -EINVAL,
				  "with what? A... -- B..., or --by FACTOR for "
				  "groups inside a study");
	return 0;
}

static int check_test(struct ep_compare_options *o, struct ep_err *err)
{
	struct ep_contrast_options *c = &o->contrast;

	c->paired = o->pair != NULL;
	if (!o->has_test && c->paired)
		c->test = EP_TEST_PAIRED_T;
	if (c->paired && !ep_test_takes_pairs(c->test))
		return ep_err_set(err, -EINVAL,
				  "--test %s knows no pairs; with --pair there "
				  "are paired-t, wilcoxon and permutation",
				  ep_test_name(c->test));
	if (!c->paired && ep_test_needs_pairs(c->test))
		return ep_err_set(err, -EINVAL, "--test %s needs --pair KEY",
				  ep_test_name(c->test));
	return 0;
}

int ep_compare_options_parse(int argc, char **argv,
			     struct ep_compare_options *o, struct ep_err *err)
{
	struct ep_err ignored;
	int r;

	memset(o, 0, sizeof(*o));
	ep_contrast_options_init(&o->contrast);
	o->format = ep_compare_format_find("text", &ignored);
	/* getopt() changes the order of words. */
	o->words = calloc((size_t)argc + 1, sizeof(*o->words));
	if (!o->words)
		return ep_err_set(err, -ENOMEM, "out of memory");
	memcpy(o->words, argv, (size_t)argc * sizeof(*o->words));
	r = parse_parts(argc, o->words, o, err);
	if (r < 0 || o->help)
		return r;
	r = check_input(o, err);
	return r < 0 ? r : check_test(o, err);
}

void ep_compare_options_done(struct ep_compare_options *o)
{
	ep_words_free(o->metrics);
	free(o->words);
	o->metrics = NULL;
	o->words = NULL;
}

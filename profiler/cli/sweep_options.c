/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/run_options.h"
#include "profiler/cli/sweep.h"
#include "profiler/study/study_parts.h"

const char ep_sweep_help[] =
	"usage: edgeprof sweep [options] [options of edgeprof run] -- COMMAND\n"
	"       edgeprof sweep STUDY.conf [-o DIR] [--plan]\n"
	"       edgeprof sweep DIR --resume|--rebuild|--collect FROM...\n"
	"\n"
	"Runs a program in every configuration, several times, in random order,\n"
	"and keeps what came out in DIR/results.csv.\n"
	"\n"
	"  --governor a,b  --threads 1-4  --freq ...   options of run that take\n"
	"                      several values: each is a factor\n"
	"  --set NAME=a,b      a factor for {NAME} in COMMAND\n"
	"  --runs N            valid runs of each configuration (default 1)\n"
	"  --warmup N          runs before them, measured and left out\n"
	"  --cooldown 30s|to:50C        before each run; --cooldown-limit 10m\n"
	"  --until-ci generation.j_per_token=2% --max-runs N   more runs until\n"
	"                      the 95 % interval is that narrow\n"
	"  --retries N         for rejected runs of a configuration (default 2)\n"
	"  --order random|given   --order-seed N\n"
	"  --drop-caches=first|each  --clear-swap=first|each   of a configuration\n"
	"  --search halving --objective METRIC [--floor METRIC=MIN] --max-runs N\n"
	"                      the smallest METRIC: the better half twice as often\n"
	"  --max-background-cpu 10%  --max-thermal-drift C  --max-missed-ticks 1%\n"
	"  --max-sensor-gaps 5%  --max-frequency-shortfall 10%\n"
	"  --expect-tokens N   --same-output auto|yes|no    what makes a run valid\n"
	"  -o, --output DIR    (default: the file's name, or edgeprof-study-<UTC>)\n"
	"  --plan              show what would run; touch nothing\n"
	"  --resume            go on after Ctrl-C, a crash or a power cut\n"
	"  --rebuild           make DIR/study.db again from the run folders\n"
	"  --executor slurm|parallel    on other machines; --hosts FILE.conf for\n"
	"                      parallel; --shared DIR, --sbatch WORDS for slurm\n"
	"  --collect FROM...   take in run folders that others made\n"
	"  --yes               more than 10000 configurations are meant\n"
	"  -q, --quiet         print errors only\n"
	"\n"
	"Example: edgeprof sweep --governor powersave,performance --threads 1-4 \\\n"
	"           --runs 5 --warmup 1 -o study -- ./infer -t {threads}\n";

/* Words that become study.options, kept in order. */
struct collected {
	char **words;
	size_t count;
};

static int keep(struct collected *c, const char *word)
{
	char **bigger = realloc(c->words, (c->count + 2) * sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	c->words = bigger;
	bigger[c->count] = strdup(word);
	bigger[c->count + 1] = NULL;
	return bigger[c->count++] ? 0 : -ENOMEM;
}

static bool is_setting(const char *name)
{
	for (size_t i = 0; ep_study_settings[i]; i++)
		if (strcmp(ep_study_settings[i], name) == 0)
			return true;
	return false;
}

/* "--set quant=Q4_0,Q4_K_M" */
static int take_set(struct ep_study *s, const char *value, struct ep_err *err)
{
	size_t len = strcspn(value, "=");
	char name[64], **levels = NULL;
	int r;

	if (!value[len] ||
	    !ep_str_format(name, sizeof(name), "%.*s", (int)len, value))
		return ep_err_set(err, -EINVAL,
				  "--set: '%.80s' is not NAME=VALUE,VALUE...",
				  value);
	r = ep_factor_levels(name, value + len + 1, false, &levels, err);
	if (r == 0)
		r = ep_study_add_factor(s, name, NULL, levels, err);
	ep_words_free(levels);
	return r;
}

/* One value is an option of every run, several are a factor. */
static int take_run_option(struct ep_study *s, struct collected *c,
			   const char *option, const char *value,
			   struct ep_err *err)
{
	const struct ep_factor_option *f = ep_factor_option_find(option + 2);
	char **levels = NULL;
	int r = 0;

	if (f && value) {
		r = ep_factor_levels(f->name, value, f->whole, &levels, err);
		if (r == 0 && (f->flag || ep_words_count(levels) > 1)) {
			r = ep_study_add_factor(s, f->name, f->option, levels,
						err);
			ep_words_free(levels);
			return r;
		}
	}
	ep_words_free(levels);
	if (r == 0)
		r = keep(c, option);
	return r == 0 && value ? keep(c, value) : r;
}

static const struct {
	const char *name;
	enum ep_sweep_mode mode;
} modes[] = {
	{ "--plan", EP_SWEEP_PLAN },
	{ "--resume", EP_SWEEP_RESUME },
	{ "--rebuild", EP_SWEEP_REBUILD },
	{ "--collect", EP_SWEEP_COLLECT },
};

/* 1 it is one of ours, 0 it is not. */
static int take_flag(struct ep_sweep_options *o, const char *name,
		     struct ep_err *err)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (o->is_run || strcmp(modes[i].name, name) != 0)
			continue;
		if (o->mode != EP_SWEEP_START && o->mode != modes[i].mode)
			return ep_err_set(err, -EINVAL,
					  "%s goes with none of the others: "
					  "--plan, --resume, --rebuild, "
					  "--collect",
					  name);
		o->mode = modes[i].mode;
		return 1;
	}
	if (!o->is_run && strcmp(name, "--yes") == 0)
		o->yes = true;
	else if (strcmp(name, "--quiet") == 0 || strcmp(name, "-q") == 0)
		o->quiet = true;
	else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		o->help = true;
	else
		return 0;
	return 1;
}

static int take_value(struct ep_sweep_options *o, struct collected *c,
		      const char *name, char *value, struct ep_err *err)
{
	if (strcmp(name, "--output") == 0 || strcmp(name, "-o") == 0) {
		o->dir = value;
		return 0;
	}
	o->has_study = true;
	if (strcmp(name, "--set") == 0)
		return take_set(&o->study, value, err);
	if (is_setting(name + 2)) {
		struct ep_err why = { 0 };
		int r = ep_study_set(&o->study, name + 2, value, &why);

		return r < 0 ? ep_err_set(err, r, "--%s", why.text) : 0;
	}
	return take_run_option(&o->study, c, name, value, err);
}

/* A flag of run, or a setting of a study when it has "=WHEN". */
static bool is_clearing(const char *name)
{
	return strcmp(name, "--drop-caches") == 0 ||
	       strcmp(name, "--clear-swap") == 0;
}

/* How many arguments an option takes; -EINVAL it is none. */
static int arity(const char *name, struct ep_err *err)
{
	if (strcmp(name, "--set") == 0 ||
	    (!is_clearing(name) && is_setting(name + 2)))
		return 1;
	return ep_run_option_arity(name, err);
}

static int take_option(struct ep_sweep_options *o, struct collected *c,
		       char **argv, int *i, struct ep_err *err)
{
	char *arg = argv[*i], *value = NULL, name[64];
	size_t len = strcspn(arg, "=");
	int count =
		o->is_run ? 0
			  : ep_sweep_machines_take(&o->machines, argv, i, err);

	if (count != 0)
		return count < 0 ? count : 0;
	(*i)++;
	if (!ep_str_format(name, sizeof(name), "%.*s", (int)len, arg))
		return ep_err_set(err, -EINVAL, "there is no option %.60s",
				  arg);
	count = arg[len] ? 0 : take_flag(o, name, err);
	if (count != 0)
		return count < 0 ? count : 0;
	if (is_clearing(name) && arg[len]) {
		o->has_study = true;
		return ep_study_set(&o->study, name + 2, arg + len + 1, err);
	}
	if (strcmp(name, "--json") == 0)
		return ep_err_set(err, -EINVAL,
				  "--json prints the report of one run; of "
				  "several, every folder has its report.json");
	count = arity(name, err);
	if (count < 0)
		return count;
	if (count == 0 && !arg[len]) {
		o->has_study = true;
		return keep(c, name);
	}
	value = arg[len] ? arg + len + 1 : argv[*i];
	if (!value)
		return ep_err_set(err, -EINVAL, "%s needs a value", name);
	*i += !arg[len];
	return take_value(o, c, name, value, err);
}

static bool is_study_file(const char *name)
{
	return ep_str_ends(name, ".conf");
}

/* What is not an option: the study file or folder, or the command. */
static int take_words(struct ep_sweep_options *o, char **argv, int *i,
		      bool sweep, struct ep_err *err)
{
	int argc = (int)ep_words_count(argv);
	bool dashes = strcmp(argv[*i], "--") == 0;

	if (!dashes && sweep && !o->has_study && !o->file) {
		o->file = argv[(*i)++];
		return 0;
	}
	if (!dashes && o->mode == EP_SWEEP_COLLECT && o->file)
		return ep_sweep_machines_add_dir(&o->machines, argv + (*i)++,
						 err);
	*i += dashes;
	if (*i < argc) {
		o->has_study = true;
		o->study.command = ep_words_copy(argv + *i);
		if (!o->study.command)
			return ep_err_set(err, -ENOMEM, "out of memory");
	}
	*i = argc;
	return 0;
}

static int check(struct ep_sweep_options *o, struct ep_err *err)
{
	bool named = o->file != NULL;

	if (o->help)
		return 0;
	if (!named && !o->has_study)
		return ep_err_set(err, -EINVAL,
				  "what shall run? edgeprof sweep [options] -- "
				  "COMMAND, or a study file");
	if (named && o->has_study)
		return ep_err_set(err, -EINVAL,
				  "%s says what the study is: options of a "
				  "study go into it, not beside it",
				  o->file);
	if (!named && o->mode > EP_SWEEP_PLAN)
		return ep_err_set(err, -EINVAL,
				  "name the study's folder: edgeprof sweep DIR "
				  "--resume");
	if (named && !is_study_file(o->file)) {
		if (o->mode < EP_SWEEP_RESUME)
			return ep_err_set(
				err, -EINVAL,
				"%s is not a study file (NAME.conf); "
				"a folder needs --resume, --rebuild or "
				"--collect",
				o->file);
		o->dir = o->file;
		o->file = NULL;
	}
	if (o->file)
		return ep_study_load(o->file, &o->study, err);
	return o->has_study ? ep_study_check(&o->study, err) : 0;
}

int ep_sweep_options_parse(int argc, char **argv, struct ep_sweep_options *ret,
			   struct ep_err *err)
{
	bool sweep = strcmp(argv[0], "sweep") == 0;
	struct collected c = { NULL, 0 };
	int i = 1, r = 0;

	memset(ret, 0, sizeof(*ret));
	ep_study_init(&ret->study);
	ret->is_run = !sweep;
	while (r == 0 && i < argc) {
		if (argv[i][0] == '-' && argv[i][1] != '\0' &&
		    strcmp(argv[i], "--") != 0)
			r = take_option(ret, &c, argv, &i, err);
		else
			r = take_words(ret, argv, &i, sweep, err);
	}
	ret->study.options = c.words;
	if (r == 0)
		r = check(ret, err);
	if (r == 0 && !ret->help)
		r = ep_sweep_machines_check(&ret->machines,
					    ret->mode == EP_SWEEP_COLLECT, err);
	return r;
}

void ep_sweep_options_done(struct ep_sweep_options *o)
{
	ep_study_done(&o->study);
	ep_sweep_machines_done(&o->machines);
}

bool ep_sweep_is_asked(int argc, char **argv)
{
	static const char *const asks[] = { "--runs", "--warmup", "--cooldown",
					    "--until-ci", "--max-runs" };

	for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
		size_t len = strcspn(argv[i], "=");
		char name[64];

		if (strcmp(argv[i], "--") == 0 ||
		    !ep_str_format(name, sizeof(name), "%.*s", (int)len,
				   argv[i]))
			return false;
		for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++)
			if (strcmp(asks[k], name) == 0)
				return true;
		if (!argv[i][len] && arity(name, NULL) == 1)
			i++;
	}
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sweep_machines.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/hosts.h"

enum option {
	EXECUTOR,
	HOSTS,
	SHARED,
	SBATCH,
	BLOCK_SIZE,
	NODE_PROGRAM,
	MIXED_VERSIONS
};
static const char *const names[] = {
	[EXECUTOR] = "--executor",
	[HOSTS] = "--hosts",
	[SHARED] = "--shared",
	[SBATCH] = "--sbatch",
	[BLOCK_SIZE] = "--block-size",
	[NODE_PROGRAM] = "--node-edgeprof",
	[MIXED_VERSIONS] = "--mixed-versions",
};

static int take_count(struct ep_sweep_machines *m, const char *value,
		      struct ep_err *err)
{
	int64_t n = 0;

	if (ep_num_parse_i64(value, &n) < 0 || n < 1 || n > EP_CONFIGS_MAX)
		return ep_err_set(err, -EINVAL,
				  "--block-size: '%.60s' is not a count of "
				  "configurations",
				  value);
	m->options.block_count = (size_t)n;
	return 0;
}

static int take_value(struct ep_sweep_machines *m, int option,
		      const char *value, struct ep_err *err)
{
	struct ep_err why = { 0 };

	switch ((enum option)option) {
	case EXECUTOR:
		m->executor = ep_executor_find(value);
		return m->executor ? 0
				   : ep_err_set(err, -EINVAL,
						"--executor: '%.60s' is "
						"neither slurm nor parallel",
						value);
	case HOSTS:
		m->options.hosts_file = value;
		return 0;
	case SHARED:
		m->options.shared = value;
		return 0;
	case SBATCH:
		ep_words_free(m->sbatch);
		m->sbatch = NULL;
		if (ep_words_split(value, &m->sbatch, &why) < 0)
			return ep_err_set(err, -EINVAL, "--sbatch: %s",
					  why.text);
		m->options.sbatch = m->sbatch;
		return 0;
	case BLOCK_SIZE:
		return take_count(m, value, err);
	case NODE_PROGRAM:
		m->options.program = value;
		return 0;
	case MIXED_VERSIONS:
		break;
	}
	return -EINVAL;
}

int ep_sweep_machines_take(struct ep_sweep_machines *m, char **argv, int *i,
			   struct ep_err *err)
{
	const char *arg = argv[*i], *value;
	size_t len = strcspn(arg, "="), k;
	int r;

	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strlen(names[k]) == len && strncmp(names[k], arg, len) == 0)
			break;
	if (k == sizeof(names) / sizeof(names[0]))
		return 0;
	(*i)++;
	m->asked = true;
	if (k == MIXED_VERSIONS) {
		m->options.mixed_versions = true;
		return arg[len] ? ep_err_set(err, -EINVAL,
					     "--mixed-versions takes no value")
				: 1;
	}
	value = arg[len] ? arg + len + 1 : argv[*i];
	if (!value)
		return ep_err_set(err, -EINVAL, "%s needs a value", names[k]);
	*i += !arg[len];
	r = take_value(m, (int)k, value, err);
	return r < 0 ? r : 1;
}

int ep_sweep_machines_add_dir(struct ep_sweep_machines *m, char **arg,
			      struct ep_err *err)
{
	if (m->dirs && m->dirs + m->dir_count != arg)
		return ep_err_set(err, -EINVAL,
				  "name the folders to collect one after the "
				  "other");
	if (!m->dirs)
		m->dirs = arg;
	m->dir_count++;
	return 0;
}

int ep_sweep_machines_check(const struct ep_sweep_machines *m, bool collect,
			    struct ep_err *err)
{
	const struct ep_executor_options *o = &m->options;
	bool slurm = m->executor == &ep_executor_slurm;
	bool parallel = m->executor == &ep_executor_parallel;
	struct ep_hosts hosts;
	int r;

	if (collect && m->dir_count == 0)
		return ep_err_set(err, -EINVAL,
				  "collect from where? edgeprof sweep STUDY "
				  "--collect DIR...");
	if (collect && m->executor)
		return ep_err_set(err, -EINVAL,
				  "--executor collects by itself: leave out "
				  "--collect");
	if (parallel && !o->hosts_file)
		return ep_err_set(err, -EINVAL,
				  "--executor parallel needs --hosts FILE.conf "
				  "(edgeprof-hosts(5))");
	if (o->hosts_file && !parallel)
		return ep_err_set(err, -EINVAL,
				  "--hosts belongs to --executor parallel");
	if ((o->shared || o->sbatch || o->program) && !slurm)
		return ep_err_set(err, -EINVAL,
				  "%s belongs to --executor slurm",
				  o->shared   ? "--shared"
				  : o->sbatch ? "--sbatch"
					      : "--node-edgeprof");
	if (o->block_count && !m->executor)
		return ep_err_set(err, -EINVAL,
				  "--block-size belongs to --executor");
	if (o->mixed_versions && !m->executor && !collect)
		return ep_err_set(err, -EINVAL,
				  "--mixed-versions belongs to --executor and "
				  "--collect");
	if (!parallel)
		return 0;
	/* Its mistakes are found before there is a study. */
	r = ep_hosts_load(o->hosts_file, &hosts, err);
	if (r == 0)
		ep_hosts_done(&hosts);
	return r;
}

void ep_sweep_machines_done(struct ep_sweep_machines *m)
{
	ep_words_free(m->sbatch);
	memset(m, 0, sizeof(*m));
}

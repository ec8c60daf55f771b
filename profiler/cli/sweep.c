/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/str.h"
#include "base/words.h"
#include "drivers/procfs.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/run_options.h"

static volatile sig_atomic_t stop_signal, stop_count;

static void take_signal(int signo)
{
	stop_signal = signo;
	stop_count++;
}

static void watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = take_signal }, before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static int fail(int status, const struct ep_err *err, int r)
{
	fprintf(stderr, "edgeprof: %s\n",
		err->text[0] ? err->text : strerror(-r));
	return status;
}

/* "governors.conf" makes ./governors, options make ./edgeprof-study-<UTC>, and
 * run ./edgeprof-<UTC> as it does for a single one. */
static int choose_dir(const struct ep_sweep_options *o, char *ret, size_t size,
		      struct ep_err *err)
{
	const char *name = o->dir, *base;
	char stamp[32];
	bool fits;

	if (name) {
		fits = ep_str_copy(ret, size, name);
	} else if (o->file) {
		base = strrchr(o->file, '/');
		base = base ? base + 1 : o->file;
		fits = ep_str_format(ret, size, "%.*s",
				     (int)(strlen(base) - strlen(".conf")),
				     base);
	} else {
		ep_clock_utc_stamp(ep_clock_realtime_ns(), stamp,
				   sizeof(stamp));
		fits = ep_str_format(ret, size, "edgeprof-%s%s",
				     o->is_run ? "" : "study-", stamp);
	}
	if (!fits || ret[0] == '\0')
		return ep_err_set(err, -EINVAL,
				  "where shall the study be kept? give -o DIR");
	return 0;
}

/* The study file as it was, beside what came of it. */
static int keep_file(const char *file, const char *dir, struct ep_err *err)
{
	struct ep_buf b;
	int fd, r;

	if (!file)
		return 0;
	ep_buf_init(&b, (size_t)1024 * 1024);
	r = ep_file_read(AT_FDCWD, file, &b);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && fd < 0)
		r = -errno;
	if (r == 0)
		r = ep_file_replace(fd, "study.conf", b.data, b.len);
	if (fd >= 0)
		close(fd);
	ep_buf_done(&b);
	return r < 0 ? ep_err_set(err, r, "%s/study.conf: %s", dir,
				  strerror(-r))
		     : 0;
}

static int check_config(const struct ep_study *s, uint64_t config,
			struct ep_err *err)
{
	struct ep_run_options run;
	char **argv, **all;
	size_t count;
	int r = ep_plan_argv(s, config, &argv);

	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	count = ep_words_count(argv);
	all = calloc(count + 2, sizeof(*all));
	if (all) {
		all[0] = (char *)(uintptr_t) "run";
		memcpy(all + 1, argv, count * sizeof(*all));
		r = ep_run_options_parse((int)count + 1, all, &run, err);
	} else {
		r = ep_err_set(err, -ENOMEM, "out of memory");
	}
	free(all);
	ep_plan_argv_free(argv);
	return r;
}

/* A typing error in an option of run, or in any level of a factor, is found
 * before the first run. */
static int check_runs(const struct ep_study *s, struct ep_err *err)
{
	uint64_t stride = 1;
	int r = check_config(s, 0, err);

	for (size_t i = s->factor_count; r == 0 && i-- > 0;) {
		for (uint64_t k = 1; r == 0 && k < s->factors[i].level_count;
		     k++)
			r = check_config(s, k * stride, err);
		stride *= s->factors[i].level_count;
	}
	return r;
}

static int check_size(const struct ep_sweep_options *o, struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&o->study);

	if (count > EP_CONFIGS_MAX)
		return ep_err_set(err, -E2BIG,
				  "%llu configurations, more than %d",
				  (unsigned long long)count, EP_CONFIGS_MAX);
	if (count > EP_CONFIGS_ASK && !o->yes && o->mode != EP_SWEEP_PLAN)
		return ep_err_set(err, -EINVAL,
				  "%llu configurations: if that is meant, say "
				  "--yes",
				  (unsigned long long)count);
	return check_runs(&o->study, err);
}

static int check_unchanged(const struct ep_sweep_options *o,
			   const struct ep_store *store, struct ep_err *err)
{
	char text[3000];

	if (!o->file || ep_study_differences(ep_store_study(store), &o->study,
					     text, sizeof(text)) == 0)
		return 0;
	return ep_err_set(err, -ESTALE,
			  "%s has changed since the study began; take the "
			  "change back, or begin another study with -o:\n%s",
			  o->file, text);
}

static int open_store(const struct ep_sweep_options *o, const char *dir,
		      struct ep_store **ret, struct ep_err *err)
{
	int r;

	if (o->mode == EP_SWEEP_START) {
		r = ep_store_create(dir, &o->study, ret, err);
		return r < 0 ? r : keep_file(o->file, dir, err);
	}
	r = ep_store_open(dir, ret, err);
	return r < 0 ? r : check_unchanged(o, *ret, err);
}

/* Relative paths of a study that is gone on with start where it was begun. */
static int check_folder(const char *folder, const char *dir, struct ep_err *err)
{
	if (folder[0] == '\0' || access(folder, X_OK) == 0)
		return 0;
	return ep_err_set(err, -ENOENT,
			  "%s was begun in %s, where its paths start from: %s",
			  dir, folder, strerror(errno));
}

/* Nobody may be at work with the database that is replaced. */
static int rebuild(const char *dir, bool quiet, struct ep_err *err)
{
	int lock_fd = -1, r = ep_execute_lock(dir, &lock_fd, err);

	if (r < 0)
		return r;
	r = ep_store_rebuild(dir, err);
	close(lock_fd);
	if (r >= 0 && !quiet)
		printf("%s/study.db made again from %d run folder%s\n", dir, r,
		       r == 1 ? "" : "s");
	return r < 0 ? r : 0;
}

/* Here, on other machines, or only with what these made. */
static int proceed(const struct ep_sweep_options *o, const struct ep_execute *x,
		   struct ep_store *store, struct ep_execute_outcome *outcome,
		   struct ep_err *err)
{
	const struct ep_sweep_place place = { .store = store,
					      .study = ep_store_study(store),
					      .identity = x->identity,
					      .stop = x->stop,
					      .program = x->program,
					      .quiet = o->quiet };

	if (o->mode == EP_SWEEP_COLLECT)
		return ep_sweep_machines_collect(&o->machines, &place, err);
	if (o->machines.executor)
		return ep_sweep_machines_run(&o->machines, &place, err);
	return ep_execute_study(x, store, outcome, err);
}

static int execute(const struct ep_sweep_options *o, const char *dir,
		   const struct ep_identity *identity,
		   struct ep_execute_outcome *outcome, struct ep_err *err)
{
	struct ep_sweep_screen screen = {
		.terminal = isatty(STDERR_FILENO),
		.quiet = o->quiet,
	};
	struct ep_execute x = { .identity = identity,
				.tell = ep_sweep_tell,
				.ctx = &screen,
				.stop = &stop_signal,
				.stop_count = &stop_count,
				.lock_fd = -1 };
	char program[4096];
	struct ep_store *store = NULL;
	struct ep_env env;
	int r = ep_proc_self_exe(program, sizeof(program));

	if (r < 0)
		return ep_err_set(err, r, "where is this program? %s",
				  strerror(-r));
	r = ep_env_init(&env, err);
	if (r < 0)
		return r;
	x.program = program;
	x.root = &env.root;
	r = open_store(o, dir, &store, err);
	if (r == 0)
		r = ep_execute_lock(dir, &x.lock_fd, err);
	if (r == 0) {
		watch_signals();
		screen.study = ep_store_study(store);
		x.folder = ep_store_started_in(store);
		r = check_folder(x.folder, dir, err);
	}
	if (r == 0) {
		r = proceed(o, &x, store, outcome, err);
		ep_sweep_close_line(&screen);
	}
	if (r >= 0 && !o->quiet) {
		int code = ep_sweep_show_results(
			store, o->is_run ? stderr : stdout, err);

		r = code < 0 ? code : r;
	}
	if (r == -EINTR)
		(void)ep_err_set(err, r,
				 "stopped; edgeprof sweep %s --resume goes on",
				 dir);
	if (x.lock_fd >= 0)
		close(x.lock_fd);
	ep_store_close(store);
	ep_env_done(&env);
	return r;
}

static int plan_machines(const struct ep_sweep_options *o,
			 const struct ep_identity *identity, struct ep_err *err)
{
	char program[4096];
	const struct ep_sweep_place place = { .study = &o->study,
					      .identity = identity,
					      .stop = &stop_signal,
					      .program = program,
					      .quiet = o->quiet };
	int r = ep_proc_self_exe(program, sizeof(program));

	return r < 0 ? ep_err_set(err, r, "where is this program? %s",
				  strerror(-r))
		     : ep_sweep_machines_plan(&o->machines, &place, err);
}

static int work(const struct ep_sweep_options *o,
		struct ep_execute_outcome *outcome, struct ep_err *err)
{
	struct ep_identity identity;
	char dir[4096];
	int r = choose_dir(o, dir, sizeof(dir), err);

	if (r == 0 && o->mode < EP_SWEEP_RESUME)
		r = check_size(o, err);
	if (r == 0 && o->mode == EP_SWEEP_PLAN)
		r = ep_sweep_show_plan(&o->study, dir) < 0 ? -EIO : 0;
	if (r == 0 && o->mode == EP_SWEEP_PLAN && !o->machines.executor)
		return 0;
	if (r == 0)
		r = ep_identity_get(&identity, err);
	if (r == 0)
		r = ep_identity_enter(&identity, err);
	if (r < 0)
		return r;
	r = o->mode == EP_SWEEP_REBUILD ? rebuild(dir, o->quiet, err)
	    : o->mode == EP_SWEEP_PLAN
		    ? plan_machines(o, &identity, err)
		    : execute(o, dir, &identity, outcome, err);
	ep_identity_leave(&identity);
	return r;
}

/* What a person can mend is a wrong use. */
static bool is_usage(int r)
{
	static const int codes[] = { EINVAL, ESTALE,  E2BIG, EEXIST,
				     ENOENT, ENOTSUP, ENODEV };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (r == -codes[i])
			return true;
	return false;
}

static int status_of(const struct ep_sweep_options *o, int r,
		     const struct ep_execute_outcome *outcome)
{
	if (r == -EINTR && stop_signal != 0)
		return EP_EXIT_SIGNAL + stop_signal;
	if (r < 0)
		return is_usage(r) && !o->is_run ? EP_EXIT_USAGE
						 : EP_EXIT_INTERNAL;
	return o->is_run ? outcome->first_status : r;
}

int ep_sweep_main(int argc, char **argv)
{
	struct ep_execute_outcome outcome = { 0 };
	struct ep_sweep_options o;
	struct ep_err err = { 0 };
	int r, status;

	if (ep_sweep_task_is_asked(argc, argv))
		return ep_sweep_task_main(argc, argv);
	r = ep_sweep_options_parse(argc, argv, &o, &err);
	if (r == 0 && o.help) {
		fputs(o.is_run ? ep_run_help : ep_sweep_help, stdout);
		status = EP_EXIT_OK;
	} else {
		if (r == 0)
			r = work(&o, &outcome, &err);
		status = status_of(&o, r, &outcome);
		if (r < 0)
			(void)fail(status, &err, r);
	}
	ep_sweep_options_done(&o);
	if (fflush(stdout) != 0 && status == EP_EXIT_OK)
		status = EP_EXIT_INTERNAL;
	return status;
}

int ep_cmd_sweep(int argc, char **argv)
{
	return ep_sweep_main(argc, argv);
}

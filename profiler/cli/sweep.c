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

static volatile sig_atomic_t stop_signal;

static void take_signal(int signo)
{
	stop_signal = signo;
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

/* "governors.conf" makes ./governors, options make ./edgeprof-study-<UTC>. */
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
		fits = ep_str_format(ret, size, "edgeprof-study-%s", stamp);
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

/* A typing error in an option of run is found before the first run. */
static int check_runs(const struct ep_study *s, struct ep_err *err)
{
	struct ep_run_options run;
	char **argv, **all;
	size_t count;
	int r = ep_plan_argv(s, 0, &argv);

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

static int check_size(const struct ep_sweep_options *o, struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&o->study);

	if (count > EP_CONFIGS_MAX)
		return ep_err_set(err, -E2BIG,
				  "%llu configurations, more than %d",
				  (unsigned long long)count, EP_CONFIGS_MAX);
	if (count > EP_CONFIGS_ASK && !o->yes)
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

static int execute(const struct ep_sweep_options *o, const char *dir,
		   const struct ep_identity *identity, struct ep_err *err)
{
	struct ep_sweep_screen screen = {
		.terminal = isatty(STDERR_FILENO),
		.quiet = o->quiet,
	};
	struct ep_execute x = { .identity = identity,
				.tell = ep_sweep_tell,
				.ctx = &screen,
				.stop = &stop_signal,
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
		r = ep_execute_study(&x, store, err);
		ep_sweep_close_line(&screen);
	}
	if (r >= 0 && !o->quiet) {
		int code = ep_sweep_show_results(store, dir, err);

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

static int work(const struct ep_sweep_options *o, struct ep_err *err)
{
	struct ep_identity identity;
	char dir[4096];
	int r = choose_dir(o, dir, sizeof(dir), err);

	if (r == 0 && o->mode < EP_SWEEP_RESUME)
		r = check_size(o, err);
	if (r == 0 && o->mode == EP_SWEEP_PLAN)
		return ep_sweep_show_plan(&o->study, dir) < 0 ? -EIO : 0;
	if (r == 0)
		r = ep_identity_get(&identity, err);
	if (r == 0)
		r = ep_identity_enter(&identity, err);
	if (r < 0)
		return r;
	if (o->mode == EP_SWEEP_REBUILD) {
		r = ep_store_rebuild(dir, err);
		if (r >= 0 && !o->quiet)
			printf("%s/study.db made again from %d run folders\n",
			       dir, r);
		r = r < 0 ? r : 0;
	} else {
		r = execute(o, dir, &identity, err);
	}
	ep_identity_leave(&identity);
	return r;
}

int ep_sweep_main(int argc, char **argv)
{
	struct ep_sweep_options o;
	struct ep_err err = { 0 };
	int r = ep_sweep_options_parse(argc, argv, &o, &err), status;

	if (r < 0) {
		status = fail(EP_EXIT_USAGE, &err, r);
	} else if (o.help) {
		fputs(ep_sweep_help, stdout);
		status = EP_EXIT_OK;
	} else {
		r = work(&o, &err);
		status = r == -EINTR && stop_signal != 0
				 ? EP_EXIT_SIGNAL + stop_signal
			 : r == -EINVAL || r == -ESTALE || r == -E2BIG ||
					 r == -EEXIST
				 ? EP_EXIT_USAGE
			 : r < 0 ? EP_EXIT_INTERNAL
				 : r;
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

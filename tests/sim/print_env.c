/* SPDX-License-Identifier: GPL-3.0-or-later */
/* print_env: everything a process inherits, as one JSON object. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4096
#define GROUPS_MAX 1024

static void put_int(json_t *o, const char *key, long long value)
{
	(void)json_object_set_new(o, key, json_integer(value));
}

static void put_ids(json_t *o)
{
	static gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, groups);
	json_t *list = json_array();
	uid_t real, effective, saved;
	gid_t greal, geffective, gsaved;

	(void)getresuid(&real, &effective, &saved);
	(void)getresgid(&greal, &geffective, &gsaved);
	put_int(o, "uid", real);
	put_int(o, "euid", effective);
	put_int(o, "suid", saved);
	put_int(o, "gid", greal);
	put_int(o, "egid", geffective);
	put_int(o, "sgid", gsaved);
	for (int i = 0; i < count; i++)
		(void)json_array_append_new(list, json_integer(groups[i]));
	(void)json_object_set_new(o, "groups", list);
}

static void put_environment(json_t *o)
{
	json_t *env = json_object();

	for (char **e = environ; *e; e++) {
		const char *equals = strchr(*e, '=');
		char name[256];

		if (!equals || (size_t)(equals - *e) >= sizeof(name))
			continue;
		memcpy(name, *e, (size_t)(equals - *e));
		name[equals - *e] = '\0';
		(void)json_object_set_new(env, name, json_string(equals + 1));
	}
	(void)json_object_set_new(o, "env", env);
}

static void put_signals(json_t *o)
{
	json_t *blocked = json_array();
	json_t *ignored = json_array();
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int i = 1; i <= SIGRTMAX; i++) {
		struct sigaction action;

		if (sigismember(&mask, i) == 1)
			(void)json_array_append_new(blocked, json_integer(i));
		if (sigaction(i, NULL, &action) == 0 &&
		    action.sa_handler == SIG_IGN)
			(void)json_array_append_new(ignored, json_integer(i));
	}
	(void)json_object_set_new(o, "blocked", blocked);
	(void)json_object_set_new(o, "ignored", ignored);
}

static const char *kind_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return "unknown";
	if (isatty(fd))
		return "tty";
	if (S_ISFIFO(st.st_mode))
		return "pipe";
	if (S_ISSOCK(st.st_mode))
		return "socket";
	if (S_ISREG(st.st_mode))
		return "file";
	return S_ISCHR(st.st_mode) ? "device" : "other";
}

static void put_descriptors(json_t *o)
{
	json_t *open = json_object();

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		char name[16];

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		(void)snprintf(name, sizeof(name), "%d", fd);
		(void)json_object_set_new(open, name, json_string(kind_of(fd)));
	}
	(void)json_object_set_new(o, "descriptors", open);
}

static void put_scheduling(json_t *o)
{
	struct sched_param param = { .sched_priority = 0 };
	json_t *cpus = json_array();
	cpu_set_t set;

	CPU_ZERO(&set);
	(void)sched_getaffinity(0, sizeof(set), &set);
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &set))
			(void)json_array_append_new(
				cpus, json_integer((json_int_t)i));
	}
	(void)sched_getparam(0, &param);
	put_int(o, "policy", sched_getscheduler(0));
	put_int(o, "priority", param.sched_priority);
	put_int(o, "nice", getpriority(PRIO_PROCESS, 0));
	put_int(o, "timer_slack_ns", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	(void)json_object_set_new(o, "affinity", cpus);
}

static void put_limits(json_t *o)
{
	static const struct {
		const char *name;
		int which;
	} limits[] = {
		{ "nofile", RLIMIT_NOFILE }, { "memlock", RLIMIT_MEMLOCK },
		{ "rtprio", RLIMIT_RTPRIO }, { "stack", RLIMIT_STACK },
		{ "core", RLIMIT_CORE },     { "nproc", RLIMIT_NPROC },
		{ "rttime", RLIMIT_RTTIME }, { "as", RLIMIT_AS },
	};
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit r;
		json_t *pair;

		if (getrlimit((__rlimit_resource_t)limits[i].which, &r) < 0)
			continue;
		/* RLIM_INFINITY becomes -1. */
		pair = json_array();
		(void)json_array_append_new(
			pair, json_integer((json_int_t)r.rlim_cur));
		(void)json_array_append_new(
			pair, json_integer((json_int_t)r.rlim_max));
		(void)json_object_set_new(all, limits[i].name, pair);
	}
	(void)json_object_set_new(o, "rlimits", all);
}

static void put_process(json_t *o)
{
	mode_t mask = umask(0);
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int death_signal = 0;
	char folder[4096];

	(void)umask(mask);
	put_int(o, "umask", mask);
	put_int(o, "pid", getpid());
	put_int(o, "ppid", getppid());
	put_int(o, "pgid", getpgrp());
	put_int(o, "sid", getsid(0));
	(void)json_object_set_new(o, "ctty", json_boolean(terminal >= 0));
	put_int(o, "foreground_pgid", terminal >= 0 ? tcgetpgrp(terminal) : -1);
	if (terminal >= 0)
		(void)close(terminal);
	(void)prctl(PR_GET_PDEATHSIG, &death_signal);
	put_int(o, "death_signal", death_signal);
	put_int(o, "no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	if (getcwd(folder, sizeof(folder)))
		(void)json_object_set_new(o, "cwd", json_string(folder));
}

int main(void)
{
	json_t *o = json_object();
	int r;

	/* First: what follows opens descriptors of its own. */
	put_descriptors(o);
	put_ids(o);
	put_environment(o);
	put_signals(o);
	put_scheduling(o);
	put_limits(o);
	put_process(o);
	r = json_dumpf(o, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	if (r < 0)
		return 1;
	return printf("\n") < 0 || fflush(stdout) == EOF ? 1 : 0;
}

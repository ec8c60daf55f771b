/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/container.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/root.h"
#include "base/str.h"

#define SCRIPT_BYTES 4096

static const char *const engines[] = { "docker", "nerdctl", NULL };
static const char *const verbs[] = { "run", "exec", "start", NULL };
/* Between the engine and the verb. */
static const char *const groups[] = { "container", "compose", NULL };

/* Options that take the word behind them. */
static const char *const sudo_options[] = {
	"-u", "-g", "-h", "-p",	    "-C",      "-D",	 "-r",	    "-t",
	"-T", "-U", "-R", "--user", "--group", "--host", "--chdir", NULL
};
static const char *const engine_options[] = { "-H",
					      "--host",
					      "-c",
					      "--context",
					      "--config",
					      "-l",
					      "--log-level",
					      "--tlscacert",
					      "--tlscert",
					      "--tlskey",
					      "-n",
					      "--namespace",
					      "-a",
					      "--address",
					      "--snapshotter",
					      "--data-root",
					      "-f",
					      "--file",
					      "-p",
					      "--project-name",
					      "--profile",
					      "--env-file",
					      "--cgroup-manager",
					      NULL };
static const char *const exec_options[] = {
	"-e",	      "--env",	       "-u",	  "--user", "-w", "--workdir",
	"--env-file", "--detach-keys", "--index", NULL
};

static const char *among(const char *const *names, const char *word)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], word) == 0)
			return names[i];
	return NULL;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first word that is no option, nor the value of one. */
static char *const *skip_options(char *const *argv, const char *const *takes)
{
	while (*argv && (*argv)[0] == '-' && (*argv)[1]) {
		if (strcmp(*argv, "--") == 0)
			return argv + 1;
		argv += among(takes, *argv) && argv[1] ? 2 : 1;
	}
	return argv;
}

/* sudo's variables stand before the command. */
static char *const *skip_sudo(char *const *argv)
{
	argv = skip_options(argv + 1, sudo_options);
	while (*argv && strchr(*argv, '='))
		argv++;
	return argv;
}

/* --name X or --name=X among the options of run. */
static const char *name_of_run(char *const *argv)
{
	static const char option[] = "--name";

	for (; *argv && (*argv)[0]; argv++) {
		if (strcmp(*argv, option) == 0)
			return argv[1];
		if (ep_str_starts(*argv, option) &&
		    (*argv)[sizeof(option) - 1] == '=')
			return *argv + sizeof(option);
	}
	return NULL;
}

bool ep_container_parse(char *const *argv, struct ep_container_use *ret)
{
	struct ep_container_use use = { .engine = NULL };
	bool compose = false;

	if (!argv || !argv[0])
		return false;
	if (strcmp(base_of(argv[0]), "sudo") == 0)
		argv = skip_sudo(argv);
	if (!argv[0])
		return false;
	use.engine = among(engines, base_of(argv[0]));
	if (!use.engine)
		return false;
	argv = skip_options(argv + 1, engine_options);
	while (argv[0] && among(groups, argv[0])) {
		/* compose names services. */
		compose |= strcmp(argv[0], "compose") == 0;
		argv = skip_options(argv + 1, engine_options);
	}
	use.verb = argv[0] ? among(verbs, argv[0]) : NULL;
	if (!use.verb)
		return false;
	if (compose)
		use.name = NULL;
	else if (strcmp(use.verb, "run") == 0)
		use.name = name_of_run(argv + 1);
	else
		use.name = *skip_options(argv + 1, exec_options);
	*ret = use;
	return true;
}

bool ep_container_is_podman(const char *path)
{
	char text[SCRIPT_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *real;
	bool is;
	int n;

	if (fd < 0)
		return false;
	real = realpath(path, NULL);
	is = real && strcmp(base_of(real), "podman") == 0;
	free(real);
	n = ep_kept_read_text(fd, text, sizeof(text));
	close(fd);
	return is ||
	       (n > 2 && memcmp(text, "#!", 2) == 0 && strstr(text, "podman"));
}

bool ep_container_tell(const struct ep_container_use *use, char *ret,
		       size_t size)
{
	return ep_str_format(
		ret, size,
		"%s %s asks a daemon to do the work: counters, memory, CPU "
		"time and probes saw only the %s client; energy is the "
		"board's. Start the container first, then measure it with "
		"--attach container:%.64s",
		use->engine, use->verb, use->engine,
		use->name ? use->name : "NAME");
}

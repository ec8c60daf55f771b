/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "runners/marks.h"

static const char help[] =
	"usage: edgeprof mark NAME [TOKENS]\n"
	"\n"
	"Says that a phase begins now, from a script that runs under edgeprof; "
	"the\n"
	"phase before ends.  NAME is load, prefill, generation, or a name of "
	"your own\n"
	"(at most 31 letters, digits, '_', '-' and '.'); end only ends the "
	"phase.\n"
	"TOKENS is how many tokens the phase evaluates.  token counts one "
	"output token.\n"
	"Outside of a run it does nothing and says so.\n"
	"\n"
	"  -h, --help     this text\n"
	"\n"
	"Example: edgeprof mark prefill 128 && ./evaluate; edgeprof mark end\n";

static int usage(const char *text, const char *what)
{
	(void)fprintf(stderr,
		      "edgeprof mark: %s '%s': see edgeprof mark --help\n",
		      text, what);
	return EP_EXIT_USAGE;
}

static int parse(struct ep_mark *m, int argc, char **argv)
{
	if (argc < 2)
		return usage("no phase is named after", "mark");
	if (argc > 3)
		return usage("too many arguments:", argv[3]);
	/* Marks of one script are processes of their own: their parent names
	 * them, and they keep no count. */
	m->stream = getppid();
	m->t_ns = ep_clock_monotonic_ns();
	m->tokens_count = -1;
	m->kind = strcmp(argv[1], "token") == 0 ? EP_MARK_TOKEN
		  : strcmp(argv[1], "end") == 0 || argv[1][0] == '\0'
			  ? EP_MARK_END
			  : EP_MARK_PHASE;
	if (argc == 3 && (m->kind != EP_MARK_PHASE ||
			  ep_num_parse_i64(argv[2], &m->tokens_count) < 0 ||
			  m->tokens_count < 1))
		return usage("not a count of tokens:", argv[2]);
	if (m->kind == EP_MARK_PHASE && !ep_mark_name_valid(argv[1]))
		return usage("not a name of a phase:", argv[1]);
	(void)ep_str_copy(m->name, sizeof(m->name), argv[1]);
	return EP_EXIT_OK;
}

static int send_mark(const char *path, const char *text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r = 0;

	if (!ep_str_copy(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Waits while edgeprof's queue is full: a script can. */
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		   (const struct sockaddr *)(const void *)&address,
		   sizeof(address)) < 0)
		r = -errno;
	close(fd);
	return r;
}

int ep_cmd_mark(int argc, char **argv)
{
	const char *path = getenv(EP_MARK_ENV);
	char text[EP_MARK_BYTES_MAX];
	struct ep_mark mark = { 0 };
	int r;

	if (argc > 1 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(help, stdout);
		return EP_EXIT_OK;
	}
	if (argc > 1 && argv[1][0] == '-')
		return usage("unknown option", argv[1]);
	r = parse(&mark, argc, argv);
	if (r != EP_EXIT_OK)
		return r;
	if (!path || !*path) {
		(void)fprintf(stderr, "edgeprof mark: not running under "
				      "edgeprof run, nothing marked\n");
		return EP_EXIT_OK;
	}
	r = ep_mark_encode(&mark, text, sizeof(text));
	if (r > 0)
		r = send_mark(path, text);
	if (r < 0) {
		(void)fprintf(stderr,
			      "edgeprof mark: cannot reach edgeprof at %s "
			      "(" EP_MARK_ENV "): %s\n",
			      path, strerror(-r));
		return EP_EXIT_INTERNAL;
	}
	return EP_EXIT_OK;
}

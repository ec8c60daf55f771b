/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/record/journal.h"

static const char help[] =
	"usage: edgeprof restore [options]\n"
	"\n"
	"Puts back the settings of the board (governor, clocks, power mode, "
	"fan...) that a\n"
	"run left changed because it was killed together with its guardian, or "
	"because\n"
	"the power went.  Prints a line for each.  What someone else has set "
	"since stays.\n"
	"Every edgeprof run does this first; root's changes need root "
	"(sudo).\n"
	"\n"
	"  --wait TIME    wait so long for an edgeprof that is still at work "
	"(30s)\n"
	"  --forget       give up what cannot be put back\n"
	"  -h, --help     this text\n"
	"\n"
	"Exit status: 0 nothing to do, or everything is back; 1 not "
	"everything is; 2 wrong\n"
	"usage; 125 edgeprof failed.\n"
	"\n"
	"Example: sudo edgeprof restore\n";

struct options {
	bool help, forget;
	int64_t wait_ns;
};

static int usage(const char *text, const char *what)
{
	(void)fprintf(stderr,
		      "edgeprof restore: %s '%s': see edgeprof restore "
		      "--help\n",
		      text, what);
	return EP_EXIT_USAGE;
}

static int parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = NULL;

		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			o->help = true;
		} else if (strcmp(argv[i], "--forget") == 0) {
			o->forget = true;
		} else if (strcmp(argv[i], "--wait") == 0) {
			value = argv[++i];
			if (!value)
				return usage("no time is given after",
					     "--wait");
		} else if (ep_str_starts(argv[i], "--wait=")) {
			value = argv[i] + strlen("--wait=");
		} else {
			return usage(argv[i][0] == '-' ? "unknown option"
						       : "too many arguments:",
				     argv[i]);
		}
		if (value &&
		    (ep_num_parse_duration_ns(value, &o->wait_ns) < 0 ||
		     o->wait_ns < 0))
			return usage("not a time such as 30s:", value);
	}
	return EP_EXIT_OK;
}

static void print(FILE *to, const char *kind, const char *text)
{
	char line[1024];

	(void)ep_str_copy(line, sizeof(line), text);
	ep_str_printable(line);
	(void)fprintf(to, "%s%s\n", kind, line);
}

static void on_undo(void *ctx, const struct ep_change *c, const char *text)
{
	(void)ctx;
	(void)c;
	print(stdout, "", text);
}

static int complain(const struct ep_err *err, int code)
{
	print(stderr,
	      "edgeprof restore: ", err->text[0] ? err->text : strerror(-code));
	return code == -ENOMEM || code == -EMFILE || code == -ENFILE
		       ? EP_EXIT_INTERNAL
		       : EP_EXIT_NO;
}

static int busy(const struct ep_err *err)
{
	print(stderr, "edgeprof restore: ", err->text);
	print(stderr, "",
	      "wait until it has ended, or longer: edgeprof restore --wait "
	      "10m");
	return EP_EXIT_NO;
}

static int nothing(void)
{
	if (geteuid() == 0)
		print(stdout, "", "nothing to put back");
	else
		print(stdout, "",
		      "nothing of yours to put back (what root's runs left: "
		      "sudo edgeprof restore)");
	return EP_EXIT_OK;
}

static int restore(struct ep_journal *j, const struct ep_env *env, bool forget)
{
	struct ep_change_sink sink = { on_undo, NULL };
	struct ep_undo_result result = { 0 };
	struct ep_err err = { 0 };
	bool empty = j->count == 0 && j->damaged_count == 0;
	int r = ep_change_recover(j, env, &sink, &result, &err);

	if (r < 0 && forget && j->fd >= 0) {
		complain(&err, r);
		r = ep_journal_finish(j, &err);
		if (r == 0)
			print(stdout, "", "given up: the journal is removed");
		return r < 0 ? complain(&err, r) : EP_EXIT_NO;
	}
	if (r < 0)
		return complain(&err, r);
	if (empty)
		return nothing();
	return result.kept_count + result.gone_count > 0 ? EP_EXIT_NO
							 : EP_EXIT_OK;
}

/* A file that cannot be read as a journal is only ever given up. */
static int forget_unread(struct ep_journal *j, const struct ep_err *why)
{
	struct ep_err err = { 0 };
	int r;

	print(stderr, "edgeprof restore: ", why->text);
	r = ep_journal_finish(j, &err);
	if (r < 0)
		return complain(&err, r);
	print(stdout, "", "given up: the journal is removed");
	return EP_EXIT_NO;
}

int ep_cmd_restore(int argc, char **argv)
{
	struct options o = { .wait_ns = INT64_C(30000000000) };
	struct ep_journal journal;
	struct ep_err err = { 0 };
	struct ep_env env;
	int r = parse(&o, argc, argv);

	if (r != EP_EXIT_OK)
		return r;
	if (o.help) {
		(void)fputs(help, stdout);
		return EP_EXIT_OK;
	}
	r = ep_env_init(&env, &err);
	if (r < 0)
		return complain(&err, r);
	r = ep_journal_open(&journal, &env, false, o.wait_ns, &err);
	if (r == -ENOENT || (r == 0 && journal.fd < 0))
		r = nothing();
	else if (r == 0)
		r = restore(&journal, &env, o.forget);
	else if (o.forget && journal.fd >= 0)
		r = forget_unread(&journal, &err);
	else
		r = r == -EBUSY ? busy(&err) : complain(&err, r);
	ep_journal_close(&journal);
	ep_env_done(&env);
	return r;
}

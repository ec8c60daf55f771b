/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/slurm_nodes.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"
#include "profiler/study/command.h"
#include "profiler/study/executor_round.h"
#include "profiler/study/host_check.h"

#define OUTPUT_BYTES_MAX ((size_t)1024 * 1024)
#define LIST_NS (60 * EP_NS_PER_S)
#define NODE_NS (40 * EP_NS_PER_S)

bool ep_slurm_names_constraint(char *const *words)
{
	for (size_t i = 0; words && words[i]; i++)
		if (ep_str_starts(words[i], "--constraint") ||
		    ep_str_starts(words[i], "-C"))
			return true;
	return false;
}

/* Is name one of "a,b,c"? */
static bool has_feature(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, name, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static int run(const struct ep_executor *x, const char *const *argv,
	       int64_t timeout_ns, struct ep_buf *ret, struct ep_err *err)
{
	const struct ep_command_order o = {
		.argv = (char *const *)(uintptr_t)argv,
		.identity = x->identity,
		.keep_fd = -1,
		.output_fd = -1,
	};

	ep_buf_init(ret, OUTPUT_BYTES_MAX);
	return ep_command_run(&o, timeout_ns, ret, err);
}

/* A short job on it; waits no longer than a node that is idle needs. */
static void ask_node(struct ep_executor *x, const char *node, char *ret,
		     size_t size)
{
	char where[120], nonce[EP_WORK_NONCE_BYTES], command[8192];
	const char *const argv[] = { "srun", "-N1", "-n1", "--immediate=20",
				     where,  "sh",  "-c",  command,
				     NULL };
	const struct ep_host_wanted wanted = {
		.nonce = nonce,
		.version = x->options->mixed_versions ? NULL : ep_version,
		.board = x->board,
	};
	struct ep_host_found found;
	struct ep_err err = { 0 };
	struct ep_buf b;
	char board[160] = "", name[80];
	int r = ep_executor_nonce(nonce);

	if (r == 0 && x->board[0]) {
		r = ep_command_quote(x->board, name, sizeof(name));
		(void)ep_str_format(board, sizeof(board), " --board %s", name);
	}
	(void)ep_str_format(where, sizeof(where), "--nodelist=%s", node);
	if (r == 0)
		r = ep_host_check_command(x->options->program, nonce, board,
					  command, sizeof(command));
	if (r == 0) {
		r = run(x, argv, NODE_NS, &b, &err);
		ep_host_check_read(&wanted, b.data ? b.data : "",
				   r < 0 ? -1 : r, &found);
		ep_buf_done(&b);
		(void)ep_str_copy(ret, size, found.text);
	} else {
		(void)ep_str_copy(ret, size, strerror(-r));
	}
}

static void tell_node(struct ep_executor *x, const char *node,
		      const char *state, bool thorough)
{
	char answer[700] = "", line[900];

	if (thorough && strcmp(state, "idle") == 0)
		ask_node(x, node, answer, sizeof(answer));
	(void)ep_str_format(line, sizeof(line), "%s: %s%s%s", node, state,
			    answer[0] ? ", " : "",
			    answer[0]	? answer
			    : !thorough ? ""
					: ", not looked at");
	x->tell(x->ctx, line);
}

/* "NODE|STATE|FEATURES" */
static int tell_nodes(struct ep_executor *x, char *text, bool thorough)
{
	int count = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *next = text + len + (text[len] == '\n');
		char *state, *features;

		text[len] = '\0';
		ep_str_printable(text);
		state = strchr(text, '|');
		features = state ? strchr(state + 1, '|') : NULL;
		if (features) {
			*state++ = '\0';
			*features++ = '\0';
			if (has_feature(features, x->board) ||
			    ep_slurm_names_constraint(x->options->sbatch)) {
				tell_node(x, text, state, thorough);
				count++;
			}
		}
		text = next;
	}
	return count;
}

int ep_slurm_check(struct ep_executor *x, bool thorough, struct ep_err *err)
{
	static const char *const argv[] = { "sinfo", "-h",	 "-N",
					    "-o",    "%N|%t|%f", NULL };
	struct ep_buf b;
	int count, r;

	if (!x->board[0] && !ep_slurm_names_constraint(x->options->sbatch))
		return ep_err_set(err, -EINVAL,
				  "Slurm chooses nodes by the name of their "
				  "board: give the study --board NAME (a "
				  "feature of the nodes), or --sbatch "
				  "--constraint=...");
	r = run(x, argv, LIST_NS, &b, err);
	if (r == -ENOENT)
		ep_err_set(err, r,
			   "sinfo is not found: --executor slurm wants Slurm's "
			   "commands (Debian: slurm-client)");
	else if (r > 0)
		r = ep_err_set(err, -EIO, "sinfo failed: %s",
			       b.data ? ep_str_chomp(b.data) : "");
	count = r == 0 && b.data ? tell_nodes(x, b.data, thorough) : 0;
	ep_buf_done(&b);
	if (r == 0 && count == 0)
		r = ep_err_set(err, -ENODEV,
			       "no node of this cluster has the feature '%s': "
			       "add it to Features= in slurm.conf",
			       x->board);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "runners/command.h"
#include "runners/observers.h"

static const char runner_name[] = "llama-bench";

/* The runner: the command as it is; its output tells the tests. */

static int bench_prepare(const struct ep_env *env,
			 const struct ep_runner_job *job,
			 struct ep_runner **ret, struct ep_err *err)
{
	return ep_runner_command.prepare(env, job, ret, err);
}

static pid_t bench_pid(const struct ep_runner *r)
{
	return ep_runner_command.pid(r);
}

static int bench_fd(const struct ep_runner *r)
{
	return ep_runner_command.fd(r);
}

static int bench_go(struct ep_runner *r, int64_t *ret_gate_ns,
		    struct ep_err *err)
{
	return ep_runner_command.go(r, ret_gate_ns, err);
}

static int bench_step(struct ep_runner *r, const struct ep_event_sink *sink)
{
	return ep_runner_command.step(r, sink);
}

static int bench_signal(struct ep_runner *r, int signo)
{
	return ep_runner_command.signal(r, signo);
}

static void bench_result(const struct ep_runner *r,
			 struct ep_runner_result *ret)
{
	ep_runner_command.result(r, ret);
}

static void bench_close(struct ep_runner *r)
{
	ep_runner_command.close(r);
}

const struct ep_runner_ops ep_runner_llama_bench = {
	.name = runner_name,
	.summary = "llama-bench: its tests as requests",
	.prepare = bench_prepare,
	.pid = bench_pid,
	.fd = bench_fd,
	.go = bench_go,
	.step = bench_step,
	.signal = bench_signal,
	.result = bench_result,
	.close = bench_close,
};

/* The observer: rows become events. */

struct ep_observer {
	struct ep_bench_reader readers[2]; /* stdout, stderr */
	int64_t (*now_ns)(void);
	/* During a call of feed. */
	const struct ep_event_sink *sink;
	const struct ep_output *piece;
	size_t row_count;
	int64_t reps; /* -r of the command; 0 not said */
	bool told_reps;
	bool warned;
};

static void take_row(void *ctx, const struct ep_bench_row *row)
{
	struct ep_observer *o = ctx;
	struct ep_event e = ep_event_make(o->piece->t_ns, "bench");
	struct ep_buf text;

	if (o->row_count == EP_BENCH_ROWS_MAX)
		return;
	o->row_count++;
	ep_buf_init(&text, 16 * 1024);
	e.span_ns = o->piece->span_ns;
	e.source = o->piece->stream == 2 ? "stderr" : "stdout";
	if (ep_bench_row_write(row, &text) == 0) {
		e.text = text.data;
		o->sink->emit(o->sink->ctx, &e);
	}
	ep_buf_done(&text);
}

static int bench_open(const struct ep_env *env, struct ep_observer **ret,
		      struct ep_err *err)
{
	struct ep_observer *o = calloc(1, sizeof(*o));

	if (!o)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < 2; i++)
		ep_bench_reader_init(&o->readers[i], take_row, o);
	o->now_ns = env->now_ns;
	*ret = o;
	return 0;
}

/* -r N, --repetitions N */
static int64_t find_reps(char *const *argv)
{
	int64_t reps = 0, number;

	for (size_t i = 0; argv && argv[i] && argv[i + 1]; i++)
		if ((strcmp(argv[i], "-r") == 0 ||
		     strcmp(argv[i], "--repetitions") == 0) &&
		    ep_num_parse_i64(argv[i + 1], &number) == 0 && number > 0 &&
		    number <= EP_BENCH_REPS_MAX)
			reps = number;
	return reps;
}

static int bench_setup(struct ep_observer *o, const struct ep_watch_job *job,
		       struct ep_err *err)
{
	(void)err;
	if (strcmp(job->runner, runner_name) != 0)
		return -ENODATA;
	o->reps = find_reps(job->argv);
	return 0;
}

static void emit(struct ep_observer *o, const char *event, const char *source,
		 const char *text)
{
	struct ep_event e = ep_event_make(o->now_ns(), event);

	e.source = source;
	e.text = text;
	o->sink->emit(o->sink->ctx, &e);
}

static void tell_reps(struct ep_observer *o)
{
	char text[32];

	if (o->told_reps || o->reps == 0)
		return;
	o->told_reps = true;
	(void)ep_str_format(text, sizeof(text), "%lld", (long long)o->reps);
	emit(o, "fact", "bench.reps", text);
}

static void bench_feed(struct ep_observer *o, const struct ep_output *piece,
		       const struct ep_event_sink *sink)
{
	if (piece->stream < 1 || piece->stream > 2)
		return;
	o->sink = sink;
	o->piece = piece;
	tell_reps(o);
	ep_bench_reader_feed(&o->readers[piece->stream - 1], piece->bytes,
			     piece->len);
	if (piece->len == 0 && piece->stream == 2 && o->row_count == 0 &&
	    !o->warned) {
		o->warned = true;
		emit(o, "warning", "no-tests",
		     "nothing in the output looks like a row of llama-bench: "
		     "add -o jsonl to its arguments");
	}
	o->sink = NULL;
	o->piece = NULL;
}

static void bench_close_observer(struct ep_observer *o)
{
	if (!o)
		return;
	for (int i = 0; i < 2; i++)
		ep_bench_reader_done(&o->readers[i]);
	free(o);
}

const struct ep_observer_ops ep_observer_bench = {
	.name = "llama-bench",
	.evidence = EP_EVIDENCE_INFERRED,
	.open = bench_open,
	.setup = bench_setup,
	.feed = bench_feed,
	.close = bench_close_observer,
	.timeline = ep_bench_timeline,
};

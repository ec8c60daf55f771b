/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/command.h"
#include "profiler/study/executor.h"
#include "profiler/study/slurm_nodes.h"

#define OUTPUT_BYTES_MAX ((size_t)1024 * 1024)
#define COMMAND_NS (60 * EP_NS_PER_S)
/* Between two questions to the controller. */
#define LOOK_NS (2 * EP_NS_PER_S)
/* It may be started again meanwhile. */
#define SILENT_NS (600 * EP_NS_PER_S)

struct state {
	char job[40];	   /* of the array; "" none */
	int64_t looked_ns; /* when it last was asked */
	int64_t answered_ns;
	char status[200];
	bool warned_held;
};

static struct state *state_of(struct ep_executor *x)
{
	if (!x->state) {
		x->state = calloc(1, sizeof(struct state));
		if (x->state)
			((struct state *)x->state)->answered_ns =
				ep_clock_monotonic_ns();
	}
	return x->state;
}

static int run(const struct ep_executor *x, const char *const *argv,
	       struct ep_buf *ret, struct ep_err *err)
{
	const struct ep_command_order o = {
		.argv = (char *const *)(uintptr_t)argv,
		.identity = x->identity,
		.keep_fd = -1,
		.output_fd = -1,
	};
	int r;

	ep_buf_init(ret, OUTPUT_BYTES_MAX);
	r = ep_command_run(&o, COMMAND_NS, ret, err);
	if (r == -ENOENT)
		ep_err_set(err, r,
			   "%s is not found: --executor slurm wants Slurm's "
			   "commands (Debian: slurm-client)",
			   argv[0]);
	return r;
}

/* What a person reads of a command that failed: its last line. */
static const char *last_line(struct ep_buf *b)
{
	char *text = b->data ? ep_str_chomp(b->data) : NULL;
	char *line = text ? strrchr(text, '\n') : NULL;

	ep_str_printable(line ? line + 1 : text ? text : (char[1]){ "" });
	return line ? line + 1 : text ? text : "";
}

/* Every study has a name of its own in the queue. */
static void job_name(const struct ep_executor *x, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "edgeprof-%s", ep_store_id(x->store));
}

static int slurm_find(struct ep_executor *x, struct ep_err *err)
{
	struct state *st = state_of(x);
	char name[60];
	const char *const argv[] = { "squeue", "-h", "-n", name,
				     "-o",     "%F", NULL };
	struct ep_buf b;
	size_t len;
	int r;

	if (!st)
		return ep_err_set(err, -ENOMEM, "out of memory");
	job_name(x, name, sizeof(name));
	r = run(x, argv, &b, err);
	len = r == 0 && b.data ? strspn(b.data, "0123456789") : 0;
	if (r > 0)
		r = ep_err_set(err, -EIO, "squeue failed: %s", last_line(&b));
	if (r == 0 && len > 0) {
		(void)ep_str_format(st->job, sizeof(st->job), "%.*s", (int)len,
				    b.data);
		r = 1;
	}
	ep_buf_done(&b);
	return r;
}

static int write_script(struct ep_executor *x, struct ep_err *err)
{
	char program[4200], work[4400], out[4400], path[4200], name[60];
	struct ep_buf b;
	int r = ep_command_quote(x->options->program, program, sizeof(program));

	ep_executor_name(x, ".json", name, sizeof(name));
	(void)ep_str_format(path, sizeof(path), "%s/%s", x->dir, name);
	if (r == 0)
		r = ep_command_quote(path, work, sizeof(work));
	(void)ep_str_format(path, sizeof(path), "%s/arrived", x->dir);
	if (r == 0)
		r = ep_command_quote(path, out, sizeof(out));
	ep_buf_init(&b, 32768);
	if (r == 0)
		r = ep_buf_addf(&b,
				"#!/bin/sh\n# One task of a study, made by "
				"edgeprof sweep for sbatch.\nexec %s sweep "
				"--task %s --task-number "
				"\"$SLURM_ARRAY_TASK_ID\" --task-output %s\n",
				program, work, out);
	r = r < 0 ? ep_err_set(err, r, "%s: %s", x->dir, strerror(-r))
		  : ep_executor_write(x, ".sh", b.data, err);
	ep_buf_done(&b);
	return r;
}

struct sbatch {
	char name[80], array[60], output[4200], folder[4200], script[4200];
	char constraint[120];
	const char *argv[64];
	size_t count;
};

static void push(struct sbatch *s, const char *word)
{
	if (s->count + 1 < sizeof(s->argv) / sizeof(s->argv[0]))
		s->argv[s->count++] = word;
}

/* What the user adds comes last, and so holds. */
static void make_argv(struct ep_executor *x, struct sbatch *s)
{
	static const char *const head[] = { "sbatch", "--parsable", "--requeue",
					    "--exclusive",
					    "--open-mode=append" };
	const char *folder = ep_store_started_in(x->store);
	char name[60];

	job_name(x, name, sizeof(name));
	(void)ep_str_format(s->name, sizeof(s->name), "--job-name=%s", name);
	(void)ep_str_format(s->array, sizeof(s->array), "--array=0-%zu",
			    x->work->task_count - 1);
	ep_executor_name(x, "", name, sizeof(name));
	(void)ep_str_format(s->output, sizeof(s->output),
			    "--output=%s/%s/task-%%a.log", x->dir, name);
	(void)ep_str_format(s->folder, sizeof(s->folder), "--chdir=%s", folder);
	(void)ep_str_format(s->constraint, sizeof(s->constraint),
			    "--constraint=%s", x->board);
	ep_executor_name(x, ".sh", name, sizeof(name));
	(void)ep_str_format(s->script, sizeof(s->script), "%s/%s", x->dir,
			    name);
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		push(s, head[i]);
	push(s, s->name);
	push(s, s->array);
	push(s, s->output);
	if (folder[0])
		push(s, s->folder);
	if (!ep_slurm_names_constraint(x->options->sbatch))
		push(s, s->constraint);
	for (size_t i = 0; x->options->sbatch && x->options->sbatch[i]; i++)
		push(s, x->options->sbatch[i]);
	push(s, s->script);
}

/* "123" or "123;cluster", after whatever warnings. */
static int take_job(struct state *st, struct ep_buf *b, struct ep_err *err)
{
	const char *line = last_line(b);
	size_t len = strspn(line, "0123456789");

	if (len == 0 || (line[len] != '\0' && line[len] != ';'))
		return ep_err_set(err, -EBADMSG,
				  "sbatch answered '%.200s', not with the "
				  "number of a job",
				  line);
	(void)ep_str_format(st->job, sizeof(st->job), "%.*s", (int)len, line);
	st->looked_ns = 0;
	st->answered_ns = ep_clock_monotonic_ns();
	return 0;
}

static int slurm_submit(struct ep_executor *x, struct ep_err *err)
{
	struct state *st = state_of(x);
	struct sbatch *s = calloc(1, sizeof(*s));
	char path[4200], name[60];
	struct ep_buf b;
	int r = st && s ? write_script(x, err) : -ENOMEM;

	ep_executor_name(x, "", name, sizeof(name));
	(void)ep_str_format(path, sizeof(path), "%s/%s", x->dir, name);
	if (r == 0)
		r = ep_file_mkdir(path, err);
	if (r == 0) {
		make_argv(x, s);
		r = run(x, s->argv, &b, err);
		if (r > 0)
			r = ep_err_set(err, -EIO, "sbatch refused: %s",
				       last_line(&b));
		else if (r == 0)
			r = take_job(st, &b, err);
		ep_buf_done(&b);
	}
	free(s);
	return r;
}

/* The answer of squeue, one line a task: "STATE|NODE|REASON". */
static bool read_queue(struct state *st, const char *text)
{
	int running = 0, waiting = 0, held = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool pending = ep_str_starts(text, "PD|");

		running += !pending && len > 0;
		waiting += pending;
		held += pending && memmem(text, len, "held", 4) != NULL;
		held += pending && memmem(text, len, "JobHeld", 7) != NULL;
		text += len + (text[len] == '\n');
	}
	(void)ep_str_format(st->status, sizeof(st->status),
			    "job %s: %d run, %d wait", st->job, running,
			    waiting);
	return waiting > 0 && running == 0 && held >= waiting;
}

static void slurm_cancel(struct ep_executor *x)
{
	struct state *st = x->state;
	const char *const argv[] = { "scancel", st ? st->job : "", NULL };
	struct ep_err err = { 0 };
	struct ep_buf b;

	if (!st || !st->job[0])
		return;
	if (run(x, argv, &b, &err) != 0)
		x->tell(x->ctx, err.text[0] ? err.text : last_line(&b));
	ep_buf_done(&b);
	st->job[0] = '\0';
}

/* Slurm holds what it could not launch, and nobody would let it go. */
static int give_up_held(struct ep_executor *x)
{
	x->tell(x->ctx, "Slurm holds all tasks that are left (squeue tells "
			"why): they are cancelled and dealt out anew");
	slurm_cancel(x);
	return 0;
}

static int look(struct ep_executor *x, struct state *st, struct ep_err *err)
{
	const char *const argv[] = { "squeue", "-h", "-r",	 "-j",
				     st->job,  "-o", "%t|%N|%r", NULL };
	int64_t now_ns = ep_clock_monotonic_ns();
	struct ep_err why = { 0 };
	struct ep_buf b;
	bool held;
	int r = run(x, argv, &b, &why);

	if (r == 0) {
		st->answered_ns = now_ns;
		held = read_queue(st, b.data ? b.data : "");
		r = !b.data || b.len == 0 ? 0 : held ? give_up_held(x) : 1;
	} else if (r > 0 && b.data && strstr(b.data, "Invalid job id")) {
		r = 0; /* ended, and forgotten by now */
	} else if (now_ns - st->answered_ns < SILENT_NS) {
		(void)ep_str_copy(st->status, sizeof(st->status),
				  "Slurm does not answer");
		r = 1;
	} else {
		r = ep_err_set(err, -EIO,
			       "Slurm has not answered for %lld s: %s",
			       (long long)(SILENT_NS / EP_NS_PER_S),
			       why.text[0] ? why.text : last_line(&b));
	}
	ep_buf_done(&b);
	return r;
}

static int slurm_poll(struct ep_executor *x, char *status, size_t size,
		      struct ep_err *err)
{
	struct state *st = state_of(x);
	int64_t now_ns = ep_clock_monotonic_ns();
	int r = 1;

	if (!st || !st->job[0])
		return 0;
	if (st->looked_ns == 0 || now_ns - st->looked_ns > LOOK_NS) {
		st->looked_ns = now_ns;
		r = look(x, st, err);
	}
	(void)ep_str_copy(status, size, st->status);
	return r;
}

static void slurm_close(struct ep_executor *x)
{
	free(x->state);
	x->state = NULL;
}

const struct ep_executor_ops ep_executor_slurm = {
	.name = "slurm",
	.check = ep_slurm_check,
	.find = slurm_find,
	.submit = slurm_submit,
	.poll = slurm_poll,
	.cancel = slurm_cancel,
	.close = slurm_close,
	/* MaxArraySize is 1001 unless it was changed. */
	.task_max = 1000,
};

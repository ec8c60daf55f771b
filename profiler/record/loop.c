/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/vmstat.h"

#define OBSERVER_PERIOD_NS (20 * EP_NS_PER_MS)
#define STDIO_PERIOD_NS (10 * EP_NS_PER_MS)
#define READER_PATIENCE_NS (2 * EP_NS_PER_S)

static void lose_guardian(struct ep_session *s)
{
	static const char text[] =
		"the guardian process was killed: if edgeprof is killed too, "
		"the program runs on and settings of the board stay changed "
		"until edgeprof restore";

	ep_guardian_collect(&s->guardian);
	s->progress.tell(s->progress.ctx, EP_PROGRESS_WARNING, text, 0);
	ep_session_event(s, "warning", "guardian-lost", text);
}

/* Orphans of the program come to us (subreaper); their ends are collected so
 * that none stays a zombie.  The program itself is the runner's to reap. */
static void reap_orphans(struct ep_session *s)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == 0 || info.si_pid == s->child_pid ||
		    info.si_pid == s->client_pid)
			return;
		if (info.si_pid == s->guardian.pid)
			lose_guardian(s);
		else if (waitpid(info.si_pid, NULL, WNOHANG) < 0)
			return;
	}
}

static void emit_event(void *ctx, const struct ep_event *event)
{
	struct ep_session *s = ctx;

	ep_writer_event(&s->writer, event);
}

static void drain_observers(struct ep_session *s)
{
	struct ep_event_sink sink = { .emit = emit_event, .ctx = s };

	for (size_t i = 0; i < s->observer_count; i++)
		if (s->observers[i].observer && s->observers[i].ops->drain)
			(void)s->observers[i].ops->drain(
				s->observers[i].observer, &sink);
}

/* One sleep on everything that can happen, until until_ns at the latest. */
static void wait_once(struct ep_session *s, int64_t until_ns)
{
	struct pollfd fds[EP_OBSERVERS_MAX + 2];
	int64_t timeout_ns = until_ns - s->env.now_ns();
	bool ended = atomic_load(&s->gate.exit_ns) != 0;
	struct timespec timeout;
	nfds_t count = 1;

	fds[0] = (struct pollfd){ .fd = s->signal_fd, .events = POLLIN };
	/* The descriptors of an ended program and of those who watched it stay
	 * readable for ever; they are drained once more at the end. */
	if (s->runner && !ended)
		fds[count++] =
			(struct pollfd){ .fd = s->runner_ops->fd(s->runner),
					 .events = POLLIN };
	for (size_t i = 0; !ended && i < s->observer_count; i++) {
		const struct ep_watched *w = &s->observers[i];
		int fd = w->observer && w->ops->fd ? w->ops->fd(w->observer)
						   : -1;

		if (w->observer && w->ops->drain && fd < 0 &&
		    timeout_ns > OBSERVER_PERIOD_NS)
			timeout_ns = OBSERVER_PERIOD_NS;
		fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	if (timeout_ns < 0)
		timeout_ns = 0;
	timeout.tv_sec = timeout_ns / EP_NS_PER_S;
	timeout.tv_nsec = timeout_ns % EP_NS_PER_S;
	(void)ppoll(fds, count, &timeout, NULL);
	s->wakeup_count++;
	ep_session_read_signals(s);
	reap_orphans(s);
	drain_observers(s);
}

/* 1 it runs, or there is none; 0 ended; -errno. */
static int step_program(struct ep_session *s)
{
	struct ep_event_sink sink = { .emit = emit_event, .ctx = s };

	return s->runner ? s->runner_ops->step(s->runner, &sink) : 1;
}

/* False when a signal cut it short. */
static bool wait_for(struct ep_session *s, int64_t duration_ns)
{
	int64_t until_ns = s->env.now_ns() + duration_ns;
	int interrupts = s->interrupt_count;

	while (s->env.now_ns() < until_ns) {
		wait_once(s, until_ns);
		if (s->ended_by || s->interrupt_count > interrupts)
			return false;
	}
	return true;
}

/* 0 when the program still waits at its gate at the end of the time. */
static int wait_at_gate(struct ep_session *s, int64_t duration_ns,
			struct ep_err *err)
{
	int64_t until_ns = s->env.now_ns() + duration_ns;

	while (s->env.now_ns() < until_ns) {
		wait_once(s, until_ns);
		if (s->ended_by || s->interrupt_count > 0)
			return ep_err_set(err, -EINTR,
					  "interrupted before the program "
					  "started");
		if (step_program(s) != 1)
			return ep_err_set(err, -ECHILD,
					  "the program was killed before it "
					  "could start");
	}
	return 0;
}

static int start_threads(struct ep_session *s, struct ep_err *err)
{
	int r = ep_sampler_start(&s->sampler, &s->env, &s->slots, &s->gate,
				 err);

	if (r < 0)
		return r;
	s->drain.writer = &s->writer;
	s->drain.sampler = &s->sampler;
	s->drain.env = &s->env;
	s->drain.gate = &s->gate;
	s->drain.jitter = s->options->jitter;
	s->drain.disk_sync_ns = s->options->disk_sync_ns;
	ep_session_event(s, "start", "", "");
	ep_session_start_feed(s);
	r = ep_drain_start(&s->drain, &s->slots, err);
	return r < 0 ? r : ep_stdio_start(&s->stdio, err);
}

static int baseline(struct ep_session *s, struct ep_err *err)
{
	int r;

	if (s->options->idle_ns == 0)
		return 0;
	s->progress.tell(s->progress.ctx, EP_PROGRESS_IDLE, "",
			 (double)s->options->idle_ns / 1e9);
	ep_session_event(s, "idle", "", "begin");
	r = wait_at_gate(s, s->options->idle_ns, err);
	ep_session_event(s, "idle", "", "end");
	return r;
}

/* The counters of what follows the program, exactly at the gate: without this
 * row the work between the gate and the first tick would be shared with the
 * time before it. */
static void write_gate_rows(struct ep_session *s, int64_t gate_ns,
			    struct ep_sample *rows, const int *counts)
{
	for (size_t i = 0; i < s->slots.count; i++) {
		const struct ep_slot *slot = s->slots.slots[i];

		for (int n = 0; n < counts[i]; n++) {
			struct ep_sample *row =
				&rows[i * EP_POLL_GATE_SAMPLES_MAX + (size_t)n];

			row->t_ns = gate_ns;
			row->span_ns = 0;
			ep_writer_sample(&s->writer, (size_t)slot->file, row);
		}
		if (counts[i] > 0)
			ep_writer_row_end(&s->writer, (size_t)slot->file);
	}
}

static void read_gate_rows(struct ep_session *s, struct ep_sample *rows,
			   int *counts)
{
	for (size_t i = 0; i < s->slots.count; i++) {
		struct ep_slot *slot = s->slots.slots[i];

		counts[i] = 0;
		if (slot->sensor && (slot->ops->flags & EP_SENSOR_TARGET))
			counts[i] = ep_poller_gate_row(
				slot, s->env.now_ns(),
				&rows[i * EP_POLL_GATE_SAMPLES_MAX],
				EP_POLL_GATE_SAMPLES_MAX);
	}
}

/* Exec failed although the file is there. */
static void explain_exec(const struct ep_session *s, int r, struct ep_err *err)
{
	if (r == -ENOENT)
		ep_err_set(err, r,
			   "cannot execute %s: the interpreter in its first "
			   "line, or its loader, does not exist",
			   s->program);
	else if (r != -EPIPE && r != -ESRCH)
		ep_err_set(err, r, "cannot execute %s as user id %u: %s",
			   s->program, (unsigned)s->identity.uid, strerror(-r));
}

static int open_gate(struct ep_session *s, struct ep_err *err)
{
	struct ep_sample *rows = calloc(
		s->slots.count + 1, EP_POLL_GATE_SAMPLES_MAX * sizeof(*rows));
	int counts[EP_SLOTS_MAX] = { 0 };
	int64_t gate_ns = 0;
	struct ep_event e;
	int r = 0;

	if (!rows)
		return ep_err_set(err, -ENOMEM, "out of memory");
	read_gate_rows(s, rows, counts);
	gate_ns = s->env.now_ns();
	s->gate_cpu_ns = ep_clock_process_cpu_ns();
	if (ep_vmstat_swap_in(&s->swap_in_count) < 0)
		s->swap_in_count = -1;
	if (s->runner)
		r = s->runner_ops->go(s->runner, &gate_ns, err);
	if (r < 0)
		explain_exec(s, r, err);
	if (r == 0) {
		e = ep_event_make(gate_ns, "gate");
		ep_writer_event(&s->writer, &e);
		write_gate_rows(s, gate_ns, rows, counts);
		atomic_store(&s->gate.open_ns, gate_ns);
		atomic_store(&s->stdio.gate_ns, gate_ns);
		/* From here on a killed run can be reported. */
		(void)ep_writer_flush(&s->writer);
		s->progress.tell(s->progress.ctx, EP_PROGRESS_GATE, "", 0);
	}
	free(rows);
	return r;
}

/* Until the program has ended, or the whole-system time is over. */
static int run_program(struct ep_session *s)
{
	int r = 1;

	if (!s->runner) {
		(void)wait_for(s, s->options->duration_ns);
		return 0;
	}
	while (r == 1) {
		wait_once(s, s->env.now_ns() + 3600 * EP_NS_PER_S);
		r = step_program(s);
	}
	return r;
}

static void note_exit(struct ep_session *s, struct ep_outcome *outcome)
{
	struct ep_runner_result result = { .exited = true };
	int64_t swap_in_count;
	struct ep_event e;
	char text[48];

	if (s->swap_in_count >= 0)
		s->swap_in_count = ep_vmstat_swap_in(&swap_in_count) == 0
					   ? swap_in_count - s->swap_in_count
					   : -1;
	if (s->runner)
		s->runner_ops->result(s->runner, &result);
	else
		result.end_ns = s->env.now_ns();
	(void)ep_guardian_watch(&s->guardian, 0);
	atomic_store(&s->gate.exit_ns, result.end_ns);
	e = ep_event_make(result.end_ns, "exit");
	(void)ep_str_format(text, sizeof(text), "%s %d",
			    result.exited ? "exit" : "signal", result.status);
	e.text = text;
	ep_writer_event(&s->writer, &e);
	outcome->exit_status =
		result.exited ? result.status : 128 + result.status;
}

/* Whoever reads our output may be slow, as the program alone would meet it;
 * after a signal we wait no longer for a reader that stands still. */
static void stop_stdio(struct ep_session *s)
{
	int64_t patient_until_ns = s->env.now_ns() + READER_PATIENCE_NS;
	bool give_up = false;

	while (!ep_stdio_stop(&s->stdio, give_up)) {
		wait_once(s, s->env.now_ns() + STDIO_PERIOD_NS);
		give_up = (s->ended_by || s->interrupt_count > 0) &&
			  s->env.now_ns() > patient_until_ns;
	}
}

static int finish(struct ep_session *s, struct ep_outcome *outcome,
		  struct ep_err *err)
{
	char text[64];
	uint64_t lost;
	int r;

	(void)ep_stdio_stop(&s->stdio, false);
	ep_sampler_stop(&s->sampler);
	ep_drain_stop(&s->drain);
	stop_stdio(s);
	drain_observers(s);
	ep_session_tell_fault(s);
	ep_environment_restore(s);
	ep_session_facts(s);
	r = ep_writer_flush(&s->writer);
	lost = ep_writer_dropped(&s->writer);
	if (s->ended_by)
		outcome->exit_status = 128 + s->ended_by;
	if (r == 0 && lost == 0) {
		ep_session_event(s, "end", "", "");
		r = ep_writer_flush(&s->writer);
		ep_session_hash_models(s);
		return r < 0 ? r : ep_writer_flush(&s->writer);
	}
	if (r == 0)
		r = -ENOSPC;
	outcome->exit_status = 125;
	(void)ep_str_format(text, sizeof(text), "%llu lines were lost and ",
			    (unsigned long long)lost);
	ep_err_set(err, r,
		   "recording in %s failed: %s; %sthe run is marked incomplete",
		   s->writer.dir, strerror(-r), lost > 0 ? text : "");
	ep_session_event(s, "error", "", err ? err->text : strerror(-r));
	(void)ep_writer_flush(&s->writer);
	return r;
}

int ep_session_loop(struct ep_session *s, struct ep_outcome *outcome,
		    struct ep_err *err)
{
	int r = start_threads(s, err);

	if (r == 0)
		r = baseline(s, err);
	if (r == 0) {
		r = open_gate(s, err);
		if (r < 0)
			outcome->exit_status = r == -ENOENT  ? 127
					       : r == -ESRCH ? 125
							     : 126;
	}
	if (r == 0) {
		outcome->gate_opened = true;
		r = run_program(s);
		note_exit(s, outcome);
		if (r == 0 && s->options->tail_ns > 0) {
			s->progress.tell(s->progress.ctx, EP_PROGRESS_TAIL, "",
					 (double)s->options->tail_ns / 1e9);
			(void)wait_for(s, s->options->tail_ns);
		}
		return finish(s, outcome, err);
	}
	ep_sampler_stop(&s->sampler);
	ep_drain_stop(&s->drain);
	(void)ep_stdio_stop(&s->stdio, true);
	return r;
}

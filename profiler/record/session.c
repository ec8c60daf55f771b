/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/record/attached.h"
#include "profiler/record/manifest.h"

void ep_session_event(struct ep_session *s, const char *event,
		      const char *source, const char *text)
{
	struct ep_event e = ep_event_make(s->env.now_ns(), event);

	e.source = source;
	e.text = text;
	ep_writer_event(&s->writer, &e);
}

static void tell(const struct ep_session *s, enum ep_progress what,
		 const char *text)
{
	s->progress.tell(s->progress.ctx, what, text, 0);
}

/* What is started: the program, or the server. */
static char *const *command_of(const struct ep_session *s)
{
	if (s->options->drive)
		return s->options->drive->server;
	return s->options->argv;
}

/* A real root login stays root; whoever did not mean that is told. */
static void note_root(const struct ep_session *s)
{
	if (geteuid() == 0 && !s->identity.changes && command_of(s))
		tell(s, EP_PROGRESS_NOTE,
		     "running as root: the program runs as root too");
}

/* Hundreds of kept descriptors; and under chrt -f our own threads must not
 * wait behind the program they measure, which runs at the same priority. */
static void raise_limits(const struct ep_session *s)
{
	struct rlimit files;
	struct sched_param own = s->state->param;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0, 0, 0);
	if (s->state->policy == SCHED_FIFO || s->state->policy == SCHED_RR) {
		if (own.sched_priority < 98)
			own.sched_priority++;
		sched_setscheduler(0, s->state->policy, &own);
	}
}

static int check_calibration(const struct ep_session *s, struct ep_err *err)
{
	const struct ep_board *b = s->board;
	const char *wanted = s->options->calibration;
	char names[300] = "";

	for (size_t i = 0; wanted && i < b->calibration_count; i++) {
		size_t used = strlen(names);

		if (strcmp(b->calibrations[i].name, wanted) == 0)
			return 0;
		(void)ep_str_format(names + used, sizeof(names) - used, "%s%s",
				    used ? ", " : "", b->calibrations[i].name);
	}
	if (!wanted)
		return 0;
	return ep_err_set(err, -EINVAL,
			  "--calibration %.80s: board %s has %s%s%s", wanted,
			  b->name, names[0] ? "no such; it has: " : "none",
			  names, names[0] ? "" : "; leave --calibration away");
}

/* The fit speaks of the board's own total and of no other. */
static int check_calibrated(const struct ep_session *s, struct ep_err *err)
{
	const struct ep_total *t = &s->total;

	if (!s->options->calibration || strcmp(t->source, "board") == 0)
		return 0;
	return ep_err_set(err, -EINVAL,
			  "--calibration %s: it is for the total of board %s, "
			  "and %s%.200s; leave --calibration away",
			  s->options->calibration, s->board->name,
			  t->count > 0 ? "the total here is " : "",
			  t->count > 0 ? t->channels[0] : t->reason);
}

static int load_board(struct ep_session *s, struct ep_err *err)
{
	const char *asked = s->options->board;
	char text[300];
	int r = ep_board_detect(&s->env, s->detected, sizeof(s->detected), err);

	if (r < 0)
		return r;
	r = ep_board_load(asked ? asked : s->detected, &s->board, err);
	if (r == 0)
		r = check_calibration(s, err);
	if (r < 0)
		return r;
	s->board_matches = ep_board_suits(s->board, s->detected, &s->env);
	if (!s->board_matches) {
		(void)ep_str_format(text, sizeof(text),
				    "this machine does not look like board "
				    "%s (it looks like %s); what is missing "
				    "is reported as not measured",
				    s->board->name, s->detected);
		tell(s, EP_PROGRESS_WARNING, text);
	}
	return 0;
}

static int add_setting(void *ctx, const struct ep_sensor_setting *setting,
		       struct ep_err *err)
{
	struct ep_session *s = ctx;
	struct ep_change_ask ask = { setting->kind, setting->target,
				     setting->value, setting->what };

	return ep_change_add(s->options->changes, &ask, err);
}

/* What instruments want set goes the way of what the user does. */
static int plan_sensors(struct ep_session *s, struct ep_err *err)
{
	struct ep_setting_sink sink = { add_setting, s };

	if (!s->options->changes)
		return 0;
	return ep_slots_settings(&s->env, s->board, s->options, &sink, err);
}

static int open_files(struct ep_session *s, struct ep_err *err)
{
	for (size_t i = 0; i < s->slots.count; i++) {
		struct ep_slot *slot = s->slots.slots[i];
		int r;

		if (!slot->sensor)
			continue;
		r = ep_writer_add_sensor(&s->writer, slot->id, slot->channels,
					 slot->channel_count, err);
		if (r < 0)
			return r;
		slot->file = r;
	}
	return 0;
}

static int check_command(struct ep_session *s, struct ep_outcome *outcome,
			 struct ep_err *err)
{
	char *const *command;
	int r;

	s->runner_ops = ep_runner_find(s->options->runner, err);
	if (!s->runner_ops)
		return -EINVAL;
	if (!s->options->drive && (s->options->attach || s->options->client))
		s->runner_ops = &ep_runner_attach;
	if (s->runner_ops->drives != (s->options->drive != NULL))
		return ep_err_set(
			err, -EINVAL,
			"--runner %s takes no command; leave out what "
			"follows --",
			s->runner_ops->name);
	command = command_of(s);
	if (!command)
		return 0;
	r = ep_spawn_resolve(command[0], s->program, sizeof(s->program), err);
	s->env.target_path = s->program;
	s->env.target_argv = command;
	if (r == -ENOENT && s->options->drive)
		ep_err_set(err, r,
			   "the server's program '%.200s' was not found: "
			   "install it, or give its command after --, as in -- "
			   "/opt/llama/llama-server",
			   command[0]);
	if (r < 0)
		outcome->exit_status = r == -EACCES ? 126 : 127;
	return r;
}

/* What the run is for may lie where only its user may look. */
static void find_models(struct ep_session *s)
{
	const struct ep_drive *d = s->options->drive;

	if (ep_identity_enter(&s->identity, NULL) < 0)
		return;
	ep_models_find(command_of(s), d ? d->model : NULL, &s->models);
	ep_identity_leave(&s->identity);
}

static void note_full_rate(const struct ep_session *s)
{
	if (!s->options->full_rate)
		return;
	for (size_t i = 0; i < s->slots.count; i++)
		if (s->slots.slots[i]->sensor &&
		    (s->slots.slots[i]->ops->flags & EP_SENSOR_STREAM))
			return;
	tell(s, EP_PROGRESS_NOTE,
	     "--full-rate has no effect: no sensor here makes more than 1000 "
	     "samples a second");
}

static int start_guardian(struct ep_session *s, struct ep_err *err)
{
	return ep_guardian_start(
		&s->guardian, &s->env,
		s->environment.opened ? &s->environment.journal : NULL, err);
}

int ep_session_prepare(struct ep_session *s, struct ep_outcome *outcome,
		       struct ep_err *err)
{
	int r = ep_env_init(&s->env, err);

	if (r < 0)
		return r;
	s->env.interval_ns = s->options->interval_ns;
	s->env.full_rate = s->options->full_rate;
	s->env.system_wide =
		!s->options->argv && !s->options->drive && !s->options->attach;
	r = check_command(s, outcome, err);
	if (r == 0)
		r = ep_session_find_attached(s, err);
	if (r == 0)
		r = ep_identity_get(&s->identity, err);
	if (r == 0)
		r = load_board(s, err);
	if (r == 0)
		r = plan_sensors(s, err);
	/* May wait for another edgeprof: before there is a folder. */
	if (r == 0)
		r = ep_environment_open(s, err);
	if (r == 0)
		r = ep_writer_open(&s->writer, s->options->out_dir,
				   &s->identity, err);
	s->writer_open = s->writer.dir[0] != '\0';
	if (r == 0)
		r = ep_session_take_signals(s, err);
	if (r == 0)
		r = start_guardian(s, err);
	raise_limits(s);
	if (r == 0)
		note_root(s);
	if (r == 0)
		r = ep_environment_apply(s, err);
	if (r == 0)
		r = ep_session_hold(s, err);
	if (r == 0)
		r = ep_slots_open(&s->env, s->board, s->options, &s->slots,
				  err);
	if (r >= 0)
		r = ep_session_count_client(s, err);
	if (r >= 0)
		r = ep_total_choose(&s->slots, s->board, s->options->total,
				    &s->total, err);
	if (r == 0)
		r = check_calibrated(s, err);
	if (r == 0) {
		ep_session_tell_failed(s);
		note_full_rate(s);
	}
	if (r == 0)
		r = open_files(s, err);
	if (r == 0)
		find_models(s);
	return r < 0 ? r : ep_manifest_write(s, err);
}

static void close_session(struct ep_session *s)
{
	if (s->runner)
		s->runner_ops->close(s->runner);
	for (size_t i = 0; i < s->observer_count; i++)
		if (s->observers[i].observer)
			s->observers[i].ops->close(s->observers[i].observer);
	ep_drain_done(&s->drain);
	ep_sampler_done(&s->sampler);
	ep_slots_close(&s->slots);
	ep_stdio_close(&s->stdio);
	ep_guardian_stop(&s->guardian);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	ep_board_free(s->board);
	if (s->writer_open)
		ep_writer_close(&s->writer);
	ep_env_done(&s->env);
}

int ep_session_record(const struct ep_record_options *options,
		      const struct ep_process_state *state,
		      const struct ep_progress_sink *progress,
		      struct ep_outcome *outcome, struct ep_err *err)
{
	struct ep_session *s = calloc(1, sizeof(*s));
	int r;

	memset(outcome, 0, sizeof(*outcome));
	outcome->exit_status = 125;
	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->options = options;
	s->state = state;
	s->progress = *progress;
	s->signal_fd = s->guardian.fd = s->drain.stop_fd = -1;
	s->stdio.stop_fd = -1;
	for (int i = 0; i < 2; i++)
		s->stdio.streams[i].child_fd = s->stdio.streams[i].our_fd =
			s->stdio.streams[i].log_fd = -1;
	s->env.root.fd = -1;
	r = ep_session_prepare(s, outcome, err);
	if (r == 0)
		r = ep_session_loop(s, outcome, err);
	if (r == -EINTR)
		outcome->exit_status =
			128 + (s->ended_by ? s->ended_by : SIGINT);
	ep_environment_close(s);
	if (s->writer_open && !outcome->gate_opened)
		ep_writer_discard(&s->writer);
	else if (s->writer_open)
		(void)ep_str_copy(outcome->folder, sizeof(outcome->folder),
				  s->writer.dir);
	close_session(s);
	free(s);
	return r;
}

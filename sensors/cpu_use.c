/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "drivers/busy.h"
#include "drivers/proc_tree.h"
#include "sensors/files.h"
#include "sensors/table.h"

#define FIRST_STEPS_MAX 1000

struct ep_sensor {
	const struct ep_env *env;
	struct ep_proc_tree *tree; /* NULL: the whole system is watched */
	struct ep_busy *busy;	   /* NULL: the kernel does not tell */
	struct ep_channel channels[3];
	size_t channel_count;
	uint16_t tree_channel, threads_channel, system_channel;
};

static void cpu_use_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_proc_tree_free(sensor->tree);
	ep_busy_close(sensor->busy);
	free(sensor);
}

/* Running time is brought up to date at the scheduler's tick, whose length is
 * the resolution of the coarse clock. */
static int64_t tick_ns(void)
{
	struct timespec ts;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &ts) == 0 ? ts.tv_nsec : 0;
}

static uint16_t add_channel(struct ep_sensor *sensor, const char *name,
			    enum ep_quantity quantity)
{
	struct ep_channel *c = &sensor->channels[sensor->channel_count];

	(void)ep_str_copy(c->name, sizeof(c->name), name);
	c->quantity = quantity;
	c->shape = quantity == EP_TIME_NS ? EP_COUNTER : EP_GAUGE;
	c->refresh_ns = quantity == EP_TIME_NS ? tick_ns() : EP_PROC_WALK_NS;
	return (uint16_t)sensor->channel_count++;
}

static int open_tree(struct ep_sensor *sensor, struct ep_err *err)
{
	int r = ep_proc_tree_new(true, &sensor->tree);

	if (r == 0 && sensor->env->target_pid > 0)
		r = ep_proc_tree_start(sensor->tree, sensor->env->target_pid);
	if (r < 0)
		return ep_err_set(err, r, "the program cannot be followed: %s",
				  strerror(-r));
	/* A first look at its threads, so that every line can tell them. */
	for (int i = 0; i < FIRST_STEPS_MAX && sensor->env->target_pid > 0; i++)
		if (ep_proc_tree_step(sensor->tree, 0) != 0)
			break;
	sensor->tree_channel = add_channel(sensor, "tree_busy", EP_TIME_NS);
	sensor->threads_channel = add_channel(sensor, "threads_busy", EP_COUNT);
	return 0;
}

static int cpu_use_open(const struct ep_env *env, const struct ep_conf *conf,
			struct ep_sensor **ret, struct ep_sensor_notes *notes,
			struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct ep_err why = { 0 };
	int r = 0;

	(void)conf;
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	if (!env->system_wide)
		r = open_tree(sensor, err);
	if (r == 0 && ep_busy_open(&env->root, &sensor->busy, &why) < 0)
		ep_sensor_note(notes, "system_busy left out: %s", why.text);
	if (r == 0 && sensor->busy)
		sensor->system_channel =
			add_channel(sensor, "system_busy", EP_TIME_NS);
	if (r == 0 && sensor->channel_count == 0)
		r = ep_err_set(err, -ENOTSUP, "%s", why.text);
	if (r < 0) {
		cpu_use_close(sensor);
		return r;
	}
	*ret = sensor;
	return 0;
}

static int cpu_use_probe(const struct ep_env *env, struct ep_err *err)
{
	(void)env;
	(void)err;
	return 1;
}

static size_t cpu_use_channels(const struct ep_sensor *sensor,
			       const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

/* What one poll found out; -errno where it did not. */
struct reading {
	struct ep_sample stamp;
	int tree_r, system_r;
	int64_t tree_ns, system_ns;
};

static void read_all(struct ep_sensor *sensor, int64_t now_ns,
		     struct reading *ret)
{
	const struct ep_env *env = sensor->env;
	int64_t begin_ns;

	if (sensor->tree)
		(void)ep_proc_tree_follow(sensor->tree, env->target_pid,
					  now_ns);
	begin_ns = env->now_ns();
	if (sensor->tree)
		ret->tree_r = ep_proc_tree_cpu_ns(sensor->tree, begin_ns,
						  &ret->tree_ns);
	/* Resting: a line without it would look like a failure. */
	if (ret->tree_r == -EAGAIN)
		return;
	if (sensor->busy)
		ret->system_r = ep_busy_read(
			sensor->busy, begin_ns,
			ret->tree_r == 0 ? ret->tree_ns : 0, &ret->system_ns);
	ep_sample_stamp(&ret->stamp, begin_ns, env->now_ns());
}

static void emit(const struct ep_sink *sink, struct ep_sample s,
		 uint16_t channel, int64_t value)
{
	s.channel = channel;
	s.value = value;
	sink->emit(sink->ctx, &s);
}

static int emit_tree(struct ep_sensor *sensor, const struct reading *now,
		     const struct ep_sink *sink)
{
	struct ep_proc_tree_facts facts;
	struct ep_sample s = now->stamp;
	int count = 0;

	ep_proc_tree_facts(sensor->tree, &facts);
	if (now->tree_r == 0) {
		s.flags = facts.truncated ? EP_SAMPLE_GAP : 0;
		emit(sink, s, sensor->tree_channel, now->tree_ns);
		count++;
	}
	/* The last walk's: a walk takes several polls. */
	if (facts.threads_count >= 0) {
		s.flags = facts.busy_count < 0 ? EP_SAMPLE_ERROR
					       : EP_SAMPLE_UNPROVEN;
		emit(sink, s, sensor->threads_channel,
		     facts.busy_count < 0 ? 0 : facts.busy_count);
		count++;
	}
	return count;
}

static int cpu_use_poll(struct ep_sensor *sensor, int64_t now_ns,
			const struct ep_sink *sink)
{
	struct reading now = { .tree_r = -ESRCH, .system_r = -ENOTSUP };
	struct ep_sample s;
	int count = 0;

	read_all(sensor, now_ns, &now);
	if (now.tree_r == -EAGAIN)
		return 0;
	if (sensor->tree)
		count += emit_tree(sensor, &now, sink);
	if (sensor->busy) {
		s = now.stamp;
		s.flags = now.system_r < 0    ? EP_SAMPLE_ERROR
			  : now.system_r == 1 ? EP_SAMPLE_GAP
					      : 0;
		emit(sink, s, sensor->system_channel,
		     now.system_r < 0 ? 0 : now.system_ns);
		count++;
	}
	return count;
}

static const struct ep_param cpu_use_params[] = {
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_cpu_use = {
	.name = "cpu_use",
	.summary = "CPU time of the program with all it starts, and of all",
	.params = cpu_use_params,
	.flags = EP_SENSOR_TARGET,
	.probe = cpu_use_probe,
	.open = cpu_use_open,
	.channels = cpu_use_channels,
	.poll = cpu_use_poll,
	.close = cpu_use_close,
};

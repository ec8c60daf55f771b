/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/busy.h"
#include "drivers/proc_tree.h"
#include "sensors/files.h"
#include "sensors/table.h"

/*
 * Schedstat knows busy time to the scheduler's tick.  Idle states tell of it
 * when a processor next sleeps, and a program's new processes are found a while
 * after their start: what comes late comes at once, and means nothing over
 * shorter stretches than this.
 */
#define LATE_NS (100 * EP_NS_PER_MS)

struct ep_sensor {
	const struct ep_env *env;
	struct ep_proc_tree *tree; /* NULL: the whole system is watched */
	struct ep_busy *busy;	   /* NULL: the program's own time is taken */
	struct ep_channel channel;
	double idle_w, busy_w_per_core;
	int64_t open_ns;
	int64_t tree_ns;      /* the last count */
	int64_t tree_base_ns; /* what it had used before it was followed */
	bool tree_known;
};

static void estimate_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_proc_tree_free(sensor->tree);
	ep_busy_close(sensor->busy);
	free(sensor);
}

static int get_coefficient(const struct ep_conf *conf, const char *key,
			   double fallback, double *ret, struct ep_err *err)
{
	double value = fallback;
	int r = ep_conf_get_f64(conf, key, fallback, &value, err);

	if (r < 0)
		return r;
	if (!(value >= 0.0 && value <= 10000.0)) {
		(void)ep_conf_err(conf, key, err, "must be 0 to 10000");
		return -EINVAL;
	}
	*ret = value;
	return 0;
}

struct coefficients {
	double idle_w, busy_w_per_core, gain_percent;
};

static int get_coefficients(const struct ep_conf *conf,
			    struct coefficients *ret, struct ep_err *err)
{
	int r = get_coefficient(conf, "idle_w", 2.5, &ret->idle_w, err);

	if (r == 0)
		r = get_coefficient(conf, "busy_w_per_core", 1.6,
				    &ret->busy_w_per_core, err);
	if (r == 0)
		r = get_coefficient(conf, "gain_percent", 30,
				    &ret->gain_percent, err);
	return r;
}

static int estimate_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct coefficients c;

	return get_coefficients(conf, &c, err);
}

static void describe(const struct ep_sensor *sensor, const struct ep_conf *conf,
		     struct ep_sensor_notes *notes)
{
	ep_sensor_note(notes,
		       "estimated, not measured: %.3g W idle and %.3g W per "
		       "busy core, from the busy time of %s%s",
		       sensor->idle_w, sensor->busy_w_per_core,
		       sensor->busy ? "the whole system, by "
				    : "the program alone",
		       sensor->busy ? ep_busy_source(sensor->busy) : "");
	if (!ep_conf_get(conf, "idle_w") ||
	    !ep_conf_get(conf, "busy_w_per_core"))
		ep_sensor_note(notes,
			       "idle_w or busy_w_per_core is not given: "
			       "illustrative values, not this machine's");
}

static void set_channel(struct ep_sensor *sensor, double gain_percent)
{
	struct ep_channel *c = &sensor->channel;
	struct timespec tick = { 0 };
	int64_t known_ns = LATE_NS;

	(void)ep_str_copy(c->name, sizeof(c->name), "total");
	c->quantity = EP_ENERGY_UJ;
	c->shape = EP_COUNTER;
	c->role = EP_ROLE_TOTAL;
	c->flags = EP_CHANNEL_ESTIMATED;
	c->gain_ppm = (int64_t)(gain_percent * 1e4);
	/* The scheduler's tick is the resolution of the coarse clock. */
	if (sensor->busy &&
	    strcmp(ep_busy_source(sensor->busy), "schedstat") == 0 &&
	    clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0)
		known_ns = tick.tv_nsec;
	c->refresh_ns = known_ns;
	c->resolution =
		(int64_t)(sensor->busy_w_per_core * (double)known_ns / 1e3);
}

static int open_sources(struct ep_sensor *sensor, struct ep_err *err)
{
	const struct ep_env *env = sensor->env;
	int r = 0;

	if (!env->system_wide)
		r = ep_proc_tree_new(false, &sensor->tree);
	if (r == 0 && sensor->tree && env->target_pid > 0)
		r = ep_proc_tree_start(sensor->tree, env->target_pid);
	if (r < 0)
		return ep_err_set(err, r, "the program cannot be followed: %s",
				  strerror(-r));
	r = ep_busy_open(&env->root, &sensor->busy, err);
	if (r < 0 && sensor->tree)
		return 0;
	return r;
}

static int estimate_open(const struct ep_env *env, const struct ep_conf *conf,
			 struct ep_sensor **ret, struct ep_sensor_notes *notes,
			 struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct ep_err why = { 0 };
	struct coefficients c = { 0 };
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	r = get_coefficients(conf, &c, err);
	sensor->idle_w = c.idle_w;
	sensor->busy_w_per_core = c.busy_w_per_core;
	if (r == 0) {
		r = open_sources(sensor, &why);
		if (r < 0)
			(void)ep_err_set(err, r, "%s", why.text);
	}
	if (r < 0) {
		estimate_close(sensor);
		return r;
	}
	set_channel(sensor, c.gain_percent);
	describe(sensor, conf, notes);
	sensor->open_ns = env->now_ns();
	*ret = sensor;
	return 0;
}

static int estimate_probe(const struct ep_env *env, struct ep_err *err)
{
	(void)env;
	(void)err;
	return 1;
}

static size_t estimate_channels(const struct ep_sensor *sensor,
				const struct ep_channel **ret)
{
	*ret = &sensor->channel;
	return 1;
}

/* CPU time of the program into tree_ns; -EAGAIN: rests, the last one stands. */
static int read_tree(struct ep_sensor *sensor, int64_t now_ns)
{
	int64_t cpu_ns;
	int r;

	if (!sensor->tree)
		return 0;
	(void)ep_proc_tree_follow(sensor->tree, sensor->env->target_pid,
				  now_ns);
	r = ep_proc_tree_cpu_ns(sensor->tree, now_ns, &cpu_ns);
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	if (!sensor->tree_known) {
		sensor->tree_base_ns = cpu_ns;
		sensor->tree_known = true;
	}
	sensor->tree_ns = cpu_ns;
	return 0;
}

static int estimate_poll(struct ep_sensor *sensor, int64_t now_ns,
			 const struct ep_sink *sink)
{
	struct ep_sample s = { .channel = 0 };
	int64_t begin_ns = sensor->env->now_ns();
	int64_t busy_ns;
	double joules;
	int r;

	(void)now_ns;
	r = read_tree(sensor, begin_ns);
	busy_ns = sensor->tree_ns - sensor->tree_base_ns;
	if (sensor->busy)
		r = ep_busy_read(sensor->busy, begin_ns, sensor->tree_ns,
				 &busy_ns);
	else if (r == -EAGAIN)
		return 0;
	ep_sample_stamp(&s, begin_ns, sensor->env->now_ns());
	if (r < 0) {
		s.flags = EP_SAMPLE_ERROR;
		sink->emit(sink->ctx, &s);
		return r;
	}
	joules = sensor->idle_w * (double)(s.t_ns - sensor->open_ns) / 1e9 +
		 sensor->busy_w_per_core * (double)busy_ns / 1e9;
	s.value = (int64_t)(joules * 1e6);
	s.flags = r == 1 ? EP_SAMPLE_GAP : 0;
	sink->emit(sink->ctx, &s);
	return 1;
}

static const struct ep_param estimate_params[] = {
	{ "idle_w", "2.5", "watts of the whole board when nothing runs" },
	{ "busy_w_per_core", "1.6", "watts added by one fully busy core" },
	{ "gain_percent", "30", "how far off the estimate may be, in percent" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_estimate = {
	.name = "estimate",
	.summary = "power guessed from how busy the processors are",
	.params = estimate_params,
	.flags = EP_SENSOR_MODEL,
	.check = estimate_check,
	.probe = estimate_probe,
	.open = estimate_open,
	.channels = estimate_channels,
	.poll = estimate_poll,
	.close = estimate_close,
};

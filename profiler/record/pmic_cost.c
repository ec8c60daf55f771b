/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/pmic_cost.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/cpufreq.h"
#include "drivers/cpufreq_stats.h"
#include "sensors/table.h"

/* Bursts, so that a governor has something to do. */
#define BURST_NS (20 * EP_NS_PER_MS)
#define PAUSE_NS (5 * EP_NS_PER_MS)
#define STEPS 20000
#define THREADS_MAX 64
#define POLLS_MAX 4096

struct load {
	pthread_t threads[THREADS_MAX];
	int thread_count;
	_Atomic bool stop;
	_Atomic int64_t steps;	/* work done */
	_Atomic uint64_t mixed; /* its result, so that it is not left out */
};

struct work {
	const struct ep_env *env;
	struct ep_sensor *sensor;
	int64_t poll_ns[POLLS_MAX];
	size_t poll_count;
	int64_t calls_ns;  /* time in polls, all rounds */
	int64_t polled_ns; /* time of the rounds with polling */
	struct ep_pmic_cost *ret;
	struct load load;
};

static void *load_main(void *arg)
{
	struct load *l = arg;
	uint64_t x = 1;

	while (!atomic_load_explicit(&l->stop, memory_order_relaxed)) {
		int64_t end_ns = ep_clock_monotonic_ns() + BURST_NS;

		while (ep_clock_monotonic_ns() < end_ns) {
			for (int i = 0; i < STEPS; i++)
				x = x * UINT64_C(6364136223846793005) + 1;
			atomic_fetch_add_explicit(&l->steps, STEPS,
						  memory_order_relaxed);
		}
		ep_clock_sleep_until(end_ns + PAUSE_NS);
	}
	atomic_fetch_add(&l->mixed, x);
	return NULL;
}

static void stop_load(struct load *l)
{
	atomic_store(&l->stop, true);
	for (int i = 0; i < l->thread_count; i++)
		pthread_join(l->threads[i], NULL);
	l->thread_count = 0;
}

/* One thread for every CPU that may be used. */
static int start_load(struct load *l, struct ep_err *err)
{
	cpu_set_t *set = CPU_ALLOC(1024);
	size_t size = CPU_ALLOC_SIZE(1024);
	int count = 1;

	if (set && sched_getaffinity(0, size, set) == 0)
		count = CPU_COUNT_S(size, set);
	CPU_FREE(set);
	count = count < THREADS_MAX ? count : THREADS_MAX;
	for (; l->thread_count < count; l->thread_count++) {
		int r = pthread_create(&l->threads[l->thread_count], NULL,
				       load_main, l);

		if (r == 0)
			continue;
		stop_load(l);
		return ep_err_set(err, -r, "cannot start a thread: %s",
				  strerror(r));
	}
	return 0;
}

static void count_error(void *ctx, const struct ep_sample *s)
{
	struct ep_pmic_cost *ret = ctx;

	ret->error_count += (s->flags & EP_SAMPLE_ERROR) != 0;
}

static void poll_until(struct work *w, int64_t end_ns)
{
	const struct ep_sensor_ops *ops = &ep_sensor_rpi5_pmic;
	struct ep_sink sink = { count_error, w->ret };
	int64_t now_ns = w->env->now_ns();

	while (now_ns < end_ns) {
		int64_t took_ns, next_ns;

		w->ret->error_count += ops->poll(w->sensor, now_ns, &sink) < 0;
		took_ns = w->env->now_ns() - now_ns;
		if (w->poll_count < POLLS_MAX)
			w->poll_ns[w->poll_count++] = took_ns;
		w->calls_ns += took_ns;
		w->ret->poll_count++;
		next_ns = now_ns + ops->period_ns(w->sensor);
		ep_clock_sleep_until(next_ns < end_ns ? next_ns : end_ns);
		now_ns = w->env->now_ns();
	}
}

/* Work per second of one round; adds to the transitions per second. */
static double run_round(struct work *w, int64_t round_ns, bool polled,
			double *transitions)
{
	const struct ep_root *root = &w->env->root;
	int64_t before = 0, after = 0, begin_ns = w->env->now_ns(), took_ns;
	int64_t steps = atomic_load(&w->load.steps);
	bool counted = ep_cpufreq_transitions(root, &before) == 0;
	double seconds;

	if (polled)
		poll_until(w, begin_ns + round_ns);
	else
		ep_clock_sleep_until(begin_ns + round_ns);
	steps = atomic_load(&w->load.steps) - steps;
	took_ns = w->env->now_ns() - begin_ns;
	counted = counted && ep_cpufreq_transitions(root, &after) == 0;
	seconds = (double)took_ns * 1e-9;
	*transitions += counted ? (double)(after - before) / seconds /
					  EP_PMIC_COST_ROUNDS
				: (double)NAN;
	w->polled_ns += polled ? took_ns : 0;
	return (double)steps / seconds;
}

static void run_rounds(struct work *w, int64_t round_ns)
{
	struct ep_pmic_cost *c = w->ret;

	for (int i = 0; i < EP_PMIC_COST_ROUNDS; i++) {
		bool polled = i % 2 != 0;

		/* First and second change places: a drift cancels. */
		for (int k = 0; k < 2; k++, polled = !polled) {
			if (polled)
				c->polled[i] =
					run_round(w, round_ns, true,
						  &c->polled_transitions);
			else
				c->quiet[i] = run_round(w, round_ns, false,
							&c->quiet_transitions);
		}
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void sum_up(struct work *w)
{
	struct ep_pmic_cost *c = w->ret;
	double low = HUGE_VAL, high = 0;

	for (int i = 0; i < EP_PMIC_COST_ROUNDS; i++) {
		c->quiet_rate += c->quiet[i] / EP_PMIC_COST_ROUNDS;
		c->polled_rate += c->polled[i] / EP_PMIC_COST_ROUNDS;
		low = fmin(low, c->quiet[i]);
		high = fmax(high, c->quiet[i]);
	}
	c->spread = c->quiet_rate > 0 ? (high - low) / 2 / c->quiet_rate : 0;
	if (w->polled_ns > 0)
		c->share = (double)w->calls_ns / (double)w->polled_ns;
	if (w->poll_count == 0)
		return;
	qsort(w->poll_ns, w->poll_count, sizeof(w->poll_ns[0]), compare);
	c->poll_ns = w->poll_ns[w->poll_count / 2];
}

static int measure(struct work *w, const struct ep_conf *conf, int64_t round_ns,
		   struct ep_err *err)
{
	const struct ep_sensor_ops *ops = &ep_sensor_rpi5_pmic;
	struct ep_sensor_notes notes = { .count = 0 };
	int r = ops->open(w->env, conf, &w->sensor, &notes, err);

	if (r < 0)
		return r;
	w->ret->period_ns = ops->period_ns(w->sensor);
	ep_cpufreq_governor(&w->env->root, w->ret->governor,
			    sizeof(w->ret->governor));
	w->ret->note_count = notes.count;
	memcpy(w->ret->notes, notes.text, sizeof(notes.text));
	r = start_load(&w->load, err);
	if (r == 0) {
		/* The first burst finds the clock low. */
		ep_clock_sleep_until(w->env->now_ns() + round_ns / 4);
		run_rounds(w, round_ns);
		stop_load(&w->load);
		sum_up(w);
	}
	ops->close(w->sensor);
	return r;
}

int ep_pmic_cost_measure(const struct ep_env *env, int64_t round_ns,
			 struct ep_pmic_cost *ret, struct ep_err *err)
{
	struct work *w = calloc(1, sizeof(*w));
	struct ep_pmic_cost cost = { .poll_ns = 0 };
	struct ep_conf *conf = NULL;
	int r = w ? ep_conf_from_options("doctor", "", &conf, err) : -ENOMEM;

	if (!w)
		return ep_err_set(err, r, "out of memory");
	w->env = env;
	w->ret = &cost;
	if (r == 0)
		r = measure(w, conf, round_ns, err);
	if (r == 0)
		*ret = cost;
	ep_conf_free(conf);
	free(w);
	return r;
}

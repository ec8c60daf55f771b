/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "profiler/record/poller.h"
#include "profiler/record/sampler.h"
#include "profiler/record/worker.h"
#include "profiler/record/writer.h"

/* An instrument that counts its polls, and may be slow or broken. */
struct ep_sensor {
	int64_t poll_count;
	int64_t busy_ns;
	int fail;
};

static int fake_poll(struct ep_sensor *f, int64_t now_ns,
		     const struct ep_sink *sink)
{
	struct ep_sample counter = { .t_ns = now_ns,
				     .channel = 0,
				     .value = ++f->poll_count };
	struct ep_sample gauge = { .t_ns = now_ns, .channel = 1, .value = 7 };
	int64_t until_ns = ep_clock_monotonic_ns() + f->busy_ns;

	while (ep_clock_monotonic_ns() < until_ns)
		;
	if (f->fail)
		return -f->fail;
	sink->emit(sink->ctx, &counter);
	sink->emit(sink->ctx, &gauge);
	return 2;
}

static const struct ep_sensor_ops always = { .name = "always",
					     .poll = fake_poll };
static const struct ep_sensor_ops follows = { .name = "follows",
					      .flags = EP_SENSOR_TARGET,
					      .poll = fake_poll };

struct rig {
	struct ep_env env;
	struct ep_gate gate;
	struct ep_poller poller;
	struct ep_sensor sensor;
	struct ep_channel channels[2];
	struct ep_slot slot;
	struct ep_slot_list list;
};

static struct rig rig;

static int setup(void **state)
{
	memset(&rig, 0, sizeof(rig));
	rig.env.now_ns = ep_clock_monotonic_ns;
	rig.env.interval_ns = EP_NS_PER_MS;
	rig.channels[0].shape = EP_COUNTER;
	rig.slot.ops = &follows;
	rig.slot.sensor = &rig.sensor;
	rig.slot.channels = rig.channels;
	rig.slot.channel_count = 2;
	rig.list.slots[0] = &rig.slot;
	rig.list.count = 1;
	*state = &rig;
	return ep_poller_init(&rig.poller, &rig.gate, &rig.env, 1024);
}

static int teardown(void **state)
{
	(void)state;
	ep_poller_done(&rig.poller);
	return 0;
}

static void a_sensor_of_the_program_rests_until_the_gate(void **state)
{
	struct ep_item item;

	(void)state;
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	assert_false(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(rig.sensor.poll_count, 0);
	atomic_store(&rig.gate.open_ns, 1);
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.value, 1);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.channel, 1);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.kind, EP_ITEM_ROW_END);
}

static void the_last_row_holds_counters_at_the_instant_of_the_exit(void **state)
{
	struct ep_item item;
	int64_t exit_ns;

	(void)state;
	atomic_store(&rig.gate.open_ns, 1);
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	while (ep_ring_pop(&rig.poller.ring, &item))
		;
	exit_ns = ep_clock_monotonic_ns();
	atomic_store(&rig.gate.exit_ns, exit_ns);
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.t_ns, exit_ns);
	assert_int_equal(item.channel, 0);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.kind, EP_ITEM_ROW_END);
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	assert_int_equal(rig.sensor.poll_count, 2);
}

static void a_poll_after_the_exit_was_seen_adds_no_second_row(void **state)
{
	struct ep_item item;

	(void)state;
	atomic_store(&rig.gate.open_ns, 1);
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	while (ep_ring_pop(&rig.poller.ring, &item))
		;
	/* The exit is stamped a little before the last poll. */
	atomic_store(&rig.gate.exit_ns, rig.slot.last_t_ns - 1);
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	assert_false(ep_ring_pop(&rig.poller.ring, &item));
}

static void a_failed_poll_is_a_row_without_values(void **state)
{
	struct ep_item item;

	(void)state;
	rig.slot.ops = &always;
	rig.sensor.fail = EIO;
	ep_poller_poll(&rig.poller, &rig.slot, 0);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.channel, EP_CHANNEL_WHOLE_POLL);
	assert_int_equal(item.flags, EP_SAMPLE_ERROR);
	assert_true(ep_ring_pop(&rig.poller.ring, &item));
	assert_int_equal(item.kind, EP_ITEM_ROW_END);
}

static void counters_at_the_gate_leave_gauges_out(void **state)
{
	struct ep_sample rows[8];

	(void)state;
	assert_int_equal(ep_poller_gate_row(&rig.slot, 5, rows, 8), 1);
	assert_int_equal(rows[0].channel, 0);
	assert_int_equal(rows[0].value, 1);
	assert_int_equal(ep_poller_gate_row(&rig.slot, 5, rows, 0), 0);
}

static void wait_until(bool (*done)(void))
{
	int64_t until_ns = ep_clock_monotonic_ns() + 30 * EP_NS_PER_S;

	while (!done() && ep_clock_monotonic_ns() < until_ns)
		poll(NULL, 0, 1);
	assert_true(done());
}

static struct ep_sampler sampler;

static bool moved(void)
{
	return atomic_load(&sampler.moved_index) == 0;
}

static bool ticked(void)
{
	return atomic_load(&sampler.tick_count) >= 50;
}

static void a_sensor_slow_three_times_leaves_the_grid(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	rig.slot.ops = &always;
	rig.sensor.busy_ns = 300000;
	assert_int_equal(ep_sampler_start(&sampler, &rig.env, &rig.list,
					  &rig.gate, &err),
			 0);
	wait_until(moved);
	assert_int_equal(atomic_load(&rig.slot.lane), EP_LANE_OWN);
	ep_sampler_done(&sampler);
	assert_true(rig.sensor.poll_count >= 3);
}

static void ticks_lie_on_the_grid_and_missed_ones_are_counted(void **state)
{
	struct ep_err err = { 0 };
	struct ep_item item;
	int64_t last_ns = 0, tick_count = 0;

	(void)state;
	rig.slot.ops = &always;
	/* Three polls of 2.5 ms on a grid of 1 ms. */
	rig.sensor.busy_ns = 2500000;
	assert_int_equal(ep_sampler_start(&sampler, &rig.env, &rig.list,
					  &rig.gate, &err),
			 0);
	wait_until(ticked);
	ep_sampler_stop(&sampler);
	while (ep_ring_pop(&sampler.poller.ring, &item)) {
		if (item.kind != EP_ITEM_TICK)
			continue;
		tick_count++;
		assert_int_equal((item.t_ns - sampler.start_ns) % EP_NS_PER_MS,
				 0);
		if (last_ns)
			assert_int_equal(item.t_ns - last_ns,
					 (1 + (int64_t)item.span_ns) *
						 EP_NS_PER_MS);
		last_ns = item.t_ns;
	}
	assert_true(tick_count >= 50);
	ep_sampler_done(&sampler);
}

static struct ep_worker worker;

static bool polled_twice(void)
{
	return __atomic_load_n(&rig.sensor.poll_count, __ATOMIC_RELAXED) >= 2;
}

static void a_worker_polls_at_its_own_pace_and_stops_at_once(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	rig.slot.ops = &always;
	memset(&worker, 0, sizeof(worker));
	ep_worker_add(&worker, &rig.slot, 0);
	assert_int_equal(ep_worker_start(&worker, &rig.env, &rig.gate,
					 5 * EP_NS_PER_MS, &err),
			 0);
	wait_until(polled_twice);
	ep_worker_done(&worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_sensor_of_the_program_rests_until_the_gate, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			the_last_row_holds_counters_at_the_instant_of_the_exit,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_poll_after_the_exit_was_seen_adds_no_second_row,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_failed_poll_is_a_row_without_values, setup, teardown),
		cmocka_unit_test_setup_teardown(
			counters_at_the_gate_leave_gauges_out, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_sensor_slow_three_times_leaves_the_grid, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			ticks_lie_on_the_grid_and_missed_ones_are_counted,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_worker_polls_at_its_own_pace_and_stops_at_once, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

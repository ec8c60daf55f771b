/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pair of hand multimeters as one sensor; what a frame means is in
 * tests/golden/ut61e, whole runs in tests/cli/test_dmm.sh. */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_pty.h"

/* Range, five digits, function, status. */
static const char one_ampere[] = "0010000000:0\r\n";
static const char five_volts[] = "105000;000:0\r\n";
static const char three_volts[] = "103000;000:0\r\n";

static struct rig {
	struct ep_rig sensor;
	struct ep_pty amps, volts;
	atomic_bool opened;
} rig;

static void show(const struct ep_pty *pty, const char *frame)
{
	ep_pty_write(pty, frame, strlen(frame));
}

/* Meters send unasked; what is there before a port is opened is dropped. */
static void *send_on(void *arg)
{
	(void)arg;
	while (!atomic_load(&rig.opened)) {
		show(&rig.amps, one_ampere);
		show(&rig.volts, five_volts);
		ep_clock_sleep_until(ep_clock_monotonic_ns() +
				     20 * EP_NS_PER_MS);
	}
	return NULL;
}

static int setup(void **state)
{
	char text[200];
	pthread_t thread;
	int r;

	(void)state;
	ep_rig_make(&rig.sensor);
	ep_pty_make(&rig.amps);
	ep_pty_make(&rig.volts);
	atomic_store(&rig.opened, false);
	if (pthread_create(&thread, NULL, send_on, NULL) != 0)
		return -1;
	snprintf(text, sizeof(text), "device=%s,volts=%s,timeout=1s",
		 rig.amps.path, rig.volts.path);
	r = ep_rig_open(&rig.sensor, &ep_sensor_ut61e, text);
	atomic_store(&rig.opened, true);
	(void)pthread_join(thread, NULL);
	while (r == 0 && ep_rig_poll(&rig.sensor) > 0)
		;
	return r;
}

static int teardown(void **state)
{
	(void)state;
	ep_rig_end(&rig.sensor);
	ep_pty_end(&rig.amps);
	ep_pty_end(&rig.volts);
	return 0;
}

/* More of them than one read takes. */
static void volts_of_a_silent_ammeter_do_not_queue_up(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++)
		show(&rig.volts, five_volts);
	assert_int_equal(ep_rig_poll(&rig.sensor), -ETIMEDOUT);
	assert_int_equal(ep_rig_poll(&rig.sensor), -ETIMEDOUT);
	show(&rig.volts, three_volts);
	show(&rig.amps, one_ampere);
	assert_int_equal(ep_rig_poll(&rig.sensor), 3);
	assert_int_equal(ep_rig_sample(&rig.sensor, "current")->value, 1000000);
	assert_int_equal(ep_rig_sample(&rig.sensor, "voltage")->value, 3000000);
	assert_int_equal(ep_rig_sample(&rig.sensor, "skipped")->value, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			volts_of_a_silent_ammeter_do_not_queue_up, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

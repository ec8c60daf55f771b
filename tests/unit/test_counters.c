/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/counters_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_perf.h"
#include "tests/unit/support_seccomp.h"

#define SWITCHES 3000

/* A sensor on a held workload, and what its last poll emitted. */
struct watch {
	struct ep_env env;
	struct ep_conf *conf;
	struct ep_sensor *sensor;
	struct ep_sensor_notes notes;
	struct ep_err err;
	struct ep_held held;
	struct ep_sample samples[EP_COUNTERS_CHANNELS_MAX];
	size_t sample_count;
};
static struct watch w;

static void take(void *ctx, const struct ep_sample *sample)
{
	struct watch *watch = ctx;

	if (watch->sample_count < EP_COUNTERS_CHANNELS_MAX)
		watch->samples[watch->sample_count++] = *sample;
}

static int poll_once(void)
{
	const struct ep_sink sink = { take, &w };

	w.sample_count = 0;
	return ep_sensor_counters.poll(w.sensor, ep_clock_monotonic_ns(),
				       &sink);
}

static const struct ep_channel *channel(const char *name, size_t *ret_index)
{
	const struct ep_channel *list = NULL;
	size_t n = ep_sensor_counters.channels(w.sensor, &list);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, name))
			continue;
		if (ret_index)
			*ret_index = i;
		return &list[i];
	}
	return NULL;
}

/* The last value of a channel; -1 when it has none. */
static int64_t value(const char *name)
{
	size_t index = 0;

	if (!channel(name, &index))
		return -1;
	for (size_t i = 0; i < w.sample_count; i++) {
		if (w.samples[i].channel == index &&
		    !(w.samples[i].flags & EP_SAMPLE_ERROR))
			return w.samples[i].value;
	}
	return -1;
}

static bool noted(const char *text)
{
	for (size_t i = 0; i < w.notes.count; i++) {
		if (strstr(w.notes.text[i], text))
			return true;
	}
	return false;
}

static int watch_open(const char *events, const char *work, int64_t n)
{
	memset(&w, 0, sizeof(w));
	w.env.root.fd = -1;
	w.env.now_ns = ep_clock_monotonic_ns;
	w.env.interval_ns = 10 * EP_NS_PER_MS;
	if (ep_conf_from_options("--sensor", "", &w.conf, NULL) < 0 ||
	    ep_conf_set(w.conf, "events", events) < 0)
		return -EIO;
	if (work) {
		ep_held_start(&w.held, work, n);
		w.env.target_pid = w.held.pid;
	}
	return ep_sensor_counters.open(&w.env, w.conf, &w.sensor, &w.notes,
				       &w.err);
}

static void watch_close(void)
{
	struct rusage ru;

	ep_sensor_counters.close(w.sensor);
	ep_conf_free(w.conf);
	if (w.held.gate_fd > 0)
		(void)ep_held_run(&w.held, &ru);
}

static bool has_pmu(void)
{
	static struct ep_perf_pmus pmus;

	return ep_perf_pmus_load(NULL, &pmus, NULL) == 0 && pmus.core_count > 0;
}

static void default_set_counts_after_the_exit(void **state)
{
	struct rusage ru;
	struct ep_perf_caps caps;

	(void)state;
	ep_need_perf();
	assert_int_equal(ep_perf_probe(&caps, NULL), 0);
	assert_int_equal(watch_open("", "switches", SWITCHES), 0);
	assert_true(poll_once() > 0);
	assert_int_equal(value("page_faults"), 0); /* not before exec */
	assert_true(ep_held_run(&w.held, &ru));
	assert_true(poll_once() > 0);
	/* getrusage also counts before exec: more on a busy machine. */
	assert_in_range(value("context_switches"),
			(ru.ru_nvcsw + ru.ru_nivcsw) * 98 / 100 - 2,
			(ru.ru_nvcsw + ru.ru_nivcsw) * 1005 / 1000 + 2);
	assert_true(value("task_clock") > 0);
	assert_true(value("page_faults") > 0);
	assert_int_equal(value("major_faults") >= 0, 1);
	assert_int_equal(channel("task_clock", NULL)->quantity, EP_TIME_NS);
	assert_int_equal(channel("task_clock", NULL)->flags, 0);
	assert_int_equal(channel("page_faults", NULL)->quantity, EP_COUNT);
	assert_int_equal(channel("page_faults", NULL)->shape, EP_COUNTER);
	assert_int_equal(channel("page_faults", NULL)->flags, EP_CHANNEL_EVENT);
	for (size_t i = 0; i < w.sample_count; i++) {
		assert_int_equal(w.samples[i].channel, i);
		assert_true(w.samples[i].t_ns == w.samples[0].t_ns);
		assert_int_equal(w.samples[i].flags, 0);
	}
	assert_int_equal(channel("cpu_migrations", NULL) == NULL,
			 caps.user_only);
	if (!has_pmu()) {
		assert_null(channel("cycles", NULL));
		assert_true(noted("cycles, instructions, cache-references, "
				  "cache-misses, branch-misses: not measured: "
				  "no hardware PMU"));
	}
	watch_close();
}

static bool switches_lost(void)
{
	size_t index = 0;

	if (!channel("context_switches", &index))
		return false;
	for (size_t i = 0; i < w.sample_count; i++)
		if (w.samples[i].channel == index &&
		    (w.samples[i].flags & EP_SAMPLE_GAP))
			return true;
	return false;
}

static int default_set_as_nobody(void *ctx)
{
	struct rusage ru;
	int64_t want;
	int64_t gap;

	(void)ctx;
	if (watch_open("", "switches", SWITCHES) < 0)
		return 10;
	if (!ep_held_run(&w.held, &ru) || poll_once() <= 0)
		return 11;
	want = ru.ru_nvcsw + ru.ru_nivcsw;
	gap = value("context_switches") - want;
	/* The room for records is the user's, not the program's: others may
	 * have taken it, then records are lost and told. */
	if (want < SWITCHES ||
	    (!switches_lost() && (gap < 0 ? -gap : gap) > want / 50 + 2))
		return 12;
	if (channel("cpu_migrations", NULL) ||
	    !noted("cpu-migrations: not measured: needs "
		   "kernel.perf_event_paranoid <= 1"))
		return 13;
	if (value("page_faults") <= 0 || value("task_clock") <= 0)
		return 14;
	if (channel("context_switches", NULL)->flags != EP_CHANNEL_EVENT)
		return 15;
	watch_close();
	return 0;
}

static void ordinary_user_gets_switches_and_no_false_zero(void **state)
{
	struct ep_perf_caps caps;

	(void)state;
	ep_need_perf();
	if (ep_perf_probe(&caps, NULL) == 0 && caps.paranoid < 2) {
		print_message("SKIP: kernel.perf_event_paranoid is below 2\n");
		skip();
	}
	assert_int_equal(ep_as_nobody(default_set_as_nobody, NULL), 0);
}

static void bad_lists_are_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *events, *says;
	} cases[] = {
		{ "cs,page-fauls", "did you mean 'page-faults'" },
		{ "cs,,faults", "separate names by one comma" },
	};

	(void)state;
	ep_need_perf();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(watch_open(cases[i].events, "faults", 1),
				 -EINVAL);
		assert_null(w.sensor);
		assert_true(ep_sensor_counters.check(w.conf, NULL) < 0);
		if (!strstr(w.err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].events, w.err.text);
		watch_close();
	}
	assert_int_equal(watch_open("cs,cs", "faults", 1), -EINVAL);
	assert_non_null(strstr(w.err.text, "'cs' is listed twice"));
	watch_close();
	assert_int_equal(watch_open("cs", NULL, 0), -EINVAL);
	assert_int_equal(ep_sensor_counters.check(w.conf, NULL), 0);
	assert_non_null(strstr(w.err.text, "need a program"));
	watch_close();
}

static void user_only_switches_are_not_opened(void **state)
{
	(void)state;
	ep_need_perf();
	assert_int_equal(watch_open("cs:u,faults", "faults", 1), 0);
	assert_null(channel("cs_u", NULL));
	assert_non_null(channel("faults", NULL));
	assert_true(noted("cs:u: not measured: it happens in the kernel"));
	watch_close();
}

static void nothing_countable_fails_the_sensor(void **state)
{
	(void)state;
	ep_need_perf();
	if (has_pmu()) {
		print_message("SKIP: this machine has a hardware PMU\n");
		skip();
	}
	assert_int_equal(watch_open("cycles,r1a8", "faults", 1), -ENODEV);
	assert_string_equal(w.err.text,
			    "cycles, r1a8: not measured: no hardware PMU");
	watch_close();
}

static int open_denied(void *ctx)
{
	const int *error = ctx;
	int r = ep_test_deny_perf(*error);

	if (r < 0)
		return 20;
	if (watch_open("", "faults", 1) != -*error || w.err.text[0] == '\0')
		return 21;
	if (ep_sensor_counters.probe(&w.env, &w.err) != -*error)
		return 22;
	watch_close();
	return 0;
}

static void refused_perf_fails_with_its_errno(void **state)
{
	static int errors[] = { EACCES, EPERM, ENOSYS };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ep_in_child(open_denied, &errors[i]), 0);
}

static void whole_system_needs_no_program(void **state)
{
	struct ep_err err = { 0 };
	int r;

	(void)state;
	ep_need_perf();
	memset(&w, 0, sizeof(w));
	w.env.root.fd = -1;
	w.env.now_ns = ep_clock_monotonic_ns;
	w.env.system_wide = 1;
	r = ep_sensor_counters.open(&w.env, NULL, &w.sensor, &w.notes, &err);
	if (r == -ENODEV || r == -EACCES) {
		assert_true(err.text[0] != '\0');
		print_message("SKIP: counting the whole system is refused\n");
		skip();
	}
	assert_int_equal(r, 0);
	do {
		assert_true(poll_once() > 0);
	} while (value("task_clock") == 0);
	assert_true(noted("task-clock of the whole system"));
	assert_true(value("context_switches") >= 0);
	watch_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_set_counts_after_the_exit),
		cmocka_unit_test(ordinary_user_gets_switches_and_no_false_zero),
		cmocka_unit_test(bad_lists_are_refused_with_a_sentence),
		cmocka_unit_test(user_only_switches_are_not_opened),
		cmocka_unit_test(nothing_countable_fails_the_sensor),
		cmocka_unit_test(refused_perf_fails_with_its_errno),
		cmocka_unit_test(whole_system_needs_no_program),
	};
	int status = ep_held_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/link.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/support_pty.h"
#include "tests/unit/support_tmp.h"

/* "V", a digit, a newline: channel 0 is the digit, 1 is hidden. */
static int toy_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		      const struct ep_sink *sink)
{
	struct ep_sample s = { .t_ns = t_ns };

	if (len == 0)
		return 0;
	if (bytes[0] != 'V')
		return -EBADMSG;
	if (len < 3)
		return 0;
	if (bytes[1] < '0' || bytes[1] > '9' || bytes[2] != '\n')
		return -EBADMSG;
	s.value = bytes[1] - '0';
	sink->emit(sink->ctx, &s);
	s.channel = 1;
	s.flags = EP_SAMPLE_ERROR;
	s.value = 0;
	sink->emit(sink->ctx, &s);
	return 3;
}

static const struct ep_sensor_ops toy = { .name = "toy", .decode = toy_decode };

struct rig {
	struct ep_tmp tmp;
	struct ep_pty pty;
	struct ep_env env;
	struct ep_conf *conf;
	struct ep_link_setup setup;
	struct ep_link link;
	struct ep_err err;
	struct ep_sample samples[8];
	size_t count;
};

static int setup(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	r.env = (struct ep_env){ .root = { .fd = -1 },
				 .now_ns = ep_clock_monotonic_ns };
	r.setup = (struct ep_link_setup){
		.ops = &toy,
		.mode = { .baud = 9600,
			  .data_bits = 8,
			  .parity = 'N',
			  .stop_bits = 1 },
		.request = "?",
		.request_len = 1,
		.timeout_ns = 5 * EP_NS_PER_S,
		.connect_ns = 5 * EP_NS_PER_S,
		.title = "a toy",
	};
	ep_tmp_make(&r.tmp);
	ep_pty_make(&r.pty);
	ep_tmp_symlink(&r.tmp, r.pty.path, "port");
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	ep_link_close(&r->link);
	ep_conf_free(r->conf);
	ep_pty_end(&r->pty);
	ep_tmp_remove(&r->tmp);
	return 0;
}

static int open_link(struct rig *r)
{
	char text[200];

	snprintf(text, sizeof(text), "device=%s", ep_tmp_path(&r->tmp, "port"));
	assert_int_equal(ep_conf_from_options("--sensor", text, &r->conf, NULL),
			 0);
	return ep_link_open(&r->link, &r->env, r->conf, &r->setup, &r->err);
}

static void take(void *ctx, const struct ep_sample *s)
{
	struct rig *r = ctx;

	assert_true(r->count < 8);
	r->samples[r->count++] = *s;
}

/* Emits; the value of channel 0. */
static int64_t value(struct rig *r)
{
	const struct ep_sink sink = { take, r };

	r->count = 0;
	assert_int_equal(ep_link_emit(&r->link, 1, &sink), 2);
	assert_int_equal(r->count, 2);
	assert_int_equal(r->samples[0].channel, 0);
	assert_int_equal(r->samples[1].channel, 1);
	assert_int_equal(r->samples[0].t_ns, r->samples[1].t_ns);
	return r->samples[0].value;
}

static void asks_and_is_answered(void **state)
{
	static const struct ep_pty_answer answers[] = { { "V1\n", 3, false },
							{ "V2\n", 3, false } };
	struct rig *r = *state;
	int64_t hidden = 99;

	ep_pty_serve(&r->pty, 1, answers, 2);
	assert_int_equal(open_link(r), 0);
	assert_true(ep_link_value(&r->link, 0, &hidden));
	assert_int_equal(hidden, 1);
	/* An error has no value. */
	assert_false(ep_link_value(&r->link, 1, &hidden));
	assert_false(ep_link_value(&r->link, 2, &hidden));
	assert_false(ep_link_value(&r->link, 1000, &hidden));
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_int_equal(value(r), 2);
	assert_int_equal(r->samples[0].flags, EP_SAMPLE_UNPROVEN);
	assert_in_range(r->samples[0].t_ns, r->link.begin_ns, r->link.end_ns);
	assert_int_equal(r->samples[0].span_ns,
			 r->link.end_ns - r->link.begin_ns);
	assert_int_equal(r->samples[1].value, 0);
}

static void a_missed_answer_is_a_gap(void **state)
{
	static const struct ep_pty_answer answers[] = {
		{ "V1\n", 3, false }, { "", 0, false },	    { "V", 1, false },
		{ "V3\n", 3, false }, { "V4\n", 3, false },
	};
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, answers, 5);
	assert_int_equal(open_link(r), 0);
	r->link.setup.timeout_ns = 20 * EP_NS_PER_MS;
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	r->link.setup.timeout_ns = 5 * EP_NS_PER_S;
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_int_equal(value(r), 3);
	assert_int_equal(r->samples[0].flags,
			 EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
	/* The half answer. */
	assert_int_equal(r->samples[1].value, 1);
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_int_equal(value(r), 4);
	assert_int_equal(r->samples[0].flags, EP_SAMPLE_UNPROVEN);
}

static void a_late_answer_is_not_the_next_one(void **state)
{
	static const struct ep_pty_answer answers[] = { { "V1\n", 3, false },
							{ "", 0, false },
							{ "V3\n", 3, false } };
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, answers, 3);
	assert_int_equal(open_link(r), 0);
	r->link.setup.timeout_ns = 20 * EP_NS_PER_MS;
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	ep_pty_write(&r->pty, "V2\n", 3);
	r->link.setup.timeout_ns = 5 * EP_NS_PER_S;
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_int_equal(value(r), 3);
	assert_int_equal(r->samples[1].value, 3);
}

static void of_two_answers_the_newer_counts(void **state)
{
	static const struct ep_pty_answer answers[] = {
		{ "V1\n", 3, false }, { "xxV2\nV3\n", 8, false }
	};
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, answers, 2);
	assert_int_equal(open_link(r), 0);
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_in_range(value(r), 2, 3);
	assert_int_equal(r->samples[1].value, 2);
}

static void a_refused_answer_is_a_gap(void **state)
{
	static const struct ep_pty_answer answers[] = { { "V1\n", 3, false },
							{ "V2\n", 3, false },
							{ "V3\n", 3, false } };
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, answers, 3);
	assert_int_equal(open_link(r), 0);
	assert_int_equal(ep_link_ask(&r->link), 0);
	ep_link_refuse(&r->link);
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_int_equal(value(r), 3);
	assert_true(r->samples[0].flags & EP_SAMPLE_GAP);
}

static void a_vanished_device_comes_back(void **state)
{
	static const struct ep_pty_answer first[] = { { "V1\n", 3, false },
						      { "", 0, true } };
	static const struct ep_pty_answer later[] = { { "V5\n", 3, false } };
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, first, 2);
	assert_int_equal(open_link(r), 0);
	assert_int_equal(ep_link_ask(&r->link), -ENODEV);
	assert_int_equal(r->link.port.fd, -1);
	/* It is not tried again at once. */
	assert_in_range(r->link.retry_ns - r->env.now_ns(), 1,
			500 * EP_NS_PER_MS);
	assert_int_equal(ep_link_ask(&r->link), -ENODEV);
	ep_pty_end(&r->pty);
	assert_int_equal(unlink(ep_tmp_path(&r->tmp, "port")), 0);
	for (int64_t wait_ms = 1000; wait_ms <= 32000; wait_ms *= 2) {
		int64_t most_ms = wait_ms < 8000 ? wait_ms : 8000;

		r->link.retry_ns = 0;
		assert_int_equal(ep_link_ask(&r->link), -ENODEV);
		assert_int_equal(r->link.backoff_ns, most_ms * EP_NS_PER_MS);
	}
	ep_pty_make(&r->pty);
	ep_tmp_symlink(&r->tmp, r->pty.path, "port");
	ep_pty_serve(&r->pty, 1, later, 1);
	r->link.retry_ns = 0;
	assert_int_equal(ep_link_ask(&r->link), 0);
	assert_int_equal(value(r), 5);
	assert_true(r->samples[0].flags & EP_SAMPLE_GAP);
	assert_int_equal(r->link.backoff_ns, 0);
}

static void long_silence_opens_the_port_again(void **state)
{
	static const struct ep_pty_answer answers[] = { { "V1\n", 3, false } };
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, answers, 1);
	assert_int_equal(open_link(r), 0);
	r->link.setup.timeout_ns = 10 * EP_NS_PER_MS;
	for (int i = 1; i < EP_LINK_SILENT_MAX; i++) {
		assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
		assert_true(r->link.port.fd >= 0);
	}
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	assert_int_equal(r->link.port.fd, -1);
	r->link.retry_ns = 0;
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	assert_true(r->link.port.fd >= 0);
}

static void *flood(void *arg)
{
	static const uint8_t noise[4096] = { 'x' };
	const struct rig *r = arg;

	while (write(r->pty.master, noise, sizeof(noise)) > 0)
		;
	return NULL;
}

static void a_line_that_never_falls_silent(void **state)
{
	static const struct ep_pty_answer answers[] = { { "V1\n", 3, false } };
	struct rig *r = *state;
	int flags = fcntl(r->pty.master, F_GETFL);
	pthread_t thread;

	ep_pty_serve(&r->pty, 1, answers, 1);
	assert_int_equal(open_link(r), 0);
	ep_pty_join(&r->pty);
	r->link.setup.timeout_ns = 50 * EP_NS_PER_MS;
	assert_int_equal(pthread_create(&thread, NULL, flood, r), 0);
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	assert_int_equal(ep_link_ask(&r->link), -ETIMEDOUT);
	assert_true(r->link.frames.skipped_bytes > 0);
	/* Ends the flood: nobody takes what it writes. */
	assert_int_equal(fcntl(r->pty.master, F_SETFL, flags | O_NONBLOCK), 0);
	ep_link_close(&r->link);
	assert_int_equal(ioctl(r->pty.slave, TCFLSH, 2), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void nobody_there(void **state)
{
	struct rig *r = *state;

	r->setup.connect_ns = 30 * EP_NS_PER_MS;
	assert_int_equal(open_link(r), -ETIMEDOUT);
	assert_non_null(strstr(r->err.text, "nothing answers within 30 ms"));
	assert_non_null(strstr(r->err.text, "a toy"));
	assert_int_equal(r->link.port.fd, -1);
}

static void somebody_else_there(void **state)
{
	static const struct ep_pty_answer answers[] = { { "HELLO", 5, false } };
	struct rig *r = *state;

	r->setup.connect_ns = 100 * EP_NS_PER_MS;
	ep_pty_serve(&r->pty, 1, answers, 1);
	assert_int_equal(open_link(r), -EBADMSG);
	assert_non_null(strstr(r->err.text, "5 bytes of another kind"));
}

static void gone_before_the_first_answer(void **state)
{
	static const struct ep_pty_answer answers[] = { { "", 0, true } };
	struct rig *r = *state;

	ep_pty_serve(&r->pty, 1, answers, 1);
	assert_int_equal(open_link(r), -EIO);
	assert_non_null(strstr(r->err.text, "went away"));
}

static void keys(void **state)
{
	static const char *const bad[] = { "period=0s",	  "period=2m",
					   "timeout=6s",  "timeout=1ms",
					   "connect=61s", "baud=0",
					   "baud=1e5",	  "baud=20000000",
					   "period=fast", "timeout=-1s" };
	struct rig *r = *state;

	assert_int_equal(ep_conf_from_options(
				 "--sensor",
				 "period=50ms,timeout=2s,connect=1s,baud=12345",
				 &r->conf, NULL),
			 0);
	assert_int_equal(ep_link_configure(&r->setup, r->conf, NULL), 0);
	assert_int_equal(r->setup.period_ns, 50 * EP_NS_PER_MS);
	assert_int_equal(r->setup.timeout_ns, 2 * EP_NS_PER_S);
	assert_int_equal(r->setup.connect_ns, EP_NS_PER_S);
	assert_int_equal(r->setup.mode.baud, 12345);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ep_conf_free(r->conf);
		assert_int_equal(ep_conf_from_options("--sensor", bad[i],
						      &r->conf, NULL),
				 0);
		assert_true(ep_link_configure(&r->setup, r->conf, &r->err) < 0);
		assert_non_null(strstr(r->err.text, "--sensor"));
	}
	assert_int_equal(r->setup.mode.baud, 12345);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_and_is_answered),
		TEST(a_missed_answer_is_a_gap),
		TEST(a_late_answer_is_not_the_next_one),
		TEST(of_two_answers_the_newer_counts),
		TEST(a_refused_answer_is_a_gap),
		TEST(a_vanished_device_comes_back),
		TEST(long_silence_opens_the_port_again),
		TEST(a_line_that_never_falls_silent),
		TEST(nobody_there),
		TEST(somebody_else_there),
		TEST(gone_before_the_first_answer),
		TEST(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

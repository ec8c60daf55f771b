/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"

#define MS EP_NS_PER_MS
#define START (5 * EP_NS_PER_S)

static int setup(void **state)
{
	static struct ep_rig rig;

	ep_rig_make(&rig);
	ep_rig_time_ns = START;
	rig.env.now_ns = ep_rig_now_ns;
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	ep_rig_end(*state);
	return 0;
}

static int open_file(struct ep_rig *rig, const char *name, const char *keys)
{
	char options[700];

	snprintf(options, sizeof(options), "file=%s%s",
		 ep_tmp_path(&rig->tmp, name), keys);
	return ep_rig_open(rig, &ep_sensor_replay, options);
}

/* A ramp from 1 W, 1 mW more every 10 ms. */
static void put_ramp(const struct ep_rig *rig, const char *name, int rows)
{
	size_t size = (size_t)rows * 48 + 64;
	char *text = malloc(size);
	size_t len;

	assert_non_null(text);
	len = (size_t)snprintf(text, size, "t_ns,span_ns,flags,board_uw\n");
	for (int i = 0; i < rows; i++)
		len += (size_t)snprintf(
			text + len, size - len, "%lld,500,1,%d\n",
			777000000123LL + i * 10000000LL, 1000000 + i * 1000);
	ep_tmp_write(&rig->tmp, name, text, len);
	free(text);
}

static void lines_come_when_their_time_has_come(void **state)
{
	struct ep_rig *rig = *state;

	put_ramp(rig, "a.csv", 100);
	assert_int_equal(open_file(rig, "a.csv", ""), 0);
	assert_int_equal(rig->channel_count, 1);
	assert_string_equal(rig->channels[0].name, "board");
	assert_int_equal(rig->channels[0].quantity, EP_POWER_UW);
	assert_int_equal(rig->channels[0].shape, EP_GAUGE);
	assert_int_equal(rig->channels[0].role, EP_ROLE_TOTAL);
	assert_true(ep_rig_noted(rig, "guessed from the units"));
	assert_int_equal(ep_rig_poll_at(rig, START - 1), 0);
	assert_int_equal(ep_rig_poll_at(rig, START), 1);
	assert_int_equal(rig->samples[0].t_ns, START);
	assert_int_equal(rig->samples[0].value, 1000000);
	assert_int_equal(rig->samples[0].span_ns, 500);
	assert_int_equal(rig->samples[0].flags, EP_SAMPLE_UNPROVEN);
	assert_int_equal(ep_rig_poll_at(rig, START + 10 * MS - 1), 0);
	assert_int_equal(ep_rig_poll_at(rig, START + 40 * MS), 4);
	assert_int_equal(rig->samples[3].t_ns, START + 40 * MS);
	assert_int_equal(rig->samples[3].value, 1004000);
	assert_int_equal(ep_rig_poll_at(rig, START + EP_NS_PER_S * 60), 95);
	assert_int_equal(ep_rig_poll_at(rig, START + EP_NS_PER_S * 61), 0);
}

/* Trapezoid over what is played, at odd poll times, equals the ramp's. */
static void the_energy_is_that_of_the_recording(void **state)
{
	struct ep_rig *rig = *state;
	int64_t last_t_ns = 0, last_uw = 0, now_ns = START;
	int64_t twice_uw_ns = 0;
	int64_t expected_uj;

	put_ramp(rig, "a.csv", 1001);
	assert_int_equal(open_file(rig, "a.csv", ""), 0);
	for (int i = 0; now_ns < START + 11 * EP_NS_PER_S; i++) {
		assert_true(ep_rig_poll_at(rig, now_ns) >= 0);
		for (size_t k = 0; k < rig->sample_count; k++) {
			const struct ep_sample *s = &rig->samples[k];

			if (last_t_ns > 0)
				twice_uw_ns += (s->t_ns - last_t_ns) *
					       (s->value + last_uw);
			last_t_ns = s->t_ns;
			last_uw = s->value;
		}
		now_ns += (7 + i % 13) * MS + i;
	}
	assert_int_equal(last_t_ns, START + 10 * EP_NS_PER_S);
	/* 10 s at 1 W, and a triangle of 10 s x 1 W */
	expected_uj = 10000000 + 5000000;
	assert_int_equal(twice_uw_ns, expected_uj * 2 * EP_NS_PER_S);
}

static void it_can_begin_at_the_first_poll(void **state)
{
	struct ep_rig *rig = *state;

	put_ramp(rig, "a.csv", 3);
	assert_int_equal(open_file(rig, "a.csv", ",align=first"), 0);
	assert_int_equal(ep_rig_poll_at(rig, START + 123456), 1);
	assert_int_equal(rig->samples[0].t_ns, START + 123456);
	assert_int_equal(ep_rig_poll_at(rig, START + 123456 + 20 * MS), 2);
}

static void empty_cells_and_errors(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_puts(&rig->tmp, "b.csv",
		    "t_ns,span_ns,flags,vdd_uv,vdd_ua,use_ns\n"
		    "1000,10,1,5000000,,7\n"
		    "2000,10,3,5000001,,8\n"
		    "3000,10,2,,,\n");
	assert_int_equal(open_file(rig, "b.csv", ""), 0);
	assert_int_equal(rig->channel_count, 3);
	assert_string_equal(rig->channels[0].name, "vdd");
	assert_string_equal(rig->channels[1].name, "vdd_2");
	assert_int_equal(rig->channels[2].shape, EP_COUNTER);
	assert_int_equal(rig->channels[0].role, EP_ROLE_NONE);
	assert_int_equal(ep_rig_poll_at(rig, START), 3);
	assert_int_equal(rig->sample_count, 2);
	assert_null(ep_rig_sample(rig, "vdd_2"));
	assert_int_equal(ep_rig_poll_at(rig, START + 1000), 3);
	assert_int_equal(ep_rig_sample(rig, "vdd")->flags, EP_SAMPLE_UNPROVEN);
	assert_int_equal(ep_rig_sample(rig, "vdd_2")->flags, EP_SAMPLE_ERROR);
	assert_int_equal(ep_rig_poll_at(rig, START + 2000), 3);
	assert_int_equal(rig->sample_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig->samples[i].flags, EP_SAMPLE_ERROR);
}

static void keys_describe_the_channels(void **state)
{
	struct ep_rig *rig = *state;

	put_ramp(rig, "a.csv", 3);
	assert_int_equal(open_file(rig, "a.csv",
				   ",role=aside,refresh=40ms,window=1s,"
				   "gain_ppm=5000,offset=20,resolution=7"),
			 0);
	assert_int_equal(rig->channels[0].role, EP_ROLE_ASIDE);
	assert_int_equal(rig->channels[0].refresh_ns, 40 * MS);
	assert_int_equal(rig->channels[0].window_ns, EP_NS_PER_S);
	assert_int_equal(rig->channels[0].gain_ppm, 5000);
	assert_int_equal(rig->channels[0].offset, 20);
	assert_int_equal(rig->channels[0].resolution, 7);
	assert_int_equal(open_file(rig, "a.csv", ",shape=counter,role=none"),
			 0);
	assert_int_equal(rig->channels[0].shape, EP_COUNTER);
	assert_int_equal(rig->channels[0].role, EP_ROLE_NONE);
}

#define RUN_JSON                                                              \
	"{\"schema\": \"edgeprof.run/1\", \"sensors\": ["                     \
	"{\"id\": \"x\", \"file\": \"sensors/other.csv\", \"channels\": []}," \
	"{\"id\": \"rapl\", \"file\": \"sensors/rapl.csv\", \"channels\": ["  \
	"{\"name\": \"package_0\", \"quantity\": \"uj\", \"shape\": "         \
	"\"counter\", \"role\": \"total\", \"flags\": [\"estimated\"], "      \
	"\"wrap\": \"18446744073709551615\", \"refresh_ns\": 1000000, "       \
	"\"window_ns\": 5, \"gain_ppm\": 50000, \"offset\": 3, "              \
	"\"resolution\": 61},"                                                \
	"{\"name\": \"v\", \"shape\": \"gauge\", \"role\": \"none\", "        \
	"\"flags\": [], \"wrap\": \"0\"},"                                    \
	"{\"name\": \"a\", \"shape\": \"gauge\", \"role\": \"none\"},"        \
	"{\"name\": \"core\", \"shape\": \"gauge\", \"role\": \"part\", "     \
	"\"flags\": [\"product\"], \"volts\": \"v\", \"amps\": \"%s\"}"       \
	"]}]}"

static void put_run(const struct ep_rig *rig, const char *amps)
{
	char text[2048];

	snprintf(text, sizeof(text), RUN_JSON, amps);
	ep_tmp_puts(&rig->tmp, "run/run.json", text);
	ep_tmp_puts(&rig->tmp, "run/sensors/rapl.csv",
		    "t_ns,span_ns,flags,package_0_uj,v_uv,a_ua\n"
		    "1,1,0,100,5,6\n");
}

static void the_run_beside_it_describes_the_channels(void **state)
{
	struct ep_rig *rig = *state;
	const struct ep_channel *c;

	put_run(rig, "a");
	assert_int_equal(open_file(rig, "run/sensors/rapl.csv", ""), 0);
	assert_int_equal(rig->notes.count, 0);
	assert_int_equal(rig->channel_count, 4);
	c = rig->channels;
	assert_string_equal(c[0].name, "package_0");
	assert_int_equal(c[0].shape, EP_COUNTER);
	assert_int_equal(c[0].role, EP_ROLE_TOTAL);
	assert_int_equal(c[0].flags, EP_CHANNEL_ESTIMATED);
	assert_true(c[0].wrap == UINT64_MAX);
	assert_int_equal(c[0].refresh_ns, 1000000);
	assert_int_equal(c[0].gain_ppm, 50000);
	assert_int_equal(c[0].resolution, 61);
	assert_string_equal(c[3].name, "core");
	assert_int_equal(c[3].flags, EP_CHANNEL_PRODUCT);
	assert_int_equal(c[3].quantity, EP_POWER_UW);
	assert_int_equal(c[3].volts_index, 1);
	assert_int_equal(c[3].amps_index, 2);
	assert_int_equal(c[3].role, EP_ROLE_PART);
	assert_int_equal(ep_rig_poll_at(rig, START), 3);
}

static void a_run_that_makes_no_sense_is_refused(void **state)
{
	struct ep_rig *rig = *state;

	put_run(rig, "nothing");
	assert_int_equal(open_file(rig, "run/sensors/rapl.csv", ""), -EBADMSG);
	assert_non_null(strstr(rig->err.text, "run.json"));
	ep_tmp_puts(&rig->tmp, "run/run.json", "{\"sensors\": [");
	assert_int_equal(open_file(rig, "run/sensors/rapl.csv", ""), -EBADMSG);
	ep_tmp_puts(&rig->tmp, "run/run.json",
		    "{\"sensors\": [3, {\"file\": \"sensors/rapl.csv\", "
		    "\"channels\": [{\"name\": \"v\", \"shape\": \"round\"}"
		    "]}]}");
	assert_int_equal(open_file(rig, "run/sensors/rapl.csv", ""), -EBADMSG);
	ep_tmp_puts(&rig->tmp, "run/run.json",
		    "{\"sensors\": [{\"file\": \"sensors/rapl.csv\", "
		    "\"channels\": [{\"name\": \"v\", \"shape\": \"gauge\", "
		    "\"refresh_ns\": -1}]}]}");
	assert_int_equal(open_file(rig, "run/sensors/rapl.csv", ""), -EBADMSG);
}

static void files_that_are_no_recording(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *says;
	} bad[] = {
		{ "", -ENODATA, "" },
		{ "time,power\n1,2\n", -EBADMSG, "first line" },
		{ "t_ns,span_ns,flags\n1,2,3\n", -EBADMSG, "first line" },
		{ "t_ns,span_ns,flags,power\n1,2,3,4\n", -EBADMSG, "'power'" },
		{ "t_ns,span_ns,flags,_uw\n1,2,3,4\n", -EBADMSG, "'_uw'" },
		{ "t_ns,span_ns,flags,p_uw\n", -ENODATA, "no samples" },
		{ "t_ns,span_ns,flags,p_uw\nx,y,z,1\n", -ENODATA,
		  "no samples" },
		{ "t_ns,span_ns,flags,p_uw\n-5,0,0,1\n", -ENODATA,
		  "no samples" },
	};
	struct ep_rig *rig = *state;

	assert_int_equal(open_file(rig, "missing.csv", ""), -ENOENT);
	assert_non_null(strstr(rig->err.text, "missing.csv"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ep_tmp_puts(&rig->tmp, "bad.csv", bad[i].text);
		assert_int_equal(open_file(rig, "bad.csv", ""), bad[i].code);
		assert_non_null(strstr(rig->err.text, "bad.csv"));
		assert_non_null(strstr(rig->err.text, bad[i].says));
		assert_null(rig->sensor);
	}
}

/* Neither would ever end. */
static void a_pipe_or_a_device_is_not_waited_for(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(mkfifo(ep_tmp_path(&rig->tmp, "pipe"), 0600), 0);
	assert_int_equal(open_file(rig, "pipe", ""), -EINVAL);
	assert_non_null(strstr(rig->err.text, "pipe: not an ordinary file"));
	assert_int_equal(ep_rig_open(rig, &ep_sensor_replay, "file=/dev/zero"),
			 -EINVAL);
}

static void bad_lines_are_counted_and_left_out(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_puts(&rig->tmp, "c.csv",
		    "t_ns,span_ns,flags,p_uw\n"
		    "1000,0,0,1\n"
		    "2000,0,0\n"
		    "9223372036854775807,0,0,2\n"
		    "500,0,0,3\n"
		    "3000,0,0,4\n"
		    "4000,0,0,5");
	assert_int_equal(open_file(rig, "c.csv", ""), 0);
	assert_true(ep_rig_noted(rig, "3 lines could not be read"));
	assert_true(ep_rig_noted(rig, "cut off"));
	assert_int_equal(ep_rig_poll_at(rig, START + MS), 2);
	assert_int_equal(rig->samples[1].value, 4);
	assert_int_equal(rig->samples[1].t_ns, START + 2000);
}

static void keys_are_checked(void **state)
{
	static const char *const bad[] = {
		",align=middle", ",shape=round", ",role=all",
		",refresh=10",	 ",gain_ppm=-1", ",resolution=1.5",
		",offset=010",	 ",colour=red",
	};
	struct ep_rig *rig = *state;

	put_ramp(rig, "a.csv", 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(open_file(rig, "a.csv", bad[i]), -EINVAL);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_replay, ""), -EINVAL);
	assert_non_null(strstr(rig->err.text, "file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(lines_come_when_their_time_has_come),
		T(the_energy_is_that_of_the_recording),
		T(it_can_begin_at_the_first_poll),
		T(empty_cells_and_errors),
		T(keys_describe_the_channels),
		T(the_run_beside_it_describes_the_channels),
		T(a_run_that_makes_no_sense_is_refused),
		T(files_that_are_no_recording),
		T(a_pipe_or_a_device_is_not_waited_for),
		T(bad_lines_are_counted_and_left_out),
		T(keys_are_checked),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

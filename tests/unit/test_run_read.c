/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.json and events.csv, well-formed and hostile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/analyze/run.h"
#include "tests/unit/support_run.h"

#define CHANNEL                                                    \
	"{\"name\":\"p\",\"quantity\":\"uw\",\"shape\":\"gauge\"," \
	"\"role\":\"total\",\"flags\":[],\"wrap\":\"0\",\"refresh_ns\":1000}"
#define SENSOR(id, file, channels)                                   \
	"{\"id\":\"" id "\",\"driver\":\"x\",\"file\":\"" file "\"," \
	"\"status\":\"ok\",\"reason\":\"\",\"channels\":[" channels "]}"
#define RUN(more) \
	"{\"schema\":\"edgeprof.run/1\",\"interval_ns\":10000000" more "}"
#define HEADER "t_ns,span_ns,event,request,phase,tokens,evidence,source,text\n"

static int parse(const char *text, struct ep_run *run, struct ep_err *err)
{
	memset(run, 0, sizeof(*run));
	memset(err, 0, sizeof(*err));
	return ep_run_parse_json(text, strlen(text), run, err);
}

static void a_sensor_table_is_read(void **state)
{
	static const char text[] = RUN(
		",\"total\":{\"channels\":[\"psu-2.p\"]},\"sensors\":[" SENSOR(
			"psu-2", "sensors/psu-2.csv",
			CHANNEL ",{\"name\":\"e\",\"quantity\":\"uj\","
				"\"shape\":\"counter\",\"role\":\"part\","
				"\"flags\":[\"estimated\",\"new\"],"
				"\"wrap\":\"18446744073709551615\","
				"\"gain_ppm\":50000}") "]");
	struct ep_run run;
	struct ep_err err;
	size_t s, c;

	(void)state;
	assert_int_equal(parse(text, &run, &err), 0);
	assert_int_equal(run.sensor_count, 1);
	assert_int_equal(run.interval_ns, 10000000);
	assert_int_equal(run.sensors[0].channel_count, 2);
	assert_int_equal(run.sensors[0].channels[0].role, EP_ROLE_TOTAL);
	assert_true(run.sensors[0].channels[1].wrap == UINT64_MAX);
	assert_int_equal(run.sensors[0].channels[1].flags,
			 EP_CHANNEL_ESTIMATED);
	assert_int_equal(run.sensors[0].channels[1].gain_ppm, 50000);
	assert_true(ep_run_find_channel(&run, "psu-2.e", &s, &c));
	assert_int_equal(c, 1);
	assert_false(ep_run_find_channel(&run, "psu-2.q", &s, &c));
	assert_false(ep_run_find_channel(&run, "psu.p", &s, &c));
	ep_run_done(&run);
}

static void what_a_channel_may_say_of_itself_is_read(void **state)
{
	static const char text[] =
		RUN(",\"calibration\":\"plug\",\"total\":{\"channels\":[],"
		    "\"source\":\"board\",\"title\":\"PMIC sum\"},"
		    "\"sensors\":[" SENSOR(
			    "s", "sensors/s.csv",
			    "{\"name\":\"v\",\"quantity\":\"uv\","
			    "\"low\":-4750000,\"high\":null},"
			    "{\"name\":\"p\",\"quantity\":\"uw\","
			    "\"flags\":[\"alarm\",\"negotiated\",\"check\"],"
			    "\"min_window_ns\":20000000000,\"high\":7}") "]");
	const struct ep_channel *c;
	struct ep_run run;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(text, &run, &err), 0);
	assert_string_equal(run.calibration, "plug");
	assert_string_equal(run.total_title, "PMIC sum");
	assert_string_equal(run.total_source, "board");
	c = run.sensors[0].channels;
	assert_int_equal(c[0].flags, EP_CHANNEL_LOW);
	assert_int_equal(c[0].low, -4750000);
	assert_int_equal(c[0].min_window_ns, 0);
	assert_int_equal(c[1].flags, EP_CHANNEL_ALARM | EP_CHANNEL_NEGOTIATED |
					     EP_CHANNEL_CHECK |
					     EP_CHANNEL_HIGH);
	assert_int_equal(c[1].high, 7);
	assert_true(c[1].min_window_ns == INT64_C(20000000000));
	ep_run_done(&run);
	/* Folders of before know none of it. */
	assert_int_equal(parse(RUN(",\"sensors\":[" SENSOR("s", "sensors/s.csv",
							   CHANNEL) "]"),
			       &run, &err),
			 0);
	assert_int_equal(run.sensors[0].channels[0].flags, 0);
	assert_string_equal(run.calibration, "");
	assert_string_equal(run.total_title, "");
	ep_run_done(&run);
}

/* As long as the recorder may make it. */
static void long_reasons_are_read(void **state)
{
	char text[2048], reason[480];
	struct ep_run run;
	struct ep_err err;

	(void)state;
	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	(void)snprintf(text, sizeof(text),
		       "{\"schema\":\"edgeprof.run/1\","
		       "\"total\":{\"channels\":[],\"reason\":\"%.319s\"},"
		       "\"sensors\":[{\"id\":\"s\",\"status\":\"failed\","
		       "\"reason\":\"%s\"}],"
		       "\"observers\":[{\"name\":\"o\",\"reason\":\"%s\"}]}",
		       reason, reason, reason);
	assert_int_equal(parse(text, &run, &err), 0);
	assert_string_equal(run.sensors[0].reason, reason);
	assert_string_equal(run.observers[0].reason, reason);
	assert_int_equal(strlen(run.total_reason), 319);
	ep_run_done(&run);
}

struct refusal {
	const char *json, *says;
};

static const struct refusal refusals[] = {
	{ "", "not JSON" },
	{ "[1", "not JSON" },
	{ "[]", "not an object" },
	{ "{}", "not edgeprof's" },
	{ "{\"schema\":1}", "not text" },
	{ "{\"schema\":\"edgeprof.run/2\"}", "edgeprof.run/2" },
	{ "{\"schema\":\"x\",\"schema\":\"x\"}", "not JSON" },
	{ RUN(",\"jitter\":1"), "jitter is neither" },
	{ "{\"schema\":\"edgeprof.run/1\",\"interval_ns\":0}",
	  "interval_ns is out of range" },
	{ "{\"schema\":\"edgeprof.run/1\",\"interval_ns\":1e7}",
	  "interval_ns is not an integer" },
	{ RUN(",\"sensors\":{}"), "sensors is not an array" },
	{ RUN(",\"sensors\":[1]"), "sensors[0]. is not an object" },
	{ RUN(",\"sensors\":[" SENSOR("../x", "sensors/x.csv", "") "]"),
	  "sensors[0].id is not a plain file name" },
	{ RUN(",\"sensors\":[" SENSOR(".x", "sensors/.x.csv", "") "]"),
	  "plain file name" },
	{ RUN(",\"sensors\":[" SENSOR("a/b", "sensors/a/b.csv", "") "]"),
	  "plain file name" },
	{ RUN(",\"sensors\":[" SENSOR("x", "../../etc/passwd", "") "]"),
	  "sensors[0].file is not sensors/ID.csv" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv", "") "," SENSOR(
		  "x", "sensors/x.csv", "") "]"),
	  "sensors[1].id is used twice" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      CHANNEL "," CHANNEL) "]"),
	  "one channel twice" },
	{ RUN(",\"sensors\":[" SENSOR(
		  "x", "sensors/x.csv",
		  "{\"name\":\"a,b\",\"quantity\":\"uw\"}") "]"),
	  "channels[0].name is not a channel name" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      "{\"name\":\"a\",\"quantity\":"
				      "\"mw\"}") "]"),
	  "quantity is not a unit" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      "{\"name\":\"a\",\"quantity\":\"uw\","
				      "\"refresh_ns\":-1}") "]"),
	  "refresh_ns is out of range" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      "{\"name\":\"a\",\"quantity\":\"uw\","
				      "\"wrap\":\"-1\"}") "]"),
	  "wrap is not an unsigned number" },
	{ RUN(",\"sensors\":[" SENSOR(
		  "x", "sensors/x.csv",
		  "{\"name\":\"a\",\"quantity\":\"uw\","
		  "\"flags\":[\"product\"],\"volts\":\"a\"}") "]"),
	  "volts does not name a gauge" },
	{ RUN(",\"total\":{\"channels\":[\"a.b\",\"a.b\"]}"),
	  "adds one channel twice" },
	{ RUN(",\"total\":{\"channels\":[7]}"), "channel names" },
	{ RUN(",\"board\":\"x86\""), "board is not an object" },
	{ RUN(",\"calibration\":7"), "calibration is not text" },
	{ RUN(",\"total\":{\"title\":[]}"), "title is not text" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      "{\"name\":\"a\",\"quantity\":\"uw\","
				      "\"min_window_ns\":-1}") "]"),
	  "min_window_ns is out of range" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      "{\"name\":\"a\",\"quantity\":\"uw\","
				      "\"low\":4.7}") "]"),
	  "low is not an integer" },
	{ RUN(",\"sensors\":[" SENSOR("x", "sensors/x.csv",
				      "{\"name\":\"a\",\"quantity\":\"uw\","
				      "\"high\":9223372036854775807}") "]"),
	  "high is out of range" },
};

static void hostile_values_are_refused_with_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct ep_run run;
		struct ep_err err;

		assert_int_equal(parse(refusals[i].json, &run, &err), -EBADMSG);
		if (!strstr(err.text, refusals[i].says))
			fail_msg("'%s' does not say '%s'", err.text,
				 refusals[i].says);
		ep_run_done(&run);
	}
}

static int read_events(const char *text, struct ep_run *run, struct ep_err *err)
{
	struct ep_buf b;

	memset(run, 0, sizeof(*run));
	memset(err, 0, sizeof(*err));
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_buf_adds(&b, text), 0);
	return ep_run_parse_events(&b, run, err);
}

static void events_are_sorted_and_damage_is_counted(void **state)
{
	struct ep_run run;
	struct ep_err err;

	(void)state;
	assert_int_equal(read_events(HEADER
				     "30,0,b,,,,,,\n"
				     "10,4,first,2,\"a \"\"b\"\", c\",7,PROBED,"
				     "s,t\n"
				     "30,0,c,,,,,,\n"
				     "x,0,bad,,,,,,\n"
				     "5,0,short,,,\n"
				     "6,0,,,,,,,\n"
				     "7,0,x,,,,GUESSED,,\n"
				     "-7,0,x,,,,,,\n"
				     "40,0,torn,,,,,,",
				     &run, &err),
			 0);
	assert_int_equal(run.event_count, 3);
	assert_int_equal(run.bad_event_count, 5);
	assert_string_equal(run.events[0].event, "first");
	assert_string_equal(run.events[0].phase, "a \"b\", c");
	assert_int_equal(run.events[0].span_ns, 4);
	assert_int_equal(run.events[0].request, 2);
	assert_int_equal(run.events[0].tokens, 7);
	assert_int_equal(run.events[0].evidence, EP_EVIDENCE_PROBED);
	assert_string_equal(run.events[1].event, "b");
	assert_string_equal(run.events[2].event, "c");
	assert_int_equal(run.events[2].tokens, -1);
	ep_run_done(&run);
}

static void a_file_that_holds_no_events_is_told(void **state)
{
	struct ep_run run;
	struct ep_err err;

	(void)state;
	assert_int_equal(read_events("", &run, &err), -ENODATA);
	ep_run_done(&run);
	assert_int_equal(read_events("t_ns,span", &run, &err), -ENODATA);
	ep_run_done(&run);
	assert_int_equal(read_events("a,b,c\n1,2,3\n", &run, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "line 1"));
	ep_run_done(&run);
}

static int bounds(const char *text, int64_t last_ns, struct ep_run *run,
		  struct ep_err *err)
{
	assert_int_equal(read_events(text, run, err), 0);
	return ep_run_find_bounds(run, last_ns, err);
}

static void bounds_come_from_events_or_the_last_sample(void **state)
{
	struct ep_run run;
	struct ep_err err;

	(void)state;
	assert_int_equal(bounds(HEADER "1,0,start,,,,,,\n"
				       "5,0,idle,,,,,,begin\n"
				       "15,0,idle,,,,,,end\n"
				       "20,2,gate,,,,,,\n"
				       "90,0,exit,,,,,,signal 9\n"
				       "95,0,end,,,,,,\n",
				99, &run, &err),
			 0);
	assert_int_equal(run.begin_ns, 1);
	assert_int_equal(run.idle_begin_ns, 5);
	assert_int_equal(run.idle_end_ns, 15);
	assert_int_equal(run.gate_ns, 20);
	assert_int_equal(run.gate_span_ns, 2);
	assert_int_equal(run.exit_ns, 90);
	assert_int_equal(run.end_ns, 95);
	assert_true(run.exit_seen && run.end_seen);
	assert_string_equal(run.exit_text, "signal 9");
	ep_run_done(&run);
	assert_int_equal(bounds(HEADER "20,0,gate,,,,,,\n", 70, &run, &err), 0);
	assert_int_equal(run.exit_ns, 70);
	assert_int_equal(run.end_ns, 70);
	assert_int_equal(run.idle_begin_ns, run.idle_end_ns);
	assert_false(run.exit_seen);
	assert_string_equal(run.exit_text, "unknown");
	ep_run_done(&run);
}

static void without_a_gate_there_is_nothing_to_report(void **state)
{
	struct ep_run run;
	struct ep_err err;

	(void)state;
	assert_int_equal(bounds(HEADER "1,0,start,,,,,,\n", 70, &run, &err),
			 -ENODATA);
	assert_non_null(strstr(err.text, "gate never opened"));
	ep_run_done(&run);
	assert_int_equal(bounds(HEADER "20,0,gate,,,,,,\n", 20, &run, &err),
			 -ENODATA);
	ep_run_done(&run);
}

static void the_last_fact_of_a_name_counts(void **state)
{
	struct ep_run run;
	struct ep_err err;
	int64_t value = 7;

	(void)state;
	assert_int_equal(read_events(HEADER "1,0,fact,,,,,a,3\n"
					    "2,0,fact,,,,,a,4\n"
					    "3,0,fact,,,,,b,many\n",
				     &run, &err),
			 0);
	assert_int_equal(ep_run_fact_i64(&run, "a", &value), 0);
	assert_int_equal(value, 4);
	assert_string_equal(ep_run_fact(&run, "b"), "many");
	assert_int_equal(ep_run_fact_i64(&run, "b", &value), -EINVAL);
	assert_int_equal(ep_run_fact_i64(&run, "c", &value), -ENOENT);
	assert_int_equal(value, 4);
	ep_run_done(&run);
}

static void only_regular_files_are_opened(void **state)
{
	const struct support_run script = { .run_s = 1 };
	struct support_folder f;
	struct ep_run run;
	struct ep_err err = { 0 };

	(void)state;
	support_run_make(&script, &f);
	assert_int_equal(ep_run_load(f.fd, &run, &err), 0);
	ep_run_done(&run);
	assert_int_equal(unlinkat(f.fd, "events.csv", 0), 0);
	assert_int_equal(ep_run_load(f.fd, &run, &err), -ENODATA);
	assert_int_equal(mkfifoat(f.fd, "events.csv", 0600), 0);
	assert_int_equal(ep_run_load(f.fd, &run, &err), -EBADMSG);
	assert_int_equal(unlinkat(f.fd, "run.json", 0), 0);
	assert_int_equal(ep_run_load(f.fd, &run, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no run.json"));
	assert_int_equal(symlinkat("/dev/zero", f.fd, "run.json"), 0);
	assert_int_equal(ep_run_load(f.fd, &run, &err), -EBADMSG);
	assert_int_equal(ep_run_open_file(f.fd, "..", "passwd"), -ENOENT);
	support_run_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sensor_table_is_read),
		cmocka_unit_test(what_a_channel_may_say_of_itself_is_read),
		cmocka_unit_test(long_reasons_are_read),
		cmocka_unit_test(hostile_values_are_refused_with_a_sentence),
		cmocka_unit_test(events_are_sorted_and_damage_is_counted),
		cmocka_unit_test(a_file_that_holds_no_events_is_told),
		cmocka_unit_test(bounds_come_from_events_or_the_last_sample),
		cmocka_unit_test(without_a_gate_there_is_nothing_to_report),
		cmocka_unit_test(the_last_fact_of_a_name_counts),
		cmocka_unit_test(only_regular_files_are_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

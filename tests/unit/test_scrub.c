/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "profiler/export/scrub.h"

static struct ep_scrub *known(void)
{
	struct ep_scrub *s = NULL;

	assert_int_equal(ep_scrub_new(&s), 0);
	assert_int_equal(ep_scrub_add_numbered(s, "rockhost", "host"), 0);
	assert_int_equal(ep_scrub_add_numbered(s, "ROCKHOST", "host"), 0);
	assert_int_equal(ep_scrub_add_numbered(s, "box", "host"), 0);
	assert_int_equal(ep_scrub_add(s, "/home/alice", "HOME"), 0);
	assert_int_equal(ep_scrub_add(s, "alice", "user"), 0);
	assert_int_equal(ep_scrub_add(s, "root", "user"), 0);
	assert_int_equal(ep_scrub_add(s, "471108", "board"), 0);
	return s;
}

static void becomes(const struct ep_scrub *s, const char *text,
		    const char *expected)
{
	struct ep_buf b;

	ep_buf_init(&b, 4096);
	assert_int_equal(ep_scrub_put(s, text, &b), 0);
	assert_string_equal(b.data ? b.data : "", expected);
	ep_buf_done(&b);
}

static void names_are_replaced(void **state)
{
	struct ep_scrub *s = known();

	(void)state;
	becomes(s, "on RockHost, as alice", "on host1, as user");
	becomes(s, "/home/alice/m.gguf", "HOME/m.gguf");
	becomes(s, "malice aforethought", "muser aforethought");
	/* Short names only as whole words. */
	becomes(s, "a box of boxes", "a host2 of boxes");
	becomes(s, "root cause", "root cause");
	becomes(s, "471108 of 1747110815", "board of 1747110815");
	becomes(s, "", "");
	assert_true(ep_scrub_hits(s, "x.rockhost.y"));
	assert_false(ep_scrub_hits(s, "nothing"));
	ep_scrub_free(s);
}

static void patterns_are_replaced(void **state)
{
	static const char *const pairs[][2] = {
		{ "at http://1.2.3.4:80/a?key=x now", "at http://HOST now" },
		{ "https://a.example/x", "https://HOST" },
		{ "file:///srv/x y", "file://PATH y" },
		{ "ftp://u:p@h/x", "://HOST" },
		{ "ping 10.0.0.1: lost", "ping ADDRESS: lost" },
		{ "fe80::1%eth0 answers", "ADDRESS answers" },
		{ "02:42:ac:11:00:02", "ADDRESS" },
		{ "02-42-AC-11-00-02", "ADDRESS" },
		{ "GPU-12345678-9abc-4def-8123-456789abcdef", "GPU-ID" },
		{ "Serial number 4711-X is it", "serial SERIAL is it" },
		{ "bob@build7: no", "USER@HOST: no" },
		{ "see printer.local.", "see printer.local." },
		{ "see printer.local", "see HOST" },
		{ "model=/data/x/tiny.gguf", "model=PATH/tiny.gguf" },
		{ "/dev/serial/by-id/usb-A_B_77-if00:1 x", "DEVICE x" },
		{ NULL, NULL },
	};
	struct ep_scrub *s = known();

	(void)state;
	for (size_t i = 0; pairs[i][0]; i++)
		becomes(s, pairs[i][0], pairs[i][1]);
	ep_scrub_free(s);
}

/* What reports are made of stays as it is. */
static void the_rest_stays(void **state)
{
	static const char *const texts[] = {
		"llama_print_timings: eval time = 12.5 ms / 4 runs",
		"12:34:56",
		"2024-05-06 10:11:12.130",
		"8874:1306509440",
		"real_ns=1795252420767146118 boot_ns=36113771822825",
		"5000mAh@3.7V",
		"/sys/class/thermal/thermal_zone0/temp: Permission denied",
		"J/token at 1/2 load, 3 W/core",
		"edgeprof 0.1.0, Linux 6.1.21-v8+",
		"serial port",
		"std::vector",
		"/",
	};
	struct ep_scrub *s = known();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		becomes(s, texts[i], texts[i]);
	ep_scrub_free(s);
}

static void hosts_are_learnt(void **state)
{
	struct ep_scrub *s = NULL;

	(void)state;
	assert_int_equal(ep_scrub_new(&s), 0);
	assert_int_equal(
		ep_scrub_add_hosts(s, "--url http://carol:pw@far.example:1/v1"),
		0);
	assert_int_equal(ep_scrub_add_hosts(s, "-m /home/dave/x me@near"), 0);
	assert_int_equal(ep_scrub_add_hosts(s, "5000mAh@3.7V"), 0);
	becomes(s, "no route to far.example for carol",
		"no route to host1 for user");
	becomes(s, "dave is on near", "user is on host2");
	becomes(s, "3.7V", "3.7V");
	ep_scrub_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_replaced),
		cmocka_unit_test(patterns_are_replaced),
		cmocka_unit_test(the_rest_stays),
		cmocka_unit_test(hosts_are_learnt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

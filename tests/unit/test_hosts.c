/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/study/command.h"
#include "profiler/study/host_check.h"
#include "profiler/study/hosts.h"
#include "tests/unit/support_tmp.h"

/* Hosts of a rack, and what they say of themselves. */

static int load(const char *text, struct ep_hosts *ret, struct ep_err *err)
{
	struct ep_tmp tmp;
	int r;

	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "rack.conf", text);
	r = ep_hosts_load(ep_tmp_path(&tmp, "rack.conf"), ret, err);
	ep_tmp_remove(&tmp);
	return r;
}

static void a_rack_is_read(void **state)
{
	struct ep_err err = { 0 };
	struct ep_hosts h;

	(void)state;
	assert_int_equal(
		load("host \"pi1\" { }\n"
		     "host \"pi2\" {\n"
		     "  ssh = \"pi@192.168.1.22\"\n  board = \"rpi5\"\n"
		     "  edgeprof = \"~/bin/edgeprof\"\n  models = \"/srv/m\"\n"
		     "  sensors = \"um25c:/dev/rfcomm0 'ppk2,mode=source'\"\n"
		     "  plug = \"kasa --host 10.0.0.5 cycle\"\n"
		     "  run-timeout = \"30m\"\n  boot-timeout = \"90s\"\n}\n",
		     &h, &err),
		0);
	assert_int_equal(h.count, 2);
	assert_string_equal(h.items[0].ssh, "pi1");
	assert_string_equal(h.items[0].edgeprof, "edgeprof");
	assert_null(h.items[0].plug);
	assert_null(h.items[0].sensors);
	assert_int_equal(h.items[0].run_timeout_ns, 3600 * EP_NS_PER_S);
	assert_int_equal(h.items[0].boot_timeout_ns, 300 * EP_NS_PER_S);
	assert_string_equal(h.items[1].ssh, "pi@192.168.1.22");
	assert_string_equal(h.items[1].board, "rpi5");
	assert_string_equal(h.items[1].sensors[1], "ppk2,mode=source");
	assert_string_equal(h.items[1].plug[3], "cycle");
	assert_int_equal(h.items[1].run_timeout_ns, 1800 * EP_NS_PER_S);
	assert_ptr_equal(ep_hosts_find(&h, "pi2"), &h.items[1]);
	assert_null(ep_hosts_find(&h, "pi3"));
	ep_hosts_done(&h);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "names no host" },
		{ "host \"a,b\" { }", "rack.conf:1: " },
		{ "host \"-x\" { }", "rack.conf:1: " },
		{ "host \"a\" {\n ssh = \"-oProxyCommand=x\"\n}",
		  "cannot begin with '-'" },
		{ "host \"a\" {\n models = \"models\"\n}", "from the root" },
		{ "host \"a\" {\n plug = \"'x\"\n}", "rack.conf:2: plug" },
		{ "host \"a\" {\n run-timeout = \"0s\"\n}", "run-timeout" },
		{ "host \"a\" { }\nhost \"a\" { }", "rack.conf:2: " },
		{ "host \"a\" {\n sensor = \"x\"\n}", "sensors" },
		{ "top = 1\n", "rack.conf:1: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_err err = { 0 };
		struct ep_hosts h;

		assert_int_equal(load(bad[i].text, &h, &err), -EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("\"%s\" is not in \"%s\"", bad[i].says,
				 err.text);
	}
}

static void ssh_gets_no_options_of_others(void **state)
{
	const struct ep_host h = { .name = "pi1", .ssh = "pi@pi1" };
	const char *argv[EP_HOSTS_SSH_WORDS];
	size_t n = 0;

	(void)state;
	ep_hosts_ssh_argv(&h, "uptime", argv);
	while (argv[n])
		n++;
	assert_string_equal(argv[0], "ssh");
	assert_string_equal(argv[n - 3], "--");
	assert_string_equal(argv[n - 2], "pi@pi1");
	assert_string_equal(argv[n - 1], "uptime");
}

static void words_for_a_shell_are_quoted(void **state)
{
	char text[40], small[4];

	(void)state;
	assert_int_equal(ep_command_quote("a b", text, sizeof(text)), 0);
	assert_string_equal(text, "'a b'");
	assert_int_equal(ep_command_quote("it's $x", text, sizeof(text)), 0);
	assert_string_equal(text, "'it'\\''s $x'");
	assert_int_equal(ep_command_quote("~/bin/x y", text, sizeof(text)), 0);
	assert_string_equal(text, "~/'bin/x y'");
	assert_int_equal(ep_command_quote("abc", small, sizeof(small)), -E2BIG);
}

/* A command that is not there, one that fails, one that does not end. */
static void commands_tell_how_they_end(void **state)
{
	static char shell[] = "sh", option[] = "-c", nothing[] = "/none/x";
	static char words[] = "echo out; echo err >&2; exit 7";
	static char sleeper[] = "sleep", minute[] = "60";
	char *const none[] = { nothing, NULL };
	char *const fails[] = { shell, option, words, NULL };
	char *const hangs[] = { sleeper, minute, NULL };
	struct ep_command_order o = { .keep_fd = -1, .output_fd = -1 };
	struct ep_err err = { 0 };
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 4096);
	o.argv = none;
	assert_int_equal(ep_command_run(&o, EP_NS_PER_S, &b, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/none/x"));
	o.argv = fails;
	assert_int_equal(ep_command_run(&o, 60 * EP_NS_PER_S, &b, &err), 7);
	assert_string_equal(b.data, "out\nerr\n");
	o.argv = hangs;
	assert_int_equal(ep_command_run(&o, 100 * EP_NS_PER_MS, &b, &err),
			 -ETIMEDOUT);
	ep_buf_done(&b);
}

#define FACTS                                                               \
	"{\"board\":\"rpi5\",\"suits\":true,\"serial\":\"10\",\"total\":"   \
	"\"pmic.total\",\"total_reason\":\"\",\"sensors\":3,\"failed\":[]," \
	"\"free_bytes\":5e9}"
#define MARK "EDGEPROF-abcd "

static void check(const char *output, int status, bool usable, const char *says)
{
	const struct ep_host_wanted wanted = { .nonce = "abcd",
					       .version = "0.1.0",
					       .board = "rpi5" };
	struct ep_host_found f;

	ep_host_check_read(&wanted, output, status, &f);
	if (f.usable != usable || !strstr(f.text, says))
		fail_msg("%d: \"%s\" is not \"%s\"", f.usable, f.text, says);
}

static void a_host_is_judged_by_what_it_says(void **state)
{
	(void)state;
	check("motd\n" MARK "version edgeprof 0.1.0\n\n" MARK "host " FACTS
	      "\n",
	      0, true,
	      "edgeprof 0.1.0, board rpi5, serial 10, 3 sensors, total "
	      "pmic.total, 5.0 GB free, set up");
	check(MARK "version edgeprof 0.0.9\n" MARK "host " FACTS "\n", 0, false,
	      "it has edgeprof 0.0.9, this is 0.1.0");
	check(MARK "version sh: 1: edgeprof: not found\n", 127, false,
	      "no edgeprof there (sh: 1: edgeprof: not found)");
	check("ssh: connect to host pi1 port 22: No route to host\n", 255,
	      false, "it cannot be reached (status 255): ssh: connect to host");
	check(MARK "version edgeprof 0.1.0\n", 2, false,
	      "it did not answer (status 2)");
	check("", -1, false, "it did not answer");
	check(MARK "version edgeprof 0.1.0\n" MARK
		   "host {\"board\":\"x86\",\"suits\":false,"
		   "\"free_bytes\":5e9}\n",
	      0, false, "it is a x86, the study is for rpi5");
	check(MARK "version edgeprof 0.1.0\n" MARK
		   "host {\"board\":\"rpi5\",\"suits\":true,"
		   "\"free_bytes\":1000}\n",
	      0, false, "less than 64 MiB free");
	check(MARK "version edgeprof 0.1.0\n" MARK
		   "host {\"board\":\"rpi5\",\"suits\":true,\"free_bytes\":5e9,"
		   "\"problem\":\"models: none\"}\n",
	      0, false, "left out: models: none");
	check(MARK "version edgeprof 0.1.0\n" MARK "host [1]\n", 0, false,
	      "it did not answer");
}

static void kinds_of_boards_are_names(void **state)
{
	(void)state;
	assert_true(ep_host_check_is_kind("rpi5"));
	assert_false(ep_host_check_is_kind(""));
	assert_false(ep_host_check_is_kind("demo"));
	assert_false(ep_host_check_is_kind("none"));
	assert_false(ep_host_check_is_kind("./my.board"));
	assert_false(ep_host_check_is_kind("my.board"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rack_is_read),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(ssh_gets_no_options_of_others),
		cmocka_unit_test(words_for_a_shell_are_quoted),
		cmocka_unit_test(commands_tell_how_they_end),
		cmocka_unit_test(a_host_is_judged_by_what_it_says),
		cmocka_unit_test(kinds_of_boards_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/vcio.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_firmware.h"
#include "tests/unit/support_sensor.h"

static struct ep_rig rig;
static struct ep_vcio vcio;
static const char *reply_text;

static const char *answer(const char *command)
{
	(void)command;
	return reply_text;
}

static int setup(void **state)
{
	(void)state;
	ep_rig_make(&rig);
	fake_firmware_reset();
	fake_firmware.answer = answer;
	reply_text = "temp=48.2'C";
	memset(&rig.err, 0, sizeof(rig.err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ep_vcio_close(&vcio);
	ep_rig_end(&rig);
	return 0;
}

static void open_vcio(void)
{
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	assert_int_equal(ep_vcio_open(&vcio, &rig.env.root, "", &rig.err), 0);
}

static void the_request_is_laid_out_as_the_firmware_wants(void **state)
{
	const char *text = NULL;

	(void)state;
	open_vcio();
	assert_int_equal(ep_vcio_command(&vcio, "measure_temp", &text, NULL),
			 (int)strlen(reply_text));
	assert_string_equal(text, reply_text);
	assert_int_equal(fake_firmware.request,
			 sizeof(void *) == 8 ? 0xc0086400 : 0xc0046400);
	assert_int_equal(fake_firmware.words[0], 4124);
	assert_int_equal(fake_firmware.words[1], 0);
	assert_int_equal(fake_firmware.words[2], 0x00030080);
	assert_int_equal(fake_firmware.words[3], 4096);
	assert_int_equal(fake_firmware.words[4], 0);
	assert_int_equal(fake_firmware.words[5], 0);
	assert_string_equal(fake_firmware.commands[0], "measure_temp");
}

static void the_restricted_node_comes_first(void **state)
{
	(void)state;
	ep_tmp_puts(&rig.tmp, "dev/vcio_gencmd", "");
	open_vcio();
	assert_string_equal(vcio.path, "/dev/vcio_gencmd");
}

static void the_older_node_is_next(void **state)
{
	(void)state;
	open_vcio();
	assert_string_equal(vcio.path, "/dev/vcio");
}

static void no_node_is_no_raspberry(void **state)
{
	(void)state;
	assert_int_equal(ep_vcio_open(&vcio, &rig.env.root, NULL, &rig.err),
			 -ENOENT);
	assert_non_null(strstr(rig.err.text, "no Raspberry Pi"));
	assert_int_equal(vcio.fd, -1);
}

static void a_named_node_is_the_only_one(void **state)
{
	(void)state;
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	assert_int_equal(
		ep_vcio_open(&vcio, &rig.env.root, "/dev/other", &rig.err),
		-ENOENT);
	assert_non_null(strstr(rig.err.text, "/dev/other"));
}

static int open_as_nobody(struct ep_rig *r)
{
	int code = ep_vcio_open(&vcio, &r->env.root, "", &r->err);

	return code == -EACCES && strstr(r->err.text, "usermod -aG video") ? 0
									   : 1;
}

static void no_permission_names_the_group(void **state)
{
	(void)state;
	ep_tmp_puts(&rig.tmp, "dev/vcio_gencmd", "");
	assert_int_equal(chmod(ep_tmp_path(&rig.tmp, "dev/vcio_gencmd"), 0), 0);
	assert_int_equal(geteuid() == 0 ? ep_rig_as_nobody(open_as_nobody, &rig)
					: open_as_nobody(&rig),
			 0);
}

static int command_fails(void)
{
	const char *untouched = "untouched", *text = untouched;
	int r;

	open_vcio();
	r = ep_vcio_command(&vcio, "measure_temp", &text, &rig.err);
	assert_ptr_equal(text, untouched);
	assert_int_equal(rig.err.code, r);
	return r;
}

static void a_file_that_is_no_mailbox(void **state)
{
	(void)state;
	fake_firmware.error = ENOTTY;
	assert_int_equal(command_fails(), -ENOTTY);
	assert_non_null(strstr(rig.err.text, "no firmware mailbox"));
}

static void a_call_that_is_not_permitted(void **state)
{
	(void)state;
	fake_firmware.error = EPERM;
	assert_int_equal(command_fails(), -EPERM);
	assert_non_null(strstr(rig.err.text, "group video"));
}

static void a_call_that_fails(void **state)
{
	(void)state;
	fake_firmware.error = EIO;
	assert_int_equal(command_fails(), -EIO);
}

static void an_unknown_command(void **state)
{
	(void)state;
	reply_text = "error=1 error_msg=\"Command not registered\"";
	assert_int_equal(command_fails(), -EOPNOTSUPP);
	assert_non_null(strstr(rig.err.text, "'measure_temp'"));
}

static void a_reply_that_is_an_error(void **state)
{
	(void)state;
	reply_text = "error=2 error_msg=\"Invalid arguments\"";
	fake_firmware.result = 2;
	assert_int_equal(command_fails(), -EREMOTEIO);
	assert_non_null(strstr(rig.err.text, "Invalid arguments"));
}

static void a_result_code_without_a_text(void **state)
{
	(void)state;
	reply_text = "";
	fake_firmware.result = 7;
	assert_int_equal(command_fails(), -EREMOTEIO);
	assert_non_null(strstr(rig.err.text, "code 7"));
}

static void an_empty_reply(void **state)
{
	(void)state;
	reply_text = "";
	assert_int_equal(command_fails(), -ENODATA);
}

static void a_reply_without_an_end(void **state)
{
	(void)state;
	reply_text = NULL;
	assert_int_equal(command_fails(), -EMSGSIZE);
}

static void a_request_the_firmware_refuses(void **state)
{
	(void)state;
	fake_firmware.state = 0x80000001u;
	assert_int_equal(command_fails(), -EPROTO);
}

static void a_command_that_does_not_fit(void **state)
{
	static char command[EP_VCIO_TEXT_BYTES + 1];
	const char *text = NULL;

	(void)state;
	open_vcio();
	memset(command, 'a', EP_VCIO_TEXT_BYTES);
	assert_int_equal(ep_vcio_command(&vcio, command, &text, NULL),
			 -EMSGSIZE);
	command[EP_VCIO_TEXT_BYTES - 1] = '\0';
	assert_int_equal(ep_vcio_command(&vcio, command, &text, NULL),
			 (int)strlen(reply_text));
}

static void a_closed_mailbox(void **state)
{
	const char *text = NULL;

	(void)state;
	open_vcio();
	ep_vcio_close(&vcio);
	ep_vcio_close(&vcio);
	assert_int_equal(ep_vcio_command(&vcio, "x", &text, &rig.err), -ENODEV);
	assert_int_equal(ep_vcio_reopen(&vcio, NULL), 0);
	assert_true(ep_vcio_command(&vcio, "x", &text, NULL) > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_request_is_laid_out_as_the_firmware_wants),
		TEST(the_restricted_node_comes_first),
		TEST(the_older_node_is_next),
		TEST(no_node_is_no_raspberry),
		TEST(a_named_node_is_the_only_one),
		TEST(no_permission_names_the_group),
		TEST(a_file_that_is_no_mailbox),
		TEST(a_call_that_is_not_permitted),
		TEST(a_call_that_fails),
		TEST(an_unknown_command),
		TEST(a_reply_that_is_an_error),
		TEST(a_result_code_without_a_text),
		TEST(an_empty_reply),
		TEST(a_reply_without_an_end),
		TEST(a_request_the_firmware_refuses),
		TEST(a_command_that_does_not_fit),
		TEST(a_closed_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

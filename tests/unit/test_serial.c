/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/serial.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/support_pty.h"
#include "tests/unit/support_tmp.h"

static const struct ep_serial_mode plain_8n1 = {
	.baud = 115200, .data_bits = 8, .parity = 'N', .stop_bits = 1
};

static int open_path(struct ep_serial *s, const char *path, struct ep_err *err)
{
	return ep_serial_open(s, &ep_root_machine, path, &plain_8n1, err);
}

static int64_t in_ms(int64_t ms)
{
	return ep_clock_monotonic_ns() + ms * EP_NS_PER_MS;
}

static void formats(void **state)
{
	struct ep_serial_mode m = { .baud = 1 };

	(void)state;
	assert_int_equal(ep_serial_parse_format("7O2", &m), 0);
	assert_int_equal(m.data_bits, 7);
	assert_int_equal(m.parity, 'O');
	assert_int_equal(m.stop_bits, 2);
	assert_int_equal(ep_serial_parse_format("8X1", &m), -EINVAL);
	assert_int_equal(ep_serial_parse_format("9N1", &m), -EINVAL);
	assert_int_equal(ep_serial_parse_format("8N3", &m), -EINVAL);
	assert_int_equal(ep_serial_parse_format("8N1 ", &m), -EINVAL);
	assert_int_equal(ep_serial_parse_format("", &m), -EINVAL);
	assert_int_equal(m.data_bits, 7);
}

static void the_line_is_set(void **state)
{
	static const struct {
		const char *format;
		tcflag_t flags;
	} cases[] = {
		{ "8N1", CS8 },
		{ "7O1", CS7 | PARENB | PARODD },
		{ "7N2", CS7 | CSTOPB },
		{ "8E1", CS8 | PARENB },
	};
	struct ep_pty pty;

	(void)state;
	ep_pty_make(&pty);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_serial_mode mode = { .baud = 19230 };
		struct ep_serial s;
		struct termios2 t;

		assert_int_equal(ep_serial_parse_format(cases[i].format, &mode),
				 0);
		assert_int_equal(ep_serial_open(&s, &ep_root_machine, pty.path,
						&mode, NULL),
				 0);
		assert_false(s.plain);
		assert_int_equal(ioctl(pty.slave, TCGETS2, &t), 0);
		assert_int_equal(t.c_ospeed, 19230);
		/* A pseudo-terminal is always 8 bits without parity. */
		assert_int_equal(t.c_cflag & (tcflag_t)CSTOPB,
				 cases[i].flags & (tcflag_t)CSTOPB);
		assert_int_equal(t.c_lflag, 0);
		assert_int_equal(t.c_oflag, 0);
		ep_serial_close(&s);
	}
	ep_pty_end(&pty);
}

static void lines_that_are_not_there_are_told(void **state)
{
	struct ep_serial_mode mode = plain_8n1;
	struct ep_serial s;
	struct ep_pty pty;

	(void)state;
	mode.dtr = EP_SERIAL_ON;
	mode.rts = EP_SERIAL_OFF;
	ep_pty_make(&pty);
	assert_int_equal(
		ep_serial_open(&s, &ep_root_machine, pty.path, &mode, NULL), 0);
	assert_true(s.lines_kept);
	ep_serial_close(&s);
	ep_pty_end(&pty);
}

static void what_cannot_be_a_port(void **state)
{
	struct ep_err err = { 0 };
	struct ep_serial s;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "file", "text");
	assert_int_equal(open_path(&s, ep_tmp_path(&tmp, "none"), &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "none does not exist"));
	assert_int_equal(s.fd, -1);
	assert_int_equal(open_path(&s, ep_tmp_path(&tmp, "file"), &err),
			 -ENOTTY);
	assert_non_null(strstr(err.text, "not a serial port"));
	assert_int_equal(open_path(&s, tmp.path, &err), -ENOTTY);
	assert_int_equal(open_path(&s, "/dev/null", &err), -ENOTTY);
	ep_serial_close(&s);
	ep_tmp_remove(&tmp);
}

static void a_refused_port_names_its_group(void **state)
{
	struct ep_err err = { 0 };
	struct ep_serial s;
	struct ep_pty pty;
	struct stat st;
	int status;
	pid_t pid;

	(void)state;
	if (getuid() != 0) {
		print_message("SKIP: root is needed to become another user\n");
		skip();
	}
	ep_pty_make(&pty);
	assert_int_equal(fchmod(pty.slave, 0620), 0);
	assert_int_equal(fstat(pty.slave, &st), 0);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(65534) < 0 ||
		    setuid(65534) < 0)
			_exit(2);
		if (open_path(&s, pty.path, &err) != -EACCES)
			_exit(3);
		if (st.st_gid == 5 && !strstr(err.text, "group tty"))
			_exit(4);
		_exit(strstr(err.text, "usermod") ? 0 : 5);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	ep_pty_end(&pty);
}

static void a_port_has_one_owner(void **state)
{
	struct ep_serial first, second;
	struct ep_err err = { 0 };
	struct ep_pty pty;

	(void)state;
	ep_pty_make(&pty);
	assert_int_equal(open_path(&first, pty.path, NULL), 0);
	assert_int_equal(open_path(&second, pty.path, &err), -EBUSY);
	assert_non_null(strstr(err.text, "in use"));
	ep_serial_close(&first);
	assert_int_equal(open_path(&second, pty.path, &err), 0);
	ep_serial_close(&second);
	ep_pty_end(&pty);
}

static void bytes_go_both_ways(void **state)
{
	struct ep_serial s;
	struct ep_pty pty;
	uint8_t bytes[16];

	(void)state;
	ep_pty_make(&pty);
	ep_pty_write(&pty, "stale", 5);
	assert_int_equal(open_path(&s, pty.path, NULL), 0);
	assert_int_equal(ep_serial_read(&s, bytes, 16, 0), -ETIMEDOUT);
	/* Nothing is translated: carriage returns, interrupts, eighth bits. */
	assert_int_equal(ep_serial_write(&s, "\r\n\x03\x13\xff", 5, in_ms(500)),
			 0);
	assert_int_equal(read(pty.master, bytes, 16), 5);
	assert_memory_equal(bytes, "\r\n\x03\x13\xff", 5);
	ep_pty_write(&pty, "\r\n\x03\x11\xff", 5);
	assert_int_equal(ep_serial_read(&s, bytes, 16, in_ms(500)), 5);
	assert_memory_equal(bytes, "\r\n\x03\x11\xff", 5);
	ep_pty_write(&pty, "1234567", 7);
	assert_int_equal(ep_serial_drain(&s), 7);
	assert_int_equal(ep_serial_drain(&s), 0);
	ep_serial_close(&s);
	assert_int_equal(s.fd, -1);
	ep_serial_close(&s);
	ep_pty_end(&pty);
}

static void silence_ends_at_the_deadline(void **state)
{
	struct ep_serial s;
	struct ep_pty pty;
	uint8_t byte;
	int64_t deadline_ns;

	(void)state;
	ep_pty_make(&pty);
	assert_int_equal(open_path(&s, pty.path, NULL), 0);
	deadline_ns = in_ms(30);
	assert_int_equal(ep_serial_read(&s, &byte, 1, deadline_ns), -ETIMEDOUT);
	assert_true(ep_clock_monotonic_ns() >= deadline_ns);
	ep_serial_close(&s);
	ep_pty_end(&pty);
}

static void output_nobody_takes_ends_at_the_deadline(void **state)
{
	static const uint8_t zeros[8192];
	struct ep_serial s;
	struct ep_pty pty;
	int r = 0;

	(void)state;
	ep_pty_make(&pty);
	assert_int_equal(open_path(&s, pty.path, NULL), 0);
	for (int i = 0; i < 100 && r == 0; i++)
		r = ep_serial_write(&s, zeros, sizeof(zeros), in_ms(20));
	assert_int_equal(r, -ETIMEDOUT);
	/* Nor does close wait for it. */
	ep_serial_close(&s);
	ep_pty_end(&pty);
}

static void a_vanished_device_is_an_error(void **state)
{
	struct ep_err err = { 0 };
	struct ep_serial s;
	struct ep_pty pty;
	uint8_t byte;

	(void)state;
	ep_pty_make(&pty);
	assert_int_equal(open_path(&s, pty.path, NULL), 0);
	ep_pty_hang_up(&pty);
	assert_int_equal(ep_serial_read(&s, &byte, 1, in_ms(2000)), -EIO);
	assert_int_equal(ep_serial_write(&s, "x", 1, in_ms(2000)), -EIO);
	assert_int_equal(ep_serial_drain(&s), -EIO);
	ep_serial_close(&s);
	assert_true(open_path(&s, pty.path, &err) < 0);
	assert_non_null(strstr(err.text, pty.path));
	ep_pty_end(&pty);
}

static void what_has_no_line_works_as_bytes(void **state)
{
	struct ep_serial s;
	struct ep_tmp tmp;
	uint8_t bytes[8];

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(mkfifo(ep_tmp_path(&tmp, "fifo"), 0600), 0);
	assert_int_equal(open_path(&s, ep_tmp_path(&tmp, "fifo"), NULL), 0);
	assert_true(s.plain);
	assert_int_equal(ep_serial_write(&s, "abc", 3, in_ms(500)), 0);
	assert_int_equal(ep_serial_read(&s, bytes, 8, in_ms(500)), 3);
	ep_serial_close(&s);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(the_line_is_set),
		cmocka_unit_test(lines_that_are_not_there_are_told),
		cmocka_unit_test(what_cannot_be_a_port),
		cmocka_unit_test(a_refused_port_names_its_group),
		cmocka_unit_test(a_port_has_one_owner),
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(output_nobody_takes_ends_at_the_deadline),
		cmocka_unit_test(a_vanished_device_is_an_error),
		cmocka_unit_test(what_has_no_line_works_as_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/listener.h"
#include "drivers/proc_threads.h"

static void lines_of_the_table_are_told_apart(void **state)
{
	static const char head[] = "   0: 0100007F:1F90 00000000:0000 ";
	static const char tail[] =
		" 00000000:00000000 00:00000000 00000000     0        0 81234 1 "
		"0000000000000000 100 0 0 10 0\n";
	char line[300];

	(void)state;
	(void)snprintf(line, sizeof(line), "%s0A%s", head, tail);
	assert_int_equal(ep_listener_parse(line, 8080), 81234);
	assert_int_equal(ep_listener_parse(line, 8081), 0);
	/* An established connection. */
	(void)snprintf(line, sizeof(line), "%s01%s", head, tail);
	assert_int_equal(ep_listener_parse(line, 8080), 0);
	assert_int_equal(ep_listener_parse("", 8080), 0);
	assert_int_equal(ep_listener_parse("  sl  local_address", 8080), 0);
}

static int listen_somewhere(int family, unsigned *ret_port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr *at = family == AF_INET ? (struct sockaddr *)&v4
						: (struct sockaddr *)&v6;
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, at, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, at, &len) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*ret_port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

static void the_owner_of_a_port_is_found(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ep_err err = { 0 };
		unsigned port = 0;
		char name[64] = "";
		pid_t pid = 0;
		int fd = listen_somewhere(families[i], &port);

		if (fd < 0 && i == 1)
			continue; /* a machine without IPv6 */
		assert_true(fd >= 0);
		assert_int_equal(
			ep_listener_find(port, &pid, name, sizeof(name), &err),
			0);
		assert_int_equal(pid, getpid());
		assert_string_equal(name, "test_listener");
		close(fd);
		pid = 0;
		assert_int_equal(
			ep_listener_find(port, &pid, name, sizeof(name), &err),
			-ENOENT);
		assert_int_equal(pid, 0);
		assert_non_null(strstr(err.text, "no process"));
	}
}

static void our_own_thread_is_listed(void **state)
{
	struct ep_proc_threads list;

	(void)state;
	assert_int_equal(ep_proc_threads_list(getpid(), &list), 0);
	assert_true(list.count >= 1);
	assert_int_equal(list.ids[0], getpid());
	assert_false(list.truncated);
	assert_int_equal(ep_proc_threads_list(0x3fffffff, &list), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_table_are_told_apart),
		cmocka_unit_test(the_owner_of_a_port_is_found),
		cmocka_unit_test(our_own_thread_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

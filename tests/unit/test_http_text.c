/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/http.h"
#include "tests/unit/support_tmp.h"

static void addresses_are_checked(void **state)
{
	static const struct {
		const char *url;
		int code;
	} cases[] = {
		{ "http://192.0.2.7", 0 },
		{ "https://plug.local:8443/", 0 },
		{ "http://[fe80::1%25eth0]:80", 0 },
		{ "192.0.2.7", -EINVAL },
		{ "ftp://192.0.2.7", -EINVAL },
		{ "", -EINVAL },
		{ "http://", -EINVAL },
		{ "http://x/status", -EINVAL },
		{ "http://x?y", -EINVAL },
		{ "http://x#y", -EINVAL },
		{ "http://x y", -EINVAL },
		{ "http://x\n", -EINVAL },
		{ "http://admin:hunter2@x", -EINVAL },
		{ "admin:hunter2@x", -EINVAL },
	};
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(ep_http_url_check(cases[i].url, &err),
				 cases[i].code);
		assert_null(strstr(err.text, "hunter2"));
		assert_int_equal(err.text[0] != '\0', cases[i].code < 0);
	}
}

static void text_is_escaped_for_a_query(void **state)
{
	char out[32];

	(void)state;
	assert_true(ep_http_escape("aZ9-._~", out, sizeof(out)));
	assert_string_equal(out, "aZ9-._~");
	assert_true(ep_http_escape("a&b=c d%\xc3\xa9", out, sizeof(out)));
	assert_string_equal(out, "a%26b%3Dc%20d%25%C3%A9");
	assert_false(ep_http_escape("a&b", out, 5));
	assert_string_equal(out, "a%26");
	assert_false(ep_http_escape("a&b", out, 4));
	assert_string_equal(out, "a");
}

struct secret_case {
	const char *text;
	unsigned mode;
	int code;
};

static void secrets_come_from_protected_files(void **state)
{
	static const struct secret_case cases[] = {
		{ "s3cret\n", 0600, 0 },      { "s3cret", 0640, 0 },
		{ "s3cret\r\n", 0400, 0 },    { "s3cret\n", 0604, -EPERM },
		{ "s3cret\n", 0602, -EPERM }, { "", 0600, -EINVAL },
		{ "\n", 0600, -EINVAL },      { "a\nb\n", 0600, -EINVAL },
		{ "a\tb\n", 0600, -EINVAL },
	};
	char long_text[EP_HTTP_SECRET_BYTES + 8], got[EP_HTTP_SECRET_BYTES];
	struct ep_tmp tmp;
	struct ep_err err;

	(void)state;
	ep_tmp_make(&tmp);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path;

		ep_tmp_puts(&tmp, "secret", cases[i].text);
		path = ep_tmp_path(&tmp, "secret");
		assert_int_equal(chmod(path, cases[i].mode), 0);
		memcpy(got, "same", 5);
		memset(&err, 0, sizeof(err));
		assert_int_equal(
			ep_http_secret_read(&ep_root_machine, path, got, &err),
			cases[i].code);
		assert_string_equal(got, cases[i].code ? "same" : "s3cret");
		if (cases[i].code)
			assert_non_null(strstr(err.text, path));
		assert_int_equal(unlink(path), 0);
	}
	memset(long_text, 'x', sizeof(long_text));
	long_text[EP_HTTP_SECRET_BYTES - 1] = '\0';
	ep_tmp_puts(&tmp, "fits", long_text);
	long_text[EP_HTTP_SECRET_BYTES - 1] = 'x';
	long_text[EP_HTTP_SECRET_BYTES] = '\0';
	ep_tmp_puts(&tmp, "long", long_text);
	assert_int_equal(chmod(ep_tmp_path(&tmp, "fits"), 0600), 0);
	assert_int_equal(chmod(ep_tmp_path(&tmp, "long"), 0600), 0);
	assert_int_equal(ep_http_secret_read(&ep_root_machine,
					     ep_tmp_path(&tmp, "fits"), got,
					     &err),
			 0);
	assert_int_equal(strlen(got), EP_HTTP_SECRET_BYTES - 1);
	assert_int_equal(ep_http_secret_read(&ep_root_machine,
					     ep_tmp_path(&tmp, "long"), got,
					     &err),
			 -EINVAL);
	assert_int_equal(ep_http_secret_read(&ep_root_machine,
					     ep_tmp_path(&tmp, "none"), got,
					     &err),
			 -ENOENT);
	assert_int_equal(mkfifo(ep_tmp_path(&tmp, "fifo"), 0600), 0);
	assert_int_equal(ep_http_secret_read(&ep_root_machine,
					     ep_tmp_path(&tmp, "fifo"), got,
					     &err),
			 -EINVAL);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(text_is_escaped_for_a_query),
		cmocka_unit_test(secrets_come_from_protected_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

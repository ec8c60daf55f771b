/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_fills_code_and_text(void **state)
{
	struct ep_err err = { 0, "" };

	(void)state;
	assert_int_equal(ep_err_set(&err, -ENOENT, "%s: no board %d", "x", 7),
			 -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.text, "x: no board 7");
}

static void null_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(ep_err_set(NULL, -EIO, "text"), -EIO);
	assert_int_equal(ep_err_prefix(NULL, "text"), 0);
}

static void own_text_may_be_an_argument(void **state)
{
	struct ep_err err = { 0, "" };

	(void)state;
	ep_err_set(&err, -EIO, "inner");
	assert_int_equal(ep_err_set(&err, -EINVAL, "outer (%s)", err.text),
			 -EINVAL);
	assert_string_equal(err.text, "outer (inner)");
}

static void long_text_is_cut_visibly(void **state)
{
	struct ep_err err = { 0, "" };
	char big[1000];

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ep_err_set(&err, -EIO, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 5, "a...");
	ep_err_prefix(&err, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 4, "...");
}

static void text_that_just_fits_is_not_cut(void **state)
{
	struct ep_err err = { 0, "" };
	char big[sizeof(err.text)];

	(void)state;
	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ep_err_set(&err, -EIO, "%s", big);
	assert_string_equal(err.text, big);
}

static void prefix_goes_before(void **state)
{
	struct ep_err err = { 0, "" };

	(void)state;
	ep_err_set(&err, -EACCES, "denied");
	assert_int_equal(ep_err_prefix(&err, "sensor %s", "rapl"), -EACCES);
	assert_string_equal(err.text, "sensor rapl: denied");
	assert_int_equal(err.code, -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_code_and_text),
		cmocka_unit_test(null_is_accepted),
		cmocka_unit_test(own_text_may_be_an_argument),
		cmocka_unit_test(long_text_is_cut_visibly),
		cmocka_unit_test(text_that_just_fits_is_not_cut),
		cmocka_unit_test(prefix_goes_before),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}

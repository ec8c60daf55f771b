/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SCPI instruments are sent, and what their answers mean. */
#include "sensors/scpi_parts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int check(const char *text, enum ep_scpi_use use)
{
	enum ep_scpi_effect effect = EP_SCPI_READS;
	struct ep_err err = { 0 };

	return ep_scpi_check_command(text, use, &effect, &err);
}

static void nothing_that_changes_an_output_is_sent(void **state)
{
	static const char *const never[] = {
		"OUTP ON",
		"OUTPut:STATe 1",
		":OUTP1 OFF",
		"outp on",
		"*RST",
		"*RCL 1",
		"*TRG",
		"VOLT 5",
		"CURR 1",
		"SOUR:VOLT 5",
		"APPL 5,1",
		"INST OUT2",
		"SYST:PRES",
		"SYSTEM:PRESET",
		"INIT",
		"TRIG",
		"INP ON",
		"ROUT:CLOS (@101)",
		"LOAD ON",
		"",
		"SENS:REM ON",
		"SENS:CURR:PROT 1",
		"SENSOUTP ON",
		":",
		"CONF;OUTP ON",
		"SENS:CURR\nOUTP 1",
		"DATA:DEL",
		"*CLS;*RST",
		"SYST:POWER 0",
		"RANG 1",
		"SENS:VOLT:PROTECTION 5",
	};
	static const char *const fine[] = {
		"CONF:CURR:DC",	      ":CONFigure:CURRent:DC 1",
		"sens:curr:nplc 1",   "TRIG:SOUR IMM",
		"SYST:REM",	      "FORM:ELEM VOLT",
		"SENSE:VOLT:RANG 10",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (check(never[i], EP_SCPI_SETUP) != -EPERM)
			fail_msg("'%s' would be sent", never[i]);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (check(fine[i], EP_SCPI_SETUP) != 0)
			fail_msg("'%s' would not be sent", fine[i]);
}

static void queries_are_queries(void **state)
{
	(void)state;
	assert_int_equal(check("READ?", EP_SCPI_QUERY), 0);
	assert_int_equal(check(":MEASURE:VOLTage:DC?", EP_SCPI_QUERY), 0);
	assert_int_equal(check("FETC? (@1)", EP_SCPI_QUERY), 0);
	assert_int_equal(check("READ", EP_SCPI_QUERY), -EPERM);
	assert_int_equal(check("OUTP ON?", EP_SCPI_QUERY), -EPERM);
	assert_int_equal(check("OUTP?", EP_SCPI_QUERY), -EPERM);
	assert_int_equal(check("*TST?", EP_SCPI_QUERY), -EPERM);
	assert_int_equal(check("READ?;OUTP ON", EP_SCPI_QUERY), -EPERM);
	assert_int_equal(check("READ?", EP_SCPI_SETUP), -EPERM);
	assert_int_equal(check("OUTP?", EP_SCPI_GUARD), 0);
	assert_int_equal(check("OUTP ON", EP_SCPI_GUARD), -EPERM);
}

static void source_measure_units_are_known(void **state)
{
	(void)state;
	assert_true(ep_scpi_is_source(
		"KEITHLEY INSTRUMENTS INC.,MODEL 2400,1234567,C30"));
	assert_true(ep_scpi_is_source("KEITHLEY INSTRUMENTS,MODEL 2450,1,1"));
	assert_true(ep_scpi_is_source("Keysight Technologies,B2901A,MY,1"));
	assert_false(ep_scpi_is_source("KEYSIGHT,34465A,MY12345678,A.02.14"));
	assert_false(ep_scpi_is_source("KEITHLEY,MODEL DMM6500,1,1"));
	assert_false(ep_scpi_is_source(""));
}

static int64_t step_of(const char *text)
{
	struct ep_scpi_number numbers[EP_SCPI_FIELDS_MAX];

	if (ep_scpi_parse_numbers(text, numbers) != 1)
		fail_msg("'%s' is no number", text);
	return numbers[0].step;
}

static void the_last_digit_is_the_step(void **state)
{
	struct ep_scpi_number n[EP_SCPI_FIELDS_MAX];

	(void)state;
	assert_int_equal(step_of("0.12"), 10000);
	assert_int_equal(step_of("5"), 1000000);
	assert_int_equal(step_of("-5.100"), 1000);
	assert_int_equal(step_of("+0.000"), 1000);
	assert_int_equal(step_of("+1.2345E-01"), 10);
	assert_int_equal(step_of("+1.23456789E-01"), 1);
	assert_int_equal(step_of("1.2e+00"), 100000);
	assert_int_equal(step_of("12E2"), 100000000);
	assert_int_equal(step_of("+9.90000000E+37"), 0);
	assert_int_equal(step_of("0E99"), 0);
	assert_int_equal(step_of("0E9223372036854775807"), 0);
	assert_int_equal(step_of("0.0E-9223372036854775807"), 1);
	assert_int_equal(ep_scpi_parse_numbers("5.10, +0.9804", n), 2);
	assert_int_equal(n[0].step, 10000);
	assert_int_equal(n[1].step, 100);
	assert_int_equal(n[1].millionths, 980400);
	assert_true(n[1].good);
}

static void errors_are_numbers_and_a_text(void **state)
{
	int64_t code = 7;

	(void)state;
	assert_int_equal(ep_scpi_parse_error("+0,\"No error\"", &code), 0);
	assert_int_equal(code, 0);
	assert_int_equal(ep_scpi_parse_error("-113,\"Undefined\"", &code), 0);
	assert_int_equal(code, -113);
	assert_int_equal(ep_scpi_parse_error("+1.5E0", &code), -EBADMSG);
	assert_int_equal(ep_scpi_parse_error("1.5,2.5", &code), -EBADMSG);
	assert_int_equal(ep_scpi_parse_error("", &code), -EBADMSG);
	assert_int_equal(code, -113);
}

static void answers_are_as_expected_or_not(void **state)
{
	(void)state;
	assert_true(ep_scpi_is_expected("\"CURR\"", "CURR|CURR:DC"));
	assert_true(ep_scpi_is_expected("curr:dc", "CURR|CURR:DC"));
	assert_false(ep_scpi_is_expected("\"CURR:AC\"", "CURR|CURR:DC"));
	assert_false(ep_scpi_is_expected("", "1|ON"));
	assert_false(ep_scpi_is_expected("0", "1|ON"));
	assert_false(ep_scpi_is_expected("\"CURR\",\"VOLT\"", "CURR"));
}

static void several_functions_in_any_order(void **state)
{
	static const char both[] = "VOLT&CURR|VOLT:DC&CURR:DC";

	(void)state;
	assert_true(ep_scpi_is_expected("\"VOLT:DC\",\"CURR:DC\"", both));
	assert_true(ep_scpi_is_expected("\"CURR:DC\", \"VOLT:DC\"", both));
	assert_true(ep_scpi_is_expected("\"VOLT\",\"CURR\"", both));
	assert_true(ep_scpi_is_expected("\"VOLT,CURR\"", both));
	assert_true(ep_scpi_is_expected("\"CURR\",\"VOLT\",\"RES\"", both));
	assert_false(ep_scpi_is_expected("\"CURR:DC\"", both));
	assert_false(ep_scpi_is_expected("\"VOLT:DC\"", both));
	assert_false(ep_scpi_is_expected("\"VOLT:DC\",\"CURR:AC\"", both));
	assert_false(ep_scpi_is_expected("\"\"", both));
	assert_false(ep_scpi_is_expected("", both));
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = {
		"tcp://",	 "tcp://:5025", "tcp://a:0",
		"tcp://a:65536", "tcp://a:x",	"tcp://[::1",
		"tcp://a/b",	 "http://a",	"tcp://192.0.2.1:",
		"tcp://[::1]5",
	};
	static const char *const good[] = { "tcp://192.0.2.20",
					    "tcp://dmm:5555",
					    "tcp://[2001:db8::1]:5025",
					    "/dev/usbtmc0" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ep_scpi_address_check(bad[i], NULL) != -EINVAL)
			fail_msg("%s is taken", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (ep_scpi_address_check(good[i], NULL) != 0)
			fail_msg("%s is not taken", good[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_changes_an_output_is_sent),
		cmocka_unit_test(queries_are_queries),
		cmocka_unit_test(source_measure_units_are_known),
		cmocka_unit_test(the_last_digit_is_the_step),
		cmocka_unit_test(errors_are_numbers_and_a_text),
		cmocka_unit_test(answers_are_as_expected_or_not),
		cmocka_unit_test(several_functions_in_any_order),
		cmocka_unit_test(addresses_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

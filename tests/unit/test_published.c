/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "sensors/rpi5_pmic_parts.h"
#include "tests/unit/support_run.h"

/* Published readings of a Raspberry Pi 5; other published numbers are in
 * test_battery.c, test_cost.c, test_rates.c, test_calibrated.c and
 * test_stat_verdict.c. */

static double rail_w(const struct ep_pmic_reply *r, size_t rail)
{
	return (double)r->values[EP_PMIC_AMPS(rail)] / 1e6 *
	       ((double)r->values[EP_PMIC_VOLTS(rail)] / 1e6);
}

/* Twelve rails make 2.28221 W, which the published fit calls 3.20126 W. */
static void the_rails_of_an_idle_board(void **state)
{
	struct ep_pmic_reply reply;
	struct ep_buf b;
	double sum = 0;

	(void)state;
	ep_buf_init(&b, 1 << 16);
	assert_int_equal(ep_file_read(AT_FDCWD,
				      "tests/golden/rpi5_pmic/sample_a.txt",
				      &b),
			 0);
	assert_int_equal(ep_pmic_parse(b.data, b.len, &reply), EP_PMIC_WIRES);
	for (size_t rail = 0; rail < EP_PMIC_RAILS; rail++)
		sum += rail_w(&reply, rail);
	support_near(sum, 2.28221, 5e-6);
	support_near(1.1451 * sum + 0.5879, 3.20126, 1e-5);
	ep_buf_done(&b);
}

/* Of the board under load only the core's rail was published whole. */
static void the_core_under_load(void **state)
{
	static const char text[] = "VDD_CORE_A current(7)=10.87674000A\n"
				   "VDD_CORE_V volt(15)=0.89745940V\n";
	struct ep_pmic_reply reply;

	(void)state;
	assert_int_equal(ep_pmic_parse(text, sizeof(text) - 1, &reply), 2);
	support_near(rail_w(&reply, EP_PMIC_VDD_CORE), 9.76143, 5e-6);
	support_near(1.1451 * 10.79989 + 0.5879, 12.95486, 1e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rails_of_an_idle_board),
		cmocka_unit_test(the_core_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

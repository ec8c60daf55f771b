/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The published fit of a board, 1.1451 P + 0.5879 W. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

static const char fits[] =
	"[{\"name\":\"other\",\"gain\":2,\"offset_w\":1},"
	"{\"name\":\"plug\",\"target\":\"at the plug\",\"gain\":1.1451,"
	"\"offset_w\":0.5879,\"source\":\"somebody\","
	"\"caveat\":\"one board\"}]";

static double low_uw(double t)
{
	(void)t;
	return 2282210;
}

static double high_uw(double t)
{
	(void)t;
	return 10799890;
}

static double still_uj(double t)
{
	(void)t;
	return 1e9;
}

struct ask {
	const char *name, *fits, *source;
};

static struct ep_report *analyze(const struct support_channel *channel,
				 const struct ask *ask)
{
	const struct support_sensor sensor = { .id = "pmic",
					       .channels = channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "pmic.p",
					 .total_source = ask->source,
					 .calibration = ask->name,
					 .calibrations = ask->fits };

	return support_run_analyze(&run);
}

static struct ep_report *analyze_power(double (*power)(double),
				       const struct ask *ask)
{
	const struct support_channel channel = { { .name = "p",
						   .quantity = EP_POWER_UW,
						   .role = EP_ROLE_TOTAL,
						   .gain_ppm = 10000 },
						 power };

	return analyze(&channel, ask);
}

static const struct ask plug = { "plug", fits, "board" };

static void the_fit_is_applied_to_the_total(void **state)
{
	static const struct {
		double (*power)(double t_s);
		double want_w;
	} vectors[] = { { low_uw, 3.20126 }, { high_uw, 12.95486 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ep_report *r = analyze_power(vectors[i].power, &plug);
		const struct ep_calibrated *c = &r->calibrated;
		const struct ep_metric *w = &c->mean_w[r->total_count - 1];
		const struct ep_metric *j = &c->energy_j[r->total_count - 1];

		assert_string_equal(c->name, "plug");
		assert_string_equal(c->target, "at the plug");
		assert_string_equal(c->caveat, "one board");
		support_near(w->value, vectors[i].want_w, 1e-5);
		support_near(j->value, vectors[i].want_w * 4, 4e-5);
		assert_true(isnan(w->u95) && isnan(j->u95));
		assert_int_equal(w->status, EP_STATUS_ESTIMATED);
		assert_non_null(strstr(w->reason, "indicative"));
		assert_true(support_warned(r, "calibration"));
		/* Nothing else changes. */
		support_near(support_metric(support_total(r, "run"), "energy_j")
				     ->value,
			     vectors[i].power(0) * 4e-6, 1e-6);
		ep_report_free(r);
	}
}

static void check_refused(const struct ask *ask, const char *reason)
{
	struct ep_report *r = analyze_power(low_uw, ask);
	const struct ep_metric *m = &r->calibrated.mean_w[r->total_count - 1];

	assert_string_equal(r->calibrated.name, ask->name);
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_string_equal(m->reason, reason);
	ep_report_free(r);
}

static void a_fit_that_does_not_apply_is_refused(void **state)
{
	static const struct ask absent = { "third", fits, "board" };
	static const struct ask none = { "plug", NULL, "board" };
	static const struct ask meter = { "plug", fits, "sensor" };
	static const struct ask text = {
		"plug", "[3,{\"name\":\"plug\",\"gain\":\"2\"}]", "board"
	};

	(void)state;
	check_refused(&absent, "run.json holds no calibration of that name");
	check_refused(&none, "run.json holds no calibration of that name");
	check_refused(&meter, "the calibration is for the board's own total");
	check_refused(&text,
		      "gain or offset_w of the calibration is no number");
}

static double five_uw(double t)
{
	(void)t;
	return 5e6;
}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

/* The example of docs/metrics.md. */
static void a_known_covariance_gives_an_interval(void **state)
{
	static const char known[] =
		"[{\"name\":\"mine\",\"target\":\"t\",\"gain\":1.1,"
		"\"offset_w\":0.5,\"source\":\"s\",\"caveat\":\"c\","
		"\"u_gain\":0.01,\"u_offset_w\":0.05,"
		"\"covariance_w\":-0.0004,\"residual_w\":0.03,"
		"\"from_w\":3,\"to_w\":9}]";
	static const struct ask mine = { "mine", known, "board" };
	struct ep_report *r = analyze_power(five_uw, &mine);
	const struct ep_metric *w = &r->calibrated.mean_w[r->total_count - 1];
	const struct ep_metric *j = &r->calibrated.energy_j[r->total_count - 1];
	double fit = sqrt(0.0019), gain = 1.1 * 5 * 0.01 / sqrt(3);

	(void)state;
	assert_true(r->calibrated.has_interval);
	assert_int_equal(w->status, EP_STATUS_OK);
	support_near(w->value, 6, 1e-9);
	support_near(term(w, "calibration"), fit, 1e-9);
	support_near(term(w, "gain"), gain, 1e-9);
	support_near(w->u95, 2 * hypot(fit, gain), 1e-4);
	support_near(j->value, 24, 1e-6);
	support_near(j->u95, 4 * w->u95, 1e-3);
	ep_report_free(r);
	/* Outside the powers that it was fitted over. */
	r = analyze_power(low_uw, &mine);
	w = &r->calibrated.mean_w[r->total_count - 1];
	assert_int_equal(w->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(w->reason, "outside the 3 to 9 W"));
	ep_report_free(r);
}

static void what_is_not_measured_is_not_calibrated(void **state)
{
	const struct support_channel channel = { { .name = "p",
						   .quantity = EP_ENERGY_UJ,
						   .shape = EP_COUNTER,
						   .role = EP_ROLE_TOTAL },
						 still_uj };
	struct ep_report *r = analyze(&channel, &plug);
	const struct ep_metric *m = &r->calibrated.energy_j[r->total_count - 1];

	(void)state;
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(m->reason, "stands still"));
	ep_report_free(r);
}

static void nobody_asked_for_any(void **state)
{
	static const struct ask nothing = { NULL, fits, "board" };
	struct ep_report *r = analyze_power(low_uw, &nothing);

	(void)state;
	assert_string_equal(r->calibrated.name, "");
	assert_null(r->calibrated.energy_j);
	assert_false(support_warned(r, "calibration"));
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fit_is_applied_to_the_total),
		cmocka_unit_test(a_fit_that_does_not_apply_is_refused),
		cmocka_unit_test(a_known_covariance_gives_an_interval),
		cmocka_unit_test(what_is_not_measured_is_not_calibrated),
		cmocka_unit_test(nobody_asked_for_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Meters side by side and the calibration, as people and tools get them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/report/render.h"
#include "profiler/report/width.h"
#include "tests/unit/support_report.h"

#define PM " \xc2\xb1 "

static void render(const char *format, const struct ep_report *report,
		   struct ep_buf *b)
{
	const struct ep_render_options options = { .columns = 80 };
	const struct ep_format *f = ep_format_find(format, NULL);

	assert_non_null(f);
	ep_buf_init(b, (size_t)64 << 20);
	assert_int_equal(f->render(report, &options, b), 0);
}

static void assert_has(const struct ep_buf *b, const char *text)
{
	if (!strstr(b->data, text))
		fail_msg("no \"%s\" in:\n%s", text, b->data);
}

static void assert_lacks(const struct ep_buf *b, const char *text)
{
	if (strstr(b->data, text))
		fail_msg("\"%s\" in:\n%s", text, b->data);
}

static void assert_narrow(const struct ep_buf *b)
{
	char *copy = strdup(b->data), *line = copy, *end;

	assert_non_null(copy);
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (ep_width(line) > 80)
			fail_msg("too wide: %s", line);
	}
	free(copy);
}

static void set(struct ep_metric *m, const char *name, double value, double u95)
{
	(void)ep_str_copy(m->name, sizeof(m->name), name);
	m->value = value;
	m->u95 = u95;
	m->status = EP_STATUS_OK;
}

static void refuse(struct ep_metric *m, const char *reason)
{
	set(m, "energy_j", (double)NAN, (double)NAN);
	m->status = EP_STATUS_NOT_MEASURED;
	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
}

/* A meter that says factor times what the total says. */
static struct ep_meter_row *add_meter(struct ep_report *r, const char *what,
				      double factor)
{
	struct ep_meter_row *m = &r->meters[r->meter_count];
	size_t n = r->total_count;

	m->primary = r->meter_count++ == 0;
	(void)ep_str_copy(m->sensor, sizeof(m->sensor), what);
	m->sensor[strcspn(m->sensor, ".")] = '\0';
	(void)ep_str_copy(m->what, sizeof(m->what), what);
	m->declared_refresh_ns = 500 * EP_NS_PER_MS;
	m->measured_refresh_s = (double)NAN;
	m->has_limits = true;
	m->energy_j = calloc(n, sizeof(*m->energy_j));
	m->mean_w = calloc(n, sizeof(*m->mean_w));
	m->difference_j = calloc(n, sizeof(*m->difference_j));
	assert_true(m->energy_j && m->mean_w && m->difference_j);
	for (size_t i = 0; i < n; i++) {
		const struct ep_metric *e =
			ep_row_metric(&r->totals[i], "energy_j");
		double j = e && isfinite(e->value) ? e->value : 1;

		set(&m->energy_j[i], "energy_j", j * factor, 1.2);
		set(&m->mean_w[i], "power_mean_w", factor, 0.1);
		set(&m->difference_j[i], "energy_j", j * (factor - 1), 2.5);
		if (m->primary)
			refuse(&m->difference_j[i], "");
	}
	set(&m->idle_w, "idle_power_w", 3, 0.1);
	refuse(&m->count_j, "");
	refuse(&m->count_difference_j, "");
	return m;
}

static struct ep_report *report_of(size_t room)
{
	struct ep_report *r = support_report();

	r->meters = calloc(room, sizeof(*r->meters));
	assert_non_null(r->meters);
	return r;
}

static void one_meter_alone_says_nothing_new(void **state)
{
	struct ep_report *r = report_of(1);
	struct ep_buf b;

	(void)state;
	(void)add_meter(r, "rapl.package_0", 1);
	render("text", r, &b);
	assert_lacks(&b, "Meters side by side");
	assert_lacks(&b, "By calibration");
	ep_buf_done(&b);
	/* Its own count does. */
	set(&r->meters[0].count_j, "energy_j", 120, 3);
	set(&r->meters[0].count_difference_j, "energy_j", 2, 4);
	render("text", r, &b);
	assert_has(&b, "Meters side by side");
	assert_has(&b, "rapl counted 120.0" PM "3.0 J itself; its power makes "
		       "122.0 J");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void meters_stand_beside_the_total(void **state)
{
	static const char *const formats[] = { "text", "md" };
	struct ep_report *r = report_of(3);
	struct ep_buf b;

	(void)state;
	(void)add_meter(r, "PMIC sum", 1);
	add_meter(r, "um34c.power", 1.005)->has_limits = false;
	refuse(&add_meter(r, "shelly.power", 1.2)->energy_j[r->total_count - 1],
	       "8 s is shorter than the 20 s this meter can judge");
	refuse(&r->meters[2].difference_j[r->total_count - 1], "8 s");
	for (size_t i = 0; i < 2; i++) {
		render(formats[i], r, &b);
		assert_has(&b, "Meters side by side");
		assert_has(&b, "the total");
		assert_has(&b, "+0.5 %");
		assert_has(&b, "um34c.power differs from the total by");
		assert_has(&b, "the 20 s this meter");
		assert_has(&b, ": um34c.power\n");
		assert_has(&b, "500 ms");
		ep_buf_done(&b);
	}
	render("text", r, &b);
	assert_narrow(&b);
	ep_buf_done(&b);
	r->meters[1].declared_refresh_ns = 0;
	render("text", r, &b);
	assert_has(&b, "unknown");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void disagreement_is_judged_by_both(void **state)
{
	struct ep_report *r = report_of(3);
	size_t run = r->total_count - 1;
	struct ep_buf b;

	(void)state;
	(void)add_meter(r, "a.p", 1);
	set(&add_meter(r, "b.p", 1)->difference_j[run], "energy_j", -2, 2.5);
	set(&add_meter(r, "c.p", 1)->difference_j[run], "energy_j", -9, 2.5);
	render("text", r, &b);
	assert_has(&b, "b.p differs from the total by -2.0" PM
		       "2.5 J: within what both");
	assert_has(&b, "c.p differs from the total by -9.0" PM
		       "2.5 J: more than both");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void many_meters_with_long_names_fit(void **state)
{
	struct ep_report *r = report_of(64);
	char name[128];
	struct ep_buf b;

	(void)state;
	for (int i = 0; i < 64; i++) {
		(void)ep_str_format(name, sizeof(name),
				    "%02d-a-meter-with-a-name-that-nobody-can-"
				    "read-in-a-table.power",
				    i);
		add_meter(r, name, 1 + i * 1e-3)->has_limits = false;
		if (i != 15)
			continue;
		render("text", r, &b);
		assert_narrow(&b);
		assert_has(&b, "15-a-meter");
		assert_lacks(&b, "more in report.json");
		ep_buf_done(&b);
	}
	render("text", r, &b);
	assert_narrow(&b);
	assert_has(&b, "16 more in report.json");
	ep_buf_done(&b);
	render("md", r, &b);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void json_has_all_of_it(void **state)
{
	struct ep_report *r = report_of(2);
	json_t *root, *meters, *first, *second;
	struct ep_buf b;

	(void)state;
	(void)add_meter(r, "a.p", 1);
	(void)add_meter(r, "b\x1b\xff.p", 1.5);
	render("json", r, &b);
	root = json_loads(b.data, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	meters = json_object_get(root, "meters");
	assert_int_equal(json_array_size(meters), 2);
	first = json_array_get(meters, 0);
	second = json_array_get(meters, 1);
	assert_true(json_is_true(json_object_get(first, "primary")));
	assert_null(json_object_get(first, "difference_j"));
	assert_non_null(json_object_get(json_object_get(second, "difference_j"),
					"run"));
	assert_true(json_is_null(json_object_get(
		json_object_get(second, "own_count_j"), "value")));
	assert_true(json_is_true(json_object_get(second, "accuracy_known")));
	assert_true(json_is_null(json_object_get(root, "calibrated")));
	json_decref(root);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void a_calibration_is_a_block_of_its_own(void **state)
{
	struct ep_report *r = report_of(1);
	struct ep_calibrated *c = &r->calibrated;
	size_t n = r->total_count;
	json_t *root, *block;
	struct ep_buf b;

	(void)state;
	(void)ep_str_copy(c->name, sizeof(c->name), "usb-c-meter");
	(void)ep_str_copy(c->target, sizeof(c->target), "at the plug");
	(void)ep_str_copy(c->source, sizeof(c->source), "somebody");
	(void)ep_str_copy(c->caveat, sizeof(c->caveat), "one board");
	c->energy_j = calloc(n, sizeof(*c->energy_j));
	c->mean_w = calloc(n, sizeof(*c->mean_w));
	assert_true(c->energy_j && c->mean_w);
	for (size_t i = 0; i < n; i++) {
		set(&c->energy_j[i], "energy_j", 47.13, (double)NAN);
		c->energy_j[i].status = EP_STATUS_ESTIMATED;
		set(&c->mean_w[i], "power_mean_w", 3.93, (double)NAN);
	}
	refuse(&c->energy_j[0], "no sample in it");
	render("text", r, &b);
	assert_narrow(&b);
	assert_has(&b, "By calibration (indicative)");
	assert_has(&b, "47.13");
	assert_has(&b, "at the plug, by usb-c-meter: one board");
	assert_has(&b, "source: somebody");
	assert_has(&b, "no sample in it");
	assert_lacks(&b, "47.13" PM);
	ep_buf_done(&b);
	render("json", r, &b);
	root = json_loads(b.data, JSON_REJECT_DUPLICATES, NULL);
	block = json_object_get(
		json_object_get(json_object_get(root, "calibrated"),
				"energy_j"),
		"run");
	assert_string_equal(json_string_value(json_object_get(block, "status")),
			    "estimated");
	assert_true(json_is_null(json_object_get(block, "u95")));
	json_decref(root);
	ep_buf_done(&b);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_meter_alone_says_nothing_new),
		cmocka_unit_test(meters_stand_beside_the_total),
		cmocka_unit_test(disagreement_is_judged_by_both),
		cmocka_unit_test(many_meters_with_long_names_fit),
		cmocka_unit_test(json_has_all_of_it),
		cmocka_unit_test(a_calibration_is_a_block_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

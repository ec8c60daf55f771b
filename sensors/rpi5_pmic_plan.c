/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/rpi5_pmic_parts.h"

#include <errno.h>
#include <string.h>

/*
 * Between two reads a line is drawn, so what a schedule misses grows with the
 * swing of a rail and with the time between its reads.  From idle to a load of
 * inference the core rail makes 2.88 W of a swing of 2.96 W: core and DDR are
 * given 95 %, the other rails 5 %.
 */
#define CORE_PERCENT 95
#define OTHERS_PERCENT 5
/* Full sweeps read all rails of a total at one instant: they stay unless the
 * other way is better by this. */
#define BETTER_PERCENT 80

#define PPM 1000000

static const uint8_t core_rails[] = { EP_PMIC_VDD_CORE, EP_PMIC_DDR_VDD2,
				      EP_PMIC_DDR_VDDQ };
/* One of these a round; then the voltages without a current. */
static const uint8_t other_rails[] = { 0, 1, 2, 5, 6, 8, 9, 10, 11 };
#define CORE_COUNT (sizeof(core_rails) / sizeof(core_rails[0]))
#define OTHER_COUNT (sizeof(other_rails) / sizeof(other_rails[0]))
_Static_assert(2 * CORE_COUNT + 2 == EP_PMIC_ROUND_CALLS, "calls of a round");
_Static_assert(OTHER_COUNT + 1 == EP_PMIC_TURNS, "rounds until all were read");
_Static_assert(CORE_COUNT + OTHER_COUNT == EP_PMIC_RAILS, "every rail");

/* To a whole number of microseconds, which is what people read. */
static int64_t period_of(int64_t cost_ns, int64_t budget_ppm,
			 int64_t interval_ns)
{
	int64_t ns = cost_ns / budget_ppm * PPM +
		     cost_ns % budget_ppm * PPM / budget_ppm;

	ns = (ns + 999) / 1000 * 1000;
	return ns > interval_ns ? ns : interval_ns;
}

struct ep_pmic_plan ep_pmic_schedule(enum ep_pmic_mode mode,
				     struct ep_pmic_costs costs,
				     int64_t budget_ppm, int64_t interval_ns)
{
	struct ep_pmic_plan p = { .mode = mode };

	if (mode == EP_PMIC_FULL) {
		p.period_ns = period_of(costs.full_ns, budget_ppm, interval_ns);
		p.others_ns = p.period_ns;
		return p;
	}
	p.period_ns = period_of(costs.single_ns * EP_PMIC_ROUND_CALLS,
				budget_ppm, interval_ns);
	p.others_ns = p.period_ns * EP_PMIC_TURNS;
	return p;
}

struct ep_pmic_plan ep_pmic_choose(struct ep_pmic_costs costs,
				   int64_t budget_ppm, int64_t interval_ns)
{
	struct ep_pmic_plan full =
		ep_pmic_schedule(EP_PMIC_FULL, costs, budget_ppm, interval_ns);
	struct ep_pmic_plan mixed;

	if (costs.single_ns <= 0)
		return full;
	mixed = ep_pmic_schedule(EP_PMIC_MIXED, costs, budget_ppm, interval_ns);
	return CORE_PERCENT * mixed.period_ns +
				       OTHERS_PERCENT * mixed.others_ns <=
			       BETTER_PERCENT * full.period_ns
		       ? mixed
		       : full;
}

void ep_pmic_round(size_t turn, uint8_t ret_wires[EP_PMIC_ROUND_CALLS])
{
	size_t other = turn % EP_PMIC_TURNS, n = 0;

	/* The two factors of a power one right after the other. */
	for (size_t i = 0; i < CORE_COUNT; i++) {
		ret_wires[n++] = (uint8_t)EP_PMIC_VOLTS(core_rails[i]);
		ret_wires[n++] = (uint8_t)EP_PMIC_AMPS(core_rails[i]);
	}
	if (other < OTHER_COUNT) {
		ret_wires[n++] = (uint8_t)EP_PMIC_VOLTS(other_rails[other]);
		ret_wires[n++] = (uint8_t)EP_PMIC_AMPS(other_rails[other]);
	} else {
		ret_wires[n++] = EP_PMIC_EXT5V;
		ret_wires[n++] = EP_PMIC_BATT;
	}
}

int ep_pmic_plan_make(struct ep_pmic_plan *ret, const struct ep_pmic_keys *keys,
		      struct ep_pmic_costs costs, int64_t interval_ns,
		      struct ep_err *err)
{
	bool mixed = strcmp(keys->schedule, "mixed") == 0;

	if (mixed && costs.single_ns == 0)
		return ep_err_set(err, -EOPNOTSUPP,
				  "schedule = mixed: this firmware reads no "
				  "single channel; use schedule = full");
	if (strcmp(keys->schedule, "auto") == 0)
		*ret = ep_pmic_choose(costs, keys->budget_ppm, interval_ns);
	else
		*ret = ep_pmic_schedule(mixed ? EP_PMIC_MIXED : EP_PMIC_FULL,
					costs, keys->budget_ppm, interval_ns);
	return 0;
}

static double ms(int64_t ns)
{
	return (double)ns * 1e-6;
}

void ep_pmic_plan_note(const struct ep_pmic_plan *plan,
		       const struct ep_pmic_keys *keys,
		       struct ep_pmic_costs costs,
		       struct ep_sensor_notes *notes)
{
	double budget_percent = (double)keys->budget_ppm * 1e-4;

	if (costs.single_ns > 0)
		ep_sensor_note(notes,
			       "one call takes %.3g ms for all channels, %.3g "
			       "ms for one",
			       ms(costs.full_ns), ms(costs.single_ns));
	else
		ep_sensor_note(notes,
			       "one call takes %.3g ms for all channels; a "
			       "single channel cannot be read",
			       ms(costs.full_ns));
	if (plan->mode == EP_PMIC_FULL)
		ep_sensor_note(notes,
			       "schedule: all channels every %.3g ms, up to "
			       "%.3g %% of the time in calls",
			       ms(plan->period_ns), budget_percent);
	else
		ep_sensor_note(notes,
			       "schedule: VDD_CORE and DDR every %.3g ms, the "
			       "other rails in turn, each every %.3g ms, up to "
			       "%.3g %% of the time in calls",
			       ms(plan->period_ns), ms(plan->others_ns),
			       budget_percent);
}

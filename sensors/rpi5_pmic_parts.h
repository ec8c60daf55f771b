/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_RPI5_PMIC_PARTS_H
#define EP_SENSORS_RPI5_PMIC_PARTS_H

#include "base/conf.h"
#include "base/err.h"
#include "base/sample.h"
#include "drivers/vcio.h"
#include "sensors/sensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The converter of the Pi 5's power chip (DA9091), as the firmware's command
 * pmic_read_adc tells of it: 12 currents, 14 voltages, 12 of them of one rail. */
#define EP_PMIC_WIRES 26
#define EP_PMIC_RAILS 12

/* The channel on the wire that carries a rail's current, and its voltage. */
#define EP_PMIC_AMPS(rail) (rail)
#define EP_PMIC_VOLTS(rail) (EP_PMIC_RAILS + (rail))
#define EP_PMIC_EXT5V 24
#define EP_PMIC_BATT 25

enum ep_pmic_rail {
	EP_PMIC_DDR_VDD2 = 3,
	EP_PMIC_DDR_VDDQ = 4,
	EP_PMIC_VDD_CORE = 7,
};

/* Names as in the text ("VDD_CORE_A") and of the product ("vdd_core"). */
extern const char *const ep_pmic_wire_names[EP_PMIC_WIRES];
extern const char *const ep_pmic_rail_names[EP_PMIC_RAILS];
extern const struct ep_channel ep_pmic_wires[EP_PMIC_WIRES];

enum ep_pmic_state {
	EP_PMIC_ABSENT, /* not in the reply */
	EP_PMIC_READ,
	EP_PMIC_ERROR, /* its line makes no sense */
};

struct ep_pmic_reply {
	int64_t values[EP_PMIC_WIRES]; /* uA, uV */
	uint8_t states[EP_PMIC_WIRES]; /* enum ep_pmic_state */
	size_t read_count, error_count;
};

/* A whole reply, of one channel or of all, in any order.  Returns how many
 * channels it speaks of; lines of other names are passed over. */
size_t ep_pmic_parse(const char *text, size_t len, struct ep_pmic_reply *ret);
/* Is the value the largest the converter can tell? */
bool ep_pmic_is_saturated(size_t wire, int64_t value);

struct ep_pmic_keys {
	int64_t budget_ppm;   /* of wall time in calls */
	int64_t gain_ppm;     /* of a product; 0 unknown */
	const char *schedule; /* "auto", "full", "mixed"; lives in the conf */
};
int ep_pmic_take_keys(struct ep_pmic_keys *keys, const struct ep_conf *conf,
		      struct ep_err *err) EP_MUST_CHECK;

#define EP_PMIC_COMMAND "pmic_read_adc"

/* The mailbox and the last reply. */
struct ep_pmic_reader {
	struct ep_vcio vcio;
	int64_t (*now_ns)(void);
	struct ep_pmic_reply reply;
};

/* Every channel by one call, into reply. */
int ep_pmic_sweep(struct ep_pmic_reader *reader,
		  struct ep_err *err) EP_MUST_CHECK;
/* One channel by a call of its own. */
int ep_pmic_read_one(struct ep_pmic_reader *reader, size_t wire,
		     int64_t *ret) EP_MUST_CHECK;

enum ep_pmic_mode {
	EP_PMIC_FULL,  /* every channel by one call, as often as allowed */
	EP_PMIC_MIXED, /* core and DDR by single calls, the others in turn */
};

/* What one call costs. */
struct ep_pmic_costs {
	int64_t full_ns;
	int64_t single_ns; /* 0: single calls do not work here */
};

/* Times a few calls of each kind; seen has the channels that were read in any
 * of them.  Fails when no call read one. */
int ep_pmic_time_calls(struct ep_pmic_reader *reader, struct ep_pmic_costs *ret,
		       struct ep_pmic_reply *seen,
		       struct ep_err *err) EP_MUST_CHECK;

struct ep_pmic_plan {
	enum ep_pmic_mode mode;
	int64_t period_ns; /* of a poll; refresh of the core and DDR rails */
	int64_t others_ns; /* refresh of the other rails */
};

/*
 * The schedule that gives the fastest figures within a budget of wall time in
 * calls (parts per million), polling no faster than interval_ns.
 */
struct ep_pmic_plan ep_pmic_choose(struct ep_pmic_costs costs,
				   int64_t budget_ppm, int64_t interval_ns);
/* The same with the mode given. */
struct ep_pmic_plan ep_pmic_schedule(enum ep_pmic_mode mode,
				     struct ep_pmic_costs costs,
				     int64_t budget_ppm, int64_t interval_ns);

/* As the keys say, and what people are told of it. */
int ep_pmic_plan_make(struct ep_pmic_plan *ret, const struct ep_pmic_keys *keys,
		      struct ep_pmic_costs costs, int64_t interval_ns,
		      struct ep_err *err) EP_MUST_CHECK;
void ep_pmic_plan_note(const struct ep_pmic_plan *plan,
		       const struct ep_pmic_keys *keys,
		       struct ep_pmic_costs costs,
		       struct ep_sensor_notes *notes);

/* The channels that poll number turn of a mixed schedule reads, in order. */
#define EP_PMIC_ROUND_CALLS 8
#define EP_PMIC_TURNS 10
void ep_pmic_round(size_t turn, uint8_t ret_wires[EP_PMIC_ROUND_CALLS]);

#endif

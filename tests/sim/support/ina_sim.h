/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_INA_SIM_H
#define EP_TESTS_SIM_SUPPORT_INA_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/support/profile.h"

/*
 * The registers of TI's power monitors, written from their data sheets and not
 * from sensors/: converts in the time that its configuration says, each value
 * the mean of the script over that conversion.
 */
enum ina_model {
	INA_219,
	INA_226,
	INA_228,
	INA_237,
	INA_238,
	INA_260,
	INA_3221,
	INA_230, /* as INA226, without identity registers */
};

struct ina_sim {
	enum ina_model model;
	double shunt_ohm, volts;
	struct profile *profile; /* first rail; the others half and a quarter */
	bool wrong_id;
	/* Below: its state. */
	uint16_t registers[256];
	double since_s;		/* conversions run since then */
	double energy_since_s;	/* the accumulators */
	double energy_before_j; /* counted with settings before */
	double charge_before_c;
	long long energy_turns, charge_turns; /* that a read found */
	long long seen; /* conversions that a flag was read for */
};

/* "ina228"; -1. */
int ina_sim_model(const char *name);
/* As at power-on. */
void ina_sim_reset(struct ina_sim *s, double t_s);
/* len bytes of a register; false when it has none of that width. */
bool ina_sim_read(struct ina_sim *s, uint8_t reg, int len, double t_s,
		  uint8_t *ret);
void ina_sim_write(struct ina_sim *s, uint8_t reg, uint16_t value, double t_s);
double ina_sim_cycle_s(const struct ina_sim *s);

#endif

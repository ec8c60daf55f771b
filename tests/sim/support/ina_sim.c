/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/ina_sim.h"

#include <math.h>
#include <string.h>

#define MAKER 0x5449

static const char *const names[] = { "ina219", "ina226", "ina228",  "ina237",
				     "ina238", "ina260", "ina3221", "ina230" };

int ina_sim_model(const char *name)
{
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* INA228, INA237, INA238 have the newer map. */
static bool is_new(const struct ina_sim *s)
{
	return s->model == INA_228 || s->model == INA_237 ||
	       s->model == INA_238;
}

static void identify(struct ina_sim *s)
{
	static const uint16_t dies[] = { 0,	 0x2260, 0x2281, 0,
					 0x2381, 0x2270, 0x3220, 0 };
	uint16_t die = dies[s->model];

	if (is_new(s)) {
		s->registers[0x3e] = MAKER;
		s->registers[0x3f] = die;
	} else if (die != 0) {
		s->registers[0xfe] = MAKER;
		s->registers[0xff] = die;
	}
	if (s->wrong_id)
		s->registers[0x3e] = s->registers[0xfe] = 0x1234;
}

void ina_sim_reset(struct ina_sim *s, double t_s)
{
	static const uint16_t configs[] = { 0x399f, 0x4127, 0,	    0,
					    0,	    0x6127, 0x7127, 0x4127 };

	memset(s->registers, 0, sizeof(s->registers));
	s->registers[0] = configs[s->model];
	if (is_new(s))
		s->registers[1] = 0xfb68;
	if (is_new(s))
		s->registers[2] = 0x1000;
	identify(s);
	s->since_s = s->energy_since_s = t_s;
	s->energy_before_j = s->charge_before_c = 0;
	s->energy_turns = s->charge_turns = 0;
	s->seen = 0;
}

static double new_cycle_s(unsigned adc)
{
	static const double us[] = { 50, 84, 150, 280, 540, 1052, 2074, 4170 };
	static const int averages[] = { 1, 4, 16, 64, 128, 256, 512, 1024 };
	double sum = 0;

	if (adc & 0x1000)
		sum += us[adc >> 9 & 7];
	if (adc & 0x2000)
		sum += us[adc >> 6 & 7];
	if (adc & 0x4000)
		sum += us[adc >> 3 & 7];
	return adc & 0x8000 ? sum * averages[adc & 7] * 1e-6 : 0;
}

static double ina219_s(unsigned code)
{
	static const double us[] = { 84, 148, 276, 532 };

	return code & 8 ? ldexp(532e-6, (int)(code & 7)) : us[code & 3] * 1e-6;
}

/* 0: it does not convert by itself. */
double ina_sim_cycle_s(const struct ina_sim *s)
{
	static const double us[] = {
		140, 204, 332, 588, 1100, 2116, 4156, 8244
	};
	static const int averages[] = { 1, 4, 16, 64, 128, 256, 512, 1024 };
	unsigned c = s->registers[0];
	double sum;

	if (is_new(s))
		return new_cycle_s(s->registers[1]);
	if ((c & 7) != 7)
		return 0;
	if (s->model == INA_219)
		return ina219_s(c >> 7 & 15) + ina219_s(c >> 3 & 15);
	sum = (us[c >> 6 & 7] + us[c >> 3 & 7]) * averages[c >> 9 & 7] * 1e-6;
	if (s->model == INA_3221)
		sum *= (c >> 14 & 1) + (c >> 13 & 1) + (c >> 12 & 1);
	return sum;
}

static long long conversions(const struct ina_sim *s, double t_s)
{
	double cycle_s = ina_sim_cycle_s(s);

	return cycle_s > 0 ? (long long)floor((t_s - s->since_s) / cycle_s) : 0;
}

/* Whole conversions up to t_s since the accumulators were cleared. */
static double flowed_j(const struct ina_sim *s, double t_s)
{
	double to_s =
		s->since_s + (double)conversions(s, t_s) * ina_sim_cycle_s(s);
	double from_s = s->energy_since_s;

	return to_s > from_s ? profile_j(s->profile, from_s, to_s) : 0;
}

/* Without a sign; so a script that changes its sign is not for this. */
static double counted_j(const struct ina_sim *s, double t_s)
{
	return s->energy_before_j + fabs(flowed_j(s, t_s));
}

static double counted_c(const struct ina_sim *s, double t_s)
{
	return s->charge_before_c + flowed_j(s, t_s) / s->volts;
}

static double amps_at(const struct ina_sim *s, int rail, double t_s)
{
	double cycle_s = ina_sim_cycle_s(s);
	double to_s = s->since_s + (double)conversions(s, t_s) * cycle_s;

	if (cycle_s <= 0 || to_s <= s->since_s)
		return 0;
	return ldexp(profile_j(s->profile, to_s - cycle_s, to_s) / cycle_s /
			     s->volts,
		     -rail);
}

static int64_t clip(double value, double end)
{
	return llround(fmin(fmax(value, -end - 1), end));
}

static bool take_flag(struct ina_sim *s, double t_s, bool clear)
{
	long long n = conversions(s, t_s);
	bool set = n > s->seen;

	if (set && clear)
		s->seen = n;
	return set;
}

static int64_t ina219(struct ina_sim *s, uint8_t reg, double t_s)
{
	unsigned c = s->registers[0];
	double volts_max = c & 0x2000 ? 8000 : 4000;

	switch (reg) {
	case 0x01:
		return clip(amps_at(s, 0, t_s) * s->shunt_ohm / 10e-6,
			    4000 << (c >> 11 & 3));
	case 0x02:
		return clip(s->volts / 4e-3, volts_max) << 3 |
		       take_flag(s, t_s, false) << 1;
	case 0x03:
		take_flag(s, t_s, true);
		return 0;
	case 0x04: /* by the calibration, 0 after a reset */
		return s->registers[5] ? 1 : 0;
	default:
		return s->registers[reg];
	}
}

static int64_t ina226(struct ina_sim *s, uint8_t reg, double t_s)
{
	switch (reg) {
	case 0x01:
		return clip(s->model == INA_260 ? amps_at(s, 0, t_s) / 1.25e-3
						: amps_at(s, 0, t_s) *
							  s->shunt_ohm / 2.5e-6,
			    32767);
	case 0x02:
		return clip(s->volts / 1.25e-3, 32767);
	case 0x06:
		return (s->registers[reg] & ~8) | take_flag(s, t_s, true) << 3;
	default:
		return s->registers[reg];
	}
}

static int64_t ina3221(struct ina_sim *s, uint8_t reg, double t_s)
{
	int rail = (reg - 1) / 2;

	if (reg >= 0x01 && reg <= 0x06 && !(s->registers[0] >> (14 - rail) & 1))
		return 0;
	if (reg >= 0x01 && reg <= 0x06 && reg % 2 == 1)
		return clip(amps_at(s, rail, t_s) * s->shunt_ohm / 40e-6,
			    4095) *
		       8;
	if (reg >= 0x01 && reg <= 0x06)
		return clip(s->volts / 8e-3, 4095) * 8;
	if (reg == 0x0f)
		return (s->registers[reg] & ~1) | take_flag(s, t_s, true);
	return s->registers[reg];
}

/* Steps counted; they stand while the calibration is 0. */
static double steps_of(const struct ina_sim *s, double counted, double per_amp)
{
	double fine = s->registers[0] & 0x10 ? 4 : 1;
	double step_a = s->registers[2] / (13107.2e6 * s->shunt_ohm * fine);

	return step_a > 0 ? floor(counted / (per_amp * step_a)) : 0;
}

static double energy_steps(const struct ina_sim *s, double t_s)
{
	return steps_of(s, counted_j(s, t_s), 16 * 3.2);
}

static double charge_steps(const struct ina_sim *s, double t_s)
{
	return steps_of(s, counted_c(s, t_s), 1);
}

static long long energy_turns(const struct ina_sim *s, double t_s)
{
	return (long long)floor(ldexp(energy_steps(s, t_s), -40));
}

static long long charge_turns(const struct ina_sim *s, double t_s)
{
	return (long long)floor(ldexp(charge_steps(s, t_s), -40) + 0.5);
}

static int64_t take_diagnosis(struct ina_sim *s, double t_s)
{
	return (s->registers[0x0b] & ~2) | take_flag(s, t_s, true) << 1 |
	       (charge_turns(s, t_s) != s->charge_turns) << 10 |
	       (energy_turns(s, t_s) != s->energy_turns) << 11;
}

static int64_t ina228(struct ina_sim *s, uint8_t reg, double t_s)
{
	bool wide = s->model == INA_228;
	double fine = s->registers[0] & 0x10 ? 4 : 1;
	double shunt_v = amps_at(s, 0, t_s) * s->shunt_ohm;

	switch (reg) {
	case 0x04:
		return wide ? clip(shunt_v * fine / 312.5e-9, 524287) * 16
			    : clip(shunt_v * fine / 5e-6, 32767);
	case 0x05:
		return wide ? clip(s->volts / 195.3125e-6, 524287) * 16
			    : clip(s->volts / 3.125e-3, 32767);
	case 0x09:
		s->energy_turns = energy_turns(s, t_s);
		return (int64_t)energy_steps(s, t_s);
	case 0x0a:
		s->charge_turns = charge_turns(s, t_s);
		return (int64_t)charge_steps(s, t_s);
	case 0x0b:
		return take_diagnosis(s, t_s);
	default:
		return s->registers[reg];
	}
}

static int width(const struct ina_sim *s, uint8_t reg)
{
	if (s->model == INA_228 && (reg == 0x09 || reg == 0x0a))
		return 5;
	if (s->model == INA_228 &&
	    (reg == 0x04 || reg == 0x05 || reg == 0x07 || reg == 0x08))
		return 3;
	return 2;
}

bool ina_sim_read(struct ina_sim *s, uint8_t reg, int len, double t_s,
		  uint8_t *ret)
{
	int64_t value;

	if (len != width(s, reg))
		return false;
	if (is_new(s))
		value = ina228(s, reg, t_s);
	else if (s->model == INA_219)
		value = ina219(s, reg, t_s);
	else if (s->model == INA_3221)
		value = ina3221(s, reg, t_s);
	else
		value = ina226(s, reg, t_s);
	for (int i = len; i-- > 0; value >>= 8)
		ret[i] = (uint8_t)(value & 0xff);
	return true;
}

void ina_sim_write(struct ina_sim *s, uint8_t reg, uint16_t value, double t_s)
{
	double before_j = counted_j(s, t_s), before_c = counted_c(s, t_s);
	bool times = reg == (is_new(s) ? 1 : 0);

	if (reg == 0 && value & 0x8000) {
		ina_sim_reset(s, t_s);
		return;
	}
	if (s->registers[2] == 0 && is_new(s) && reg == 2) {
		before_j = before_c = 0;
		s->energy_since_s = t_s;
	}
	s->registers[reg] = value;
	/* Converts from the start. */
	if (times) {
		s->energy_before_j = before_j;
		s->charge_before_c = before_c;
		s->since_s = s->energy_since_s = t_s;
		s->seen = 0;
	}
}

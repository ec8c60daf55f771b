/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_trace FILE SHAPE RATE_HZ SECONDS [FROM_S TO_S]
 *
 * Writes the raw CSV of a power sensor that saw a known function of time, for
 * the replay sensor, and prints the exact energy over the window (default: all)
 * from its antiderivative.
 *
 * constant  5 W
 * ramp      2 W + 0.5 W/s * t
 * square    8 W in the first half of every second, 2 W in the other
 * sine      5 W + 3 W * sin(2 pi * 37 Hz * t)
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define TWO_PI 6.283185307179586
#define SINE_HZ 37.0

struct shape {
	const char *name;
	double (*power_w)(double t_s);
	double (*energy_j)(double t_s); /* since 0 */
};

static double constant_w(double t_s)
{
	(void)t_s;
	return 5.0;
}

static double constant_j(double t_s)
{
	return 5.0 * t_s;
}

static double ramp_w(double t_s)
{
	return 2.0 + 0.5 * t_s;
}

static double ramp_j(double t_s)
{
	return 2.0 * t_s + 0.25 * t_s * t_s;
}

static double square_w(double t_s)
{
	return t_s - floor(t_s) < 0.5 ? 8.0 : 2.0;
}

static double square_j(double t_s)
{
	double whole = floor(t_s);
	double part = t_s - whole;

	return 5.0 * whole + 8.0 * fmin(part, 0.5) +
	       2.0 * fmax(part - 0.5, 0.0);
}

static double sine_w(double t_s)
{
	return 5.0 + 3.0 * sin(TWO_PI * SINE_HZ * t_s);
}

static double sine_j(double t_s)
{
	return 5.0 * t_s +
	       3.0 * (1.0 - cos(TWO_PI * SINE_HZ * t_s)) / (TWO_PI * SINE_HZ);
}

static const struct shape shapes[] = {
	{ "constant", constant_w, constant_j },
	{ "ramp", ramp_w, ramp_j },
	{ "square", square_w, square_j },
	{ "sine", sine_w, sine_j },
};

static const struct shape *find_shape(const char *name)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	}
	return NULL;
}

static int write_trace(const char *path, const struct shape *shape,
		       double rate_hz, double seconds)
{
	int64_t count = (int64_t)floor(seconds * rate_hz + 1e-9);
	FILE *f = fopen(path, "we");

	if (!f)
		return -1;
	(void)fputs("t_ns,span_ns,flags,total_uw\n", f);
	for (int64_t i = 0; i <= count; i++) {
		double t_s = (double)i / rate_hz;

		(void)fprintf(f, "%lld,0,0,%lld\n", llround(t_s * 1e9),
			      llround(shape->power_w(t_s) * 1e6));
	}
	return fclose(f);
}

int main(int argc, char **argv)
{
	const struct shape *shape = argc > 2 ? find_shape(argv[2]) : NULL;
	double rate_hz = 0.0;
	double seconds = 0.0;
	double from_s = 0.0;
	double to_s;
	double energy_j;
	int bad = (argc != 5 && argc != 7) || !shape ||
		  ep_num_parse_f64(argv[3], &rate_hz) < 0 ||
		  ep_num_parse_f64(argv[4], &seconds) < 0;

	to_s = seconds;
	if (!bad && argc == 7)
		bad = ep_num_parse_f64(argv[5], &from_s) < 0 ||
		      ep_num_parse_f64(argv[6], &to_s) < 0;
	if (bad || rate_hz <= 0.0 || rate_hz > 1e6 || seconds <= 0.0 ||
	    to_s <= from_s || from_s < 0.0) {
		fprintf(stderr, "usage: make_trace FILE constant|ramp|square|"
				"sine RATE_HZ SECONDS [FROM_S TO_S]\n");
		return 2;
	}
	if (write_trace(argv[1], shape, rate_hz, seconds) != 0) {
		perror(argv[1]);
		return 1;
	}
	energy_j = shape->energy_j(to_s) - shape->energy_j(from_s);
	printf("{\"energy_j\":%.9f,\"power_mean_w\":%.9f}\n", energy_j,
	       energy_j / (to_s - from_s));
	return 0;
}

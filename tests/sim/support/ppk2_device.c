/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/ppk2_device.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Each range has a calibration of its own. */
static const double ohms[] = { 1030, 101.5, 10.2, 0.95, 0.0431 };
static const double offset[] = { 20, 18, 15, 12, 100 };
static const double gain[] = { 1.01, 0.99, 1.02, 0.98, 1.03 };
static const double zero[] = { 1e-8, 2e-8, 3e-7, 4e-6, 1e-4 };

void ppk2_about(char *ret, size_t size, double vdd_mv, const char *mode)
{
	size_t n = (size_t)snprintf(ret, size, "Calibrated: 1\n");

	for (int i = 0; i < 5; i++)
		n += (size_t)snprintf(
			ret + n, size - n,
			"R%d: %.4f\nGS%d: %.6f\nGI%d: %.6f\nO%d: %.4f\n"
			"S%d: -nan\nI%d: %.9f\nUG%d: 1\n",
			i, ohms[i], i, 0.5, i, gain[i], i, offset[i], i, i,
			zero[i], i);
	n += (size_t)snprintf(ret + n, size - n, "VDD: %.0f\nHW: 42732\n",
			      vdd_mv);
	if (strcmp(mode, "none") != 0)
		n += (size_t)snprintf(ret + n, size - n, "mode: %d\n",
				      strcmp(mode, "source") == 0 ? 2 : 1);
	(void)snprintf(ret + n, size - n, "IA: 56\nEND\n");
}

uint32_t ppk2_adc(double amps, double dither)
{
	static const double most[] = { 50e-6, 500e-6, 5e-3, 60e-3 };
	unsigned r = 0;
	double lsb, x, y, counts;

	while (r < 4 && amps > most[r])
		r++;
	lsb = 1.8 / 163840 / ohms[r];
	y = amps - zero[r];
	/* 0.5 x^2 + gain x = y */
	x = (sqrt(gain[r] * gain[r] + 2 * y) - gain[r]);
	counts = (x / lsb + offset[r]) / 4 + dither;
	if (counts < 0)
		counts = 0;
	if (counts > 16383)
		counts = 16383;
	return (uint32_t)counts | r << 14;
}

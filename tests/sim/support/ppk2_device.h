/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_PPK2_DEVICE_H
#define EP_TESTS_SIM_SUPPORT_PPK2_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* A PPK2 whose ranges each have a calibration of their own. */

/* Its answer to "get metadata", at most 2047 bytes. */
void ppk2_about(char *ret, size_t size, double vdd_mv, const char *mode);
/* ADC and range bits that tell these amperes.  dither, 0 to 1, drawn anew for
 * each: what a count is too coarse for is then right on average. */
uint32_t ppk2_adc(double amps, double dither);

#endif

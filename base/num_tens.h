/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_NUM_TENS_H
#define EP_BASE_NUM_TENS_H

#include <stdint.h>

/* Shared by num.c and num_put.c only. */
#define EP_NUM_SCALE_MAX 18

/* 10^0 ... 10^19 */
extern const uint64_t ep_num_tens[EP_NUM_SCALE_MAX + 2];

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_GPIO_PARTS_H
#define EP_DRIVERS_GPIO_PARTS_H

#include "drivers/gpio.h"

struct gpiod_chip;

/* errno of the last call of libgpiod, negative. */
int ep_gpio_error(void);
/* The chip by label, name or path; errors as ep_gpio_open(). */
int ep_gpio_open_chip(const char *text, struct gpiod_chip **ret,
		      struct ep_gpio_about *ret_about,
		      struct ep_err *err) EP_MUST_CHECK;

#endif

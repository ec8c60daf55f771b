/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_GPIO_H
#define EP_DRIVERS_GPIO_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One input line of a GPIO chip, whose edges the kernel stamps; by libgpiod 1.6
 * or 2.  Only in builds with it (EP_WITH_GPIOD). */
#define EP_GPIO_EDGES_MAX 64

enum ep_gpio_bias { EP_GPIO_AS_IS, EP_GPIO_PULL_UP, EP_GPIO_PULL_DOWN };

struct ep_gpio_wish {
	const char *chip; /* label, "gpiochip0" or "/dev/gpiochip0" */
	const char *line; /* number on the chip, or name */
	enum ep_gpio_bias bias;
};

struct ep_gpio_about {
	char chip[32];	/* "gpiochip0" */
	char label[32]; /* "pinctrl-rp1" */
	char name[32];	/* of the line, "" none */
	unsigned offset, line_count;
};

struct ep_gpio_edge {
	int64_t t_ns; /* CLOCK_MONOTONIC */
	bool rising;
	bool lost; /* others before it were, or may have been */
};

struct ep_gpio; /* a line that is watched */

/*
 * Takes the line as an input and has both its edges told.  -ENODEV (no such
 * chip), -ENOTUNIQ (several with that label), -ENXIO (no such line), -EACCES,
 * -EBUSY, -EOPNOTSUPP, each with a sentence.
 */
int ep_gpio_open(const struct ep_gpio_wish *wish, struct ep_gpio **ret,
		 struct ep_err *err) EP_MUST_CHECK;
void ep_gpio_close(struct ep_gpio *gpio);

const struct ep_gpio_about *ep_gpio_about(const struct ep_gpio *gpio);
/* Readable when there are edges. */
int ep_gpio_fd(const struct ep_gpio *gpio);
/* 1 high, 0 low, -errno. */
int ep_gpio_level(struct ep_gpio *gpio) EP_MUST_CHECK;
/* The edges that are there, EP_GPIO_EDGES_MAX at most, without waiting; their
 * number.  -ENODEV: the chip is gone; close it. */
int ep_gpio_read(struct ep_gpio *gpio,
		 struct ep_gpio_edge ret[EP_GPIO_EDGES_MAX]) EP_MUST_CHECK;

#endif

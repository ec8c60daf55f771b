/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_GPIOD_H
#define EP_TESTS_UNIT_SUPPORT_GPIOD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A GPIO chip that is not there: test programs have the functions of libgpiod
 * (of either version) that touch the kernel themselves.  It is at
 * FAKE_GPIO_NODE, labelled "bank", with 8 lines, of which 3 is named "s0".
 */
#define FAKE_GPIO_NODE "/dev/gpiochip901"

struct fake_gpio_edge {
	int64_t t_ns;
	bool rising;
	uint32_t seqno;
};

struct fake_gpio {
	bool gone, owned;
	int open_error, request_error, level, bias;
	int fds[2];
	uint32_t seqno;
	struct fake_gpio_edge read[64];
	int opened_count, closed_count;
};
extern struct fake_gpio fake_gpio;

void fake_gpio_reset(void);
void fake_gpio_edge(int64_t t_ns, bool rising);
/* The chip is unplugged. */
void fake_gpio_unplug(void);

#endif

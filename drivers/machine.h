/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_MACHINE_H
#define EP_DRIVERS_MACHINE_H

#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>

/* What this machine says it is; "" where it does not say. */

/* The device tree's model: "Raspberry Pi 5 Model B Rev 1.0" */
void ep_machine_model(const struct ep_root *root, char *ret, size_t size);
/* Is one of the device tree's compatible strings exactly this? */
bool ep_machine_compatible(const struct ep_root *root, const char *wanted);
/* All of them, most exact first, separated by ", ". */
void ep_machine_compatibles(const struct ep_root *root, char *ret, size_t size);
/* Maker and product as the firmware of a PC tells them (DMI). */
void ep_machine_product(const struct ep_root *root, char *ret, size_t size);
/*
 * The kernel's machine: "x86_64", "aarch64".  Below a root of its own only what
 * is written there counts (/proc/sys/kernel/arch, kernel 6.1).
 */
void ep_machine_arch(const struct ep_root *root, char *ret, size_t size);

#endif

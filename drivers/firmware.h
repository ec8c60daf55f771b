/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_FIRMWARE_H
#define EP_DRIVERS_FIRMWARE_H

#include "base/root.h"

#include <stddef.h>

/* What started this machine, from files that anybody may read; "" where it
 * does not tell. */
struct ep_firmware {
	char bootloader[160]; /* Raspberry Pi's EEPROM: time (UTC), version */
	char l4t[40];	      /* Jetson Linux: "36.4.3" */
	char bios[160];	      /* vendor, version and date (DMI) */
};
void ep_firmware_read(const struct ep_root *root, struct ep_firmware *ret);

/* "# R36 (release), REVISION: 4.3, ..." to "36.4.3"; "" no such line. */
void ep_firmware_parse_l4t(const char *text, char *ret, size_t size);
/* What the VideoCore of a Raspberry Pi answers to "version": time and version
 * in one line, without the copyright. */
void ep_firmware_parse_videocore(const char *text, char *ret, size_t size);

#endif

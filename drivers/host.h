/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_HOST_H
#define EP_DRIVERS_HOST_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>
#include <stdint.h>

/* Facts about the machine that go into run.json; -errno where unknown. */
int ep_host_perf_paranoid(int64_t *ret) EP_MUST_CHECK;
int ep_host_boot_id(char *ret, size_t size) EP_MUST_CHECK;
/* The device tree's serial-number, or the DMI product serial (root only); of
 * this very board.  -ENOENT: it tells none. */
int ep_host_serial(const struct ep_root *root, char *ret,
		   size_t size) EP_MUST_CHECK;
/*
 * The same in six hex digits, equal for one board in every run: SHA-256 of a
 * fixed text and the number, cut to 24 bits.  Serial numbers are short (a
 * Raspberry Pi's has 32 random bits), so a whole hash could be tried through;
 * of 24 bits hundreds of boards have each value.
 */
#define EP_HOST_SERIAL_HASH_BYTES 7
int ep_host_serial_hash(const struct ep_root *root,
			char ret[EP_HOST_SERIAL_HASH_BYTES]) EP_MUST_CHECK;
/* Of the first cpufreq policy. */
int ep_host_governor(const struct ep_root *root, char *ret,
		     size_t size) EP_MUST_CHECK;
/* The kernel's list, such as "0-3". */
int ep_host_cpus_online(const struct ep_root *root, char *ret,
			size_t size) EP_MUST_CHECK;
/* Those that could be online. */
int ep_host_cpus_present(const struct ep_root *root, char *ret,
			 size_t size) EP_MUST_CHECK;

#endif

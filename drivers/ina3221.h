/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_INA3221_H
#define EP_DRIVERS_INA3221_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Three-channel power monitor of Jetson modules, through either kernel driver:
 * "ina3221" (hwmon, mainline and JetPack 5 and later) or "ina3221x" (IIO, L4T
 * kernels up to JetPack 4).
 */
#define EP_INA3221_CHIPS_MAX 8
#define EP_INA3221_RAILS 3 /* per chip */

/* Steps and ends of the registers, SBOS576. */
#define EP_INA3221_BUS_STEP_UV INT64_C(8000)
#define EP_INA3221_BUS_MAX_UV INT64_C(32760000)
#define EP_INA3221_SHUNT_STEP_UV INT64_C(40)
#define EP_INA3221_SHUNT_MAX_UV INT64_C(163840)

enum ep_ina3221_kind { EP_INA3221_HWMON, EP_INA3221_IIO };

struct ep_ina3221_chip {
	enum ep_ina3221_kind kind;
	char device[24]; /* "1-0040": bus and address */
	char dir[160];	 /* where its files are now: hwmonN may change */
};

/*
 * Chips whose device matches the glob, hwmon first, ordered by device.  One
 * that is bound but has no files yet has an empty dir.  The count (0: none) or
 * -errno.
 */
int ep_ina3221_chips(const struct ep_root *root, const char *glob,
		     struct ep_ina3221_chip *chips, size_t max) EP_MUST_CHECK;
/* Looks dir up again, after a driver was bound anew; -ENODEV. */
int ep_ina3221_locate(const struct ep_root *root,
		      struct ep_ina3221_chip *chip) EP_MUST_CHECK;

/* How the chip converts; 0 where it does not tell. */
struct ep_ina3221_timing {
	int64_t samples;   /* averaged */
	int64_t update_ns; /* one conversion of everything */
};
void ep_ina3221_timing(const struct ep_root *root,
		       const struct ep_ina3221_chip *chip,
		       struct ep_ina3221_timing *ret);

/*
 * A descriptor that tells how an IIO chip converts now: its driver may change
 * that by itself, on demand while the processors are at rest, continuously
 * under load.  -errno; -ENOENT of hwmon.
 */
int ep_ina3221_open_mode(const struct ep_root *root,
			 const struct ep_ina3221_chip *chip) EP_MUST_CHECK;
bool ep_ina3221_on_demand(int mode_fd);

/* What the kernel says about one of its three channels, number 0 to 2. */
struct ep_ina3221_about {
	char label[40];	    /* "" none */
	int64_t shunt_uohm; /* -1 not told */
	bool off;	    /* switched off */
	bool there;	    /* has files at all */
};
void ep_ina3221_about(const struct ep_root *root,
		      const struct ep_ina3221_chip *chip, int number,
		      struct ep_ina3221_about *ret);

/* The descriptors of one channel. */
struct ep_ina3221_rail {
	enum {
		EP_INA3221_TWO,	  /* volts and amps, of two conversions */
		EP_INA3221_PAIR,  /* both in one text, of one conversion */
		EP_INA3221_POWER, /* one figure, computed by the driver */
	} form;
	int fds[2]; /* -1 none */
};
/* The best form there is; -errno. */
int ep_ina3221_open(const struct ep_root *root,
		    const struct ep_ina3221_chip *chip, int number,
		    struct ep_ina3221_rail *ret) EP_MUST_CHECK;
void ep_ina3221_close(struct ep_ina3221_rail *rail);

struct ep_ina3221_reading {
	int64_t uv, ua, uw; /* those the form has */
	int volts_error;    /* 0 or -errno; of PAIR and POWER both the same */
	int amps_error;
};
/*
 * Reads the rail; may wait for two conversions.  What no register can hold is
 * -ERANGE: amps_max_ua is the end of the scale with this shunt.
 */
void ep_ina3221_read(const struct ep_ina3221_rail *rail, int64_t amps_max_ua,
		     struct ep_ina3221_reading *ret);

/*
 * The files, and what to write into them in this order, that make the chip
 * convert as fast as it can; the count, 0 where there are none.  Nothing is
 * written here.  Write what they held in the same order to undo it: the
 * meaning of update_interval follows samples.  Over-current alarms use the same
 * conversions.
 */
struct ep_ina3221_setting {
	char path[200];
	char value[8];
};
size_t ep_ina3221_fast(const struct ep_root *root,
		       const struct ep_ina3221_chip *chip,
		       struct ep_ina3221_setting ret[2]);

#endif

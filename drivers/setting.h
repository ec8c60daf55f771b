/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SETTING_H
#define EP_DRIVERS_SETTING_H

#include "base/env.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What can be read and set on a board: a table of kinds, one .c per family
 * (drivers/setting_<family>.c).  A setting is a kind and a target; its state is
 * one line of text, without control bytes, which write() takes back.
 *
 * Every call may also come from the guardian: a process of its own without
 * threads, its standard streams on the null device, all signals ignored (a
 * program that it starts must get SIG_DFL back).  Calls may block for seconds,
 * never for ever.
 */
#define EP_SETTING_KIND_BYTES 24
#define EP_SETTING_TARGET_BYTES 320
#define EP_SETTING_VALUE_BYTES 512

struct ep_setting_ops {
	const char *name; /* "file", "nvpmodel"; goes into the journal */
	/* The board comes up with it after a reboot. */
	bool outlives_reboot;

	/*
	 * The present state: its length, -ENOENT when the setting has gone (its
	 * CPUs are off), -errno.  NULL: an action (drop-caches) that has no
	 * state; it is done, told, and there is nothing to put back.
	 */
	int (*read)(const struct ep_env *env, const char *target, char *ret,
		    size_t size, struct ep_err *err);
	/* Sets it; 0 or -errno.  Order within it is its own business (a range
	 * never crosses itself). */
	int (*write)(const struct ep_env *env, const char *target,
		     const char *value, struct ep_err *err);

	/* All below may be NULL. */

	/* As read, before the first change: may also keep in the state folder
	 * (base/state.h) what write() needs to come back to the text it
	 * returns.  NULL: read.  forget() drops that when it is not needed any
	 * more. */
	int (*save)(const struct ep_env *env, const char *target, char *ret,
		    size_t size, struct ep_err *err);
	void (*forget)(const struct ep_env *env, const char *target,
		       const char *saved);
	/* Do two texts mean one state?  NULL: equal texts. */
	bool (*same)(const char *a, const char *b);
	/* Is this a right outcome of asking for that (drivers round clocks)?
	 * NULL: same. */
	bool (*took)(const char *asked, const char *is);
	/* Does setting target alter another setting as well (a power mode all
	 * clocks, a governor its tunables)?  NULL: no. */
	bool (*touches)(const char *target, const char *other_target);
	/* Calls each() with every setting of kind "file" that goes away or is
	 * reset when target is set, so that it is journalled too and put back
	 * after target is.  Stops at non-zero and returns it. */
	int (*companions)(const struct ep_env *env, const char *target,
			  int (*each)(void *ctx, const char *file), void *ctx);
	/* The values there are, separated by spaces; its length or -errno. */
	int (*choices)(const struct ep_env *env, const char *target, char *ret,
		       size_t size);
};

/*
 * "file": target is a path below env->root that holds one text value; "a [b] c"
 * reads as b.  The driver may round integers.
 * "governor": a file "governor" or "scaling_governor", with its tunables.
 * "range": target "DIR MIN_NAME MAX_NAME", value "MIN MAX" (integers; "-" = as
 * it is), written in the order that never has MIN above MAX.
 */
extern const struct ep_setting_ops ep_setting_file;
extern const struct ep_setting_ops ep_setting_governor;
extern const struct ep_setting_ops ep_setting_range;
/*
 * "nvpmodel": target "", "ID NAME".  "jetson_clocks": target "", "on" / "off".
 * "service": a systemd unit, "active" / "inactive".  "swap": a device of
 * /proc/swaps, "on PRIORITY" / "off" / "clear" (off and on again).
 * "ordered": target "DIR NAME NAME...", value "VALUE VALUE...": files of which
 * each gives those after it their meaning.  "drop-caches": an action.
 * "i2c": registers of a chip, target "board i2c-1:0x40 0x00 0x02" ("machine":
 * of this machine whatever the root), value "0x4127 0x1000".
 */
extern const struct ep_setting_ops ep_setting_nvpmodel;
extern const struct ep_setting_ops ep_setting_jetson_clocks;
extern const struct ep_setting_ops ep_setting_service;
extern const struct ep_setting_ops ep_setting_swap;
extern const struct ep_setting_ops ep_setting_ordered;
extern const struct ep_setting_ops ep_setting_drop_caches;
extern const struct ep_setting_ops ep_setting_i2c;

/* NULL-terminated. */
extern const struct ep_setting_ops *const ep_settings[];
/* NULL when there is no such kind. */
const struct ep_setting_ops *ep_setting_find(const char *name);

/* The optional parts with their defaults. */
bool ep_setting_same(const struct ep_setting_ops *ops, const char *a,
		     const char *b);
bool ep_setting_took(const struct ep_setting_ops *ops, const char *asked,
		     const char *is);
/* Equal, or integers at most a quarter apart: drivers round to the steps they
 * have.  0 and 1 are switches and never rounded. */
bool ep_setting_rounded(const char *asked, const char *is);

#endif

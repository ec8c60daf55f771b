/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_BOARD_H
#define EP_SENSORS_BOARD_H

#include "base/conf.h"
#include "base/env.h"
#include "base/err.h"
#include "base/sample.h"

#include <stdbool.h>

#define EP_BOARD_EVENTS_MAX 64
#define EP_BOARD_NAME_BYTES 64
#define EP_BOARD_SENSORS_MAX 32

/* A V x I product added to a sensor, or a role given to channels of one. */
struct ep_board_rail {
	const char *name;    /* title of the section; name of the product */
	const char *channel; /* "sensor.glob": gives role; or NULL ... */
	const char *volts;   /* ... "sensor.channel" */
	const char *amps;    /* of the same sensor */
	enum ep_role role;
	const char *note; /* "" none */
	/* Limits in SI units; outside a warning says so.  NAN none. */
	double min, max;
};

/* A published fit, other = gain * total + offset: off unless asked for by name
 * with --calibration, and indicative only. */
struct ep_board_calibration {
	const char *name;   /* title of the section */
	const char *target; /* what the result stands for: "at the wall" */
	const char *source, *caveat;
	double gain, offset_w;
	/* How well the fit is known, as standard uncertainties, and where:
	 * NAN where it says nothing; the first four are given together. */
	double u_gain, u_offset_w, covariance_w, residual_w;
	double from_w, to_w;
};

/*
 * One board file.  Strings are owned by conf and live as long as the board.
 *
 *   name = "x86"                      # the file's own name without .board
 *   title = "x86 PC or server"
 *   source = "who measured, when"     # provenance
 *   status = "untested"               # or "tested: BOARD, KERNEL, DATE"
 *   coverage = "what the total includes and what it leaves out"
 *   estimate = "no"                   # "yes": the total may be a model
 *   fallback = "no"                   # "yes": matches when nothing else does
 *   priority = 0                      # higher is looked at first
 *   match { compatible = "brcm,bcm2712" }        # any one key may match:
 *   match { model = "Raspberry Pi 5*" }          # compatible, model (glob),
 *   match { path = "/sys/class/powercap/intel-rapl:0", machine = "x86_64" }
 *                                     # all keys of one match section must
 *                                     # hold; any section suffices
 *   sensor "rapl" { driver = "rapl" ... }        # title = id of the trace
 *   rail "package" { channel = "rapl.package_*", role = "total" }
 *   rail "ext5v" { channel = "pmic.ext5v", role = "none", min = "4.75" }
 *   counters { events = "cycles,instructions", pmus = "armv8_cortex_a76" }
 *   battery = "18.84Wh"
 *   calibration "wall-2023" { target = "at the wall", gain = "1.1451",
 *                             offset_w = "0.5879", source = "who, when",
 *                             caveat = "one board, one meter" }
 */
struct ep_board {
	char name[EP_BOARD_NAME_BYTES];
	char path[512];
	const char *title, *source, *status, *coverage;
	const char *total; /* what its total is called; "" = its channels */
	bool estimate;
	const struct ep_conf *sensors[EP_BOARD_SENSORS_MAX]; /* its sections */
	size_t sensor_count;
	struct ep_board_rail rails[64];
	size_t rail_count;
	const char *events; /* comma list, "" = the default set */
	const char *pmus;   /* the core PMUs it should have, comma list, "" */
	double battery_wh;  /* usual battery; NAN none */
	struct ep_board_calibration calibrations[8];
	size_t calibration_count;
	struct ep_conf *conf; /* owned */
};

/*
 * Loads a board by name or by path (a name with a '/' or ending in .board).
 * Looked for in $EDGEPROF_BOARDS, $XDG_CONFIG_HOME/edgeprof/boards,
 * /etc/edgeprof/boards, the installed share folder, boards/ beside an
 * uninstalled binary.  "none" is a board without sensors.
 * -ENOENT names the nearest board; other failures name file:line.
 */
int ep_board_load(const char *name, struct ep_board **ret,
		  struct ep_err *err) EP_MUST_CHECK;
void ep_board_free(struct ep_board *board);

/*
 * Reads the file at path and calls each() with every mistake in it, "file:line:
 * what".  A mistake of the syntax ends the reading.  Returns their count, or
 * -errno with a sentence when the file cannot be read.
 */
int ep_board_check(const char *path, void (*each)(void *ctx, const char *text),
		   void *ctx, struct ep_err *err) EP_MUST_CHECK;

/* Does this machine look like it?  "fallback" boards never match. */
bool ep_board_matches(const struct ep_board *board, const struct ep_env *env);
/* May it be used here without a word?  When it was detected or matches; "none"
 * and boards that estimate suit every machine. */
bool ep_board_suits(const struct ep_board *board, const char *detected,
		    const struct ep_env *env);
/* The same; *ret_match is the section that holds (its keys are the facts). */
bool ep_board_match_by(const struct ep_board *board, const struct ep_env *env,
		       const struct ep_conf **ret_match);
/* "fallback" and "priority" of its file. */
bool ep_board_is_fallback(const struct ep_board *board);
int64_t ep_board_priority(const struct ep_board *board);

/*
 * The name of this machine's board; "generic" when no file matches.
 * Broken board files are skipped (ep_board_load reports them).
 */
int ep_board_detect(const struct ep_env *env, char *ret_name, size_t size,
		    struct ep_err *err) EP_MUST_CHECK;

/* Calls each() with every board name once, sorted. */
int ep_board_list(int (*each)(void *ctx, const char *name), void *ctx);
/* Calls each() with every file of that name beside boards, the one that counts
 * first, until it returns something else than 0. */
int ep_board_data(const char *file, int (*each)(void *ctx, const char *path),
		  void *ctx);
/* The file that ep_board_load() takes for a name; -ENOENT as there. */
int ep_board_path(const char *name, char *ret, size_t size,
		  struct ep_err *err) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_SAMPLE_H
#define EP_BASE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* One integer unit per quantity; the unit is the enum's last word. */
enum ep_quantity {
	EP_POWER_UW,
	EP_ENERGY_UJ,
	EP_VOLTAGE_UV,
	EP_CURRENT_UA,
	EP_TEMP_MC,
	EP_FREQ_HZ,
	EP_TIME_NS,
	EP_SIZE_BYTES,
	EP_RATIO_PPM,
	EP_CHARGE_UC,
	EP_COUNT,
	EP_QUANTITY_COUNT
};

enum ep_shape { EP_GAUGE, EP_COUNTER };

/* total and part are never added; aside is measured beside the total and gets
 * a block of its own. */
enum ep_role { EP_ROLE_NONE, EP_ROLE_TOTAL, EP_ROLE_PART, EP_ROLE_ASIDE };
const char *ep_role_name(enum ep_role role); /* "none", "total", ... */

#define EP_CHANNEL_NAME_BYTES 48
#define EP_CHANNELS_MAX 512 /* per sensor */

enum {
	EP_CHANNEL_ESTIMATED = 1 << 0, /* a model, not a measurement */
	EP_CHANNEL_EVENT = 1 << 1, /* <event>_count in trace.csv, no prefix */
	EP_CHANNEL_HARDWARE = 1 << 2, /* event of a hardware PMU */
	EP_CHANNEL_PRODUCT = 1 << 3,  /* volts x amps; computed, never polled */
	EP_CHANNEL_ALARM = 1 << 4, /* 1 while something is wrong: the name says
				    * what ("under_voltage"), a warning tells */
	EP_CHANNEL_NEGOTIATED = 1 << 5, /* agreed, not measured: shown only */
	EP_CHANNEL_CHECK = 1 << 6,  /* the device's own energy count, compared
				    * with its power; never a total itself */
	EP_CHANNEL_LOW = 1 << 7,    /* low holds */
	EP_CHANNEL_HIGH = 1 << 8,   /* high holds */
	EP_CHANNEL_SIGNED = 1 << 9, /* a counter that also goes back; wrap 0 */
};

struct ep_channel {
	char name[EP_CHANNEL_NAME_BYTES]; /* slug: "package_0" */
	enum ep_quantity quantity;
	enum ep_shape shape;
	enum ep_role role;
	unsigned flags;
	uint64_t wrap; /* counter: values are modulo this; 0 = never wraps */
	int64_t refresh_ns;  /* how often the device makes a value; 0 unknown */
	int64_t window_ns;   /* width the device averages over; 0 = instant */
	int64_t gain_ppm;    /* accuracy limit, of reading */
	int64_t offset;	     /* accuracy limit, in the channel's unit */
	int64_t resolution;  /* one count, in the channel's unit; 0 unknown */
	int16_t volts_index; /* of a product: its factors in this sensor */
	int16_t amps_index;
	/* Phases shorter than this are not measured; 0 none. */
	int64_t min_window_ns;
	/* The board file's limits, in the channel's unit: a warning is made
	 * when it leaves them.  Only with EP_CHANNEL_LOW, EP_CHANNEL_HIGH. */
	int64_t low, high;
};

enum {
	EP_SAMPLE_UNPROVEN = 1 << 0, /* nothing proves the value is fresh */
	EP_SAMPLE_ERROR = 1 << 1,    /* no value: the read failed */
	EP_SAMPLE_GAP = 1 << 2,	     /* values were lost before this one */
	EP_SAMPLE_MARK = 1 << 3, /* no value but a border: the phase with the
				  * channel's name begins (1) or ends (0) */
};

struct ep_sample {
	int64_t t_ns; /* CLOCK_MONOTONIC, middle of the read */
	int64_t value;
	uint32_t span_ns; /* width of the read */
	uint16_t channel;
	uint16_t flags;
};

/* Samples of one poll that share t_ns become one line of the trace. */
struct ep_sink {
	void (*emit)(void *ctx, const struct ep_sample *sample);
	void *ctx;
};

/* "uw", "uj", ... as used in raw columns; "w", "j", ... for SI columns, and
 * the power of ten between them (6 for uw -> w, 0 for count). */
const char *ep_quantity_unit(enum ep_quantity q);
const char *ep_quantity_si_unit(enum ep_quantity q);
int ep_quantity_si_scale(enum ep_quantity q);
/* The quantity whose unit a column name ends in ("core_uw"), or -EINVAL. */
int ep_quantity_of_column(const char *column, enum ep_quantity *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_FNIRSI_PARTS_H
#define EP_SENSORS_FNIRSI_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNIRSI's USB meters: their reports, and when the samples in them were
 * taken.  No clock, no device. */

#define EP_FNIRSI_BYTES 64
#define EP_FNIRSI_MARK 0xaa /* the first byte */
#define EP_FNIRSI_SAMPLES 4 /* in a report */
#define EP_FNIRSI_COUNT 10  /* uV, uA: one last digit of the device */

enum ep_fnirsi_command {
	EP_FNIRSI_HELLO = 0x81,
	EP_FNIRSI_START = 0x82,
	EP_FNIRSI_GO_ON = 0x83
};

struct ep_fnirsi_sample {
	int64_t uv, ua, mc;
	/* Beyond what such a meter can measure: volts or amperes, its
	 * temperature. */
	bool bad, bad_temp;
};

/* The report that gives the command. */
void ep_fnirsi_command(enum ep_fnirsi_command command,
		       uint8_t ret[EP_FNIRSI_BYTES]);
/* 1: samples; 0: a whole report of another kind; -EBADMSG: damaged. */
int ep_fnirsi_parse(const uint8_t bytes[EP_FNIRSI_BYTES],
		    struct ep_fnirsi_sample ret[EP_FNIRSI_SAMPLES]);

/*
 * Reports have no number: their time is where a steady clock would have sent
 * them, held to the earliest arrivals, since delay only ever adds.
 */
struct ep_fnirsi_pace {
	int64_t nominal_ns, period_ns; /* between reports; measured */
	int64_t last_ns;	       /* when the last one was sent */
	int64_t heard_ns;	       /* when the last ones were taken */
	int64_t base_ns;     /* the first arrival since the last gap */
	uint64_t count;	     /* reports since then */
	uint64_t best_count; /* of the section that gave period_ns */
	unsigned late_count; /* in a row */
};

void ep_fnirsi_pace_init(struct ep_fnirsi_pace *p, int64_t nominal_ns);
/*
 * count reports were there at now_ns, of which the last had just come or came
 * since the one before would have.  True: some were lost before them.
 */
bool ep_fnirsi_pace_take(struct ep_fnirsi_pace *p, size_t count,
			 int64_t now_ns);

/* Whether the samples between the reports are measured or drawn in. */
enum ep_fnirsi_truth {
	EP_FNIRSI_STEADY, /* too little changed to tell */
	EP_FNIRSI_MEASURED,
	EP_FNIRSI_INTERPOLATED
};

struct ep_fnirsi_bends {
	int64_t before[2]; /* the last two samples */
	uint64_t count;
	int64_t most[EP_FNIRSI_SAMPLES]; /* by place in the report */
};

void ep_fnirsi_bends_add(struct ep_fnirsi_bends *b,
			 const struct ep_fnirsi_sample *samples);
enum ep_fnirsi_truth ep_fnirsi_bends_tell(const struct ep_fnirsi_bends *b);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_PPK2_WIRE_H
#define EP_SENSORS_PPK2_WIRE_H

#include "sensors/sensor.h"

#define EP_PPK2_RANGES 5
#define EP_PPK2_INPUTS 8
#define EP_PPK2_WORD_BYTES 4
/* So many words whose counters follow each other are no accident. */
#define EP_PPK2_RUN_WORDS 16
#define EP_PPK2_RUN_BYTES (EP_PPK2_RUN_WORDS * EP_PPK2_WORD_BYTES)
#define EP_PPK2_SAMPLE_NS 10000
#define EP_PPK2_ROW_SAMPLES 100
#define EP_PPK2_METADATA_BYTES_MAX 4096
#define EP_PPK2_COUNTER 64
#define EP_PPK2_READ_BYTES 8192

enum ep_ppk2_mode { EP_PPK2_UNKNOWN, EP_PPK2_AMPERE, EP_PPK2_SOURCE };

/* What a PPK2 says of itself: its calibration, mode and voltage. */
struct ep_ppk2_about {
	double r[EP_PPK2_RANGES], gs[EP_PPK2_RANGES], gi[EP_PPK2_RANGES],
		o[EP_PPK2_RANGES], s[EP_PPK2_RANGES], i[EP_PPK2_RANGES],
		ug[EP_PPK2_RANGES];
	double vdd_mv; /* 0: not told */
	int mode;      /* enum ep_ppk2_mode */
	int hw;
};

/* One word of the stream. */
struct ep_ppk2_word {
	unsigned adc, range, counter, inputs;
};

struct ep_ppk2_word ep_ppk2_split(const uint8_t *bytes);
/* Do EP_PPK2_RUN_BYTES begin at a word, with nothing lost in them? */
bool ep_ppk2_is_run(const uint8_t *bytes);
void ep_ppk2_default(struct ep_ppk2_about *ret);
/* Its answer to "get metadata", up to END; -EBADMSG. */
int ep_ppk2_parse(const char *text, size_t len,
		  struct ep_ppk2_about *ret) EP_MUST_CHECK;
double ep_ppk2_amps(const struct ep_ppk2_about *a,
		    const struct ep_ppk2_word *word);
/* More than the device can pass: a damaged word. */
bool ep_ppk2_is_possible(double amps);
int ep_ppk2_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		   const struct ep_sink *sink);
extern const struct ep_channel ep_ppk2_wire_channels[];
#define EP_PPK2_WIRE_CHANNELS 3

#endif

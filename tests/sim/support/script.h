/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_SCRIPT_H
#define EP_TESTS_SIM_SUPPORT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/support/profile.h"

/* The lines play_tree plays; their syntax is told there. */
#define SCRIPT_LINES_MAX 128
#define SCRIPT_VALUES_MAX 32
#define SCRIPT_TEXT_BYTES 128

enum script_kind {
	SCRIPT_CONSTANT, /* text */
	SCRIPT_VALUES,	 /* texts in turn */
	SCRIPT_POWER,
	SCRIPT_VOLTS,
	SCRIPT_AMPS,
	SCRIPT_PAIR, /* mV and mA in one text */
	SCRIPT_ENERGY,
};

enum script_act {
	SCRIPT_WRITE,
	SCRIPT_DELETE,
	SCRIPT_RETURN,
	SCRIPT_MOVE,
	SCRIPT_LINK,
	SCRIPT_CHMOD,
};

struct script_text {
	char bytes[SCRIPT_TEXT_BYTES];
	size_t len;
};

/* One line "every": a file that is written again and again. */
struct script_channel {
	char path[256];
	int64_t period_ns;
	enum script_kind kind;
	struct profile profile;
	double volts;
	double unit; /* what one count of the file is, in W, V, A or J */
	double step; /* counts are multiples of it */
	double start;
	double wrap; /* counts; 0 never */
	struct script_text *texts;
	size_t text_count;
	int64_t due_ns;
	size_t turn;
};

/* One line "at": something that happens once. */
struct script_event {
	int64_t at_ns;
	enum script_act act;
	char path[256];
	char to[256];
	unsigned mode;
	struct script_text text;
	bool done;
};

struct script {
	struct script_channel channels[SCRIPT_LINES_MAX];
	size_t channel_count;
	struct script_event events[SCRIPT_LINES_MAX];
	size_t event_count;
	struct {
		char name[32];
		char text[160];
	} profiles[16];
	size_t profile_count;
};

/* 0, or -1 with a line on stderr. */
int script_load(const char *file, struct script *s);
void script_done(struct script *s);
/* What a channel's file holds t_s after the epoch, and turns to the next of
 * its values. */
void script_value(struct script_channel *c, double t_s,
		  struct script_text *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_PULSES_H
#define EP_SENSORS_PULSES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Edges of a line to pulses: pure, by their stamps alone.  A level counts when
 * it has held for debounce_ns; a pulse is there then, with the stamp of the
 * first edge that led to it.  What held for less is a bounce, and is counted.
 */
enum ep_pulse_level {
	EP_PULSE_UNKNOWN, /* at the begin, and after edges were lost */
	EP_PULSE_REST,
	EP_PULSE_ACTIVE
};

struct ep_pulses {
	int64_t debounce_ns;
	enum ep_pulse_level level; /* the last that held */
	/* Edges since then, closer together than that. */
	uint64_t edge_count;
	int64_t first_ns, last_ns;
	bool last_active;
	uint64_t pulse_count;
	uint64_t bounce_count; /* edges that made no level which held */
};

/* Edges were lost, or the line was not watched: what it was is forgotten. */
void ep_pulses_forget(struct ep_pulses *p, enum ep_pulse_level now);
/*
 * The line became active, or not.  True: the edges before it made a pulse, at
 * *ret_ns; this one is then still open.
 */
bool ep_pulses_edge(struct ep_pulses *p, int64_t t_ns, bool active,
		    int64_t *ret_ns);
/* No other edge came before now_ns.  True: a pulse, as above. */
bool ep_pulses_settle(struct ep_pulses *p, int64_t now_ns, int64_t *ret_ns);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_LANE_H
#define EP_PROFILER_ANALYZE_LANE_H

#include "profiler/analyze/cuts.h"
#include "profiler/analyze/hist.h"

#include <stdbool.h>

/*
 * A lane integrates channels of one sensor that share their time shift, line
 * by line, in constant memory but for the cells it fills.
 *
 * Between two reads a gauge is a straight line and a counter grows evenly: in
 * both the part up to fraction f of the interval is f * (a + b * f).  Gauges
 * integrate to unit * s, counters to their unit.  Slots: gauges first.
 */
enum ep_stat {
	EP_STAT_SUM,	 /* integral or difference */
	EP_STAT_COVER_S, /* time it covers */
	EP_STAT_HELD,	 /* of the sum: beyond the first and last read */
	EP_STAT_HELD_S,	 /* of the time */
	EP_STAT_READS,
	EP_STAT_D2,   /* sum of squared steps between reads */
	EP_STAT_H2D2, /* the same times the interval squared, s^2 */
	EP_STAT_S1,   /* sum of reads less the slot's first read */
	EP_STAT_S2,   /* sum of the squares of that */
	EP_STAT_MIN,
	EP_STAT_MAX,
	EP_STAT_COUNT
};

struct ep_lane_slot {
	bool counter;
	bool primary;	/* belongs to the total that cells and peak are of */
	uint64_t wrap;	/* counters: values are modulo this; 0 = never wraps */
	bool is_signed; /* counters: they also go back, and never wrap */
	int64_t limit_ns; /* longer is a gap, for a gauge a hole */
};

struct ep_lane_health {
	int64_t read_count, repeat_count, error_count, gap_count, reset_count;
	int64_t max_gap_ns, change_ns, first_ns, last_ns;
	bool moved;		/* changed before watch_ns */
	struct ep_hist changes; /* spacing of value changes */
};

/* Rows of the trace: a ring from row base on. */
struct ep_lane_rows {
	int64_t zero_ns, step_ns; /* row k is [k, k + 1) * step after zero */
	int64_t base;
	size_t ring;	       /* rows, 0: no trace */
	double *sum, *cover_s; /* [ring][slots] */
};

enum ep_lane_state {
	EP_LANE_NONE,	/* never read */
	EP_LANE_OPEN,	/* the next read continues the line */
	EP_LANE_PARTED, /* it does not: a gap */
};

struct ep_lane {
	size_t slot_count, gauge_count;
	struct ep_lane_slot *slots;
	size_t *primary; /* slots */
	size_t primary_count;
	int64_t hold_ns;  /* a gauge holds so long at its ends */
	int64_t blur_ns;  /* of a cell's ends; no peak is taken there */
	int64_t watch_ns; /* counters must move before this */
	int64_t shift_ns; /* that times have been set back by */
	/* A gauge's first and last value are held to these where they are no
	 * gap away. */
	int64_t from_ns, to_ns;
	int64_t min_limit_ns;
	/* A child's counters: 0 at the gate, still after the exit. */
	bool bounded;
	int64_t gate_ns, exit_ns;

	int failed;	  /* -ENOMEM, -EFBIG: sums are not to be used */
	int64_t line_ns;  /* of the last line, INT64_MIN: none */
	bool line_failed; /* its empty cells are reads that failed */
	bool line_lost;	  /* values were lost before it */
	bool level;	  /* every slot has a value of that time */
	int64_t *value, *value_ns; /* last read of each slot */
	uint8_t *state;		   /* enum ep_lane_state */
	double *x;		   /* value as double, gauges */
	double *a, *b;		   /* of the present interval */
	double *ref;
	struct ep_lane_health *health;

	const struct ep_cuts *cuts; /* NULL: no statistics */
	size_t cell;
	double *stats; /* [cells][EP_STAT_COUNT][slots] */
	double *peak;  /* [cells], unit of power; -1 none */
	double *both;  /* [cells][2]: D2, H2D2 of the primary gauges' sum less
			* their own; NULL: one or none */
	size_t block_cell;
	double block_need_s, block_sum, block_s;
	const struct ep_cuts *fine; /* NULL: none */
	size_t fine_cell;
	double *fine_sum, *fine_s; /* [cells][primary_count] */
	struct ep_lane_rows rows;
};

/*
 * slots are copied.  Then set hold_ns and what follows, ep_lane_set_cells(),
 * ep_lane_set_rows().  -ENOMEM; -EFBIG when the cells need over 1 GiB.
 */
int ep_lane_init(struct ep_lane *l, const struct ep_lane_slot *slots,
		 size_t count) EP_MUST_CHECK;
/* Sealed cuts, borrowed; either may be NULL. */
int ep_lane_set_cells(struct ep_lane *l, const struct ep_cuts *cuts,
		      const struct ep_cuts *fine) EP_MUST_CHECK;
int ep_lane_set_rows(struct ep_lane *l, int64_t zero_ns, int64_t step_ns,
		     int64_t first_row) EP_MUST_CHECK;
void ep_lane_done(struct ep_lane *l);

/* One line; t_ns grows from line to line and has the shift applied. */
void ep_lane_line(struct ep_lane *l, int64_t t_ns, const int64_t *values,
		  const uint8_t *present);
/* Nothing comes before next_ns (INT64_MAX: the end): closes what is open. */
void ep_lane_pause(struct ep_lane *l, int64_t next_ns);
/* Every contribution before this is in; the next line is not before next_ns. */
int64_t ep_lane_settled_ns(const struct ep_lane *l, int64_t next_ns);

/* Sum and covered seconds of row k >= base for slot; rows before k are freed
 * by ep_lane_free_rows(). */
void ep_lane_row(const struct ep_lane *l, int64_t k, size_t slot,
		 double *ret_sum, double *ret_cover_s);
void ep_lane_free_rows(struct ep_lane *l, int64_t base);

/* For lane*.c: count slots from first on grew evenly from t0 to t1. */
struct ep_lane_piece {
	int64_t t0, t1;
	size_t first, count;
};
void ep_lane_rows_add(struct ep_lane *l, const struct ep_lane_piece *p);
void ep_lane_spread(struct ep_lane *l, size_t slot, int64_t t0, int64_t t1);
void ep_lane_spread_fine(struct ep_lane *l, size_t k, int64_t t0, int64_t t1);
void ep_lane_peak(struct ep_lane *l, int64_t t0, int64_t t1);
void ep_lane_slow(struct ep_lane *l, int64_t t_ns, const int64_t *values,
		  const uint8_t *present);

static inline const double *ep_lane_stats(const struct ep_lane *l, size_t cell,
					  enum ep_stat stat)
{
	return l->stats + (cell * EP_STAT_COUNT + stat) * l->slot_count;
}

#endif

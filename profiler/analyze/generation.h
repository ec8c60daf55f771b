/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_GENERATION_H
#define EP_PROFILER_ANALYZE_GENERATION_H

#include "base/sample.h"
#include "profiler/analyze/metric.h"

#include <stdbool.h>
#include <stdint.h>

/* What goes on within a generation; part of the report model. */

/* A token that took far longer, or far more, than the others. */
struct ep_token_outlier {
	int32_t request, index;	  /* index: 1 is the first output token */
	double seconds, energy_j; /* since the token before; NAN unknown */
	double times;		  /* the median */
	bool by_time, by_energy;
	bool throttled;
};
#define EP_TOKEN_OUTLIERS_MAX 20

/* What a thousand tokens more of context add to a token, and its mean, over
 * the same blocks of tokens. */
struct ep_slope {
	struct ep_metric slope; /* per token per 1000 tokens */
	struct ep_metric mean;	/* per token */
};

/* Tokens of all requests at about one place of their generations. */
struct ep_token_place {
	double place;		  /* mean index: 1 is the first output token */
	double tokens;		  /* how many */
	double seconds, energy_j; /* per token; NAN not measured */
	double energy_u95;	  /* NAN: of one block */
};
#define EP_TOKEN_PLACES_MAX 32

struct ep_generation_profile {
	size_t token_count; /* that have a token before them */
	size_t request_count, block_count;
	double block_tokens; /* of the longest block */
	struct ep_slope energy, time;
	struct ep_token_place places[EP_TOKEN_PLACES_MAX]; /* ascending */
	size_t place_count;
	struct ep_token_outlier
		outliers[EP_TOKEN_OUTLIERS_MAX]; /* worst first */
	size_t outlier_count; /* of all; those beyond the maximum are not kept */
	char outlier_reason[160]; /* why none was looked for; "" they were */
	/* Tokens while an alarm (throttling, under-voltage) was on. */
	size_t throttled_count;
	char alarm[160]; /* "rpi_firmware.throttled"; "" none was recorded */
	struct ep_metric throttled_s, other_s; /* per token */
	struct ep_metric throttled_j, other_j;
};

/* Power of one rail against how often things happened: what goes together,
 * not what causes what. */
#define EP_PREDICTORS_MAX 12
struct ep_predictor {
	char name[EP_CHANNEL_NAME_BYTES];
	bool used;
	char reason[160];    /* why it is not in the fit */
	double correlation;  /* with the power, alone; NAN */
	double event_j, u95; /* of one more event, beside the others; NAN */
};

struct ep_association {
	char channel[128];		     /* "rpi5_pmic.ddr_vdd2" */
	char follows[EP_CHANNEL_NAME_BYTES]; /* of the strongest correlation */
	double correlation;
	double mean_w, residual_w; /* sd of what the fit leaves */
	/* The stretch that is furthest from the fit, and its middle. */
	double residual_max_w, residual_max_at_s;
	double r2;
	struct ep_predictor predictors[EP_PREDICTORS_MAX];
	size_t predictor_count;
};

struct ep_associations {
	char reason[160]; /* why there are none; "" there are */
	size_t window_count;
	double window_s;
	struct ep_association *rails;
	size_t rail_count;
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "profiler/report/json_generation.h"
#include "profiler/report/section_names.h"

static void put_outliers(struct ep_json_out *o,
			 const struct ep_generation_profile *p)
{
	size_t n = p->outlier_count < EP_TOKEN_OUTLIERS_MAX
			   ? p->outlier_count
			   : EP_TOKEN_OUTLIERS_MAX;

	ep_json_text_or_null(o, "outliers_reason", p->outlier_reason);
	ep_json_count(o, "outlier_count",
		      p->outlier_reason[0] ? -1 : (int64_t)p->outlier_count);
	ep_json_open(o, "outliers", '[', false);
	for (size_t i = 0; i < n; i++) {
		const struct ep_token_outlier *t = &p->outliers[i];

		ep_json_open(o, NULL, '{', true);
		ep_json_integer(o, "request", t->request);
		ep_json_integer(o, "token", t->index);
		ep_json_number(o, "seconds", t->seconds);
		ep_json_number(o, "energy_j", t->energy_j);
		ep_json_number(o, "times_median", t->times);
		ep_json_bool(o, "by_time", t->by_time);
		ep_json_bool(o, "by_energy", t->by_energy);
		ep_json_bool(o, "throttled", t->throttled);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

/* Energy and time per token against position. */
static void put_places(struct ep_json_out *o,
		       const struct ep_generation_profile *p)
{
	ep_json_open(o, "places", '[', false);
	for (size_t i = 0; i < p->place_count; i++) {
		const struct ep_token_place *t = &p->places[i];

		ep_json_open(o, NULL, '{', true);
		ep_json_number(o, "token", t->place);
		ep_json_number(o, "tokens", t->tokens);
		ep_json_number(o, "s_per_token", t->seconds);
		ep_json_number(o, "j_per_token", t->energy_j);
		ep_json_number(o, "j_per_token_u95", t->energy_u95);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_throttled(struct ep_json_out *o,
			  const struct ep_generation_profile *p)
{
	const struct ep_metric *const metrics[] = {
		&p->throttled_s, &p->other_s, &p->throttled_j, &p->other_j
	};

	ep_json_text_or_null(o, "alarms", p->alarm);
	ep_json_count(o, "throttled_tokens",
		      p->alarm[0] ? (int64_t)p->throttled_count : -1);
	for (size_t i = 0; i < 4 && p->throttled_count > 0; i++)
		ep_json_metric(o, metrics[i]->name, metrics[i]);
}

static void put_profile(struct ep_json_out *o,
			const struct ep_generation_profile *p)
{
	const struct ep_metric *metrics[4];

	if (!p) {
		ep_json_value(o, "generation_profile", NULL);
		return;
	}
	metrics[0] = &p->energy.slope;
	metrics[1] = &p->energy.mean;
	metrics[2] = &p->time.slope;
	metrics[3] = &p->time.mean;
	ep_json_open(o, "generation_profile", '{', false);
	ep_json_count(o, "tokens", (int64_t)p->token_count);
	ep_json_count(o, "requests", (int64_t)p->request_count);
	ep_json_count(o, "blocks", (int64_t)p->block_count);
	ep_json_count(o, "block_tokens", (int64_t)p->block_tokens);
	for (size_t i = 0; i < 4; i++)
		ep_json_metric(o, metrics[i]->name, metrics[i]);
	put_places(o, p);
	put_outliers(o, p);
	put_throttled(o, p);
	ep_json_close(o, '}');
}

static void put_rail(struct ep_json_out *o, const struct ep_association *as)
{
	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "channel", as->channel);
	ep_json_text_or_null(o, "follows", as->follows);
	ep_json_number(o, "correlation", as->correlation);
	ep_json_number(o, "power_mean_w", as->mean_w);
	ep_json_number(o, "residual_w", as->residual_w);
	ep_json_number(o, "residual_max_w", as->residual_max_w);
	ep_json_number(o, "residual_max_at_s", as->residual_max_at_s);
	ep_json_number(o, "r_squared", as->r2);
	ep_json_open(o, "events", '[', false);
	for (size_t i = 0; i < as->predictor_count; i++) {
		const struct ep_predictor *p = &as->predictors[i];

		ep_json_open(o, NULL, '{', true);
		ep_json_text(o, "event", p->name);
		ep_json_bool(o, "used", p->used);
		ep_json_text_or_null(o, "reason", p->reason);
		ep_json_number(o, "correlation", p->correlation);
		ep_json_number(o, "j_per_event", p->event_j);
		ep_json_number(o, "u95", p->u95);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

static void put_associations(struct ep_json_out *o,
			     const struct ep_associations *s)
{
	if (!s) {
		ep_json_value(o, "associations", NULL);
		return;
	}
	ep_json_open(o, "associations", '{', false);
	ep_json_text_or_null(o, "reason", s->reason);
	ep_json_count(o, "windows", (int64_t)s->window_count);
	ep_json_number(o, "window_s",
		       s->window_s > 0 ? s->window_s : (double)NAN);
	ep_json_open(o, "rails", '[', false);
	for (size_t i = 0; i < s->rail_count; i++)
		put_rail(o, &s->rails[i]);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

void ep_json_generation(struct ep_json_out *o, const struct ep_report *r)
{
	put_profile(o, r->generation);
	put_associations(o, r->associations);
}

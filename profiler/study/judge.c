/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/result.h"

/* Warnings of a report that make a run unfit for a mean. */
static const char *const fatal[] = {
	"alarm",	  "out-of-limits",   "clock-step",	"suspended",
	"cpu-changed",	  "dropped-samples", "recording-error", "raw-damaged",
	"sensor-changed", "counter-reset",   "phases-overlap",	"probe-lost",
	"marks-lost",
};

static void add(struct ep_reasons *to, const char *text)
{
	if (to->count == EP_REASONS_MAX)
		return;
	/* A long one is cut: the report has it whole. */
	(void)ep_str_copy(to->texts[to->count], sizeof(to->texts[0]), text);
	to->count++;
}

static double number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	return json_is_number(n) ? json_number_value(n) : (double)NAN;
}

static void judge_warnings(const struct ep_result *r, struct ep_reasons *to)
{
	for (size_t i = 0; i < json_array_size(r->warnings); i++) {
		const json_t *w = json_array_get(r->warnings, i);
		const char *code =
			json_string_value(json_object_get(w, "code"));
		const char *text =
			json_string_value(json_object_get(w, "text"));

		for (size_t k = 0; code && k < sizeof(fatal) / sizeof(fatal[0]);
		     k++)
			if (strcmp(code, fatal[k]) == 0)
				add(to, text ? text : code);
	}
}

static void judge_share(struct ep_reasons *to, double share, double max,
			const char *what)
{
	char text[160];

	if (isnan(share) || isnan(max) || !(share > max))
		return;
	(void)ep_str_format(text, sizeof(text), "%s %.3g %%, more than %.3g %%",
			    what, 100 * share, 100 * max);
	add(to, text);
}

static void judge_conditions(const struct ep_result *r,
			     const struct ep_limits *limits,
			     struct ep_reasons *to)
{
	const json_t *c = r->conditions;
	double drift = number(c, "temperature_end_c") -
		       number(c, "temperature_start_c");
	double swapped = number(c, "swap_in_count");
	char text[160];

	judge_share(to, number(c, "background_cpu_share"),
		    limits->background_cpu_share_max,
		    "other programs used the CPUs for");
	judge_share(to, number(c, "frequency_shortfall"),
		    limits->frequency_shortfall_max,
		    "the clock was below what was asked by");
	if (!isnan(drift) && fabs(drift) > limits->thermal_drift_c_max) {
		(void)ep_str_format(text, sizeof(text),
				    "the temperature went from %.4g to %.4g "
				    "\xc2\xb0"
				    "C",
				    number(c, "temperature_start_c"),
				    number(c, "temperature_end_c"));
		add(to, text);
	}
	if (swapped > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%.0f pages were swapped in", swapped);
		add(to, text);
	}
}

static void judge_recording(const struct ep_result *r,
			    const struct ep_limits *limits,
			    struct ep_reasons *to)
{
	double ticks = number(r->recording, "ticks");
	double missed = number(r->recording, "missed_ticks");

	if (ticks + missed > 0)
		judge_share(to, missed / (ticks + missed),
			    limits->missed_tick_share_max, "missed ticks");
	for (size_t i = 0; i < json_array_size(r->health); i++) {
		const json_t *h = json_array_get(r->health, i);
		double gap = number(h, "max_gap_s");
		const char *sensor =
			json_string_value(json_object_get(h, "sensor"));
		const char *channel =
			json_string_value(json_object_get(h, "channel"));
		char what[120];

		(void)ep_str_format(
			what, sizeof(what), "%.40s.%.40s was silent for",
			sensor ? sensor : "?", channel ? channel : "?");
		if (r->duration_s > 0 && !isnan(gap))
			judge_share(to, gap / r->duration_s,
				    limits->sensor_gap_share_max, what);
	}
}

static bool wants_same(const struct ep_result *r,
		       const struct ep_limits *limits)
{
	const json_t *drive = json_object_get(r->run, "drive");
	double randomness = number(drive, "temperature");

	if (limits->same_output != EP_SAME_AUTO)
		return limits->same_output == EP_SAME_YES;
	return !isnan(randomness) && randomness <= 0;
}

static void judge_output(const struct ep_result *r,
			 const struct ep_limits *limits, const char *peers_hash,
			 struct ep_reasons *to)
{
	const struct ep_figure *tokens =
		ep_result_figure(r, "generation.tokens");
	char text[160];

	if (limits->token_count >= 0 && tokens && !isnan(tokens->value) &&
	    fabs(tokens->value - (double)limits->token_count) > 0.5) {
		(void)ep_str_format(text, sizeof(text),
				    "%.0f tokens came, %lld were wanted",
				    tokens->value,
				    (long long)limits->token_count);
		add(to, text);
	}
	if (wants_same(r, limits) && peers_hash[0] && r->output_hash[0] &&
	    strcmp(peers_hash, r->output_hash) != 0)
		add(to, "its output differs from that of the other runs of "
			"this configuration");
}

void ep_result_judge(const struct ep_result *r, const struct ep_limits *limits,
		     const char *peers_hash, struct ep_reasons *ret)
{
	char text[160];

	memset(ret, 0, sizeof(*ret));
	if (r->exit_status != 0) {
		(void)ep_str_format(text, sizeof(text),
				    "the program ended with %.60s",
				    r->ended[0] ? r->ended : "nothing known");
		add(ret, text);
	}
	if (!r->complete)
		add(ret, "the recording was cut");
	if (r->invalid[0])
		add(ret, r->invalid);
	judge_warnings(r, ret);
	judge_conditions(r, limits, ret);
	judge_recording(r, limits, ret);
	judge_output(r, limits, peers_hash, ret);
}

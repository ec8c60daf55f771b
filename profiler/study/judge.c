/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/result.h"

/* Warnings of a report that make a run unfit for a mean.  A sensor that changed
 * its state is none of them: being moved off the grid harms no figure, and what
 * it then lacks is a gap. */
static const char *const fatal[] = {
	"alarm",	 "out-of-limits",   "clock-step",      "suspended",
	"cpu-changed",	 "dropped-samples", "recording-error", "raw-damaged",
	"counter-reset", "phases-overlap",  "probe-lost",      "marks-lost",
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

/* Energy is made of it; a gap in what is only shown beside costs no run. */
static bool makes_energy(const json_t *health)
{
	static const char *const units[] = { "w", "j", "v", "a" };
	const char *unit = json_string_value(json_object_get(health, "unit"));

	for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i], unit) == 0)
			return true;
	return false;
}

static void judge_gaps(const struct ep_result *r, double max_share,
		       struct ep_reasons *to)
{
	for (size_t i = 0; i < json_array_size(r->health); i++) {
		const json_t *h = json_array_get(r->health, i);
		const char *sensor =
			json_string_value(json_object_get(h, "sensor"));
		const char *channel =
			json_string_value(json_object_get(h, "channel"));
		char what[120];

		/* The longest silence is no gap yet where reads are far apart. */
		if (!makes_energy(h) || !(number(h, "gaps") > 0) ||
		    !(r->duration_s > 0))
			continue;
		(void)ep_str_format(
			what, sizeof(what), "%.40s.%.40s was silent for",
			sensor ? sensor : "?", channel ? channel : "?");
		judge_share(to, number(h, "max_gap_s") / r->duration_s,
			    max_share, what);
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
	judge_gaps(r, limits->sensor_gap_share_max, to);
}

static bool wants_same(const struct ep_result *r,
		       const struct ep_limits *limits)
{
	return limits->same_output == EP_SAME_AUTO
		       ? r->greedy
		       : limits->same_output == EP_SAME_YES;
}

static void judge_tokens(const struct ep_result *r, int64_t wanted,
			 struct ep_reasons *to)
{
	int64_t odd = r->token_min_count != wanted ? r->token_min_count
						   : r->token_max_count;
	char text[160];

	if (wanted < 0 || odd == wanted)
		return;
	if (odd < 0) {
		add(to, "how many tokens came is not known");
		return;
	}
	(void)ep_str_format(text, sizeof(text),
			    "%lld tokens came, %lld were wanted",
			    (long long)odd, (long long)wanted);
	add(to, text);
}

static void judge_output(const struct ep_result *r,
			 const struct ep_limits *limits, const char *peers_hash,
			 struct ep_reasons *to)
{
	judge_tokens(r, limits->token_count, to);
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
	if (r->lost[0]) {
		add(ret, r->lost);
		return;
	}
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

void ep_reasons_join(const struct ep_reasons *why, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < why->count; i++) {
		size_t used = strlen(ret);

		(void)ep_str_format(ret + used, size - used, "%s%s",
				    used ? "; " : "", why->texts[i]);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_parts.h"
#include "profiler/analyze/metrics.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* perf_event(2): a group that ran less than it was enabled shared the PMU.
 * Below this share its counts are estimates. */
#define RUNNING_MIN 0.99

struct fallback {
	const char *event;
	const char *facts[2]; /* of getrusage(2), added */
};

/* What getrusage(2) of the child, or of the client, knows of the whole run. */
static const struct fallback fallbacks[] = {
	{ "context_switches", { "nvcsw", "nivcsw" } },
	{ "page_faults", { "minflt", "majflt" } },
	{ "major_faults", { "majflt", NULL } },
};

static const char *usage_of(const struct ep_maker *mk)
{
	return mk->usage ? mk->usage : "child";
}

static int usage_fact(const struct ep_maker *mk, const char *name, int64_t *ret)
{
	char text[64];

	(void)ep_str_format(text, sizeof(text), "%s.%s", usage_of(mk), name);
	return ep_run_fact_i64(&mk->a->run, text, ret);
}

static bool from_facts(const struct ep_maker *mk, const char *event,
		       double *ret)
{
	for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
		const struct fallback *f = &fallbacks[i];
		double sum = 0;

		if (strcmp(f->event, event) != 0)
			continue;
		for (size_t k = 0; k < 2 && f->facts[k]; k++) {
			int64_t value;

			if (usage_fact(mk, f->facts[k], &value) < 0 ||
			    value < 0)
				return false;
			sum += (double)value;
		}
		*ret = sum;
		return true;
	}
	return false;
}

/* enabled / running over the set; NAN when it never ran. */
static double scale_of(const struct ep_maker *mk,
		       const struct ep_count_source *src)
{
	struct ep_part_sums enabled, running;

	if (!src->has_times)
		return 1;
	ep_part_sum(mk->a, &src->enabled, mk->set, &enabled);
	ep_part_sum(mk->a, &src->running, mk->set, &running);
	if (!(enabled.sum > 0))
		return 1;
	return running.sum > 0 ? enabled.sum / running.sum : (double)NAN;
}

/* The count of one event into m, with its status. */
static void set_count(struct ep_maker *mk, const struct ep_count_source *src,
		      struct ep_metric *m)
{
	struct ep_energy e;
	double scale, value;
	char text[96];

	ep_energy_measure(mk->a, &src->meter, mk->set, &e);
	scale = scale_of(mk, src);
	if (isnan(e.energy_j)) {
		ep_metric_refuse(m, e.reason);
		if (mk->kind == EP_ROW_RUN &&
		    from_facts(mk, src->name, &value)) {
			m->value = value;
			m->u95 = 0;
			m->status = EP_STATUS_OK;
			(void)ep_str_format(m->reason, sizeof(m->reason),
					    "getrusage of the %s, whole run",
					    usage_of(mk));
		}
		return;
	}
	if (isnan(scale)) {
		ep_metric_refuse(m, "the PMU was busy with other events");
		return;
	}
	ep_metric_set(m, e.energy_j * scale, &e.budget, scale);
	if (scale > 1 / RUNNING_MIN) {
		(void)ep_str_format(text, sizeof(text),
				    EP_REASON_SCALED "%.0f %% of the time",
				    100 / scale);
		(void)ep_str_copy(m->reason, sizeof(m->reason), text);
	}
	/* Over the whole run nothing is interpolated. */
	if (mk->kind == EP_ROW_RUN && e.cover_s >= 0.95 * e.duration_s)
		e.fresh_count = HUGE_VAL;
	ep_metric_judge(m, &src->meter, &e);
}

static void set_pages(struct ep_metric *m, double pages)
{
	ep_metric_begin(m, "swap_in_count");
	m->value = pages;
	m->u95 = 0;
	m->status = EP_STATUS_OK;
	m->reason[0] = '\0';
}

/* Of the whole machine; over the whole run what was read at its very ends.  A
 * count that stands still from the read before a phase to the one after it is
 * exactly none, however few reads there are. */
static void add_swap_in(struct ep_maker *mk)
{
	struct ep_metric *m;
	int64_t pages;

	if (!mk->counts->has_swap_in)
		return;
	m = ep_maker_add(mk, "swap_in_count");
	set_count(mk, &mk->counts->swap_in, m);
	if (m->status != EP_STATUS_NOT_MEASURED && !(m->value > 0))
		set_pages(m, 0);
	if (mk->kind == EP_ROW_RUN &&
	    ep_run_fact_i64(&mk->a->run, "swap_in.pages", &pages) == 0 &&
	    pages >= 0)
		set_pages(m, (double)pages);
}

static void add_count(struct ep_maker *mk, const struct ep_count_source *src)
{
	struct ep_metric *m, count;
	char name[80];

	(void)ep_str_format(name, sizeof(name), "%s_count", src->name);
	m = ep_maker_add(mk, name);
	set_count(mk, src, m);
	count = *m;
	if (!mk->token_reason)
		return;
	(void)ep_str_format(name, sizeof(name), "%s_per_token", src->name);
	m = ep_maker_add(mk, name);
	if (count.status == EP_STATUS_NOT_MEASURED) {
		ep_metric_refuse(m, count.reason);
	} else if (isnan(mk->token_count)) {
		ep_metric_refuse(m, mk->token_reason);
	} else {
		(void)ep_str_copy(count.name, sizeof(count.name), name);
		count.value /= mk->token_count;
		count.u95 /= mk->token_count;
		for (size_t i = 0; i < count.term_count; i++)
			count.terms[i].u /= mk->token_count;
		*m = count;
	}
}

static double value_of(const struct ep_maker *mk, const char *name)
{
	const struct ep_metric *m = ep_row_metric(mk->row, name);

	return m && m->status != EP_STATUS_NOT_MEASURED ? m->value
							: (double)NAN;
}

static void add_ipc(struct ep_maker *mk)
{
	double cycles = value_of(mk, "cycles_count");
	double instructions = value_of(mk, "instructions_count");
	struct ep_metric *m;

	if (!(cycles > 0) || isnan(instructions))
		return;
	m = ep_maker_add(mk, "ipc");
	m->value = instructions / cycles;
	m->status = EP_STATUS_OK;
}

/* Of the reads, which are evenly spaced: never above the highest of them. */
static void add_rss_mean(struct ep_maker *mk)
{
	struct ep_metric *m = ep_maker_add(mk, "rss_mean_bytes");
	struct ep_part_sums s;

	ep_metric_refuse(m, mk->counts->rss_reason);
	if (!mk->counts->rss.stream)
		return;
	ep_part_sum(mk->a, &mk->counts->rss, mk->set, &s);
	if (!(s.cover_s > 0)) {
		ep_metric_refuse(m, "no sample in it");
		return;
	}
	m->value = s.reads >= 1 ? s.first + s.s1 / s.reads : s.sum / s.cover_s;
	m->status = s.reads >= 1 ? EP_STATUS_OK : EP_STATUS_LOW_CONFIDENCE;
	(void)ep_str_copy(m->reason, sizeof(m->reason),
			  s.reads >= 1 ? "" : "between two samples");
}

static void add_rss(struct ep_maker *mk)
{
	struct ep_metric *m = ep_maker_add(mk, "rss_peak_bytes");
	const struct ep_part *rss = &mk->counts->rss;
	struct ep_part_sums s = { .max = -HUGE_VAL };
	int64_t fact;

	ep_metric_refuse(m, mk->counts->rss_reason);
	if (rss->stream) {
		ep_part_sum(mk->a, rss, mk->set, &s);
		ep_metric_refuse(m, "no sample in it");
	}
	if (rss->stream && s.reads >= 1) {
		m->value = s.max;
		m->status = EP_STATUS_OK;
		m->reason[0] = '\0';
	} else if (rss->stream && s.cover_s > 0) {
		m->value = s.sum / s.cover_s;
		m->status = EP_STATUS_LOW_CONFIDENCE;
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  "between two samples");
	}
	/* Reads a few times a second can miss what the kernel keeps. */
	if (mk->kind == EP_ROW_RUN &&
	    usage_fact(mk, "maxrss_bytes", &fact) == 0 && fact > 0 &&
	    !(m->value >= (double)fact)) {
		m->value = (double)fact;
		m->status = EP_STATUS_OK;
		(void)ep_str_format(m->reason, sizeof(m->reason),
				    "getrusage of the %s", usage_of(mk));
	}
}

void ep_maker_counts(struct ep_maker *mk)
{
	for (size_t i = 0; i < mk->counts->count; i++)
		add_count(mk, &mk->counts->sources[i]);
	add_swap_in(mk);
	add_ipc(mk);
	add_rss(mk);
	add_rss_mean(mk);
}

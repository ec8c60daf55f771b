/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "drivers/proc_threads.h"
#include "sensors/counters_parts.h"
#include "sensors/table.h"

#define DEFAULT_EVENTS                                                         \
	"task-clock,context-switches,cpu-migrations,page-faults,major-faults," \
	"cycles,instructions,cache-references,cache-misses,branch-misses"
#define NEEDS_KERNEL \
	"needs kernel.perf_event_paranoid <= 1, root or CAP_PERFMON"

struct ep_sensor {
	struct ep_counters c;
	struct ep_perf_values values[EP_COUNTERS_GROUPS_MAX];
	int results[EP_COUNTERS_GROUPS_MAX];
	int64_t (*now_ns)(void);
};

/* What open() works with; too large for the stack. */
struct plan {
	struct ep_perf_caps caps;
	struct ep_perf_pmus pmus;
	struct ep_perf_cpus online;
	struct ep_perf_scope scope;
	struct ep_proc_threads threads;
	struct ep_perf_event events[EP_COUNTERS_EVENTS_MAX];
	size_t event_count;
	char switches_name[EP_PERF_NAME_BYTES]; /* "": not by side-band */
	struct ep_counters_missing missing;
};

static const struct ep_param params[] = {
	{ "events", "",
	  "comma list of perf event names; empty: task-clock, switches, "
	  "migrations, faults, cycles, instructions, caches, branch-misses" },
	{ NULL, NULL, NULL },
};

static int counters_check(const struct ep_conf *conf, struct ep_err *err)
{
	const char *list = ep_conf_get(conf, "events");
	struct ep_err why = { 0 };

	if (!list || ep_perf_list_check(list, &why) == 0)
		return 0;
	return ep_conf_err(conf, "events", err, why.text);
}

static int counters_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_perf_caps caps;
	int r = ep_perf_probe(&caps, err);

	(void)env;
	return r < 0 ? r : 1;
}

static int read_events(struct plan *p, const char *list, struct ep_err *err)
{
	char name[EP_PERF_NAME_BYTES];
	const char *cursor = list;
	int r;

	while ((r = ep_perf_list_next(&cursor, name, sizeof(name))) > 0) {
		for (size_t i = 0; i < p->event_count; i++) {
			if (strcmp(p->events[i].name, name) == 0)
				return ep_err_set(err, -EINVAL,
						  "event '%s' is listed twice",
						  name);
		}
		if (p->event_count == EP_COUNTERS_EVENTS_MAX)
			return ep_err_set(err, -E2BIG,
					  "more than %d events; name fewer",
					  EP_COUNTERS_EVENTS_MAX);
		r = ep_perf_event_find(&p->pmus, name,
				       &p->events[p->event_count], err);
		if (r < 0)
			return r;
		p->event_count++;
	}
	if (r < 0)
		return ep_err_set(err, r,
				  "events = '%s': an empty or overlong name; "
				  "separate names by one comma",
				  list);
	return 0;
}

/* Context switches and migrations happen in the kernel: an event that leaves
 * the kernel out opens and reads 0. */
static const char *kernel_reason(struct plan *p, const struct ep_perf_event *e)
{
	int sw = ep_perf_event_software(e);
	bool kernel_side = sw == PERF_COUNT_SW_CONTEXT_SWITCHES ||
			   sw == PERF_COUNT_SW_CPU_MIGRATIONS;

	if (e->kernel_only && p->scope.user_only)
		return NEEDS_KERNEL;
	if (kernel_side && e->user_only)
		return "it happens in the kernel: leave ':u' away";
	if (!kernel_side || !p->scope.user_only)
		return "";
	if (sw == PERF_COUNT_SW_CPU_MIGRATIONS || p->switches_name[0] != '\0')
		return NEEDS_KERNEL;
	(void)ep_str_copy(p->switches_name, sizeof(p->switches_name), e->name);
	return NULL;
}

static const char *refusal_reason(const struct plan *p,
				  const struct ep_perf_event *e, int code)
{
	bool absent = code == -ENOENT || code == -EOPNOTSUPP ||
		      code == -ENODEV || code == -EINVAL;

	if (absent && e->kind == EP_PERF_CORE && p->pmus.core_count == 0)
		return "no hardware PMU";
	if (absent)
		return "this processor or kernel cannot count it";
	return strerror(-code);
}

/* Leaves in events[] what can be counted alone. */
static int sift_events(struct plan *p, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->event_count; i++) {
		struct ep_perf_event *e = &p->events[i];
		size_t codes = e->code_count;
		const char *reason = kernel_reason(p, e);
		int r;

		if (!reason)
			continue;
		if (reason[0] == '\0' && e->kind == EP_PERF_DEVICE &&
		    p->scope.pid >= 0)
			reason = "it counts the whole system: use --duration";
		if (reason[0] != '\0') {
			ep_counters_miss(&p->missing, e->name, reason);
			continue;
		}
		r = ep_perf_event_try(e, &p->scope);
		if (r == -ESRCH)
			return ep_err_set(err, r,
					  "the program ended before it could "
					  "be counted");
		if (r < 0) {
			ep_counters_miss(&p->missing, e->name,
					 refusal_reason(p, e, r));
			continue;
		}
		if (e->code_count < codes)
			ep_sensor_note(notes,
				       "%s: counted on some kinds of cores "
				       "only; the others refuse it",
				       e->name);
		if (kept != i)
			p->events[kept] = *e;
		kept++;
	}
	p->event_count = kept;
	return 0;
}

static int plan_make(struct plan *p, const struct ep_env *env,
		     const struct ep_conf *conf, struct ep_err *err)
{
	const char *list = conf ? ep_conf_get(conf, "events") : NULL;
	int r;

	if (!env->system_wide && env->target_pid <= 0)
		return ep_err_set(err, -EINVAL,
				  "counters need a program to follow");
	r = ep_perf_probe(&p->caps, err);
	if (r < 0)
		return r;
	r = ep_perf_pmus_load(NULL, &p->pmus, err);
	if (r < 0)
		return r;
	r = ep_perf_cpus_online(&p->online);
	if (r < 0)
		return ep_err_set(err, r, "online processors are unknown: %s",
				  strerror(-r));
	p->scope.pid = env->system_wide ? -1 : env->target_pid;
	p->scope.user_only = p->caps.user_only;
	if (!env->system_wide && env->target_runs) {
		r = ep_proc_threads_list(env->target_pid, &p->threads);
		if (r < 0)
			return ep_err_set(err, r,
					  "the server's threads cannot be "
					  "listed: %s",
					  strerror(-r));
		p->scope.threads = p->threads.ids;
		p->scope.thread_count = p->threads.count;
	}
	p->scope.separate = !p->caps.group_read;
	p->scope.pmus = &p->pmus;
	p->scope.online = &p->online;
	return read_events(p, list && list[0] != '\0' ? list : DEFAULT_EVENTS,
			   err);
}

static void open_switches(struct ep_counters *c, struct plan *p)
{
	const struct ep_counters_slot slot = { EP_COUNTERS_SWITCHES, 0, 0 };
	struct ep_err why = { 0 };

	if (p->switches_name[0] == '\0')
		return;
	if (p->scope.pid < 0 || p->scope.threads) {
		ep_counters_miss(&p->missing, p->switches_name, NEEDS_KERNEL);
		return;
	}
	if (ep_perf_switches_open(&c->switches, p->scope.pid, &p->online,
				  &why) < 0) {
		ep_counters_miss(&p->missing, p->switches_name, why.text);
		return;
	}
	c->has_switches = true;
	(void)ep_counters_channel(c, p->switches_name, EP_CHANNEL_EVENT,
				  EP_COUNT, slot);
}

static void tell(const struct plan *p, const struct ep_counters *c,
		 struct ep_sensor_notes *notes)
{
	ep_counters_tell(&p->missing, notes);
	if (c->hardware_count > 0 && p->scope.user_only)
		ep_sensor_note(notes, "hardware events count user space only: "
				      "the kernel " NEEDS_KERNEL);
	if (c->hardware_count > 1)
		ep_sensor_note(notes,
			       "%zu groups share the PMU: counts are scaled "
			       "by the time each was counting",
			       c->hardware_count);
	if (p->threads.truncated || p->threads.unsettled)
		ep_sensor_note(notes,
			       "not every thread of the server is counted: "
			       "%s",
			       p->threads.truncated
				       ? "there are more than 1024"
				       : "it made new ones all the time");
	if (p->scope.separate)
		ep_sensor_note(notes, "this kernel reads inherited counters "
				      "one by one: reads cost more");
	for (size_t i = 0; p->scope.pid < 0 && i < p->event_count; i++) {
		if (ep_perf_event_software(&p->events[i]) ==
		    PERF_COUNT_SW_TASK_CLOCK)
			ep_sensor_note(notes, "task-clock of the whole system "
					      "counts idle time too");
	}
}

static void counters_close(struct ep_sensor *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->c.group_count; i++)
		ep_perf_group_close(&s->c.groups[i]);
	ep_perf_switches_close(&s->c.switches);
	free(s);
}

static int counters_open(const struct ep_env *env, const struct ep_conf *conf,
			 struct ep_sensor **ret, struct ep_sensor_notes *notes,
			 struct ep_err *err)
{
	struct ep_sensor *s = calloc(1, sizeof(*s));
	struct plan *p = calloc(1, sizeof(*p));
	int r = -ENOMEM;

	if (!s || !p)
		goto out;
	s->now_ns = env->now_ns;
	r = plan_make(p, env, conf, err);
	if (r == 0)
		r = sift_events(p, notes, err);
	if (r < 0)
		goto out;
	open_switches(&s->c, p);
	r = ep_counters_group_all(&s->c, p->events, p->event_count, &p->scope,
				  &p->missing);
	if (r < 0)
		goto out;
	if (s->c.channel_count == 0) {
		r = ep_err_set(err, -ENODEV, "%s: not measured: %s",
			       p->missing.rows[0].names,
			       p->missing.rows[0].reason);
		goto out;
	}
	tell(p, &s->c, notes);
	*ret = s;
	s = NULL;
out:
	free(p);
	counters_close(s);
	return r;
}

static size_t counters_channels(const struct ep_sensor *s,
				const struct ep_channel **ret)
{
	*ret = s->c.channels;
	return s->c.channel_count;
}

static int slot_value(const struct ep_sensor *s,
		      const struct ep_counters_slot *slot, int64_t *ret)
{
	const struct ep_perf_values *v = &s->values[slot->group];

	if (slot->source == EP_COUNTERS_SWITCHES) {
		*ret = (int64_t)s->c.switches.count;
		return 0;
	}
	if (s->results[slot->group] < 0)
		return s->results[slot->group];
	if (slot->source == EP_COUNTERS_ENABLED)
		*ret = (int64_t)v->enabled_ns;
	else if (slot->source == EP_COUNTERS_RUNNING)
		*ret = (int64_t)v->running_ns;
	else
		*ret = (int64_t)v->counts[slot->index];
	return 0;
}

static int counters_poll(struct ep_sensor *s, int64_t now_ns,
			 const struct ep_sink *sink)
{
	int64_t begin_ns = s->now_ns();
	int64_t end_ns;
	struct ep_sample sample = { 0 };
	bool lost = false;
	bool good = s->c.has_switches;
	int last = 0;

	(void)now_ns;
	for (size_t i = 0; i < s->c.group_count; i++) {
		s->results[i] =
			ep_perf_group_read(&s->c.groups[i], &s->values[i]);
		if (s->results[i] < 0)
			last = s->results[i];
		good = good || s->results[i] == 0;
	}
	if (s->c.has_switches)
		lost = ep_perf_switches_read(&s->c.switches);
	end_ns = s->now_ns();
	if (!good)
		return last;
	sample.t_ns = begin_ns + (end_ns - begin_ns) / 2;
	sample.span_ns = end_ns - begin_ns > UINT32_MAX
				 ? UINT32_MAX
				 : (uint32_t)(end_ns - begin_ns);
	for (size_t i = 0; i < s->c.channel_count; i++) {
		const struct ep_counters_slot *slot = &s->c.slots[i];

		sample.channel = (uint16_t)i;
		sample.flags = 0;
		sample.value = 0;
		if (slot_value(s, slot, &sample.value) < 0)
			sample.flags = EP_SAMPLE_ERROR;
		else if (lost && slot->source == EP_COUNTERS_SWITCHES)
			sample.flags = EP_SAMPLE_GAP;
		sink->emit(sink->ctx, &sample);
	}
	return (int)s->c.channel_count;
}

const struct ep_sensor_ops ep_sensor_counters = {
	.name = "counters",
	.summary = "performance counters of the program (perf events)",
	.params = params,
	.flags = EP_SENSOR_TARGET,
	.check = counters_check,
	.probe = counters_probe,
	.open = counters_open,
	.channels = counters_channels,
	.poll = counters_poll,
	.close = counters_close,
};

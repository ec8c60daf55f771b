/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "drivers/host.h"

/* A wall clock is slewed by at most 500 ppm (adjtime): half a millisecond in
 * the second between two looks.  More is a step. */
#define STEP_NS (5 * EP_NS_PER_MS)

static void emit(struct ep_writer *writer, int64_t t_ns, const char *event,
		 const char *source, const char *text)
{
	struct ep_event e = ep_event_make(t_ns, event);

	e.source = source;
	e.text = text;
	ep_writer_event(writer, &e);
}

static void look_at_clocks(struct ep_watch *w, struct ep_writer *writer)
{
	struct ep_clock_pair now;
	struct ep_event e;
	char text[96];
	int64_t by_ns;

	ep_clock_pair_get(&now);
	e = ep_event_make(now.mono_ns, "clock");
	e.span_ns = now.span_ns;
	(void)ep_str_format(text, sizeof(text), "real_ns=%lld boot_ns=%lld",
			    (long long)now.real_ns, (long long)now.boot_ns);
	e.text = text;
	ep_writer_event(writer, &e);
	if (w->has_last) {
		by_ns = (now.real_ns - now.mono_ns) -
			(w->last.real_ns - w->last.mono_ns);
		if (llabs(by_ns) > STEP_NS) {
			(void)ep_str_format(text, sizeof(text), "by_ns=%lld",
					    (long long)by_ns);
			emit(writer, now.mono_ns, "step", "realtime", text);
		}
		by_ns = (now.boot_ns - now.mono_ns) -
			(w->last.boot_ns - w->last.mono_ns);
		if (llabs(by_ns) > STEP_NS) {
			(void)ep_str_format(text, sizeof(text), "by_ns=%lld",
					    (long long)by_ns);
			emit(writer, now.mono_ns, "step", "boottime", text);
		}
	}
	w->last = now;
	w->has_last = true;
}

static void look_at_cpus(struct ep_watch *w, const struct ep_env *env,
			 struct ep_writer *writer)
{
	char online[sizeof(w->online)], text[600];

	if (ep_host_cpus_online(&env->root, online, sizeof(online)) < 0)
		return;
	if (w->online[0] && strcmp(w->online, online) != 0) {
		(void)ep_str_format(text, sizeof(text),
				    "online CPUs: %s, before: %s", online,
				    w->online);
		emit(writer, env->now_ns(), "cpu", "online", text);
	}
	(void)ep_str_copy(w->online, sizeof(w->online), online);
}

void ep_watch_look(struct ep_watch *w, const struct ep_env *env,
		   struct ep_writer *writer)
{
	look_at_clocks(w, writer);
	look_at_cpus(w, env, writer);
}

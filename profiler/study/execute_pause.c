/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/execute_pause.h"

#include <errno.h>
#include <math.h>
#include <poll.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/study/execute.h"

#define TICK_MS 100

static void warn_hot(const struct ep_execute_pause *p, double waited_s)
{
	char text[160];

	(void)ep_str_format(text, sizeof(text),
			    "it is still hotter than %.4g \xc2\xb0"
			    "C after %.4g s; going on",
			    p->study->cooldown_c, waited_s);
	p->warn(p->ctx, text);
}

int ep_execute_pause(const struct ep_execute_pause *p)
{
	const struct ep_study *s = p->study;
	int64_t begin_ns = ep_clock_monotonic_ns();
	bool by_time = s->cooldown == EP_COOLDOWN_TIME;
	int64_t limit_ns = by_time ? s->cooldown_ns : s->cooldown_limit_ns;

	if (s->cooldown == EP_COOLDOWN_NONE)
		return 0;
	for (;;) {
		int64_t left_ns =
			limit_ns - (ep_clock_monotonic_ns() - begin_ns);
		double now_c = ep_execute_temperature_c(p->root);

		if (*p->stop != 0)
			return -EINTR;
		if (!by_time && now_c <= s->cooldown_c)
			return 0;
		if (!by_time && isnan(now_c)) {
			p->warn(p->ctx, "no thermal zone tells a temperature: "
					"there is nothing to wait for");
			return 0;
		}
		if (left_ns <= 0)
			break;
		p->wait(p->ctx, now_c, (double)left_ns / EP_NS_PER_S);
		(void)poll(NULL, 0, TICK_MS);
	}
	if (!by_time)
		warn_hot(p, (double)limit_ns / EP_NS_PER_S);
	return 0;
}

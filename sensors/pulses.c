/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/pulses.h"

void ep_pulses_forget(struct ep_pulses *p, enum ep_pulse_level now)
{
	p->edge_count = 0;
	p->level = now;
}

bool ep_pulses_settle(struct ep_pulses *p, int64_t now_ns, int64_t *ret_ns)
{
	enum ep_pulse_level level =
		p->last_active ? EP_PULSE_ACTIVE : EP_PULSE_REST;
	enum ep_pulse_level before = p->level;

	if (p->edge_count == 0 || now_ns - p->last_ns < p->debounce_ns)
		return false;
	/* Of the edges that led to another level, one was not in vain. */
	p->bounce_count += level == before ? p->edge_count : p->edge_count - 1;
	p->edge_count = 0;
	p->level = level;
	if (level != EP_PULSE_ACTIVE || before == EP_PULSE_ACTIVE)
		return false;
	p->pulse_count++;
	*ret_ns = p->first_ns;
	return true;
}

bool ep_pulses_edge(struct ep_pulses *p, int64_t t_ns, bool active,
		    int64_t *ret_ns)
{
	bool pulse = ep_pulses_settle(p, t_ns, ret_ns);

	if (p->edge_count++ == 0)
		p->first_ns = t_ns;
	p->last_ns = t_ns;
	p->last_active = active;
	return pulse;
}

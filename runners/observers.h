/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_OBSERVERS_H
#define EP_RUNNERS_OBSERVERS_H

#include "runners/runner.h"

/* Each in its own file; the table is ep_observers[] (runners/runner.h). */
extern const struct ep_observer_ops ep_observer_rules;
extern const struct ep_observer_ops ep_observer_marks;
extern const struct ep_observer_ops ep_observer_served;
extern const struct ep_observer_ops ep_observer_bench;
extern const struct ep_observer_ops ep_observer_llama;
extern const struct ep_observer_ops ep_observer_probes;
extern const struct ep_observer_ops ep_observer_requests;
extern const struct ep_observer_ops ep_observer_text;

#endif

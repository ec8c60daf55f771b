/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_PUSH_H
#define EP_PROFILER_EXPORT_PUSH_H

#include "profiler/export/carrier.h"

/* carrier.h to a receiver over HTTP; see there. */
struct ep_push;

int ep_push_open(const struct ep_export *x, const struct ep_address *address,
		 struct ep_push **ret, struct ep_err *err) EP_MUST_CHECK;
int ep_push_send(struct ep_push *p, const struct ep_parcel *parcel,
		 struct ep_err *err) EP_MUST_CHECK;
int ep_push_close(struct ep_push *p, int r, struct ep_err *err) EP_MUST_CHECK;

#endif

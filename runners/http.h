/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_HTTP_H
#define EP_RUNNERS_HTTP_H

#include "runners/runner.h"

/* Requests to a server: one runner for each dialect of list.def. */
#define EP_RUNNER(id)
#define EP_DIALECT(id, name) extern const struct ep_runner_ops ep_runner_##id;
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT

#endif

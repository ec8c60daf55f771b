/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_COMMAND_H
#define EP_RUNNERS_COMMAND_H

#include "runners/runner.h"

extern const struct ep_runner_ops ep_runner_command;

#endif

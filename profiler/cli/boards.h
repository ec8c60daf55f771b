/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_BOARDS_H
#define EP_PROFILER_CLI_BOARDS_H

#include "base/env.h"
#include "sensors/board.h"

/* Between boards.c and its parts: each prints, and returns an exit status. */
int ep_boards_show(const struct ep_env *env, const char *name);
int ep_boards_detect(const struct ep_env *env);
int ep_boards_check(char **files, int count);

/* "compatible = brcm,bcm2712 and model = *" */
void ep_boards_match_text(const struct ep_conf *match, char *ret, size_t size);
/* "edgeprof boards: ...", cleaned, on standard error. */
void ep_boards_complain(const char *text);

#endif

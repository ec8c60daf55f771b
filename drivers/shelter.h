/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SHELTER_H
#define EP_DRIVERS_SHELTER_H

#include <stdbool.h>

/*
 * Keeps this process alive where others are killed, as far as its rights go;
 * what is not allowed is left as it is.
 *
 * The kernel's memory killer passes it over (oom_score_adj -1000: root).  With
 * leave_group it goes to the top control group (root), so that ending a
 * service, a session or a cluster's job does not end it too.
 */
void ep_shelter_enter(bool leave_group);

#endif

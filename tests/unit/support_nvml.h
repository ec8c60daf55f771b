/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_NVML_H
#define EP_TESTS_UNIT_SUPPORT_NVML_H

#include "tests/unit/support_sensor.h"

/* The library that stands for NVIDIA's (tests/sim/lib), beside this program:
 * "nvml.so", "nvml_old.so". */
const char *ep_sim_nvml_path(const char *name);
/* What its GPUs are like from the next start on; see nvml_sim.h. */
void ep_sim_nvml_script(const struct ep_rig *rig, const char *text);
/* Its time, in seconds after the epoch. */
void ep_sim_nvml_time(double s);
/* A copy as tmp/name. */
void ep_sim_nvml_copy(const struct ep_rig *rig, const char *name);
/* ep_sensor_nvml_gpu with library=nvml.so and these keys ("" none). */
int ep_sim_nvml_open(struct ep_rig *rig, const char *options);
/* Polls when both clocks say s. */
int ep_sim_nvml_poll(struct ep_rig *rig, double s);

#endif

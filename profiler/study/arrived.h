/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_ARRIVED_H
#define EP_PROFILER_STUDY_ARRIVED_H

#include "profiler/study/work.h"

/*
 * The folder in which runs of other machines arrive, by the name of the run
 * (ep_work_name).  It may lie on a network file system:
 *   NAME        a run folder, whole from the moment it has this name
 *   NAME.taken  it is in the study by now
 *   NAME.refused
 *   NAME.part-* on its way, or left by a machine that died
 */

/* It has arrived or is taken: nobody needs to run it again. */
bool ep_arrived_has(int dir_fd, const char *name);
/* A copy of a run folder; all of it or nothing.  -errno. */
int ep_arrived_put(int dir_fd, const char *name, int run_fd) EP_MUST_CHECK;
/* After it was stored: the folder is removed, the name stays known. */
int ep_arrived_take(int dir_fd, const char *name) EP_MUST_CHECK;
/* It cannot be used: kept as NAME.refused, for a person to look at. */
int ep_arrived_refuse(int dir_fd, const char *name) EP_MUST_CHECK;
/* Calls each() with the NAME of every folder that waits; stops when it returns
 * < 0. */
int ep_arrived_each(int dir_fd, int (*each)(void *ctx, const char *name),
		    void *ctx) EP_MUST_CHECK;

/* Name of this machine: what the cluster calls it, else its own. */
void ep_arrived_host(char *ret, size_t size);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_SWEEP_CHECK_H
#define EP_PROFILER_CLI_SWEEP_CHECK_H

/* edgeprof sweep --host-check NONCE [--board B] [--models DIR] [--sensor S]...:
 * what this machine is, in one line for another edgeprof (host_check.h).
 * argv[0] is "--host-check". */
int ep_sweep_check_main(int argc, char **argv);

#endif

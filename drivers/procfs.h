/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PROCFS_H
#define EP_DRIVERS_PROCFS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The machine's own /proc: facts about processes, memory and pressure. */

/* Of one process; -1 where its status has no such line. */
struct ep_proc_memory {
	int64_t peak_bytes;	/* VmHWM */
	int64_t rss_bytes;	/* VmRSS = anon + file + shmem */
	int64_t rss_anon_bytes; /* kernel 4.5 */
	int64_t rss_file_bytes;
	int64_t swap_bytes;
	int64_t threads_count;
};

/* -EBADMSG when a known line does not hold what it should. */
int ep_proc_memory_parse(const char *text,
			 struct ep_proc_memory *ret) EP_MUST_CHECK;
/* -ESRCH when the process is gone. */
int ep_proc_memory_read(pid_t pid, struct ep_proc_memory *ret) EP_MUST_CHECK;

/* -1 where absent; available is an estimate of the kernel's. */
struct ep_meminfo {
	int64_t available_bytes;
	int64_t swap_total_bytes;
	int64_t swap_free_bytes;
};

/* A descriptor for ep_meminfo_read(), or -errno. */
int ep_meminfo_open(void) EP_MUST_CHECK;
int ep_meminfo_parse(const char *text, struct ep_meminfo *ret) EP_MUST_CHECK;
int ep_meminfo_read(int fd, struct ep_meminfo *ret) EP_MUST_CHECK;

/* Time in which some (or all) tasks waited, since boot; -1 where absent. */
struct ep_psi {
	int64_t some_ns;
	int64_t full_ns;
};

/*
 * resource is "cpu", "memory" or "io".  A descriptor, -ENOENT on kernels
 * without PSI (4.20), -EOPNOTSUPP where it is switched off (psi=0).
 */
int ep_psi_open(const char *resource) EP_MUST_CHECK;
int ep_psi_parse(const char *text, struct ep_psi *ret) EP_MUST_CHECK;
int ep_psi_read(int fd, struct ep_psi *ret) EP_MUST_CHECK;

/* The path of the running program. */
int ep_proc_self_exe(char *ret, size_t size) EP_MUST_CHECK;

#endif

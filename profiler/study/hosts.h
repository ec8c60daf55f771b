/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_HOSTS_H
#define EP_PROFILER_STUDY_HOSTS_H

#include "base/conf.h"

/* Boards that are reached by ssh: edgeprof-hosts(5). */
#define EP_HOSTS_MAX 128

struct ep_host {
	const char *name;
	const char *ssh;	/* what ssh is given */
	const char *board;	/* "" the one that the study names */
	const char *edgeprof;	/* where it is there */
	const char *models;	/* folder in which runs start; "" the login's */
	char **sensors;		/* a --sensor each; owned */
	char **plug;		/* command that cycles its power, or NULL */
	int64_t run_timeout_ns; /* a run that takes longer hangs */
	int64_t boot_timeout_ns; /* until it answers after a power cycle */
};
struct ep_hosts {
	struct ep_host items[EP_HOSTS_MAX];
	size_t count;
	struct ep_conf *conf; /* owns the texts */
};

/* -EINVAL with file:line. */
int ep_hosts_load(const char *path, struct ep_hosts *ret,
		  struct ep_err *err) EP_MUST_CHECK;
void ep_hosts_done(struct ep_hosts *h);
const struct ep_host *ep_hosts_find(const struct ep_hosts *h, const char *name);

/* ssh OPTIONS HOST COMMAND as words, all borrowed but argv; count words that
 * are filled.  argv has room for EP_HOSTS_SSH_WORDS. */
#define EP_HOSTS_SSH_WORDS 16
void ep_hosts_ssh_argv(const struct ep_host *h, const char *command,
		       const char *argv[EP_HOSTS_SSH_WORDS]);

#endif

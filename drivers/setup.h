/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SETUP_H
#define EP_DRIVERS_SETUP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What edgeprof setup changes in the system, in acts that can be told before,
 * checked, done and taken back one by one.  All paths lie below the root.
 */
#define EP_SETUP_TEXT_BYTES 512

struct ep_setup_act {
	const struct ep_setup_ops *ops;
	char target[EP_SETUP_TEXT_BYTES]; /* a path, a group, "GROUP USER" */
	char before[128], after[128];	  /* as ops says */
	const char *content; /* of a file that is to be made; else NULL */
};

enum ep_setup_state {
	EP_SETUP_BEFORE,  /* it is as it was */
	EP_SETUP_DONE,	  /* as it shall be */
	EP_SETUP_HALF,	  /* in between: someone was stopped */
	EP_SETUP_FOREIGN, /* another thing altogether: not ours */
};

struct ep_setup_ops {
	const char *name;
	/* Which of these; or -errno when it cannot be told. */
	int (*state)(const struct ep_root *root, const struct ep_setup_act *a);
	/* From BEFORE or HALF to DONE, and the other way round.  undo:
	 * -ENOTEMPTY when others have begun to use it: it stays. */
	int (*make)(const struct ep_root *root, const struct ep_setup_act *a,
		    struct ep_err *err);
	int (*undo)(const struct ep_root *root, const struct ep_setup_act *a,
		    struct ep_err *err);
	/* "+ /etc/x", one line for people. */
	void (*tell)(const struct ep_setup_act *a, char *ret, size_t size);
};

/* after: SHA-256 of the content.  The folder must be root's (or ours) alone. */
extern const struct ep_setup_ops ep_setup_file;
extern const struct ep_setup_ops ep_setup_folder; /* 0755 */
/* after: what the symbolic link says. */
extern const struct ep_setup_ops ep_setup_link;
/* A file of the kernel; before and after are its text. */
extern const struct ep_setup_ops ep_setup_value;
/* before, after: "UID GID MODE CAPS" in decimal, octal and hex ("-": none); a
 * GID of "@NAME" is that group's when it is needed. */
extern const struct ep_setup_ops ep_setup_mode;
extern const struct ep_setup_ops ep_setup_group;  /* target: its name */
extern const struct ep_setup_ops ep_setup_member; /* "GROUP USER" */

/* Fills a->after of a file from its content. */
void ep_setup_hash(struct ep_setup_act *a);
/* Fills a->before from what is there: of a value, a mode. */
int ep_setup_look(const struct ep_root *root,
		  struct ep_setup_act *a) EP_MUST_CHECK;

/* Group files below the root; NSS on the machine itself. */
bool ep_setup_has_group(const struct ep_root *root, const char *name,
			gid_t *ret_gid);
bool ep_setup_is_member(const struct ep_root *root, const char *group,
			const char *user);

/* A program of the system, found in the usual folders: its status, -ENOENT
 * when it is not there; what it said is the error's text. */
int ep_setup_tool(const struct ep_root *root, const char *const *argv,
		  struct ep_err *err) EP_MUST_CHECK;

/*
 * Where things are on this machine: files of energy counters (powercap) that
 * are root's, and device nodes that another group should have.  Calls add()
 * with a path and a group.
 */
void ep_setup_find_energy(const struct ep_root *root,
			  void (*add)(void *ctx, const char *path), void *ctx);
struct ep_setup_node {
	const char *prefix; /* "i2c-" in /dev */
	bool numbered;
	const char *group; /* edgeprof where this is not there */
	const char *rule;  /* for udev, up to the group */
};
extern const struct ep_setup_node ep_setup_nodes[]; /* ends with NULL */
void ep_setup_find_nodes(const struct ep_root *root,
			 const struct ep_setup_node *node,
			 void (*add)(void *ctx, const char *path), void *ctx);
/* kernel.perf_event_paranoid */
#define EP_SETUP_PARANOID "kernel.perf_event_paranoid"
extern const char ep_setup_paranoid_path[];
/* Rules of udev for USB meters, with the group's name at each %s. */
extern const char *const ep_setup_usb_rules[]; /* NULL-terminated */

/* edgeprof's own file; -errno. */
int ep_setup_own_program(char *ret, size_t size) EP_MUST_CHECK;
/* Is the folder of path, and those above it, root's alone to change? */
bool ep_setup_is_safe(const char *path);

#endif

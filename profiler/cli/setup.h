/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_SETUP_H
#define EP_PROFILER_CLI_SETUP_H

#include "base/env.h"
#include "base/spawn.h"
#include "base/state.h"
#include "drivers/setup.h"
#include "drivers/uprobe_publish.h"

#include <stdbool.h>
#include <stddef.h>

/* Between setup.c and the files of its steps. */

#define EP_SETUP_GROUP "edgeprof"
#define EP_SETUP_ACTS_MAX 256
#define EP_SETUP_STEPS_MAX 16

struct ep_setup;

/* A part that can be asked for alone (--only). */
struct ep_setup_step {
	const char *name;
	const char *why;
	/* Adds the acts that make it so, done or not; 0, -errno. */
	int (*plan)(struct ep_setup *s, struct ep_err *err);
};
extern const struct ep_setup_step ep_setup_steps[]; /* ends without a name */

struct ep_setup_list {
	struct ep_setup_act acts[EP_SETUP_ACTS_MAX];
	size_t count;
};

/* What was done by setup, as it stands in the state folder. */
struct ep_setup_journal {
	struct ep_state state; /* dir_fd -1: none */
	bool tidy;	       /* with nothing in it, it is removed */
	struct ep_setup_list *list;
};

struct ep_setup {
	struct ep_env env;
	struct ep_identity identity;
	bool dry, yes, undo, caps, at_boot, help;
	const char *only; /* NULL: all but caps */
	const char *libraries[EP_UPROBE_LIBRARIES_MAX];
	size_t library_count;
	struct ep_setup_journal journal;
	struct ep_setup_list *plan;
	size_t first[EP_SETUP_STEPS_MAX + 1]; /* of each step in the plan */
	/* What a step has to say besides, in the order of steps. */
	char notes[EP_SETUP_STEPS_MAX][900];
	bool planned[EP_SETUP_STEPS_MAX];
	size_t step;			  /* that is being planned */
	struct ep_uprobe_library *wanted; /* to be published */
	size_t wanted_count;
	uid_t owners[EP_UPROBE_LIBRARIES_MAX]; /* who may own them */
	char *texts[16];		       /* of files, owned */
	size_t text_count;
};

/* setup_journal.c: every change is on the disk before the act. */
int ep_setup_journal_open(struct ep_setup_journal *j, const struct ep_env *env,
			  bool create, struct ep_err *err);
int ep_setup_journal_add(struct ep_setup_journal *j,
			 const struct ep_setup_act *a, struct ep_err *err);
int ep_setup_journal_remove(struct ep_setup_journal *j, size_t n,
			    struct ep_err *err);
/* With nothing in it the file goes, and its folder when that is empty. */
void ep_setup_journal_close(struct ep_setup_journal *j,
			    const struct ep_env *env);
/* Other contents of the same file that setup has written: its state is DONE
 * by one of them. */
bool ep_setup_journal_wrote(const struct ep_setup_journal *j,
			    const struct ep_root *root,
			    const struct ep_setup_act *a);

/* setup_steps.c: acts for steps.  content is kept as it is given. */
struct ep_setup_act *ep_setup_add(struct ep_setup *s,
				  const struct ep_setup_ops *ops,
				  const char *target);
void ep_setup_add_folders(struct ep_setup *s, const char *path);
void ep_setup_add_file(struct ep_setup *s, const char *path,
		       const char *content);
void ep_setup_note(struct ep_setup *s, const char *format, ...) EP_PRINTF(2, 3);
/* A text that lives as long as s; NULL when memory is short. */
char *ep_setup_keep(struct ep_setup *s, const char *format, ...)
	EP_PRINTF(2, 3);

/* setup_probes.c */
extern const struct ep_setup_ops ep_setup_probes;
int ep_setup_plan_probes(struct ep_setup *s, struct ep_err *err);
int ep_setup_publish(struct ep_setup *s, bool look, struct ep_err *err);
/* An exit status. */
int ep_setup_at_boot(struct ep_setup *s);

/* setup_libraries.c: what is to be published, open in s->wanted: what was
 * asked for before, with --lib, or is found.  -EINVAL: a --lib cannot be. */
int ep_setup_libraries(struct ep_setup *s, bool search, struct ep_err *err);
void ep_setup_libraries_done(struct ep_setup *s);
/* setup_search.c: calls each() for programs and libraries that could be
 * llama.cpp's. */
void ep_setup_search(struct ep_setup *s,
		     void (*each)(void *ctx, int fd, const char *path),
		     void *ctx);

/* setup_apply.c: exit statuses. */
int ep_setup_apply(struct ep_setup *s);
int ep_setup_undo(struct ep_setup *s);
/* Is nothing of it left to do? */
bool ep_setup_is_so(struct ep_setup *s, size_t from, size_t to);
/* As its ops tell; a file that setup itself wrote is no other's. */
int ep_setup_state(struct ep_setup *s, const struct ep_setup_act *a);

/* setup_print.c */
void ep_setup_print_plan(struct ep_setup *s);
void ep_setup_print_act(const char *sign, const struct ep_setup_act *a,
			const char *more);
/* -ENOTTY: there is nobody to ask. */
int ep_setup_ask(const struct ep_setup *s, const char *question);
void ep_setup_complain(const char *text);

#endif

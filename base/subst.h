/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_SUBST_H
#define EP_BASE_SUBST_H

#include "base/err.h"

#include <stddef.h>

/* A name between braces and what takes its place; lists end with name NULL. */
struct ep_subst {
	const char *name, *value;
};

/*
 * text with each {name} of the list replaced, literally: what is put in is not
 * looked at again and never meets a shell.  "{{" gives "{"; every other brace
 * stays as it is.  *ret is the caller's to free.  -ENOMEM, -EFBIG past 128 KiB
 * (what Linux allows one argument).
 */
int ep_subst_text(const char *text, const struct ep_subst *list,
		  char **ret) EP_MUST_CHECK;
/* The same for every argument; *ret and its strings end with free_argv. */
int ep_subst_argv(char *const *argv, const struct ep_subst *list,
		  char ***ret) EP_MUST_CHECK;
void ep_subst_free_argv(char **argv);

#endif

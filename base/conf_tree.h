/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_CONF_TREE_H
#define EP_BASE_CONF_TREE_H

#include "base/conf.h"

/* The parts of conf*.c; nobody else includes this. */

/* An empty section; all texts are copied.  NULL when out of memory. */
struct ep_conf *ep_conf_new(const char *file, const char *kind,
			    const char *title, int line);
/* Takes value (may be NULL).  -EEXIST, -E2BIG, -ENOMEM. */
int ep_conf_add(struct ep_conf *conf, const char *key, char *value,
		int line) EP_MUST_CHECK;
/* conf owns section from now on; on failure it is freed.  -E2BIG, -ENOMEM. */
int ep_conf_add_section(struct ep_conf *conf,
			struct ep_conf *section) EP_MUST_CHECK;
const struct ep_conf_rule *ep_conf_rule_of(const struct ep_conf_rule *rules,
					   const char *kind);

/*
 * Text of a file to its sections and keys with their lines; every value is
 * NULL.  Checks all that libconfuse lets pass: duplicates, unknown sections,
 * "${", open ends.
 */
int ep_conf_scan(const char *file, const char *text,
		 const struct ep_conf_rule *rules, struct ep_conf **ret,
		 struct ep_err *err) EP_MUST_CHECK;

#endif

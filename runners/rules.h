/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_RULES_H
#define EP_RUNNERS_RULES_H

#include "base/phase.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What the user says of his program's lines: NAME[:start|:end]=/ERE/[@stderr].
 * A line that matches begins phase NAME (:start, also when neither is said), or
 * ends it (:end).  The first group is its token count.
 */
#define EP_RULES_MAX 16
#define EP_RULE_BYTES_MAX 600
/* So that an expression cannot eat the memory: product of all {n,m}. */
#define EP_RULE_REPEATS_MAX 4096

struct ep_rule {
	char name[EP_PHASE_NAME_BYTES];
	bool end;
	int stream; /* 1 stdout, 2 stderr */
	regex_t regex;
	bool compiled;
};

struct ep_rules {
	struct ep_rule items[EP_RULES_MAX];
	size_t count;
};

/* -EINVAL with what is wrong and at which character; ret is then untouched. */
int ep_rule_parse(const char *text, struct ep_rule *ret,
		  struct ep_err *err) EP_MUST_CHECK;
void ep_rule_done(struct ep_rule *r);
/* Adds one; -E2BIG past the maximum, else as ep_rule_parse(). */
int ep_rules_add(struct ep_rules *rules, const char *text,
		 struct ep_err *err) EP_MUST_CHECK;
void ep_rules_done(struct ep_rules *rules);

/* Does a clean line of a stream (runners/text.h) match?  tokens: the first
 * group, -1 when there is none; *odd is set when it is no whole number. */
bool ep_rule_match(const struct ep_rule *r, int stream, const char *line,
		   int64_t *ret_tokens, bool *odd);

/* Of events "rule" (text: the rule) and "line". */
int ep_rules_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns,
		      struct ep_timeline *ret);

#endif

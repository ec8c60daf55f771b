/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_CONF_H
#define EP_BASE_CONF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A section of a board file, or the key=value list of a --sensor option: all
 * values are text, parsed strictly by the getters, so "1,5", "010", "nan" and
 * duplicates are errors that name file and line.
 *
 * Syntax (libconfuse): key = "value" or key = value, and
 * kind "title" { ... } or kind { ... }.
 */
#define EP_CONF_KEYS_MAX 64
#define EP_CONF_SECTIONS_MAX 128
#define EP_CONF_FILE_BYTES_MAX (256 * 1024)

struct ep_conf_key {
	char *key;
	char *value;
	int line;
};

struct ep_conf {
	char *file;  /* for messages; "--sensor" for options */
	char *kind;  /* "" at the top level */
	char *title; /* "" where there is none */
	int line;
	struct ep_conf_key keys[EP_CONF_KEYS_MAX];
	size_t key_count;
	struct ep_conf **sections;
	size_t section_count;
};

/* One key a section or sensor may hold; lists end with key == NULL. */
struct ep_param {
	const char *key;
	const char *fallback; /* NULL: required; "" : no default */
	const char *help;
};

/* One kind of section a file may hold; lists end with kind == NULL. */
struct ep_conf_rule {
	const char *kind;	       /* "" for the top level */
	const struct ep_param *params; /* NULL: any key (checked later) */
	bool titled;
	bool repeated;
};

/*
 * Reads a file against rules.  Every failure names file:line: unknown key or
 * section (with the nearest known name), duplicate key or title, "${".
 * The caller owns *ret and ends it with ep_conf_free().
 */
int ep_conf_load(const char *path, const struct ep_conf_rule *rules,
		 struct ep_conf **ret, struct ep_err *err) EP_MUST_CHECK;
/* "key=value,key=value"; text may be "". */
int ep_conf_from_options(const char *file, const char *text,
			 struct ep_conf **ret,
			 struct ep_err *err) EP_MUST_CHECK;
void ep_conf_free(struct ep_conf *conf);
/* Adds or replaces one key of a conf made by ep_conf_from_options. */
int ep_conf_set(struct ep_conf *conf, const char *key,
		const char *value) EP_MUST_CHECK;

/* Every key must be in params, every required one there. */
int ep_conf_check(const struct ep_conf *conf, const struct ep_param *params,
		  struct ep_err *err) EP_MUST_CHECK;
/* Came from --sensor: paths in it are taken as they are, not below the root. */
bool ep_conf_is_typed(const struct ep_conf *conf);
/* NULL when the key is absent. */
const char *ep_conf_get(const struct ep_conf *conf, const char *key);
/* fallback when absent; -EINVAL / -ERANGE with file:line and the key. */
int ep_conf_get_f64(const struct ep_conf *conf, const char *key,
		    double fallback, double *ret,
		    struct ep_err *err) EP_MUST_CHECK;
int ep_conf_get_i64(const struct ep_conf *conf, const char *key,
		    int64_t fallback, int64_t *ret,
		    struct ep_err *err) EP_MUST_CHECK;
int ep_conf_get_duration_ns(const struct ep_conf *conf, const char *key,
			    int64_t fallback_ns, int64_t *ret_ns,
			    struct ep_err *err) EP_MUST_CHECK;
/* "yes" or "no". */
int ep_conf_get_bool(const struct ep_conf *conf, const char *key, bool fallback,
		     bool *ret, struct ep_err *err) EP_MUST_CHECK;
/* An error about one key: "file:line: key: message". */
int ep_conf_err(const struct ep_conf *conf, const char *key, struct ep_err *err,
		const char *message);

#endif

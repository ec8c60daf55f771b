/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_RUN_JSON_H
#define EP_PROFILER_ANALYZE_RUN_JSON_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Strict access to one JSON object that may be hostile.  A key that is absent
 * (or null) leaves *ret as it was and returns 0; a value of another type or out
 * of bounds is -EBADMSG with a sentence that names file, place and key.
 */
struct ep_rj {
	const json_t *object;
	char where[96]; /* "sensors[2]" or "" */
	struct ep_err *err;
};

/* An i64 and what it may be. */
struct ep_rj_range {
	int64_t min, max;
};

int ep_rj_bad(const struct ep_rj *r, const char *key, const char *what);
int ep_rj_i64(const struct ep_rj *r, const char *key, struct ep_rj_range range,
	      int64_t *ret) EP_MUST_CHECK;
int ep_rj_bool(const struct ep_rj *r, const char *key, bool *ret) EP_MUST_CHECK;
/* Text is made printable; -EBADMSG when it does not fit. */
int ep_rj_text(const struct ep_rj *r, const char *key, char *ret,
	       size_t size) EP_MUST_CHECK;
/* The array (or NULL when absent), -EBADMSG past max entries. */
int ep_rj_array(const struct ep_rj *r, const char *key, size_t max,
		const json_t **ret) EP_MUST_CHECK;
/* The object under key; absent: r->object of *ret is NULL. */
int ep_rj_object(const struct ep_rj *r, const char *key,
		 struct ep_rj *ret) EP_MUST_CHECK;
/* Element i of an array that must be an object. */
int ep_rj_element(const struct ep_rj *r, const json_t *array, const char *key,
		  size_t i, struct ep_rj *ret) EP_MUST_CHECK;

/* [A-Za-z0-9_.-]+, not beginning with a dot: safe as a file name. */
bool ep_rj_plain_name(const char *text);
/* Printable ASCII without comma, quote, space or backslash. */
bool ep_rj_channel_name(const char *text);

/* The sensors array into run (see run.h). */
struct ep_run;
int ep_run_parse_sensors(const struct ep_rj *root,
			 struct ep_run *run) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_ERR_H
#define EP_BASE_ERR_H

#define EP_MUST_CHECK __attribute__((warn_unused_result))
#define EP_PRINTF(f, a) __attribute__((format(printf, f, a)))

/*
 * What a person can fix: one sentence that says what, where and what to do.
 * Callers that do not care pass NULL.  text is "" until something is set.
 */
struct ep_err {
	int code; /* negative errno */
	char text[480];
};

/* Fills err (when not NULL) and returns code, which must be negative. */
int ep_err_set(struct ep_err *err, int code, const char *format, ...)
	EP_PRINTF(3, 4);

/* Puts "prefix: " before the text already there; returns err->code, 0 when err
 * is NULL: callers keep their own code. */
int ep_err_prefix(struct ep_err *err, const char *format, ...) EP_PRINTF(2, 3);

#endif

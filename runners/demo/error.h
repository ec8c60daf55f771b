/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_ERROR_H
#define EP_RUNNERS_DEMO_ERROR_H

/* One sentence for the person at the terminal; text is "" until set. */
struct infer_err {
	char text[640];
};

/* Fills err and returns code, which must be a negative errno. */
int infer_err_set(struct infer_err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif

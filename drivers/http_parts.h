/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_HTTP_PARTS_H
#define EP_DRIVERS_HTTP_PARTS_H

#include "base/err.h"

#include <curl/curl.h>
#include <stdint.h>

/* What http.c and http_stream.c share; private to them. */

/* Initialises libcurl, once. */
void ep_http_init(void);
/* Options of every connection; 0, or any of libcurl's codes. */
int ep_http_set_common(CURL *c);
/* A failure as a sentence without an address; its errno.  sink_error: why the
 * receiver took no more, or 0. */
int ep_http_explain(CURL *curl, CURLcode code, int64_t timeout_ns,
		    int sink_error, struct ep_err *err);

#endif

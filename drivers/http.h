/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_HTTP_H
#define EP_DRIVERS_HTTP_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One kept-alive HTTP/1.1 connection to a device, over libcurl.
 *
 * Used by one thread at a time.  Proxies are never used, redirects never
 * followed: a meter's readings and its password go where the user said and
 * nowhere else.  Only http and https; certificates are checked.  No message
 * holds a user, a secret or a query.
 */
struct ep_http;

#define EP_HTTP_BODY_BYTES_MAX (64 * 1024)
#define EP_HTTP_URL_BYTES 2048
#define EP_HTTP_SECRET_BYTES 256
#define EP_HTTP_TIMEOUT_NS INT64_C(2000000000)

enum ep_http_auth {
	EP_HTTP_AUTH_NONE,
	EP_HTTP_AUTH_BASIC,  /* sent with every request */
	EP_HTTP_AUTH_DIGEST, /* MD5 or SHA-256, as the device asks */
	EP_HTTP_AUTH_BEARER, /* the secret is a token; no user */
};

struct ep_http_reply {
	int status;	  /* 200 */
	const char *body; /* NUL ended; valid until the next request */
	size_t len;
	/* CLOCK_MONOTONIC: the (last) request was handed to the kernel, the
	 * first byte of its reply came, the reply was complete. */
	int64_t sent_ns, first_ns, done_ns;
	int64_t retry_after_s; /* 503, 429: not before; 0 it says nothing */
};

struct ep_http_post {
	const char *url;
	const char *type; /* "application/json" */
	/* "Bearer ...": in place of ep_http_set_auth(); NULL none. */
	const char *authorization;
	const char *body; /* borrowed */
	size_t len;
};

/* timeout_ns bounds one whole request, name look-up and log-in included; it is
 * rounded up to ms.  -ENOMEM, -EINVAL. */
int ep_http_new(int64_t timeout_ns, struct ep_http **ret,
		struct ep_err *err) EP_MUST_CHECK;
void ep_http_free(struct ep_http *http);
/* For every request from now on; both texts are copied. */
int ep_http_set_auth(struct ep_http *http, enum ep_http_auth auth,
		     const char *user, const char *secret) EP_MUST_CHECK;
/* A file of certificates (PEM) that are trusted in place of the system's;
 * -EINVAL when it cannot be read, with a sentence. */
int ep_http_set_ca(struct ep_http *http, const char *path,
		   struct ep_err *err) EP_MUST_CHECK;

/*
 * Blocks for timeout_ns at most.  0 with any HTTP status; else what failed, as
 * a sentence that begins small and names no address: -ECONNREFUSED,
 * -EHOSTUNREACH, -ETIMEDOUT, -ECONNRESET (broke off), -EFBIG (body too large),
 * -EPROTO (no HTTP, bad certificate), -EIO.
 */
int ep_http_get(struct ep_http *http, const char *url,
		struct ep_http_reply *ret, struct ep_err *err) EP_MUST_CHECK;
/* The same with something to say; what is larger of the answer than
 * EP_HTTP_BODY_BYTES_MAX is left out. */
int ep_http_post(struct ep_http *http, const struct ep_http_post *what,
		 struct ep_http_reply *ret, struct ep_err *err) EP_MUST_CHECK;

/*
 * A base address: http:// or https://, a host, maybe a port; nothing else but
 * slashes at the end.  A user or password in it is -EINVAL.
 */
int ep_http_url_check(const char *url, struct ep_err *err) EP_MUST_CHECK;
/* %XX for all but letters, digits and "-._~"; false when cut. */
bool ep_http_escape(const char *text, char *ret, size_t size);

/*
 * The first line of a file that holds a password or token.  Refused: what
 * others than its owner's group may read or write (-EPERM), what is no file,
 * empty, longer than EP_HTTP_SECRET_BYTES - 1, or has control bytes (-EINVAL).
 */
int ep_http_secret_read(const struct ep_root *root, const char *path,
			char ret[EP_HTTP_SECRET_BYTES],
			struct ep_err *err) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_HTTP_LOGIN_H
#define EP_TESTS_SIM_SUPPORT_HTTP_LOGIN_H

#include "tests/sim/support/http_peer.h"

/* A nonce serves so often; then the log-in is asked for anew (stale). */
#define NONCE_USES 25

/* The one user, admin, of a simulated device. */
struct http_login {
	const char *password; /* NULL: nothing is asked for */
	bool md5;	      /* digest by MD5 instead of SHA-256 */
	unsigned long nonce, uses;
	char headers[256];
};

bool http_login_basic_ok(const struct http_login *p,
			 const struct http_request *q);
/* RFC 7616 with qop=auth. */
bool http_login_digest_ok(struct http_login *p, const struct http_request *q);
/* The WWW-Authenticate line; it lives in p. */
const char *http_login_ask_basic(struct http_login *p);
const char *http_login_ask_digest(struct http_login *p);

#endif

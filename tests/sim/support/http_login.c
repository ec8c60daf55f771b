/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/http_login.h"

#include <nettle/base64.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#define REALM "edgeprof-sim"

static void hash(const struct http_login *p, const char *text, char ret[65])
{
	size_t size = p->md5 ? MD5_DIGEST_SIZE : SHA256_DIGEST_SIZE;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	struct md5_ctx md;

	sha256_init(&sha);
	md5_init(&md);
	if (p->md5) {
		md5_update(&md, strlen(text), (const uint8_t *)text);
		md5_digest(&md, size, digest);
	} else {
		sha256_update(&sha, strlen(text), (const uint8_t *)text);
		sha256_digest(&sha, size, digest);
	}
	for (size_t i = 0; i < size; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* RFC 7616 with qop=auth. */
bool http_login_digest_ok(struct http_login *p, const struct http_request *q)
{
	char part[5][200], text[1024], ha1[65], ha2[65], want[65], nonce[24];

	snprintf(nonce, sizeof(nonce), "%08lx", p->nonce);
	http_peer_param(q->authorization, "nonce", part[0], sizeof(part[0]));
	http_peer_param(q->authorization, "nc", part[1], sizeof(part[1]));
	http_peer_param(q->authorization, "cnonce", part[2], sizeof(part[2]));
	http_peer_param(q->authorization, "uri", part[3], sizeof(part[3]));
	http_peer_param(q->authorization, "response", part[4], sizeof(part[4]));
	snprintf(text, sizeof(text), "admin:" REALM ":%s", p->password);
	hash(p, text, ha1);
	snprintf(text, sizeof(text), "GET:%s", q->target);
	hash(p, text, ha2);
	snprintf(text, sizeof(text), "%s:%s:%s:%s:auth:%s", ha1, part[0],
		 part[1], part[2], ha2);
	hash(p, text, want);
	return strncmp(q->authorization, "Digest ", 7) == 0 &&
	       strcmp(part[0], nonce) == 0 && strcmp(part[3], q->target) == 0 &&
	       strcmp(part[4], want) == 0 && ++p->uses <= NONCE_USES;
}

bool http_login_basic_ok(const struct http_login *p,
			 const struct http_request *q)
{
	char pair[200], line[400] = "Basic ";
	size_t len;

	snprintf(pair, sizeof(pair), "admin:%s", p->password);
	len = BASE64_ENCODE_RAW_LENGTH(strlen(pair));
	base64_encode_raw(line + 6, strlen(pair), (const uint8_t *)pair);
	line[6 + len] = '\0';
	return strcmp(q->authorization, line) == 0;
}

const char *http_login_ask_basic(struct http_login *p)
{
	snprintf(p->headers, sizeof(p->headers),
		 "WWW-Authenticate: Basic realm=\"" REALM "\"\r\n");
	return p->headers;
}

const char *http_login_ask_digest(struct http_login *p)
{
	snprintf(p->headers, sizeof(p->headers),
		 "WWW-Authenticate: Digest qop=\"auth\", realm=\"" REALM
		 "\", nonce=\"%08lx\", algorithm=%s%s\r\n",
		 ++p->nonce, p->md5 ? "MD5" : "SHA-256",
		 p->uses > NONCE_USES ? ", stale=true" : "");
	p->uses = 0;
	return p->headers;
}

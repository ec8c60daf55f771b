/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "drivers/http_parts.h"

struct ep_http {
	CURL *curl;
	struct ep_buf body;
	int64_t timeout_ns;
	int64_t sent_ns, first_ns; /* of the request on its way */
	int sink_error;		   /* why body took no more: -errno */
};

/* An interim reply's body (401 before a log-in) is dropped with its headers by
 * libcurl; what comes here belongs to the last reply. */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct ep_http *http = ctx;

	http->sink_error = ep_buf_add(&http->body, data, size * count);
	return http->sink_error < 0 ? 0 : size * count;
}

/* The only place where libcurl tells when a request has left and when the reply
 * begins, with several of each where a log-in is needed. */
static int stamp(CURL *curl, curl_infotype type, char *data, size_t len,
		 void *ctx)
{
	struct ep_http *http = ctx;

	(void)curl;
	(void)data;
	(void)len;
	if (type == CURLINFO_HEADER_OUT) {
		http->sent_ns = ep_clock_monotonic_ns();
		http->first_ns = 0;
	} else if (type == CURLINFO_HEADER_IN && http->first_ns == 0) {
		http->first_ns = ep_clock_monotonic_ns();
	}
	return 0;
}

/* 0, or any of libcurl's codes. */
static int set_options(struct ep_http *http)
{
	CURL *c = http->curl;
	long ms = (long)((http->timeout_ns + EP_NS_PER_MS - 1) / EP_NS_PER_MS);
	int bad = ep_http_set_common(c);

	bad |= (int)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms);
	bad |= (int)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms);
	bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEDATA, http);
	bad |= (int)curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, stamp);
	bad |= (int)curl_easy_setopt(c, CURLOPT_DEBUGDATA, http);
	bad |= (int)curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	return bad;
}

int ep_http_new(int64_t timeout_ns, struct ep_http **ret, struct ep_err *err)
{
	struct ep_http *http;

	if (timeout_ns <= 0)
		return ep_err_set(err, -EINVAL, "the timeout must be positive");
	ep_http_init();
	http = calloc(1, sizeof(*http));
	if (!http)
		return ep_err_set(err, -ENOMEM, "out of memory");
	ep_buf_init(&http->body, EP_HTTP_BODY_BYTES_MAX);
	http->timeout_ns = timeout_ns;
	http->curl = curl_easy_init();
	if (!http->curl || set_options(http) != 0) {
		ep_http_free(http);
		return ep_err_set(err, -ENOMEM,
				  "libcurl cannot be set up: out of memory, "
				  "or it was built without HTTP");
	}
	*ret = http;
	return 0;
}

void ep_http_free(struct ep_http *http)
{
	if (!http)
		return;
	if (http->curl)
		curl_easy_cleanup(http->curl);
	ep_buf_done(&http->body);
	free(http);
}

int ep_http_set_auth(struct ep_http *http, enum ep_http_auth auth,
		     const char *user, const char *secret)
{
	static const unsigned long methods[] = {
		[EP_HTTP_AUTH_NONE] = CURLAUTH_NONE,
		[EP_HTTP_AUTH_BASIC] = CURLAUTH_BASIC,
		[EP_HTTP_AUTH_DIGEST] = CURLAUTH_DIGEST,
		[EP_HTTP_AUTH_BEARER] = CURLAUTH_BEARER,
	};
	bool named = auth == EP_HTTP_AUTH_BASIC || auth == EP_HTTP_AUTH_DIGEST;
	bool bearer = auth == EP_HTTP_AUTH_BEARER;
	CURL *c = http->curl;
	int bad = 0;

	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)methods[auth]);
	bad |= (int)curl_easy_setopt(c, CURLOPT_USERNAME, named ? user : NULL);
	bad |= (int)curl_easy_setopt(c, CURLOPT_PASSWORD,
				     named ? secret : NULL);
	bad |= (int)curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER,
				     bearer ? secret : NULL);
	return bad == 0 ? 0 : -ENOMEM;
}

int ep_http_get(struct ep_http *http, const char *url,
		struct ep_http_reply *ret, struct ep_err *err)
{
	int64_t begin_ns = ep_clock_monotonic_ns(), done_ns;
	CURLcode code;
	long status = 0;

	ep_buf_reset(&http->body);
	http->sent_ns = http->first_ns = 0;
	http->sink_error = 0;
	if (ep_buf_reserve(&http->body, 0) < 0)
		return ep_err_set(err, -ENOMEM, "out of memory");
	code = curl_easy_setopt(http->curl, CURLOPT_URL, url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
	if (code == CURLE_OK)
		code = curl_easy_perform(http->curl);
	done_ns = ep_clock_monotonic_ns();
	if (code != CURLE_OK)
		return ep_http_explain(http->curl, code, http->timeout_ns,
				       http->sink_error, err);
	(void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (int)status;
	ret->body = http->body.data;
	ret->len = http->body.len;
	ret->sent_ns = http->sent_ns > 0 ? http->sent_ns : begin_ns;
	ret->first_ns = http->first_ns > 0 ? http->first_ns : ret->sent_ns;
	ret->done_ns = done_ns;
	return 0;
}

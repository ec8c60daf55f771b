/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "drivers/http_parts.h"

struct ep_http {
	CURL *curl;
	struct ep_buf body;
	int64_t timeout_ns;
	int64_t sent_ns, first_ns; /* of the request on its way */
	int sink_error;		   /* why body took no more: -errno */
	bool cuts;		   /* a body that is too large */
};

/* An interim reply's body (401 before a log-in) is dropped with its headers by
 * libcurl; what comes here belongs to the last reply. */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct ep_http *http = ctx;

	http->sink_error = ep_buf_add(&http->body, data, size * count);
	if (http->sink_error == -EFBIG && http->cuts)
		http->sink_error = 0;
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

int ep_http_set_ca(struct ep_http *http, const char *path, struct ep_err *err)
{
	if (access(path, R_OK) < 0)
		return ep_err_set(err, -EINVAL,
				  "--ca-file %.200s cannot be read: %s", path,
				  strerror(errno));
	if (curl_easy_setopt(http->curl, CURLOPT_CAINFO, path) != CURLE_OK)
		return ep_err_set(err, -EINVAL,
				  "this libcurl takes no --ca-file");
	return 0;
}

/* Of a request whose options are set: what it said is in set, not 0 when that
 * failed. */
static int perform(struct ep_http *http, int set, struct ep_http_reply *ret,
		   struct ep_err *err)
{
	int64_t begin_ns = ep_clock_monotonic_ns(), done_ns;
	curl_off_t retry_s = 0;
	CURLcode code;
	long status = 0;

	ep_buf_reset(&http->body);
	http->sent_ns = http->first_ns = 0;
	http->sink_error = 0;
	if (set != 0 || ep_buf_reserve(&http->body, 0) < 0)
		return ep_err_set(err, -ENOMEM, "out of memory");
	code = curl_easy_perform(http->curl);
	done_ns = ep_clock_monotonic_ns();
	if (code != CURLE_OK)
		return ep_http_explain(http->curl, code, http->timeout_ns,
				       http->sink_error, err);
	(void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &retry_s);
	*ret = (struct ep_http_reply){
		.status = (int)status,
		.body = http->body.data,
		.len = http->body.len,
		.sent_ns = http->sent_ns > 0 ? http->sent_ns : begin_ns,
		.done_ns = done_ns,
		.retry_after_s = retry_s > 0 ? (int64_t)retry_s : 0,
	};
	ret->first_ns = http->first_ns > 0 ? http->first_ns : ret->sent_ns;
	return 0;
}

int ep_http_get(struct ep_http *http, const char *url,
		struct ep_http_reply *ret, struct ep_err *err)
{
	CURL *c = http->curl;
	int bad = (int)curl_easy_setopt(c, CURLOPT_URL, url);

	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	http->cuts = false;
	return perform(http, bad, ret, err);
}

/* "name: value" at the end of a list. */
static int add_header(struct curl_slist **list, const char *name,
		      const char *value)
{
	char line[EP_HTTP_SECRET_BYTES + 64];
	struct curl_slist *more = NULL;

	if (ep_str_format(line, sizeof(line), "%s: %s", name, value))
		more = curl_slist_append(*list, line);
	explicit_bzero(line, sizeof(line));
	if (!more)
		return -ENOMEM;
	*list = more;
	return 0;
}

int ep_http_post(struct ep_http *http, const struct ep_http_post *what,
		 struct ep_http_reply *ret, struct ep_err *err)
{
	struct curl_slist *headers = NULL;
	CURL *c = http->curl;
	int bad = add_header(&headers, "Content-Type", what->type), r;

	/* "Expect: 100-continue" would cost a second where it is not known. */
	bad |= add_header(&headers, "Expect", "");
	if (what->authorization)
		bad |= add_header(&headers, "Authorization",
				  what->authorization);
	bad |= (int)curl_easy_setopt(c, CURLOPT_URL, what->url);
	bad |= (int)curl_easy_setopt(c, CURLOPT_POST, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
				     (curl_off_t)what->len);
	bad |= (int)curl_easy_setopt(c, CURLOPT_POSTFIELDS, what->body);
	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	http->cuts = true;
	r = perform(http, bad, ret, err);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(headers);
	return r;
}

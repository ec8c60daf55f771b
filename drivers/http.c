/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/version.h"

struct ep_http {
	CURL *curl;
	struct ep_buf body;
	int64_t timeout_ns;
	int64_t sent_ns, first_ns; /* of the request on its way */
	int sink_error;		   /* why body took no more: -errno */
};

/* Before libcurl 7.84 its first initialisation is not safe among threads. */
static void init_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

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

static int set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return (int)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	return (int)curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
				     (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* 0, or any of libcurl's codes. */
static int set_options(struct ep_http *http)
{
	CURL *c = http->curl;
	long ms = (long)((http->timeout_ns + EP_NS_PER_MS - 1) / EP_NS_PER_MS);
	char agent[64] = "edgeprof/";
	int bad = 0;

	strncat(agent, ep_version, sizeof(agent) - strlen(agent) - 1);
	bad |= (int)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= set_protocols(c);
	bad |= (int)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
				     (long)CURL_HTTP_VERSION_1_1);
	bad |= (int)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms);
	bad |= (int)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms);
	bad |= (int)curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_USERAGENT, agent);
	bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEDATA, http);
	bad |= (int)curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, stamp);
	bad |= (int)curl_easy_setopt(c, CURLOPT_DEBUGDATA, http);
	bad |= (int)curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	return bad;
}

int ep_http_new(int64_t timeout_ns, struct ep_http **ret, struct ep_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ep_http *http;

	if (timeout_ns <= 0)
		return ep_err_set(err, -EINVAL, "the timeout must be positive");
	(void)pthread_once(&once, init_curl);
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

static int refused(struct ep_http *http, struct ep_err *err)
{
	long os = 0;

	(void)curl_easy_getinfo(http->curl, CURLINFO_OS_ERRNO, &os);
	if (os <= 0 || os > 4095)
		os = ECONNREFUSED;
	return ep_err_set(err, (int)-os, "no connection: %s",
			  strerror((int)os));
}

static int explain(struct ep_http *http, CURLcode code, struct ep_err *err)
{
	static const struct {
		CURLcode code;
		int error;
		const char *text; /* NULL: libcurl's own */
	} known[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH,
		  "the host's name is not known" },
		{ CURLE_GOT_NOTHING, -ECONNRESET, "the answer broke off" },
		{ CURLE_RECV_ERROR, -ECONNRESET, "the answer broke off" },
		{ CURLE_SEND_ERROR, -ECONNRESET, "the connection broke off" },
		{ CURLE_PARTIAL_FILE, -ECONNRESET, "the answer broke off" },
		{ CURLE_OUT_OF_MEMORY, -ENOMEM, "out of memory" },
		{ CURLE_WRITE_ERROR, -ENOMEM, "out of memory" },
		{ CURLE_PEER_FAILED_VERIFICATION, -EPROTO, NULL },
		{ CURLE_SSL_CONNECT_ERROR, -EPROTO, NULL },
		{ CURLE_UNSUPPORTED_PROTOCOL, -EPROTO,
		  "the answer is not HTTP" },
		{ CURLE_WEIRD_SERVER_REPLY, -EPROTO, "the answer is not HTTP" },
	};
	size_t i = 0;

	if (code == CURLE_COULDNT_CONNECT)
		return refused(http, err);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return ep_err_set(err, -ETIMEDOUT,
				  "no whole answer within %ld ms",
				  (long)(http->timeout_ns / EP_NS_PER_MS));
	if (http->sink_error == -EFBIG)
		return ep_err_set(err, -EFBIG,
				  "the answer is larger than %d bytes",
				  EP_HTTP_BODY_BYTES_MAX);
	while (i < sizeof(known) / sizeof(known[0]) && known[i].code != code)
		i++;
	if (i == sizeof(known) / sizeof(known[0]))
		return ep_err_set(err, -EIO, "%s", curl_easy_strerror(code));
	return ep_err_set(err, known[i].error, "%s",
			  known[i].text ? known[i].text
					: curl_easy_strerror(code));
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
		return explain(http, code, err);
	(void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (int)status;
	ret->body = http->body.data;
	ret->len = http->body.len;
	ret->sent_ns = http->sent_ns > 0 ? http->sent_ns : begin_ns;
	ret->first_ns = http->first_ns > 0 ? http->first_ns : ret->sent_ns;
	ret->done_ns = done_ns;
	return 0;
}

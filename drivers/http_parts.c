/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/http_parts.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/version.h"
#include "drivers/http.h"

/* Before libcurl 7.84 its first initialisation is not safe among threads. */
static void init_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

void ep_http_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, init_curl);
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

int ep_http_set_common(CURL *c)
{
	char agent[64] = "edgeprof/";
	int bad = 0;

	strncat(agent, ep_version, sizeof(agent) - strlen(agent) - 1);
	bad |= (int)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= set_protocols(c);
	bad |= (int)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
				     (long)CURL_HTTP_VERSION_1_1);
	bad |= (int)curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_USERAGENT, agent);
	return bad;
}

static int refused(CURL *curl, struct ep_err *err)
{
	long os = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os);
	if (os <= 0 || os > 4095)
		os = ECONNREFUSED;
	return ep_err_set(err, (int)-os, "no connection: %s",
			  strerror((int)os));
}

int ep_http_explain(CURL *curl, CURLcode code, int64_t timeout_ns,
		    int sink_error, struct ep_err *err)
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
		return refused(curl, err);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return ep_err_set(err, -ETIMEDOUT,
				  "no whole answer within %ld ms",
				  (long)(timeout_ns / EP_NS_PER_MS));
	if (sink_error == -EFBIG)
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/http_stream.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/http_parts.h"

#define TURN_MS 250

struct ep_http_stream {
	CURL *curl;
	CURLM *multi;
	struct curl_slist *headers;
	int stop_fd;
	/* The request on its way. */
	const struct ep_http_taker *taker;
	struct ep_http_end end;
	int take_error;
	char curls_words[CURL_ERROR_SIZE];
};

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	int64_t t_ns = ep_clock_monotonic_ns();
	struct ep_http_stream *h = ctx;
	long status = 0;

	if (h->end.first_ns == 0)
		h->end.first_ns = t_ns;
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	h->take_error = h->taker->take(h->taker->ctx, (int)status, data,
				       size * count, t_ns);
	return h->take_error != 0 ? 0 : size * count;
}

/* The only place where libcurl tells when a request has left and when the
 * reply begins. */
static int stamp(CURL *curl, curl_infotype type, char *data, size_t len,
		 void *ctx)
{
	struct ep_http_stream *h = ctx;

	(void)curl;
	(void)data;
	(void)len;
	if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
		h->end.sent_ns = ep_clock_monotonic_ns();
	else if (type == CURLINFO_HEADER_IN && h->end.first_ns == 0)
		h->end.first_ns = ep_clock_monotonic_ns();
	return 0;
}

/* Without "Expect: 100-continue", which would let a long prompt wait. */
static int add_header(struct ep_http_stream *h, const char *line)
{
	struct curl_slist *more = curl_slist_append(h->headers, line);

	if (!more)
		return -ENOMEM;
	h->headers = more;
	return 0;
}

static int set_options(struct ep_http_stream *h)
{
	CURL *c = h->curl;
	int bad = ep_http_set_common(c);

	bad |= add_header(h, "Expect:");
	bad |= add_header(h, "Content-Type: application/json");
	bad |= (int)curl_easy_setopt(c, CURLOPT_HTTPHEADER, h->headers);
	bad |= (int)curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	bad |= (int)curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, stamp);
	bad |= (int)curl_easy_setopt(c, CURLOPT_DEBUGDATA, h);
	bad |= (int)curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->curls_words);
	return bad;
}

int ep_http_stream_new(int stop_fd, struct ep_http_stream **ret,
		       struct ep_err *err)
{
	struct ep_http_stream *h = calloc(1, sizeof(*h));

	if (!h)
		return ep_err_set(err, -ENOMEM, "out of memory");
	ep_http_init();
	h->stop_fd = stop_fd;
	h->curl = curl_easy_init();
	h->multi = curl_multi_init();
	if (!h->curl || !h->multi || set_options(h) != 0) {
		ep_http_stream_free(h);
		return ep_err_set(err, -ENOMEM,
				  "libcurl cannot be set up: out of memory, "
				  "or it was built without HTTP");
	}
	*ret = h;
	return 0;
}

void ep_http_stream_free(struct ep_http_stream *h)
{
	if (!h)
		return;
	if (h->curl)
		curl_easy_cleanup(h->curl);
	if (h->multi)
		curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->headers);
	free(h);
}

int ep_http_stream_set_key(struct ep_http_stream *h, const char *key)
{
	int bad = (int)curl_easy_setopt(h->curl, CURLOPT_HTTPAUTH,
					(long)CURLAUTH_BEARER);

	bad |= (int)curl_easy_setopt(h->curl, CURLOPT_XOAUTH2_BEARER, key);
	return bad == 0 ? 0 : -ENOMEM;
}

int ep_http_stream_set_ca(struct ep_http_stream *h, const char *path,
			  struct ep_err *err)
{
	if (access(path, R_OK) < 0)
		return ep_err_set(err, -EINVAL,
				  "--ca-file %.200s cannot be read: %s", path,
				  strerror(errno));
	if (curl_easy_setopt(h->curl, CURLOPT_CAINFO, path) != CURLE_OK)
		return ep_err_set(err, -EINVAL,
				  "this libcurl takes no --ca-file");
	return 0;
}

static int set_ask(struct ep_http_stream *h, const struct ep_http_ask *ask)
{
	long ms = (long)((ask->timeout_ns + EP_NS_PER_MS - 1) / EP_NS_PER_MS);
	CURL *c = h->curl;
	int bad = (int)curl_easy_setopt(c, CURLOPT_URL, ask->url);

	bad |= (int)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms);
	bad |= (int)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
				     ms < 10000 ? ms : 10000L);
	if (!ask->body)
		return bad | (int)curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_POST, 1L);
	bad |= (int)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
				     (curl_off_t)ask->len);
	bad |= (int)curl_easy_setopt(c, CURLOPT_POSTFIELDS, ask->body);
	return bad;
}

/* libcurl's code of the request that has ended, or of why it cannot go on. */
static CURLcode transfer(struct ep_http_stream *h, bool *ret_stopped)
{
	struct curl_waitfd stop = { .fd = h->stop_fd,
				    .events = CURL_WAIT_POLLIN };
	unsigned extra = h->stop_fd >= 0 ? 1 : 0;
	int running = 1, left;

	for (;;) {
		const CURLMsg *m;

		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		while ((m = curl_multi_info_read(h->multi, &left)))
			if (m->msg == CURLMSG_DONE)
				return m->data.result;
		if (running == 0)
			return CURLE_FAILED_INIT;
		if (h->taker->turn)
			h->taker->turn(h->taker->ctx);
		stop.revents = 0;
		if (curl_multi_poll(h->multi, &stop, extra, TURN_MS, NULL) !=
		    CURLM_OK)
			return CURLE_FAILED_INIT;
		if (stop.revents != 0) {
			*ret_stopped = true;
			return CURLE_ABORTED_BY_CALLBACK;
		}
	}
}

static void read_facts(struct ep_http_stream *h)
{
	curl_off_t before = 0, after = 0;
	const char *own = NULL, *other = NULL;
	long status = 0, connects = 0, port = 0;

	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(h->curl, CURLINFO_LOCAL_IP, &own);
	(void)curl_easy_getinfo(h->curl, CURLINFO_PRIMARY_IP, &other);
	(void)curl_easy_getinfo(h->curl, CURLINFO_PRIMARY_PORT, &port);
	(void)curl_easy_getinfo(h->curl, CURLINFO_NUM_CONNECTS, &connects);
	(void)curl_easy_getinfo(h->curl, CURLINFO_NAMELOOKUP_TIME_T, &before);
	(void)curl_easy_getinfo(h->curl, CURLINFO_CONNECT_TIME_T, &after);
	h->end.status = (int)status;
	if (connects > 0 && after > before)
		h->end.connect_ns = (after - before) * EP_NS_PER_US;
	h->end.same_machine = own && other && own[0] && strcmp(own, other) == 0;
	h->end.port = (unsigned)port;
}

/* Of certificates libcurl's own words say what is wrong with them. */
static int explain(struct ep_http_stream *h, const struct ep_http_ask *ask,
		   CURLcode code, struct ep_err *err)
{
	const char *words = h->curls_words;

	if (code == CURLE_SSL_CACERT_BADFILE)
		return ep_err_set(err, -EPROTO,
				  "--ca-file holds no certificate (PEM)");
	if (code != CURLE_PEER_FAILED_VERIFICATION &&
	    code != CURLE_SSL_CONNECT_ERROR)
		return ep_http_explain(h->curl, code, ask->timeout_ns, 0, err);
	return ep_err_set(err, -EPROTO, "%s (%.160s)%s",
			  code == CURLE_SSL_CONNECT_ERROR
				  ? "no TLS connection"
				  : "the server's certificate is not trusted",
			  words[0] ? words : curl_easy_strerror(code),
			  code == CURLE_SSL_CONNECT_ERROR
				  ? ": does the server speak https?"
				  : ": --ca-file FILE names one to trust");
}

int ep_http_stream_ask(struct ep_http_stream *h, const struct ep_http_ask *ask,
		       const struct ep_http_taker *taker,
		       struct ep_http_end *ret, struct ep_err *err)
{
	bool stopped = false;
	CURLcode code;

	memset(&h->end, 0, sizeof(h->end));
	h->taker = taker;
	h->take_error = 0;
	h->curls_words[0] = '\0';
	h->end.begin_ns = ep_clock_monotonic_ns();
	if (set_ask(h, ask) != 0 ||
	    curl_multi_add_handle(h->multi, h->curl) != CURLM_OK)
		return ep_err_set(err, -ENOMEM, "out of memory");
	code = transfer(h, &stopped);
	h->end.done_ns = ep_clock_monotonic_ns();
	read_facts(h);
	(void)curl_multi_remove_handle(h->multi, h->curl);
	if (h->end.sent_ns == 0)
		h->end.sent_ns = h->end.begin_ns;
	*ret = h->end;
	if (stopped)
		return ep_err_set(err, -EINTR, "interrupted");
	if (h->take_error != 0)
		return h->take_error;
	return code == CURLE_OK ? 0 : explain(h, ask, code, err);
}

int ep_http_stream_url(const char *url, char *ret, size_t size,
		       struct ep_err *err)
{
	size_t scheme = ep_str_starts(url, "http://")	 ? 7
			: ep_str_starts(url, "https://") ? 8
							 : 0;
	size_t len = strlen(url);

	/* What follows may be a password: not a word of it is repeated. */
	if (strchr(url, '@'))
		return ep_err_set(err, -EINVAL,
				  "--url must not hold a user or password; a "
				  "key goes into a file: --key-file FILE");
	if (scheme == 0 || strcspn(url + scheme, "/:") == 0)
		return ep_err_set(err, -EINVAL,
				  "--url must begin with http:// or https:// "
				  "and name a host, as in "
				  "http://127.0.0.1:8080");
	if (strpbrk(url, "?# \t\r\n"))
		return ep_err_set(err, -EINVAL,
				  "--url must be an address without '?', '#' "
				  "or spaces");
	while (len > scheme && url[len - 1] == '/')
		len--;
	if (len >= size)
		return ep_err_set(err, -EINVAL,
				  "--url is longer than %zu bytes", size - 1);
	memcpy(ret, url, len);
	ret[len] = '\0';
	return 0;
}

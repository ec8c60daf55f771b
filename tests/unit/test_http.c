/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/http.h"

/* A device that answers requests with texts, in turn, whatever is asked; it
 * closes the connection behind a text that begins with '!' (not sent). */
struct device {
	const char *const *replies; /* NULL ends */
	int listen_fd;
	unsigned port;
	char asked[8][2048];
	size_t asked_count, connection_count;
	bool deaf; /* takes the request and never answers */
	pthread_t thread;
};

static bool read_request(int fd, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	while (!strstr(ret, "\r\n\r\n") && len + 1 < size) {
		ssize_t n = recv(fd, ret + len, size - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		ret[len] = '\0';
	}
	return true;
}

static void *device_main(void *arg)
{
	struct device *d = arg;
	size_t next = 0;

	while (d->replies[next] || d->deaf) {
		int fd = accept(d->listen_fd, NULL, NULL);
		const char *text;
		bool last;

		if (fd < 0)
			break;
		d->connection_count++;
		while ((d->replies[next] || d->deaf) && d->asked_count < 8 &&
		       read_request(fd, d->asked[d->asked_count],
				    sizeof(d->asked[0]))) {
			d->asked_count++;
			if (d->deaf)
				continue;
			text = d->replies[next++];
			last = text[0] == '!';
			(void)!send(fd, text + last, strlen(text + last),
				    MSG_NOSIGNAL);
			if (last)
				break;
		}
		close(fd);
	}
	return NULL;
}

static void device_start(struct device *d, const char *const *replies)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	d->replies = replies;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	d->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listen_fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(d->listen_fd, 4), 0);
	assert_int_equal(
		getsockname(d->listen_fd, (struct sockaddr *)&at, &len), 0);
	d->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&d->thread, NULL, device_main, d), 0);
}

static void device_end(struct device *d)
{
	shutdown(d->listen_fd, SHUT_RDWR);
	pthread_join(d->thread, NULL);
	close(d->listen_fd);
}

struct talk {
	struct device device;
	struct ep_http *http;
	struct ep_http_reply reply;
	struct ep_err err;
};

static void talk_start(struct talk *t, const char *const *replies,
		       int64_t timeout_ns)
{
	memset(t, 0, sizeof(*t));
	device_start(&t->device, replies);
	assert_int_equal(ep_http_new(timeout_ns, &t->http, &t->err), 0);
}

static void talk_end(struct talk *t)
{
	ep_http_free(t->http);
	device_end(&t->device);
}

static int get(struct talk *t, const char *page)
{
	char url[300];

	(void)ep_str_format(url, sizeof(url), "http://127.0.0.1:%u%s",
			    t->device.port, page);
	return ep_http_get(t->http, url, &t->reply, &t->err);
}

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define LONG_NS (20 * EP_NS_PER_S)

static void one_connection_serves_several_requests(void **state)
{
	static const char *const replies[] = {
		OK_HI, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", NULL
	};
	struct talk t;
	int64_t before = ep_clock_monotonic_ns();

	(void)state;
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(get(&t, "/a?b=1"), 0);
	assert_int_equal(t.reply.status, 200);
	assert_string_equal(t.reply.body, "hi");
	assert_int_equal(t.reply.len, 2);
	assert_true(before <= t.reply.sent_ns);
	assert_true(t.reply.sent_ns <= t.reply.first_ns);
	assert_true(t.reply.first_ns <= t.reply.done_ns);
	assert_true(t.reply.done_ns <= ep_clock_monotonic_ns());
	assert_int_equal(get(&t, "/c"), 0);
	assert_int_equal(t.reply.status, 404);
	assert_string_equal(t.reply.body, "");
	talk_end(&t);
	assert_int_equal(t.device.connection_count, 1);
	assert_non_null(strstr(t.device.asked[0], "GET /a?b=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(t.device.asked[1], "GET /c HTTP/1.1\r\n"));
}

static void a_reply_in_chunks_is_put_together(void **state)
{
	static const char *const replies[] = {
		"!HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		"Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		"!HTTP/1.0 200 OK\r\n\r\nuntil the end", OK_HI, NULL
	};
	struct talk t;

	(void)state;
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(get(&t, "/"), 0);
	assert_string_equal(t.reply.body, "abcde");
	assert_int_equal(get(&t, "/"), 0);
	assert_string_equal(t.reply.body, "until the end");
	assert_int_equal(get(&t, "/"), 0);
	assert_string_equal(t.reply.body, "hi");
	talk_end(&t);
	assert_int_equal(t.device.connection_count, 3);
}

static void a_lost_connection_is_made_again(void **state)
{
	static const char *const replies[] = { OK_HI, "!", OK_HI, OK_HI, NULL };
	struct talk t;

	(void)state;
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(get(&t, "/"), 0);
	/* libcurl tries once more by itself where a kept connection died. */
	assert_int_equal(get(&t, "/"), 0);
	assert_int_equal(get(&t, "/"), 0);
	talk_end(&t);
	assert_int_equal(t.device.connection_count, 2);
}

static void failures_are_told_apart(void **state)
{
	static const struct {
		const char *reply;
		int code;
		const char *text;
	} cases[] = {
		{ "!HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
		  -ECONNRESET, "broke off" },
		{ "!", -ECONNRESET, "broke off" },
		{ "!I speak no such thing\r\n\r\n", -EPROTO, "not HTTP" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *replies[] = { cases[i].reply, NULL };
		struct talk t;

		talk_start(&t, replies, LONG_NS);
		assert_int_equal(get(&t, "/x?password=hunter2"), cases[i].code);
		assert_int_equal(t.err.code, cases[i].code);
		assert_non_null(strstr(t.err.text, cases[i].text));
		assert_null(strstr(t.err.text, "hunter2"));
		talk_end(&t);
	}
}

static void nobody_there_is_refused(void **state)
{
	static const char *const none[] = { NULL };
	struct talk t;

	(void)state;
	talk_start(&t, none, LONG_NS);
	pthread_join(t.device.thread, NULL);
	close(t.device.listen_fd);
	assert_int_equal(get(&t, "/"), -ECONNREFUSED);
	assert_string_equal(t.err.text, "no connection: Connection refused");
	ep_http_free(t.http);
}

static void silence_ends_at_the_deadline(void **state)
{
	static const char *const none[] = { NULL };
	struct talk t = { .http = NULL };
	int64_t begin;

	(void)state;
	t.device.deaf = true;
	device_start(&t.device, none);
	assert_int_equal(ep_http_new(30 * EP_NS_PER_MS, &t.http, &t.err), 0);
	begin = ep_clock_monotonic_ns();
	assert_int_equal(get(&t, "/"), -ETIMEDOUT);
	assert_true(ep_clock_monotonic_ns() - begin >= 30 * EP_NS_PER_MS);
	assert_non_null(strstr(t.err.text, "30 ms"));
	talk_end(&t);
	assert_int_equal(ep_http_new(0, &t.http, &t.err), -EINVAL);
}

static void a_body_is_bounded(void **state)
{
	char *big = malloc(EP_HTTP_BODY_BYTES_MAX + 200);
	const char *replies[] = { big, NULL };
	struct talk t;

	(void)state;
	assert_non_null(big);
	for (int over = 0; over < 2; over++) {
		int n = snprintf(
			big, 100,
			"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
			EP_HTTP_BODY_BYTES_MAX + over);

		memset(big + n, 'x', (size_t)(EP_HTTP_BODY_BYTES_MAX + over));
		big[n + EP_HTTP_BODY_BYTES_MAX + over] = '\0';
		talk_start(&t, replies, LONG_NS);
		assert_int_equal(get(&t, "/"), over ? -EFBIG : 0);
		if (!over)
			assert_int_equal(t.reply.len, EP_HTTP_BODY_BYTES_MAX);
		talk_end(&t);
	}
	free(big);
}

static void redirects_are_not_followed(void **state)
{
	static const char *const replies[] = {
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		"Content-Length: 0\r\n\r\n",
		NULL
	};
	struct talk t;

	(void)state;
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(get(&t, "/"), 0);
	assert_int_equal(t.reply.status, 302);
	assert_int_equal(
		ep_http_get(t.http, "file:///etc/hostname", &t.reply, &t.err),
		-EPROTO);
	talk_end(&t);
}

static void proxies_of_the_environment_are_left_alone(void **state)
{
	static const char *const replies[] = { OK_HI, NULL };
	struct talk t;

	(void)state;
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(get(&t, "/"), 0);
	talk_end(&t);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

#define ASK(how)                                    \
	"HTTP/1.1 401 No\r\nWWW-Authenticate: " how \
	"\r\nContent-Length: 4\r\n\r\nlock"

static void basic_and_bearer_go_with_the_first_request(void **state)
{
	static const char *const replies[] = { OK_HI, OK_HI, OK_HI, NULL };
	struct talk t;

	(void)state;
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(
		ep_http_set_auth(t.http, EP_HTTP_AUTH_BASIC, "admin", "secret"),
		0);
	assert_int_equal(get(&t, "/"), 0);
	assert_int_equal(
		ep_http_set_auth(t.http, EP_HTTP_AUTH_BEARER, NULL, "token"),
		0);
	assert_int_equal(get(&t, "/"), 0);
	assert_int_equal(
		ep_http_set_auth(t.http, EP_HTTP_AUTH_NONE, NULL, NULL), 0);
	assert_int_equal(get(&t, "/"), 0);
	talk_end(&t);
	assert_non_null(strstr(t.device.asked[0],
			       "Authorization: Basic YWRtaW46c2VjcmV0\r\n"));
	assert_non_null(
		strstr(t.device.asked[1], "Authorization: Bearer token\r\n"));
	assert_null(strstr(t.device.asked[2], "Authorization"));
}

static void digest_answers_only_a_digest(void **state)
{
	static const char *const replies[] = {
		ASK("Digest qop=\"auth\", realm=\"r\", nonce=\"n1\", "
		    "algorithm=SHA-256"),
		OK_HI,
		OK_HI,
		NULL,
	};
	static const char *const plain[] = { ASK("Basic realm=\"r\""), NULL };
	struct talk t;

	(void)state;
	talk_start(&t, replies, LONG_NS);
	assert_int_equal(ep_http_set_auth(t.http, EP_HTTP_AUTH_DIGEST, "admin",
					  "secret"),
			 0);
	assert_int_equal(get(&t, "/x"), 0);
	assert_int_equal(t.reply.status, 200);
	assert_string_equal(t.reply.body, "hi");
	assert_int_equal(get(&t, "/x"), 0);
	talk_end(&t);
	assert_null(strstr(t.device.asked[0], "Authorization"));
	assert_non_null(strstr(t.device.asked[1], "algorithm=SHA-256"));
	assert_null(strstr(t.device.asked[1], "secret"));
	/* The nonce serves again: no second question. */
	assert_non_null(strstr(t.device.asked[2], "nc=00000002"));
	talk_start(&t, plain, LONG_NS);
	assert_int_equal(ep_http_set_auth(t.http, EP_HTTP_AUTH_DIGEST, "admin",
					  "secret"),
			 0);
	assert_int_equal(get(&t, "/x"), 0);
	assert_int_equal(t.reply.status, 401);
	talk_end(&t);
	assert_int_equal(t.device.asked_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_serves_several_requests),
		cmocka_unit_test(a_reply_in_chunks_is_put_together),
		cmocka_unit_test(a_lost_connection_is_made_again),
		cmocka_unit_test(failures_are_told_apart),
		cmocka_unit_test(nobody_there_is_refused),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(a_body_is_bounded),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(proxies_of_the_environment_are_left_alone),
		cmocka_unit_test(basic_and_bearer_go_with_the_first_request),
		cmocka_unit_test(digest_answers_only_a_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

/* A resolver that nobody answers tries for half a minute. */
#define LOOKUP_NS_MAX (5 * EP_NS_PER_S)
/* How long one who cancels waits at most. */
#define SLICE_NS (200 * EP_NS_PER_MS)

struct lookup {
	struct gaicb request;
	struct addrinfo wish;
	char host[256], port[8];
};

/* Its answer, NULL with a code of getaddrinfo's; EAI_INTR: cancelled. */
static struct addrinfo *finish(struct lookup *l, const struct ep_env *env,
			       int *ret_code)
{
	const struct gaicb *const list[] = { &l->request };
	const struct timespec slice = { 0, SLICE_NS };
	int64_t end_ns = ep_clock_monotonic_ns() + LOOKUP_NS_MAX;

	for (;;) {
		int code = gai_error(&l->request);

		if (code != EAI_INPROGRESS) {
			struct addrinfo *found =
				code ? NULL : l->request.ar_result;

			free(l);
			*ret_code = code;
			return found;
		}
		if (ep_env_is_cancelled(env) ||
		    ep_clock_monotonic_ns() >= end_ns)
			break;
		(void)gai_suspend(list, 1, &slice);
	}
	*ret_code = ep_env_is_cancelled(env) ? EAI_INTR : EAI_AGAIN;
	/* A request that runs stays the library's, with all it points to. */
	if (gai_cancel(&l->request) == EAI_CANCELED)
		free(l);
	return NULL;
}

static struct addrinfo *look_up(const char *host, const char *port,
				const struct ep_env *env, int *ret_code)
{
	struct lookup *l = calloc(1, sizeof(*l));
	struct gaicb *list[] = { l ? &l->request : NULL };

	*ret_code = l ? EAI_NONAME : EAI_MEMORY;
	if (!l || !ep_str_copy(l->host, sizeof(l->host), host) ||
	    !ep_str_copy(l->port, sizeof(l->port), port)) {
		free(l);
		return NULL;
	}
	l->wish.ai_socktype = SOCK_STREAM;
	l->wish.ai_flags = AI_NUMERICSERV;
	l->request.ar_name = l->host;
	l->request.ar_service = l->port;
	l->request.ar_request = &l->wish;
	*ret_code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (*ret_code == 0)
		return finish(l, env, ret_code);
	free(l);
	return NULL;
}

int ep_tcp_find(struct ep_tcp *t, const char *host, const char *port,
		const struct ep_env *env, struct ep_err *err)
{
	int code = 0;
	struct addrinfo *list = look_up(host, port, env, &code);

	if (code == EAI_INTR)
		return ep_err_set(err, -EINTR, "%s: interrupted", host);
	if (!list)
		return ep_err_set(err, -ENXIO,
				  "%s: no such host (%s); give its address in "
				  "numbers",
				  host, gai_strerror(code));
	memset(t, 0, sizeof(*t));
	t->fd = -1;
	for (struct addrinfo *a = list; a && t->count < EP_TCP_ADDRESSES_MAX;
	     a = a->ai_next) {
		if (a->ai_addrlen > sizeof(t->at[0]))
			continue;
		memcpy(&t->at[t->count], a->ai_addr, a->ai_addrlen);
		t->at_len[t->count++] = a->ai_addrlen;
	}
	freeaddrinfo(list);
	return 0;
}

static int wait_for(int fd, short events, int64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ns = deadline_ns - ep_clock_monotonic_ns();
		struct timespec timeout = { 0, 0 };
		int n;

		if (left_ns > 0) {
			timeout.tv_sec = left_ns / EP_NS_PER_S;
			timeout.tv_nsec = left_ns % EP_NS_PER_S;
		}
		n = ppoll(&p, 1, &timeout, NULL);
		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int await_connect(int fd, int64_t deadline_ns, const struct ep_env *env)
{
	int r = -ETIMEDOUT;

	while (r == -ETIMEDOUT && !(env && ep_env_is_cancelled(env))) {
		int64_t now_ns = ep_clock_monotonic_ns();
		int64_t end_ns = env ? now_ns + SLICE_NS : deadline_ns;

		r = wait_for(fd, POLLOUT,
			     end_ns < deadline_ns ? end_ns : deadline_ns);
		if (now_ns >= deadline_ns)
			break;
	}
	return r;
}

static int finish_connect(int fd, int64_t deadline_ns, const struct ep_env *env)
{
	int error = 0, on = 1;
	socklen_t len = sizeof(error);
	int r = await_connect(fd, deadline_ns, env);

	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		r = -errno;
	if (r == 0 && error != 0)
		r = -error;
	/* Each request is one small packet that waits for nothing. */
	if (r == 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return r;
}

int ep_tcp_connect(struct ep_tcp *t, int64_t deadline_ns,
		   const struct ep_env *env)
{
	int r = -ENXIO;

	for (size_t i = 0; i < t->count; i++) {
		const struct sockaddr *at = (const void *)&t->at[i];
		int fd = socket(at->sa_family,
				SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0) {
			r = -errno;
			continue;
		}
		r = connect(fd, at, t->at_len[i]) < 0 ? -errno : 0;
		if (r == 0 || r == -EINPROGRESS)
			r = finish_connect(fd, deadline_ns, env);
		if (r == 0) {
			t->fd = fd;
			return 0;
		}
		close(fd);
	}
	return r;
}

void ep_tcp_close(struct ep_tcp *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* What a transfer that failed means; 0: try again. */
static int judge(int error, int64_t deadline_ns)
{
	if (error != EAGAIN && error != EINTR)
		return -EIO;
	return ep_clock_monotonic_ns() < deadline_ns ? 0 : -ETIMEDOUT;
}

int ep_tcp_write(struct ep_tcp *t, const void *data, size_t len,
		 int64_t deadline_ns)
{
	const uint8_t *p = data;

	while (len > 0) {
		int r = wait_for(t->fd, POLLOUT, deadline_ns);
		ssize_t n;

		if (r < 0)
			return r;
		n = send(t->fd, p, len, MSG_NOSIGNAL);
		if (n < 0)
			r = judge(errno, deadline_ns);
		if (r < 0)
			return r;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int ep_tcp_read(struct ep_tcp *t, void *ret, size_t size, int64_t deadline_ns)
{
	for (;;) {
		int r = wait_for(t->fd, POLLIN, deadline_ns);
		ssize_t n;

		if (r < 0)
			return r;
		n = recv(t->fd, ret, size, 0);
		if (n > 0)
			return (int)n;
		r = n == 0 ? -EIO : judge(errno, deadline_ns);
		if (r < 0)
			return r;
	}
}

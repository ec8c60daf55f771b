/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/http_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16
#define REQUEST_BYTES 8192
#define TURN_MS 10

struct connection {
	int fd; /* 0: free */
	char in[REQUEST_BYTES];
	size_t in_len;
	char *out;
	size_t out_len, out_done;
	int64_t due_ns;
	bool waits, reset, last;
};

int64_t http_peer_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void http_peer_param(const char *line, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name), len;

	ret[0] = '\0';
	for (const char *p = line; (p = strstr(p, name)); p += n) {
		const char *v = p + n + 1;

		if (p[n] != '=' || (p > line && !strchr(" ,", p[-1])))
			continue;
		len = *v == '"' ? strcspn(++v, "\"") : strcspn(v, ", \r\n");
		snprintf(ret, size, "%.*s", (int)len, v);
		return;
	}
}

int http_peer_listen(struct http_peer *p, unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	socklen_t len = sizeof(at);
	int one = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(p->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(p->listen_fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(p->listen_fd, 16) < 0 ||
	    getsockname(p->listen_fd, (struct sockaddr *)&at, &len) < 0) {
		perror("http_peer: cannot listen on 127.0.0.1");
		return -1;
	}
	p->port = ntohs(at.sin_port);
	return 0;
}

static void end(struct connection *c)
{
	struct linger now = { 1, 0 };

	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	free(c->out);
	memset(c, 0, sizeof(*c));
}

static void queue(struct connection *c, const struct http_reply *r)
{
	size_t body = strlen(r->body), room = body + 1024;
	int n;

	c->out = malloc(room);
	if (!c->out)
		return;
	n = snprintf(c->out, room,
		     "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
		     "Content-Length: %zu\r\n%s\r\n%s",
		     r->status, r->status == 200 ? "OK" : "No",
		     r->type ? r->type : "application/json", body,
		     r->headers ? r->headers : "", r->body);
	c->out_len = (size_t)n;
	if (r->reset)
		c->out_len -= body / 2;
	if (r->drop)
		c->out_len = 0;
	c->out_done = 0;
	c->reset = r->reset;
	c->last = r->reset || r->drop;
	c->waits = true;
	c->due_ns = r->delay_ns == INT64_MAX ? INT64_MAX
					     : http_peer_now_ns() + r->delay_ns;
}

/* The value of a header of the request, without its line's end. */
static void find_header(const char *head, const char *name, char *ret,
			size_t size)
{
	size_t n = strlen(name);

	ret[0] = '\0';
	for (const char *p = head; (p = strstr(p, "\r\n")); p += 2) {
		if (strncasecmp(p + 2, name, n) != 0 || p[2 + n] != ':')
			continue;
		p += 3 + n;
		p += strspn(p, " ");
		snprintf(ret, size, "%.*s", (int)strcspn(p, "\r\n"), p);
		return;
	}
}

/* One whole request at the front of in, when there is one. */
static void take_request(struct http_peer *p, struct connection *c)
{
	char *head_end = strstr(c->in, "\r\n\r\n"), *target;
	char authorization[1024], copy[2048];
	struct http_request request = { copy, authorization };
	struct http_reply reply = { .status = 200, .body = "" };

	if (!head_end || c->waits)
		return;
	head_end[2] = '\0';
	target = strchr(c->in, ' ');
	if (strncmp(c->in, "GET ", 4) != 0 || !target) {
		c->last = true;
		return;
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(target + 1, " \r\n"),
		 target + 1);
	find_header(c->in, "Authorization", authorization,
		    sizeof(authorization));
	p->request_count++;
	p->answer(p->ctx, &request, &reply);
	queue(c, &reply);
	head_end += 4;
	c->in_len -= (size_t)(head_end - c->in);
	memmove(c->in, head_end, c->in_len + 1);
}

static bool receive(struct connection *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len,
			 sizeof(c->in) - 1 - c->in_len, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	return true;
}

/* False: the connection has ended. */
static bool send_due(struct connection *c)
{
	ssize_t n;

	if (!c->waits || c->due_ns > http_peer_now_ns())
		return !c->last || c->waits;
	while (c->out_done < c->out_len) {
		n = send(c->fd, c->out + c->out_done, c->out_len - c->out_done,
			 MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		c->out_done += (size_t)n;
	}
	free(c->out);
	c->out = NULL;
	c->waits = false;
	return !c->last;
}

static void accept_one(struct http_peer *p, struct connection *all)
{
	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC), one = 1;

	for (int i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++)
		if (all[i].fd == 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				   sizeof(one));
			all[i].fd = fd;
			p->connection_count++;
			return;
		}
	if (fd >= 0)
		close(fd);
}

void http_peer_serve(struct http_peer *p, volatile int *stop, int64_t until_ns)
{
	struct connection *all = calloc(CONNECTIONS_MAX, sizeof(*all));
	struct pollfd fds[CONNECTIONS_MAX + 1];

	while (all && !*stop && http_peer_now_ns() < until_ns) {
		for (int i = 0; i < CONNECTIONS_MAX; i++) {
			fds[i].fd = all[i].fd > 0 ? all[i].fd : -1;
			fds[i].events = POLLIN;
		}
		fds[CONNECTIONS_MAX].fd = p->listen_fd;
		fds[CONNECTIONS_MAX].events = POLLIN;
		if (poll(fds, CONNECTIONS_MAX + 1, TURN_MS) < 0)
			continue;
		if (fds[CONNECTIONS_MAX].revents)
			accept_one(p, all);
		for (int i = 0; i < CONNECTIONS_MAX; i++) {
			struct connection *c = &all[i];
			bool here = c->fd > 0;

			if (here && fds[i].fd == c->fd && fds[i].revents)
				here = receive(c);
			if (here)
				take_request(p, c);
			if (here)
				here = send_due(c);
			if (!here && c->fd > 0)
				end(c);
		}
	}
	for (int i = 0; all && i < CONNECTIONS_MAX; i++)
		if (all[i].fd > 0)
			end(&all[i]);
	free(all);
}

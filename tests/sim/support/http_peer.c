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
#define REQUEST_BYTES (512 * 1024)
#define TURN_MS 10

struct connection {
	int fd; /* 0: free */
	size_t in_len;
	char *out;
	size_t out_len, out_done;
	int64_t due_ns;
	bool waits, reset, last, cut;
	struct http_piece *pieces;
	size_t piece_count, piece_next;
	int64_t asked_ns;
	char in[REQUEST_BYTES];
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

static void free_pieces(struct connection *c)
{
	for (size_t i = 0; i < c->piece_count; i++)
		free(c->pieces[i].data);
	free(c->pieces);
	c->pieces = NULL;
	c->piece_count = c->piece_next = 0;
}

static void end(struct connection *c)
{
	struct linger now = { 1, 0 };

	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	free(c->out);
	free_pieces(c);
	/* Not its large buffer, which nobody reads past in_len. */
	memset(c, 0, offsetof(struct connection, in));
	c->in[0] = '\0';
}

static void queue(struct connection *c, const struct http_reply *r)
{
	size_t body = r->pieces ? 0 : strlen(r->body), room = body + 1024;
	char length[64] = "Transfer-Encoding: chunked";
	int n;

	if (!r->pieces)
		snprintf(length, sizeof(length), "Content-Length: %zu", body);
	c->out = malloc(room);
	if (!c->out)
		return;
	n = snprintf(c->out, room,
		     "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s\r\n%s\r\n%s",
		     r->status, r->status == 200 ? "OK" : "No",
		     r->type ? r->type : "application/json", length,
		     r->headers ? r->headers : "", r->pieces ? "" : r->body);
	c->out_len = (size_t)n;
	if (r->reset && !r->pieces)
		c->out_len -= body / 2;
	if (r->drop)
		c->out_len = 0;
	c->out_done = 0;
	c->reset = r->reset;
	c->last = r->reset || r->drop || r->cut;
	c->cut = r->cut;
	c->pieces = r->pieces;
	c->piece_count = r->piece_count;
	c->piece_next = 0;
	c->asked_ns = http_peer_now_ns();
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
	char authorization[1024], copy[2048], method[8], length[24];
	struct http_request request = { copy, authorization, method, "" };
	size_t body_len = 0;
	char after = '\0';
	struct http_reply reply = { .status = 200, .body = "" };

	if (!head_end || c->waits)
		return;
	find_header(c->in, "Content-Length", length, sizeof(length));
	if (p->posts)
		body_len = strtoul(length, NULL, 10);
	if (body_len > c->in_len - (size_t)(head_end + 4 - c->in))
		return;
	head_end[2] = '\0';
	target = strchr(c->in, ' ');
	snprintf(method, sizeof(method), "%.*s", (int)strcspn(c->in, " "),
		 c->in);
	if (!target || (strcmp(method, "GET") != 0 &&
			!(p->posts && strcmp(method, "POST") == 0))) {
		c->last = true;
		return;
	}
	request.body = head_end + 4;
	after = head_end[4 + body_len];
	head_end[4 + body_len] = '\0';
	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(target + 1, " \r\n"),
		 target + 1);
	find_header(c->in, "Authorization", authorization,
		    sizeof(authorization));
	p->request_count++;
	p->answer(p->ctx, &request, &reply);
	queue(c, &reply);
	head_end += 4 + body_len;
	*head_end = after;
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
	/* A TLS greeting. */
	return c->in[0] != 0x16;
}

static bool send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_piece(const struct http_peer *p, struct connection *c)
{
	const struct http_piece *piece = &c->pieces[c->piece_next];
	char *chunk = malloc(piece->len + 32);
	size_t n;
	bool fine;

	if (!chunk)
		return false;
	n = (size_t)snprintf(chunk, 32, "%zx\r\n", piece->len);
	memcpy(chunk + n, piece->data, piece->len);
	memcpy(chunk + n + piece->len, "\r\n", 2);
	if (p->sent)
		p->sent(p->ctx, piece, http_peer_now_ns());
	fine = send_all(c->fd, chunk, n + piece->len + 2);
	free(chunk);
	c->piece_next++;
	return fine;
}

/* The pieces whose time has come; false: the connection has ended. */
static bool send_pieces(const struct http_peer *p, struct connection *c)
{
	while (c->piece_next < c->piece_count) {
		const struct http_piece *piece = &c->pieces[c->piece_next];

		if (c->asked_ns + piece->after_ns > http_peer_now_ns())
			return true;
		if (!send_piece(p, c))
			return false;
	}
	free_pieces(c);
	c->waits = false;
	return !c->last && send_all(c->fd, "0\r\n\r\n", 5);
}

/* False: the connection has ended. */
static bool send_due(const struct http_peer *p, struct connection *c)
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
	c->out_len = c->out_done = 0;
	if (c->pieces)
		return send_pieces(p, c);
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

/* To the next piece, a turn at most. */
static struct timespec until_next(const struct http_peer *p,
				  const struct connection *all)
{
	int64_t now_ns = http_peer_now_ns(), ns = TURN_MS * 1000000;

	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		const struct connection *c = &all[i];
		int64_t left_ns;

		if (c->fd <= 0 || c->piece_next >= c->piece_count)
			continue;
		left_ns = c->asked_ns + c->pieces[c->piece_next].after_ns -
			  now_ns;
		if (p->spins || left_ns < 0)
			left_ns = 0;
		if (left_ns < ns)
			ns = left_ns;
	}
	return (struct timespec){ .tv_nsec = ns };
}

void http_peer_serve(struct http_peer *p, volatile int *stop, int64_t until_ns)
{
	struct connection *all = calloc(CONNECTIONS_MAX, sizeof(*all));
	struct pollfd fds[CONNECTIONS_MAX + 1];
	struct timespec wait;

	while (all && !*stop && http_peer_now_ns() < until_ns) {
		for (int i = 0; i < CONNECTIONS_MAX; i++) {
			fds[i].fd = all[i].fd > 0 ? all[i].fd : -1;
			fds[i].events = POLLIN;
		}
		fds[CONNECTIONS_MAX].fd = p->listen_fd;
		fds[CONNECTIONS_MAX].events = POLLIN;
		wait = until_next(p, all);
		if (ppoll(fds, CONNECTIONS_MAX + 1, &wait, NULL) < 0)
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
				here = send_due(p, c);
			if (!here && c->fd > 0)
				end(c);
		}
	}
	for (int i = 0; all && i < CONNECTIONS_MAX; i++)
		if (all[i].fd > 0)
			end(&all[i]);
	free(all);
}

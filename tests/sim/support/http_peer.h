/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_HTTP_PEER_H
#define EP_TESTS_SIM_SUPPORT_HTTP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small HTTP/1.1 server on 127.0.0.1 for simulated devices and servers: GET
 * and, where wanted, POST, kept-alive connections, one thread, replies that
 * wait, come piece by piece or break off. */

struct http_request {
	const char *target;	   /* "/status?x=1" */
	const char *authorization; /* "" none */
	const char *method;
	const char *body; /* of a POST, NUL ended */
};

/* A chunk of a reply that comes piece by piece. */
struct http_piece {
	int64_t after_ns; /* since the request */
	char *data;	  /* malloc */
	size_t len;
};

/* Filled by the device; body is copied. */
struct http_reply {
	int status;
	const char *headers; /* more lines, each ended by CR LF; or NULL */
	const char *type;
	const char *body;
	int64_t delay_ns; /* before a byte is sent; INT64_MAX: never */
	bool reset;	  /* half of the body, then RST */
	bool drop;	  /* nothing at all, closed */
	/* Instead of body, chunked; the peer frees them.  reset: RST after the
	 * last; cut: closed there without the last chunk. */
	struct http_piece *pieces;
	size_t piece_count;
	bool cut;
};

struct http_peer {
	void (*answer)(void *ctx, const struct http_request *request,
		       struct http_reply *reply);
	/* A piece was handed to the kernel; may be NULL. */
	void (*sent)(void *ctx, const struct http_piece *piece, int64_t t_ns);
	void *ctx;
	bool posts; /* POST is served */
	bool spins; /* burns a core while pieces are due */
	int listen_fd;
	unsigned port;
	unsigned long request_count, connection_count;
};

/* port 0: any.  0, or -1 with a line on stderr. */
int http_peer_listen(struct http_peer *p, unsigned port);
/* Serves until *stop or until_ns (CLOCK_MONOTONIC). */
void http_peer_serve(struct http_peer *p, volatile int *stop, int64_t until_ns);

int64_t http_peer_now_ns(void);
/* name="value" or name=value of an Authorization line; "" when absent. */
void http_peer_param(const char *line, const char *name, char *ret,
		     size_t size);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_HTTP_CLIENT_H
#define EP_RUNNERS_HTTP_CLIENT_H

/* The process that sends the requests (struct ep_spawn); ctx is its struct
 * ep_client.  Before the gate it tells "ready" (tokens: the server's port when
 * it is on this machine) or "failed" with a sentence. */
int ep_http_client_ready(void *ctx);
int ep_http_client_main(void *ctx);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_CLIENT_H
#define EP_RUNNERS_CLIENT_H

#include "drivers/http_stream.h"
#include "runners/client_wire.h"
#include "runners/dialect.h"
#include "runners/lines.h"

#include <sys/types.h>

/*
 * The client: sends the prompts one after the other and tells what comes as
 * events (base/phase.h).  Runs in a process of its own.
 */
struct ep_client {
	const struct ep_dialect *dialect;
	const struct ep_drive *drive;
	struct ep_prompts *prompts;
	const char *url; /* of the server, no slash at its end */
	const char *key; /* "" none */
	int wire_fd, stop_fd;
	pid_t server_pid; /* to be started at the gate; 0: it is up */
	/* Its own. */
	struct ep_http_stream *http;
	struct ep_wire_out wire;
	struct ep_lines lines;
	struct ep_reply reply;
	struct ep_buf answer; /* for stdout */
	bool answer_cut;
	struct ep_buf body; /* of a small reply, or of a refusal */
	int32_t request;
	int try_number;	       /* 1, 2, ... of this request */
	int64_t running_count; /* output tokens told so far */
	int64_t t_ns;	       /* of the bytes being decoded */
	bool seen_done;	       /* "[DONE]" */
	bool begun;	       /* bytes of a stream came */
	int failed_count;
	int64_t made_ns;	/* the process was asked for */
	int64_t asked_ns;	/* it began its first request */
	int64_t connect_ns;	/* of the first connection */
	struct ep_http_end end; /* of the last small call */
	struct {
		size_t asked_count;    /* requests that only told a length */
		int64_t longest_count; /* prompt tokens of the longest */
		size_t wrong_count;    /* answers of another length */
		char wrong[240];       /* the first of them */
	} suite;		       /* runners/suite_fit.h */
	struct ep_buf *keep; /* the answer without thoughts; or NULL */
	bool keep_cut;
};

/* Can the server be asked?  Waits while it loads.  0, or -errno with a
 * sentence.  Leaves the connection open; end says what it is like. */
int ep_client_ready(struct ep_client *c, struct ep_err *err) EP_MUST_CHECK;
/* All prompts; -EINTR when stopped, else 0; failed_count tells. */
int ep_client_drive(struct ep_client *c) EP_MUST_CHECK;
/* One prompt, after what lies between two; c->request is its number.  0, also
 * when it failed (c->reply.error); or why no other can be sent. */
int ep_client_drive_one(struct ep_client *c,
			const struct ep_prompt *p) EP_MUST_CHECK;
void ep_client_done(struct ep_client *c);

/* What happens, as events; text is stolen. */
void ep_client_tell(struct ep_client *c, const char *what, int64_t t_ns,
		    json_t *text);
void ep_client_tell_request(struct ep_client *c, const struct ep_prompt *p,
			    int cold, int64_t t_ns);
void ep_client_tell_reply(struct ep_client *c, const struct ep_http_end *end);
void ep_client_tell_piece(struct ep_client *c, const struct ep_piece *piece);
void ep_client_tell_progress(struct ep_client *c, const struct ep_piece *piece);
/* c->reply.error as a warning.  again_ns: it is sent again after that; 0: the
 * request has failed and is counted. */
void ep_client_tell_failure(struct ep_client *c, const struct ep_prompt *p,
			    int64_t again_ns);
void ep_client_tell_left(struct ep_client *c, size_t left);

/* A short request without a stream into c->body: the HTTP status or -errno. */
int ep_client_call(struct ep_client *c, const char *path, const char *body,
		   struct ep_err *err) EP_MUST_CHECK;
/* Ollama: -ENOENT when it has no such model. */
int ep_client_check_model(struct ep_client *c,
			  struct ep_err *err) EP_MUST_CHECK;
/* Ollama: 1 in memory, 0 not, -errno unknown.  Others: -ENOTSUP. */
int ep_client_loaded(struct ep_client *c);
/* Returns when it is out of memory. */
int ep_client_unload(struct ep_client *c, struct ep_err *err) EP_MUST_CHECK;
/* Waits; -EINTR when stopped. */
int ep_client_pause(const struct ep_client *c, int64_t ns) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DIALECT_H
#define EP_RUNNERS_DIALECT_H

#include "runners/drive.h"

#include <jansson.h>

/* How servers are asked and what their answers mean.  Pure. */

/* What a server told of one request; -1 where it did not. */
struct ep_reply {
	int64_t prompt_count; /* evaluated; cached ones apart where told */
	int64_t cached_count;
	int64_t output_count;
	int64_t load_ns, prefill_ns, generation_ns, total_ns;
	bool prompt_has_cached; /* prompt_count counts cached ones too */
	int64_t draft_count;	/* tokens guessed ahead of the model */
	bool done;		/* the answer is whole */
	bool odd;      /* a number was out of any sensible range and left out */
	char stop[32]; /* "stop", "length" ... */
	char model[128]; /* as the server calls it */
	char error[300]; /* "" none */
};
void ep_reply_init(struct ep_reply *r);

enum ep_said {
	EP_SAID_NOTHING,  /* a role, a usage, an empty piece */
	EP_SAID_PIECE,	  /* output of the model */
	EP_SAID_PROGRESS, /* of the prompt */
};
/* Strings are borrowed from the JSON value. */
struct ep_piece {
	enum ep_said said;
	const char *text;      /* "" none (a tool call) */
	bool thinking;	       /* not part of the answer */
	int64_t tokens_count;  /* of this piece; -1 unknown */
	int64_t running_count; /* output tokens so far; -1 unknown */
	int64_t processed_count, prompt_count; /* progress */
};

/*
 * name, summary  of the runner.
 * url            where it is when nobody says; NULL: must be said.
 * exe            what the server's program file is called; "" any.
 * command        starts a server of one model file; NULL: it is never started.
 * events         server-sent events; else one JSON value per line.
 * check_path     GET answers 200 once the server can be asked; "" none.
 * body           what to POST; *ret_path is static.  NULL: out of memory.
 * decode         one value of the reply into r and piece.
 */
struct ep_dialect {
	const char *name, *summary;
	const char *url;
	const char *exe;
	const char *command; /* starts one on this machine; NULL: not known */
	bool events;
	bool needs_model;
	bool can_unload;
	bool chats;	  /* --chat asks in another way */
	bool sets_up;	  /* context, GPU layers, threads: with a request */
	bool ignores_eos; /* takes "ignore_eos" */
	bool tokenizes;	  /* answers to POST /tokenize */
	const char *check_path;
	json_t *(*body)(const struct ep_drive *d, const struct ep_prompt *p,
			const char **ret_path);
	void (*decode)(const json_t *value, struct ep_reply *r,
		       struct ep_piece *piece);
};
#define EP_RUNNER(id)
#define EP_DIALECT(id, name) extern const struct ep_dialect ep_dialect_##id;
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT
extern const struct ep_dialect *const ep_dialects[]; /* NULL-terminated */

/* Can what is asked be sent?  starts: the server is started by us, and told
 * then how to run.  -EINVAL with what to do. */
int ep_dialect_check(const struct ep_dialect *dialect, const struct ep_drive *d,
		     bool starts, struct ep_err *err) EP_MUST_CHECK;
/* Output tokens at most: of every request, of this prompt, of prompts that do
 * not say; 0: not limited. */
int64_t ep_token_limit(const struct ep_drive *d, const struct ep_prompt *p);

/* Makes a piece of nothing. */
void ep_piece_init(struct ep_piece *piece);
/* An error in any server's way of telling it: a text, or an object with
 * "message"; into r->error, printable.  False: there is none. */
bool ep_reply_error(const json_t *value, struct ep_reply *r);
/* A count, ns or ms at a key: 0 to 10^15; sets r->odd and leaves *ret alone
 * otherwise, leaves it alone when absent or null. */
void ep_reply_count(const json_t *o, const char *key, struct ep_reply *r,
		    int64_t *ret);
void ep_reply_ms(const json_t *o, const char *key, struct ep_reply *r,
		 int64_t *ret_ns);
void ep_reply_text(const json_t *o, const char *key, char *ret, size_t size);
/* llama.cpp's timings. */
void ep_reply_timings(const json_t *timings, struct ep_reply *r);
/* The body and the decoder of /chat/completions. */
json_t *ep_openai_chat(const struct ep_drive *d, const struct ep_prompt *p);
void ep_openai_decode(const json_t *value, struct ep_reply *r,
		      struct ep_piece *piece);
/* An object's key unless value is NULL; false: out of memory. */
bool ep_json_put(json_t *o, const char *key, json_t *value);

#endif

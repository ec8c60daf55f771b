/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DRIVE_H
#define EP_RUNNERS_DRIVE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ep_workflow;

/* What a server is asked.  Strings are borrowed; NULL where not said. */
struct ep_drive {
	const char *url;
	const char *model;
	const char *prompts;  /* file: CSV, or JSONL by its name */
	const char *key_file; /* API key; else from the environment */
	const char *ca_file;  /* certificates to trust, PEM */
	int64_t pause_ns;     /* between requests */
	int64_t request_timeout_ns;
	int64_t max_token_count; /* of prompts that do not say; 0 none */
	/* What the APIs call temperature, of prompts that do not say: as typed,
	 * checked by ep_drive_randomness. */
	const char *randomness;
	int64_t ctx_count;	 /* 0: the server's own */
	int64_t seed;		 /* -1: the server's own */
	int64_t gpu_layer_count; /* -1: the server's own */
	int64_t thread_count;	 /* of the server; 0: its own */
	int64_t retry_count;	 /* after a failure; 0: none */
	/* Of every request, whatever the prompts say; 0: as they come. */
	int64_t prompt_token_count, output_token_count;
	const char *workflow; /* file of dependent calls; instead of prompts */
	const struct ep_workflow *steps; /* what is in it; or NULL */
	char **server; /* command that starts the server; or NULL */
	bool cold;     /* the model is unloaded before each request */
	bool chat;
	bool ignore_eos; /* generation goes on to the token limit */
};
#define EP_REQUEST_TIMEOUT_NS (INT64_C(600) * 1000000000)

struct ep_prompt {
	char *id, *text, *tag; /* tag "" none */
	/* What the APIs call temperature; NAN: the server's own. */
	double randomness;
	int64_t max_token_count; /* 0: not limited */
	/* Of fixed length, and then counted; 0: as it comes. */
	int64_t asked_prompt_count, asked_output_count;
	int32_t *tokens; /* in place of the text; or NULL */
	size_t token_count;
};
struct ep_prompts {
	struct ep_prompt *items;
	size_t count;
};
#define EP_PROMPTS_MAX 10000
#define EP_PROMPTS_BYTES_MAX (64 * 1024 * 1024)

/*
 * CSV with a header line: id,prompt,temperature,max_tokens,tag in any order,
 * only prompt is needed; RFC 4180, so that a prompt may hold line ends.  UTF-8,
 * with or without a byte order mark.  -EINVAL with name:line and what to do;
 * -ENOMEM.
 */
int ep_prompts_parse_csv(const char *name, const char *text,
			 struct ep_prompts *ret,
			 struct ep_err *err) EP_MUST_CHECK;
/* One object per line with the same keys; null is as good as absent. */
int ep_prompts_parse_jsonl(const char *name, const char *text,
			   struct ep_prompts *ret,
			   struct ep_err *err) EP_MUST_CHECK;
/* The file, or one prompt of our own when path is NULL.  -EFBIG. */
int ep_prompts_load(const char *path, struct ep_prompts *ret,
		    struct ep_err *err) EP_MUST_CHECK;
void ep_prompts_done(struct ep_prompts *p);

#endif

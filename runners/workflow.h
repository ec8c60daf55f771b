/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_WORKFLOW_H
#define EP_RUNNERS_WORKFLOW_H

#include "base/buf.h"
#include "runners/drive.h"

/* Requests that need each other's answers, and what is read between them. */

#define EP_WORKFLOW_STEPS_MAX 100
#define EP_WORKFLOW_REPEATS_MAX 1000
/* What a file, a command or an answer may hold; and a prompt made of them. */
#define EP_WORKFLOW_TEXT_BYTES_MAX (1024 * 1024)
#define EP_WORKFLOW_PROMPT_BYTES_MAX (4 * 1024 * 1024)

enum ep_step_kind {
	EP_STEP_CALL,	 /* a request; its result is the answer */
	EP_STEP_FILE,	 /* its result is what the file holds */
	EP_STEP_COMMAND, /* its result is what it writes to stdout */
	EP_STEP_PAUSE,	 /* no result */
};

/* A text in pieces: as they stand, or the result of an earlier step. */
struct ep_template_part {
	char *text; /* NULL: the result */
	size_t step;
};
struct ep_template {
	struct ep_template_part *parts;
	size_t count;
};

struct ep_step {
	enum ep_step_kind kind;
	char *id;
	struct ep_template text; /* of a call; what a command reads */
	/* Of a call. */
	char *model;	   /* NULL: as all */
	double randomness; /* NAN: as all */
	int64_t max_token_count, repeat_count;
	char *path;  /* of a file */
	char **argv; /* of a command */
	int64_t timeout_ns;
	int64_t pause_ns;
};

struct ep_workflow {
	char *name;			    /* its file */
	char *model;			    /* NULL: the command line says it */
	double randomness;		    /* NAN */
	int64_t seed;			    /* -1: not said */
	int64_t gpu_layer_count;	    /* -1 */
	int64_t ctx_count, max_token_count; /* 0 */
	int64_t repeat_count;
	struct ep_step *steps;
	size_t step_count;
};

/* -EINVAL with file:line; -ENOENT, -EACCES ...; -ENOMEM. */
int ep_workflow_load(const char *path, struct ep_workflow **ret,
		     struct ep_err *err) EP_MUST_CHECK;
void ep_workflow_free(struct ep_workflow *w);
/* What the command line does not say is as the file says; w is borrowed. */
void ep_workflow_apply(const struct ep_workflow *w, struct ep_drive *d);
/* A call that says no max_tokens itself; NULL: all do. */
const char *ep_workflow_unlimited(const struct ep_workflow *w);
/* The requests of one round. */
size_t ep_workflow_calls(const struct ep_workflow *w);

/*
 * "{id.answer}" and "{id.text}" stand for the result of a call, of a file or
 * command among the count steps before; "{{" for "{"; other braces for
 * themselves.  -EINVAL with a sentence without place; -ENOMEM.
 */
int ep_template_parse(const char *text, const struct ep_step *steps,
		      size_t count, struct ep_template *ret,
		      struct ep_err *err) EP_MUST_CHECK;
void ep_template_done(struct ep_template *t);
/* results[step] as they are: what is put in is not looked at again.  -EFBIG,
 * -ENOMEM. */
int ep_template_fill(const struct ep_template *t, char *const *results,
		     struct ep_buf *ret) EP_MUST_CHECK;

#endif

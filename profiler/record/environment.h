/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_ENVIRONMENT_H
#define EP_PROFILER_RECORD_ENVIRONMENT_H

#include "profiler/record/change.h"
#include "profiler/record/journal.h"

#include <jansson.h>
#include <stdbool.h>

struct ep_session;

#define EP_ENVIRONMENT_NOTES_MAX 16

/* The board as it was asked for, for the time of a run. */
struct ep_environment {
	struct ep_journal journal; /* valid while opened */
	bool opened;		   /* we hold the board */
	bool changed;		   /* there is something to put back */
	/* Said before events.csv was there. */
	struct {
		char code[32];
		char text[480];
	} notes[EP_ENVIRONMENT_NOTES_MAX];
	size_t note_count;
	size_t restored_before_count; /* of a crash, before this run */
};

/*
 * First of all: puts back what a crash left behind and, when changes are asked
 * for, takes the board and begins the journal, which the guardian needs.  A run
 * that changes nothing goes on whatever is found here.
 */
int ep_environment_open(struct ep_session *s, struct ep_err *err) EP_MUST_CHECK;
/* With events.csv open and the guardian at work: makes the changes. */
int ep_environment_apply(struct ep_session *s,
			 struct ep_err *err) EP_MUST_CHECK;
/* Puts everything back and says so; then, and after nothing, does nothing. */
void ep_environment_restore(struct ep_session *s);
/* Restores if that has not happened, and gives the board back. */
void ep_environment_close(struct ep_session *s);
/* "environment" of run.json: what, asked, was, is; NULL when nothing was asked
 * for. */
json_t *ep_environment_json(const struct ep_session *s);

#endif

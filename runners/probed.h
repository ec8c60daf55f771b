/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_PROBED_H
#define EP_RUNNERS_PROBED_H

#include "base/phase.h"
#include "drivers/uprobe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Inference libraries whose functions are probed in unmodified programs: which
 * functions, what to note of their calls, and how calls become phases.  A new
 * library is one file with a struct ep_probed, and a line in ep_probed_table[].
 *
 * A hit is an event "probe": text "SYMBOL:in" or "SYMBOL:out", request = thread
 * id, source "NAME:PID:CONTEXT" (CONTEXT in hex: the first argument, or what
 * was returned), tokens = the number that value or result say, -1 none.
 */
enum ep_probed_value { /* at the entry */
		       EP_PROBED_NOTHING,
		       EP_PROBED_STRUCT, /* first int32 of a big struct, passed by value as
			     the second argument */
		       EP_PROBED_SECOND, /* the second argument, 32 bits */
		       EP_PROBED_THIRD,	 /* the third, 32 bits */
		       EP_PROBED_PLACE, /* the third; the second is in the text, behind
			     "SYMBOL:in:" */
		       EP_PROBED_FUNCTION, /* the third is a function that gets a probe as the
			       symbol which follows in the list */
};

enum ep_probed_result {			     /* at the return */
			EP_PROBED_NO_RETURN, /* it gets no probe */
			EP_PROBED_RETURN,
			EP_PROBED_INT,	   /* 32 bits */
			EP_PROBED_POINTER, /* 1, or 0 for NULL */
			EP_PROBED_MADE,	   /* the same, and it is the context */
};

struct ep_probed_symbol {
	const char *name;
	int call; /* what it means; the library's own numbers */
	enum ep_probed_value value;
	enum ep_probed_result out;
	const char *unless; /* left out when the file has this one, which it
			       only calls */
	bool captured;	    /* no symbol of the file: see FUNCTION */
};

struct ep_probed {
	const char *name;  /* in events */
	const char *title; /* for people */
	const char *key;   /* the symbol that tells the library; NULL: any */
	/* A file that has this but no key is a version that nobody knows; or
	 * NULL. */
	const char *sign;
	/* In the order in which probes are set: what must not be missed comes
	 * first. */
	const struct ep_probed_symbol *symbols;
	size_t symbol_count;
	/* Where probes go in an open file, 0 when it is none: instead of by
	 * symbols.  A point's probe is twice the index of its symbol, plus one
	 * for the return. */
	size_t (*points)(int fd, struct ep_uprobe_point *ret, size_t max);
	/* Whether points() found them by texts, not all of them; and whether it
	 * found none in what is such a library, and why.  May be absent. */
	bool (*by_texts)(int fd);
	bool (*hidden)(int fd, struct ep_err *why);
	/* Less is known of it: it gets probes where no other library is. */
	bool fallback;
	/* As an observer's (runners/runner.h). */
	int (*timeline)(const struct ep_event *events, size_t count,
			int64_t gate_ns, int64_t exit_ns,
			struct ep_timeline *ret);
};
extern const struct ep_probed *const ep_probed_table[]; /* NULL-terminated */

/* Each in its own file. */
extern const struct ep_probed ep_probed_llama;
extern const struct ep_probed ep_probed_genai;
extern const struct ep_probed ep_probed_rkllm;
extern const struct ep_probed ep_probed_whisper;
extern const struct ep_probed ep_probed_ggml;

/* The points of one library in a file; 0: it is not there. */
size_t ep_probed_points(const struct ep_probed *p, int fd,
			struct ep_uprobe_point *ret, size_t max);
/* Of the first library in the table that is there, with the probes' numbers
 * among those of all libraries (ep_probed_hit_of). */
size_t ep_probed_find(int fd, struct ep_uprobe_point *ret, size_t max);
/* Whether a file looks like a version of it that cannot be probed. */
bool ep_probed_is_strange(const struct ep_probed *p, int fd);

/* The number of a probe among those of all libraries, and back. */
#define EP_PROBED_SYMBOLS_MAX 64
static inline int ep_probed_number(size_t library, int probe)
{
	return (int)library * 2 * EP_PROBED_SYMBOLS_MAX + probe;
}
struct ep_probed_hit {
	const struct ep_probed *library;
	const struct ep_probed_symbol *symbol;
	bool out;
};
/* false: no number of ours. */
bool ep_probed_hit_of(int number, struct ep_probed_hit *ret);
/* Calls emit with a hit as the event that is described above. */
void ep_probed_tell(const struct ep_probed_hit *what,
		    const struct ep_uprobe_hit *h,
		    const struct ep_event_sink *sink);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_H
#define EP_RUNNERS_LLAMA_H

#include "base/phase.h"
#include "drivers/uprobe.h"
#include "runners/probed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Unmodified programs that use libllama, seen through probes on its C API
 * (runners/probed.h).  Numbers: n_tokens of a batch that is evaluated, and what
 * that returned; the row whose logits are read; the position from which memory
 * is cut or moved, its sequence behind "SYMBOL:in:".
 */
enum ep_llama_call {
	EP_LLAMA_DECODE,  /* evaluates a batch */
	EP_LLAMA_ENCODE,  /* the same in an encoder */
	EP_LLAMA_SYNC,	  /* waits for what was queued */
	EP_LLAMA_FETCH,	  /* reads logits, or the token a backend chose */
	EP_LLAMA_EMBED,	  /* reads embeddings */
	EP_LLAMA_RESET,	  /* starts the library's own accounting again */
	EP_LLAMA_MODEL,	  /* loads a model */
	EP_LLAMA_CONTEXT, /* makes a context */
	EP_LLAMA_FREE,	  /* ends a context */
	EP_LLAMA_MEMORY,  /* tells a context's memory */
	EP_LLAMA_CLEAR,	  /* forgets all tokens */
	EP_LLAMA_CUT,	  /* forgets those of a sequence from a position on */
	EP_LLAMA_SHIFT,	  /* moves those behind a cut: a context shift */
};

/* In the order in which probes are set: what must not be missed comes first. */
extern const struct ep_probed_symbol ep_llama_symbols[];
extern const size_t ep_llama_symbol_count;

/* Which libraries count: those that have this. */
#define EP_LLAMA_KEY_SYMBOL "llama_decode"

/*
 * Where probes go in an open file: 0 when it is no libllama.  A point's probe
 * is twice the index of its symbol, plus one for the return.
 */
size_t ep_llama_points(int fd, struct ep_uprobe_point *ret, size_t max);

/* The observer's timeline() (runners/runner.h). */
int ep_llama_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns,
		      struct ep_timeline *ret);

/*
 * Calls each() with an open descriptor and the path of the program and of the
 * libraries the dynamic linker will load with it, as far as RUNPATH,
 * LD_LIBRARY_PATH and the usual folders tell.
 */
void ep_llama_scan(const char *program,
		   void (*each)(void *ctx, int fd, const char *path),
		   void *ctx);

/*
 * The same for files where the bindings of known interpreters keep the library
 * that they will load later: near the program, and above the files named in
 * its arguments.
 */
void ep_llama_hints(const char *program, char *const *argv,
		    void (*each)(void *ctx, int fd, const char *path),
		    void *ctx);

#endif

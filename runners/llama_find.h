/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_FIND_H
#define EP_RUNNERS_LLAMA_FIND_H

#include "drivers/elf.h"

/*
 * Functions of a libllama that was linked into a program and stripped, by the
 * texts that their code mentions: messages and their own names.
 *
 * A function counts when it alone mentions all its texts, something in the file
 * calls it, and, where it takes a batch, its arguments lie where a batch does.
 * Code that was copied into its callers is not found.
 */
struct ep_llama_find {
	bool called; /* false: a library, whose callers are elsewhere */
	/* As ep_llama_symbols. */
	struct ep_elf_symbol symbols[EP_ELF_NAMES_MAX];
};

/*
 * Returns how many were found, llama_decode among them; 0: there is no libllama
 * in it; -ENOENT with a sentence: there is one, but its llama_decode cannot be
 * told for certain; -ENOTSUP (another processor), -EBADMSG, -ENOMEM.
 */
int ep_llama_find(const struct ep_elf *e, struct ep_llama_find *f,
		  struct ep_err *err) EP_MUST_CHECK;

/* Whether the points of a file (runners/llama.h) come from texts. */
bool ep_llama_by_texts(int fd);
/* Whether a file has none because its llama_decode cannot be told for certain;
 * then why says so. */
bool ep_llama_hidden(int fd, struct ep_err *why);

#endif

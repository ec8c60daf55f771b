/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_ELF_CODE_H
#define EP_DRIVERS_ELF_CODE_H

#include "drivers/elf.h"

/* What constants hold and what code mentions, on x86-64 and AArch64. */

struct ep_elf_text {
	uint64_t vaddr;
	uint32_t text; /* index */
};
#define EP_ELF_TEXT_BYTES 128 /* with its NUL */
/*
 * NUL-ended texts in the read-only data.  Returns how many were found, -E2BIG
 * when there are more than max, -EBADMSG, -EINVAL (one is too long), -ENOMEM.
 */
int ep_elf_find_texts(const struct ep_elf *e, const char *const *texts,
		      size_t count, struct ep_elf_text *ret, size_t max);

enum ep_elf_mention {
	EP_ELF_ADDRESS = 1, /* is put into a register */
	EP_ELF_CALL = 2,
	EP_ELF_JUMP = 4, /* with the long form: to other functions */
};
struct ep_elf_span {
	uint64_t start, bytes; /* addresses */
};
struct ep_elf_ref {
	uint64_t from, to;
	enum ep_elf_mention mention;
};
struct ep_elf_refs {
	struct ep_elf_ref *items;
	size_t count, max;
};
/*
 * Mentions of these kinds of addresses within the spans, which are in order and
 * apart from each other.  Bytes between instructions may look like one:
 * from must be checked to be a function's.  -E2BIG past max, -ENOTSUP (another
 * processor), -EBADMSG, -ENOMEM.
 */
int ep_elf_find_refs(const struct ep_elf *e, unsigned mentions,
		     const struct ep_elf_span *spans, size_t count,
		     struct ep_elf_refs *ret);
/* len bytes of code at an address, and where in the file; -EBADMSG. */
int ep_elf_code_at(const struct ep_elf *e, uint64_t vaddr, uint8_t *ret,
		   size_t len, uint64_t *ret_offset) EP_MUST_CHECK;

#endif

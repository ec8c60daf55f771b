/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_ELF_FRAME_H
#define EP_DRIVERS_ELF_FRAME_H

#include "drivers/elf.h"

/*
 * Where functions begin and end, from .eh_frame: unwinding needs it, so that
 * it is there when all symbols are stripped.
 */
struct ep_elf_function {
	uint64_t start; /* address */
	uint32_t bytes;
	bool entry; /* false: a part that others jump into (".cold") */
	uint64_t record_offset;
};
#define EP_ELF_FUNCTIONS_MAX (1024 * 1024)

struct ep_elf_functions {
	struct ep_elf_function *items; /* by address, apart from each other */
	size_t count, size;
};
/* -ENOENT: has no .eh_frame.  -EBADMSG, -EFBIG, -ENOMEM. */
int ep_elf_functions_load(const struct ep_elf *e,
			  struct ep_elf_functions *ret) EP_MUST_CHECK;
void ep_elf_functions_done(struct ep_elf_functions *f);
/* The one that holds an address, or NULL. */
const struct ep_elf_function *
ep_elf_function_at(const struct ep_elf_functions *f, uint64_t vaddr);

/* Where the frame begins (what the caller's stack pointer was before the call)
 * from one address on. */
struct ep_elf_cfa {
	uint64_t from;
	bool known;
	uint64_t base; /* DWARF number of a register */
	int64_t offset;
};
#define EP_ELF_CFA_MAX 256
/* The count, at most max; the rest of the function has the last one's. */
int ep_elf_function_cfa(const struct ep_elf *e, const struct ep_elf_function *f,
			struct ep_elf_cfa *ret, size_t max) EP_MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_ELF_CFI_H
#define EP_DRIVERS_ELF_CFI_H

#include "drivers/elf_frame.h"

/* Only for elf_*.c: the records of .eh_frame, and the programs in them.  Bytes
 * of unknown origin; all of it pure. */

struct ep_cfi_bytes {
	const uint8_t *data;
	size_t len, at;
	bool bad; /* read past the end; values are 0 from then on */
};
uint64_t ep_cfi_fixed(struct ep_cfi_bytes *b, size_t bytes);
uint64_t ep_cfi_uleb(struct ep_cfi_bytes *b);
int64_t ep_cfi_sleb(struct ep_cfi_bytes *b);
/* A pointer as DW_EH_PE_... says, which stands at vaddr.  What is not
 * understood makes b bad. */
uint64_t ep_cfi_pointer(struct ep_cfi_bytes *b, uint8_t encoding,
			uint64_t vaddr);

/* What the records of one kind share. */
struct ep_cfi_cie {
	uint8_t encoding;
	bool augmented; /* records have a length before their program */
	uint64_t code_align;
	int64_t data_align;
	uint64_t base; /* of the frame at the entry of a function */
	int64_t offset;
};
/* b at the version, just behind the record's id. */
int ep_cfi_parse_cie(struct ep_cfi_bytes *b,
		     struct ep_cfi_cie *ret) EP_MUST_CHECK;

/* Whether a program leaves all as the caller made it at the first address. */
bool ep_cfi_is_entry(struct ep_cfi_bytes program);
/* The program of the function that begins at start. */
size_t ep_cfi_run(const struct ep_cfi_cie *cie, struct ep_cfi_bytes program,
		  uint64_t start, struct ep_elf_cfa *ret, size_t max);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_ELF_PARTS_H
#define EP_DRIVERS_ELF_PARTS_H

#include "drivers/elf.h"

#include <elf.h>

/* Between elf.c (symbols), elf_frame.c (functions) and elf_code.c (what code
 * and constants mention). */

/* The whole range or -EBADMSG. */
int ep_elf_read_at(const struct ep_elf *e, void *dst, uint64_t len,
		   uint64_t offset) EP_MUST_CHECK;
/* The file range behind an address; 0 bytes when no segment holds it. */
uint64_t ep_elf_range_at(const struct ep_elf *e, uint64_t vaddr,
			 uint64_t *ret_offset, bool *ret_executable);
/* -EBADMSG when it is not within the file. */
int ep_elf_read_section(const struct ep_elf *e, uint32_t index,
			Elf64_Shdr *ret) EP_MUST_CHECK;
/* Whether a section's name begins so. */
bool ep_elf_section_is(const struct ep_elf *e, const Elf64_Shdr *section,
		       const char *name);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_ELF_H
#define EP_DRIVERS_ELF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads 64-bit little-endian ELF programs and libraries of unknown origin.
 * Every offset and size is checked against the file; memory does not grow with
 * the file; a file cut short while it is read is -EBADMSG, never a fault.
 */
#define EP_ELF_X86_64 62
#define EP_ELF_AARCH64 183

struct ep_elf_load {
	uint64_t vaddr, offset, file_bytes;
	bool executable;
};
#define EP_ELF_LOADS_MAX 32

struct ep_elf {
	int fd; /* borrowed */
	uint64_t size_bytes;
	int machine; /* EP_ELF_... or another e_machine */
	bool fixed;  /* its addresses are those it runs at */
	uint64_t sections_offset;
	uint32_t section_count;
	uint32_t section_names;			/* index of their names */
	uint64_t dynamic_offset, dynamic_bytes; /* 0: not dynamic */
	uint64_t frame_header_offset, frame_header_vaddr; /* 0: none */
	struct ep_elf_load loads[EP_ELF_LOADS_MAX];
	uint32_t load_count;
};

/* -ENOEXEC: no 64-bit little-endian program or library.  -EBADMSG: broken. */
int ep_elf_init(struct ep_elf *e, int fd) EP_MUST_CHECK;

struct ep_elf_symbol {
	bool found;
	uint64_t file_offset;
	uint8_t first[4]; /* the first bytes of its code */
};
#define EP_ELF_NAMES_MAX 64
#define EP_ELF_NAME_BYTES 64

/*
 * Looks for functions by exact name: in .dynsym, or in .symtab when .dynsym has
 * none of them.  names share a first part of at least one letter and are
 * shorter than EP_ELF_NAME_BYTES.  Returns how many were found, or -EBADMSG,
 * -errno.
 */
int ep_elf_find(const struct ep_elf *e, const char *const *names, size_t count,
		struct ep_elf_symbol *ret);

/* Whether it still has .symtab, which names all its functions. */
bool ep_elf_is_named(const struct ep_elf *e);

/* Where probes go: behind a leading endbr64, whose single step is dear. */
uint64_t ep_elf_probe_offset(const struct ep_elf *e,
			     const struct ep_elf_symbol *symbol);

/* What the linker stamped this build with, in hex; -ENOENT when it did not. */
int ep_elf_build_id(const struct ep_elf *e, char *ret,
		    size_t size) EP_MUST_CHECK;

/* What the dynamic linker would want to know. */
struct ep_elf_needed {
	char names[64][128];
	size_t count;
	char search[1024]; /* RUNPATH or RPATH, as written; "" none */
};
/* -ENOENT: not dynamically linked.  -EBADMSG. */
int ep_elf_needed(const struct ep_elf *e, struct ep_elf_needed *ret);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_find_parts.h"

#include <stdlib.h>
#include <string.h>

#define CODE_BYTES_MAX 65536
#define DWARF_RBP 6
#define DWARF_RSP 7
#define BATCH_BYTES 72	    /* of the largest era */
#define CALL_CODE_BYTES 256 /* before a call, where its arguments are set */

static const struct ep_elf_cfa *cfa_at(const struct ep_elf_cfa *rows, int count,
				       uint64_t at)
{
	const struct ep_elf_cfa *found = NULL;

	for (int i = 0; i < count && rows[i].from <= at; i++)
		found = &rows[i];
	return found;
}

/* An operand disp(%rsp) or disp(%rbp) at p: its register as DWARF numbers it,
 * or -1. */
static int operand_at(const uint8_t *p, int32_t *ret)
{
	unsigned mod = p[0] >> 6, rm = p[0] & 7;
	const uint8_t *disp = p + 1;
	int base = DWARF_RBP;

	if (mod != 1 && mod != 2)
		return -1;
	if (rm == 4) {
		if (p[1] != 0x24) /* no index, base %rsp */
			return -1;
		disp++;
		base = DWARF_RSP;
	} else if (rm != 5) {
		return -1;
	}
	if (mod == 1) {
		/* Eight bits with a sign. */
		*ret = (int32_t)disp[0] - (disp[0] > 127 ? 256 : 0);
	} else {
		uint32_t word;

		memcpy(&word, disp, sizeof(word));
		*ret = (int32_t)word;
	}
	return base;
}

/*
 * A batch by value lies on the stack just above the return address.  A function
 * that never looks there has none: one into which llama_decode was copied.
 */
static bool looks_above_frame(const struct ep_elf *e,
			      const struct ep_elf_function *p)
{
	struct ep_elf_cfa rows[EP_ELF_CFA_MAX];
	size_t len = p->bytes < CODE_BYTES_MAX ? p->bytes : CODE_BYTES_MAX;
	uint8_t *code = calloc(1, len + 8);
	uint64_t offset;
	bool found = false;
	int count = code ? ep_elf_function_cfa(e, p, rows, EP_ELF_CFA_MAX) : -1;

	if (count > 0 && ep_elf_code_at(e, p->start, code, len, &offset) == 0) {
		for (size_t i = 1; !found && i < len; i++) {
			const struct ep_elf_cfa *c =
				cfa_at(rows, count, p->start + i);
			int32_t disp = 0;
			int base = operand_at(code + i, &disp);

			found = c && c->known && base >= 0 &&
				c->base == (uint64_t)base &&
				disp >= c->offset &&
				disp < c->offset + BATCH_BYTES;
		}
	}
	free(code);
	return found;
}

/* add x1, sp, #n or add x1, x29, #n before a call: the address of a copy that
 * the caller made. */
static bool passes_copy(const struct ep_elf *e, uint64_t call)
{
	uint64_t offset;
	uint8_t code[4];

	for (uint64_t at = call - 4; call - at <= CALL_CODE_BYTES; at -= 4) {
		uint32_t w;

		if (ep_elf_code_at(e, at, code, sizeof(code), &offset) < 0)
			return false;
		memcpy(&w, code, sizeof(w));
		if ((w & 0xffc0001f) == 0x91000001 &&
		    ((w >> 5 & 31) == 31 || (w >> 5 & 31) == 29))
			return true;
	}
	return false;
}

bool ep_llama_takes_batch(const struct ep_elf *e,
			  const struct ep_elf_function *p,
			  const struct ep_elf_refs *branches, bool called)
{
	if (e->machine == EP_ELF_X86_64)
		return looks_above_frame(e, p);
	for (size_t i = 0; called && i < branches->count; i++)
		if (branches->items[i].to == p->start &&
		    branches->items[i].mention == EP_ELF_CALL &&
		    passes_copy(e, branches->items[i].from))
			return true;
	return !called;
}

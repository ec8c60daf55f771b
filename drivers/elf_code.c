/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf_code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/elf_parts.h"

#define PIECE_BYTES (256 * 1024)
#define X86_BYTES_MAX 7 /* of an instruction that is looked for */
#define A64_REGISTERS 32
#define A64_NEAR 32 /* instructions between the halves of an address */

struct scan {
	unsigned mentions;
	bool absolute; /* code that is not moved: addresses are plain numbers */
	const struct ep_elf_span *spans;
	size_t span_count;
	uint64_t low, high;
	struct ep_elf_refs *out;
	/* AArch64: the page last put into each register, and where. */
	uint64_t page[A64_REGISTERS], page_at[A64_REGISTERS];
	bool page_known[A64_REGISTERS];
};

static bool is_wanted(const struct scan *s, uint64_t to)
{
	size_t low = 0, high = s->span_count;

	if (to < s->low || to >= s->high)
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->spans[mid].start <= to)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 &&
	       to - s->spans[low - 1].start < s->spans[low - 1].bytes;
}

static int note(struct scan *s, uint64_t from, uint64_t to,
		enum ep_elf_mention mention)
{
	if (!is_wanted(s, to))
		return 0;
	if (s->out->count == s->out->max)
		return -E2BIG;
	s->out->items[s->out->count++] =
		(struct ep_elf_ref){ from, to, mention };
	return 0;
}

static uint32_t word_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint64_t near_to(uint64_t after, const uint8_t *p)
{
	return after + (uint64_t)(int64_t)(int32_t)word_at(p);
}

/* Bytes that read as one of the instructions looked for, at any place: where
 * instructions begin is not known. */
static int x86_at(struct scan *s, const uint8_t *p, uint64_t at)
{
	/* lea disp(%rip),%reg */
	if (p[1] == 0x8d && (p[0] & 0xfb) == 0x48 && (p[2] & 0xc7) == 0x05)
		return s->mentions & EP_ELF_ADDRESS
			       ? note(s, at, near_to(at + 7, p + 3),
				      EP_ELF_ADDRESS)
			       : 0;
	if (p[0] == 0xe8)
		return s->mentions & EP_ELF_CALL
			       ? note(s, at, near_to(at + 5, p + 1),
				      EP_ELF_CALL)
			       : 0;
	if (p[0] == 0xe9)
		return s->mentions & EP_ELF_JUMP
			       ? note(s, at, near_to(at + 5, p + 1),
				      EP_ELF_JUMP)
			       : 0;
	if (p[0] == 0x0f && (p[1] & 0xf0) == 0x80)
		return s->mentions & EP_ELF_JUMP
			       ? note(s, at, near_to(at + 6, p + 2),
				      EP_ELF_JUMP)
			       : 0;
	/* mov $address,%reg */
	if (s->absolute && (p[0] & 0xf8) == 0xb8 &&
	    s->mentions & EP_ELF_ADDRESS)
		return note(s, at, word_at(p + 1), EP_ELF_ADDRESS);
	return 0;
}

/* value's low bits as a signed number, in units. */
static uint64_t a64_distance(uint64_t value, unsigned bits, unsigned units)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	value &= (UINT64_C(1) << bits) - 1;
	return ((value ^ sign) - sign) * units;
}

static int a64_branch(struct scan *s, uint32_t w, uint64_t at)
{
	enum ep_elf_mention mention = EP_ELF_JUMP;
	uint64_t to;

	if ((w & 0x7c000000) == 0x14000000) { /* b, bl */
		to = at + a64_distance(w, 26, 4);
		if (w & 0x80000000)
			mention = EP_ELF_CALL;
	} else if ((w & 0xff000010) == 0x54000000 || /* b.cond */
		   (w & 0x7e000000) == 0x34000000) { /* cbz, cbnz */
		to = at + a64_distance(w >> 5, 19, 4);
	} else if ((w & 0x7e000000) == 0x36000000) { /* tbz, tbnz */
		to = at + a64_distance(w >> 5, 14, 4);
	} else {
		return 0;
	}
	return s->mentions & mention ? note(s, at, to, mention) : 0;
}

static int a64_address(struct scan *s, uint32_t w, uint64_t at)
{
	uint32_t rd = w & 31, rn = w >> 5 & 31;
	uint64_t distance = (w >> 5 & 0x7ffff) << 2 | (w >> 29 & 3);

	if ((w & 0x9f000000) == 0x10000000) /* adr */
		return note(s, at, at + a64_distance(distance, 21, 1),
			    EP_ELF_ADDRESS);
	if ((w & 0x9f000000) == 0x90000000) { /* adrp */
		s->page[rd] = (at & ~UINT64_C(0xfff)) +
			      a64_distance(distance, 21, 4096);
		s->page_at[rd] = at;
		s->page_known[rd] = true;
		return 0;
	}
	/* add xd, xn, #low bits */
	if ((w & 0xffc00000) == 0x91000000 && s->page_known[rn] &&
	    at - s->page_at[rn] <= A64_NEAR * 4)
		return note(s, at, s->page[rn] + (w >> 10 & 0xfff),
			    EP_ELF_ADDRESS);
	return 0;
}

static int scan_piece(const struct ep_elf *e, struct scan *s,
		      const uint8_t *piece, size_t len, uint64_t vaddr)
{
	int r = 0;

	if (e->machine == EP_ELF_X86_64) {
		for (size_t i = 0; r == 0 && i + X86_BYTES_MAX <= len; i++)
			r = x86_at(s, piece + i, vaddr + i);
		return r;
	}
	for (size_t i = 0; r == 0 && i + 4 <= len; i += 4) {
		uint32_t w = word_at(piece + i);

		r = a64_branch(s, w, vaddr + i);
		if (r == 0 && s->mentions & EP_ELF_ADDRESS)
			r = a64_address(s, w, vaddr + i);
	}
	return r;
}

/* The pieces overlap on x86-64, so that none is cut. */
static int scan_code(const struct ep_elf *e, struct scan *s, uint64_t offset,
		     uint64_t bytes, uint64_t vaddr)
{
	uint64_t overlap = e->machine == EP_ELF_X86_64 ? X86_BYTES_MAX - 1 : 0;
	uint8_t *piece = calloc(1, PIECE_BYTES + X86_BYTES_MAX);
	uint64_t from = 0;
	int r = piece ? 0 : -ENOMEM;

	while (r == 0 && from < bytes) {
		uint64_t len = bytes - from;
		bool last = len <= PIECE_BYTES;

		if (!last)
			len = PIECE_BYTES;
		r = ep_elf_read_at(e, piece, len, offset + from);
		/* The last instruction may be shorter than the longest. */
		memset(piece + len, 0, last ? overlap : 0);
		if (r == 0)
			r = scan_piece(e, s, piece, len + (last ? overlap : 0),
				       vaddr + from);
		from += last ? len : len - overlap;
	}
	free(piece);
	return r;
}

int ep_elf_find_refs(const struct ep_elf *e, unsigned mentions,
		     const struct ep_elf_span *spans, size_t count,
		     struct ep_elf_refs *ret)
{
	struct scan *s;
	int r = e->machine == EP_ELF_X86_64 || e->machine == EP_ELF_AARCH64
			? 0
			: -ENOTSUP;

	ret->count = 0;
	if (r < 0 || count == 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->mentions = mentions;
	s->absolute = e->fixed;
	s->spans = spans;
	s->span_count = count;
	s->low = spans[0].start;
	s->high = spans[count - 1].start + spans[count - 1].bytes;
	s->out = ret;
	for (uint32_t i = 0; r == 0 && i < e->load_count; i++)
		if (e->loads[i].executable)
			r = scan_code(e, s, e->loads[i].offset,
				      e->loads[i].file_bytes,
				      e->loads[i].vaddr);
	free(s);
	return r;
}

int ep_elf_code_at(const struct ep_elf *e, uint64_t vaddr, uint8_t *ret,
		   size_t len, uint64_t *ret_offset)
{
	uint64_t offset = 0;
	bool executable = false;
	int r;

	if (ep_elf_range_at(e, vaddr, &offset, &executable) < len ||
	    !executable)
		return -EBADMSG;
	r = ep_elf_read_at(e, ret, len, offset);
	if (r == 0)
		*ret_offset = offset;
	return r;
}

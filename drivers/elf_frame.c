/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf_frame.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/elf_cfi.h"
#include "drivers/elf_parts.h"

#define PIECE_BYTES (256 * 1024)
#define RECORD_BYTES_MAX 8192 /* of one whose program is looked at */

struct frames {
	const struct ep_elf *e;
	uint64_t offset, bytes, vaddr; /* of .eh_frame */
	bool sized;		       /* what lies beyond bytes is no part */
	uint8_t *piece;
	uint64_t piece_offset, piece_bytes;
	uint64_t cie_offset;
	struct ep_cfi_cie cie;
	bool cie_known;
};

static int find_section(struct frames *f)
{
	for (uint32_t i = 0; i < f->e->section_count; i++) {
		Elf64_Shdr s;
		int r = ep_elf_read_section(f->e, i, &s);

		if (r < 0)
			return r;
		if (s.sh_type == SHT_NOBITS || !(s.sh_flags & SHF_ALLOC) ||
		    !ep_elf_section_is(f->e, &s, ".eh_frame") ||
		    ep_elf_section_is(f->e, &s, ".eh_frame_hdr"))
			continue;
		f->offset = s.sh_offset;
		f->bytes = s.sh_size;
		f->vaddr = s.sh_addr;
		f->sized = true;
		return 0;
	}
	return -ENOENT;
}

/* .eh_frame_hdr: version, three encodings, where .eh_frame is. */
static int find_by_header(struct frames *f)
{
	const struct ep_elf *e = f->e;
	struct ep_cfi_bytes b = { .len = 12 };
	uint8_t bytes[12];
	bool executable;
	int r;

	if (e->frame_header_vaddr == 0)
		return -ENOENT;
	r = ep_elf_read_at(e, bytes, sizeof(bytes), e->frame_header_offset);
	if (r < 0)
		return r;
	b.data = bytes;
	b.at = 4;
	f->vaddr = ep_cfi_pointer(&b, bytes[1], e->frame_header_vaddr + 4);
	f->bytes =
		b.bad || bytes[0] != 1
			? 0
			: ep_elf_range_at(e, f->vaddr, &f->offset, &executable);
	return f->bytes > 0 ? 0 : -EBADMSG;
}

/* len bytes at an offset within .eh_frame; NULL when it has fewer. */
static const uint8_t *bytes_at(struct frames *f, uint64_t at, uint64_t len)
{
	if (at > f->bytes || len > f->bytes - at || len > PIECE_BYTES)
		return NULL;
	if (at < f->piece_offset ||
	    at + len > f->piece_offset + f->piece_bytes) {
		f->piece_offset = at;
		f->piece_bytes = f->bytes - at < PIECE_BYTES ? f->bytes - at
							     : PIECE_BYTES;
		if (ep_elf_read_at(f->e, f->piece, f->piece_bytes,
				   f->offset + at) < 0) {
			f->piece_bytes = 0;
			return NULL;
		}
	}
	return f->piece + (at - f->piece_offset);
}

/* A record's bytes behind its length and id; -EBADMSG. */
static int record_at(struct frames *f, uint64_t at, struct ep_cfi_bytes *ret,
		     uint32_t *ret_id)
{
	const uint8_t *head = bytes_at(f, at, 8);
	uint32_t len;

	if (!head)
		return -EBADMSG;
	memcpy(&len, head, 4);
	memcpy(ret_id, head + 4, 4);
	if (len < 4 || len > f->bytes - at - 4)
		return -EBADMSG;
	len -= 4;
	*ret = (struct ep_cfi_bytes){ .len = len < RECORD_BYTES_MAX
						     ? len
						     : RECORD_BYTES_MAX };
	ret->data = bytes_at(f, at + 8, ret->len);
	return ret->data ? 0 : -EBADMSG;
}

static int need_cie(struct frames *f, uint64_t at)
{
	struct ep_cfi_bytes b;
	uint32_t id;
	int r;

	if (f->cie_known && f->cie_offset == at)
		return 0;
	f->cie_known = false;
	r = record_at(f, at, &b, &id);
	if (r == 0 && id != 0)
		r = -EBADMSG;
	if (r == 0)
		r = ep_cfi_parse_cie(&b, &f->cie);
	f->cie_known = r == 0;
	f->cie_offset = at;
	return r;
}

/*
 * The record of a function, and its program.  -ENOENT: a CIE, or one that is
 * written in a way not understood.
 */
static int parse_function(struct frames *f, uint64_t at,
			  struct ep_elf_function *ret,
			  struct ep_cfi_bytes *program)
{
	struct ep_cfi_bytes b;
	uint64_t start, bytes;
	uint32_t id;
	int r = record_at(f, at, &b, &id);

	if (r < 0)
		return r;
	if (id == 0 || id > at + 4 || need_cie(f, at + 4 - id) < 0)
		return -ENOENT;
	/* The piece may have moved on to the CIE. */
	r = record_at(f, at, &b, &id);
	if (r < 0)
		return r;
	start = ep_cfi_pointer(&b, f->cie.encoding, f->vaddr + at + 8);
	bytes = ep_cfi_pointer(&b, f->cie.encoding & 0x0f, 0);
	if (f->cie.augmented) {
		uint64_t more = ep_cfi_uleb(&b);

		if (more > b.len - b.at)
			b.bad = true;
		else
			b.at += (size_t)more;
	}
	if (b.bad || bytes == 0 || bytes > UINT32_MAX)
		return -ENOENT;
	*ret = (struct ep_elf_function){ .start = start,
					 .bytes = (uint32_t)bytes,
					 .entry = ep_cfi_is_entry(b),
					 .record_offset = at };
	*program = b;
	return 0;
}

static int add(struct ep_elf_functions *all, const struct ep_elf_function *f)
{
	if (all->count == all->size) {
		size_t size = all->size ? all->size * 2 : 1024;
		struct ep_elf_function *items;

		if (all->count >= EP_ELF_FUNCTIONS_MAX)
			return -EFBIG;
		items = realloc(all->items, size * sizeof(*items));
		if (!items)
			return -ENOMEM;
		all->items = items;
		all->size = size;
	}
	all->items[all->count++] = *f;
	return 0;
}

/* Only what lies in executable parts of the file counts. */
static bool is_code(const struct ep_elf *e, const struct ep_elf_function *f)
{
	uint64_t offset = 0;
	bool executable = false;

	return ep_elf_range_at(e, f->start, &offset, &executable) >= f->bytes &&
	       executable;
}

static int walk(struct frames *f, struct ep_elf_functions *all)
{
	struct ep_elf_function one;
	struct ep_cfi_bytes program;
	uint64_t at = 0;

	while (f->bytes - at >= 4) {
		const uint8_t *head = bytes_at(f, at, 4);
		uint32_t len;
		int r;

		if (!head)
			return -EBADMSG;
		memcpy(&len, head, 4);
		if (len == 0 && !f->sized)
			return 0;
		/* An end mark may stand between what two linkers made. */
		if (len == 0) {
			at += 4;
			continue;
		}
		r = parse_function(f, at, &one, &program);
		if (r == 0 && is_code(f->e, &one))
			r = add(all, &one);
		if (r < 0 && r != -ENOENT)
			return r;
		at += 4 + (uint64_t)len;
	}
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct ep_elf_function *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Two that overlap are both not to be trusted. */
static void sort_apart(struct ep_elf_functions *all)
{
	uint64_t end = 0;
	size_t kept = 0;

	if (all->count > 1)
		qsort(all->items, all->count, sizeof(all->items[0]), by_start);
	for (size_t i = 0; i < all->count; i++) {
		struct ep_elf_function *f = &all->items[i];
		bool next_overlaps =
			i + 1 < all->count &&
			all->items[i + 1].start - f->start < f->bytes;
		bool overlaps = f->start < end;

		if (f->start + f->bytes > end)
			end = f->start + f->bytes;
		if (!overlaps && !next_overlaps)
			all->items[kept++] = *f;
	}
	all->count = kept;
}

static int frames_open(struct frames *f, const struct ep_elf *e)
{
	int r;

	memset(f, 0, sizeof(*f));
	f->e = e;
	r = find_section(f);
	if (r == -ENOENT)
		r = find_by_header(f);
	if (r < 0)
		return r;
	f->piece = malloc(PIECE_BYTES);
	return f->piece ? 0 : -ENOMEM;
}

int ep_elf_functions_load(const struct ep_elf *e, struct ep_elf_functions *ret)
{
	struct ep_elf_functions all = { .count = 0 };
	struct frames f;
	int r = frames_open(&f, e);

	if (r == 0)
		r = walk(&f, &all);
	free(f.piece);
	if (r < 0) {
		ep_elf_functions_done(&all);
		return r;
	}
	sort_apart(&all);
	*ret = all;
	return 0;
}

void ep_elf_functions_done(struct ep_elf_functions *f)
{
	free(f->items);
	memset(f, 0, sizeof(*f));
}

const struct ep_elf_function *
ep_elf_function_at(const struct ep_elf_functions *f, uint64_t vaddr)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->items[mid].start <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 ||
	    vaddr - f->items[low - 1].start >= f->items[low - 1].bytes)
		return NULL;
	return &f->items[low - 1];
}

int ep_elf_function_cfa(const struct ep_elf *e, const struct ep_elf_function *f,
			struct ep_elf_cfa *ret, size_t max)
{
	struct ep_elf_function again;
	struct ep_cfi_bytes program;
	struct frames frames;
	int r = frames_open(&frames, e);

	if (r == 0)
		r = parse_function(&frames, f->record_offset, &again, &program);
	if (r == 0)
		r = (int)ep_cfi_run(&frames.cie, program, again.start, ret,
				    max);
	free(frames.piece);
	return r;
}

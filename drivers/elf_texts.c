/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf_code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/elf_parts.h"

#define PIECE_BYTES (256 * 1024)
/* Without names of sections all of the file is looked through, up to here. */
#define BYTES_MAX (UINT64_C(256) * 1024 * 1024)

struct search {
	const struct ep_elf *e;
	const char *const *texts;
	size_t count;
	struct ep_elf_text *out;
	size_t found, max;
	uint64_t left;
	char *piece;
};

static int search_piece(struct search *s, uint64_t len, uint64_t vaddr,
			bool last)
{
	const char *end = s->piece + len;

	for (size_t i = 0; i < s->count; i++) {
		size_t bytes = strlen(s->texts[i]) + 1;
		const char *hit = s->piece;

		while ((hit = memmem(hit, (size_t)(end - hit), s->texts[i],
				     bytes)) != NULL) {
			uint64_t at = (uint64_t)(hit - s->piece);

			hit++;
			/* What lies whole in the overlap is found again. */
			if (!last && at >= len - (EP_ELF_TEXT_BYTES - 1))
				break;
			if (s->found == s->max)
				return -E2BIG;
			s->out[s->found++] =
				(struct ep_elf_text){ vaddr + at, (uint32_t)i };
		}
	}
	return 0;
}

static int search_range(struct search *s, uint64_t offset, uint64_t bytes,
			uint64_t vaddr)
{
	uint64_t from = 0;

	if (bytes > s->left)
		bytes = s->left;
	s->left -= bytes;
	while (from < bytes) {
		uint64_t len = bytes - from;
		bool last = len <= PIECE_BYTES;
		int r;

		if (!last)
			len = PIECE_BYTES;
		r = ep_elf_read_at(s->e, s->piece, len, offset + from);
		if (r == 0)
			r = search_piece(s, len, vaddr + from, last);
		if (r < 0)
			return r;
		from += last ? len : len - (EP_ELF_TEXT_BYTES - 1);
	}
	return 0;
}

/* .rodata and the like; the count of them. */
static int search_sections(struct search *s)
{
	int count = 0;

	for (uint32_t i = 0; i < s->e->section_count; i++) {
		Elf64_Shdr h;
		int r = ep_elf_read_section(s->e, i, &h);

		if (r < 0)
			return r;
		if (h.sh_type != SHT_PROGBITS || !(h.sh_flags & SHF_ALLOC) ||
		    h.sh_flags & (SHF_WRITE | SHF_EXECINSTR) ||
		    (!ep_elf_section_is(s->e, &h, ".rodata") &&
		     !ep_elf_section_is(s->e, &h, ".lrodata")))
			continue;
		count++;
		r = search_range(s, h.sh_offset, h.sh_size, h.sh_addr);
		if (r < 0)
			return r;
	}
	return count;
}

int ep_elf_find_texts(const struct ep_elf *e, const char *const *texts,
		      size_t count, struct ep_elf_text *ret, size_t max)
{
	struct search s = { .e = e,
			    .texts = texts,
			    .count = count,
			    .out = ret,
			    .max = max,
			    .left = BYTES_MAX };
	int r;

	for (size_t i = 0; i < count; i++)
		if (strlen(texts[i]) >= EP_ELF_TEXT_BYTES || !texts[i][0])
			return -EINVAL;
	s.piece = malloc(PIECE_BYTES);
	if (!s.piece)
		return -ENOMEM;
	r = search_sections(&s);
	for (uint32_t i = 0; r == 0 && i < e->load_count; i++) {
		const struct ep_elf_load *l = &e->loads[i];

		r = search_range(&s, l->offset, l->file_bytes, l->vaddr);
	}
	free(s.piece);
	return r < 0 ? r : (int)s.found;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define NOTES_BYTES 4096 /* a note segment has some hundred */

static int read_at(const struct ep_elf *e, void *dst, size_t len,
		   uint64_t offset)
{
	if (offset > e->size_bytes || len > e->size_bytes - offset)
		return -EBADMSG;
	return pread(e->fd, dst, len, (off_t)offset) == (ssize_t)len ? 0
								     : -EBADMSG;
}

static int put_hex(const unsigned char *bytes, size_t count, char *ret,
		   size_t size)
{
	if (count == 0 || count * 2 >= size)
		return -EFBIG;
	for (size_t i = 0; i < count; i++)
		(void)ep_str_format(ret + 2 * i, size - 2 * i, "%02x",
				    (unsigned)bytes[i]);
	return 0;
}

/* Name and description are padded to four bytes each. */
static int find_id(const unsigned char *notes, size_t len, char *ret,
		   size_t size)
{
	size_t at = 0;

	while (len - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr n;
		size_t name, bytes;

		memcpy(&n, notes + at, sizeof(n));
		at += sizeof(n);
		name = ((size_t)n.n_namesz + 3) & ~(size_t)3;
		bytes = ((size_t)n.n_descsz + 3) & ~(size_t)3;
		if (name > len - at || bytes > len - at - name)
			return -EBADMSG;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    memcmp(notes + at, "GNU", 4) == 0)
			return put_hex(notes + at + name, n.n_descsz, ret,
				       size);
		at += name + bytes;
	}
	return -ENOENT;
}

int ep_elf_build_id(const struct ep_elf *e, char *ret, size_t size)
{
	unsigned char notes[NOTES_BYTES];
	Elf64_Ehdr h;
	int r = read_at(e, &h, sizeof(h), 0);

	for (uint32_t i = 0; r == 0 && i < h.e_phnum; i++) {
		Elf64_Phdr p;
		size_t len;

		if (h.e_phoff > e->size_bytes ||
		    h.e_phentsize != sizeof(Elf64_Phdr))
			return -EBADMSG;
		r = read_at(e, &p, sizeof(p), h.e_phoff + i * sizeof(p));
		if (r < 0 || p.p_type != PT_NOTE)
			continue;
		len = p.p_filesz < sizeof(notes) ? (size_t)p.p_filesz
						 : sizeof(notes);
		if (read_at(e, notes, len, p.p_offset) == 0 &&
		    find_id(notes, len, ret, size) == 0)
			return 0;
	}
	return r < 0 ? r : -ENOENT;
}

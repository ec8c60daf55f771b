/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "drivers/elf_parts.h"

/* A NUL-ended string below an address; -EBADMSG when it does not end. */
static int read_string(const struct ep_elf *e, uint64_t vaddr, char *ret,
		       size_t size)
{
	uint64_t offset = 0, room;
	bool executable;
	int r;

	room = ep_elf_range_at(e, vaddr, &offset, &executable);
	if (room == 0)
		return -EBADMSG;
	if (room > size)
		room = size;
	r = ep_elf_read_at(e, ret, room, offset);
	if (r == 0 && !memchr(ret, 0, room)) {
		ret[0] = '\0';
		r = -EBADMSG;
	}
	return r;
}

int ep_elf_needed(const struct ep_elf *e, struct ep_elf_needed *ret)
{
	Elf64_Dyn d[512];
	size_t count = e->dynamic_bytes / sizeof(d[0]);
	uint64_t strings = 0;
	int r;

	memset(ret, 0, sizeof(*ret));
	memset(d, 0, sizeof(d));
	if (count == 0)
		return -ENOENT;
	if (count > sizeof(d) / sizeof(d[0]))
		count = sizeof(d) / sizeof(d[0]);
	r = ep_elf_read_at(e, d, count * sizeof(d[0]), e->dynamic_offset);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count && d[i].d_tag != DT_NULL; i++)
		if (d[i].d_tag == DT_STRTAB)
			strings = d[i].d_un.d_ptr;
	for (size_t i = 0; i < count && d[i].d_tag != DT_NULL; i++) {
		uint64_t at = strings + d[i].d_un.d_val;

		if (d[i].d_tag == DT_NEEDED &&
		    ret->count < sizeof(ret->names) / sizeof(ret->names[0]) &&
		    read_string(e, at, ret->names[ret->count],
				sizeof(ret->names[0])) == 0)
			ret->count++;
		if (d[i].d_tag == DT_RUNPATH ||
		    (d[i].d_tag == DT_RPATH && !ret->search[0]))
			(void)read_string(e, at, ret->search,
					  sizeof(ret->search));
	}
	return 0;
}

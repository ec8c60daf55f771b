/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/elf_parts.h"

int ep_elf_read_at(const struct ep_elf *e, void *dst, uint64_t len,
		   uint64_t offset)
{
	size_t done = 0;

	if (offset > e->size_bytes || len > e->size_bytes - offset)
		return -EBADMSG;
	while (done < len) {
		ssize_t n = pread(e->fd, (char *)dst + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int read_segments(struct ep_elf *e, const Elf64_Ehdr *h)
{
	int r;

	if (h->e_phnum > 0 && h->e_phentsize != sizeof(Elf64_Phdr))
		return -EBADMSG;
	for (uint32_t i = 0; i < h->e_phnum; i++) {
		Elf64_Phdr p;

		if (h->e_phoff > e->size_bytes)
			return -EBADMSG;
		r = ep_elf_read_at(e, &p, sizeof(p),
				   h->e_phoff + i * sizeof(p));
		if (r < 0)
			return r;
		if (p.p_type == PT_DYNAMIC) {
			e->dynamic_offset = p.p_offset;
			e->dynamic_bytes = p.p_filesz;
		}
		if (p.p_type == PT_GNU_EH_FRAME) {
			e->frame_header_offset = p.p_offset;
			e->frame_header_vaddr = p.p_vaddr;
		}
		if (p.p_type != PT_LOAD || e->load_count == EP_ELF_LOADS_MAX)
			continue;
		if (p.p_offset > e->size_bytes ||
		    p.p_filesz > e->size_bytes - p.p_offset)
			return -EBADMSG;
		e->loads[e->load_count++] = (struct ep_elf_load){
			.vaddr = p.p_vaddr,
			.offset = p.p_offset,
			.file_bytes = p.p_filesz,
			.executable = (p.p_flags & PF_X) != 0,
		};
	}
	return 0;
}

int ep_elf_init(struct ep_elf *e, int fd)
{
	struct stat st;
	Elf64_Ehdr h;
	int r;

	memset(e, 0, sizeof(*e));
	e->fd = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(h))
		return -ENOEXEC;
	e->size_bytes = (uint64_t)st.st_size;
	r = ep_elf_read_at(e, &h, sizeof(h), 0);
	if (r < 0)
		return r;
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
	    h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (h.e_type != ET_EXEC && h.e_type != ET_DYN))
		return -ENOEXEC;
	e->machine = h.e_machine;
	e->fixed = h.e_type == ET_EXEC;
	if (h.e_shnum > 0) {
		if (h.e_shentsize != sizeof(Elf64_Shdr))
			return -EBADMSG;
		e->sections_offset = h.e_shoff;
		e->section_count = h.e_shnum;
		e->section_names = h.e_shstrndx;
	}
	return read_segments(e, &h);
}

uint64_t ep_elf_range_at(const struct ep_elf *e, uint64_t vaddr,
			 uint64_t *ret_offset, bool *ret_executable)
{
	for (uint32_t i = 0; i < e->load_count; i++) {
		const struct ep_elf_load *l = &e->loads[i];

		if (vaddr < l->vaddr || vaddr - l->vaddr >= l->file_bytes)
			continue;
		*ret_offset = l->offset + (vaddr - l->vaddr);
		*ret_executable = l->executable;
		return l->file_bytes - (vaddr - l->vaddr);
	}
	return 0;
}

/* Where the wanted names stand in one string table. */
struct name_at {
	uint32_t at;
	uint32_t name;
};
#define NAMES_AT_MAX 256

struct search {
	const char *const *names;
	size_t name_count;
	size_t prefix_bytes; /* what all names begin with */
	struct ep_elf_symbol *symbols;
	int found_count;
	struct name_at at[NAMES_AT_MAX];
	size_t at_count;
	uint32_t at_min, at_max;
};

static size_t common_prefix(const char *const *names, size_t count)
{
	size_t len = strlen(names[0]);

	for (size_t i = 1; i < count; i++) {
		size_t same = 0;

		while (same < len && names[i][same] == names[0][same])
			same++;
		len = same;
	}
	return len;
}

/* text[0..room) begins with one of the names and its NUL. */
static void note_name(struct search *s, const char *text, size_t room,
		      uint32_t at)
{
	for (size_t i = 0; i < s->name_count; i++) {
		size_t len = strlen(s->names[i]) + 1;

		if (len > room || memcmp(text, s->names[i], len) != 0)
			continue;
		if (s->at_count == NAMES_AT_MAX)
			return;
		if (s->at_count == 0 || at < s->at_min)
			s->at_min = at;
		if (s->at_count == 0 || at > s->at_max)
			s->at_max = at;
		s->at[s->at_count++] = (struct name_at){ at, (uint32_t)i };
		return;
	}
}

/*
 * Finds the names in a string table in pieces: tables of 20 MB are common
 * (node), and comparing every symbol's name would touch all of it at random.
 */
static int find_names(const struct ep_elf *e, const Elf64_Shdr *strings,
		      struct search *s)
{
	char piece[32768];
	uint64_t from = 0;

	s->at_count = 0;
	while (from < strings->sh_size) {
		uint64_t len = strings->sh_size - from;
		const char *hit = piece;
		const char *end;
		int r;

		if (len > sizeof(piece))
			len = sizeof(piece);
		r = ep_elf_read_at(e, piece, len, strings->sh_offset + from);
		if (r < 0)
			return r;
		end = piece + len;
		while ((hit = memmem(hit, (size_t)(end - hit), s->names[0],
				     s->prefix_bytes)) != NULL) {
			uint64_t at = from + (uint64_t)(hit - piece);

			if (at <= UINT32_MAX)
				note_name(s, hit, (size_t)(end - hit),
					  (uint32_t)at);
			hit++;
		}
		if (from + len == strings->sh_size)
			return 0;
		from += len - EP_ELF_NAME_BYTES;
	}
	return 0;
}

static int take_symbol(const struct ep_elf *e, const Elf64_Sym *y,
		       struct search *s)
{
	for (size_t i = 0; i < s->at_count; i++) {
		struct ep_elf_symbol *symbol = &s->symbols[s->at[i].name];
		uint64_t offset = 0;
		bool executable = false;
		int r;

		if (s->at[i].at != y->st_name || symbol->found)
			continue;
		if (ep_elf_range_at(e, y->st_value, &offset, &executable) <
			    sizeof(symbol->first) ||
		    !executable)
			continue;
		r = ep_elf_read_at(e, symbol->first, sizeof(symbol->first),
				   offset);
		if (r < 0)
			return r;
		symbol->file_offset = offset;
		symbol->found = true;
		s->found_count++;
	}
	return 0;
}

static int scan_symbols(const struct ep_elf *e, const Elf64_Shdr *table,
			struct search *s)
{
	Elf64_Sym piece[1024];
	uint64_t from = 0;
	uint64_t bytes = table->sh_size - table->sh_size % sizeof(piece[0]);

	while (from < bytes) {
		uint64_t len = bytes - from;
		int r;

		if (len > sizeof(piece))
			len = sizeof(piece);
		r = ep_elf_read_at(e, piece, len, table->sh_offset + from);
		if (r < 0)
			return r;
		from += len;
		for (size_t i = 0; i < len / sizeof(piece[0]); i++) {
			const Elf64_Sym *y = &piece[i];

			if (y->st_name < s->at_min || y->st_name > s->at_max ||
			    ELF64_ST_TYPE(y->st_info) != STT_FUNC ||
			    y->st_shndx == SHN_UNDEF)
				continue;
			r = take_symbol(e, y, s);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int ep_elf_read_section(const struct ep_elf *e, uint32_t index, Elf64_Shdr *ret)
{
	int r;

	if (index >= e->section_count || e->sections_offset > e->size_bytes)
		return -EBADMSG;
	r = ep_elf_read_at(e, ret, sizeof(*ret),
			   e->sections_offset + index * sizeof(*ret));
	if (r < 0)
		return r;
	if (ret->sh_type == SHT_NOBITS)
		return 0;
	if (ret->sh_offset > e->size_bytes ||
	    ret->sh_size > e->size_bytes - ret->sh_offset)
		return -EBADMSG;
	return 0;
}

bool ep_elf_section_is(const struct ep_elf *e, const Elf64_Shdr *section,
		       const char *name)
{
	size_t len = strlen(name);
	Elf64_Shdr names;
	char text[16];

	return len <= sizeof(text) &&
	       ep_elf_read_section(e, e->section_names, &names) == 0 &&
	       names.sh_type == SHT_STRTAB &&
	       section->sh_name <= names.sh_size &&
	       len <= names.sh_size - section->sh_name &&
	       ep_elf_read_at(e, text, len,
			      names.sh_offset + section->sh_name) == 0 &&
	       memcmp(text, name, len) == 0;
}

static int search_tables(const struct ep_elf *e, uint32_t type,
			 struct search *s)
{
	for (uint32_t i = 0; i < e->section_count; i++) {
		Elf64_Shdr table, strings;
		int r = ep_elf_read_section(e, i, &table);

		if (r < 0)
			return r;
		if (table.sh_type != type)
			continue;
		if (table.sh_entsize != sizeof(Elf64_Sym))
			return -EBADMSG;
		r = ep_elf_read_section(e, table.sh_link, &strings);
		if (r == 0 && strings.sh_type != SHT_STRTAB)
			r = -EBADMSG;
		if (r == 0)
			r = find_names(e, &strings, s);
		if (r == 0 && s->at_count > 0)
			r = scan_symbols(e, &table, s);
		if (r < 0)
			return r;
	}
	return 0;
}

bool ep_elf_is_named(const struct ep_elf *e)
{
	for (uint32_t i = 0; i < e->section_count; i++) {
		Elf64_Shdr table;

		if (ep_elf_read_section(e, i, &table) == 0 &&
		    table.sh_type == SHT_SYMTAB)
			return true;
	}
	return false;
}

int ep_elf_find(const struct ep_elf *e, const char *const *names, size_t count,
		struct ep_elf_symbol *ret)
{
	struct search s;
	int r;

	if (count == 0 || count > EP_ELF_NAMES_MAX)
		return -EINVAL;
	memset(&s, 0, sizeof(s));
	s.prefix_bytes = common_prefix(names, count);
	if (s.prefix_bytes == 0)
		return -EINVAL;
	s.names = names;
	s.name_count = count;
	s.symbols = ret;
	memset(ret, 0, count * sizeof(*ret));
	r = search_tables(e, SHT_DYNSYM, &s);
	/* A library that has some of them in .dynsym has all it exports. */
	if (r == 0 && s.found_count == 0)
		r = search_tables(e, SHT_SYMTAB, &s);
	return r < 0 ? r : s.found_count;
}

uint64_t ep_elf_probe_offset(const struct ep_elf *e,
			     const struct ep_elf_symbol *symbol)
{
	static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };

	if (e->machine == EP_ELF_X86_64 &&
	    memcmp(symbol->first, endbr64, sizeof(endbr64)) == 0)
		return symbol->file_offset + sizeof(endbr64);
	return symbol->file_offset;
}

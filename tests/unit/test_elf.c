/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/elf.h"

/* Found again by name in this very program. */
int elf_target_one(int x);
int elf_target_two(int x);

__attribute__((noinline)) int elf_target_one(int x)
{
	return x + 1;
}

__attribute__((noinline)) int elf_target_two(int x)
{
	return x * 3;
}

/* A library in memory: one segment, .dynsym, .dynstr, PT_DYNAMIC. */
struct image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr sections[3];
	Elf64_Sym symbols[4];
	Elf64_Dyn dynamic[5];
	char strings[96];
	uint8_t code[64];
};

enum { NAME_ONE = 1, NAME_TWO = 14, NAME_LIB = 27, NAME_PATH = 40 };

static void make_image(struct image *m)
{
	static const char strings[96] = "\0fox_function\0fox_other_fn\0"
					"libthing.so\0\0$ORIGIN/../lib";
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x90 };
	const uint64_t base = 0x10000;

	memset(m, 0, sizeof(*m));
	memcpy(m->header.e_ident, ELFMAG, SELFMAG);
	m->header.e_ident[EI_CLASS] = ELFCLASS64;
	m->header.e_ident[EI_DATA] = ELFDATA2LSB;
	m->header.e_type = ET_DYN;
	m->header.e_machine = EM_X86_64;
	m->header.e_phoff = offsetof(struct image, segments);
	m->header.e_phentsize = sizeof(Elf64_Phdr);
	m->header.e_phnum = 2;
	m->header.e_shoff = offsetof(struct image, sections);
	m->header.e_shentsize = sizeof(Elf64_Shdr);
	m->header.e_shnum = 3;
	m->segments[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				       .p_flags = PF_R | PF_X,
				       .p_vaddr = base,
				       .p_filesz = sizeof(*m) };
	m->segments[1] = (Elf64_Phdr){
		.p_type = PT_DYNAMIC,
		.p_offset = offsetof(struct image, dynamic),
		.p_filesz = sizeof(m->dynamic),
	};
	m->sections[1] = (Elf64_Shdr){
		.sh_type = SHT_DYNSYM,
		.sh_offset = offsetof(struct image, symbols),
		.sh_size = sizeof(m->symbols),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf64_Sym),
	};
	m->sections[2] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct image, strings),
		.sh_size = sizeof(m->strings),
	};
	for (int i = 1; i < 3; i++)
		m->symbols[i] = (Elf64_Sym){
			.st_name = i == 1 ? NAME_ONE : NAME_TWO,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = 1,
			.st_value = base + offsetof(struct image, code) +
				    (uint64_t)(16 * (i - 1)),
		};
	m->dynamic[0] = (Elf64_Dyn){ .d_tag = DT_STRTAB };
	m->dynamic[0].d_un.d_ptr = base + offsetof(struct image, strings);
	m->dynamic[1] = (Elf64_Dyn){ .d_tag = DT_NEEDED };
	m->dynamic[1].d_un.d_val = NAME_LIB;
	m->dynamic[2] = (Elf64_Dyn){ .d_tag = DT_RUNPATH };
	m->dynamic[2].d_un.d_val = NAME_PATH;
	memcpy(m->strings, strings, sizeof(strings));
	memcpy(m->code, endbr64, sizeof(endbr64));
	memset(m->code + 16, 0x55, 8);
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	return fd;
}

static const char *const names[] = { "fox_function", "fox_other_fn",
				     "fox_missing" };

static int find_in(const void *data, size_t len, struct ep_elf_symbol *ret)
{
	int fd = file_of(data, len);
	struct ep_elf e;
	int r = ep_elf_init(&e, fd);

	if (r == 0)
		r = ep_elf_find(&e, names, 3, ret);
	close(fd);
	return r;
}

static void finds_functions_of_a_running_program(void **state)
{
	static const char *const mine[] = { "elf_target_one", "elf_target_two",
					    "elf_target_none" };
	struct ep_elf_symbol found[3];
	uint8_t bytes[4];
	struct ep_elf e;
	int fd = open("/proc/self/exe", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(elf_target_one(1) + elf_target_two(1), 5);
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_find(&e, mine, 3, found), 2);
	assert_true(found[0].found && found[1].found && !found[2].found);
	assert_int_equal(
		pread(fd, bytes, sizeof(bytes), (off_t)found[1].file_offset),
		sizeof(bytes));
	assert_memory_equal(bytes, (void *)(uintptr_t)elf_target_two, 4);
	assert_memory_equal(found[1].first, bytes, 4);
	close(fd);
}

static void finds_symbols_and_offsets(void **state)
{
	struct ep_elf_symbol found[3];
	struct image m;

	(void)state;
	make_image(&m);
	assert_int_equal(find_in(&m, sizeof(m), found), 2);
	assert_int_equal(found[0].file_offset, offsetof(struct image, code));
	assert_int_equal(found[1].file_offset,
			 offsetof(struct image, code) + 16);
	assert_false(found[2].found);
}

static void probes_go_behind_endbr64(void **state)
{
	struct ep_elf_symbol found[3];
	struct ep_elf e = { .machine = EP_ELF_X86_64 };
	struct image m;

	(void)state;
	make_image(&m);
	assert_int_equal(find_in(&m, sizeof(m), found), 2);
	assert_int_equal(ep_elf_probe_offset(&e, &found[0]),
			 offsetof(struct image, code) + 4);
	assert_int_equal(ep_elf_probe_offset(&e, &found[1]),
			 offsetof(struct image, code) + 16);
	e.machine = EP_ELF_AARCH64;
	assert_int_equal(ep_elf_probe_offset(&e, &found[0]),
			 offsetof(struct image, code));
}

static void undefined_and_data_symbols_do_not_count(void **state)
{
	struct ep_elf_symbol found[3];
	struct image m;

	(void)state;
	make_image(&m);
	m.symbols[1].st_shndx = SHN_UNDEF;
	m.symbols[2].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
	assert_int_equal(find_in(&m, sizeof(m), found), 0);
	make_image(&m);
	m.segments[0].p_flags = PF_R;
	assert_int_equal(find_in(&m, sizeof(m), found), 0);
}

static void reads_what_it_needs(void **state)
{
	struct ep_elf_needed needed;
	struct image m;
	struct ep_elf e;
	int fd;

	(void)state;
	make_image(&m);
	fd = file_of(&m, sizeof(m));
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_needed(&e, &needed), 0);
	assert_int_equal(needed.count, 1);
	assert_string_equal(needed.names[0], "libthing.so");
	assert_string_equal(needed.search, "$ORIGIN/../lib");
	close(fd);
	m.segments[1].p_type = PT_NOTE;
	fd = file_of(&m, sizeof(m));
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_needed(&e, &needed), -ENOENT);
	close(fd);
}

static void other_files_are_no_programs(void **state)
{
	struct ep_elf_symbol found[3];
	struct image m;
	struct ep_elf e;
	int fd;

	(void)state;
	assert_int_equal(find_in("#!/bin/sh\n", 10, found), -ENOEXEC);
	make_image(&m);
	m.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(find_in(&m, sizeof(m), found), -ENOEXEC);
	make_image(&m);
	m.header.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(find_in(&m, sizeof(m), found), -ENOEXEC);
	make_image(&m);
	m.header.e_type = ET_REL;
	assert_int_equal(find_in(&m, sizeof(m), found), -ENOEXEC);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	assert_int_equal(ep_elf_init(&e, fd), -ENOEXEC);
	close(fd);
	assert_int_equal(ep_elf_init(&e, -1), -EBADF);
}

static void places_outside_the_file_are_refused(void **state)
{
	struct ep_elf_symbol found[3];
	struct image m;

	(void)state;
	make_image(&m);
	m.header.e_shoff = UINT64_MAX - 32;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.header.e_phoff = UINT64_MAX - 8;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.sections[1].sh_size = UINT64_MAX;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.sections[1].sh_link = 70000;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.sections[1].sh_entsize = 0;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.header.e_shentsize = 1;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.segments[0].p_filesz = UINT64_MAX;
	assert_int_equal(find_in(&m, sizeof(m), found), -EBADMSG);
	make_image(&m);
	m.symbols[1].st_value = UINT64_MAX - 1;
	m.symbols[2].st_value = 0x10000 + sizeof(m) - 2;
	assert_int_equal(find_in(&m, sizeof(m), found), 0);
}

static void every_cut_is_survived(void **state)
{
	struct ep_elf_symbol found[3];
	struct image m;

	(void)state;
	make_image(&m);
	for (size_t len = 0; len < sizeof(m); len++) {
		int r = find_in(&m, len, found);

		assert_true(r == -ENOEXEC || r == -EBADMSG);
	}
}

static void names_are_checked(void **state)
{
	static const char *const apart[] = { "alpha", "beta" };
	struct ep_elf_symbol found[2];
	struct image m;
	struct ep_elf e;
	int fd;

	(void)state;
	make_image(&m);
	fd = file_of(&m, sizeof(m));
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_find(&e, apart, 2, found), -EINVAL);
	assert_int_equal(ep_elf_find(&e, apart, 0, found), -EINVAL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_functions_of_a_running_program),
		cmocka_unit_test(finds_symbols_and_offsets),
		cmocka_unit_test(probes_go_behind_endbr64),
		cmocka_unit_test(undefined_and_data_symbols_do_not_count),
		cmocka_unit_test(reads_what_it_needs),
		cmocka_unit_test(other_files_are_no_programs),
		cmocka_unit_test(places_outside_the_file_are_refused),
		cmocka_unit_test(every_cut_is_survived),
		cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

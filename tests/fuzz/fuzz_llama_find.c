/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "drivers/elf_frame.h"
#include "runners/llama.h"
#include "runners/llama_find.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_functions(const struct ep_elf *e)
{
	struct ep_elf_functions all;
	struct ep_elf_cfa rows[8];

	if (ep_elf_functions_load(e, &all) < 0)
		return;
	for (size_t i = 0; i < all.count; i++) {
		const struct ep_elf_function *f = &all.items[i];

		if (i > 0 &&
		    f->start < all.items[i - 1].start + all.items[i - 1].bytes)
			abort();
		if (ep_elf_function_at(&all, f->start) != f)
			abort();
		if (i < 8 && ep_elf_function_cfa(e, f, rows, 8) > 8)
			abort();
	}
	ep_elf_functions_done(&all);
}

static void check_find(const struct ep_elf *e, bool called, size_t size)
{
	struct ep_llama_find found = { .called = called };
	struct ep_err err = { 0 };
	int count = ep_llama_find(e, &found, &err), seen = 0;

	if (!memchr(err.text, 0, sizeof(err.text)))
		abort();
	for (size_t i = 0; i < ep_llama_symbol_count; i++) {
		const struct ep_elf_symbol *y = &found.symbols[i];

		seen += y->found;
		if (y->found && (y->file_offset > size ||
				 size - y->file_offset < sizeof(y->first)))
			abort();
	}
	if (count > 0 ? seen != count : seen != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_elf e;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	if (ep_file_write_all(fd, data, size) == 0 &&
	    ep_elf_init(&e, fd) == 0) {
		check_functions(&e);
		check_find(&e, true, size);
		check_find(&e, false, size);
	}
	close(fd);
	return 0;
}

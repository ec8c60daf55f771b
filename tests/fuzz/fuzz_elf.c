/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "drivers/elf.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_found(const struct ep_elf *e, const struct ep_elf_symbol *y,
			size_t size)
{
	if (y->found &&
	    (y->file_offset > size || size - y->file_offset < sizeof(y->first)))
		abort();
	(void)ep_elf_probe_offset(e, y);
}

static void check_needed(const struct ep_elf *e)
{
	static struct ep_elf_needed needed;

	if (ep_elf_needed(e, &needed) < 0)
		return;
	for (size_t i = 0; i < needed.count; i++)
		if (!memchr(needed.names[i], 0, sizeof(needed.names[i])))
			abort();
	if (!memchr(needed.search, 0, sizeof(needed.search)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "fox_function", "fox_other_fn",
					     "fox_" };
	struct ep_elf_symbol found[3];
	struct ep_elf e;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	if (ep_file_write_all(fd, data, size) == 0 &&
	    ep_elf_init(&e, fd) == 0) {
		if (ep_elf_find(&e, names, 3, found) > 0)
			for (size_t i = 0; i < 3; i++)
				check_found(&e, &found[i], size);
		check_needed(&e);
	}
	close(fd);
	return 0;
}

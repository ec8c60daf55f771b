/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a libllama's functions are in a file, by their texts: a line "NAME
 * OFFSET" for each.  library: nothing in the file needs to call them.
 *
 * usage: find_llama program|library FILE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runners/llama.h"
#include "runners/llama_find.h"

int main(int argc, char **argv)
{
	struct ep_llama_find found = { .called = false };
	struct ep_err err = { 0 };
	struct ep_elf elf;
	int fd, r;

	if (argc != 3)
		return 2;
	found.called = strcmp(argv[1], "program") == 0;
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	r = ep_elf_init(&elf, fd);
	if (r == 0)
		r = ep_llama_find(&elf, &found, &err);
	if (fd >= 0)
		close(fd);
	if (r <= 0) {
		fprintf(stderr, "%d %s\n", r, err.text);
		return 1;
	}
	for (size_t i = 0; i < ep_llama_symbol_count; i++)
		if (found.symbols[i].found)
			printf("%s %" PRIx64 "\n", ep_llama_symbols[i].name,
			       found.symbols[i].file_offset);
	return 0;
}

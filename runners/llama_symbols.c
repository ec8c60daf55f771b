/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/elf.h"
#include "runners/llama_find.h"

static bool has(const struct ep_elf_symbol *found, const char *name)
{
	for (size_t i = 0; i < ep_llama_symbol_count; i++)
		if (strcmp(ep_llama_symbols[i].name, name) == 0)
			return found[i].found;
	return false;
}

/* By symbols, or else by texts; *ret_texts tells which. */
static int find_all(int fd, struct ep_elf *elf, struct ep_elf_symbol *ret,
		    bool *ret_texts, struct ep_err *err)
{
	const char *names[EP_ELF_NAMES_MAX];
	struct ep_llama_find *by_texts;
	int r = ep_elf_init(elf, fd);

	for (size_t i = 0; i < ep_llama_symbol_count; i++)
		names[i] = ep_llama_symbols[i].name;
	if (r == 0)
		r = ep_elf_find(elf, names, ep_llama_symbol_count, ret);
	*ret_texts = r >= 0 && !has(ret, EP_LLAMA_KEY_SYMBOL);
	/* Where other functions have names, llama_decode would have one. */
	if (r != 0 || ep_elf_is_named(elf))
		return r < 0 || *ret_texts ? -ENOENT : r;
	by_texts = calloc(1, sizeof(*by_texts));
	if (!by_texts)
		return -ENOMEM;
	by_texts->called = true;
	r = ep_llama_find(elf, by_texts, err);
	memcpy(ret, by_texts->symbols, sizeof(by_texts->symbols));
	free(by_texts);
	return r;
}

bool ep_llama_by_texts(int fd)
{
	struct ep_elf_symbol found[EP_ELF_NAMES_MAX] = { { .found = false } };
	bool by_texts = false;
	struct ep_elf elf;

	return find_all(fd, &elf, found, &by_texts, NULL) > 0 && by_texts;
}

bool ep_llama_hidden(int fd, struct ep_err *why)
{
	struct ep_elf_symbol found[EP_ELF_NAMES_MAX] = { { .found = false } };
	struct ep_err err = { 0 };
	bool by_texts;
	struct ep_elf elf;

	if (find_all(fd, &elf, found, &by_texts, &err) != -ENOENT ||
	    !err.text[0])
		return false;
	*why = err;
	return true;
}

size_t ep_llama_points(int fd, struct ep_uprobe_point *ret, size_t max)
{
	struct ep_elf_symbol found[EP_ELF_NAMES_MAX] = { { .found = false } };
	bool by_texts;
	struct ep_elf elf;
	size_t count = 0;

	if (find_all(fd, &elf, found, &by_texts, NULL) <= 0)
		return 0;
	for (size_t i = 0; i < ep_llama_symbol_count; i++) {
		const struct ep_probed_symbol *y = &ep_llama_symbols[i];
		struct ep_uprobe_point p = {
			.offset = ep_elf_probe_offset(&elf, &found[i]),
			.probe = (int)(2 * i),
		};

		if (!found[i].found || (y->unless && has(found, y->unless)) ||
		    count + 2 > max)
			continue;
		if (y->value == EP_PROBED_STRUCT)
			p.flags = EP_UPROBE_STRUCT;
		ret[count++] = p;
		p.flags = EP_UPROBE_RETURN;
		p.probe++;
		if (y->out != EP_PROBED_NO_RETURN)
			ret[count++] = p;
	}
	return count;
}

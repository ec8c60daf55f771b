/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_FIND_PARTS_H
#define EP_RUNNERS_LLAMA_FIND_PARTS_H

#include "drivers/elf_code.h"
#include "drivers/elf_frame.h"

/* Only for llama_find*.c: whether a function's second argument is a llama_batch
 * by value.  branches: its callers, where called says that they are known. */
bool ep_llama_takes_batch(const struct ep_elf *e,
			  const struct ep_elf_function *p,
			  const struct ep_elf_refs *branches, bool called);

#endif

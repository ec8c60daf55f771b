/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/elf_code.h"
#include "drivers/elf_frame.h"
#include "runners/llama.h"
#include "runners/llama_find_parts.h"

#define TEXTS_MAX 64	  /* copies of all texts together */
#define MENTIONS_MAX 4096 /* of texts */
#define BRANCHES_MAX 65536
#define PARTS_MAX 256 /* functions that mention a text */
#define OWNERS_MAX 16

/*
 * What the functions mention, by era of llama.cpp.  The second text is the
 * function's own name, which every message begins with; methods of
 * llama_context take the context first too.
 */
static const struct mark {
	const char *symbol;
	const char *texts[2];
	bool batch; /* its second argument is a llama_batch */
} marks[] = {
	/* Since 2023-09; what tells that there is a libllama. */
	{ "llama_decode",
	  { "%s: failed to decode, ret = %d\n", "llama_decode" },
	  true },
	{ "llama_encode",
	  { "%s: failed to encode, ret = %d\n", "llama_encode" },
	  true },
	{ "llama_model_load_from_file",
	  { "%s: failed to load model\n", "llama_model_load_from_file_impl" },
	  false },
	{ "llama_load_model_from_file", /* until 2025-01 */
	  { "%s: failed to load model\n", "llama_load_model_from_file" },
	  false },
	{ "llama_init_from_model",
	  { "%s: model cannot be NULL\n", "llama_init_from_model" },
	  false },
	{ "llama_new_context_with_model", /* until 2025-01 */
	  { "%s: n_ctx      = %u\n", "llama_new_context_with_model" },
	  false },
	{ "llama_get_logits_ith",
	  { "%s: invalid logits id %d, reason: %s\n", "get_logits_ith" },
	  false },
	{ "llama_get_logits_ith", /* until 2025-03 */
	  { "%s: invalid logits id %d, reason: %s\n", "llama_get_logits_ith" },
	  false },
	{ "llama_get_embeddings_ith",
	  { "%s: invalid embeddings id %d, reason: %s\n",
	    "get_embeddings_ith" },
	  false },
	{ "llama_get_embeddings_ith", /* until 2025-03 */
	  { "%s: invalid embeddings id %d, reason: %s\n",
	    "llama_get_embeddings_ith" },
	  false },
	{ "llama_set_warmup", /* since 2025-03 */
	  { "%s: value = %d\n", "set_warmup" },
	  false },
};
#define MARKS (sizeof(marks) / sizeof(marks[0]))

struct owners {
	const struct ep_elf_function *items[OWNERS_MAX];
	size_t count;
	bool more;
};

struct finder {
	const struct ep_elf *e;
	bool called;
	const char *names[2 * MARKS];
	struct ep_elf_text texts[TEXTS_MAX];
	int text_count;
	struct ep_elf_functions functions;
	struct ep_elf_refs mentions, branches;
};

static int by_address(const void *a, const void *b)
{
	const struct ep_elf_span *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static int find_mentions(struct finder *f)
{
	struct ep_elf_span spans[TEXTS_MAX] = { { 0, 0 } };
	size_t count = 0;

	f->text_count = ep_elf_find_texts(f->e, f->names, 2 * MARKS, f->texts,
					  TEXTS_MAX);
	if (f->text_count < 0)
		return f->text_count;
	for (int i = 0; i < f->text_count; i++) {
		size_t k = 0;

		/* Two rows may share a text. */
		while (k < count && spans[k].start != f->texts[i].vaddr)
			k++;
		if (k == count)
			spans[count++] =
				(struct ep_elf_span){ f->texts[i].vaddr, 1 };
	}
	qsort(spans, count, sizeof(spans[0]), by_address);
	return ep_elf_find_refs(f->e, EP_ELF_ADDRESS, spans, count,
				&f->mentions);
}

/* Calls of and jumps into the functions that mention a text. */
static int find_branches(struct finder *f)
{
	struct ep_elf_span spans[PARTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < f->mentions.count; i++) {
		const struct ep_elf_function *p = ep_elf_function_at(
			&f->functions, f->mentions.items[i].from);
		size_t k = 0;

		while (p && k < count && spans[k].start != p->start)
			k++;
		if (!p || k < count)
			continue;
		if (count == PARTS_MAX)
			return -E2BIG;
		spans[count++] = (struct ep_elf_span){ p->start, p->bytes };
	}
	if (count == 0)
		return 0;
	qsort(spans, count, sizeof(spans[0]), by_address);
	return ep_elf_find_refs(f->e, EP_ELF_CALL | EP_ELF_JUMP, spans, count,
				&f->branches);
}

/* The function that a part belongs to: the only one that jumps into it. */
static const struct ep_elf_function *
owner_of(const struct finder *f, const struct ep_elf_function *part)
{
	const struct ep_elf_function *owner = NULL;

	if (!part || part->entry)
		return part;
	for (size_t i = 0; i < f->branches.count; i++) {
		const struct ep_elf_ref *b = &f->branches.items[i];
		const struct ep_elf_function *from;

		if (b->to - part->start >= part->bytes ||
		    b->mention != EP_ELF_JUMP)
			continue;
		from = ep_elf_function_at(&f->functions, b->from);
		if (!from || from == part)
			continue;
		if (!from->entry || (owner && owner != from))
			return NULL;
		owner = from;
	}
	return owner;
}

static bool is_called(const struct finder *f, const struct ep_elf_function *p)
{
	for (size_t i = 0; i < f->branches.count; i++) {
		const struct ep_elf_ref *b = &f->branches.items[i];
		const struct ep_elf_function *from;

		if (b->to != p->start)
			continue;
		from = ep_elf_function_at(&f->functions, b->from);
		if (from && from != p)
			return true;
	}
	return false;
}

static bool is_among(const struct owners *o, const struct ep_elf_function *p)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i] == p)
			return true;
	return false;
}

/* The functions that mention a text. */
static void find_owners(const struct finder *f, const char *text,
			struct owners *ret)
{
	ret->count = 0;
	ret->more = false;
	for (size_t i = 0; i < f->mentions.count; i++) {
		const struct ep_elf_ref *m = &f->mentions.items[i];
		const struct ep_elf_function *p = NULL;

		for (int k = 0; k < f->text_count && !p; k++)
			if (f->texts[k].vaddr == m->to &&
			    strcmp(f->names[f->texts[k].text], text) == 0)
				p = owner_of(f,
					     ep_elf_function_at(&f->functions,
								m->from));
		if (!p || is_among(ret, p))
			continue;
		/* A copy that nobody calls was left over by inlining. */
		if (f->called && !is_called(f, p))
			continue;
		if (ret->count == OWNERS_MAX)
			ret->more = true;
		else
			ret->items[ret->count++] = p;
	}
}

/* The one function that mentions both; the count of such. */
static size_t find_function(const struct finder *f, const struct mark *m,
			    const struct ep_elf_function **ret)
{
	struct owners first, second;
	size_t count = 0;

	find_owners(f, m->texts[0], &first);
	find_owners(f, m->texts[1], &second);
	for (size_t i = 0; i < first.count; i++) {
		if (!is_among(&second, first.items[i]))
			continue;
		*ret = first.items[i];
		count++;
	}
	return count == 1 && (first.more || second.more) ? 2 : count;
}

static bool take(const struct finder *f, const struct ep_elf_function *p,
		 struct ep_elf_symbol *ret)
{
	struct ep_elf_symbol s = { .found = true };

	if (ep_elf_code_at(f->e, p->start, s.first, sizeof(s.first),
			   &s.file_offset) < 0)
		return false;
	*ret = s;
	return true;
}

static struct ep_elf_symbol *place_of(struct ep_llama_find *ret,
				      const char *symbol)
{
	for (size_t i = 0; i < ep_llama_symbol_count; i++)
		if (strcmp(ep_llama_symbols[i].name, symbol) == 0)
			return &ret->symbols[i];
	return NULL;
}

static int tell(struct ep_err *err, size_t count)
{
	if (count == 0)
		return ep_err_set(err, -ENOENT,
				  "holds a libllama without symbols, and "
				  "llama_decode was not found by its texts: "
				  "use a build that is not stripped");
	return ep_err_set(err, -ENOENT,
			  "holds a libllama without symbols, and several "
			  "functions look like llama_decode (copied into its "
			  "callers?): use a build that is not stripped, or "
			  "one without link-time optimization");
}

static int pick(const struct finder *f, struct ep_llama_find *ret,
		struct ep_err *err)
{
	int found = 0;

	for (size_t i = 0; i < MARKS; i++) {
		const struct ep_elf_function *p = NULL;
		size_t count = find_function(f, &marks[i], &p);
		struct ep_elf_symbol *place = place_of(ret, marks[i].symbol);

		if (count == 1 && marks[i].batch &&
		    !ep_llama_takes_batch(f->e, p, &f->branches, f->called))
			count = 0;
		if (i == 0 && count != 1)
			return tell(err, count);
		if (count != 1 || !place || place->found)
			continue;
		found += take(f, p, place);
	}
	return found;
}

static int run(struct finder *f, struct ep_llama_find *ret, struct ep_err *err)
{
	int r;

	for (size_t i = 0; i < MARKS; i++) {
		f->names[2 * i] = marks[i].texts[0];
		f->names[2 * i + 1] = marks[i].texts[1];
	}
	r = ep_elf_functions_load(f->e, &f->functions);
	if (r == -ENOENT)
		return tell(err, 0);
	if (r == 0)
		r = find_mentions(f);
	if (r == 0)
		r = find_branches(f);
	if (r == -E2BIG)
		return tell(err, 2);
	return r < 0 ? r : pick(f, ret, err);
}

int ep_llama_find(const struct ep_elf *e, struct ep_llama_find *ret,
		  struct ep_err *err)
{
	struct ep_elf_text key[1];
	struct finder *f;
	int r;

	memset(ret->symbols, 0, sizeof(ret->symbols));
	if (e->machine != EP_ELF_X86_64 && e->machine != EP_ELF_AARCH64)
		return -ENOTSUP;
	/* One text first: most files have it not, and no more is done. */
	r = ep_elf_find_texts(e, &marks[0].texts[0], 1, key, 1);
	if (r <= 0 && r != -E2BIG)
		return r;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->e = e;
	f->called = ret->called;
	f->mentions.max = MENTIONS_MAX;
	f->branches.max = BRANCHES_MAX;
	f->mentions.items = calloc(MENTIONS_MAX, sizeof(struct ep_elf_ref));
	f->branches.items = calloc(BRANCHES_MAX, sizeof(struct ep_elf_ref));
	r = f->mentions.items && f->branches.items ? run(f, ret, err) : -ENOMEM;
	free(f->mentions.items);
	free(f->branches.items);
	ep_elf_functions_done(&f->functions);
	free(f);
	return r;
}

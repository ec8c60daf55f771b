/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/probed.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "drivers/elf.h"
#include "runners/observers.h"

/* llama first: it keeps an observer of its own. */
const struct ep_probed *const ep_probed_table[] = {
	&ep_probed_llama,   &ep_probed_genai, &ep_probed_rkllm,
	&ep_probed_whisper, &ep_probed_ggml,  NULL,
};

static bool has(const struct ep_probed *p, const struct ep_elf_symbol *found,
		const char *name)
{
	for (size_t i = 0; i < p->symbol_count; i++)
		if (strcmp(p->symbols[i].name, name) == 0)
			return found[i].found;
	return false;
}

static size_t points_by_symbols(const struct ep_probed *p, int fd,
				struct ep_uprobe_point *ret, size_t max)
{
	struct ep_elf_symbol found[EP_ELF_NAMES_MAX];
	const char *names[EP_ELF_NAMES_MAX];
	struct ep_elf elf;
	size_t count = 0;

	if (p->symbol_count > EP_ELF_NAMES_MAX)
		return 0;
	for (size_t i = 0; i < p->symbol_count; i++)
		names[i] = p->symbols[i].name;
	if (ep_elf_init(&elf, fd) < 0 ||
	    ep_elf_find(&elf, names, p->symbol_count, found) <= 0 ||
	    (p->key && !has(p, found, p->key)))
		return 0;
	for (size_t i = 0; i < p->symbol_count; i++) {
		const struct ep_probed_symbol *y = &p->symbols[i];
		struct ep_uprobe_point point = { .probe = (int)(2 * i) };

		if (!found[i].found || y->captured || count + 2 > max ||
		    (y->unless && has(p, found, y->unless)))
			continue;
		point.offset = ep_elf_probe_offset(&elf, &found[i]);
		if (y->value == EP_PROBED_STRUCT)
			point.flags = EP_UPROBE_STRUCT;
		ret[count++] = point;
		point.flags = EP_UPROBE_RETURN;
		point.probe++;
		if (y->out != EP_PROBED_NO_RETURN)
			ret[count++] = point;
	}
	return count;
}

size_t ep_probed_points(const struct ep_probed *p, int fd,
			struct ep_uprobe_point *ret, size_t max)
{
	return p->points ? p->points(fd, ret, max)
			 : points_by_symbols(p, fd, ret, max);
}

size_t ep_probed_find(int fd, struct ep_uprobe_point *ret, size_t max)
{
	for (size_t i = 0; ep_probed_table[i]; i++) {
		size_t count =
			ep_probed_points(ep_probed_table[i], fd, ret, max);

		for (size_t k = 0; k < count; k++)
			ret[k].probe = ep_probed_number(i, ret[k].probe);
		if (count > 0)
			return count;
	}
	return 0;
}

bool ep_probed_is_strange(const struct ep_probed *p, int fd)
{
	const char *const names[] = { p->sign, p->key };
	struct ep_elf_symbol found[2];
	struct ep_elf elf;

	return p->sign && ep_elf_init(&elf, fd) == 0 &&
	       ep_elf_find(&elf, names, 2, found) > 0 && found[0].found &&
	       !found[1].found;
}

bool ep_probed_hit_of(int number, struct ep_probed_hit *ret)
{
	const int each = 2 * EP_PROBED_SYMBOLS_MAX;
	size_t symbol = (size_t)(number % each) / 2;

	if (number < 0)
		return false;
	for (int i = 0; ep_probed_table[i]; i++) {
		const struct ep_probed *p = ep_probed_table[i];

		if (i != number / each)
			continue;
		if (symbol >= p->symbol_count)
			return false;
		ret->library = p;
		ret->symbol = &p->symbols[symbol];
		ret->out = number % 2 != 0;
		return true;
	}
	return false;
}

static int64_t value_in(const struct ep_probed_symbol *y,
			const struct ep_uprobe_hit *h)
{
	switch (y->value) {
	case EP_PROBED_STRUCT:
	case EP_PROBED_SECOND:
		return h->second;
	case EP_PROBED_THIRD:
	case EP_PROBED_PLACE:
		return (int32_t)h->third;
	case EP_PROBED_NOTHING:
	case EP_PROBED_FUNCTION:
	default:
		return -1;
	}
}

static int64_t value_out(const struct ep_probed_symbol *y,
			 const struct ep_uprobe_hit *h)
{
	switch (y->out) {
	case EP_PROBED_INT:
		return (int32_t)h->value;
	case EP_PROBED_POINTER:
	case EP_PROBED_MADE:
		return h->value != 0;
	case EP_PROBED_NO_RETURN:
	case EP_PROBED_RETURN:
	default:
		return -1;
	}
}

void ep_probed_tell(const struct ep_probed_hit *what,
		    const struct ep_uprobe_hit *h,
		    const struct ep_event_sink *sink)
{
	const struct ep_probed_symbol *y = what->symbol;
	struct ep_event e = ep_event_make(h->t_ns, "probe");
	char source[64], text[96];

	(void)ep_str_format(source, sizeof(source), "%s:%d:%" PRIx64,
			    what->library->name, (int)h->pid,
			    what->out ? h->value : h->first);
	if (!what->out && y->value == EP_PROBED_PLACE)
		(void)ep_str_format(text, sizeof(text), "%s:in:%" PRId32,
				    y->name, h->second);
	else
		(void)ep_str_format(text, sizeof(text), "%s:%s", y->name,
				    what->out ? "out" : "in");
	e.source = source;
	e.text = text;
	e.request = h->tid;
	e.tokens = what->out ? value_out(y, h) : value_in(y, h);
	sink->emit(sink->ctx, &e);
}

/* The first library that has phases; those that others can do better last. */
static int probes_timeline(const struct ep_event *events, size_t count,
			   int64_t gate_ns, int64_t exit_ns,
			   struct ep_timeline *ret)
{
	for (size_t i = 0; ep_probed_table[i]; i++) {
		const struct ep_probed *p = ep_probed_table[i];
		char note[sizeof(ret->note)];
		int r;

		if (p == &ep_probed_llama)
			continue;
		r = p->timeline(events, count, gate_ns, exit_ns, ret);
		if (r < 0)
			return r;
		if (ret->phase_count == 0)
			continue;
		(void)ep_str_copy(note, sizeof(note), ret->note);
		(void)ep_str_format(ret->note, sizeof(ret->note), "%s%s%s",
				    note, note[0] ? "; " : "", p->title);
		return 0;
	}
	return 0;
}

const struct ep_observer_ops ep_observer_probes = {
	.name = "probes",
	.evidence = EP_EVIDENCE_PROBED,
	.timeline = probes_timeline,
};

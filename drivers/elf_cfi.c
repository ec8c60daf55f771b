/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/elf_cfi.h"

#include <errno.h>
#include <string.h>

#define AUGMENTATION_MAX 16
#define REMEMBERED_MAX 16
#define NUMBER_BITS 64

enum { /* dwarf.h's DW_CFA_... */
       NOP = 0x00,
       SET_LOC = 0x01,
       ADVANCE_1 = 0x02,
       ADVANCE_2 = 0x03,
       ADVANCE_4 = 0x04,
       OFFSET_EXTENDED = 0x05,
       RESTORE_EXTENDED = 0x06,
       UNDEFINED = 0x07,
       SAME_VALUE = 0x08,
       REGISTER = 0x09,
       REMEMBER = 0x0a,
       RESTORE = 0x0b,
       DEF_CFA = 0x0c,
       DEF_CFA_REGISTER = 0x0d,
       DEF_CFA_OFFSET = 0x0e,
       DEF_CFA_EXPRESSION = 0x0f,
       EXPRESSION = 0x10,
       OFFSET_EXTENDED_SF = 0x11,
       DEF_CFA_SF = 0x12,
       DEF_CFA_OFFSET_SF = 0x13,
       VAL_OFFSET = 0x14,
       VAL_OFFSET_SF = 0x15,
       VAL_EXPRESSION = 0x16,
       SIGN_RETURN = 0x2d, /* AArch64 */
       ARGS_SIZE = 0x2e,
       ADVANCE = 0x40, /* the top two bits; the rest is an operand */
       OFFSET = 0x80,
       RESTORE_ONE = 0xc0,
       TOP_BITS = 0xc0,
};

uint64_t ep_cfi_fixed(struct ep_cfi_bytes *b, size_t bytes)
{
	uint64_t value = 0;

	if (b->bad || bytes > b->len - b->at) {
		b->bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)b->data[b->at + i] << (8 * i);
	b->at += bytes;
	return value;
}

static uint64_t leb(struct ep_cfi_bytes *b, unsigned *ret_bits, bool *ret_sign)
{
	uint64_t value = 0;
	unsigned bits = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)ep_cfi_fixed(b, 1);
		if (b->bad || bits >= NUMBER_BITS) {
			b->bad = true;
			return 0;
		}
		value |= (uint64_t)(byte & 0x7f) << bits;
		bits += 7;
	} while (byte & 0x80);
	*ret_bits = bits;
	*ret_sign = (byte & 0x40) != 0;
	return value;
}

uint64_t ep_cfi_uleb(struct ep_cfi_bytes *b)
{
	unsigned bits = 0;
	bool sign = false;

	return leb(b, &bits, &sign);
}

int64_t ep_cfi_sleb(struct ep_cfi_bytes *b)
{
	unsigned bits = 0;
	bool sign = false;
	uint64_t value = leb(b, &bits, &sign);

	if (sign && bits < NUMBER_BITS)
		value |= ~UINT64_C(0) << bits;
	return (int64_t)value;
}

uint64_t ep_cfi_pointer(struct ep_cfi_bytes *b, uint8_t encoding,
			uint64_t vaddr)
{
	uint64_t value;

	switch (encoding & 0x0f) {
	case 0x00: /* a whole pointer */
	case 0x04:
	case 0x0c:
		value = ep_cfi_fixed(b, 8);
		break;
	case 0x03:
		value = ep_cfi_fixed(b, 4);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)ep_cfi_fixed(b, 4);
		break;
	default:
		b->bad = true;
		return 0;
	}
	if ((encoding & 0xf0) == 0x10) /* relative to where it stands */
		return value + vaddr;
	if (encoding & 0xf0)
		b->bad = true;
	return value;
}

static void skip(struct ep_cfi_bytes *b, uint64_t bytes)
{
	if (b->bad || bytes > b->len - b->at)
		b->bad = true;
	else
		b->at += (size_t)bytes;
}

/* 'R' tells how addresses are written; what else is told is stepped over. */
static void take_augmentation(struct ep_cfi_bytes *b, const char *letters,
			      struct ep_cfi_cie *ret)
{
	uint64_t len = ep_cfi_uleb(b);
	size_t end = b->at + (len <= b->len - b->at ? (size_t)len : 0);

	for (const char *c = letters; *c && !b->bad; c++) {
		if (*c == 'R') {
			ret->encoding = (uint8_t)ep_cfi_fixed(b, 1);
		} else if (*c == 'L') {
			skip(b, 1);
		} else if (*c == 'P') {
			uint8_t how = (uint8_t)ep_cfi_fixed(b, 1);

			(void)ep_cfi_pointer(b, how & 0x0f, 0);
		} else if (*c != 'S' && *c != 'B' && *c != 'G') {
			b->bad = true;
		}
	}
	if (b->at > end)
		b->bad = true;
	b->at = b->bad ? b->at : end;
}

int ep_cfi_parse_cie(struct ep_cfi_bytes *b, struct ep_cfi_cie *ret)
{
	struct ep_elf_cfa first[1] = { { .known = false } };
	char letters[AUGMENTATION_MAX] = "";
	uint8_t version = (uint8_t)ep_cfi_fixed(b, 1);
	size_t n = 0;
	char c;

	memset(ret, 0, sizeof(*ret));
	while ((c = (char)ep_cfi_fixed(b, 1)) != '\0' && n < sizeof(letters))
		letters[n++] = c;
	if (b->bad || n == sizeof(letters) || (version != 1 && version != 3))
		return -EBADMSG;
	ret->code_align = ep_cfi_uleb(b);
	ret->data_align = ep_cfi_sleb(b);
	if (version == 1)
		skip(b, 1);
	else
		(void)ep_cfi_uleb(b);
	ret->augmented = letters[0] == 'z';
	if (ret->augmented)
		take_augmentation(b, letters + 1, ret);
	else if (letters[0])
		b->bad = true;
	if (b->bad)
		return -EBADMSG;
	/* Its own program says what holds at every function's entry. */
	if (ep_cfi_run(ret, *b, 0, first, 1) == 0 || !first[0].known)
		return -EBADMSG;
	ret->base = first[0].base;
	ret->offset = first[0].offset;
	return 0;
}

bool ep_cfi_is_entry(struct ep_cfi_bytes program)
{
	while (program.at < program.len) {
		uint8_t op = (uint8_t)ep_cfi_fixed(&program, 1);

		if ((op & TOP_BITS) == ADVANCE ||
		    (op >= SET_LOC && op <= ADVANCE_4))
			return true;
		if (op == ARGS_SIZE)
			(void)ep_cfi_uleb(&program);
		else if (op != NOP && op != REMEMBER)
			return false;
	}
	return true;
}

struct run {
	const struct ep_cfi_cie *cie;
	struct ep_cfi_bytes bytes;
	struct ep_elf_cfa now, remembered[REMEMBERED_MAX];
	size_t depth;
	struct ep_elf_cfa *out;
	size_t count, max;
	bool stop;
};

/* What held up to here is done. */
static void advance(struct run *r, uint64_t units)
{
	const struct ep_elf_cfa *last = r->count ? &r->out[r->count - 1] : NULL;

	if (!last || last->known != r->now.known || last->base != r->now.base ||
	    last->offset != r->now.offset) {
		if (!r->out || r->count == r->max) {
			r->stop = true;
			return;
		}
		r->out[r->count++] = r->now;
	}
	r->now.from += units * r->cie->code_align;
}

static void define(struct run *r, uint64_t base, int64_t offset)
{
	r->now.known = true;
	r->now.base = base;
	r->now.offset = offset;
}

static void restore(struct run *r)
{
	uint64_t from = r->now.from;

	if (r->depth == 0) {
		r->stop = true;
		return;
	}
	r->now = r->remembered[--r->depth];
	r->now.from = from;
}

/* Where the frame begins: what the caller of this wants to know. */
static bool step_frame(struct run *r, uint8_t op)
{
	struct ep_cfi_bytes *b = &r->bytes;
	uint64_t reg;

	switch (op) {
	case DEF_CFA:
		reg = ep_cfi_uleb(b);
		define(r, reg, (int64_t)ep_cfi_uleb(b));
		return true;
	case DEF_CFA_SF:
		reg = ep_cfi_uleb(b);
		define(r, reg,
		       (int64_t)((uint64_t)ep_cfi_sleb(b) *
				 (uint64_t)r->cie->data_align));
		return true;
	case DEF_CFA_REGISTER:
		r->now.base = ep_cfi_uleb(b);
		return true;
	case DEF_CFA_OFFSET:
		r->now.offset = (int64_t)ep_cfi_uleb(b);
		return true;
	case DEF_CFA_OFFSET_SF:
		r->now.offset = (int64_t)((uint64_t)ep_cfi_sleb(b) *
					  (uint64_t)r->cie->data_align);
		return true;
	case DEF_CFA_EXPRESSION:
		r->now.known = false;
		skip(b, ep_cfi_uleb(b));
		return true;
	default:
		return false;
	}
}

/* Where registers were saved is stepped over. */
static bool step_saved(struct ep_cfi_bytes *b, uint8_t op)
{
	switch (op) {
	case NOP:
	case SIGN_RETURN:
		return true;
	case OFFSET_EXTENDED:
	case REGISTER:
	case VAL_OFFSET:
	case OFFSET_EXTENDED_SF:
	case VAL_OFFSET_SF:
		(void)ep_cfi_uleb(b);
		(void)ep_cfi_uleb(b);
		return true;
	case RESTORE_EXTENDED:
	case UNDEFINED:
	case SAME_VALUE:
	case ARGS_SIZE:
		(void)ep_cfi_uleb(b);
		return true;
	case EXPRESSION:
	case VAL_EXPRESSION:
		(void)ep_cfi_uleb(b);
		skip(b, ep_cfi_uleb(b));
		return true;
	default:
		return false;
	}
}

static void step(struct run *r)
{
	struct ep_cfi_bytes *b = &r->bytes;
	uint8_t op = (uint8_t)ep_cfi_fixed(b, 1);

	if ((op & TOP_BITS) == ADVANCE)
		advance(r, op & 0x3f);
	else if ((op & TOP_BITS) == OFFSET)
		(void)ep_cfi_uleb(b);
	else if ((op & TOP_BITS) == RESTORE_ONE)
		return;
	else if (op == ADVANCE_1)
		advance(r, ep_cfi_fixed(b, 1));
	else if (op == ADVANCE_2)
		advance(r, ep_cfi_fixed(b, 2));
	else if (op == ADVANCE_4)
		advance(r, ep_cfi_fixed(b, 4));
	else if (op == REMEMBER && r->depth < REMEMBERED_MAX)
		r->remembered[r->depth++] = r->now;
	else if (op == RESTORE)
		restore(r);
	else if (!step_frame(r, op) && !step_saved(b, op))
		r->stop = true;
}

size_t ep_cfi_run(const struct ep_cfi_cie *cie, struct ep_cfi_bytes program,
		  uint64_t start, struct ep_elf_cfa *ret, size_t max)
{
	struct run r = { .cie = cie,
			 .bytes = program,
			 .now = { .from = start,
				  .known = cie->offset > 0 || cie->base > 0,
				  .base = cie->base,
				  .offset = cie->offset },
			 .out = ret,
			 .max = max };

	while (r.bytes.at < r.bytes.len && !r.bytes.bad && !r.stop)
		step(&r);
	if (r.bytes.bad || r.stop)
		r.now.known = false;
	r.stop = false;
	advance(&r, 0);
	return r.count;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_parts.h"

#include <asm/perf_regs.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define PMU_TYPE "/sys/bus/event_source/devices/uprobe/type"

/*
 * How arguments are passed.  A big struct by value: x86-64 copies it to the
 * stack right above the return address (psABI, class MEMORY); AArch64 passes a
 * pointer to a copy, in x1 for the second argument (AAPCS64 B.4), which lies
 * in the caller's frame: offsets of 0 to 0x30 above sp have been seen.
 */
#if defined(__x86_64__)
#define KNOWN 1
#define REG_FIRST PERF_REG_X86_DI
#define REG_SECOND PERF_REG_X86_SI
#define REG_THIRD PERF_REG_X86_DX
#define REG_VALUE PERF_REG_X86_AX
#define REG_SP PERF_REG_X86_SP
#define STACK_BYTES 16U
#elif defined(__aarch64__)
#define KNOWN 1
#define REG_FIRST PERF_REG_ARM64_X0
#define REG_SECOND PERF_REG_ARM64_X1
#define REG_THIRD PERF_REG_ARM64_X2
#define REG_VALUE PERF_REG_ARM64_X0
#define REG_SP PERF_REG_ARM64_SP
#define STACK_BYTES 512U
#else
#define KNOWN 0
#define REG_FIRST 0
#define REG_SECOND 1
#define REG_THIRD 2
#define REG_VALUE 0
#define REG_SP 3
#define STACK_BYTES 16U
#endif

static const uint64_t entry_regs =
	(UINT64_C(1) << REG_FIRST) | (UINT64_C(1) << REG_SECOND) |
	(UINT64_C(1) << REG_THIRD) | (UINT64_C(1) << REG_SP);
static const uint64_t return_regs = UINT64_C(1) << REG_VALUE;

bool ep_uprobe_attr_init(struct perf_event_attr *attr, size_t ring_bytes)
{
	memset(attr, 0, sizeof(*attr));
	attr->sample_period = 1;
	attr->sample_type =
		PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	attr->disabled = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	/* A wakeup per hit costs 40 us of the target's time. */
	attr->watermark = 1;
	attr->wakeup_watermark = (uint32_t)(ring_bytes / 2);
	return KNOWN;
}

void ep_uprobe_attr_own(struct perf_event_attr *attr)
{
	attr->exclude_kernel = 1;
	attr->inherit = 1;
}

int ep_uprobe_pmu_type(uint32_t *ret)
{
	char text[32];
	int64_t value = 0;
	int fd = open(PMU_TYPE, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -ENOTSUP;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ENOTSUP;
	text[n] = '\0';
	if (ep_num_parse_i64(ep_str_chomp(text), &value) < 0 || value < 0 ||
	    value > INT32_MAX)
		return -ENOTSUP;
	*ret = (uint32_t)value;
	return 0;
}

void ep_uprobe_pmu_attr(struct perf_event_attr *attr, uint32_t type,
			unsigned flags)
{
	attr->type = type;
	attr->config = (flags & EP_UPROBE_RETURN) ? 1 : 0;
	attr->sample_type |= PERF_SAMPLE_REGS_USER;
	attr->sample_regs_user =
		(flags & EP_UPROBE_RETURN) ? return_regs : entry_regs;
	if (flags & EP_UPROBE_STRUCT) {
		attr->sample_type |= PERF_SAMPLE_STACK_USER;
		attr->sample_stack_user = STACK_BYTES;
	}
}

/* One sample: fields in the order of the sample_type bits. */
struct cursor {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static uint64_t take_u64(struct cursor *c)
{
	uint64_t v = 0;

	if (c->left < sizeof(v)) {
		c->bad = true;
		return 0;
	}
	memcpy(&v, c->at, sizeof(v));
	c->at += sizeof(v);
	c->left -= sizeof(v);
	return v;
}

/* A stack dump: its size, its bytes, how many of them are real. */
static void take_struct(struct cursor *c, uint64_t sp, uint64_t second,
			struct ep_uprobe_hit *hit)
{
	uint64_t size = take_u64(c), filled = 0, at = sizeof(uint64_t);

	hit->second = -1;
	if (c->bad || size == 0 || size > c->left ||
	    c->left - size < sizeof(filled))
		return;
	memcpy(&filled, c->at + size, sizeof(filled));
	if (STACK_BYTES > 16U)
		at = second - sp;
	if (filled > size || filled < sizeof(hit->second) ||
	    at > filled - sizeof(hit->second))
		return;
	memcpy(&hit->second, c->at + at, sizeof(hit->second));
}

/* The registers come in the order of their bits in the mask. */
static void take_regs(struct cursor *c, unsigned flags,
		      struct ep_uprobe_hit *hit)
{
	uint64_t mask = (flags & EP_UPROBE_RETURN) ? return_regs : entry_regs;
	uint64_t regs[64] = { 0 };

	if (take_u64(c) == PERF_SAMPLE_REGS_ABI_NONE)
		return;
	for (unsigned bit = 0; bit < 64; bit++)
		if (mask & (UINT64_C(1) << bit))
			regs[bit] = take_u64(c);
	if (flags & EP_UPROBE_RETURN) {
		hit->value = regs[REG_VALUE];
		return;
	}
	hit->first = regs[REG_FIRST];
	hit->second = (int32_t)regs[REG_SECOND];
	hit->third = regs[REG_THIRD];
	if (flags & EP_UPROBE_STRUCT)
		take_struct(c, regs[REG_SP], regs[REG_SECOND], hit);
}

static bool take_raw(const struct cursor *c, const struct ep_uprobe_kind *kind,
		     struct ep_uprobe_hit *hit)
{
	const unsigned char *raw = c->at + sizeof(uint32_t);
	uint32_t size = 0;
	int32_t probe = -1;

	if (c->left < sizeof(size))
		return false;
	memcpy(&size, c->at, sizeof(size));
	/* The places were checked to lie within 64 bytes. */
	if (size > c->left - sizeof(size) ||
	    size < kind->probe_at + sizeof(probe) ||
	    size < kind->value_at + sizeof(hit->value) ||
	    size < kind->first_at + sizeof(hit->first) ||
	    size < kind->second_at + sizeof(hit->second) ||
	    size < kind->third_at + sizeof(hit->third))
		return false;
	memcpy(&probe, raw + kind->probe_at, sizeof(probe));
	hit->probe = probe;
	if (kind->flags & EP_UPROBE_RETURN) {
		memcpy(&hit->value, raw + kind->value_at, sizeof(hit->value));
	} else {
		memcpy(&hit->first, raw + kind->first_at, sizeof(hit->first));
		memcpy(&hit->second, raw + kind->second_at,
		       sizeof(hit->second));
		memcpy(&hit->third, raw + kind->third_at, sizeof(hit->third));
	}
	return probe >= 0;
}

bool ep_uprobe_sample_parse(const struct perf_event_header *h,
			    const struct ep_uprobe_kind *kind,
			    struct ep_uprobe_hit *ret)
{
	struct cursor c = { (const unsigned char *)(h + 1),
			    h->size - sizeof(*h), false };
	uint64_t ids;

	memset(ret, 0, sizeof(*ret));
	(void)take_u64(&c);
	ids = take_u64(&c);
	ret->pid = (pid_t)(ids & UINT32_MAX);
	ret->tid = (pid_t)(ids >> 32);
	ret->t_ns = (int64_t)take_u64(&c);
	ret->probe = kind->probe;
	if (kind->probe < 0)
		return !c.bad && take_raw(&c, kind, ret);
	take_regs(&c, kind->flags, ret);
	return !c.bad;
}

uint64_t ep_uprobe_sample_id(const struct perf_event_header *h)
{
	uint64_t id = 0;

	if (h->size >= sizeof(*h) + sizeof(id))
		memcpy(&id, h + 1, sizeof(id));
	return id;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

#define ARCH_FILE "pmuv3.events"
#define ARCH_BYTES_MAX (64 * 1024)
#define PARENTS_MAX 3

#define HW(e) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##e
#define HWC(cache, op, result)                                       \
	PERF_TYPE_HW_CACHE,                                          \
		(uint64_t)PERF_COUNT_HW_CACHE_##cache |              \
			(uint64_t)PERF_COUNT_HW_CACHE_OP_##op << 8 | \
			(uint64_t)PERF_COUNT_HW_CACHE_RESULT_##result << 16

/* As the kernel maps them in arch/arm64 armv8_pmuv3_perf_map. */
static const struct {
	uint32_t type;
	uint64_t config;
	uint64_t number;
} generic[] = {
	{ HW(CPU_CYCLES), 0x11 },
	{ HW(INSTRUCTIONS), 0x08 },
	{ HW(CACHE_REFERENCES), 0x04 },
	{ HW(CACHE_MISSES), 0x03 },
	{ HW(BRANCH_INSTRUCTIONS), 0x21 },
	{ HW(BRANCH_MISSES), 0x10 },
	{ HW(BUS_CYCLES), 0x1d },
	{ HW(STALLED_CYCLES_FRONTEND), 0x23 },
	{ HW(STALLED_CYCLES_BACKEND), 0x24 },
	{ HWC(L1D, READ, ACCESS), 0x04 },
	{ HWC(L1D, READ, MISS), 0x03 },
	{ HWC(L1I, READ, ACCESS), 0x14 },
	{ HWC(L1I, READ, MISS), 0x01 },
	{ HWC(LL, READ, ACCESS), 0x36 },
	{ HWC(LL, READ, MISS), 0x37 },
	{ HWC(DTLB, READ, ACCESS), 0x25 },
	{ HWC(DTLB, READ, MISS), 0x05 },
	{ HWC(ITLB, READ, ACCESS), 0x26 },
	{ HWC(ITLB, READ, MISS), 0x02 },
	{ HWC(BPU, READ, ACCESS), 0x12 },
	{ HWC(BPU, READ, MISS), 0x10 },
};

int ep_perf_arch_generic(uint32_t type, uint64_t config, uint64_t *ret)
{
	for (size_t i = 0; i < sizeof(generic) / sizeof(generic[0]); i++) {
		if (generic[i].type != type || generic[i].config != config)
			continue;
		*ret = generic[i].number;
		return 0;
	}
	return -ENOENT;
}

static int read_from(const char *dir, size_t len, struct ep_buf *b)
{
	char path[512];

	if (!ep_str_format(path, sizeof(path), "%.*s/" ARCH_FILE, (int)len,
			   dir))
		return -ENAMETOOLONG;
	ep_buf_reset(b);
	return ep_file_read(AT_FDCWD, path, b);
}

/* build/release/edgeprof -> boards beside build */
static int read_beside(struct ep_buf *b)
{
	char exe[400];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 1 || (size_t)n >= sizeof(exe) - sizeof("/boards"))
		return -ENOENT;
	exe[n] = '\0';
	for (int i = 0; i <= PARENTS_MAX; i++) {
		char *slash = strrchr(exe, '/');

		if (!slash)
			return -ENOENT;
		(void)ep_str_copy(slash, sizeof("/boards"), "/boards");
		if (read_from(exe, strlen(exe), b) >= 0)
			return 0;
		*slash = '\0';
	}
	return -ENOENT;
}

/* Where board files are: named, installed, beside an uninstalled binary. */
static int read_anywhere(struct ep_buf *b)
{
	static const char *const installed[] = { "/etc/edgeprof/boards",
						 EP_SHARE_DIR "/boards" };
	const char *named = secure_getenv("EDGEPROF_BOARDS");

	while (named && *named) {
		size_t len = strcspn(named, ":");

		if (len > 0 && read_from(named, len, b) >= 0)
			return 0;
		named += len + (named[len] == ':');
	}
	for (size_t i = 0; i < 2; i++)
		if (read_from(installed[i], strlen(installed[i]), b) >= 0)
			return 0;
	return read_beside(b);
}

/* 1: this line is the event; 0: it is not; -EBADMSG. */
static int match_line(char *line, const char *name, uint64_t *ret)
{
	size_t len = strcspn(line, " \t");
	char *word;
	uint64_t number = 0;

	if (line[0] == '#' || line[0] == '\0')
		return 0;
	if (line[len] == '\0')
		return -EBADMSG;
	line[len] = '\0';
	if (ep_num_parse_hex_or_dec(line, &number) < 0 || number > UINT16_MAX)
		return -EBADMSG;
	word = line + len + 1;
	word += strspn(word, " \t");
	len = strcspn(word, " \t");
	if (len == 0)
		return -EBADMSG;
	word[len] = '\0';
	if (strcasecmp(word, name) != 0)
		return 0;
	*ret = number;
	return 1;
}

int ep_perf_arch_find(const char *path, const char *name, uint64_t *ret)
{
	struct ep_buf b;
	char *line;
	int r;

	ep_buf_init(&b, ARCH_BYTES_MAX);
	r = path ? ep_file_read(AT_FDCWD, path, &b) : read_anywhere(&b);
	if (r < 0)
		goto out;
	r = 0;
	for (line = b.data; line && *line != '\0' && r == 0;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		r = match_line(line, name, ret);
		line = end ? end + 1 : NULL;
	}
	if (r >= 0)
		r = r ? 0 : -ENOENT;
out:
	ep_buf_done(&b);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"

/* "Name:" and where its number of kB, or plain number, goes. */
struct line_rule {
	const char *name;
	size_t offset;
	int64_t scale;
};

/* The number after blanks at text; the whole of it must be digits. */
static int parse_number(const char *text, int64_t *ret)
{
	size_t digits;
	int used;

	text += strspn(text, " \t");
	digits = strspn(text, "0123456789");
	used = ep_num_scan_i64(text, digits, ret);
	return used > 0 && strchr(" \t\n", text[used]) ? 0 : -EBADMSG;
}

static int apply_rules(const char *text, const struct line_rule *rules,
		       void *ret)
{
	int64_t value;

	for (const char *line = text; line;) {
		const char *end = strchr(line, '\n');
		const char *colon = strchr(line, ':');

		for (size_t i = 0; colon && rules[i].name; i++) {
			size_t len = strlen(rules[i].name);

			if ((size_t)(colon - line) != len ||
			    memcmp(line, rules[i].name, len) != 0)
				continue;
			if (parse_number(colon + 1, &value) < 0 ||
			    value > INT64_MAX / rules[i].scale)
				return -EBADMSG;
			value *= rules[i].scale;
			memcpy((char *)ret + rules[i].offset, &value,
			       sizeof(value));
			break;
		}
		line = end && end[1] ? end + 1 : NULL;
	}
	return 0;
}

int ep_proc_memory_parse(const char *text, struct ep_proc_memory *ret)
{
	static const struct line_rule rules[] = {
		{ "VmHWM", offsetof(struct ep_proc_memory, peak_bytes), 1024 },
		{ "VmRSS", offsetof(struct ep_proc_memory, rss_bytes), 1024 },
		{ "RssAnon", offsetof(struct ep_proc_memory, rss_anon_bytes),
		  1024 },
		{ "RssFile", offsetof(struct ep_proc_memory, rss_file_bytes),
		  1024 },
		{ "VmSwap", offsetof(struct ep_proc_memory, swap_bytes), 1024 },
		{ "Threads", offsetof(struct ep_proc_memory, threads_count),
		  1 },
		{ NULL, 0, 0 },
	};
	struct ep_proc_memory m = { -1, -1, -1, -1, -1, -1 };
	int r = apply_rules(text, rules, &m);

	if (r == 0)
		*ret = m;
	return r;
}

int ep_proc_memory_read(pid_t pid, struct ep_proc_memory *ret)
{
	char path[48], text[8192];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = ep_kept_read_text(fd, text, sizeof(text));
	close(fd);
	return n < 0 ? n : ep_proc_memory_parse(text, ret);
}

int ep_meminfo_open(void)
{
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int ep_meminfo_parse(const char *text, struct ep_meminfo *ret)
{
	static const struct line_rule rules[] = {
		{ "MemAvailable", offsetof(struct ep_meminfo, available_bytes),
		  1024 },
		{ "SwapTotal", offsetof(struct ep_meminfo, swap_total_bytes),
		  1024 },
		{ "SwapFree", offsetof(struct ep_meminfo, swap_free_bytes),
		  1024 },
		{ NULL, 0, 0 },
	};
	struct ep_meminfo m = { -1, -1, -1 };
	int r = apply_rules(text, rules, &m);

	if (r == 0)
		*ret = m;
	return r;
}

int ep_meminfo_read(int fd, struct ep_meminfo *ret)
{
	char text[4096];
	int n = ep_kept_read_text(fd, text, sizeof(text));

	return n < 0 ? n : ep_meminfo_parse(text, ret);
}

int ep_psi_open(const char *resource)
{
	char path[40];
	struct ep_psi psi;
	int fd, r;

	snprintf(path, sizeof(path), "/proc/pressure/%s", resource);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* With psi=0 the file is there, but reading it says EOPNOTSUPP. */
	r = ep_psi_read(fd, &psi);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" in microseconds */
static int parse_total(const char *line, int64_t *ret_ns)
{
	const char *total = strstr(line, "total=");
	const char *end = strchr(line, '\n');
	int64_t us;

	if (!total || (end && total > end) ||
	    parse_number(total + strlen("total="), &us) < 0 ||
	    us > INT64_MAX / 1000)
		return -EBADMSG;
	*ret_ns = us * 1000;
	return 0;
}

int ep_psi_parse(const char *text, struct ep_psi *ret)
{
	struct ep_psi psi = { -1, -1 };
	const char *full =
		strncmp(text, "full ", 5) == 0 ? text : strstr(text, "\nfull ");

	if (strncmp(text, "some ", 5) == 0 &&
	    parse_total(text, &psi.some_ns) < 0)
		return -EBADMSG;
	if (full && parse_total(full + 1, &psi.full_ns) < 0)
		return -EBADMSG;
	if (psi.some_ns < 0 && psi.full_ns < 0)
		return -EBADMSG;
	*ret = psi;
	return 0;
}

int ep_psi_read(int fd, struct ep_psi *ret)
{
	char text[256];
	int n = ep_kept_read_text(fd, text, sizeof(text));

	return n < 0 ? n : ep_psi_parse(text, ret);
}

int ep_proc_self_exe(char *ret, size_t size)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n < 0)
		return -errno;
	if (n == (ssize_t)sizeof(path) || (size_t)n >= size)
		return -ENAMETOOLONG;
	memcpy(ret, path, (size_t)n);
	ret[n] = '\0';
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

#define MAPS_BYTES_MAX (16 * 1024 * 1024)
#define PATH_WORD 5

/* What hex digits say; where they end. */
static const char *scan_hex(const char *text, uint64_t *ret)
{
	char number[24];
	size_t len = strspn(text, "0123456789abcdef");

	if (!ep_str_format(number, sizeof(number), "0x%.*s", (int)len, text) ||
	    ep_num_parse_hex_or_dec(number, ret) < 0)
		return NULL;
	return text + len;
}

static const char *skip_words(const char *at, int count)
{
	for (; count > 0; count--) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return at;
}

/* start-end perms offset device inode path */
static bool parse_line(const char *line, struct ep_uprobe_map *ret)
{
	const char *at = scan_hex(line, &ret->start), *perms;

	if (!at || *at != '-')
		return false;
	at = scan_hex(at + 1, &ret->end);
	if (!at || *at != ' ')
		return false;
	perms = skip_words(line, 1);
	ret->path = skip_words(line, PATH_WORD);
	return strlen(perms) > 3 && perms[2] == 'x' && ret->path[0] == '/' &&
	       !ep_str_starts(ret->path, "/dev/");
}

int ep_uprobe_maps(pid_t pid,
		   void (*map)(void *ctx, const struct ep_uprobe_map *m),
		   void *ctx)
{
	static const char gone[] = " (deleted)";
	char path[64];
	struct ep_buf text;
	char *line;
	int r;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/maps", (int)pid);
	ep_buf_init(&text, MAPS_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, &text);
	for (line = r < 0 ? NULL : text.data; line && *line;) {
		struct ep_uprobe_map m = { .pid = pid };
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (ep_str_ends(line, gone))
			line[strlen(line) - strlen(gone)] = '\0';
		if (parse_line(line, &m))
			map(ctx, &m);
		line = end ? end + 1 : NULL;
	}
	ep_buf_done(&text);
	return r < 0 ? r : 0;
}

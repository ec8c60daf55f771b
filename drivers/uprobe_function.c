/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

/* "5581c0000000-5581c0001000 r-xp 00002000 fe:00 1234   /path"; false: not
 * this one. */
static bool parse_line(const char *line, uint64_t address,
		       struct ep_uprobe_map *ret, uint64_t *ret_offset)
{
	char text[3][24];
	uint64_t numbers[3];
	const char *dash = strchr(line, '-');
	const char *space = dash ? strchr(dash, ' ') : NULL;
	const char *path = strchr(line, '/');

	if (!space || !path || ep_str_starts(path, "/dev/") ||
	    strlen(space) < 14 || space[3] != 'x' ||
	    !ep_str_format(text[0], sizeof(text[0]), "0x%.*s",
			   (int)(dash - line), line) ||
	    !ep_str_format(text[1], sizeof(text[1]), "0x%.*s",
			   (int)(space - dash - 1), dash + 1) ||
	    !ep_str_format(text[2], sizeof(text[2]), "0x%.*s",
			   (int)strcspn(space + 6, " "), space + 6))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (ep_num_parse_hex_or_dec(text[i], &numbers[i]) < 0)
			return false;
	if (address < numbers[0] || address >= numbers[1])
		return false;
	ret->start = numbers[0];
	ret->end = numbers[1];
	*ret_offset = numbers[2] + (address - numbers[0]);
	return true;
}

int ep_uprobe_function_open(pid_t pid, uint64_t address, uint64_t *ret_offset)
{
	struct ep_uprobe_map map = { .pid = pid };
	char path[64], *line = NULL;
	size_t size = 0;
	int fd = -ENOENT;
	FILE *f;

	(void)ep_str_format(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		if (!parse_line(line, address, &map, ret_offset))
			continue;
		map.path = ep_str_chomp(strchr(line, '/'));
		fd = ep_uprobe_map_open(&map);
		break;
	}
	free(line);
	fclose(f);
	return fd;
}

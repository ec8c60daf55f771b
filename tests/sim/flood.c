/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flood MEGABYTES: that many times 10^6 bytes on standard output in numbered
 * lines of 64 bytes, as fast as they are taken; then the count on standard
 * error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

#define LINE_BYTES ((size_t)64)
#define BLOCK_LINES ((size_t)1000)

static void fill_block(char *block, int64_t first)
{
	for (size_t i = 0; i < BLOCK_LINES; i++) {
		char *line = block + i * LINE_BYTES;
		size_t digits = ep_num_put_i64(line, first + (int64_t)i);

		memset(line + digits, '.', LINE_BYTES - digits);
		line[LINE_BYTES - 1] = '\n';
	}
}

static int write_all(const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, count);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			count -= (size_t)n;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static char block[BLOCK_LINES * LINE_BYTES];
	int64_t megabytes;
	int64_t left;
	int64_t line = 0;

	if (argc != 2 || ep_num_parse_i64(argv[1], &megabytes) < 0 ||
	    megabytes < 0 || megabytes > 1000000) {
		fprintf(stderr, "usage: flood MEGABYTES\n");
		return 2;
	}
	left = megabytes * 1000000;
	while (left > 0) {
		size_t part = sizeof(block);

		if (left < (int64_t)part)
			part = (size_t)left;
		fill_block(block, line);
		if (write_all(block, part) < 0) {
			perror("standard output");
			return 1;
		}
		line += (int64_t)BLOCK_LINES;
		left -= (int64_t)part;
	}
	fprintf(stderr, "{\"bytes\":%lld}\n", (long long)megabytes * 1000000);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"
#include "base/file.h"
#include "base/num.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A good line, written again and parsed again, gives the same values. */
static void check_line(const struct ep_csv_ints *r, const int64_t *values,
		       const uint8_t *present)
{
	char text[32];

	for (size_t i = 0; i < r->columns; i++) {
		int64_t again;

		if (present[i] > 1)
			abort();
		if (!present[i])
			continue;
		text[ep_num_put_i64(text, values[i])] = '\0';
		if (ep_num_parse_i64(text, &again) != 0 || again != values[i])
			abort();
	}
}

static void read_all(const uint8_t *data, size_t size)
{
	static int64_t values[EP_CSV_COLUMNS_MAX];
	static uint8_t present[EP_CSV_COLUMNS_MAX];
	struct ep_csv_ints r;
	uint64_t lines = 0;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return;
	if (ep_file_write_all(fd, data, size) == 0 &&
	    lseek(fd, 0, SEEK_SET) == 0 &&
	    ep_csv_ints_open(&r, fd, NULL) == 0) {
		while (ep_csv_ints_next(&r, values, present) == 1) {
			check_line(&r, values, present);
			lines++;
		}
		if (lines + r.bad_count + 1 != r.line)
			abort();
		ep_csv_ints_close(&r);
	}
	close(fd);
}

/* What put_text writes, split reads back as one field. */
static void write_and_split(const char *text)
{
	char *fields[8];
	struct ep_buf b;

	ep_buf_init(&b, 1 << 22);
	if (ep_csv_put_text(&b, text) == 0 && b.data) {
		if (strchr(b.data, '\n') ||
		    ep_csv_split(b.data, fields, 8) != 1 ||
		    strlen(fields[0]) != strlen(text))
			abort();
	}
	ep_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *fields[64], *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	read_all(data, size);
	write_and_split(text);
	(void)!ep_csv_split(text, fields, 64);
	free(text);
	return 0;
}

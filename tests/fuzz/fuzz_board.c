/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "sensors/board.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Whatever was accepted is whole. */
static void look(const struct ep_board *b)
{
	struct ep_env env = { .root = { .fd = -1 } };

	if (!b->name[0] || !b->title[0] || !b->coverage[0] || !b->events)
		abort();
	for (size_t i = 0; i < b->sensor_count; i++)
		if (!b->sensors[i]->title[0])
			abort();
	for (size_t i = 0; i < b->rail_count; i++) {
		const struct ep_board_rail *r = &b->rails[i];

		if (!r->name[0] || !r->note ||
		    (r->channel == NULL) == (r->volts == NULL) ||
		    (r->volts == NULL) != (r->amps == NULL))
			abort();
		if (r->min >= r->max)
			abort();
	}
	for (size_t i = 0; i < b->calibration_count; i++)
		if (!b->calibrations[i].caveat[0] ||
		    b->calibrations[i].gain <= 0)
			abort();
	if (b->battery_wh <= 0 || !b->pmus)
		abort();
	(void)ep_board_matches(b, &env);
}

static void count_mistake(void *ctx, const char *text)
{
	size_t *count = ctx;

	if (!text[0])
		abort();
	(*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_board *board = NULL;
	struct ep_err err = { 0, "" };
	char path[64];
	size_t count = 0;
	int mistakes;
	bool loaded;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ep_file_write_all(fd, data, size) == 0) {
		loaded = ep_board_load(path, &board, &err) == 0;
		if (loaded) {
			look(board);
			ep_board_free(board);
		} else if (!strstr(err.text, path)) {
			abort();
		}
		mistakes = ep_board_check(path, count_mistake, &count, &err);
		if (mistakes != (int)count || (mistakes == 0) != loaded)
			abort();
	}
	close(fd);
	return 0;
}

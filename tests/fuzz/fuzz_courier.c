/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"
#include "base/tree.h"
#include "profiler/study/courier.h"
#include "profiler/study/host_check.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What another machine writes: a task's stream, what a host says of itself, and
 * the work that a task is given. */

#define NONCE "0011"

static int top_fd = -1, to_fd = -1;
static char top[4096];

static void remove_top(void)
{
	(void)unlinkat(top_fd, "to", AT_REMOVEDIR);
	(void)rmdir(top);
}

static void make_folder(void)
{
	const char *where = secure_getenv("TMPDIR");

	if (!ep_str_format(top, sizeof(top), "%s/fuzz-courier-XXXXXX",
			   where ? where : "/tmp") ||
	    !mkdtemp(top))
		abort();
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top_fd < 0 || mkdirat(top_fd, "to", 0700) < 0)
		abort();
	to_fd = openat(top_fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to_fd < 0)
		abort();
	atexit(remove_top);
}

static void said(void *ctx, const char *verb, const char *rest)
{
	size_t *count = ctx;

	if (strlen(verb) > 23 || strchr(verb, ' ') || strchr(rest, '\n'))
		abort();
	if (strcmp(verb, "arrived") == 0) {
		(*count)++;
		if (ep_tree_remove(to_fd, rest) < 0)
			abort();
	}
}

static void check_stream(const char *data, size_t size)
{
	static struct ep_courier_in in;
	size_t count = 0, half = size / 2;
	struct ep_tree t;

	ep_courier_in_init(&in, NONCE, to_fd);
	in.said = said;
	in.ctx = &count;
	ep_courier_in_feed(&in, data, half);
	ep_courier_in_feed(&in, data + half, size - half);
	ep_courier_in_done(&in);
	/* What has not arrived is gone, and nothing fell beside. */
	if (ep_tree_list(top_fd, &t) < 0 || t.count != 1)
		abort();
	ep_tree_done(&t);
}

static void check_host(const char *text)
{
	static const struct ep_host_wanted wanted = { .nonce = NONCE,
						      .version = "0.1.0",
						      .board = "rpi5" };
	struct ep_host_found f;

	ep_host_check_read(&wanted, text, 0, &f);
	if (f.text[0] == '\0' || strlen(f.text) >= sizeof(f.text))
		abort();
}

static void check_work(const char *text, size_t size)
{
	struct ep_work w, again;
	char *back;

	if (ep_work_from_text(text, size, &w, NULL) < 0)
		return;
	back = ep_work_to_text(&w, -1);
	if (!back || ep_work_from_text(back, strlen(back), &again, NULL) < 0 ||
	    again.task_count != w.task_count ||
	    ep_work_item_count(&again) != ep_work_item_count(&w))
		abort();
	ep_work_done(&again);
	ep_work_done(&w);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (to_fd < 0)
		make_folder();
	memcpy(text, data, size);
	text[size] = '\0';
	check_stream(text, size);
	check_host(text);
	check_work(text, size);
	free(text);
	return 0;
}

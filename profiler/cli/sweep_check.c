/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sweep_check.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/host.h"
#include "drivers/perf.h"
#include "profiler/cli/cli.h"
#include "profiler/record/slot.h"
#include "profiler/study/courier.h"

/* More of them would not fit into a line. */
#define FAILED_MAX 8

struct check {
	struct ep_record_options options;
	const char *nonce, *models;
	json_t *facts;
	struct ep_env env;
};

static int parse(int argc, char **argv, struct check *c)
{
	if (argc < 2 || argc % 2 != 0)
		return -EINVAL;
	c->nonce = argv[1];
	for (int i = 2; i < argc; i += 2) {
		if (strcmp(argv[i], "--board") == 0)
			c->options.board = argv[i + 1];
		else if (strcmp(argv[i], "--models") == 0)
			c->models = argv[i + 1];
		else if (strcmp(argv[i], "--sensor") == 0 &&
			 c->options.sensor_count < EP_SENSOR_OPTIONS_MAX)
			c->options.sensors[c->options.sensor_count++] =
				argv[i + 1];
		else
			return -EINVAL;
	}
	return strlen(c->nonce) < EP_WORK_NONCE_BYTES ? 0 : -EINVAL;
}

static void put(struct check *c, const char *key, const char *text)
{
	char clean[300];

	(void)ep_str_copy(clean, sizeof(clean), text);
	ep_str_printable(clean);
	json_object_set_new(c->facts, key, json_string(clean));
}

static void look_at_board(struct check *c, const struct ep_board *board,
			  const char *detected)
{
	char serial[128];

	put(c, "board", detected);
	json_object_set_new(
		c->facts, "suits",
		json_boolean(ep_board_suits(board, detected, &c->env)));
	if (ep_host_serial(&c->env.root, serial, sizeof(serial)) == 0)
		put(c, "serial", serial);
}

static void look_at_sensors(struct check *c, const struct ep_board *board)
{
	struct ep_slot_list slots = { .count = 0 };
	struct ep_total total = { .count = 0 };
	json_t *failed = json_array();
	struct ep_err err = { 0 };
	int open_count = 0;
	int r = ep_slots_open(&c->env, board, &c->options, &slots, &err);

	for (size_t i = 0; r >= 0 && i < slots.count; i++) {
		const struct ep_slot *slot = slots.slots[i];
		char text[200];

		open_count += slot->sensor != NULL;
		if (slot->sensor || slot->absent ||
		    json_array_size(failed) == FAILED_MAX)
			continue;
		(void)ep_str_format(text, sizeof(text), "%s (%.120s)", slot->id,
				    slot->reason);
		ep_str_printable(text);
		json_array_append_new(failed, json_string(text));
	}
	if (r >= 0)
		r = ep_total_choose(&slots, board, NULL, &total, &err);
	if (r < 0)
		put(c, "problem", err.text[0] ? err.text : strerror(-r));
	put(c, "total", total.count > 0 ? total.channels[0] : "");
	put(c, "total_reason", total.reason);
	json_object_set_new(c->facts, "sensors", json_integer(open_count));
	json_object_set_new(c->facts, "failed", failed);
	ep_slots_close(&slots);
}

static void look_at_rest(struct check *c)
{
	const char *top = secure_getenv("TMPDIR");
	struct ep_perf_caps caps;
	struct ep_err err = { 0 };
	struct statvfs fs;
	char text[300];

	if (ep_perf_probe(&caps, &err) < 0)
		put(c, "setup",
		    "counters are not allowed (sudo edgeprof "
		    "setup)");
	if (statvfs(top && top[0] == '/' ? top : P_tmpdir, &fs) == 0)
		json_object_set_new(
			c->facts, "free_bytes",
			json_real((double)fs.f_bavail * (double)fs.f_frsize));
	if (c->models && access(c->models, R_OK | X_OK) < 0) {
		(void)ep_str_format(text, sizeof(text), "models: %.150s: %s",
				    c->models, strerror(errno));
		put(c, "problem", text);
	}
}

static int examine(struct check *c, struct ep_err *err)
{
	char detected[EP_BOARD_NAME_BYTES];
	struct ep_board *board = NULL;
	int r = ep_board_detect(&c->env, detected, sizeof(detected), err);

	if (r < 0)
		return r;
	r = ep_board_load(c->options.board ? c->options.board : detected,
			  &board, err);
	if (r < 0) {
		put(c, "problem", err->text);
		return 0;
	}
	look_at_board(c, board, detected);
	look_at_sensors(c, board);
	look_at_rest(c);
	ep_board_free(board);
	return 0;
}

int ep_sweep_check_main(int argc, char **argv)
{
	struct check c = { .options = { .interval_ns = 10 * EP_NS_PER_MS } };
	struct ep_courier courier = { .fd = STDOUT_FILENO };
	struct ep_err err = { 0 };
	char *text;
	int r = parse(argc, argv, &c);

	if (r < 0) {
		fputs("edgeprof: this form is for edgeprof itself\n", stderr);
		return EP_EXIT_USAGE;
	}
	courier.nonce = c.nonce;
	c.facts = json_object();
	r = ep_env_init(&c.env, &err);
	if (r == 0) {
		c.env.interval_ns = c.options.interval_ns;
		r = examine(&c, &err);
		ep_env_done(&c.env);
	}
	text = r == 0 ? json_dumps(c.facts, JSON_COMPACT) : NULL;
	if (text)
		r = ep_courier_say(&courier, "host %s", text);
	else
		fprintf(stderr, "edgeprof: %s\n",
			err.text[0] ? err.text : strerror(-r));
	free(text);
	json_decref(c.facts);
	return r < 0 || !text ? EP_EXIT_INTERNAL : EP_EXIT_OK;
}

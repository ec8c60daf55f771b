/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

const struct ep_param ep_board_top_params[] = {
	{ "name", NULL, "the file's own name without .board" },
	{ "title", NULL, "what people call it" },
	{ "source", NULL, "who measured the facts, when, with what" },
	{ "status", NULL, "untested, or tested: BOARD, KERNEL, DATE" },
	{ "coverage", NULL, "what the total includes and what it leaves out" },
	{ "estimate", "no", "yes: the total may be a model's" },
	{ "fallback", "no", "yes: taken when no other board matches" },
	{ "priority", "0", "boards with a higher one are looked at first" },
	{ "total", "", "what the sum of its totals is called" },
	{ "battery", "", "its usual battery: 18.84Wh" },
	{ NULL, NULL, NULL },
};
/* Keys are checked here, section by section, to find all mistakes at once. */
static const struct ep_conf_rule rules[] = {
	{ "", NULL, false, false },	    { "match", NULL, false, true },
	{ "sensor", NULL, true, true },	    { "rail", NULL, true, true },
	{ "counters", NULL, false, false }, { "calibration", NULL, true, true },
	{ NULL, NULL, false, false },
};

/* What happens at a mistake: the reading ends, or each() is told and it goes
 * on with the next section. */
struct reading {
	struct ep_board *board;
	const char *expected;
	void (*each)(void *ctx, const char *text);
	void *ctx;
	int count;
	struct ep_err *err;
};

static int took(struct reading *reading, int r)
{
	if (r >= 0 || !reading->each || r == -ENOMEM)
		return r;
	reading->each(reading->ctx, reading->err->text);
	reading->count++;
	return 0;
}

const char *ep_board_text(const struct ep_conf *conf, const char *key)
{
	const char *text = ep_conf_get(conf, key);

	return text ? text : "";
}

bool ep_board_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < EP_BOARD_NAME_BYTES && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789._-") == len;
}

bool ep_board_is_fallback(const struct ep_board *board)
{
	return board->conf &&
	       strcmp(ep_board_text(board->conf, "fallback"), "yes") == 0;
}

int64_t ep_board_priority(const struct ep_board *board)
{
	int64_t priority = 0;

	if (board->conf &&
	    ep_conf_get_i64(board->conf, "priority", 0, &priority, NULL) < 0)
		return 0;
	return priority;
}

void ep_board_free(struct ep_board *board)
{
	if (!board)
		return;
	ep_conf_free(board->conf);
	free(board);
}

static int take_name(struct ep_board *b, const char *expected,
		     struct ep_err *err)
{
	const char *name = ep_conf_get(b->conf, "name");

	if (!name) /* said with the missing keys */
		return 0;
	if (!ep_board_name_ok(name))
		return ep_conf_err(b->conf, "name", err,
				   "use letters, digits, '.', '_' and '-', and "
				   "no '.' in front");
	if (expected && strcmp(expected, name) != 0)
		return ep_conf_err(b->conf, "name", err,
				   "must be the file's own name without "
				   ".board");
	(void)ep_str_copy(b->name, sizeof(b->name), name);
	return 0;
}

static int take_switches(struct ep_board *b, struct ep_err *err)
{
	int64_t priority;
	bool fallback;
	int r = ep_conf_get_bool(b->conf, "estimate", false, &b->estimate, err);

	if (r == 0)
		r = ep_conf_get_bool(b->conf, "fallback", false, &fallback,
				     err);
	if (r == 0)
		r = ep_conf_get_i64(b->conf, "priority", 0, &priority, err);
	return r;
}

static int take_top(struct reading *reading)
{
	static const char *const texts[] = { "title", "source", "status",
					     "coverage" };
	struct ep_board *b = reading->board;
	struct ep_err *err = reading->err;
	int r = took(reading, take_name(b, reading->expected, err));

	for (size_t i = 0; r == 0 && i < 4; i++) {
		const char *text = ep_conf_get(b->conf, texts[i]);

		if (text && !text[0])
			r = took(reading, ep_conf_err(b->conf, texts[i], err,
						      "must not be empty"));
	}
	if (r == 0)
		r = took(reading, take_switches(b, err));
	if (r == 0)
		r = took(reading, ep_board_take_battery(b, b->conf, err));
	b->title = ep_board_text(b->conf, "title");
	b->source = ep_board_text(b->conf, "source");
	b->status = ep_board_text(b->conf, "status");
	b->coverage = ep_board_text(b->conf, "coverage");
	b->total = ep_board_text(b->conf, "total");
	return r;
}

static int check_keys(struct reading *reading)
{
	static const struct {
		const char *kind;
		const struct ep_param *params;
	} known[] = {
		{ "match", ep_board_match_params },
		{ "rail", ep_board_rail_params },
		{ "counters", ep_board_counter_params },
		{ "calibration", ep_board_calibration_params },
	};
	const struct ep_conf *conf = reading->board->conf;
	int r = took(reading,
		     ep_conf_check(conf, ep_board_top_params, reading->err));

	for (size_t i = 0; r == 0 && i < conf->section_count; i++)
		for (size_t k = 0; r == 0 && k < 4; k++)
			if (strcmp(conf->sections[i]->kind, known[k].kind) == 0)
				r = took(reading,
					 ep_conf_check(conf->sections[i],
						       known[k].params,
						       reading->err));
	return r;
}

static int take_section(struct ep_board *b, const struct ep_conf *section,
			struct ep_err *err)
{
	if (strcmp(section->kind, "rail") == 0)
		return ep_board_take_rail(b, section, err);
	if (strcmp(section->kind, "match") == 0)
		return ep_board_check_match(section, err);
	if (strcmp(section->kind, "counters") == 0)
		return ep_board_take_counters(b, section, err);
	if (strcmp(section->kind, "calibration") == 0)
		return ep_board_take_calibration(b, section, err);
	return 0;
}

/* Sensors first: rails speak of them wherever they stand in the file. */
static int take_sections(struct reading *reading)
{
	const struct ep_conf *conf = reading->board->conf;
	int r = 0;

	for (size_t i = 0; r == 0 && i < conf->section_count; i++)
		if (strcmp(conf->sections[i]->kind, "sensor") == 0)
			r = took(reading,
				 ep_board_take_sensor(reading->board,
						      conf->sections[i],
						      reading->err));
	for (size_t i = 0; r == 0 && i < conf->section_count; i++)
		r = took(reading,
			 take_section(reading->board, conf->sections[i],
				      reading->err));
	return r;
}

/* Whole in *ret, even where each() was told of mistakes. */
static int read_file(const char *path, struct reading *reading)
{
	struct ep_board *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return ep_err_set(reading->err, -ENOMEM, "out of memory");
	reading->board = b;
	b->events = b->pmus = "";
	b->battery_wh = (double)NAN;
	if (!ep_str_copy(b->path, sizeof(b->path), path))
		return ep_err_set(reading->err, -ENAMETOOLONG,
				  "%.80s...: path too long", path);
	r = ep_conf_load(path, rules, &b->conf, reading->err);
	if (r == 0)
		r = check_keys(reading);
	if (r == 0)
		r = take_top(reading);
	return r == 0 ? take_sections(reading) : r;
}

int ep_board_load_file(const char *path, const char *expected,
		       struct ep_board **ret, struct ep_err *err)
{
	struct ep_err none = { 0 };
	struct reading reading = { .expected = expected,
				   .err = err ? err : &none };
	int r = read_file(path, &reading);

	if (r < 0) {
		ep_board_free(reading.board);
		return r;
	}
	*ret = reading.board;
	return 0;
}

int ep_board_check(const char *path, void (*each)(void *ctx, const char *text),
		   void *ctx, struct ep_err *err)
{
	char name[EP_BOARD_NAME_BYTES];
	struct ep_err own = { 0, "" };
	struct reading reading = { .each = each, .ctx = ctx, .err = &own };
	int r = ep_board_name_of(path, name, sizeof(name), &own);

	reading.expected = name[0] ? name : NULL;
	if (r == 0)
		r = read_file(path, &reading);
	ep_board_free(reading.board);
	if (r == 0)
		return reading.count;
	/* What the reader cannot get over is the last mistake. */
	if (r != -EINVAL && r != -EBADMSG)
		return ep_err_set(err, r, "%s", own.text);
	each(ctx, own.text);
	return reading.count + 1;
}

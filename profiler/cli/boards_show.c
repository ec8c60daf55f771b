/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/boards.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"
#include "profiler/report/width.h"
#include "sensors/table.h"

#define COLUMN 14
#define NAME_COLUMNS_MAX 24
#define ROLE_COLUMNS 5

static void fact(const char *label, const char *text)
{
	ep_lines_fact(COLUMN, label, text);
}

static void show_matches(const struct ep_env *env, const struct ep_board *b)
{
	const struct ep_conf *held = NULL;
	char text[600];
	bool any = false;

	(void)ep_board_match_by(b, env, &held);
	for (size_t i = 0; b->conf && i < b->conf->section_count; i++) {
		const struct ep_conf *section = b->conf->sections[i];
		size_t len;

		if (strcmp(section->kind, "match") != 0)
			continue;
		ep_boards_match_text(section, text, sizeof(text));
		len = strlen(text);
		(void)ep_str_format(text + len, sizeof(text) - len, "%s",
				    section == held ? "  (this machine)" : "");
		fact(any ? "" : "matches", text);
		any = true;
	}
	if (b->conf && ep_board_is_fallback(b))
		fact("matches", "what no other file knows");
	else if (!any)
		fact("matches", "nothing: only by --board");
}

static void show_head(const struct ep_env *env, const struct ep_board *b)
{
	char text[64], number[32];

	ep_lines_wrapf(0, 2, "%s: %s", b->name, b->title);
	fact("file", b->path[0] ? b->path : "built in");
	if (b->conf) {
		fact("status", b->status);
		fact("source", b->source);
	}
	show_matches(env, b);
	if (b->conf && ep_board_priority(b) != 0) {
		(void)ep_str_format(text, sizeof(text), "%lld",
				    (long long)ep_board_priority(b));
		fact("priority", text);
	}
	if (b->coverage[0])
		fact("coverage", b->coverage);
	if (b->total[0])
		fact("total", b->total);
	if (b->estimate)
		fact("estimate", "yes: its total may be a model's");
	if (isfinite(b->battery_wh)) {
		(void)ep_num_put_f64(number, b->battery_wh);
		(void)ep_str_format(text, sizeof(text), "%s Wh", number);
		fact("battery", text);
	}
}

static void show_sensors(const struct ep_board *b)
{
	(void)printf("\nsensors\n");
	for (size_t i = 0; i < b->sensor_count; i++) {
		const struct ep_conf *section = b->sensors[i];
		const char *driver = ep_conf_get(section, "driver");
		const struct ep_sensor_ops *ops;
		char text[600];

		driver = driver ? driver : section->title;
		ops = ep_sensor_find(driver, NULL);
		(void)ep_str_format(text, sizeof(text), "%s%s%s",
				    strcmp(driver, section->title) ? driver
								   : "",
				    strcmp(driver, section->title) ? ": " : "",
				    ops ? ops->summary : "");
		fact(section->title, text);
		for (size_t k = 0; k < section->key_count; k++) {
			const struct ep_conf_key *key = &section->keys[k];

			if (strcmp(key->key, "driver") == 0)
				continue;
			ep_lines_spaces(COLUMN);
			ep_lines_wrapf(COLUMN, COLUMN + 2, "%s = %s", key->key,
				       key->value);
		}
	}
	if (b->sensor_count == 0)
		(void)printf("  none\n");
}

/* "; below 4.75 or above 5.5: a warning" */
static void add_limits(const struct ep_board_rail *rail, char *text,
		       size_t size)
{
	char low[32] = "", high[32] = "";
	size_t len = strlen(text);

	if (isfinite(rail->min))
		(void)ep_num_put_f64(low, rail->min);
	if (isfinite(rail->max))
		(void)ep_num_put_f64(high, rail->max);
	if (low[0] || high[0])
		(void)ep_str_format(text + len, size - len,
				    " (a warning%s%s%s%s%s)",
				    low[0] ? " below " : "", low,
				    low[0] && high[0] ? " and" : "",
				    high[0] ? " above " : "", high);
}

static void show_rails(const struct ep_board *b)
{
	int columns = 4;

	(void)printf("\nrails\n");
	for (size_t i = 0; i < b->rail_count; i++) {
		int width = ep_width(b->rails[i].name);

		if (width > columns)
			columns = width < NAME_COLUMNS_MAX ? width
							   : NAME_COLUMNS_MAX;
	}
	for (size_t i = 0; i < b->rail_count; i++) {
		const struct ep_board_rail *rail = &b->rails[i];
		int at = columns + ROLE_COLUMNS + 6;
		char text[800];

		if (rail->channel)
			(void)ep_str_format(
				text, sizeof(text), "%s%s%s", rail->channel,
				rail->note[0] ? ": " : "", rail->note);
		else
			(void)ep_str_format(text, sizeof(text), "%s x %s%s%s",
					    rail->volts, rail->amps,
					    rail->note[0] ? ": " : "",
					    rail->note);
		add_limits(rail, text, sizeof(text));
		ep_lines_spaces(2);
		ep_lines_cell(columns, rail->name);
		ep_lines_spaces(2);
		ep_lines_cell(ROLE_COLUMNS, ep_role_name(rail->role));
		ep_lines_spaces(2);
		ep_lines_wrap(at, at, text);
	}
	if (b->rail_count == 0)
		(void)printf("  none\n");
}

/* The commas get blanks, to be wrapped at. */
static void show_list(const char *label, const char *list)
{
	char text[2048] = "";

	for (const char *p = list; *p; p += strcspn(p, ",")) {
		size_t len = strlen(text);

		p += *p == ',';
		(void)ep_str_format(text + len, sizeof(text) - len, "%s%.*s",
				    len ? ", " : "", (int)strcspn(p, ","), p);
	}
	fact(label, text);
}

static void show_counters(const struct ep_board *b)
{
	if (!b->events[0] && !b->pmus[0])
		return;
	(void)printf("\ncounters\n");
	if (b->pmus[0])
		show_list("PMUs", b->pmus);
	if (b->events[0])
		show_list("events", b->events);
}

static void show_calibrations(const struct ep_board *b)
{
	for (size_t i = 0; i < b->calibration_count; i++) {
		const struct ep_board_calibration *c = &b->calibrations[i];
		char text[300], gain[32], offset[32];

		if (i == 0)
			(void)printf("\ncalibrations (off, unless "
				     "--calibration NAME asks for one)\n");
		(void)ep_num_put_f64(gain, c->gain);
		(void)ep_num_put_f64(offset, fabs(c->offset_w));
		(void)ep_str_format(text, sizeof(text),
				    "%s = %s x total %s %s W", c->target, gain,
				    c->offset_w < 0 ? "-" : "+", offset);
		fact(c->name, text);
		(void)ep_str_format(text, sizeof(text), "source: %s",
				    c->source);
		fact("", text);
		ep_lines_spaces(COLUMN);
		ep_lines_wrapf(COLUMN, COLUMN, "caveat: %s", c->caveat);
	}
}

int ep_boards_show(const struct ep_env *env, const char *name)
{
	char detected[EP_BOARD_NAME_BYTES];
	struct ep_board *b = NULL;
	struct ep_err err = { 0 };
	int r = 0;

	if (!name) {
		r = ep_board_detect(env, detected, sizeof(detected), &err);
		name = detected;
	}
	if (r == 0)
		r = ep_board_load(name, &b, &err);
	if (r < 0 || !b) {
		ep_boards_complain(err.text[0] ? err.text : strerror(-r));
		return r == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
	}
	show_head(env, b);
	show_sensors(b);
	show_rails(b);
	show_counters(b);
	show_calibrations(b);
	ep_board_free(b);
	return EP_EXIT_OK;
}

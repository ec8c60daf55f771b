/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/batteries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"
#include "sensors/board.h"

#define FILE_NAME "batteries.conf"
#define BATTERIES_MAX 256
#define NAME_COLUMNS 20
#define ENERGY_COLUMNS 10

static const struct ep_param no_keys[] = { { NULL, NULL, NULL } };
static const struct ep_param keys[] = {
	{ "title", NULL, "what it is" },
	{ "energy", NULL, "18.84Wh or 5000mAh@3.7V" },
	{ "usable", "100%", "share that leaves it" },
	{ "tolerance", "", "limit of the energy's error: 5%" },
	{ "source", NULL, "who says so" },
	{ NULL, NULL, NULL },
};
static const struct ep_conf_rule rules[] = {
	{ "", no_keys, false, false },
	{ "battery", keys, true, true },
	{ NULL, NULL, false, false },
};

struct batteries {
	struct ep_battery items[BATTERIES_MAX];
	size_t count;
	struct ep_err err; /* of the file that could not be read */
};

int ep_share_parse(const char *text, double *ret, struct ep_err *err)
{
	bool percent = ep_str_ends(text, "%");
	char number[40];
	double value;

	if (!ep_str_format(number, sizeof(number), "%.*s",
			   (int)strlen(text) - percent, text) ||
	    ep_num_parse_f64(number, &value) < 0)
		return ep_err_set(err, -EINVAL,
				  "'%.40s' is no share; give 80%% or 0.8",
				  text);
	if (percent)
		value /= 100;
	if (!percent && value > 1)
		return ep_err_set(err, -EINVAL,
				  "%.40s of what? give %.40s%% or a share from "
				  "0 to 1",
				  text, text);
	if (!(value > 0) || value > 1)
		return ep_err_set(err, -ERANGE,
				  "%.40s: must be above 0 and at most 100%%",
				  text);
	*ret = value;
	return 0;
}

static bool is_known(const struct batteries *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->items[i].name, name) == 0)
			return true;
	return false;
}

static int take_share(const struct ep_conf *conf, const char *key, double *ret,
		      struct ep_err *err)
{
	const char *text = ep_conf_get(conf, key);
	struct ep_err why;

	if (!text || text[0] == '\0')
		return 0;
	if (ep_share_parse(text, ret, &why) < 0)
		return ep_conf_err(conf, key, err, why.text);
	return 0;
}

static int take_battery(struct batteries *b, const struct ep_conf *conf,
			struct ep_err *err)
{
	struct ep_battery one = { .usable = 1, .yield = 1 };
	struct ep_err why;
	int r = ep_conf_check(conf, keys, err);

	if (r < 0)
		return r;
	if (strcmp(conf->title, "list") == 0 || strchr(conf->title, '/') ||
	    !ep_str_copy(one.name, sizeof(one.name), conf->title))
		return ep_conf_err(conf, "battery", err,
				   "'list', a '/' or more than 63 bytes are no "
				   "name");
	if (ep_battery_parse(ep_conf_get(conf, "energy"), &one.energy_wh,
			     &why) < 0)
		return ep_conf_err(conf, "energy", err, why.text);
	r = take_share(conf, "usable", &one.usable, err);
	if (r == 0)
		r = take_share(conf, "tolerance", &one.tolerance, err);
	if (r < 0)
		return r;
	(void)ep_str_copy(one.title, sizeof(one.title),
			  ep_conf_get(conf, "title"));
	(void)ep_str_copy(one.source, sizeof(one.source),
			  ep_conf_get(conf, "source"));
	if (is_known(b, one.name))
		return 0;
	if (b->count == BATTERIES_MAX)
		return ep_err_set(err, -E2BIG, "%s: more than %d batteries",
				  conf->file, BATTERIES_MAX);
	b->items[b->count++] = one;
	return 0;
}

static int take_file(void *ctx, const char *path)
{
	struct batteries *b = ctx;
	struct ep_conf *conf = NULL;
	int r = ep_conf_load(path, rules, &conf, &b->err);

	for (size_t i = 0; r == 0 && i < conf->section_count; i++)
		r = take_battery(b, conf->sections[i], &b->err);
	ep_conf_free(conf);
	return r;
}

static int load(struct batteries **ret, struct ep_err *err)
{
	struct batteries *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return ep_err_set(err, -ENOMEM, "out of memory");
	(void)ep_str_copy(b->err.text, sizeof(b->err.text), "out of memory");
	r = ep_board_data(FILE_NAME, take_file, b);
	if (r < 0) {
		r = ep_err_set(err, r, "%s", b->err.text);
		free(b);
		return r;
	}
	*ret = b;
	return 0;
}

static int no_such(const struct batteries *b, const char *text,
		   struct ep_err *err)
{
	const char *names[BATTERIES_MAX];
	const char *near;

	for (size_t i = 0; i < b->count; i++)
		names[i] = b->items[i].name;
	near = ep_str_nearest(text, names, b->count);
	if (near)
		return ep_err_set(err, -ENOENT,
				  "there is no battery '%.60s'; did you mean "
				  "'%s'?",
				  text, near);
	return ep_err_set(err, -ENOENT,
			  "there is no battery '%.60s'; --battery list shows "
			  "those known, or give its energy: 18.84Wh",
			  text);
}

int ep_battery_find(const char *text, struct ep_battery *ret,
		    struct ep_err *err)
{
	struct ep_battery typed = { .usable = 1, .yield = 1 };
	struct batteries *b;
	bool number = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' ||
		      text[0] == '+' || text[0] == '.';
	int r;

	if (number) {
		r = ep_battery_parse(text, &typed.energy_wh, err);
		if (r == 0)
			*ret = typed;
		return r;
	}
	r = load(&b, err);
	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; i < b->count && r < 0; i++)
		if (strcmp(b->items[i].name, text) == 0) {
			*ret = b->items[i];
			r = 0;
		}
	if (r < 0)
		r = no_such(b, text, err);
	free(b);
	return r;
}

static void show(const struct ep_battery *b)
{
	int at = NAME_COLUMNS + ENERGY_COLUMNS + 4;
	char energy[40];

	(void)ep_str_format(energy, sizeof(energy), "%.4g Wh", b->energy_wh);
	ep_lines_cell(NAME_COLUMNS, b->name);
	ep_lines_spaces(2);
	ep_lines_cell(ENERGY_COLUMNS, energy);
	ep_lines_spaces(2);
	ep_lines_wrap(at, at, b->title);
	ep_lines_spaces(at);
	if (b->usable < 1)
		ep_lines_wrapf(at, at, "usable %.4g %%; source: %s",
			       100 * b->usable, b->source);
	else
		ep_lines_wrapf(at, at, "source: %s", b->source);
}

int ep_batteries_show(void)
{
	struct batteries *b;
	struct ep_err err = { 0 };
	int r = load(&b, &err);

	if (r < 0) {
		ep_str_printable(err.text);
		(void)fprintf(stderr, "edgeprof report: %s\n", err.text);
		return r == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
	}
	for (size_t i = 0; i < b->count; i++)
		show(&b->items[i]);
	if (b->count == 0)
		ep_lines_wrap(0, 0, "no " FILE_NAME " was found");
	free(b);
	return ep_lines_end("report", EP_EXIT_OK);
}

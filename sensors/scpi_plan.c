/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/scpi_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

/* One period of the mains, at 50 Hz; at 60 Hz it is less. */
#define MAINS_NS (20 * EP_NS_PER_MS)
#define NPLC_MAX 100
#define NPLC_TOKEN "<nplc>"

struct preset {
	const char *name, *setup, *queries, *fields, *guards, *expected;
};

#define EP_SCPI_PRESET(name, title, setup, queries, fields, guards, expected) \
	{ name, setup, queries, fields, guards, expected },
#define EP_SCPI_SOURCE(maker, model)
static const struct preset presets[] = {
#include "sensors/scpi.def"
};
#undef EP_SCPI_PRESET
#undef EP_SCPI_SOURCE

#define EP_SCPI_PRESET(name, title, setup, queries, fields, guards, expected)
#define EP_SCPI_SOURCE(maker, model) { maker, model },
static const char *const sources[][2] = {
#include "sensors/scpi.def"
};
#undef EP_SCPI_PRESET
#undef EP_SCPI_SOURCE

#define PRESET_COUNT (sizeof(presets) / sizeof(presets[0]))
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

bool ep_scpi_is_source(const char *identity)
{
	char maker[80], model[80];
	size_t len = strcspn(identity, ",");
	size_t model_len = identity[len] ? strcspn(identity + len + 1, ",") : 0;

	if (len >= sizeof(maker) || model_len >= sizeof(model))
		return true;
	memcpy(maker, identity, len);
	maker[len] = '\0';
	memcpy(model, identity + len + (identity[len] != '\0'), model_len);
	model[model_len] = '\0';
	for (size_t i = 0; i < SOURCE_COUNT; i++)
		if (ep_str_glob(sources[i][0], maker) &&
		    ep_str_glob(sources[i][1], model))
			return true;
	return false;
}

static int find_preset(const struct ep_conf *conf, const char *name,
		       const struct preset **ret, struct ep_err *err)
{
	char known[200] = "", text[300];

	for (size_t i = 0; i < PRESET_COUNT; i++) {
		size_t len = strlen(known);

		if (strcmp(presets[i].name, name) == 0) {
			*ret = &presets[i];
			return 0;
		}
		(void)ep_str_format(known + len, sizeof(known) - len, "%s%s",
				    i ? ", " : "", presets[i].name);
	}
	(void)ep_str_format(text, sizeof(text), "there are: %s", known);
	return ep_conf_err(conf, "preset", err, text);
}

/* setup with the integration time put in for "<nplc>". */
static int add_setup(struct ep_scpi_plan *plan, const char *setup, double nplc)
{
	const char *token = strstr(setup, NPLC_TOKEN);
	char text[EP_SCPI_LINE_BYTES], number[32];

	if (!token)
		return ep_scpi_list_add(&plan->setup, setup) ? 0 : -E2BIG;
	(void)ep_num_put_f64(number, nplc);
	if (!ep_str_format(text, sizeof(text), "%.*s%s%s", (int)(token - setup),
			   setup, number, token + strlen(NPLC_TOKEN)) ||
	    !ep_scpi_list_add(&plan->setup, text))
		return -E2BIG;
	plan->window_ns = (int64_t)(nplc * (double)MAINS_NS);
	return 0;
}

static int add_fields(struct ep_scpi_plan *plan, const char *text)
{
	static const char *const names[] = {
		[EP_SCPI_SKIP] = "skip",
		[EP_SCPI_VOLTAGE] = "voltage",
		[EP_SCPI_CURRENT] = "current",
		[EP_SCPI_POWER] = "power",
	};

	for (;;) {
		size_t len = strcspn(text, "+"), i = 0;

		while (i < 4 && (strlen(names[i]) != len ||
				 strncmp(names[i], text, len) != 0))
			i++;
		if (i == 4 || plan->field_count == EP_SCPI_FIELDS_MAX ||
		    (i != EP_SCPI_SKIP &&
		     ep_scpi_plan_has(plan, (enum ep_scpi_field)i)))
			return -EINVAL;
		plan->fields[plan->field_count++] = (enum ep_scpi_field)i;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

bool ep_scpi_plan_has(const struct ep_scpi_plan *plan, enum ep_scpi_field field)
{
	for (size_t i = 0; i < plan->field_count; i++)
		if (plan->fields[i] == field)
			return true;
	return false;
}

static int check_list(struct ep_scpi_plan *plan, const struct ep_scpi_list *l,
		      enum ep_scpi_use use, struct ep_err *err)
{
	for (size_t i = 0; i < l->count; i++) {
		enum ep_scpi_effect effect = EP_SCPI_READS;
		int r = ep_scpi_check_command(l->items[i], use, &effect, err);

		if (r < 0)
			return r;
		if (plan->guarded && effect == EP_SCPI_CHANGES)
			return ep_err_set(
				err, -EPERM,
				"'%.80s' could switch the output of a "
				"source-measure unit; use READ?",
				l->items[i]);
		if (effect > plan->effect)
			plan->effect = effect;
		if (use == EP_SCPI_QUERY && effect != EP_SCPI_TRIGGERS)
			plan->fresh = false;
	}
	return 0;
}

static int check_commands(struct ep_scpi_plan *plan, struct ep_err *err)
{
	int r;

	plan->fresh = true;
	r = check_list(plan, &plan->setup, EP_SCPI_SETUP, err);
	if (r == 0)
		r = check_list(plan, &plan->queries, EP_SCPI_QUERY, err);
	return r < 0 ? r : check_list(plan, &plan->guards, EP_SCPI_GUARD, err);
}

static int get_nplc(const struct ep_conf *conf, const struct preset *preset,
		    double *ret, struct ep_err *err)
{
	int r = ep_conf_get_f64(conf, "nplc", 1, ret, err);

	if (r == 0 && !(*ret >= 0.001 && *ret <= NPLC_MAX))
		return ep_conf_err(conf, "nplc", err, "must be 0.001 to 100");
	if (r == 0 && ep_conf_get(conf, "nplc") &&
	    !strstr(preset->setup, NPLC_TOKEN))
		return ep_conf_err(conf, "nplc", err,
				   "this preset sets no integration time");
	return r;
}

static const char *or_else(const char *text, const char *fallback)
{
	return text && *text ? text : fallback;
}

static int make(const struct ep_conf *conf, const struct preset *preset,
		bool keyed, struct ep_scpi_plan *plan, struct ep_err *err)
{
	const char *setup = keyed ? ep_conf_get(conf, "setup") : NULL;
	const char *query = keyed ? ep_conf_get(conf, "query") : NULL;
	const char *fields = keyed ? ep_conf_get(conf, "fields") : NULL;
	double nplc = 1;
	int r = get_nplc(conf, preset, &nplc, err);

	if (r < 0)
		return r;
	if (!ep_scpi_list_add(&plan->setup, or_else(setup, "")) ||
	    add_setup(plan, preset->setup, nplc) < 0)
		return ep_conf_err(conf, "setup", err,
				   "takes 8 commands at most");
	if (!ep_scpi_list_add(&plan->queries,
			      or_else(query, preset->queries)) ||
	    plan->queries.count == 0)
		return ep_conf_err(conf, "query", err,
				   "takes 1 to 8 queries, or give preset=");
	if (add_fields(plan, or_else(fields, preset->fields)) < 0)
		return ep_conf_err(
			conf, "fields", err,
			"tells what the answers hold, in order, such "
			"as voltage+current: voltage, current, power "
			"or skip");
	(void)ep_scpi_list_add(&plan->guards, preset->guards);
	(void)ep_scpi_list_add(&plan->expected, preset->expected);
	r = check_commands(plan, err);
	if (r < 0)
		ep_err_prefix(err, "%s", conf->file);
	return r;
}

int ep_scpi_plan_make(const struct ep_conf *conf, const char *preset,
		      struct ep_scpi_plan *ret, struct ep_err *err)
{
	static const struct preset own = { "", "", "", "", "", "" };
	const struct preset *found = &own;
	const char *name = preset ? preset : ep_conf_get(conf, "preset");
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (name && *name)
		r = find_preset(conf, name, &found, err);
	ret->guarded = ep_str_starts(found->name, "smu-");
	return r < 0 ? r : make(conf, found, preset == NULL, ret, err);
}

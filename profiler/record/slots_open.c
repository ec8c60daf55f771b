/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/table.h"

/* What an alias stands for, unless the user says otherwise. */
static int set_alias(struct ep_conf *conf, const char *name)
{
	const struct ep_sensor_alias *alias = ep_sensor_alias_find(name);

	if (!alias || ep_conf_get(conf, alias->key))
		return 0;
	return ep_conf_set(conf, alias->key, alias->value);
}

/* driver is not a key of the sensor; the rest is. */
static int conf_without_driver(const struct ep_conf *section,
			       struct ep_conf **ret, struct ep_err *err)
{
	const char *driver = ep_conf_get(section, "driver");
	int r = ep_conf_from_options(section->file, "", ret, err);

	for (size_t i = 0; r == 0 && i < section->key_count; i++)
		if (strcmp(section->keys[i].key, "driver") != 0)
			r = ep_conf_set(*ret, section->keys[i].key,
					section->keys[i].value);
	if (r == 0)
		r = set_alias(*ret, driver ? driver : section->title);
	if (r < 0 && *ret) {
		ep_conf_free(*ret);
		*ret = NULL;
	}
	return r;
}

static int open_board_sensors(const struct ep_env *env,
			      const struct ep_board *board,
			      const struct ep_record_options *o,
			      struct ep_slot_list *list, struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < board->sensor_count; i++) {
		const struct ep_conf *section = board->sensors[i];
		const char *driver = ep_conf_get(section, "driver");
		const struct ep_sensor_ops *ops;
		struct ep_slot *slot = NULL;

		ops = ep_sensor_find(driver ? driver : section->title, err);
		if (!ops)
			return -EINVAL;
		if ((ops->flags & EP_SENSOR_MODEL) && !board->estimate &&
		    !o->estimate)
			continue;
		if (env->system_wide == 0 && env->target_pid == 0 &&
		    (ops->flags & EP_SENSOR_TARGET))
			continue;
		if (o->events && strcmp(ops->name, "counters") == 0)
			continue;
		r = ep_slot_add(list, ops, section->title, &slot, err);
		if (r == 0)
			r = conf_without_driver(section, &slot->own_conf, err);
		if (r == 0 && strcmp(ops->name, "counters") == 0 &&
		    board->events[0] && !ep_conf_get(section, "events"))
			r = ep_conf_set(slot->own_conf, "events",
					board->events);
		if (r == 0) {
			slot->conf = slot->own_conf;
			r = ep_slot_open(env, board, slot, err);
		}
	}
	return r;
}

/* NAME[:ADDRESS][,key=value...], taken apart. */
struct sensor_option {
	char name[64];
	char address[1024];
	struct ep_conf *keys; /* owned */
};

static int parse_option(const char *text, struct sensor_option *ret,
			struct ep_err *err)
{
	size_t name_len = strcspn(text, ":,");
	const char *rest = text + name_len;
	size_t address_len = 0;

	if (*rest == ':') {
		rest++;
		address_len = strcspn(rest, ",");
	}
	if (!ep_str_format(ret->name, sizeof(ret->name), "%.*s", (int)name_len,
			   text) ||
	    !ep_str_format(ret->address, sizeof(ret->address), "%.*s",
			   (int)address_len, rest))
		return ep_err_set(err, -EINVAL,
				  "--sensor %.*s: its name or its address is "
				  "too long",
				  (int)(name_len < 40 ? name_len : 40), text);
	rest += address_len;
	return ep_conf_from_options("--sensor", *rest == ',' ? rest + 1 : "",
				    &ret->keys, err);
}

static bool is_plain_id(const char *id)
{
	return id[0] && strlen(id) <= 40 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_-") == strlen(id);
}

/* The address is the value of the sensor's first key. */
static int option_conf(const struct sensor_option *o,
		       const struct ep_sensor_ops *ops, struct ep_conf **ret,
		       struct ep_err *err)
{
	int r = ep_conf_from_options("--sensor", "", ret, err);

	for (size_t i = 0; r == 0 && i < o->keys->key_count; i++)
		if (strcmp(o->keys->keys[i].key, "as") != 0)
			r = ep_conf_set(*ret, o->keys->keys[i].key,
					o->keys->keys[i].value);
	if (r < 0 || !o->address[0])
		return r;
	if (!ops->params || !ops->params[0].key)
		return ep_err_set(err, -EINVAL, "--sensor %s takes no address",
				  o->name);
	return ep_conf_set(*ret, ops->params[0].key, o->address);
}

static int open_parsed(const struct ep_env *env, const struct ep_board *board,
		       const struct sensor_option *o, struct ep_slot_list *list,
		       struct ep_err *err)
{
	const struct ep_sensor_ops *ops = ep_sensor_find(o->name, err);
	const char *as = ep_conf_get(o->keys, "as");
	struct ep_slot *slot = NULL;
	int r;

	if (!ops)
		return -EINVAL;
	if (as && !is_plain_id(as))
		return ep_err_set(err, -EINVAL,
				  "--sensor %s: as=%.40s: use letters, digits,"
				  " '-' and '_' only",
				  o->name, as);
	r = ep_slot_add(list, ops, as ? as : o->name, &slot, err);
	if (r < 0)
		return r;
	slot->from_option = true;
	r = option_conf(o, ops, &slot->own_conf, err);
	if (r == 0)
		r = set_alias(slot->own_conf, o->name);
	slot->conf = slot->own_conf;
	return r < 0 ? r : ep_slot_open(env, board, slot, err);
}

static int open_option(const struct ep_env *env, const struct ep_board *board,
		       const char *text, struct ep_slot_list *list,
		       struct ep_err *err)
{
	struct sensor_option o = { .keys = NULL };
	int r = parse_option(text, &o, err);

	if (r == 0)
		r = open_parsed(env, board, &o, list, err);
	ep_conf_free(o.keys);
	return r;
}

static bool has_driver(const struct ep_slot_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->slots[i]->ops->name, name) == 0)
			return true;
	return false;
}

/* --events replaces the board's list; the commas in it are its own. */
static int open_events(const struct ep_env *env, const struct ep_board *board,
		       const char *events, struct ep_slot_list *list,
		       struct ep_err *err)
{
	const struct ep_sensor_ops *ops = ep_sensor_find("counters", err);
	struct ep_slot *slot = NULL;
	int r;

	if (!ops)
		return -EINVAL;
	r = ep_slot_add(list, ops, "counters", &slot, err);
	if (r < 0)
		return r;
	slot->from_option = true;
	r = ep_conf_from_options("--events", "", &slot->own_conf, err);
	if (r == 0)
		r = ep_conf_set(slot->own_conf, "events", events);
	slot->conf = slot->own_conf;
	return r < 0 ? r : ep_slot_open(env, board, slot, err);
}

static int tell_settings(const struct ep_env *env,
			 const struct ep_sensor_ops *ops,
			 const struct ep_conf *conf,
			 const struct ep_setting_sink *sink, struct ep_err *err)
{
	int r = ep_conf_check(conf, ops->params, err);

	return r < 0 ? r : ops->settings(env, conf, sink, err);
}

static int settings_of_board(const struct ep_env *env,
			     const struct ep_board *board,
			     const struct ep_setting_sink *sink,
			     struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < board->sensor_count; i++) {
		const struct ep_conf *section = board->sensors[i];
		const char *driver = ep_conf_get(section, "driver");
		const struct ep_sensor_ops *ops =
			ep_sensor_find(driver ? driver : section->title, err);
		struct ep_conf *conf = NULL;

		if (!ops)
			return -EINVAL;
		if (!ops->settings)
			continue;
		r = conf_without_driver(section, &conf, err);
		if (r == 0)
			r = tell_settings(env, ops, conf, sink, err);
		ep_conf_free(conf);
	}
	return r;
}

static int settings_of_option(const struct ep_env *env, const char *text,
			      const struct ep_setting_sink *sink,
			      struct ep_err *err)
{
	struct sensor_option o = { .keys = NULL };
	const struct ep_sensor_ops *ops = NULL;
	struct ep_conf *conf = NULL;
	int r = parse_option(text, &o, err);

	if (r == 0) {
		ops = ep_sensor_find(o.name, err);
		r = ops ? 0 : -EINVAL;
	}
	if (r == 0 && ops->settings) {
		r = option_conf(&o, ops, &conf, err);
		if (r == 0)
			r = set_alias(conf, o.name);
		if (r == 0)
			r = tell_settings(env, ops, conf, sink, err);
	}
	ep_conf_free(conf);
	ep_conf_free(o.keys);
	return r;
}

int ep_slots_settings(const struct ep_env *env, const struct ep_board *board,
		      const struct ep_record_options *options,
		      const struct ep_setting_sink *sink, struct ep_err *err)
{
	int r = settings_of_board(env, board, sink, err);

	for (size_t i = 0; r == 0 && i < options->sensor_count; i++)
		r = settings_of_option(env, options->sensors[i], sink, err);
	return r;
}

int ep_slots_open(const struct ep_env *env, const struct ep_board *board,
		  const struct ep_record_options *options,
		  struct ep_slot_list *list, struct ep_err *err)
{
	int r = open_board_sensors(env, board, options, list, err);

	if (r >= 0 && options->events)
		r = open_events(env, board, options->events, list, err);
	for (size_t i = 0; r >= 0 && i < options->sensor_count; i++)
		r = open_option(env, board, options->sensors[i], list, err);
	if (r >= 0 && options->estimate && !has_driver(list, "estimate"))
		r = open_option(env, board, "estimate", list, err);
	return r < 0 ? r : (int)list->count;
}

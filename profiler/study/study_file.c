/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/study_parts.h"

#define KEY(name)            \
	{                    \
		name, "", "" \
	}

static const struct ep_param top_keys[] = {
	KEY("title"),	    KEY("runs"),      KEY("warmup"),
	KEY("retries"),	    KEY("max-runs"),  KEY("until-ci"),
	KEY("search"),	    KEY("objective"), KEY("floor"),
	KEY("clear-swap"),  KEY("cooldown"),  KEY("cooldown-limit"),
	KEY("drop-caches"), KEY("order"),     KEY("order-seed"),
	KEY("options"),	    KEY("command"),   { NULL, NULL, NULL },
};
static const struct ep_param factor_keys[] = {
	{ "levels", NULL, "" },
	{ NULL, NULL, NULL },
};
static const struct ep_param limit_keys[] = {
	KEY("max-background-cpu"),
	KEY("max-thermal-drift"),
	KEY("max-missed-ticks"),
	KEY("max-sensor-gaps"),
	KEY("max-frequency-shortfall"),
	KEY("expect-tokens"),
	KEY("same-output"),
	{ NULL, NULL, NULL },
};
static const struct ep_conf_rule rules[] = {
	{ "", top_keys, false, false },
	{ "factor", factor_keys, true, true },
	{ "limits", limit_keys, false, false },
	{ NULL, NULL, false, false },
};

static int take_words(const struct ep_conf *conf, const struct ep_conf_key *key,
		      char ***field, struct ep_err *err)
{
	struct ep_err why = { 0 };

	if (ep_words_split(key->value, field, &why) == 0)
		return 0;
	return ep_conf_err(conf, key->key, err, why.text);
}

static int take_key(struct ep_study *s, const struct ep_conf *conf,
		    const struct ep_conf_key *key, struct ep_err *err)
{
	struct ep_err why = { 0 };
	int r;

	if (strcmp(key->key, "options") == 0)
		return take_words(conf, key, &s->options, err);
	if (strcmp(key->key, "command") == 0)
		return take_words(conf, key, &s->command, err);
	r = ep_study_set(s, key->key, key->value, &why);
	/* Its sentence begins with the name of the key, which we say. */
	return r < 0 ? ep_err_set(err, r, "%s:%d: %s", conf->file, key->line,
				  why.text)
		     : 0;
}

static int take_factor(struct ep_study *s, const struct ep_conf *conf,
		       struct ep_err *err)
{
	const struct ep_factor_option *option =
		ep_factor_option_find(conf->title);
	struct ep_err why = { 0 };
	char **levels = NULL;
	int r = ep_factor_levels(conf->title, ep_conf_get(conf, "levels"),
				 option && option->whole, &levels, &why);

	if (r == 0)
		r = ep_study_add_factor(s, conf->title,
					option ? option->option : NULL, levels,
					&why);
	ep_words_free(levels);
	return r < 0 ? ep_err_set(err, r, "%s:%d: %s", conf->file, conf->line,
				  why.text)
		     : 0;
}

static int take_file(struct ep_study *s, const struct ep_conf *conf,
		     struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < conf->key_count; i++)
		r = take_key(s, conf, &conf->keys[i], err);
	for (size_t i = 0; r == 0 && i < conf->section_count; i++) {
		const struct ep_conf *section = conf->sections[i];

		if (strcmp(section->kind, "factor") == 0)
			r = take_factor(s, section, err);
		else
			for (size_t k = 0; r == 0 && k < section->key_count;
			     k++)
				r = take_key(s, section, &section->keys[k],
					     err);
	}
	return r;
}

int ep_study_load(const char *path, struct ep_study *ret, struct ep_err *err)
{
	struct ep_err why = { 0 };
	struct ep_conf *conf;
	struct ep_study s;
	int r = ep_conf_load(path, rules, &conf, err);

	if (r < 0)
		return r;
	ep_study_init(&s);
	r = take_file(&s, conf, err);
	ep_conf_free(conf);
	if (r == 0) {
		r = ep_study_check(&s, &why);
		if (r < 0)
			ep_err_set(err, r, "%s: %s", path, why.text);
	}
	if (r < 0) {
		ep_study_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

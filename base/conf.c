/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/conf.h"

#include "base/conf_tree.h"
#include "base/num.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ep_conf *ep_conf_new(const char *file, const char *kind,
			    const char *title, int line)
{
	struct ep_conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	conf->file = strdup(file);
	conf->kind = strdup(kind);
	conf->title = strdup(title);
	conf->line = line;
	if (!conf->file || !conf->kind || !conf->title) {
		ep_conf_free(conf);
		return NULL;
	}
	return conf;
}

void ep_conf_free(struct ep_conf *conf)
{
	if (!conf)
		return;
	/* Sections hold no sections of their own. */
	for (size_t i = 0; i < conf->section_count; i++)
		ep_conf_free(conf->sections[i]);
	for (size_t i = 0; i < conf->key_count; i++) {
		free(conf->keys[i].key);
		free(conf->keys[i].value);
	}
	free(conf->sections);
	free(conf->file);
	free(conf->kind);
	free(conf->title);
	free(conf);
}

static const struct ep_conf_key *find_key(const struct ep_conf *conf,
					  const char *key)
{
	for (size_t i = 0; i < conf->key_count; i++) {
		if (strcmp(conf->keys[i].key, key) == 0)
			return &conf->keys[i];
	}
	return NULL;
}

int ep_conf_add(struct ep_conf *conf, const char *key, char *value, int line)
{
	struct ep_conf_key *k;

	if (find_key(conf, key))
		return -EEXIST;
	if (conf->key_count == EP_CONF_KEYS_MAX)
		return -E2BIG;
	k = &conf->keys[conf->key_count];
	k->key = strdup(key);
	if (!k->key)
		return -ENOMEM;
	k->value = value;
	k->line = line;
	conf->key_count++;
	return 0;
}

int ep_conf_add_section(struct ep_conf *conf, struct ep_conf *section)
{
	struct ep_conf **bigger;

	if (conf->section_count == EP_CONF_SECTIONS_MAX) {
		ep_conf_free(section);
		return -E2BIG;
	}
	bigger = realloc(conf->sections,
			 (conf->section_count + 1) * sizeof(*bigger));
	if (!bigger) {
		ep_conf_free(section);
		return -ENOMEM;
	}
	conf->sections = bigger;
	conf->sections[conf->section_count++] = section;
	return 0;
}

const struct ep_conf_rule *ep_conf_rule_of(const struct ep_conf_rule *rules,
					   const char *kind)
{
	for (; rules->kind; rules++) {
		if (strcmp(rules->kind, kind) == 0)
			return rules;
	}
	return NULL;
}

/* One "key=value" of an option list, in place. */
static int add_option(struct ep_conf *conf, char *text, struct ep_err *err)
{
	char *mark = strchr(text, '='), *value;
	int r;

	if (!mark || mark == text)
		return ep_err_set(err, -EINVAL,
				  "%s: '%s' is not KEY=VALUE; separate several "
				  "by commas",
				  conf->file, text);
	*mark = '\0';
	value = strdup(mark + 1);
	if (!value)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_conf_add(conf, text, value, 0);
	if (r == 0)
		return 0;
	free(value);
	if (r == -EEXIST)
		return ep_err_set(err, -EINVAL, "%s: %s is given twice",
				  conf->file, text);
	if (r == -E2BIG)
		return ep_err_set(err, r, "%s: more than %d keys", conf->file,
				  EP_CONF_KEYS_MAX);
	return ep_err_set(err, r, "out of memory");
}

int ep_conf_from_options(const char *file, const char *text,
			 struct ep_conf **ret, struct ep_err *err)
{
	struct ep_conf *conf = ep_conf_new(file, "", "", 0);
	char *copy = strdup(text), *next = copy, *item;
	int r = 0;

	if (!conf || !copy)
		r = ep_err_set(err, -ENOMEM, "out of memory");
	while (r == 0 && next && text[0] != '\0') {
		item = next;
		next = strchr(item, ',');
		if (next)
			*next++ = '\0';
		r = add_option(conf, item, err);
	}
	free(copy);
	if (r < 0) {
		ep_conf_free(conf);
		return r;
	}
	*ret = conf;
	return 0;
}

int ep_conf_set(struct ep_conf *conf, const char *key, const char *value)
{
	char *copy = strdup(value);
	int r;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < conf->key_count; i++) {
		if (strcmp(conf->keys[i].key, key) == 0) {
			free(conf->keys[i].value);
			conf->keys[i].value = copy;
			return 0;
		}
	}
	r = ep_conf_add(conf, key, copy, 0);
	if (r < 0)
		free(copy);
	return r;
}

/* "file:line" of a key, of its section where the key is absent. */
static void put_place(const struct ep_conf *conf, const char *key, char *ret,
		      size_t size)
{
	const struct ep_conf_key *k = find_key(conf, key);
	int line = k ? k->line : conf->line;

	if (line > 0)
		(void)ep_str_format(ret, size, "%s:%d", conf->file, line);
	else
		(void)ep_str_copy(ret, size, conf->file);
}

int ep_conf_err(const struct ep_conf *conf, const char *key, struct ep_err *err,
		const char *message)
{
	char place[300];

	put_place(conf, key, place, sizeof(place));
	return ep_err_set(err, -EINVAL, "%s: %s: %s", place, key, message);
}

static int unknown_key(const struct ep_conf *conf, const char *key,
		       const struct ep_param *params, struct ep_err *err)
{
	const char *names[EP_CONF_KEYS_MAX] = { NULL }, *nearest;
	size_t count = 0;
	char place[300];

	for (; params->key && count < EP_CONF_KEYS_MAX; params++)
		names[count++] = params->key;
	nearest = ep_str_nearest(key, names, count);
	put_place(conf, key, place, sizeof(place));
	if (nearest)
		return ep_err_set(err, -EINVAL,
				  "%s: unknown key '%s'; did you mean '%s'?",
				  place, key, nearest);
	if (count == 0)
		return ep_err_set(err, -EINVAL,
				  "%s: unknown key '%s'; there are none here",
				  place, key);
	return ep_err_set(err, -EINVAL,
			  "%s: unknown key '%s'; known are '%s' and %zu more",
			  place, key, names[0], count - 1);
}

int ep_conf_check(const struct ep_conf *conf, const struct ep_param *params,
		  struct ep_err *err)
{
	const struct ep_param *p;
	char place[300];

	for (size_t i = 0; i < conf->key_count; i++) {
		const char *key = conf->keys[i].key;

		for (p = params; p->key && strcmp(p->key, key) != 0; p++)
			;
		if (!p->key)
			return unknown_key(conf, key, params, err);
	}
	for (p = params; p->key; p++) {
		if (p->fallback || find_key(conf, p->key))
			continue;
		put_place(conf, p->key, place, sizeof(place));
		return ep_err_set(err, -EINVAL, "%s: %s%s%s is missing%s%s",
				  place, conf->kind, conf->kind[0] ? ": " : "",
				  p->key, p->help ? ": " : "",
				  p->help ? p->help : "");
	}
	return 0;
}

bool ep_conf_is_typed(const struct ep_conf *conf)
{
	return strcmp(conf->file, "--sensor") == 0;
}

const char *ep_conf_get(const struct ep_conf *conf, const char *key)
{
	const struct ep_conf_key *k = find_key(conf, key);

	return k ? k->value : NULL;
}

/* code -EINVAL or -ERANGE of a parser, as a sentence. */
static int bad_value(const struct ep_conf *conf, const char *key, int code,
		     const char *wanted, struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);
	char place[300];

	put_place(conf, key, place, sizeof(place));
	if (code == -ERANGE)
		return ep_err_set(err, code, "%s: %s: '%s' is out of range",
				  place, key, value);
	return ep_err_set(err, code, "%s: %s: '%s' is not %s", place, key,
			  value, wanted);
}

int ep_conf_get_f64(const struct ep_conf *conf, const char *key,
		    double fallback, double *ret, struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);
	int r;

	if (!value) {
		*ret = fallback;
		return 0;
	}
	r = ep_num_parse_f64(value, ret);
	if (r < 0)
		return bad_value(conf, key, r, "a number such as 0.05", err);
	return 0;
}

int ep_conf_get_i64(const struct ep_conf *conf, const char *key,
		    int64_t fallback, int64_t *ret, struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);
	int r;

	if (!value) {
		*ret = fallback;
		return 0;
	}
	r = ep_num_parse_i64(value, ret);
	if (r < 0)
		return bad_value(conf, key, r,
				 "a whole number without leading zeros", err);
	return 0;
}

int ep_conf_get_duration_ns(const struct ep_conf *conf, const char *key,
			    int64_t fallback_ns, int64_t *ret_ns,
			    struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);
	int r;

	if (!value) {
		*ret_ns = fallback_ns;
		return 0;
	}
	r = ep_num_parse_duration_ns(value, ret_ns);
	if (r < 0)
		return bad_value(conf, key, r,
				 "a duration such as 10ms, 2s or 1h", err);
	return 0;
}

int ep_conf_get_bool(const struct ep_conf *conf, const char *key, bool fallback,
		     bool *ret, struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);

	if (!value)
		*ret = fallback;
	else if (strcmp(value, "yes") == 0)
		*ret = true;
	else if (strcmp(value, "no") == 0)
		*ret = false;
	else
		return bad_value(conf, key, -EINVAL, "yes or no", err);
	return 0;
}

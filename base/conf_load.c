/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/conf.h"

#include "base/buf.h"
#include "base/conf_tree.h"
#include "base/file.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libconfuse reads the values.  It wants every name beforehand and tells no
 * lines of keys, so ep_conf_scan() goes over the text first.
 */

/* libconfuse's error function gets no pointer of ours. */
static _Thread_local struct {
	const char *file;
	struct ep_err *err;
	bool told;
} errors;

__attribute__((format(printf, 2, 0))) static void
take_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[300];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	errors.told = true;
	ep_err_set(errors.err, -EINVAL, "%s:%d: %s", errors.file, cfg->line,
		   text);
}

static bool holds(const cfg_opt_t *opts, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(opts[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The keys of all sections of one kind, ended as libconfuse wants it. */
static cfg_opt_t *declare_keys(const struct ep_conf *top, const char *kind,
			       size_t *ret_count)
{
	const cfg_opt_t end = CFG_END();
	size_t most = 1, count = 0;
	cfg_opt_t *opts;

	for (size_t i = 0; i < top->section_count; i++) {
		if (strcmp(top->sections[i]->kind, kind) == 0)
			most += top->sections[i]->key_count;
	}
	opts = calloc(most, sizeof(*opts));
	if (!opts)
		return NULL;
	for (size_t i = 0; i < top->section_count; i++) {
		const struct ep_conf *sec = top->sections[i];

		if (strcmp(sec->kind, kind) != 0)
			continue;
		for (size_t k = 0; k < sec->key_count; k++) {
			const cfg_opt_t opt =
				CFG_STR(sec->keys[k].key, NULL, CFGF_NODEFAULT);

			if (!holds(opts, count, sec->keys[k].key))
				opts[count++] = opt;
		}
	}
	opts[count] = end;
	*ret_count = count;
	return opts;
}

struct declared {
	cfg_opt_t *top;
	cfg_opt_t *kinds[EP_CONF_KEYS_MAX];
	size_t kind_count;
};

static void undeclare(struct declared *d)
{
	for (size_t i = 0; i < d->kind_count; i++)
		free(d->kinds[i]);
	free(d->top);
}

static int declare(struct declared *d, const struct ep_conf *top,
		   const struct ep_conf_rule *rules)
{
	const cfg_opt_t end = CFG_END();
	size_t count = 0, unused;

	memset(d, 0, sizeof(*d));
	d->top = calloc(top->key_count + EP_CONF_KEYS_MAX + 1, sizeof(*d->top));
	if (!d->top)
		return -ENOMEM;
	for (; count < top->key_count; count++) {
		const cfg_opt_t opt =
			CFG_STR(top->keys[count].key, NULL, CFGF_NODEFAULT);

		d->top[count] = opt;
	}
	for (; rules->kind; rules++) {
		cfg_flag_t flags = CFGF_MULTI;
		cfg_opt_t *keys;

		if (rules->kind[0] == '\0')
			continue;
		if (d->kind_count == EP_CONF_KEYS_MAX)
			return -E2BIG;
		keys = declare_keys(top, rules->kind, &unused);
		if (!keys)
			return -ENOMEM;
		d->kinds[d->kind_count++] = keys;
		if (rules->titled)
			flags |= CFGF_TITLE | CFGF_NO_TITLE_DUPES;
		const cfg_opt_t opt = CFG_SEC(rules->kind, keys, flags);
		d->top[count++] = opt;
	}
	d->top[count] = end;
	return 0;
}

/* The values of one section: -EBADMSG when the two readings differ. */
static int fill_section(struct ep_conf *conf, cfg_t *cfg)
{
	for (size_t i = 0; i < conf->key_count; i++) {
		struct ep_conf_key *k = &conf->keys[i];
		const char *value = NULL;

		if (cfg_size(cfg, k->key) == 1)
			value = cfg_getstr(cfg, k->key);
		if (!value)
			return -EBADMSG;
		k->value = strdup(value);
		if (!k->value)
			return -ENOMEM;
	}
	return 0;
}

static int fill_all(struct ep_conf *top, cfg_t *cfg)
{
	int r = fill_section(top, cfg);

	for (size_t i = 0; r == 0 && i < top->section_count; i++) {
		struct ep_conf *sec = top->sections[i];
		unsigned nth = 0;
		cfg_t *sub;

		for (size_t j = 0; j < i; j++)
			nth += strcmp(top->sections[j]->kind, sec->kind) == 0;
		sub = cfg_getnsec(cfg, sec->kind, nth);
		if (!sub)
			return -EBADMSG;
		if (sec->title[0] != '\0' &&
		    strcmp(cfg_title(sub), sec->title) != 0)
			return -EBADMSG;
		r = fill_section(sec, sub);
	}
	return r;
}

static int read_values(struct ep_conf *top, const char *text,
		       const struct ep_conf_rule *rules, struct ep_err *err)
{
	struct declared d;
	cfg_t *cfg = NULL;
	int r = declare(&d, top, rules);

	if (r == 0) {
		cfg = cfg_init(d.top, CFGF_NONE);
		r = cfg ? 0 : -ENOMEM;
	}
	if (r == 0) {
		errors.file = top->file;
		errors.err = err;
		errors.told = false;
		cfg_set_error_function(cfg, take_error);
		if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
			r = -EINVAL;
		if (r < 0 && !errors.told)
			ep_err_set(err, r, "%s: cannot be read", top->file);
		errors.err = NULL;
	}
	if (r == 0) {
		r = fill_all(top, cfg);
		if (r == -EBADMSG)
			ep_err_set(err, r,
				   "%s: cannot be read; put all values in "
				   "quotes",
				   top->file);
	}
	if (r == -ENOMEM)
		ep_err_set(err, r, "out of memory");
	if (cfg)
		cfg_free(cfg);
	undeclare(&d);
	return r;
}

static int check_rules(const struct ep_conf *top,
		       const struct ep_conf_rule *rules, struct ep_err *err)
{
	const struct ep_conf_rule *rule = ep_conf_rule_of(rules, "");
	int r = 0;

	if (rule && rule->params)
		r = ep_conf_check(top, rule->params, err);
	for (size_t i = 0; r == 0 && i < top->section_count; i++) {
		rule = ep_conf_rule_of(rules, top->sections[i]->kind);
		if (rule && rule->params)
			r = ep_conf_check(top->sections[i], rule->params, err);
	}
	return r;
}

static int read_text(const char *path, struct ep_buf *text, struct ep_err *err)
{
	int r = ep_file_read(AT_FDCWD, path, text);

	if (r == 0)
		r = ep_buf_reserve(text, 0);
	if (r == -EFBIG)
		return ep_err_set(err, r, "%s: larger than %d bytes", path,
				  EP_CONF_FILE_BYTES_MAX);
	if (r < 0)
		return ep_err_set(err, r, "%s: cannot read: %s", path,
				  strerror(-r));
	if (strlen(text->data) != text->len)
		return ep_err_set(err, -EINVAL,
				  "%s: holds a NUL byte; this is no text file",
				  path);
	return 0;
}

int ep_conf_load(const char *path, const struct ep_conf_rule *rules,
		 struct ep_conf **ret, struct ep_err *err)
{
	struct ep_conf *conf = NULL;
	struct ep_buf text;
	int r;

	ep_buf_init(&text, EP_CONF_FILE_BYTES_MAX);
	r = read_text(path, &text, err);
	if (r == 0)
		r = ep_conf_scan(path, text.data, rules, &conf, err);
	if (r == 0)
		r = check_rules(conf, rules, err);
	if (r == 0 && conf->key_count + conf->section_count > 0)
		r = read_values(conf, text.data, rules, err);
	ep_buf_done(&text);
	if (r < 0) {
		ep_conf_free(conf);
		return r;
	}
	*ret = conf;
	return 0;
}

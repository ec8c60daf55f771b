/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/conf_tree.h"

#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
/* What needs no quotes. */
#define WORD_CHARS NAME_CHARS "./:"
#define NAME_BYTES 128
#define TEXT_BYTES 1024

struct scan {
	const char *p;
	const char *file;
	int line;
	const struct ep_conf_rule *rules;
	struct ep_conf *top;
	struct ep_err *err;
};

static int fail(const struct scan *s, const char *text, const char *what)
{
	return ep_err_set(s->err, -EINVAL, "%s:%d: %s%s", s->file, s->line,
			  text, what);
}

/* White space and comments. */
static int skip(struct scan *s)
{
	int begin;

	for (;;) {
		if (*s->p == '\n') {
			s->line++;
			s->p++;
		} else if (strchr(" \t\r", *s->p) && *s->p) {
			s->p++;
		} else if (*s->p == '#' || ep_str_starts(s->p, "//")) {
			s->p += strcspn(s->p, "\n");
		} else if (ep_str_starts(s->p, "/*")) {
			begin = s->line;
			for (s->p += 2; !ep_str_starts(s->p, "*/"); s->p++) {
				if (*s->p == '\0') {
					s->line = begin;
					return fail(s, "",
						    "comment without its end");
				}
				s->line += *s->p == '\n';
			}
			s->p += 2;
		} else {
			return 0;
		}
	}
}

/* A name into ret; empty when there is none. */
static int take_name(struct scan *s, char *ret)
{
	size_t len = strspn(s->p, NAME_CHARS);

	if (len >= NAME_BYTES)
		return fail(s, "", "name longer than 127 characters");
	memcpy(ret, s->p, len);
	ret[len] = '\0';
	s->p += len;
	return 0;
}

static int take_quoted(struct scan *s, const char **ret_end)
{
	char quote = *s->p;
	const char *p = s->p + 1;

	for (; *p != quote; p++) {
		if (*p == '\0' || *p == '\n')
			return fail(s, "", "quoted text without its end");
		if (p[0] == '$' && p[1] == '{')
			return fail(s, "",
				    "'${' is not allowed: board files do not "
				    "read the environment");
		if (*p == '\\' && p[1] != '\0' && p[1] != '\n')
			p++;
	}
	*ret_end = p;
	return 0;
}

/*
 * A value or title: skipped, its raw text (without quotes) in begin..end.
 * libconfuse reads it again, for good.
 */
static int take_text(struct scan *s, const char *what, const char **ret_begin,
		     const char **ret_end)
{
	size_t len;
	char c[2] = "";
	int r;

	if (*s->p == '"' || *s->p == '\'') {
		r = take_quoted(s, ret_end);
		if (r < 0)
			return r;
		*ret_begin = s->p + 1;
		s->p = *ret_end + 1;
		return 0;
	}
	len = strspn(s->p, WORD_CHARS);
	c[0] = s->p[len];
	if (s->p[len] == '$' && s->p[len + 1] == '{')
		return fail(s, what,
			    ": '${' is not allowed: board files do not read "
			    "the environment");
	if (c[0] == ',')
		return fail(s, what,
			    ": ',' in a value without quotes; the decimal mark "
			    "is '.', and a list is one quoted text");
	if (len == 0 || (c[0] && !strchr(" \t\r\n#{}", c[0])))
		return fail(s, what,
			    ": expected a value; put it in quotes when it "
			    "holds more than letters, digits and ._/:-");
	*ret_begin = s->p;
	*ret_end = s->p + len;
	s->p += len;
	return 0;
}

static int add_key(struct scan *s, struct ep_conf *section, const char *name,
		   int line)
{
	const char *begin, *end;
	int r;

	s->p++; /* '=' */
	r = skip(s);
	if (r == 0)
		r = take_text(s, name, &begin, &end);
	if (r < 0)
		return r;
	r = ep_conf_add(section, name, NULL, line);
	if (r == -EEXIST)
		return ep_err_set(s->err, -EINVAL, "%s:%d: %s is given twice",
				  s->file, line, name);
	if (r == -E2BIG)
		return fail(s, "", "too many keys in one section");
	if (r < 0)
		return ep_err_set(s->err, r, "out of memory");
	return 0;
}

static int unknown_section(const struct scan *s, const char *kind, int line)
{
	const char *names[EP_CONF_KEYS_MAX] = { NULL }, *nearest;
	size_t count = 0;

	for (const struct ep_conf_rule *r = s->rules;
	     r->kind && count < EP_CONF_KEYS_MAX; r++) {
		if (r->kind[0] != '\0')
			names[count++] = r->kind;
	}
	nearest = ep_str_nearest(kind, names, count);
	if (nearest)
		return ep_err_set(
			s->err, -EINVAL,
			"%s:%d: unknown section '%s'; did you mean '%s'?",
			s->file, line, kind, nearest);
	return ep_err_set(s->err, -EINVAL, "%s:%d: unknown section '%s'",
			  s->file, line, kind);
}

/* Duplicates by kind, or by title where a kind may be repeated. */
static int check_new(const struct scan *s, const struct ep_conf_rule *rule,
		     const char *title)
{
	for (size_t i = 0; i < s->top->section_count; i++) {
		const struct ep_conf *other = s->top->sections[i];

		if (strcmp(other->kind, rule->kind) != 0)
			continue;
		if (!rule->repeated)
			return ep_err_set(s->err, -EINVAL,
					  "%s:%d: second section '%s'; the "
					  "first is in line %d",
					  s->file, s->line, rule->kind,
					  other->line);
		if (rule->titled && strcmp(other->title, title) == 0)
			return ep_err_set(s->err, -EINVAL,
					  "%s:%d: second %s \"%s\"; the first "
					  "is in line %d",
					  s->file, s->line, rule->kind, title,
					  other->line);
	}
	return 0;
}

/* The optional title between kind and '{'. */
static int take_title(struct scan *s, const struct ep_conf_rule *rule,
		      char *ret)
{
	const char *begin, *end;
	int r;

	ret[0] = '\0';
	if (*s->p == '{')
		return rule->titled ? fail(s, rule->kind,
					   ": needs a title in quotes before "
					   "'{'")
				    : 0;
	r = take_text(s, rule->kind, &begin, &end);
	if (r < 0)
		return r;
	if (!rule->titled)
		return fail(s, rule->kind, ": has no title");
	if (end == begin || end - begin >= NAME_BYTES ||
	    memchr(begin, '\\', (size_t)(end - begin)))
		return fail(s, rule->kind,
			    ": a title is 1 to 127 characters, no backslash");
	memcpy(ret, begin, (size_t)(end - begin));
	ret[end - begin] = '\0';
	return skip(s);
}

static int scan_body(struct scan *s, struct ep_conf *section)
{
	char name[NAME_BYTES];
	int r, line;

	for (;;) {
		r = skip(s);
		if (r < 0)
			return r;
		if (*s->p == '}') {
			s->p++;
			return 0;
		}
		if (*s->p == '\0') {
			s->line = section->line;
			return fail(s, section->kind, ": '}' is missing");
		}
		line = s->line;
		r = take_name(s, name);
		if (r == 0)
			r = skip(s);
		if (r < 0)
			return r;
		if (name[0] == '\0' || *s->p != '=')
			return fail(s, section->kind,
				    ": expected KEY = \"VALUE\" or '}'");
		r = add_key(s, section, name, line);
		if (r < 0)
			return r;
	}
}

static int scan_section(struct scan *s, const char *kind, int line)
{
	const struct ep_conf_rule *rule = ep_conf_rule_of(s->rules, kind);
	struct ep_conf *section;
	char title[NAME_BYTES];
	int r;

	if (!rule || kind[0] == '\0')
		return unknown_section(s, kind, line);
	r = take_title(s, rule, title);
	if (r < 0)
		return r;
	if (*s->p != '{')
		return fail(s, kind, ": expected '{'");
	r = check_new(s, rule, title);
	if (r < 0)
		return r;
	s->p++;
	section = ep_conf_new(s->file, kind, title, line);
	if (!section)
		return ep_err_set(s->err, -ENOMEM, "out of memory");
	r = ep_conf_add_section(s->top, section);
	if (r == -E2BIG)
		return fail(s, "", "too many sections");
	if (r < 0)
		return ep_err_set(s->err, r, "out of memory");
	return scan_body(s, section);
}

static int scan_top(struct scan *s)
{
	char name[NAME_BYTES];
	int r, line;

	for (;;) {
		r = skip(s);
		if (r < 0 || *s->p == '\0')
			return r;
		line = s->line;
		r = take_name(s, name);
		if (r == 0)
			r = skip(s);
		if (r < 0)
			return r;
		if (name[0] == '\0')
			return fail(s, "",
				    "expected KEY = \"VALUE\" or a section");
		if (*s->p != '=')
			r = scan_section(s, name, line);
		else if (ep_conf_rule_of(s->rules, name))
			r = fail(s, name, ": is a section, not a key");
		else if (!ep_conf_rule_of(s->rules, ""))
			r = fail(s, name, ": no key is known outside sections");
		else
			r = add_key(s, s->top, name, line);
		if (r < 0)
			return r;
	}
}

int ep_conf_scan(const char *file, const char *text,
		 const struct ep_conf_rule *rules, struct ep_conf **ret,
		 struct ep_err *err)
{
	struct scan s = { text, file, 1, rules, NULL, err };
	int r;

	s.top = ep_conf_new(file, "", "", 0);
	if (!s.top)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = scan_top(&s);
	if (r < 0) {
		ep_conf_free(s.top);
		return r;
	}
	*ret = s.top;
	return 0;
}

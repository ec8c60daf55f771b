/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runners/workflow.h"

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

void ep_template_done(struct ep_template *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->parts[i].text);
	free(t->parts);
	memset(t, 0, sizeof(*t));
}

static int add_part(struct ep_template *t, char *text, size_t step)
{
	struct ep_template_part *parts = t->parts;

	if ((t->count & (t->count - 1)) == 0) {
		parts = realloc(parts,
				(t->count ? 2 * t->count : 1) * sizeof(*parts));
		if (!parts) {
			free(text);
			return -ENOMEM;
		}
		t->parts = parts;
	}
	parts[t->count++] =
		(struct ep_template_part){ .text = text, .step = step };
	return 0;
}

static int add_text(struct ep_template *t, const char *text, size_t len)
{
	char *copy = strndup(text, len);

	return copy ? add_part(t, copy, 0) : -ENOMEM;
}

/* The step that "id.answer" or "id.text" means. */
static int find_result(const char *name, size_t len,
		       const struct ep_step *steps, size_t count,
		       struct ep_err *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t id_len = strlen(steps[i].id);
		const char *what =
			steps[i].kind == EP_STEP_CALL ? "answer" : "text";

		if (id_len + 1 > len ||
		    strncmp(steps[i].id, name, id_len) != 0 ||
		    name[id_len] != '.')
			continue;
		if (steps[i].kind == EP_STEP_PAUSE)
			return ep_err_set(err, -EINVAL,
					  "'%s' is a pause and has no text",
					  steps[i].id);
		if (len - id_len - 1 == strlen(what) &&
		    strncmp(name + id_len + 1, what, strlen(what)) == 0)
			return (int)i;
		return ep_err_set(err, -EINVAL,
				  "there is no {%.*s}; write {%s.%s}", (int)len,
				  name, steps[i].id, what);
	}
	return ep_err_set(err, -EINVAL,
			  "{%.*s} is nothing that an earlier step gives: use "
			  "{ID.answer} of a call above or {ID.text} of a file "
			  "or command above; {{ is a plain brace",
			  len < 60 ? (int)len : 60, name);
}

int ep_template_parse(const char *text, const struct ep_step *steps,
		      size_t count, struct ep_template *ret, struct ep_err *err)
{
	struct ep_template t = { 0 };
	int r = 0;

	while (r >= 0 && *text) {
		size_t plain = strcspn(text, "{"), len;

		if (plain > 0) {
			r = add_text(&t, text, plain);
			text += plain;
			continue;
		}
		len = strspn(text + 1, NAME_CHARS);
		if (len > 0 && text[1 + len] == '}') {
			r = find_result(text + 1, len, steps, count, err);
			if (r >= 0)
				r = add_part(&t, NULL, (size_t)r);
			text += len + 2;
			continue;
		}
		r = add_text(&t, "{", 1);
		text += text[1] == '{' ? 2 : 1;
	}
	if (r >= 0) {
		*ret = t;
		return 0;
	}
	if (r == -ENOMEM)
		ep_err_set(err, r, "out of memory");
	ep_template_done(&t);
	return r;
}

int ep_template_fill(const struct ep_template *t, char *const *results,
		     struct ep_buf *ret)
{
	int r = ep_buf_adds(ret, "");

	for (size_t i = 0; r == 0 && i < t->count; i++)
		r = ep_buf_adds(ret, t->parts[i].text
					     ? t->parts[i].text
					     : results[t->parts[i].step]);
	return r;
}

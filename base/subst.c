/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/subst.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define ARGUMENT_BYTES_MAX ((size_t)128 * 1024)

/* The entry that "{name}" at text stands for; NULL when it is none. */
static const struct ep_subst *entry_at(const char *text,
				       const struct ep_subst *list)
{
	size_t len = strcspn(text + 1, "{}");

	if (text[1 + len] != '}')
		return NULL;
	for (; list->name; list++)
		if (strlen(list->name) == len &&
		    strncmp(list->name, text + 1, len) == 0)
			return list;
	return NULL;
}

static int expand(const char *text, const struct ep_subst *list,
		  struct ep_buf *out)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t plain = strcspn(text, "{");
		const struct ep_subst *entry;

		if (plain > 0) {
			r = ep_buf_add(out, text, plain);
			text += plain;
			continue;
		}
		entry = entry_at(text, list);
		if (text[1] == '{') {
			r = ep_buf_adds(out, "{");
			text += 2;
		} else if (entry) {
			r = ep_buf_adds(out, entry->value);
			text += strlen(entry->name) + 2;
		} else {
			r = ep_buf_adds(out, "{");
			text++;
		}
	}
	return r;
}

int ep_subst_text(const char *text, const struct ep_subst *list, char **ret)
{
	struct ep_buf out;
	int r;

	ep_buf_init(&out, ARGUMENT_BYTES_MAX);
	r = ep_buf_adds(&out, "");
	if (r == 0)
		r = expand(text, list, &out);
	if (r < 0) {
		ep_buf_done(&out);
		return r;
	}
	*ret = out.data;
	return 0;
}

int ep_subst_argv(char *const *argv, const struct ep_subst *list, char ***ret)
{
	size_t count = 0;
	char **copy;
	int r = 0;

	while (argv[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = ep_subst_text(argv[i], list, &copy[i]);
	if (r < 0) {
		ep_subst_free_argv(copy);
		return r;
	}
	*ret = copy;
	return 0;
}

void ep_subst_free_argv(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiler/export/anonymous.h"

#define PATH_BYTES 256
#define TEXT_BYTES_MAX ((size_t)1024 * 1024)
#define WORD_BYTES_MAX 64
/* No file of ours is as deep. */
#define DEPTH_MAX 8

struct job {
	const struct ep_kept_table *table;
	const struct ep_scrub *scrub;
	struct ep_err *err;
	int depth;
};

/* "drive.seed" is "drive.*", when no row before that one names it. */
static bool row_is(const char *row, const char *path)
{
	size_t len = strlen(row);

	if (row[len - 1] != '*')
		return strcmp(row, path) == 0;
	return strncmp(row, path, len - 1) == 0 && !strchr(path + len - 1, '[');
}

static const struct ep_kept *find(const struct job *j, const char *path)
{
	for (size_t i = 0; i < j->table->count; i++)
		if (row_is(j->table->rows[i].path, path))
			return &j->table->rows[i];
	return NULL;
}

static bool is_word(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    !strchr("._+- /", text[i]))
			return false;
	return len <= WORD_BYTES_MAX && text[0] != '/';
}

static int put_text(const struct job *j, const struct ep_kept *row,
		    const char *path, const char *text, json_t **ret)
{
	bool word = row->how == EP_KEPT_PLAIN && is_word(text) &&
		    !ep_scrub_hits(j->scrub, text);
	struct ep_buf b;
	int r;

	if (row->how == EP_KEPT_ID && ep_scrub_hits(j->scrub, text))
		return ep_err_set(j->err, -EPERM,
				  "%s '%.60s' holds the name of a host or a "
				  "user, and cannot be taken out: other files "
				  "refer to it; rename it in the board file",
				  path, text);
	ep_buf_init(&b, TEXT_BYTES_MAX);
	if (word || row->how == EP_KEPT_ID)
		r = ep_buf_adds(&b, text);
	else if (row->how == EP_KEPT_RULE)
		r = ep_scrub_put_names(j->scrub, text, &b);
	else
		r = ep_scrub_put(j->scrub, text, &b);
	if (r == 0) {
		*ret = json_string(b.data ? b.data : "");
		r = *ret ? 0 : -ENOMEM;
	}
	ep_buf_done(&b);
	return r;
}

static int copy(struct job *j, const char *path, json_t *was, json_t **ret);

static int copy_object(struct job *j, const char *path, json_t *was,
		       json_t **ret)
{
	json_t *is = json_object(), *value, *kept;
	const char *key;
	int r = is ? 0 : -ENOMEM;

	json_object_foreach(was, key, value)
	{
		char below[PATH_BYTES];

		kept = NULL;
		if (r == 0 &&
		    ep_str_format(below, sizeof(below), "%s%s%s", path,
				  path[0] ? "." : "", key) &&
		    !ep_scrub_hits(j->scrub, key))
			r = copy(j, below, value, &kept);
		if (r == 0 && kept && json_object_set_new(is, key, kept) < 0)
			r = -ENOMEM;
	}
	/* Nothing of it is known: then not even that it was there. */
	if (r < 0 || (json_object_size(is) == 0 && json_object_size(was) > 0)) {
		json_decref(is);
		return r;
	}
	*ret = is;
	return 0;
}

static int copy_array(struct job *j, const char *path, json_t *was,
		      json_t **ret)
{
	json_t *is = json_array(), *value;
	char below[PATH_BYTES];
	size_t i;
	int r = is && ep_str_format(below, sizeof(below), "%s[]", path)
			? 0
			: -ENOMEM;

	json_array_foreach(was, i, value)
	{
		json_t *kept = NULL;

		if (r == 0)
			r = copy(j, below, value, &kept);
		if (r == 0 && kept && json_array_append_new(is, kept) < 0)
			r = -ENOMEM;
	}
	if (r < 0) {
		json_decref(is);
		return r;
	}
	*ret = is;
	return 0;
}

static bool begins_a_row(const struct job *j, const char *path)
{
	for (size_t i = 0; i < j->table->count; i++)
		if (ep_str_starts(j->table->rows[i].path, path))
			return true;
	return false;
}

/* *ret stays NULL for what is left out. */
static int copy(struct job *j, const char *path, json_t *was, json_t **ret)
{
	const struct ep_kept *row = find(j, path);
	int r = 0;

	if (j->depth == DEPTH_MAX)
		return 0;
	if (json_is_object(was) || json_is_array(was)) {
		if (path[0] && !begins_a_row(j, path))
			return 0;
		j->depth++;
		r = json_is_object(was) ? copy_object(j, path, was, ret)
					: copy_array(j, path, was, ret);
		j->depth--;
	} else if (row && json_is_string(was)) {
		r = put_text(j, row, path, json_string_value(was), ret);
	} else if (row) {
		*ret = json_deep_copy(was);
		r = *ret ? 0 : -ENOMEM;
	}
	return r;
}

int ep_anonymous_json(const struct ep_kept_table *table,
		      const struct ep_scrub *s, json_t *o, json_t **ret,
		      struct ep_err *err)
{
	struct job j = { .table = table, .scrub = s, .err = err };
	json_t *is = NULL;
	int r = copy(&j, "", o, &is);

	if (r == 0 && !is) {
		is = json_object();
		r = is ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r == -EPERM ? r : ep_err_set(err, r, "out of memory");
	*ret = is;
	return 0;
}

/* Hosts of URLs. */
static int learn_texts(struct ep_scrub *s, json_t *o, int depth)
{
	const char *key;
	json_t *value;
	size_t i;
	int r = 0;

	if (json_is_string(o))
		return ep_scrub_add_hosts(s, json_string_value(o));
	if (depth == DEPTH_MAX)
		return 0;
	json_object_foreach(o, key, value) if (r == 0) r =
		learn_texts(s, value, depth + 1);
	if (json_is_array(o))
		json_array_foreach(o, i, value) if (r == 0) r =
			learn_texts(s, value, depth + 1);
	return r;
}

int ep_anonymous_learn(struct ep_scrub *s, json_t *run)
{
	json_t *host = json_object_get(run, "host");
	const char *name = json_string_value(json_object_get(host, "name"));
	json_t *board = json_object_get(run, "board");
	const char *serial =
		json_string_value(json_object_get(board, "serial"));
	const char *hash =
		json_string_value(json_object_get(board, "serial_hash"));
	const char *boot = json_string_value(json_object_get(run, "boot_id"));
	char first[256];
	int r = name ? ep_scrub_add_numbered(s, name, "host") : 0;

	/* "box.example.org" is also called "box". */
	if (r == 0 && name && strchr(name, '.') &&
	    ep_str_format(first, sizeof(first), "%.*s", (int)strcspn(name, "."),
			  name))
		r = ep_scrub_add_numbered(s, first, "host");
	if (r == 0 && serial)
		r = ep_scrub_add_numbered(s, serial, "board");
	if (r == 0 && hash)
		r = ep_scrub_add_numbered(s, hash, "board");
	if (r == 0 && boot)
		r = ep_scrub_add(s, boot, "ID");
	return r == 0 ? learn_texts(s, run, 0) : r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/differ.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

#define DEPTH_MAX 32
#define PATH_BYTES 400
#define EQUAL_WITHIN 1e-9
/* Differences of large numbers that should be 0. */
#define SMALLEST 1e-15

static bool numbers_equal(double a, double b)
{
	double larger = fmax(fabs(a), fabs(b));

	return fabs(a - b) <= fmax(EQUAL_WITHIN * larger, SMALLEST);
}

static bool is_figure_text(const char *key)
{
	return strcmp(key, "status") == 0 || strcmp(key, "code") == 0;
}

static bool values_equal(const struct ep_differ *d, const char *key,
			 const json_t *was, const json_t *is)
{
	if (json_is_number(was) && json_is_number(is))
		return numbers_equal(json_number_value(was),
				     json_number_value(is));
	if (json_typeof(was) != json_typeof(is))
		return false;
	if (!json_is_string(was) || (!d->texts && !is_figure_text(key)))
		return true;
	return strcmp(json_string_value(was), json_string_value(is)) == 0;
}

static void tell(struct ep_differ *d, const char *path, const json_t *was,
		 const json_t *is)
{
	d->differ_count++;
	if (d->tell)
		d->tell(d->ctx, path, was, is);
}

/* What tells the build, and is no figure. */
static bool is_of_the_build(const char *path)
{
	static const char *const paths[] = { "build",	    "derived",
					     "run.version", "run.build",
					     "schema",	    "run.schema" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

static void compare(struct ep_differ *d, const char *path, const char *key,
		    json_t *was, json_t *is);

static void missing(struct ep_differ *d, const char *path, const json_t *was)
{
	if (d->facts_left && ep_str_starts(path, "run."))
		return;
	d->figure_count++;
	tell(d, path, was, NULL);
}

static void compare_objects(struct ep_differ *d, const char *path, json_t *was,
			    json_t *is)
{
	const char *key;
	json_t *value;

	json_object_foreach(was, key, value)
	{
		char below[PATH_BYTES];
		json_t *other = json_object_get(is, key);

		(void)ep_str_format(below, sizeof(below), "%s%s%s", path,
				    path[0] ? "." : "", key);
		if (is_of_the_build(below))
			continue;
		if (other)
			compare(d, below, key, value, other);
		else
			missing(d, below, value);
	}
	json_object_foreach(is, key, value) if (!json_object_get(was, key))
		d->new_count++;
}

static void compare_arrays(struct ep_differ *d, const char *path, json_t *was,
			   json_t *is)
{
	size_t had = json_array_size(was), has = json_array_size(is);

	for (size_t i = 0; i < had || i < has; i++) {
		char below[PATH_BYTES];
		json_t *a = json_array_get(was, i), *b = json_array_get(is, i);

		(void)ep_str_format(below, sizeof(below), "%s[%zu]", path, i);
		if (a && b) {
			compare(d, below, "", a, b);
		} else if (a) {
			missing(d, below, a);
		} else {
			d->figure_count++;
			tell(d, below, NULL, b);
		}
	}
}

static void compare(struct ep_differ *d, const char *path, const char *key,
		    json_t *was, json_t *is)
{
	if (d->depth == DEPTH_MAX) {
		d->overflow_count++;
		return;
	}
	d->depth++;
	if (json_is_object(was) && json_is_object(is)) {
		compare_objects(d, path, was, is);
	} else if (json_is_array(was) && json_is_array(is)) {
		compare_arrays(d, path, was, is);
	} else {
		d->figure_count++;
		if (!values_equal(d, key, was, is))
			tell(d, path, was, is);
	}
	d->depth--;
}

void ep_differ(struct ep_differ *d, json_t *was, json_t *is)
{
	compare(d, "", "", was, is);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate_json SCHEMA FILE...: checks JSON files against a JSON Schema
 * (draft 2020-12).  Knows the keywords docs/report.schema.json uses and refuses
 * a schema with any other, so that none is silently ignored.
 * Exit 0 valid, 1 not valid (each fault on a line), 2 unreadable.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 512
#define DEPTH_MAX 64

struct check {
	json_t *schema;
	const char *file;
	int fault_count;
	int depth;
};

static void fault(struct check *c, const char *path, const char *what,
		  const char *detail)
{
	(void)printf("%s: %s: %s%s\n", c->file, path[0] != '\0' ? path : "/",
		     what, detail);
	c->fault_count++;
}

static bool has_type(const json_t *value, const char *type)
{
	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	if (strcmp(type, "null") == 0)
		return json_is_null(value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	return strcmp(type, "number") == 0 && json_is_number(value);
}

static void check_value(struct check *c, json_t *schema, json_t *value,
			const char *path);

static void check_type(struct check *c, json_t *types, json_t *value,
		       const char *path)
{
	size_t i;
	json_t *type;

	if (json_is_string(types)) {
		if (!has_type(value, json_string_value(types)))
			fault(c, path, "is not of type ",
			      json_string_value(types));
		return;
	}
	json_array_foreach(
		types, i,
		type) if (has_type(value, json_string_value(type))) return;
	fault(c, path, "is of none of the allowed types", "");
}

static void check_ref(struct check *c, json_t *ref, json_t *value,
		      const char *path)
{
	static const char prefix[] = "#/$defs/";
	const char *name = json_string_value(ref);
	json_t *target = NULL;

	if (name && strncmp(name, prefix, strlen(prefix)) == 0)
		target = json_object_get(json_object_get(c->schema, "$defs"),
					 name + strlen(prefix));
	if (target)
		check_value(c, target, value, path);
	else
		fault(c, path, "schema: cannot follow ", name ? name : "$ref");
}

static void check_enum(struct check *c, json_t *allowed, json_t *value,
		       const char *path)
{
	size_t i;
	json_t *one;

	json_array_foreach(allowed, i, one) if (json_equal(one, value)) return;
	fault(c, path, "is not one of the allowed values", "");
}

static void check_required(struct check *c, json_t *names, json_t *value,
			   const char *path)
{
	size_t i;
	json_t *name;

	json_array_foreach(
		names, i,
		name) if (json_is_object(value) &&
			  !json_object_get(value, json_string_value(name)))
		fault(c, path, "lacks ", json_string_value(name));
}

static void check_members(struct check *c, json_t *schema, json_t *value,
			  const char *path)
{
	json_t *known = json_object_get(schema, "properties");
	json_t *other = json_object_get(schema, "additionalProperties");
	char at[PATH_BYTES];
	const char *key;
	json_t *member;

	if (!json_is_object(value))
		return;
	json_object_foreach(value, key, member)
	{
		json_t *one = json_object_get(known, key);

		(void)snprintf(at, sizeof(at), "%s/%s", path, key);
		if (one)
			check_value(c, one, member, at);
		else if (json_is_false(other))
			fault(c, at, "is not known to the schema", "");
		else if (json_is_object(other))
			check_value(c, other, member, at);
	}
}

static void check_items(struct check *c, json_t *items, json_t *value,
			const char *path)
{
	char at[PATH_BYTES];
	size_t i;
	json_t *item;

	json_array_foreach(value, i, item)
	{
		(void)snprintf(at, sizeof(at), "%s/%zu", path, i);
		check_value(c, items, item, at);
	}
}

static bool is_annotation(const char *keyword)
{
	static const char *const names[] = { "$schema",
					     "$id",
					     "$defs",
					     "title",
					     "description",
					     "properties",
					     "additionalProperties" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], keyword) == 0)
			return true;
	return false;
}

static void check_keyword(struct check *c, const char *keyword, json_t *rule,
			  json_t *value, const char *path)
{
	if (strcmp(keyword, "type") == 0)
		check_type(c, rule, value, path);
	else if (strcmp(keyword, "$ref") == 0)
		check_ref(c, rule, value, path);
	else if (strcmp(keyword, "enum") == 0)
		check_enum(c, rule, value, path);
	else if (strcmp(keyword, "required") == 0)
		check_required(c, rule, value, path);
	else if (strcmp(keyword, "items") == 0)
		check_items(c, rule, value, path);
	else if (strcmp(keyword, "const") == 0 && !json_equal(rule, value))
		fault(c, path, "is not the constant of the schema", "");
	else if (strcmp(keyword, "minimum") == 0 && json_is_number(value) &&
		 json_number_value(value) < json_number_value(rule))
		fault(c, path, "is below its minimum", "");
	else if (strcmp(keyword, "minLength") == 0 && json_is_string(value) &&
		 json_string_length(value) < (size_t)json_integer_value(rule))
		fault(c, path, "is too short", "");
	else if (strcmp(keyword, "const") != 0 &&
		 strcmp(keyword, "minimum") != 0 &&
		 strcmp(keyword, "minLength") != 0 && !is_annotation(keyword))
		fault(c, path, "schema: unknown keyword ", keyword);
}

static void check_value(struct check *c, json_t *schema, json_t *value,
			const char *path)
{
	const char *keyword;
	json_t *rule;

	if (++c->depth > DEPTH_MAX)
		fault(c, path, "is nested too deep", "");
	else
		json_object_foreach(schema, keyword, rule)
			check_keyword(c, keyword, rule, value, path);
	if (c->depth <= DEPTH_MAX)
		check_members(c, schema, value, path);
	c->depth--;
}

int main(int argc, char **argv)
{
	struct check c = { 0 };
	json_error_t error;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: validate_json SCHEMA FILE...\n");
		return 2;
	}
	c.schema = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
	for (int i = 2; c.schema && i < argc; i++) {
		json_t *value =
			json_load_file(argv[i], JSON_REJECT_DUPLICATES, &error);

		c.file = argv[i];
		if (!value) {
			fault(&c, "", error.text, "");
			continue;
		}
		check_value(&c, c.schema, value, "");
		json_decref(value);
	}
	if (!c.schema) {
		(void)fprintf(stderr, "%s:%d: %s\n", argv[1], error.line,
			      error.text);
		return 2;
	}
	json_decref(c.schema);
	return c.fault_count > 0 ? 1 : 0;
}

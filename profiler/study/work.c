/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"

#define SCHEMA "edgeprof.work/1"
#define TASKS_MAX 100000

void ep_work_done(struct ep_work *w)
{
	if (!w)
		return;
	ep_study_done(&w->study);
	for (size_t i = 0; i < w->task_count; i++)
		free(w->tasks[i].items);
	free(w->tasks);
	ep_words_free(w->sensors);
	free(w->models);
	memset(w, 0, sizeof(*w));
}

size_t ep_work_item_count(const struct ep_work *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->task_count; i++)
		for (size_t k = 0; k < w->tasks[i].count; k++)
			count += !w->tasks[i].items[k].unkept;
	return count;
}

void ep_work_name(const struct ep_work_item *item, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "c%04llu-%s%lld-a%lld",
			    (unsigned long long)item->next.config + 1,
			    item->next.warmup ? "w" : "r",
			    (long long)item->next.repetition,
			    (long long)item->next.attempt);
}

/* configuration, warm-up, repetition, attempt, order, unkept */
static json_t *task_to_json(const struct ep_work_task *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->count; i++) {
		const struct ep_work_item *item = &t->items[i];

		json_array_append_new(
			a,
			json_pack("[IiIIIi]", (json_int_t)item->next.config,
				  (int)item->next.warmup,
				  (json_int_t)item->next.repetition,
				  (json_int_t)item->next.attempt,
				  (json_int_t)item->order, (int)item->unkept));
	}
	return a;
}

static json_t *sensors_to_json(char *const *words)
{
	json_t *a = json_array();

	for (size_t i = 0; words && words[i]; i++)
		json_array_append_new(a, json_string(words[i]));
	return a;
}

char *ep_work_to_text(const struct ep_work *w, int64_t task)
{
	json_t *o = json_object(), *tasks = json_array();
	char *text;

	json_object_set_new(o, "schema", json_string(SCHEMA));
	json_object_set_new(o, "id", json_string(w->study_id));
	json_object_set_new(o, "version", json_string(w->version));
	json_object_set_new(o, "nonce", json_string(w->nonce));
	json_object_set_new(o, "mixed_versions",
			    json_boolean(w->mixed_versions));
	json_object_set_new(o, "study", ep_study_to_json(&w->study));
	for (size_t i = 0; i < w->task_count; i++)
		if (task < 0 || (size_t)task == i)
			json_array_append_new(tasks,
					      task_to_json(&w->tasks[i]));
	json_object_set_new(o, "tasks", tasks);
	json_object_set_new(o, "sensors", sensors_to_json(w->sensors));
	json_object_set_new(o, "models",
			    json_string(w->models ? w->models : ""));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

static int read_item(const json_t *a, const struct ep_study *s,
		     struct ep_work_item *ret)
{
	int64_t n[6];

	for (size_t i = 0; i < 6; i++) {
		const json_t *o = json_array_get(a, i);

		n[i] = json_is_integer(o) ? json_integer_value(o) : -1;
		if (n[i] < 0)
			return -EBADMSG;
	}
	if ((uint64_t)n[0] >= ep_plan_config_count(s) || n[2] < 1)
		return -EBADMSG;
	*ret = (struct ep_work_item){
		.next = { .config = (uint64_t)n[0],
			  .warmup = n[1] != 0,
			  .repetition = n[2],
			  .attempt = n[3] },
		.order = n[4],
		.unkept = n[5] != 0,
	};
	return 0;
}

static int read_task(const json_t *a, const struct ep_study *s,
		     struct ep_work_task *ret)
{
	size_t count = json_array_size(a);
	int r = 0;

	if (count == 0 || count > EP_WORK_ITEMS_MAX)
		return -EBADMSG;
	ret->items = calloc(count, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	ret->count = count;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_item(json_array_get(a, i), s, &ret->items[i]);
	return r;
}

static int read_tasks(const json_t *a, struct ep_work *w)
{
	size_t count = json_array_size(a);
	int r = 0;

	if (count == 0 || count > TASKS_MAX)
		return -EBADMSG;
	w->tasks = calloc(count, sizeof(*w->tasks));
	if (!w->tasks)
		return -ENOMEM;
	w->task_count = count;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_task(json_array_get(a, i), &w->study, &w->tasks[i]);
	return r;
}

static int read_sensors(const json_t *a, struct ep_work *w)
{
	size_t count = json_array_size(a);

	if (count == 0)
		return 0;
	w->sensors = calloc(count + 1, sizeof(*w->sensors));
	for (size_t i = 0; w->sensors && i < count; i++) {
		const char *text = json_string_value(json_array_get(a, i));

		w->sensors[i] = strdup(text ? text : "");
		if (!w->sensors[i])
			return -ENOMEM;
	}
	return w->sensors ? 0 : -ENOMEM;
}

static bool copy(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && ep_str_copy(ret, size, text);
}

static int read_work(const json_t *o, struct ep_work *w, struct ep_err *err)
{
	const char *models = json_string_value(json_object_get(o, "models"));
	char schema[40] = "";
	int r;

	if (!copy(o, "schema", schema, sizeof(schema)) ||
	    strcmp(schema, SCHEMA) != 0)
		return ep_err_set(err, -EBADMSG,
				  "this is no work for this edgeprof: schema "
				  "'%s', not " SCHEMA,
				  schema);
	if (!copy(o, "id", w->study_id, sizeof(w->study_id)) ||
	    !copy(o, "version", w->version, sizeof(w->version)) ||
	    !copy(o, "nonce", w->nonce, sizeof(w->nonce)))
		return -EBADMSG;
	w->mixed_versions = json_is_true(json_object_get(o, "mixed_versions"));
	r = ep_study_from_json(json_object_get(o, "study"), &w->study, err);
	if (r == 0)
		r = read_tasks(json_object_get(o, "tasks"), w);
	if (r == 0)
		r = read_sensors(json_object_get(o, "sensors"), w);
	if (r == 0 && models && models[0]) {
		w->models = strdup(models);
		r = w->models ? 0 : -ENOMEM;
	}
	return r;
}

int ep_work_from_text(const char *text, size_t len, struct ep_work *ret,
		      struct ep_err *err)
{
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct ep_err why = { 0 };
	struct ep_work w;
	int r;

	memset(&w, 0, sizeof(w));
	r = json_is_object(o) ? read_work(o, &w, &why) : -EBADMSG;
	json_decref(o);
	if (r < 0) {
		ep_work_done(&w);
		return ep_err_set(err, r, "%s",
				  why.text[0] ? why.text
					      : "the work is damaged");
	}
	*ret = w;
	return 0;
}

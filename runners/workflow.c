/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/workflow.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "base/words.h"

#define RANDOMNESS_MAX 10.0
#define MAX_TOKENS_MAX 1000000
#define CTX_MAX (16 * 1024 * 1024)
#define COMMAND_TIMEOUT_NS (60 * EP_NS_PER_S)
#define DAY_NS (86400 * EP_NS_PER_S)

static const struct ep_param top_params[] = {
	{ "model", "", "of calls that name none" },
	{ "temperature", "", "of calls that say none" },
	{ "max_tokens", "", "of calls that say none" },
	{ "seed", "", "" },
	{ "ctx", "", "" },
	{ "gpu_layers", "", "" },
	{ "repeat", "1", "rounds of the whole" },
	{ NULL, NULL, NULL },
};
static const struct ep_param call_params[] = {
	{ "prompt", NULL, "what is asked" },
	{ "model", "", "" },
	{ "temperature", "", "" },
	{ "max_tokens", "", "" },
	{ "repeat", "1", "" },
	{ NULL, NULL, NULL },
};
static const struct ep_param file_params[] = {
	{ "path", NULL, "the file to read" },
	{ NULL, NULL, NULL },
};
static const struct ep_param command_params[] = {
	{ "run", NULL, "the program and its arguments" },
	{ "input", "", "what it reads" },
	{ "timeout", "60s", "" },
	{ NULL, NULL, NULL },
};
static const struct ep_param pause_params[] = {
	{ "time", NULL, "how long, such as 500ms" },
	{ NULL, NULL, NULL },
};
static const struct ep_conf_rule rules[] = {
	{ "", top_params, false, false },
	{ "call", call_params, true, true },
	{ "file", file_params, true, true },
	{ "command", command_params, true, true },
	{ "pause", pause_params, true, true },
	{ NULL, NULL, false, false },
};

void ep_workflow_free(struct ep_workflow *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->step_count; i++) {
		struct ep_step *s = &w->steps[i];

		free(s->id);
		ep_template_done(&s->text);
		free(s->model);
		free(s->path);
		ep_words_free(s->argv);
	}
	free(w->steps);
	free(w->model);
	free(w->name);
	free(w);
}

/* A copy of a text key; NULL where it is absent. */
static int get_text(const struct ep_conf *conf, const char *key, char **ret,
		    struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);

	if (!value)
		return 0;
	if (!value[0])
		return ep_conf_err(conf, key, err, "is empty");
	*ret = strdup(value);
	return *ret ? 0 : ep_err_set(err, -ENOMEM, "out of memory");
}

/* fallback where it is absent. */
static int get_count(const struct ep_conf *conf, const char *key,
		     const int64_t range[2], int64_t *ret, struct ep_err *err)
{
	char text[80];
	int r;

	if (!ep_conf_get(conf, key))
		return 0;
	r = ep_conf_get_i64(conf, key, 0, ret, err);
	if (r == 0 && *ret >= range[0] && *ret <= range[1])
		return 0;
	(void)ep_str_format(text, sizeof(text),
			    "must be a whole number from %lld to %lld",
			    (long long)range[0], (long long)range[1]);
	return ep_conf_err(conf, key, err, text);
}

static int get_randomness(const struct ep_conf *conf, double *ret,
			  struct ep_err *err)
{
	double value = 0;

	if (!ep_conf_get(conf, "temperature"))
		return 0;
	if (ep_conf_get_f64(conf, "temperature", 0, &value, err) < 0 ||
	    value < 0 || value > RANDOMNESS_MAX)
		return ep_conf_err(conf, "temperature", err,
				   "must be a number from 0 to 10");
	*ret = value;
	return 0;
}

static int get_template(const struct ep_conf *conf, const char *key,
			const struct ep_workflow *w, struct ep_template *ret,
			struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);
	json_t *utf8 = value ? json_string(value) : NULL;
	struct ep_err why = { 0 };
	int r;

	if (!value)
		return 0;
	if (!utf8)
		return ep_conf_err(conf, key, err,
				   "this is not UTF-8; convert the file");
	json_decref(utf8);
	if (!value[0])
		return ep_conf_err(conf, key, err, "is empty");
	r = ep_template_parse(value, w->steps, w->step_count, ret, &why);
	return r < 0 ? ep_conf_err(conf, key, err, why.text) : 0;
}

static const int64_t repeats[] = { 1, EP_WORKFLOW_REPEATS_MAX };
static const int64_t max_tokens[] = { 1, MAX_TOKENS_MAX };

static int read_call(const struct ep_conf *conf, const struct ep_workflow *w,
		     struct ep_step *s, struct ep_err *err)
{
	int r = get_template(conf, "prompt", w, &s->text, err);

	if (r == 0)
		r = get_text(conf, "model", &s->model, err);
	if (r == 0)
		r = get_randomness(conf, &s->randomness, err);
	if (r == 0)
		r = get_count(conf, "max_tokens", max_tokens,
			      &s->max_token_count, err);
	if (r == 0)
		r = get_count(conf, "repeat", repeats, &s->repeat_count, err);
	return r;
}

/* Paths that are not absolute begin at the folder of the workflow's file. */
static int read_file(const struct ep_conf *conf, const struct ep_workflow *w,
		     struct ep_step *s, struct ep_err *err)
{
	const char *slash = strrchr(w->name, '/');
	const char *path = ep_conf_get(conf, "path");
	struct ep_buf whole;
	int r = 0;

	if (!path[0])
		return ep_conf_err(conf, "path", err, "is empty");
	ep_buf_init(&whole, 8192);
	if (path[0] != '/' && slash)
		r = ep_buf_add(&whole, w->name, (size_t)(slash - w->name) + 1);
	if (r == 0)
		r = ep_buf_adds(&whole, path);
	if (r < 0) {
		ep_buf_done(&whole);
		return ep_conf_err(conf, "path", err, strerror(-r));
	}
	s->path = whole.data;
	return 0;
}

static int get_duration(const struct ep_conf *conf, const char *key,
			int64_t *ret_ns, struct ep_err *err)
{
	int64_t ns = 0;
	int r = ep_conf_get_duration_ns(conf, key, *ret_ns, &ns, err);

	if (r == 0 && (ns <= 0 || ns > DAY_NS))
		r = ep_conf_err(conf, key, err,
				"must be more than 0s and at most 24h");
	if (r == 0)
		*ret_ns = ns;
	return r;
}

static int read_command(const struct ep_conf *conf, const struct ep_workflow *w,
			struct ep_step *s, struct ep_err *err)
{
	struct ep_err why = { 0 };

	if (ep_words_split(ep_conf_get(conf, "run"), &s->argv, &why) < 0)
		return ep_conf_err(conf, "run", err, why.text);
	if (!s->argv[0] || !s->argv[0][0])
		return ep_conf_err(conf, "run", err, "there is no command");
	s->timeout_ns = COMMAND_TIMEOUT_NS;
	if (get_duration(conf, "timeout", &s->timeout_ns, err) < 0)
		return -EINVAL;
	return get_template(conf, "input", w, &s->text, err);
}

static int read_pause(const struct ep_conf *conf, const struct ep_workflow *w,
		      struct ep_step *s, struct ep_err *err)
{
	(void)w;
	return get_duration(conf, "time", &s->pause_ns, err);
}

static int check_id(const struct ep_conf *conf, const struct ep_workflow *w,
		    struct ep_err *err)
{
	const char *id = conf->title;

	for (const char *p = id; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && *p != '_' && *p != '-')
			return ep_err_set(err, -EINVAL,
					  "%s:%d: %s \"%s\": a name holds "
					  "letters, digits, '_' and '-'",
					  conf->file, conf->line, conf->kind,
					  id);
	for (size_t i = 0; i < w->step_count; i++)
		if (strcmp(w->steps[i].id, id) == 0)
			return ep_err_set(err, -EINVAL,
					  "%s:%d: two steps are called \"%s\"",
					  conf->file, conf->line, id);
	return 0;
}

static int read_step(const struct ep_conf *conf, struct ep_workflow *w,
		     struct ep_err *err)
{
	static const struct {
		const char *kind;
		int (*read)(const struct ep_conf *conf,
			    const struct ep_workflow *w, struct ep_step *s,
			    struct ep_err *err);
	} kinds[] = {
		[EP_STEP_CALL] = { "call", read_call },
		[EP_STEP_FILE] = { "file", read_file },
		[EP_STEP_COMMAND] = { "command", read_command },
		[EP_STEP_PAUSE] = { "pause", read_pause },
	};
	struct ep_step *s = &w->steps[w->step_count];
	int r = check_id(conf, w, err);

	if (r < 0)
		return r;
	s->randomness = (double)NAN;
	s->repeat_count = 1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(conf->kind, kinds[i].kind) != 0)
			continue;
		s->kind = (enum ep_step_kind)i;
		r = kinds[i].read(conf, w, s, err);
	}
	/* It is freed with the others whatever came of it. */
	w->step_count++;
	s->id = strdup(conf->title);
	return s->id ? r : ep_err_set(err, -ENOMEM, "out of memory");
}

size_t ep_workflow_calls(const struct ep_workflow *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->step_count; i++)
		if (w->steps[i].kind == EP_STEP_CALL)
			count += (size_t)w->steps[i].repeat_count;
	return count;
}

static int read_top(const struct ep_conf *conf, struct ep_workflow *w,
		    struct ep_err *err)
{
	const struct {
		const char *key;
		int64_t range[2];
		int64_t *value;
	} counts[] = {
		{ "max_tokens", { 1, MAX_TOKENS_MAX }, &w->max_token_count },
		{ "seed", { 0, INT32_MAX }, &w->seed },
		{ "ctx", { 1, CTX_MAX }, &w->ctx_count },
		{ "gpu_layers", { 0, 10000 }, &w->gpu_layer_count },
		{ "repeat", { 1, EP_WORKFLOW_REPEATS_MAX }, &w->repeat_count },
	};
	int r = get_text(conf, "model", &w->model, err);

	if (r == 0)
		r = get_randomness(conf, &w->randomness, err);
	for (size_t i = 0; r == 0 && i < sizeof(counts) / sizeof(counts[0]);
	     i++)
		r = get_count(conf, counts[i].key, counts[i].range,
			      counts[i].value, err);
	return r;
}

static int read_all(const struct ep_conf *conf, struct ep_workflow *w,
		    struct ep_err *err)
{
	int r;

	w->randomness = (double)NAN;
	w->seed = w->gpu_layer_count = -1;
	w->repeat_count = 1;
	if (conf->section_count > EP_WORKFLOW_STEPS_MAX)
		return ep_err_set(err, -EINVAL, "%s: more than %d steps",
				  conf->file, EP_WORKFLOW_STEPS_MAX);
	w->name = strdup(conf->file);
	w->steps = calloc(conf->section_count + 1, sizeof(*w->steps));
	if (!w->name || !w->steps)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = read_top(conf, w, err);
	for (size_t i = 0; r == 0 && i < conf->section_count; i++)
		r = read_step(conf->sections[i], w, err);
	if (r == 0 && ep_workflow_calls(w) == 0)
		r = ep_err_set(err, -EINVAL,
			       "%s: no call: nothing is asked of the server",
			       conf->file);
	if (r == 0 &&
	    ep_workflow_calls(w) * (size_t)w->repeat_count > EP_PROMPTS_MAX)
		r = ep_err_set(err, -EINVAL, "%s: more than %d requests in all",
			       conf->file, EP_PROMPTS_MAX);
	return r;
}

int ep_workflow_load(const char *path, struct ep_workflow **ret,
		     struct ep_err *err)
{
	struct ep_workflow *w = calloc(1, sizeof(*w));
	struct ep_conf *conf = NULL;
	int r;

	if (!w)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_conf_load(path, rules, &conf, err);
	if (r == 0)
		r = read_all(conf, w, err);
	ep_conf_free(conf);
	if (r < 0) {
		ep_workflow_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

const char *ep_workflow_unlimited(const struct ep_workflow *w)
{
	for (size_t i = 0; i < w->step_count; i++)
		if (w->steps[i].kind == EP_STEP_CALL &&
		    w->steps[i].max_token_count == 0)
			return w->steps[i].id;
	return NULL;
}

void ep_workflow_apply(const struct ep_workflow *w, struct ep_drive *d)
{
	d->steps = w;
	if (!d->model)
		d->model = w->model;
	for (size_t i = 0; i < w->step_count && !d->model; i++)
		d->model = w->steps[i].model;
	if (d->seed < 0)
		d->seed = w->seed;
	if (d->gpu_layer_count < 0)
		d->gpu_layer_count = w->gpu_layer_count;
	if (d->ctx_count == 0)
		d->ctx_count = w->ctx_count;
	if (d->max_token_count == 0)
		d->max_token_count = w->max_token_count;
}

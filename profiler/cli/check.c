/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/cli/cli.h"

#define OUTPUT_BYTES_MAX ((size_t)256 * 1024 * 1024)

static void side_done(struct ep_check_side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		free(side->members[i].key);
		free(side->members[i].figures);
	}
	free(side->members);
}

void ep_check_work_done(struct ep_check_work *w)
{
	ep_observations_done(&w->seen);
	side_done(&w->now);
	side_done(&w->base);
	for (size_t i = 0; i < w->name_count; i++)
		free(w->names[i]);
	free(w->names);
	free(w->places);
	free(w->result.items);
}

/* What is asked of one member: its limits, then its baseline. */
static int judge_member(struct ep_check_work *w,
			const struct ep_check_member *m, struct ep_err *err)
{
	struct ep_check_result *result = &w->result;
	struct ep_check_item *items = &result->items[result->count];
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < w->o->limit_count; i++) {
		const struct ep_check_limit *l = &w->o->limits[i];
		struct ep_check_item *item = &items[count++];
		size_t k = 0;

		while (strcmp(w->metrics[k], l->metric) != 0)
			k++;
		item->kind = l->kind;
		item->limit = l->value;
		item->now = m->figures[k];
		(void)ep_str_copy(item->metric, sizeof(item->metric),
				  l->metric);
	}
	ep_check_boards(w, m, NULL);
	if (w->o->baseline_count > 0) {
		r = ep_check_against(w, m, &items[count], err);
		for (size_t k = 0; k < w->metric_count; k++)
			count += w->with_baseline[k];
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		(void)ep_str_copy(items[i].group, sizeof(items[i].group),
				  m->name);
		ep_check_judge(&items[i], &w->o->rules);
	}
	result->count += r == 0 ? count : 0;
	return r;
}

static int judge(struct ep_check_work *w, struct ep_err *err)
{
	size_t each = w->o->limit_count + w->metric_count;
	int r = 0;

	w->result.items =
		calloc(w->now.count * each + 1, sizeof(*w->result.items));
	if (!w->result.items)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < w->now.count; i++)
		r = judge_member(w, &w->now.members[i], err);
	w->result.notes = w->seen.notes;
	w->result.note_count = w->seen.note_count;
	w->result.warnings = w->warnings.texts;
	w->result.warning_count = w->warnings.count;
	return r;
}

static int work(struct ep_check_work *w, struct ep_err *err)
{
	const struct ep_check_options *o = w->o;
	int r = ep_check_metrics(w, err);

	if (r == 0)
		r = ep_check_gather(w, &w->now, o->folders, o->folder_count,
				    err);
	if (r == 0 && o->baseline_count > 0) {
		r = ep_check_gather(w, &w->base, o->baselines,
				    o->baseline_count, err);
		if (r < 0)
			(void)ep_err_prefix(err, "--baseline");
	}
	if (r == 0)
		r = ep_check_names(w, err);
	return r < 0 ? r : judge(w, err);
}

/* A CI log shows why a job failed, wherever the report went. */
static void tell_failures(const struct ep_check_result *result)
{
	char end[200];

	for (size_t i = 0; i < result->count; i++) {
		const struct ep_check_item *item = &result->items[i];

		if (item->fails || item->verdict == EP_CHECK_CANNOT_JUDGE)
			(void)fprintf(stderr,
				      "edgeprof check: %s: %s: %s: %s\n",
				      item->group, ep_check_label(item),
				      item->asked, item->text);
	}
	ep_check_conclude(result, end, sizeof(end));
	(void)fprintf(stderr, "edgeprof check: %s\n", end);
}

static int put_output(const struct ep_check_options *o,
		      const struct ep_check_result *result, struct ep_err *err)
{
	struct ep_buf b;
	int r;

	ep_buf_init(&b, OUTPUT_BYTES_MAX);
	r = o->format->render(result, &b);
	r = r < 0 ? ep_err_set(err, r, "%s", strerror(-r))
		  : ep_cli_put(o->output, &b, "the result", err);
	ep_buf_done(&b);
	return r;
}

static int status_of(const struct ep_check_result *result)
{
	struct ep_check_tally t = ep_check_count(result);

	return t.fail > 0	? EP_EXIT_NO
	       : t.unjudged > 0 ? EP_EXIT_USAGE
				: EP_EXIT_OK;
}

static int check(const struct ep_check_options *o, struct ep_err *err)
{
	struct ep_check_work *w = calloc(1, sizeof(*w));
	int r, status = EP_EXIT_OK;

	if (!w)
		return ep_err_set(err, -ENOMEM, "out of memory");
	w->o = o;
	r = work(w, err);
	if (r == 0) {
		status = status_of(&w->result);
		r = put_output(o, &w->result, err);
	}
	if (r == 0 && o->output)
		tell_failures(&w->result);
	ep_check_work_done(w);
	free(w);
	return r < 0 ? r : status;
}

int ep_cmd_check(int argc, char **argv)
{
	struct ep_check_options o;
	struct ep_err err = { 0 };
	int status = EP_EXIT_OK;
	int r = ep_check_options_parse(argc, argv, &o, &err);

	if (r == 0 && o.help)
		(void)fputs(ep_check_help, stdout);
	else if (r == 0)
		r = check(&o, &err);
	if (r < 0) {
		ep_str_printable(err.text);
		(void)fprintf(stderr, "edgeprof check: %s\n",
			      err.text[0] ? err.text : strerror(-r));
		status = r == -ENOMEM || r == -EIO ? EP_EXIT_INTERNAL
						   : EP_EXIT_USAGE;
	} else {
		status = r;
	}
	ep_check_options_done(&o);
	if (fflush(stdout) != 0 && status == EP_EXIT_OK)
		status = EP_EXIT_INTERNAL;
	return status;
}

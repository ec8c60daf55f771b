/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/words.h"
#include "profiler/analyze/analyze.h"
#include "profiler/analyze/study_memory.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/report_parts.h"
#include "profiler/cli/sweep.h"
#include "profiler/report/formats.h"

/* What is read of results.csv, without an end of its own. */
struct wanted {
	char **chosen; /* of --metric; owned */
	const char *names[EP_SUMMARY_METRICS_MAX + 1];
	size_t count;
};

/* The study, and what stands beside it. */
struct asked_study {
	struct ep_summary summary, other;
	struct ep_report *run;
	struct ep_asked asked;
};

bool ep_report_is_study(int dir_fd)
{
	return faccessat(dir_fd, "study.json", F_OK, 0) == 0 &&
	       faccessat(dir_fd, "run.json", F_OK, 0) < 0;
}

/* A name without a phase, and one that is there, adds nothing: what is wrong
 * with it is said when the study is read. */
static int want(struct wanted *w, const char *name, struct ep_err *err)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->names[i], name) == 0)
			return 0;
	if (!strchr(name, '.'))
		return 0;
	if (w->count == EP_SUMMARY_METRICS_MAX)
		return ep_err_set(err, -E2BIG,
				  "too many figures: about %d can be named",
				  EP_SUMMARY_METRICS_MAX / 2);
	w->names[w->count++] = name;
	return 0;
}

static int want_all(struct wanted *w, const char *const *names,
		    struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && names && names[i]; i++)
		r = want(w, names[i], err);
	return r;
}

/* Those of --metric first. */
static int list_wanted(const struct ep_report_options *q, struct wanted *w,
		       struct ep_err *err)
{
	int r = 0;

	if (q->metrics)
		r = ep_words_list(q->metrics, &w->chosen, err);
	if (r == 0 && w->chosen)
		r = want_all(w, (const char *const *)w->chosen, err);
	if (r == 0)
		r = want_all(w, q->format->study->metrics, err);
	if (r == 0)
		r = want_all(w, ep_summary_asked_metrics, err);
	if (r == 0 && q->asked.best)
		r = want(w, q->asked.best, err);
	for (size_t i = 0; r == 0 && i < q->asked.bound_count; i++)
		r = want(w, q->asked.bounds[i].metric, err);
	return r;
}

static int check_chosen(const struct wanted *w, struct ep_summary *s,
			struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && w->chosen && w->chosen[i]; i++)
		r = ep_summary_check(s, w->chosen[i], err);
	for (size_t i = 0; w->chosen && w->chosen[i]; i++)
		s->chosen_count = i + 1;
	/* One that was named twice was read once. */
	for (size_t i = 0; w->chosen && w->chosen[i]; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(w->chosen[i], w->chosen[k]) == 0) {
				s->chosen_count--;
				break;
			}
	return r;
}

/* Of whose folder nothing is written. */
static int read_other(const char *dir, struct asked_study *a,
		      struct ep_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return ep_err_set(err, -ENOENT, "--against %s: %s", dir,
				  strerror(errno));
	if (ep_report_is_study(fd)) {
		r = ep_summary_read(fd, ep_summary_asked_metrics, &a->other,
				    err);
		a->asked.against_study = &a->other;
	} else {
		r = ep_analyze_run(fd, -1, &a->run, err);
		a->asked.against = a->run;
	}
	if (r < 0)
		(void)ep_err_prefix(err, "--against %s", dir);
	(void)close(fd);
	return r;
}

/* What is asked of a study, but not of how it is shown. */
static int check_format(const struct ep_report_options *q, struct ep_err *err)
{
	const struct ep_study_format *format = q->format->study;

	if (!format)
		return ep_err_set(err, -EINVAL,
				  "--format %s shows runs, not studies: give "
				  "one of the folders in %s/runs",
				  q->format->name, q->dir);
	if (q->metrics && !format->shows_chosen)
		return ep_err_set(err, -EINVAL,
				  "--metric of a study goes with --format "
				  "text, md, csv or json, not %s",
				  q->format->name);
	return 0;
}

static int read_study(const struct ep_report_options *q, int dir_fd,
		      struct asked_study *a, struct ep_err *err)
{
	struct wanted w = { .chosen = NULL };
	int r = check_format(q, err);

	a->asked = q->asked;
	if (r == 0)
		r = list_wanted(q, &w, err);
	if (r == 0) {
		r = ep_summary_read(dir_fd, w.names, &a->summary, err);
		if (r < 0)
			(void)ep_err_prefix(err, "%s", q->dir);
	}
	if (r == 0)
		r = check_chosen(&w, &a->summary, err);
	if (r == 0 && q->against)
		r = read_other(q->against, a, err);
	if (r == 0)
		r = ep_summary_ask(&a->summary, &a->asked, err);
	if (w.chosen)
		ep_words_free(w.chosen);
	return r;
}

/* How a search went, which its database alone knows; nothing without one. */
static int add_search(const struct ep_report_options *q, struct ep_buf *b)
{
#if EP_WITH_SQLITE
	char *text = NULL;
	size_t size = 0;
	FILE *to;
	int r = 0;

	if (q->format != &ep_format_text || q->metrics)
		return 0;
	to = open_memstream(&text, &size);
	if (!to)
		return -ENOMEM;
	ep_sweep_report_search(q->dir, to);
	if (fclose(to) != 0)
		r = -ENOMEM;
	else if (size > 0)
		r = ep_buf_add(b, text, size);
	free(text);
	return r;
#else
	(void)q;
	(void)b;
	return 0;
#endif
}

static int render(const struct ep_report_options *q, int dir_fd,
		  const struct ep_summary *s, struct ep_buf *b)
{
	const struct ep_study_format *format = q->format->study;
	struct ep_render_options options = { .folder = q->shown };
	struct ep_study_memory memory = { .count = 0 };
	int r = 0;

	if (format->wants_memory) {
		r = ep_study_memory_read(dir_fd, s, &memory);
		options.memory = &memory;
	}
	options.colour = ep_report_wants_colour(q);
	if (r == 0)
		r = format->render(s, &options, b);
	if (r == 0)
		r = add_search(q, b);
	ep_study_memory_done(&memory);
	return r;
}

int ep_report_study(const struct ep_report_options *q, int dir_fd)
{
	struct asked_study a = { .run = NULL };
	struct ep_err err = { 0 };
	struct ep_buf b;
	int r = read_study(q, dir_fd, &a, &err);

	ep_buf_init(&b, EP_REPORT_BYTES_MAX);
	if (r == 0)
		r = render(q, dir_fd, &a.summary, &b);
	ep_str_printable(err.text);
	if (r == 0) {
		r = ep_report_put(q, &b);
	} else {
		(void)fprintf(stderr, "edgeprof report: %s\n",
			      err.text[0] ? err.text : strerror(-r));
		r = r == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
	}
	ep_buf_done(&b);
	ep_summary_done(&a.summary);
	ep_summary_done(&a.other);
	ep_report_free(a.run);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/analyze/summary.h"
#include "profiler/cli/check.h"

#define KEY_BYTES_MAX ((size_t)1024 * 1024)

static int no_memory(struct ep_err *err)
{
	return ep_err_set(err, -ENOMEM, "out of memory");
}

/* A folder that is there twice would make two of one run. */
static int take_place(struct ep_check_work *w, const char *dir,
		      struct ep_err *err)
{
	void *bigger;
	struct stat st;

	if (stat(dir, &st) < 0)
		return ep_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return ep_err_set(err, -ENOTDIR,
				  "%s is no folder; give the folder of a run "
				  "or a study",
				  dir);
	for (size_t i = 0; i < w->place_count; i++)
		if (w->places[i].dev == st.st_dev &&
		    w->places[i].ino == st.st_ino)
			return ep_err_set(err, -EINVAL,
					  "%s is there twice; runs are not "
					  "compared with themselves",
					  dir);
	bigger = realloc(w->places, (w->place_count + 1) * sizeof(*w->places));
	if (!bigger)
		return no_memory(err);
	w->places = bigger;
	w->places[w->place_count].dev = st.st_dev;
	w->places[w->place_count++].ino = st.st_ino;
	return 0;
}

static struct ep_check_member *add_member(struct ep_check_work *w,
					  struct ep_check_side *side)
{
	struct ep_check_member *bigger =
		realloc(side->members, (side->count + 1) * sizeof(*bigger));
	struct ep_check_member *m;

	if (!bigger)
		return NULL;
	side->members = bigger;
	m = &side->members[side->count];
	*m = (struct ep_check_member){ .id = w->id_count };
	m->key = strdup("");
	m->figures = calloc(w->metric_count + 1, sizeof(*m->figures));
	if (!m->key || !m->figures) {
		free(m->key);
		free(m->figures);
		return NULL;
	}
	w->id_count++;
	side->count++;
	return m;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The levels of a configuration, the same text in every study that has it. */
static int make_key(const struct ep_summary *s,
		    const struct ep_summary_config *c, char **ret)
{
	char *parts[EP_SUMMARY_FACTORS_MAX] = { NULL };
	struct ep_buf b;
	int r = 0;

	ep_buf_init(&b, KEY_BYTES_MAX);
	for (size_t i = 0; r == 0 && i < s->factor_count; i++) {
		size_t size = strlen(s->factors[i]) + strlen(c->levels[i]) + 2;

		parts[i] = malloc(size);
		if (parts[i])
			(void)ep_str_format(parts[i], size, "%s=%s",
					    s->factors[i], c->levels[i]);
		r = parts[i] ? 0 : -ENOMEM;
	}
	if (r == 0)
		qsort(parts, s->factor_count, sizeof(parts[0]), by_text);
	for (size_t i = 0; r == 0 && i < s->factor_count; i++)
		r = ep_buf_addf(&b, "%s%s", i ? ", " : "", parts[i]);
	if (r == 0 && b.data) {
		free(*ret);
		*ret = b.data;
		b.data = NULL;
	}
	ep_buf_done(&b);
	for (size_t i = 0; i < s->factor_count; i++)
		free(parts[i]);
	return r;
}

static void take_cells(struct ep_check_work *w, const struct ep_summary *s,
		       const struct ep_summary_config *c,
		       struct ep_check_member *m)
{
	for (size_t i = 0; i < w->metric_count; i++) {
		int k = ep_summary_find(s, w->metrics[i]);

		m->figures[i].valid_count = (size_t)c->valid_count;
		m->figures[i].status_unknown = !s->status_known;
		if (k >= 0)
			m->figures[i].figure = c->cells[k].figure;
	}
}

static int take_config(struct ep_check_work *w, struct ep_check_side *side,
		       const struct ep_summary *s, size_t config,
		       const char *dir)
{
	const struct ep_summary_config *c = &s->configs[config];
	struct ep_check_member *m = add_member(w, side);
	int r = m ? make_key(s, c, &m->key) : -ENOMEM;

	if (r < 0)
		return r;
	(void)ep_str_format(m->name, sizeof(m->name), "%s%s%s", dir,
			    s->config_count > 1 ? ": " : "",
			    s->config_count > 1 ? m->key : "");
	ep_str_printable(m->name);
	take_cells(w, s, c, m);
	return 0;
}

/* The rows of a study, each to the member of its configuration. */
static void sort_rows(struct ep_check_work *w, const struct ep_summary *s,
		      size_t row, size_t first_id)
{
	size_t column = ep_table_find(&w->seen.table, "config");
	int64_t number;

	for (size_t i = row; i < w->seen.table.row_count; i++) {
		w->seen.groups[i] = EP_TABLE_NONE;
		if (ep_num_parse_i64(ep_table_get(&w->seen.table, i, column),
				     &number) < 0)
			continue;
		for (size_t k = 0; k < s->config_count; k++)
			if (s->configs[k].number == number)
				w->seen.groups[i] = first_id + k;
	}
}

static int keep_names(struct ep_check_work *w, const struct ep_summary *s)
{
	char **bigger = realloc(w->names, (w->name_count + s->name_count + 1) *
						  sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	w->names = bigger;
	for (size_t i = 0; i < s->name_count; i++) {
		w->names[w->name_count] = strdup(s->names[i]);
		if (!w->names[w->name_count])
			return -ENOMEM;
		w->name_count++;
	}
	for (size_t i = 0; i < s->note_count; i++)
		ep_check_warn(w, s->notes[i]);
	return 0;
}

static int take_study(struct ep_check_work *w, struct ep_check_side *side,
		      const char *dir, struct ep_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t row = w->seen.table.row_count, first_id = w->id_count;
	struct ep_summary s = { 0 };
	int r;

	if (fd < 0)
		return ep_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	r = ep_summary_read(fd, w->metrics, &s, err);
	(void)close(fd);
	if (r < 0)
		(void)ep_err_prefix(err, "%s", dir);
	else if (s.config_count == 0)
		r = ep_err_set(err, -ENODATA, "%s has no run yet", dir);
	if (r == 0)
		r = ep_observe_folder(&w->seen, dir, first_id, err);
	if (r == 0) {
		r = keep_names(w, &s);
		for (size_t i = 0; r == 0 && i < s.config_count; i++)
			r = take_config(w, side, &s, i, dir);
		if (r < 0)
			r = no_memory(err);
	}
	if (r == 0) {
		sort_rows(w, &s, row, first_id);
		ep_observe_facts(&w->seen, dir, row);
	}
	ep_summary_done(&s);
	return r;
}

static enum ep_status parse_status(const char *name)
{
	for (int s = EP_STATUS_OK; s < EP_STATUS_NOT_MEASURED; s++)
		if (name &&
		    strcmp(name, ep_status_name((enum ep_status)s)) == 0)
			return (enum ep_status)s;
	return EP_STATUS_NOT_MEASURED;
}

/* totals.PHASE.NAME of a report.json. */
static void read_figure(const struct ep_source *s, const char *metric,
			struct ep_check_run *ret)
{
	const char *dot = strchr(metric, '.');
	char phase[EP_CHECK_METRIC_BYTES];
	const json_t *figure, *reason;

	(void)ep_str_format(phase, sizeof(phase), "%.*s", (int)(dot - metric),
			    metric);
	figure = json_object_get(json_object_get(s->totals, phase), dot + 1);
	*ret = (struct ep_check_run){
		.run = { .value = (double)NAN, .u95 = (double)NAN },
		.status = EP_STATUS_NOT_MEASURED,
	};
	if (json_is_number(figure)) {
		ret->run.value = json_number_value(figure);
		ret->run.u95 = 0;
		ret->status = EP_STATUS_OK;
		return;
	}
	ep_group_read_json(figure, &ret->run);
	reason = json_object_get(figure, "reason");
	if (json_is_string(reason))
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  json_string_value(reason));
	ret->status = parse_status(
		json_string_value(json_object_get(figure, "status")));
	/* The status of a value that is said not to be one. */
	if (ret->status == EP_STATUS_NOT_MEASURED)
		ret->run.value = (double)NAN;
}

/* The run folders of a side as one group of repetitions. */
static int combine_runs(struct ep_check_work *w, struct ep_check_member *m,
			struct ep_err *err)
{
	struct ep_check_run *runs =
		calloc(w->seen.table.row_count + 1, sizeof(*runs));
	int r = runs ? 0 : no_memory(err);

	for (size_t i = 0; r == 0 && i < w->metric_count; i++) {
		size_t count = 0;

		for (size_t row = 0; row < w->seen.table.row_count; row++)
			if (w->seen.groups[row] == m->id)
				read_figure(&w->seen.list[w->seen.sources[row]],
					    w->metrics[i], &runs[count++]);
		m->figures[i].valid_count = count;
		r = ep_check_group(runs, count, &m->figures[i].figure);
		if (r < 0)
			r = no_memory(err);
	}
	free(runs);
	return r;
}

static bool is_study(const char *dir)
{
	char path[4200];

	if (!ep_str_format(path, sizeof(path), "%s/results.csv", dir))
		return false;
	return access(path, F_OK) == 0;
}

int ep_check_gather(struct ep_check_work *w, struct ep_check_side *side,
		    char *const *folders, size_t count, struct ep_err *err)
{
	size_t runs = EP_TABLE_NONE, run_count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *dir = folders[i];
		struct ep_check_member *m;

		r = take_place(w, dir, err);
		if (r < 0)
			break;
		if (is_study(dir)) {
			r = take_study(w, side, dir, err);
			continue;
		}
		if (run_count++ == 0) {
			m = add_member(w, side);
			if (!m)
				return no_memory(err);
			runs = side->count - 1;
			(void)ep_str_copy(m->name, sizeof(m->name), dir);
		}
		r = ep_observe_folder(&w->seen, dir, side->members[runs].id,
				      err);
	}
	if (r < 0 || run_count == 0)
		return r;
	if (run_count > 1) {
		char *name = side->members[runs].name;
		size_t used = strlen(name);

		(void)ep_str_format(name + used,
				    sizeof(side->members[runs].name) - used,
				    " and %zu more", run_count - 1);
	}
	ep_str_printable(side->members[runs].name);
	return combine_runs(w, &side->members[runs], err);
}

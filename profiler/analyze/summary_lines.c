/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "profiler/analyze/summary_parts.h"

#define COLUMNS_MAX 4096
#define FACTORS_FROM 8

static const char *const fixed[FACTORS_FROM] = {
	"study_id", "config",  "run",  "order",
	"valid",    "reasons", "host", "board_serial",
};

int ep_summary_damaged(const struct ep_summary_parser *p, const char *what)
{
	return ep_err_set(p->err, -EBADMSG,
			  "results.csv, line %zu: %s; edgeprof sweep makes it "
			  "again from the run folders (--rebuild)",
			  p->line, what);
}

static void find_columns(struct ep_summary_parser *p, size_t metric)
{
	const char *name = p->s->metrics[metric].name;
	struct ep_summary_columns *at = &p->at[metric];
	size_t len = strlen(name);

	for (size_t c = p->phase_column + 1; c < p->column_count; c++) {
		const char *end = p->fields[c] + len;

		if (strncmp(p->fields[c], name, len) != 0)
			continue;
		if (end[0] == '\0')
			at->value = c;
		else if (strcmp(end, "_u95") == 0)
			at->u95 = c;
		else if (strcmp(end, "_u_common") == 0)
			at->u_common = c;
		else if (strcmp(end, "_status") == 0)
			at->status = c;
	}
}

/* What stands beside figures; "" for the column of a figure itself. */
static void keep_names(struct ep_summary_parser *p)
{
	for (size_t c = p->phase_column + 1; c < p->column_count; c++) {
		const char *name = p->fields[c];

		if (c == p->folder_column || ep_str_ends(name, "_u95") ||
		    ep_str_ends(name, "_u_common") ||
		    ep_str_ends(name, "_status"))
			continue;
		(void)ep_str_copy(p->columns[c], sizeof(p->columns[c]), name);
	}
}

static int read_header(struct ep_summary_parser *p, char *line)
{
	int count = ep_csv_split(line, p->fields, COLUMNS_MAX);

	if (count < FACTORS_FROM + 1)
		return ep_summary_damaged(p, "no header of results");
	p->column_count = (size_t)count;
	for (size_t c = 0; c < FACTORS_FROM; c++)
		if (strcmp(p->fields[c], fixed[c]) != 0)
			return ep_summary_damaged(p, "no header of results");
	for (size_t c = FACTORS_FROM; c < p->column_count; c++) {
		if (strcmp(p->fields[c], "phase") == 0) {
			p->phase_column = c;
			break;
		}
		if (p->s->factor_count == EP_SUMMARY_FACTORS_MAX)
			return ep_summary_damaged(p, "too many factors");
		(void)ep_str_copy(p->s->factors[p->s->factor_count++],
				  sizeof(p->s->factors[0]), p->fields[c]);
	}
	if (p->phase_column == 0)
		return ep_summary_damaged(p, "no column \"phase\"");
	if (p->phase_column + 1 < p->column_count &&
	    strcmp(p->fields[p->phase_column + 1], "folder") == 0)
		p->folder_column = p->phase_column + 1;
	p->s->status_known = p->folder_column > 0;
	p->columns = calloc(p->column_count, sizeof(*p->columns));
	if (!p->columns)
		return -ENOMEM;
	for (size_t m = 0; m < p->s->metric_count; m++)
		find_columns(p, m);
	keep_names(p);
	return 0;
}

static int grow_configs(struct ep_summary_parser *p)
{
	size_t room = p->config_room ? p->config_room * 2 : 64;
	struct ep_summary_config *c;
	uint64_t *phases;

	if (p->s->config_count < p->config_room)
		return 0;
	c = realloc(p->s->configs, room * sizeof(*c));
	if (!c)
		return -ENOMEM;
	p->s->configs = c;
	phases = realloc(p->config_phases, room * sizeof(*phases));
	if (!phases)
		return -ENOMEM;
	p->config_phases = phases;
	p->config_room = room;
	return 0;
}

/* The configuration of that number, made when it is new. */
static int find_config(struct ep_summary_parser *p, int64_t number, size_t *ret)
{
	struct ep_summary *s = p->s;
	struct ep_summary_config *c;
	int r;

	/* Mostly that of the line before. */
	*ret = p->last_config;
	if (*ret < s->config_count && s->configs[*ret].number == number)
		return 0;
	for (size_t i = s->config_count; i-- > 0;)
		if (s->configs[i].number == number) {
			*ret = i;
			return 0;
		}
	r = grow_configs(p);
	if (r < 0)
		return r;
	c = &s->configs[s->config_count];
	*c = (struct ep_summary_config){ .number = number };
	p->config_phases[s->config_count] = 0;
	*ret = s->config_count++;
	for (size_t i = 0; i < s->factor_count; i++) {
		c->levels[i] = strdup(p->fields[FACTORS_FROM + i]);
		if (!c->levels[i])
			return -ENOMEM;
	}
	return 0;
}

static int add_value(struct ep_summary_parser *p,
		     const struct ep_summary_value *v)
{
	if (p->value_count == p->value_room) {
		size_t room = p->value_room ? p->value_room * 2 : 1024;
		struct ep_summary_value *grown =
			realloc(p->values, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		p->values = grown;
		p->value_room = room;
	}
	p->values[p->value_count++] = *v;
	p->s->metrics[v->metric].any = true;
	return 0;
}

/* NAN for a cell that is empty, and for one that is no finite number. */
static double number_at(struct ep_summary_parser *p, size_t column)
{
	double value;

	if (column == 0 || p->fields[column][0] == '\0')
		return (double)NAN;
	if (ep_num_parse_f64(p->fields[column], &value) == 0)
		return value;
	if (p->bad_count++ == 0)
		p->bad_line = p->line;
	return (double)NAN;
}

static enum ep_status status_at(struct ep_summary_parser *p, size_t column)
{
	if (column == 0 || p->fields[column][0] == '\0')
		return EP_STATUS_OK;
	for (int i = EP_STATUS_OK; i <= EP_STATUS_NOT_MEASURED; i++)
		if (strcmp(p->fields[column],
			   ep_status_name((enum ep_status)i)) == 0)
			return (enum ep_status)i;
	if (p->bad_count++ == 0)
		p->bad_line = p->line;
	return EP_STATUS_LOW_CONFIDENCE;
}

static int read_values(struct ep_summary_parser *p, size_t config)
{
	const char *phase = p->fields[p->phase_column];

	for (size_t m = 0; m < p->s->metric_count; m++) {
		const struct ep_summary_columns *at = &p->at[m];
		struct ep_summary_value v = {
			.config = (uint32_t)config,
			.metric = (uint32_t)m,
			.run = (uint32_t)(p->s->run_count - 1),
		};
		int r;

		if (strcmp(p->s->metrics[m].scope, phase) != 0)
			continue;
		v.value = number_at(p, at->value);
		v.status = status_at(p, at->status);
		if (isnan(v.value) || v.status == EP_STATUS_NOT_MEASURED)
			continue;
		v.u95 = number_at(p, at->u95);
		v.u_common = number_at(p, at->u_common);
		if (v.u95 < 0)
			v.u95 = (double)NAN;
		/* Where no run has anything in common, there is no column. */
		if (p->s->status_known && at->u_common == 0)
			v.u_common = 0;
		else if (v.u_common < 0)
			v.u_common = (double)NAN;
		r = add_value(p, &v);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Which figures there are, whoever asks for them. */
static int see_line(struct ep_summary_parser *p, size_t config, bool valid)
{
	const char *phase = p->fields[p->phase_column];
	size_t i = 0;

	while (i < p->phase_count && strcmp(p->phases[i], phase) != 0)
		i++;
	if (phase[0] == '\0' || i == EP_SUMMARY_PHASES_MAX)
		return 0;
	if (i == p->phase_count) {
		p->seen[i] = calloc(p->column_count, 1);
		if (!p->seen[i])
			return -ENOMEM;
		(void)ep_str_copy(p->phases[i], sizeof(p->phases[i]), phase);
		p->phase_count++;
	}
	if (valid)
		p->config_phases[config] |= (uint64_t)1 << i;
	for (size_t c = p->phase_column + 1; c < p->column_count; c++)
		if (p->columns[c][0] != '\0' && p->fields[c][0] != '\0')
			p->seen[i][c] = 1;
	return 0;
}

static int read_line(struct ep_summary_parser *p, char *line)
{
	int count = ep_csv_split(line, p->fields, COLUMNS_MAX), r;
	bool valid;
	int64_t number;
	size_t config;

	if (count < 0 || (size_t)count != p->column_count)
		return ep_summary_damaged(
			p, "not as many cells as the header has");
	if (ep_num_parse_i64(p->fields[1], &number) < 0)
		return ep_summary_damaged(p, "no number of a configuration");
	valid = strcmp(p->fields[4], "1") == 0;
	r = find_config(p, number, &config);
	p->last_config = config;
	if (r == 0)
		r = ep_summary_run_add(p, &p->s->configs[config]);
	if (r == 0)
		r = see_line(p, config, valid);
	if (r == 0 && valid)
		r = read_values(p, config);
	return r;
}

int ep_summary_lines(struct ep_summary_parser *p, char *text)
{
	int r = 0;
	char *line, *next = text;

	p->fields = calloc(COLUMNS_MAX, sizeof(*p->fields));
	if (!p->fields)
		return -ENOMEM;
	while (r == 0 && next && *next != '\0') {
		line = next;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		p->line++;
		r = p->line == 1 ? read_header(p, line) : read_line(p, line);
	}
	if (r == 0 && p->line == 0)
		r = ep_summary_damaged(p, "it is empty");
	free(p->fields);
	p->fields = NULL;
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/export/carrier.h"
#include "profiler/export/runs.h"

/*
 * The text format that node_exporter's textfile collector reads.  It wants all
 * samples of a metric together, with no time: the figures of all runs are
 * collected first, each metric in a list of its own.
 */
#define METRICS_MAX 512
#define FAMILY_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define OUTPUT_BYTES_MAX ((size_t)512 * 1024 * 1024)

struct family {
	char name[128];
	char help[200];
	struct ep_buf samples;
};

struct prometheus {
	struct family families[METRICS_MAX];
	size_t count, more_count; /* beyond METRICS_MAX */
	struct ep_export_run *run;
	int error;
};

/* "j_per_token" to "edgeprof_joules_per_token": base units, in full. */
static void name_metric(const char *metric, char *ret, size_t size)
{
	static const struct {
		const char *part, *whole;
	} words[] = {
		{ "j", "joules" },	  { "w", "watts" },
		{ "s", "seconds" },	  { "s2", "seconds2" },
		{ "hz", "hertz" },	  { "v", "volts" },
		{ "a", "amperes" },	  { "c", "celsius" },
		{ "ms", "milliseconds" }, { "count", "number" },
		{ "total", "all" },	  { "bucket", "bin" },
	};
	char copy[100], *next = copy;
	size_t len;

	(void)ep_str_copy(copy, sizeof(copy), metric);
	ep_str_slug(copy);
	(void)ep_str_copy(ret, size, "edgeprof");
	while (next) {
		const char *word = next;

		next = strchr(next, '_');
		if (next)
			*next++ = '\0';
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strcmp(words[i].part, word) == 0)
				word = words[i].whole;
		len = strlen(ret);
		(void)ep_str_format(ret + len, size - len, "_%s", word);
	}
}

static struct family *find(struct prometheus *p, const char *name,
			   const char *help)
{
	struct family *f;

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->families[i].name, name) == 0)
			return &p->families[i];
	if (p->count == METRICS_MAX) {
		p->more_count++;
		return NULL;
	}
	f = &p->families[p->count++];
	(void)ep_str_copy(f->name, sizeof(f->name), name);
	(void)ep_str_copy(f->help, sizeof(f->help), help);
	ep_buf_init(&f->samples, FAMILY_BYTES_MAX);
	return f;
}

/* Backslash, quote and line end have an escape; there is no line end here. */
static int put_label(struct ep_buf *b, const char *name, const char *value)
{
	char slug[80];
	int r;

	(void)ep_str_copy(slug, sizeof(slug), name);
	ep_str_slug(slug);
	r = ep_buf_addf(b, "%s%s%s=\"", b->data[b->len - 1] == '{' ? "" : ",",
			slug[0] >= '0' && slug[0] <= '9' ? "_" : "", slug);
	for (const char *p = value; r == 0 && *p; p++) {
		if (*p == '"' || *p == '\\')
			r = ep_buf_add(b, "\\", 1);
		if (r == 0)
			r = ep_buf_add(b, p, 1);
	}
	return r < 0 ? r : ep_buf_adds(b, "\"");
}

struct sample {
	const char *name, *help;
	const char *phase, *status; /* labels; NULL none */
	double value;
};

/* Two names may become one when they are made safe. */
static bool is_taken(const struct ep_export_run *run, size_t at)
{
	static const char *const own[] = { "phase", "status" };
	char slug[80], other[80];

	(void)ep_str_copy(slug, sizeof(slug), run->labels[at].name);
	ep_str_slug(slug);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], slug) == 0)
			return true;
	for (size_t i = 0; i < at; i++) {
		(void)ep_str_copy(other, sizeof(other), run->labels[i].name);
		ep_str_slug(other);
		if (strcmp(other, slug) == 0)
			return true;
	}
	return ep_str_starts(slug, "__");
}

static void put(struct prometheus *p, const struct sample *s)
{
	struct family *f;
	char number[40];
	int r;

	if (!isfinite(s->value) || p->error < 0)
		return;
	f = find(p, s->name, s->help);
	if (!f)
		return;
	r = ep_buf_addf(&f->samples, "%s{", s->name);
	for (size_t i = 0; r == 0 && i < p->run->label_count; i++)
		if (!is_taken(p->run, i))
			r = put_label(&f->samples, p->run->labels[i].name,
				      p->run->labels[i].value);
	if (r == 0 && s->phase)
		r = put_label(&f->samples, "phase", s->phase);
	if (r == 0 && s->status)
		r = put_label(&f->samples, "status", s->status);
	(void)ep_num_put_f64(number, s->value);
	if (r == 0)
		r = ep_buf_addf(&f->samples, "} %s\n", number);
	p->error = r;
}

static void put_row(struct prometheus *p, const struct ep_row *row)
{
	for (size_t i = 0; i < row->metric_count; i++) {
		const struct ep_metric *m = &row->metrics[i];
		char name[128], interval[140], help[200];
		struct sample s = { .name = name,
				    .help = help,
				    .phase = row->phase.name,
				    .status = ep_status_name(m->status),
				    .value = m->value };

		if (m->status == EP_STATUS_NOT_MEASURED)
			continue;
		name_metric(m->name, name, sizeof(name));
		(void)ep_str_format(help, sizeof(help),
				    "The figure %s of the phase, summed over "
				    "its requests.",
				    m->name);
		put(p, &s);
		(void)ep_str_format(interval, sizeof(interval), "%s_u95", name);
		(void)ep_str_format(help, sizeof(help),
				    "Half-width of the 95 %% interval of %s.",
				    m->name);
		s.name = interval;
		s.value = m->u95;
		put(p, &s);
	}
}

static int export_run(void *ctx, struct ep_export_run *run, struct ep_err *err)
{
	struct prometheus *p = ctx;
	const struct ep_report *r = run->report;
	struct sample s = { .name = "edgeprof_run_valid",
			    .help = "1 when the run counts.",
			    .value = r->validity.valid ? 1 : 0 };

	p->run = run;
	put(p, &s);
	if (run->wall.count > 0) {
		s = (struct sample){
			.name = "edgeprof_run_start_timestamp_seconds",
			.help = "When the program was let go, since 1970.",
			.value = (double)ep_wall_ns(&run->wall, r->gate_ns) /
				 1e9,
		};
		put(p, &s);
	}
	for (size_t i = 0; i < r->total_count; i++)
		put_row(p, &r->totals[i]);
	return p->error < 0 ? ep_err_set(err, p->error,
					 "out of memory, or "
					 "too many figures")
			    : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct family *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static int send(struct prometheus *p, struct ep_carrier *c, struct ep_err *err)
{
	struct ep_buf b;
	struct ep_parcel parcel = { .path = "" };
	int r = 0;

	ep_buf_init(&b, OUTPUT_BYTES_MAX);
	qsort(p->families, p->count, sizeof(*p->families), by_name);
	for (size_t i = 0; r == 0 && i < p->count; i++) {
		const struct family *f = &p->families[i];

		r = ep_buf_addf(&b, "# HELP %s %s\n# TYPE %s gauge\n", f->name,
				f->help, f->name);
		if (r == 0)
			r = ep_buf_add(&b, f->samples.data, f->samples.len);
	}
	parcel.data = b.data;
	parcel.len = b.len;
	r = r < 0 ? ep_err_set(err, r, "out of memory, or too many figures")
		  : ep_carrier_send(c, &parcel, err);
	ep_buf_done(&b);
	return r;
}

/* The collector reads nothing else. */
static void tell_name(const struct ep_export *x)
{
	if (x->output && !ep_str_ends(x->output, ".prom"))
		ep_export_say(x,
			      "%s: node_exporter's textfile collector reads "
			      "files whose name ends in .prom",
			      x->output);
}

static int export_all(struct prometheus *p, const struct ep_export *x,
		      struct ep_err *err)
{
	struct ep_export_visitor v = { .each = export_run, .ctx = p };
	struct ep_carrier *carrier = NULL;
	int r = ep_carrier_open(x, NULL, &carrier, err);

	if (r < 0)
		return r;
	tell_name(x);
	r = ep_export_runs(x, &v, err);
	if (r == 0)
		r = send(p, carrier, err);
	if (p->more_count > 0)
		ep_export_say(x, "%zu figures left out: at most %d metrics",
			      p->more_count, METRICS_MAX);
	return ep_carrier_close(carrier, r, err);
}

static int export_prometheus(const struct ep_export *x, struct ep_err *err)
{
	struct prometheus *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = export_all(p, x, err);
	for (size_t i = 0; i < p->count; i++)
		ep_buf_done(&p->families[i].samples);
	free(p);
	return r;
}

const struct ep_exporter ep_exporter_prometheus = {
	.name = "prometheus",
	.summary = "figures for node_exporter's textfile collector",
	.run = export_prometheus,
};

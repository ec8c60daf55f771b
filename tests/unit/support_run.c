/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_run.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define DEFAULT_INTERVAL_NS INT64_C(10000000)

static int64_t at_ns(double t_s)
{
	return SUPPORT_GATE_NS + (int64_t)llround(t_s * 1e9);
}

static FILE *create(const struct support_folder *f, const char *name)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0644);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	assert_non_null(out);
	return out;
}

static json_t *channel_json(const struct support_sensor *s,
			    const struct ep_channel *c)
{
	static const char *const roles[] = { "none", "total", "part", "aside" };
	static const char *const words[] = { "estimated", "event", "hardware",
					     "product",	  "alarm", "negotiated",
					     "check" };
	json_t *flags = json_array();
	char wrap[24];
	json_t *o;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (c->flags & 1U << i)
			json_array_append_new(flags, json_string(words[i]));
	if (c->flags & EP_CHANNEL_SIGNED)
		json_array_append_new(flags, json_string("signed"));
	(void)snprintf(wrap, sizeof(wrap), "%llu", (unsigned long long)c->wrap);
	o = json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:I,s:I,s:I,s:I,s:I}", "name",
		      c->name, "quantity", ep_quantity_unit(c->quantity),
		      "shape", c->shape == EP_COUNTER ? "counter" : "gauge",
		      "role", roles[c->role], "flags", flags, "wrap", wrap,
		      "refresh_ns", (json_int_t)c->refresh_ns, "window_ns",
		      (json_int_t)c->window_ns, "gain_ppm",
		      (json_int_t)c->gain_ppm, "offset", (json_int_t)c->offset,
		      "resolution", (json_int_t)c->resolution);
	assert_non_null(o);
	if (c->min_window_ns > 0)
		json_object_set_new(o, "min_window_ns",
				    json_integer(c->min_window_ns));
	if (c->flags & EP_CHANNEL_LOW)
		json_object_set_new(o, "low", json_integer(c->low));
	if (c->flags & EP_CHANNEL_HIGH)
		json_object_set_new(o, "high", json_integer(c->high));
	if (c->flags & EP_CHANNEL_PRODUCT) {
		const struct support_channel *all = s->channels;

		json_object_set_new(o, "volts",
				    json_string(all[c->volts_index].ch.name));
		json_object_set_new(o, "amps",
				    json_string(all[c->amps_index].ch.name));
	}
	return o;
}

static json_t *sensor_json(const struct support_sensor *s)
{
	json_t *channels = json_array(), *o;
	char file[128];

	for (size_t i = 0; i < s->channel_count; i++)
		json_array_append_new(channels,
				      channel_json(s, &s->channels[i].ch));
	o = json_pack("{s:s,s:s,s:s,s:s,s:b,s:[],s:o}", "id", s->id, "driver",
		      s->driver ? s->driver : s->id, "status",
		      s->failed ? "failed" : "ok", "reason",
		      s->reason ? s->reason : "", "target", s->target, "notes",
		      "channels", channels);
	assert_non_null(o);
	(void)snprintf(file, sizeof(file), "sensors/%s.csv", s->id);
	if (!s->failed)
		json_object_set_new(o, "file", json_string(file));
	return o;
}

static json_t *total_json(const struct support_run *r)
{
	const char *total = r->total, *source = total ? "sensor" : "none";
	json_t *channels = json_array();
	char text[512];

	(void)snprintf(text, sizeof(text), "%s", total ? total : "");
	for (char *p = text; *p;) {
		char *comma = strchrnul(p, ',');
		bool more = *comma == ',';

		*comma = '\0';
		json_array_append_new(channels, json_string(p));
		p = more ? comma + 1 : comma;
	}
	return json_pack("{s:o,s:s,s:s,s:s*}", "channels", channels, "source",
			 r->total_source ? r->total_source : source, "reason",
			 total ? "" : "no power sensor", "title",
			 r->total_title);
}

static int64_t interval_of(const struct support_run *r)
{
	return r->interval_ns ? r->interval_ns : DEFAULT_INTERVAL_NS;
}

static void write_json(const struct support_folder *f,
		       const struct support_run *r)
{
	json_t *sensors = json_array(), *o;
	char *text;

	for (size_t i = 0; i < r->sensor_count; i++)
		json_array_append_new(sensors, sensor_json(&r->sensors[i]));
	o = json_pack("{s:s,s:s,s:s,s:[s],s:I,s:I,s:b,s:b,s:s,s:o,s:o}",
		      "schema", "edgeprof.run/1", "version", "0.1.0", "build",
		      "test", "command", "./infer", "started_real_ns",
		      (json_int_t)1700000000000000000LL, "interval_ns",
		      (json_int_t)interval_of(r), "jitter", r->jitter,
		      "system_wide", r->system_wide, "scheduler", "fifo",
		      "total", total_json(r), "sensors", sensors);
	assert_non_null(o);
	json_object_set_new(o, "board",
			    json_pack("{s:s,s:s,s:s,s:b}", "name", "test",
				      "title", "a test board", "coverage",
				      "all of it", "matched", 1));
	if (r->calibrations)
		json_object_set_new(json_object_get(o, "board"), "calibrations",
				    json_loads(r->calibrations, 0, NULL));
	if (r->calibration)
		json_object_set_new(o, "calibration",
				    json_string(r->calibration));
	json_object_set_new(o, "observers",
			    json_pack("[{s:s,s:s,s:s}]", "name", "marks",
				      "status", "ok", "reason", ""));
	text = json_dumps(o, JSON_INDENT(1));
	assert_non_null(text);
	support_run_write(f, "run.json", text, strlen(text));
	free(text);
	json_decref(o);
}

static void write_marks(FILE *out, const struct support_run *r)
{
	for (size_t i = 0; i < r->mark_count; i++) {
		const struct support_mark *m = &r->marks[i];
		double next = i + 1 < r->mark_count ? m[1].at_s : r->run_s;
		char tokens[24] = "";

		if (m->tokens >= 0)
			(void)snprintf(tokens, sizeof(tokens), "%lld",
				       (long long)m->tokens);
		(void)fprintf(out, "%lld,0,mark,,%s,%s,MARKED,1:1,\n",
			      (long long)at_ns(m->at_s), m->name, tokens);
		for (int k = 0; k < m->stamps; k++)
			(void)fprintf(out, "%lld,0,token,,,,MARKED,1:1,\n",
				      (long long)at_ns(m->at_s +
						       (next - m->at_s) * k /
							       m->stamps));
	}
}

static void write_facts(FILE *out, const struct support_run *r)
{
	long long end = (long long)at_ns(r->run_s + r->tail_s);

	for (const char *const *p = r->facts; p && *p; p++) {
		const char *equals = strchr(*p, '=');

		assert_non_null(equals);
		(void)fprintf(out, "%lld,0,fact,,,,,%.*s,%s\n", end,
			      (int)(equals - *p), *p, equals + 1);
	}
	for (const char *const *p = r->lines; p && *p; p++)
		(void)fprintf(out, "%s\n", *p);
}

static void write_events(const struct support_folder *f,
			 const struct support_run *r)
{
	FILE *out = create(f, "events.csv");
	double begin = -r->idle_s - 0.01;

	(void)fputs("t_ns,span_ns,event,request,phase,tokens,evidence,source,"
		    "text\n",
		    out);
	(void)fprintf(out, "%lld,0,start,,,,,,\n", (long long)at_ns(begin));
	if (r->idle_s > 0) {
		(void)fprintf(out, "%lld,0,idle,,,,,,begin\n",
			      (long long)at_ns(-r->idle_s));
		(void)fprintf(out, "%lld,0,idle,,,,,,end\n",
			      (long long)at_ns(-0.001));
	}
	(void)fprintf(out, "%lld,0,gate,,,,,,\n", (long long)at_ns(0));
	write_marks(out, r);
	if (!r->no_exit)
		(void)fprintf(out, "%lld,0,exit,,,,,,exit 0\n",
			      (long long)at_ns(r->run_s));
	write_facts(out, r);
	if (!r->no_end && !r->no_exit)
		(void)fprintf(out, "%lld,0,end,,,,,,\n",
			      (long long)at_ns(r->run_s + r->tail_s));
	assert_int_equal(fclose(out), 0);
}

static void write_cell(FILE *out, const struct support_channel *c, double t_s)
{
	double value = c->value(t_s);

	if (c->ch.shape == EP_COUNTER && c->ch.wrap > 0)
		value = fmod(value, (double)c->ch.wrap);
	(void)fprintf(out, ",%lld", (long long)floor(value + 0.5));
}

/* As the recorder does: a line with a cell that failed says so. */
static int line_flags(const struct support_sensor *s, double t_s)
{
	int flags = s->flags | (s->more_flags ? s->more_flags(t_s) : 0);

	for (size_t i = 0; s->skip_cell && i < s->channel_count; i++)
		if (s->skip_cell(t_s, i))
			return flags | EP_SAMPLE_ERROR;
	return flags;
}

static void write_line(FILE *out, const struct support_sensor *s, double t_s)
{
	(void)fprintf(out, "%lld,%lld,%d", (long long)at_ns(t_s),
		      (long long)s->span_ns, line_flags(s, t_s));
	for (size_t i = 0; i < s->channel_count; i++) {
		if (s->channels[i].ch.flags & EP_CHANNEL_PRODUCT)
			continue;
		if ((s->skip_cell && s->skip_cell(t_s, i)) ||
		    (s->spare_cell && s->spare_cell(t_s, i)))
			(void)fputc(',', out);
		else
			write_cell(out, &s->channels[i], t_s);
	}
	(void)fputc('\n', out);
}

static void write_sensor(const struct support_folder *f,
			 const struct support_run *r,
			 const struct support_sensor *s)
{
	double poll = (double)(s->poll_ns ? s->poll_ns : interval_of(r)) * 1e-9;
	bool whole = s->from_s >= s->to_s;
	double from = whole ? -r->idle_s : s->from_s;
	double to = whole ? r->run_s + r->tail_s : s->to_s;
	char name[128];
	FILE *out;

	(void)snprintf(name, sizeof(name), "sensors/%s.csv", s->id);
	out = create(f, name);
	(void)fputs("t_ns,span_ns,flags", out);
	for (size_t i = 0; i < s->channel_count; i++)
		if (!(s->channels[i].ch.flags & EP_CHANNEL_PRODUCT))
			(void)fprintf(
				out, ",%s_%s", s->channels[i].ch.name,
				ep_quantity_unit(s->channels[i].ch.quantity));
	(void)fputc('\n', out);
	for (long long k = llround(ceil(from / poll - 1e-9));; k++) {
		double t_s = (double)k * poll + s->late_s;

		if (t_s > to + 1e-9)
			break;
		if (!s->skip_line || !s->skip_line(t_s))
			write_line(out, s, t_s);
	}
	assert_int_equal(fclose(out), 0);
}

static void write_ticks(const struct support_folder *f,
			const struct support_run *r)
{
	FILE *out = create(f, "ticks.csv");
	double step = (double)interval_of(r) * 1e-9;

	(void)fputs("due_ns,late_ns,missed\n", out);
	for (long long k = llround(-r->idle_s / step);
	     (double)k * step <= r->run_s + r->tail_s + 1e-9; k++)
		(void)fprintf(out, "%lld,%lld,0\n",
			      (long long)at_ns((double)k * step),
			      20000 + (k & 7) * 1000);
	assert_int_equal(fclose(out), 0);
}

void support_run_make(const struct support_run *run, struct support_folder *ret)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(ret->path, sizeof(ret->path), "%s/ep-run-XXXXXX",
		       tmp && strlen(tmp) < 100 ? tmp : "/tmp");
	assert_non_null(mkdtemp(ret->path));
	ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(ret->fd >= 0);
	assert_int_equal(mkdirat(ret->fd, "sensors", 0755), 0);
	write_json(ret, run);
	write_events(ret, run);
	write_ticks(ret, run);
	for (size_t i = 0; i < run->sensor_count; i++)
		if (!run->sensors[i].failed)
			write_sensor(ret, run, &run->sensors[i]);
}

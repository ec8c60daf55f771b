/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/conditions.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/analyze/analysis.h"
#include "profiler/analyze/energy_parts.h"

/* Zones and clocks have no borders of their own at the gate: what was read
 * this near to it stands for it. */
#define NEAR_NS (2 * EP_NS_PER_S)
/* CPU time is told at the scheduler's ticks: over less than this their error is
 * some per cent. */
#define BUSY_S_MIN 0.2
#define POLICIES_MAX 64
#define CPUS_MAX 8192

static struct ep_set inside_of(const struct ep_analysis *a, uint32_t *room)
{
	struct ep_set set = { room, 0 };

	for (uint32_t i = 0; i < a->part.count; i++)
		if (a->part.segments[i].inside)
			room[set.count++] = i;
	return set;
}

/* Busy seconds of a channel of cpu_use; NAN: not known for all of the run. */
static double busy_s(const struct ep_analysis *a, const char *channel,
		     struct ep_set set)
{
	double whole_s = (double)(a->run.exit_ns - a->run.gate_ns) * 1e-9;

	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		if (strcmp(s->sensor->driver, "cpu_use") != 0 ||
		    s->sensor->client || s->reason[0])
			continue;
		for (size_t c = 0; c < s->sensor->channel_count; c++) {
			struct ep_part p = ep_part_of(s, c);
			struct ep_part_sums sums;

			if (strcmp(s->sensor->channels[c].name, channel) != 0)
				continue;
			ep_part_sum(a, &p, set, &sums);
			return sums.reads >= 2 && sums.cover_s > 0.9 * whole_s
				       ? sums.sum
				       : (double)NAN;
		}
	}
	return (double)NAN;
}

static double fact_s(const struct ep_run *run, const char *name)
{
	int64_t ns;

	return ep_run_fact_i64(run, name, &ns) == 0 && ns > 0
		       ? (double)ns * 1e-9
		       : 0;
}

static double background(const struct ep_analysis *a, struct ep_set set)
{
	const json_t *host = json_object_get(a->run.json, "host");
	json_int_t cpus =
		json_integer_value(json_object_get(host, "cpus_online"));
	double whole_s = (double)(a->run.exit_ns - a->run.gate_ns) * 1e-9;
	double to_end_s = (double)(a->run.end_ns - a->run.gate_ns) * 1e-9;
	double all_s = busy_s(a, "system_busy", set);
	double tree_s = busy_s(a, "tree_busy", set), own_s, others_s;

	if (cpus < 1 || cpus > CPUS_MAX || whole_s < BUSY_S_MIN ||
	    isnan(all_s) || isnan(tree_s))
		return (double)NAN;
	/* Counted until the end of the recording. */
	own_s = fact_s(&a->run, "self.cpu_ns") * whole_s / to_end_s;
	others_s = all_s - tree_s - own_s - fact_s(&a->run, "client.utime_ns") -
		   fact_s(&a->run, "client.stime_ns");
	/* The two counts are brought up to date at different ticks. */
	return fmax(others_s, 0) / (whole_s * (double)cpus);
}

/* A sensor's raw file once more, line by line. */
struct reader {
	struct ep_csv_ints csv;
	int64_t *values;
	uint8_t *present;
	int fd;
};

static void close_reader(struct reader *r)
{
	free(r->values);
	free(r->present);
	if (r->fd >= 0) {
		ep_csv_ints_close(&r->csv);
		close(r->fd);
	}
}

/* 1 open, 0 there is nothing that can be read, -errno. */
static int open_reader(struct reader *r, int dir_fd, const char *sensor)
{
	struct ep_err err = { 0 };
	char name[80];
	int code;

	memset(r, 0, sizeof(*r));
	(void)ep_str_format(name, sizeof(name), "%s.csv", sensor);
	r->fd = ep_run_open_file(dir_fd, "sensors", name);
	if (r->fd < 0)
		return 0;
	code = ep_csv_ints_open(&r->csv, r->fd, &err);
	if (code < 0) {
		close(r->fd);
		r->fd = -1;
		return code == -ENOMEM ? code : 0;
	}
	r->values = calloc(r->csv.columns, sizeof(*r->values));
	r->present = calloc(r->csv.columns, sizeof(*r->present));
	if (r->values && r->present)
		return 1;
	close_reader(r);
	return -ENOMEM;
}

/* 1 with its time, 0 at the end, -errno. */
static int next_line(struct reader *r, int64_t *ret_ns)
{
	int code;

	do {
		code = ep_csv_ints_next(&r->csv, r->values, r->present);
	} while (code > 0 && !r->present[0]);
	if (code > 0)
		*ret_ns = r->values[0];
	return code;
}

static double hottest(const struct reader *r)
{
	double most = (double)NAN;

	for (size_t i = 3; i < r->csv.columns; i++)
		if (r->present[i] && !((double)r->values[i] * 1e-3 <= most))
			most = (double)r->values[i] * 1e-3;
	return most;
}

struct nearest {
	int64_t at_ns, away_ns;
	double celsius;
};

static void consider(struct nearest *n, int64_t t_ns, double celsius)
{
	int64_t away_ns = t_ns > n->at_ns ? t_ns - n->at_ns : n->at_ns - t_ns;

	if (isnan(celsius) || away_ns >= n->away_ns)
		return;
	n->away_ns = away_ns;
	n->celsius = celsius;
}

static int temperatures(const struct ep_analysis *a, int dir_fd,
			const struct ep_run_sensor *sensor,
			struct ep_conditions *ret)
{
	struct nearest start = { a->run.gate_ns, NEAR_NS, (double)NAN };
	struct nearest end = { a->run.exit_ns, NEAR_NS, (double)NAN };
	struct reader r;
	int64_t t_ns = 0;
	int code = open_reader(&r, dir_fd, sensor->id);

	if (code <= 0)
		return code;
	while ((code = next_line(&r, &t_ns)) > 0) {
		double celsius = hottest(&r);

		consider(&start, t_ns, celsius);
		consider(&end, t_ns, celsius);
	}
	close_reader(&r);
	/* Several sensors of zones: the hottest of them. */
	if (!(start.celsius <= ret->temperature_start_c))
		ret->temperature_start_c = start.celsius;
	if (!(end.celsius <= ret->temperature_end_c))
		ret->temperature_end_c = end.celsius;
	return code;
}

/* The clock that a policy was held to, Hz; 0: it was free to choose. */
static double promised_hz(const json_t *run, const char *column)
{
	const json_t *list = json_object_get(run, "cpufreq");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		const char *governor =
			json_string_value(json_object_get(p, "governor"));
		double min = json_number_value(json_object_get(p, "min_hz"));
		double max = json_number_value(json_object_get(p, "max_hz"));
		char name[64];

		(void)ep_str_format(name, sizeof(name),
				    "policy%lld_requested_hz",
				    (long long)json_integer_value(
					    json_object_get(p, "policy")));
		if (strcmp(name, column) != 0 || !(max > 0))
			continue;
		return (governor && strcmp(governor, "performance") == 0) ||
				       min >= max
			       ? max
			       : 0;
	}
	return 0;
}

/* An x86 CPU chooses its clock by itself, and tells that of an idle one as it
 * was when it last ran: nothing is promised, and nothing can be held to it. */
static bool clock_is_told(const json_t *run)
{
	const char *machine = json_string_value(
		json_object_get(json_object_get(run, "host"), "machine"));

	return machine && strcmp(machine, "x86_64") != 0 &&
	       !(machine[0] == 'i' && ep_str_ends(machine, "86"));
}

static void worst_shortfall(const struct ep_run *run, const struct reader *r,
			    const double *sums, const double *counts,
			    struct ep_conditions *ret)
{
	for (size_t i = 3; i < r->csv.columns && i < POLICIES_MAX; i++) {
		double hz = promised_hz(run->json, r->csv.names[i]), shortfall;

		if (!(hz > 0) || !(counts[i] > 0))
			continue;
		shortfall = fmax(1 - sums[i] / counts[i] / hz, 0);
		if (!(shortfall <= ret->frequency_shortfall))
			ret->frequency_shortfall = shortfall;
	}
}

static int clocks(const struct ep_analysis *a, int dir_fd,
		  const struct ep_run_sensor *sensor, struct ep_conditions *ret)
{
	double sums[POLICIES_MAX] = { 0 }, counts[POLICIES_MAX] = { 0 };
	struct reader r;
	int64_t t_ns = 0;
	int code;

	if (!clock_is_told(a->run.json))
		return 0;
	code = open_reader(&r, dir_fd, sensor->id);
	if (code <= 0)
		return code;
	while ((code = next_line(&r, &t_ns)) > 0) {
		if (t_ns < a->run.gate_ns || t_ns > a->run.exit_ns)
			continue;
		for (size_t i = 3; i < r.csv.columns && i < POLICIES_MAX; i++)
			if (r.present[i]) {
				sums[i] += (double)r.values[i];
				counts[i]++;
			}
	}
	worst_shortfall(&a->run, &r, sums, counts, ret);
	close_reader(&r);
	return code;
}

int ep_conditions_make(struct ep_analysis *a, int dir_fd)
{
	struct ep_conditions *c = &a->report->conditions;
	uint32_t *room = calloc(a->part.count + 1, sizeof(*room));
	int64_t number;
	int code = 0;

	if (!room)
		return -ENOMEM;
	c->background_cpu_share = background(a, inside_of(a, room));
	free(room);
	c->temperature_start_c = c->temperature_end_c = (double)NAN;
	c->frequency_shortfall = (double)NAN;
	for (size_t i = 0; i < a->run.sensor_count && code == 0; i++) {
		const struct ep_run_sensor *s = &a->run.sensors[i];

		if (s->failed || s->client)
			continue;
		if (strcmp(s->driver, "thermal") == 0)
			code = temperatures(a, dir_fd, s, c);
		else if (strcmp(s->driver, "cpu_clock") == 0)
			code = clocks(a, dir_fd, s, c);
	}
	c->swap_in_count = -1;
	if (ep_run_fact_i64(&a->run, "swap_in.pages", &number) == 0 &&
	    number >= 0)
		c->swap_in_count = number;
	if (ep_run_fact_i64(&a->run, "stopped_by", &number) == 0 &&
	    number > 0 && number < 128)
		c->stopped_by = (int)number;
	return code;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_hour DIR [SECONDS [CHANNELS]]: writes the raw part of a run folder, by
 * default one hour on the 10 ms grid with 32 channels of noise, sixty requests
 * and their tokens.  The same bytes every time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"

#define GATE_NS INT64_C(1000000000000)
#define STEP_NS INT64_C(10000000)
#define IDLE_S 10
#define REQUEST_S 60

/* Every eighth channel is one of these; together they are a board with six
 * rails, counters, clocks and temperatures. */
static const struct kind {
	const char *name, *unit, *shape, *flags;
	int64_t base, spread, step; /* gauge, or growth of a counter per row */
} kinds[] = {
	{ "rail", "uw", "gauge", "", 5000000, 4000000, 0 },
	{ "volts", "uv", "gauge", "", 11000000, 900000, 0 },
	{ "energy", "uj", "counter", "", 100000000, 40000, 60000 },
	{ "event", "count", "counter", "\"event\"", 10000000, 900, 200 },
	{ "amps", "ua", "gauge", "", 1000000, 800000, 0 },
	{ "clock", "hz", "gauge", "", 1500000000, 900000000, 0 },
	{ "temp", "mc", "gauge", "", 45000, 9000, 0 },
	{ "rail_b", "uw", "gauge", "", 2000000, 1900000, 0 },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static uint64_t state = 88172645463325252ULL;

static int64_t noise(int64_t spread)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int64_t)(state % (uint64_t)spread);
}

static FILE *create(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		(void)fprintf(stderr, "make_hour: %s: %s\n", name,
			      strerror(errno));
		exit(1);
	}
	return out;
}

static void write_json(int dir_fd, int64_t channels)
{
	FILE *out = create(dir_fd, "run.json");

	(void)fprintf(out, "{\"schema\": \"edgeprof.run/1\", \"version\": "
			   "\"0.1.0\", \"build\": \"bench\", \"command\": "
			   "[\"./infer\"], \"started_real_ns\": 1,\n"
			   "\"interval_ns\": 10000000, \"scheduler\": "
			   "\"fifo\", \"board\": {\"name\": \"bench\", "
			   "\"matched\": true, \"coverage\": \"\"},\n"
			   "\"total\": {\"channels\": [\"bench.rail_0\"], "
			   "\"source\": \"board\", \"reason\": \"\"},\n"
			   "\"observers\": [{\"name\": \"marks\", \"status\": "
			   "\"ok\", \"reason\": \"\"}],\n"
			   "\"sensors\": [{\"id\": \"bench\", \"driver\": "
			   "\"replay\", \"file\": \"sensors/bench.csv\", "
			   "\"status\": \"ok\", \"reason\": \"\", \"notes\": "
			   "[], \"channels\": [\n");
	for (int64_t i = 0; i < channels; i++) {
		const struct kind *k = &kinds[(size_t)i % KIND_COUNT];

		(void)fprintf(out,
			      "%s{\"name\": \"%s_%lld\", \"quantity\": "
			      "\"%s\", \"shape\": \"%s\", \"role\": \"%s\", "
			      "\"flags\": [%s], \"wrap\": \"0\", "
			      "\"refresh_ns\": 10000000, \"window_ns\": 0, "
			      "\"gain_ppm\": 5000, \"offset\": 1000, "
			      "\"resolution\": 100}",
			      i ? ",\n" : "", k->name, (long long)i, k->unit,
			      k->shape, i == 0 ? "total" : "none", k->flags);
	}
	(void)fputs("]}]}\n", out);
	(void)fclose(out);
}

static void write_events(int dir_fd, int64_t seconds)
{
	FILE *out = create(dir_fd, "events.csv");
	long long gate = GATE_NS, end = gate + seconds * 1000000000LL;

	(void)fprintf(out,
		      "t_ns,span_ns,event,request,phase,tokens,evidence,"
		      "source,text\n"
		      "%lld,0,idle,,,,,,begin\n%lld,0,idle,,,,,,end\n"
		      "%lld,0,gate,,,,,,\n",
		      gate - IDLE_S * 1000000000LL, gate - 1000000, gate);
	for (long long r = 0; r < seconds / REQUEST_S; r++) {
		long long t = gate + r * REQUEST_S * 1000000000LL + 3000000;

		(void)fprintf(out, "%lld,0,mark,,prefill,512,MARKED,7:1,\n", t);
		(void)fprintf(out, "%lld,0,mark,,generation,,MARKED,7:1,\n",
			      t + 4000000000LL);
		for (long long k = 0; k < 1300; k++)
			(void)fprintf(out, "%lld,0,token,,,,MARKED,7:1,\n",
				      t + 4000000000LL + k * 40000000LL);
		(void)fprintf(out, "%lld,0,mark,,,,MARKED,7:1,\n",
			      t + 57000000000LL);
	}
	(void)fprintf(out, "%lld,0,exit,,,,,,exit 0\n%lld,0,end,,,,,,\n",
		      end - 2000000000LL, end);
	(void)fclose(out);
}

static void write_ticks(int dir_fd, int64_t seconds)
{
	FILE *out = create(dir_fd, "ticks.csv");

	(void)fputs("due_ns,late_ns,missed\n", out);
	for (int64_t k = -IDLE_S * 100; k < seconds * 100; k++)
		(void)fprintf(out, "%lld,%lld,0\n",
			      (long long)(GATE_NS + k * STEP_NS),
			      (long long)(20000 + noise(60000)));
	(void)fclose(out);
}

static void write_samples(int dir_fd, int64_t seconds, int64_t channels)
{
	FILE *out = create(dir_fd, "sensors/bench.csv");
	int64_t *counts = calloc((size_t)channels, sizeof(*counts));
	char line[16 * 1024];

	(void)fputs("t_ns,span_ns,flags", out);
	for (int64_t i = 0; i < channels; i++)
		(void)fprintf(out, ",%s_%lld_%s",
			      kinds[(size_t)i % KIND_COUNT].name, (long long)i,
			      kinds[(size_t)i % KIND_COUNT].unit);
	(void)fputc('\n', out);
	for (int64_t row = -IDLE_S * 100; row < seconds * 100; row++) {
		char *p = line;

		p += ep_num_put_i64(p, GATE_NS + row * STEP_NS + 30000 +
					       noise(60000));
		p = stpcpy(p, ",21000,0");
		for (int64_t i = 0; i < channels; i++) {
			const struct kind *k = &kinds[(size_t)i % KIND_COUNT];
			int64_t v = k->base + noise(k->spread);

			if (k->shape[0] == 'c') {
				counts[i] += k->step + noise(k->spread);
				v = k->base + counts[i];
			}
			*p++ = ',';
			p += ep_num_put_i64(p, v);
		}
		*p++ = '\n';
		(void)fwrite(line, 1, (size_t)(p - line), out);
	}
	(void)fclose(out);
	free(counts);
}

static int64_t argument(int argc, char **argv, int i, int64_t fallback)
{
	int64_t value = fallback;

	if (i < argc && (ep_num_parse_i64(argv[i], &value) < 0 || value < 1 ||
			 value > 1000000))
		value = fallback;
	return value;
}

int main(int argc, char **argv)
{
	int64_t seconds = argument(argc, argv, 2, 3600 - IDLE_S);
	int64_t channels = argument(argc, argv, 3, 32);
	int fd;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: make_hour DIR [SECONDS "
				      "[CHANNELS]]\n");
		return 2;
	}
	if (channels > 500)
		channels = 500;
	if (mkdir(argv[1], 0755) < 0 && errno != EEXIST) {
		perror(argv[1]);
		return 1;
	}
	fd = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (fd < 0 || (mkdirat(fd, "sensors", 0755) < 0 && errno != EEXIST)) {
		perror(argv[1]);
		return 1;
	}
	write_json(fd, channels);
	write_events(fd, seconds);
	write_ticks(fd, seconds);
	write_samples(fd, seconds, channels);
	(void)close(fd);
	return 0;
}

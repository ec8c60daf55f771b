/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_run DIR [killed]: the raw part of a run folder, without hardware and
 * always the same bytes: 1 s of baseline at 5 W, then two requests, each load
 * 0.2 s at 10 W, prefill of 64 tokens 0.4 s at 20 W, generation of 21 tokens in
 * 1 s at 15 W, then 0.1 s without a phase at 5 W.  A RAPL-like energy counter,
 * context switches (one each millisecond) and resident memory.
 * "killed": recording ends in the second generation, with a torn last line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define GATE (1000000 * MS)
#define IDLE_MS 1000
#define REQUEST_MS 1700
#define RUN_MS (2 * REQUEST_MS)
#define TAIL_MS 500
#define KILLED_MS 3000

static const char run_json[] =
	"{\n"
	" \"schema\": \"edgeprof.run/1\", \"version\": \"0.1.0\",\n"
	" \"build\": \"make_run\", \"command\": [\"./infer\", \"-n\", \"21\",\n"
	"  \"-m\", \"tiny.gguf\"],\n"
	" \"model_files\": [{\"path\": \"tiny.gguf\", \"bytes\": 4587520}],\n"
	" \"started_real_ns\": 1795216340000000000,\n"
	" \"started_mono_ns\": 998900000000,\n"
	" \"boot_id\": \"00000000-0000-0000-0000-000000000000\",\n"
	" \"host\": {\"name\": \"made\", \"kernel\": \"6.1.0\",\n"
	"  \"machine\": \"x86_64\", \"cpus_online\": 2,\n"
	"  \"perf_event_paranoid\": 2},\n"
	" \"user\": {\"uid\": 1000, \"via\": \"\"},\n"
	" \"board\": {\"name\": \"x86\", \"title\": \"PC with RAPL\",\n"
	"  \"source\": \"made by a test\", \"status\": \"untested\",\n"
	"  \"coverage\": \"the processor package; not memory or disks\",\n"
	"  \"matched\": true, \"asked\": false, \"detected\": \"x86\",\n"
	"  \"serial_hash\": \"71e96e\",\n"
	"  \"firmware\": {\"bios\": \"Dell Inc. 1.21.0 08/25/2023\"}},\n"
	" \"interval_ns\": 10000000, \"idle_ns\": 1000000000,\n"
	" \"tail_ns\": 500000000, \"jitter\": false, \"system_wide\": false,\n"
	" \"scheduler\": \"fifo\", \"governor\": null,\n"
	" \"runner\": \"command\",\n"
	" \"total\": {\"channels\": [\"rapl.package_0\"],\n"
	"  \"source\": \"board\", \"reason\": \"\"},\n"
	" \"sensors\": [\n"
	"  {\"id\": \"rapl\", \"driver\": \"rapl\",\n"
	"   \"file\": \"sensors/rapl.csv\", \"status\": \"ok\",\n"
	"   \"reason\": \"\", \"notes\": [], \"channels\": [\n"
	"   {\"name\": \"package_0\", \"quantity\": \"uj\",\n"
	"    \"shape\": \"counter\", \"role\": \"total\", \"flags\": [],\n"
	"    \"wrap\": \"262143328850\", \"refresh_ns\": 1000000,\n"
	"    \"window_ns\": 0, \"gain_ppm\": 50000, \"offset\": 0,\n"
	"    \"resolution\": 61}]},\n"
	"  {\"id\": \"counters\", \"driver\": \"counters\",\n"
	"   \"file\": \"sensors/counters.csv\", \"status\": \"ok\",\n"
	"   \"reason\": \"\", \"notes\": [], \"channels\": [\n"
	"   {\"name\": \"context-switches\", \"quantity\": \"count\",\n"
	"    \"shape\": \"counter\", \"role\": \"none\",\n"
	"    \"flags\": [\"event\"], \"wrap\": \"0\", \"refresh_ns\": 0,\n"
	"    \"window_ns\": 0, \"gain_ppm\": 0, \"offset\": 0,\n"
	"    \"resolution\": 1}]},\n"
	"  {\"id\": \"memory\", \"driver\": \"memory\",\n"
	"   \"file\": \"sensors/memory.csv\", \"status\": \"ok\",\n"
	"   \"reason\": \"\", \"notes\": [], \"channels\": [\n"
	"   {\"name\": \"rss\", \"quantity\": \"bytes\",\n"
	"    \"shape\": \"gauge\", \"role\": \"none\", \"flags\": [],\n"
	"    \"wrap\": \"0\", \"refresh_ns\": 0, \"window_ns\": 0,\n"
	"    \"gain_ppm\": 0, \"offset\": 0, \"resolution\": 4096}]},\n"
	"  {\"id\": \"hwmon\", \"driver\": \"hwmon\", \"status\": \"failed\",\n"
	"   \"reason\": \"no power sensor in this machine\",\n"
	"   \"notes\": [], \"channels\": []}],\n"
	" \"observers\": [{\"name\": \"marks\", \"status\": \"ok\",\n"
	"  \"reason\": \"\"}],\n"
	" \"options\": {}\n"
	"}\n";

/* What happens within one request, from its start. */
static const struct step {
	const char *phase;
	int64_t at_ms;
	int tokens;
	int64_t uw;
} steps[] = {
	{ "load", 0, -1, 10000000 },
	{ "prefill", 200, 64, 20000000 },
	{ "generation", 600, -1, 15000000 },
	{ "", 1600, -1, 5000000 },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* Power at a millisecond of the run; the baseline's outside of it. */
static int64_t power_uw(int64_t ms)
{
	int64_t uw = 5000000;

	if (ms < 0 || ms >= RUN_MS)
		return uw;
	for (size_t i = 0; i < STEPS; i++)
		if (ms % REQUEST_MS >= steps[i].at_ms)
			uw = steps[i].uw;
	return uw;
}

static FILE *create(const char *dir, const char *name)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		perror(path);
	return f;
}

static int finish(FILE *f)
{
	bool failed = ferror(f) != 0;

	return fclose(f) != 0 || failed ? -1 : 0;
}

static void event(FILE *f, int64_t ms, const char *rest)
{
	(void)fprintf(f, "%" PRId64 ",1000,%s\n", GATE + ms * MS, rest);
}

static void put_request(FILE *f, int64_t start_ms, int64_t end_ms)
{
	char rest[160];

	for (size_t i = 0; i < STEPS; i++) {
		int64_t at = start_ms + steps[i].at_ms;
		char tokens[16] = "";

		if (steps[i].tokens >= 0)
			(void)snprintf(tokens, sizeof(tokens), "%d",
				       steps[i].tokens);
		(void)snprintf(rest, sizeof(rest), "mark,0,%s,%s,MARKED,77:1,",
			       steps[i].phase, tokens);
		if (at < end_ms)
			event(f, at, rest);
		/* The first token ends the prefill, then one each 50 ms. */
		for (int64_t k = 0; i == 2 && k <= 20; k++)
			if (at + k * 50 < end_ms)
				event(f, at + k * 50, "token,0,,,MARKED,77:1,");
	}
}

static void put_facts(FILE *f)
{
	static const char *const facts[] = {
		"child.maxrss_bytes,104857600",
		"child.nvcsw,1700",
		"child.nivcsw,1700",
		"self.cpu_ns,30000000",
		"self.wakeups,500",
		"self.bytes,40000",
		"dropped.samples,0",
		"sampler.scheduler,fifo",
		"threads.busy_seen,2",
		("model.0.sha256,2bd634c091e778c0d6c4b9d4a3ee6e4a"
		 "5f5a5fd9a1d8b1a07b2bfb0ad7a0a3cd"),
	};
	char rest[160];

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		(void)snprintf(rest, sizeof(rest), "fact,0,,,,%s", facts[i]);
		event(f, RUN_MS + TAIL_MS, rest);
	}
}

static int make_events(const char *dir, int64_t end_ms)
{
	FILE *f = create(dir, "events.csv");

	if (!f)
		return -1;
	(void)fprintf(f, "t_ns,span_ns,event,request,phase,tokens,evidence,"
			 "source,text\n");
	event(f, -IDLE_MS - 100, "start,0,,,,,");
	event(f, -IDLE_MS - 99,
	      "clock,0,,,,,real_ns=1795216340001000000 "
	      "boot_ns=998901000000");
	event(f, -IDLE_MS, "idle,0,,,,,begin");
	event(f, 0, "idle,0,,,,,end");
	event(f, 0, "gate,0,,,,,");
	put_request(f, 0, end_ms);
	put_request(f, REQUEST_MS, end_ms);
	if (end_ms > RUN_MS) {
		event(f, RUN_MS, "exit,0,,,,,exit 0");
		put_facts(f);
		event(f, RUN_MS + TAIL_MS, "end,0,,,,,");
	} else {
		(void)fprintf(f, "%" PRId64 ",10", GATE + end_ms * MS);
	}
	return finish(f);
}

static int make_ticks(const char *dir, int64_t end_ms)
{
	FILE *f = create(dir, "ticks.csv");

	if (!f)
		return -1;
	(void)fprintf(f, "due_ns,late_ns,missed\n");
	for (int64_t ms = -IDLE_MS; ms <= end_ms; ms += 10)
		(void)fprintf(f, "%" PRId64 ",%d,0\n", GATE + ms * MS,
			      ms % 100 == 0 ? 90000 : 30000);
	return finish(f);
}

static int make_sensors(const char *dir, int64_t end_ms)
{
	FILE *rapl = create(dir, "sensors/rapl.csv");
	FILE *counters = create(dir, "sensors/counters.csv");
	FILE *memory = create(dir, "sensors/memory.csv");
	int64_t energy_uj = INT64_C(262143000000);
	int failed = 0;

	if (!rapl || !counters || !memory)
		return -1;
	(void)fprintf(rapl, "t_ns,span_ns,flags,package_0_uj\n");
	(void)fprintf(counters, "t_ns,span_ns,flags,context-switches_count\n");
	(void)fprintf(memory, "t_ns,span_ns,flags,rss_bytes\n");
	for (int64_t ms = -IDLE_MS; ms <= end_ms; ms++) {
		int64_t t = GATE + ms * MS + 30000;
		int64_t active = ms < 0 ? 0 : ms > RUN_MS ? RUN_MS : ms;

		if (ms % 10 == 0) {
			(void)fprintf(rapl, "%" PRId64 ",2000,0,%" PRId64 "\n",
				      t, energy_uj % INT64_C(262143328850));
			(void)fprintf(counters,
				      "%" PRId64 ",2000,0,%" PRId64 "\n", t,
				      active);
		}
		if (ms % 100 == 0)
			(void)fprintf(memory,
				      "%" PRId64 ",4000,0,%" PRId64 "\n", t,
				      INT64_C(4096) * (1000 + 5 * active));
		energy_uj += power_uw(ms) / 1000;
	}
	if (end_ms <= RUN_MS)
		(void)fprintf(rapl, "%" PRId64 ",20", GATE + end_ms * MS);
	failed |= finish(rapl);
	failed |= finish(counters);
	failed |= finish(memory);
	return failed;
}

int main(int argc, char **argv)
{
	bool killed = argc > 2 && strcmp(argv[2], "killed") == 0;
	int64_t end_ms = killed ? KILLED_MS : RUN_MS + TAIL_MS;
	char sensors[512];
	FILE *f;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: make_run DIR [killed]\n");
		return 2;
	}
	(void)snprintf(sensors, sizeof(sensors), "%s/sensors", argv[1]);
	if ((mkdir(argv[1], 0755) < 0 && errno != EEXIST) ||
	    (mkdir(sensors, 0755) < 0 && errno != EEXIST)) {
		perror(argv[1]);
		return 2;
	}
	f = create(argv[1], "run.json");
	if (!f)
		return 2;
	(void)fputs(run_json, f);
	if (finish(f) < 0 || make_events(argv[1], end_ms) < 0 ||
	    make_ticks(argv[1], end_ms) < 0 ||
	    make_sensors(argv[1], end_ms) < 0)
		return 2;
	return 0;
}

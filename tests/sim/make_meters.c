/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make_meters DIR: the raw part of a run folder with three meters side by side,
 * always the same bytes: 30 s of baseline, then load 3 s, prefill 5 s,
 * generation 30 s (103 tokens), 2 s without a phase, 3 s after the end.
 *
 *   pmic    two products of volts and amps, P together, each 20 ms; read in
 *           turn, so every other cell of the memory's rail is empty: not read
 *   um34c   1.1451 P + 0.5879 W, which is the board's published fit, as means
 *           over half a second, up to half a second late; its own count in mWh
 *   shelly  1.08 times that + 0.6 W, once a second; one value lost
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define MS INT64_C(1000000)
#define GATE (1000000 * MS)
#define IDLE_MS 30000
#define RUN_MS 40000
#define TAIL_MS 3000

#define CHANNEL(name, quantity, shape, role, flags, rest)             \
	"   {\"name\": \"" name "\", \"quantity\": \"" quantity "\"," \
	" \"shape\": \"" shape "\",\n    \"role\": \"" role           \
	"\", \"flags\": [" flags "], \"wrap\": \"0\",\n    " rest "}"
#define LIMITS(refresh, window, gain, offset, resolution)       \
	"\"refresh_ns\": " #refresh ", \"window_ns\": " #window \
	", \"gain_ppm\": " #gain ",\n    \"offset\": " #offset  \
	", \"resolution\": " #resolution
#define SENSOR(id, driver)                                                 \
	"  {\"id\": \"" id "\", \"driver\": \"" driver "\", \"status\": "  \
	"\"ok\",\n   \"file\": \"sensors/" id ".csv\", \"reason\": \"\", " \
	"\"notes\": [],\n   \"channels\": [\n"

static const char head[] =
	"{\n"
	" \"schema\": \"edgeprof.run/1\", \"version\": \"0.1.0\",\n"
	" \"build\": \"make_meters\", \"command\": [\"./infer\"],\n"
	" \"started_real_ns\": 1795216340000000000,\n"
	" \"started_mono_ns\": 969900000000,\n"
	" \"host\": {\"name\": \"made\", \"kernel\": \"6.12.0\",\n"
	"  \"machine\": \"aarch64\", \"cpus_online\": 4},\n"
	" \"board\": {\"name\": \"rpi5\", \"title\": \"Raspberry Pi 5\",\n"
	"  \"source\": \"made by a test\", \"status\": \"untested\",\n"
	"  \"coverage\": \"the rails of the board's power chip\",\n"
	"  \"matched\": true, \"asked\": false, \"detected\": \"rpi5\",\n"
	"  \"calibrations\": [{\"name\": \"usb-c-meter\",\n"
	"   \"target\": \"at the USB-C plug\", \"gain\": 1.1451,\n"
	"   \"offset_w\": 0.5879, \"source\": \"a published fit\",\n"
	"   \"caveat\": \"one board with one meter\"}]},\n"
	" \"interval_ns\": 10000000, \"idle_ns\": 30000000000,\n"
	" \"tail_ns\": 3000000000, \"jitter\": false,\n"
	" \"system_wide\": false, \"scheduler\": \"fifo\",\n"
	" \"governor\": null, \"runner\": \"command\",\n"
	" \"calibration\": \"usb-c-meter\",\n"
	" \"total\": {\"channels\": [\"pmic.core\", \"pmic.memory\"],\n"
	"  \"source\": \"board\", \"reason\": \"\",\n"
	"  \"title\": \"PMIC sum\"},\n"
	" \"sensors\": [\n";

static const char pmic_json[] = SENSOR("pmic", "rpi5_pmic")
	CHANNEL("core_volts", "uv", "gauge", "none", "", LIMITS(20000000, 0, 0, 0, 0)) ",\n" CHANNEL(
		"core_amps", "ua", "gauge", "none", "",
		LIMITS(20000000, 0, 0, 0,
		       8927)) ",\n" CHANNEL("memory_volts", "uv", "gauge",
					    "none", "",
					    LIMITS(40000000, 0, 0, 0,
						   0)) ",\n" CHANNEL("memory_amps",
								     "ua",
								     "gauge",
								     "none", "",
								     LIMITS(40000000,
									    0,
									    0,
									    0,
									    0)) ",\n" CHANNEL("ext5v",
											      "uv",
											      "gauge",
											      "none",
											      "",
											      LIMITS(20000000,
												     0, 0, 0, 0) ", \"low\": 4750000") ",\n" CHANNEL("core", "uw", "gauge", "total", "\"product\"", LIMITS(20000000, 0, 0, 0, 0) ", \"volts\": \"core_volts\", \"amps\": \"core_amps\"") ",\n" CHANNEL("memory",
																																				       "uw",
																																				       "gauge",
																																				       "total",
																																				       "\"product\"",
																																				       LIMITS(
																																					       40000000, 0, 0,
																																					       0,
																																					       0) ", \"volts\": \"memory_volts\", \"amps\": \"memory_amps\"") "]},\n";

static const char others_json[] = SENSOR("um34c", "um_meter") CHANNEL(
	"power", "uw", "gauge", "total", "",
	LIMITS(500000000, 1000000000, 13000, 15000,
	       5000)) ",\n" CHANNEL("energy", "uj", "counter", "none",
				    "\"check\"",
				    LIMITS(500000000, 0, 13000, 0,
					   3600000)) "]},\n" SENSOR("shelly",
								    "plug")
	CHANNEL("power", "uw", "gauge", "total", "",
		LIMITS(1000000000, 2000000000, 0, 0,
		       100000) ", \"min_window_ns\": 20000000000") "]},\n" SENSOR("firmware",
										  "rpi_firmware")
		CHANNEL("under_voltage", "count", "gauge", "none", "\"alarm\"",
			LIMITS(1000000000, 0, 0, 0,
			       1)) "]}],\n"
				   " \"observers\": [], \"options\": {}\n}\n";

static const struct {
	int64_t at_ms;
	const char *phase, *tokens;
	int64_t uw;
} steps[] = {
	{ 0, "load", "", 3500000 },
	{ 3000, "prefill", "64", 7000000 },
	{ 8000, "generation", "", 6000000 },
	{ 38000, "", "", 2500000 },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static int64_t pmic_uw(int64_t ms)
{
	int64_t uw = 2500000;

	for (size_t i = 0; i < STEPS && ms < RUN_MS; i++)
		if (ms >= steps[i].at_ms)
			uw = steps[i].uw;
	return uw;
}

static int64_t plug_uw(int64_t ms)
{
	return pmic_uw(ms) * 11451 / 10000 + 587900;
}

/* Of the plug's power, over a while that ended at ms. */
static int64_t mean_uw(int64_t ms, int64_t long_ms)
{
	int64_t sum = 0;

	for (int64_t k = 0; k < long_ms; k++)
		sum += plug_uw(ms - long_ms + k);
	return sum / long_ms;
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

static int make_events(const char *dir)
{
	FILE *f = create(dir, "events.csv");
	char rest[160];

	if (!f)
		return -1;
	(void)fprintf(f, "t_ns,span_ns,event,request,phase,tokens,evidence,"
			 "source,text\n");
	event(f, -IDLE_MS - 100, "start,0,,,,,");
	event(f, -IDLE_MS, "idle,0,,,,,begin");
	event(f, 0, "idle,0,,,,,end");
	event(f, 0, "gate,0,,,,,");
	for (size_t i = 0; i < STEPS; i++) {
		(void)snprintf(rest, sizeof(rest), "mark,0,%s,%s,MARKED,77:1,",
			       steps[i].phase, steps[i].tokens);
		event(f, steps[i].at_ms, rest);
	}
	for (int64_t k = 0; k <= 102; k++)
		event(f, 8000 + k * 290, "token,0,,,MARKED,77:1,");
	event(f, RUN_MS, "exit,0,,,,,exit 0");
	event(f, RUN_MS + TAIL_MS, "end,0,,,,,");
	return finish(f);
}

static int make_pmic(const char *dir)
{
	FILE *f = create(dir, "sensors/pmic.csv");

	if (!f)
		return -1;
	(void)fprintf(f, "t_ns,span_ns,flags,core_volts_uv,core_amps_ua,"
			 "memory_volts_uv,memory_amps_ua,ext5v_uv\n");
	for (int64_t ms = -IDLE_MS; ms <= RUN_MS + TAIL_MS; ms += 20) {
		int64_t uw = pmic_uw(ms);

		(void)fprintf(f, "%" PRId64 ",4000000,1,800000,%" PRId64,
			      GATE + ms * MS, (uw - 1000000) * 10 / 8);
		(void)fprintf(f, ms % 40 == 0 ? ",1100000,909091" : ",,");
		(void)fprintf(f, ",%d\n", uw > 6500000 ? 4710000 : 5050000);
	}
	return finish(f);
}

static int make_um34c(const char *dir)
{
	FILE *f = create(dir, "sensors/um34c.csv");
	int64_t counted_uj = 0;

	if (!f)
		return -1;
	(void)fprintf(f, "t_ns,span_ns,flags,power_uw,energy_uj\n");
	for (int64_t ms = -IDLE_MS; ms <= RUN_MS + TAIL_MS; ms++) {
		counted_uj += plug_uw(ms) / 1000;
		if (ms % 500 == 0)
			(void)fprintf(f,
				      "%" PRId64 ",80000000,1,%" PRId64
				      ",%" PRId64 "\n",
				      GATE + ms * MS,
				      mean_uw(ms - 250, 500) / 1000 * 1000,
				      counted_uj / 3600000 * 3600000);
	}
	return finish(f);
}

static int make_shelly(const char *dir)
{
	FILE *f = create(dir, "sensors/shelly.csv");

	if (!f)
		return -1;
	(void)fprintf(f, "t_ns,span_ns,flags,power_uw\n");
	for (int64_t ms = -IDLE_MS + 137; ms <= RUN_MS + TAIL_MS; ms += 1000) {
		int64_t uw = mean_uw(ms - 500, 1000) * 108 / 100 + 600000;

		if (ms == 20137)
			continue;
		(void)fprintf(f, "%" PRId64 ",9000000,%d,%" PRId64 "\n",
			      GATE + ms * MS, ms == 21137 ? 5 : 1,
			      uw / 100000 * 100000);
	}
	return finish(f);
}

static int make_rest(const char *dir)
{
	FILE *json = create(dir, "run.json"), *ticks, *firmware;
	int failed;

	if (!json)
		return -1;
	(void)fprintf(json, "%s%s%s", head, pmic_json, others_json);
	failed = finish(json);
	ticks = create(dir, "ticks.csv");
	firmware = create(dir, "sensors/firmware.csv");
	if (!ticks || !firmware)
		return -1;
	(void)fprintf(ticks, "due_ns,late_ns,missed\n");
	(void)fprintf(firmware, "t_ns,span_ns,flags,under_voltage_count\n");
	for (int64_t ms = -IDLE_MS; ms <= RUN_MS + TAIL_MS; ms += 10) {
		(void)fprintf(ticks, "%" PRId64 ",30000,0\n", GATE + ms * MS);
		if (ms % 1000 == 0)
			(void)fprintf(firmware, "%" PRId64 ",9000,1,%d\n",
				      GATE + ms * MS, ms == 4000 || ms == 5000);
	}
	failed |= finish(ticks);
	failed |= finish(firmware);
	return failed;
}

int main(int argc, char **argv)
{
	char sensors[512];

	if (argc < 2) {
		(void)fprintf(stderr, "usage: make_meters DIR\n");
		return 2;
	}
	(void)snprintf(sensors, sizeof(sensors), "%s/sensors", argv[1]);
	if ((mkdir(argv[1], 0755) < 0 && errno != EEXIST) ||
	    (mkdir(sensors, 0755) < 0 && errno != EEXIST)) {
		perror(argv[1]);
		return 2;
	}
	return make_rest(argv[1]) < 0 || make_events(argv[1]) < 0 ||
			       make_pmic(argv[1]) < 0 ||
			       make_um34c(argv[1]) < 0 ||
			       make_shelly(argv[1]) < 0
		       ? 2
		       : 0;
}

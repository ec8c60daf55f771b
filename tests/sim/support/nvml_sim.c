/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/nvml_sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const words[SIM_WORD_COUNT] = {
	"energy", "instant", "average",	 "usage", "use",
	"clock",  "temp",    "throttle", "uuid",  "capability"
};

/* In the order of NVML's numbers. */
static const char *const types[] = { "double", "uint", "ulong", "ullong",
				     "llong",  "int",  "ushort" };

static int find(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

static int take_profile(struct sim *sim, const char *word, const char *text)
{
	unsigned first = 0, last = SIM_GPUS_MAX;

	if (word[7]) {
		first = (unsigned)strtoul(word + 7, NULL, 10);
		last = first + 1;
	}
	for (unsigned i = first; i < last && i < SIM_GPUS_MAX; i++) {
		profile_done(&sim->profiles[i]);
		if (profile_parse(text, &sim->profiles[i]) < 0)
			return -1;
	}
	return 0;
}

static int take_flag(struct sim *sim, const char *word, const char *text)
{
	int at = find(words, SIM_WORD_COUNT, text);

	if (at < 0)
		return -1;
	if (word[0] == 'u')
		sim->unsupported[at] = true;
	else
		sim->denied[at] = true;
	return 0;
}

static int take_stretch(struct sim *sim, const char *word, const double *v)
{
	struct sim_stretch from_first = { v[0], v[1] };
	struct sim_stretch from_second = { v[1], v[2] };

	if (strcmp(word, "zero") == 0)
		sim->zero = from_first;
	else if (strcmp(word, "garbage") == 0)
		sim->garbage = from_first;
	else if (strcmp(word, "unload") == 0)
		sim->unload = from_first;
	else if (strcmp(word, "lost") == 0 && v[0] >= 0 && v[0] < SIM_GPUS_MAX)
		sim->lost[(unsigned)v[0]] = from_second;
	else if (strcmp(word, "throttle") == 0)
		sim->throttle = from_second;
	else
		return -1;
	if (strcmp(word, "throttle") == 0)
		sim->throttle_bits = (unsigned)v[0];
	return 0;
}

static int take_numbers(struct sim *sim, const char *word, const char *text)
{
	const struct {
		const char *word;
		double *at;
	} places[] = { { "energy_step", &sim->energy_step_s },
		       { "energy_from", &sim->energy_from_mj },
		       { "energy_reset", &sim->reset_s },
		       { "instant_step", &sim->instant_step_s },
		       { "average_window", &sim->window_s },
		       { "slow", &sim->slow_s } };
	double v[3] = { 0, 0, 0 };
	char *end = NULL;

	for (int i = 0; i < 3; i++, text = end)
		v[i] = strtod(text, &end);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(places[i].word, word) == 0) {
			*places[i].at = v[0];
			return 0;
		}
	}
	if (strcmp(word, "gpus") == 0) {
		sim->gpu_count = (unsigned)v[0];
	} else if (strcmp(word, "fail_init") == 0) {
		sim->fail_init = (int)v[0];
	} else if (strcmp(word, "capability") == 0) {
		sim->major = (int)v[0];
		sim->minor = (int)v[1];
	} else {
		return take_stretch(sim, word, v);
	}
	return 0;
}

static int take_line(struct sim *sim, char *line)
{
	char *text = line + strcspn(line, " \n");

	line[strcspn(line, "\n")] = '\0';
	if (*text)
		*text++ = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (strncmp(line, "profile", 7) == 0)
		return take_profile(sim, line, text);
	if (strcmp(line, "unsupported") == 0 || strcmp(line, "denied") == 0)
		return take_flag(sim, line, text);
	if (strcmp(line, "epoch") == 0) {
		sim->epoch_ns = strtoll(text, NULL, 10);
		return 0;
	}
	if (strcmp(line, "energy_fixed") == 0) {
		sim->energy_fixed = true;
		return 0;
	}
	if (strcmp(line, "type") == 0) {
		sim->type = find(types, sizeof(types) / sizeof(types[0]), text);
		return sim->type < 0 ? -1 : 0;
	}
	return take_numbers(sim, line, text);
}

static int take_file(struct sim *sim, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int r = 0;

	if (!f) {
		fprintf(stderr, "nvml: cannot read %s\n", path);
		return -1;
	}
	while (r == 0 && fgets(line, sizeof(line), f)) {
		r = take_line(sim, line);
		if (r < 0)
			fprintf(stderr, "nvml: %s: '%s' is not known\n", path,
				line);
	}
	fclose(f);
	return r;
}

int sim_load(struct sim *sim)
{
	static const struct sim plain = { .gpu_count = 1,
					  .major = 9,
					  .energy_step_s = 0.1,
					  .energy_from_mj = 1e6,
					  .instant_step_s = 0.02,
					  .window_s = 1,
					  .type = 1 };
	const char *path = getenv("EP_SIM_NVML");

	*sim = plain;
	sim->reset_s = HUGE_VAL;
	if (take_profile(sim, "profile", "constant 100") < 0)
		return -1;
	return path ? take_file(sim, path) : 0;
}

void sim_done(struct sim *sim)
{
	for (unsigned i = 0; i < SIM_GPUS_MAX; i++)
		profile_done(&sim->profiles[i]);
}

double sim_now_s(const struct sim *sim)
{
	const char *text = getenv("EP_SIM_NVML_NOW_NS");
	struct timespec now;

	if (text)
		return (double)(strtoll(text, NULL, 10) - sim->epoch_ns) * 1e-9;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)((long long)now.tv_sec * 1000000000 + now.tv_nsec -
			sim->epoch_ns) *
	       1e-9;
}

bool sim_within(struct sim_stretch stretch, double t_s)
{
	return t_s >= stretch.at_s && t_s < stretch.until_s;
}

/* The last time a value was made. */
static double last_update_s(double t_s, double step_s)
{
	return step_s > 0 ? floor(t_s / step_s + 1e-9) * step_s : t_s;
}

/* Before the epoch it draws what it draws there. */
static double joules(const struct profile *p, double from_s, double to_s)
{
	double sum = 0;

	if (from_s < 0) {
		sum = (fmin(to_s, 0) - from_s) * profile_w(p, 0);
		from_s = fmin(to_s, 0);
	}
	return to_s > from_s ? sum + profile_j(p, from_s, to_s) : sum;
}

double sim_energy_mj(const struct sim *sim, unsigned gpu, double t_s)
{
	double to_s = last_update_s(t_s, sim->energy_step_s), from_s = 0;
	double mj = sim->energy_from_mj;

	if (sim->energy_fixed)
		return mj;
	if (sim->unload.until_s > 0 && t_s >= sim->unload.until_s)
		from_s = sim->unload.until_s;
	if (t_s >= sim->reset_s && sim->reset_s > from_s)
		from_s = sim->reset_s;
	if (from_s > 0)
		mj = 0;
	return mj + fmax(0, 1000 * joules(&sim->profiles[gpu], from_s, to_s));
}

double sim_instant_mw(const struct sim *sim, unsigned gpu, double t_s)
{
	double at_s = fmax(0, last_update_s(t_s, sim->instant_step_s));

	return 1000 * profile_w(&sim->profiles[gpu], at_s);
}

double sim_average_mw(const struct sim *sim, unsigned gpu, double t_s)
{
	double to_s = last_update_s(t_s, sim->instant_step_s);

	return 1000 * joules(&sim->profiles[gpu], to_s - sim->window_s, to_s) /
	       sim->window_s;
}

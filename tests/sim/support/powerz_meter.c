/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/powerz_meter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_NS 600000LL
#define LATE_NS 60000000LL

static const char *const fault_names[] = { "silence", "short", "garbage",
					   "late",    "stall", "gone" };

long long powerz_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int powerz_has(const struct powerz_meter *m, enum powerz_fault fault)
{
	double t_s = (double)(powerz_now_ns() - m->first_ns) * 1e-9;

	return m->first_ns > 0 && t_s >= m->faults[fault].from_s &&
	       t_s < m->faults[fault].to_s;
}

static void put(uint8_t *to, int bytes, int64_t value)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (uint8_t)((uint64_t)value >> 8 * i);
}

static void answer(const struct powerz_meter *m, uint8_t *a, uint8_t number)
{
	double t_s = (double)(powerz_now_ns() - m->epoch_ns) * 1e-9;
	double amps = profile_w(&m->profile, t_s) / m->volts;

	memset(a, 0, POWERZ_ANSWER_BYTES);
	a[0] = 0x41;
	a[1] = m->unnumbered ? 0 : number;
	put(a + 2, 2, 10 << 6);
	put(a + 4, 4, 1 | (int64_t)44 << 22);
	put(a + 8, 4, llround(m->volts * 1e6));
	put(a + 12, 4, llround((m->reversed ? -amps : amps) * 1e6));
	memcpy(a + 16, a + 8, 8);
	put(a + 32, 2, 31 * 128 + 64);
	put(a + 44, 1, 3);
	if (powerz_has(m, POWERZ_GARBAGE))
		memset(a + 2, 0xa5, POWERZ_ANSWER_BYTES - 2);
}

int powerz_ask(struct powerz_meter *m, const uint8_t *bytes, int len)
{
	if (len != 4 || bytes[0] != 0x0c || bytes[2] != 2 || bytes[3] != 0)
		return -1;
	if (m->first_ns == 0)
		m->first_ns = powerz_now_ns();
	m->questions++;
	for (int i = 0; i < POWERZ_ANSWERS_MAX; i++) {
		if (m->due_ns[i] != 0 || powerz_has(m, POWERZ_SILENCE))
			continue;
		answer(m, m->answers[i], bytes[1]);
		m->due_ns[i] =
			powerz_now_ns() +
			(powerz_has(m, POWERZ_LATE) ? LATE_NS : ANSWER_NS);
		break;
	}
	return 0;
}

int powerz_next(const struct powerz_meter *m)
{
	int best = -1;

	for (int i = 0; i < POWERZ_ANSWERS_MAX; i++)
		if (m->due_ns[i] != 0 && m->due_ns[i] <= powerz_now_ns() &&
		    (best < 0 || m->due_ns[i] < m->due_ns[best]))
			best = i;
	return best;
}

static int add_fault(struct powerz_meter *m, const char *text)
{
	for (int i = 0; i < POWERZ_FAULT_COUNT; i++) {
		size_t len = strlen(fault_names[i]);
		double from_s, for_s;

		if (strncmp(text, fault_names[i], len) != 0 ||
		    sscanf(text + len, ":%lf:%lf", &from_s, &for_s) != 2)
			continue;
		m->faults[i].from_s = from_s;
		m->faults[i].to_s = from_s + for_s;
		return 0;
	}
	return -1;
}

static int option(struct powerz_meter *m, const char *name, const char *value)
{
	if (strcmp(name, "--profile") == 0)
		return profile_parse(value, &m->profile);
	if (strcmp(name, "--fault") == 0)
		return add_fault(m, value);
	if (strcmp(name, "--epoch-file") == 0)
		m->epoch_file = value;
	else if (strcmp(name, "--count") == 0)
		m->count_file = value;
	else if (strcmp(name, "--driver") == 0)
		m->driver = value;
	else if (strcmp(name, "--volts") == 0)
		m->volts = strtod(value, NULL);
	else
		return -1;
	return 0;
}

static int flag(struct powerz_meter *m, const char *name)
{
	int *flags[] = { &m->reversed, &m->unnumbered, &m->second, &m->busy };
	const char *const names[] = { "--reversed", "--unnumbered", "--second",
				      "--busy" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return *flags[i] = 1;
	return 0;
}

int powerz_parse(struct powerz_meter *m, int argc, char **argv)
{
	memset(m, 0, sizeof(*m));
	m->volts = 5.06;
	if (profile_parse("constant 5", &m->profile) < 0)
		return 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1 < argc ? i + 1 : 0;
		if (flag(m, argv[i]))
			continue;
		if (i + 1 == argc || option(m, argv[i], argv[i + 1]) < 0)
			return 0;
		i++;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/firmware.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_S 0.3
#define READ_ADC "pmic_read_adc"

/* Where a board's power goes: volts stand on a count of the converter, shares
 * add up to 1.  A share of 0 has a voltage only. */
static const struct rail {
	const char *name;
	int amps, volts;     /* channels of the converter */
	double lsb_a, lsb_v; /* one count of it */
	int volts_code;
	double share;
} rails[] = {
	{ "3V7_WL_SW", 0, 8, 0.97593e-3, 0.92796e-3, 3911, 0.06 },
	{ "3V3_SYS", 1, 9, 0.97593e-3, 0.92796e-3, 3574, 0.08 },
	{ "1V8_SYS", 2, 10, 0.97593e-3, 0.4884e-3, 3683, 0.08 },
	{ "DDR_VDD2", 3, 11, 0.97593e-3, 0.4884e-3, 2255, 0.05 },
	{ "DDR_VDDQ", 4, 12, 0.97593e-3, 0.3663e-3, 1655, 0.02 },
	{ "1V1_SYS", 5, 13, 0.97593e-3, 0.3663e-3, 3014, 0.06 },
	{ "0V8_SW", 6, 14, 0.97593e-3, 0.3663e-3, 2180, 0.07 },
	{ "VDD_CORE", 7, 15, 8.93e-3, 0.26862e-3, 3276, 0.55 },
	{ "3V3_DAC", 17, 20, 0.3663e-3, 0.91575e-3, 3615, 0.005 },
	{ "3V3_ADC", 18, 21, 0.06105e-3, 0.91575e-3, 3622, 0.005 },
	{ "0V8_AON", 16, 19, 0.06105e-3, 0.29304e-3, 2723, 0.005 },
	{ "HDMI", 22, 23, 0.4884e-3, 1.34e-3, 3807, 0.015 },
	{ "EXT5V", -1, 24, 0, 1.34e-3, 3795, 0 },
	{ "BATT", -1, 25, 0, 0.8547e-3, 0, 0 },
};
#define RAILS (sizeof(rails) / sizeof(rails[0]))
#define CHANNELS 26

int firmware_add_fault(struct firmware *f, const char *text)
{
	static const char *const names[FAULT_KINDS] = {
		"garbage", "truncated", "nan", "missing", "spike",  "stuck",
		"error",   "empty",	"eio", "slow",	  "vanish", "throttled",
	};
	struct firmware_fault fault = { 0 };
	size_t len = strcspn(text, ":");
	char *end = NULL;
	int kind = 0;

	while (kind < FAULT_KINDS && (strlen(names[kind]) != len ||
				      strncmp(text, names[kind], len) != 0))
		kind++;
	if (kind < FAULT_KINDS && text[len] == ':') {
		fault.kind = (enum firmware_fault_kind)kind;
		fault.from_s = strtod(text + len + 1, &end);
		if (*end == ':')
			fault.for_s = strtod(end + 1, &end);
	}
	if (!end || *end != '\0' || f->fault_count == FIRMWARE_FAULTS_MAX) {
		fprintf(stderr, "vcio: bad fault '%s'\n", text);
		return -1;
	}
	f->faults[f->fault_count++] = fault;
	return 0;
}

static const struct firmware_fault *
find(const struct firmware *f, enum firmware_fault_kind kind, double t_s)
{
	for (size_t i = 0; i < f->fault_count; i++)
		if (f->faults[i].kind == kind && t_s >= f->faults[i].from_s &&
		    t_s < f->faults[i].from_s + f->faults[i].for_s)
			return &f->faults[i];
	return NULL;
}

bool firmware_has(const struct firmware *f, enum firmware_fault_kind kind,
		  double t_s)
{
	return find(f, kind, t_s) != NULL;
}

double firmware_cost_s(const struct firmware *f, const char *command,
		       double t_s)
{
	if (firmware_has(f, FAULT_SLOW, t_s))
		return SLOW_S;
	return strcmp(command, READ_ADC) == 0 ? f->full_s : f->single_s;
}

struct text {
	char *at;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
						      const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->room, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < t->room) {
		t->at += n;
		t->room -= (size_t)n;
	}
}

/* When a value that is read at t_s was made. */
static double made_s(const struct firmware *f, double t_s)
{
	const struct firmware_fault *stuck = find(f, FAULT_STUCK, t_s);

	if (stuck)
		t_s = stuck->from_s;
	return f->refresh_s > 0 ? floor(t_s / f->refresh_s) * f->refresh_s
				: t_s;
}

static double amps_of(const struct firmware *f, const struct rail *r,
		      double t_s)
{
	double volts = r->volts_code * r->lsb_v;
	double amps = profile_w(&f->profile, made_s(f, t_s)) * r->share / volts;

	return f->exact ? amps : floor(amps / r->lsb_a + 0.5) * r->lsb_a;
}

/* One line. */
static void add_channel(const struct firmware *f, struct text *t,
			const struct rail *r, bool amps, double t_s)
{
	bool core = strcmp(r->name, "VDD_CORE") == 0;
	char name[24];

	if (core && firmware_has(f, FAULT_MISSING, t_s))
		return;
	(void)snprintf(name, sizeof(name), "%s_%c", r->name, amps ? 'A' : 'V');
	add(t, f->unpadded ? "%s " : "%12s ", name);
	if (!amps)
		add(t, "volt(%d)=%.8fV\n", r->volts, r->volts_code * r->lsb_v);
	else if (firmware_has(f, FAULT_NAN, t_s))
		add(t, "current(%d)=nanA\n", r->amps);
	else if (core && firmware_has(f, FAULT_SPIKE, t_s))
		add(t, "current(%d)=1000.00000000A\n", r->amps);
	else
		add(t, "current(%d)=%.8fA\n", r->amps, amps_of(f, r, t_s));
}

/* One after the other, as the converter reads them. */
static void add_all(const struct firmware *f, struct text *t, double t_s)
{
	int number = 0;

	for (int amps = 1; amps >= 0; amps--) {
		for (size_t i = 0; i < RAILS; i++) {
			double at_s =
				t_s + f->full_s * (number + 0.5) / CHANNELS;

			if (amps && rails[i].amps < 0)
				continue;
			add_channel(f, t, &rails[i], amps, at_s);
			number++;
		}
	}
}

/* "VDD_CORE_A"; false when there is no such channel. */
static bool add_one(const struct firmware *f, struct text *t, const char *name,
		    double t_s)
{
	size_t len = strlen(name);
	bool amps = len > 2 && name[len - 1] == 'A';

	for (size_t i = 0; i < RAILS; i++) {
		if (len != strlen(rails[i].name) + 2 || name[len - 2] != '_' ||
		    strncmp(name, rails[i].name, len - 2) != 0 ||
		    (amps && rails[i].amps < 0))
			continue;
		add_channel(f, t, &rails[i], amps, t_s + f->single_s / 2);
		return true;
	}
	return false;
}

static void damage(const struct firmware *f, double t_s,
		   char text[FIRMWARE_TEXT_BYTES])
{
	size_t len = strlen(text);

	if (firmware_has(f, FAULT_TRUNCATED, t_s))
		text[len * 2 / 3] = '\0';
	if (firmware_has(f, FAULT_EMPTY, t_s))
		text[0] = '\0';
	if (firmware_has(f, FAULT_GARBAGE, t_s))
		for (size_t i = 0; i < len; i++)
			text[i] = (char)(1 + (i * 37 + 11) % 255);
	if (firmware_has(f, FAULT_ERROR, t_s))
		(void)snprintf(text, FIRMWARE_TEXT_BYTES,
			       "error=2 error_msg=\"Invalid arguments\"");
}

/* What it remembers until the next start. */
static bool was_weak(const struct firmware *f, double t_s)
{
	for (size_t i = 0; i < f->fault_count; i++)
		if (f->faults[i].kind == FAULT_THROTTLED &&
		    t_s >= f->faults[i].from_s)
			return true;
	return false;
}

void firmware_answer(const struct firmware *f, const char *command, double t_s,
		     char ret[FIRMWARE_TEXT_BYTES])
{
	bool weak = firmware_has(f, FAULT_THROTTLED, t_s);
	unsigned bits = (weak ? 0x5u : 0) | (was_weak(f, t_s) ? 0x50000u : 0);
	struct text t = { ret, FIRMWARE_TEXT_BYTES };
	size_t head = strlen(READ_ADC);
	bool known = true;

	ret[0] = '\0';
	if (strcmp(command, READ_ADC) == 0 && !f->pi4)
		add_all(f, &t, t_s);
	else if (strncmp(command, READ_ADC " ", head + 1) == 0 && !f->pi4 &&
		 !f->no_single)
		known = add_one(f, &t, command + head + 1, t_s);
	else if (strcmp(command, "get_throttled") == 0)
		add(&t, "throttled=0x%x\n", bits);
	else if (strcmp(command, "measure_clock arm") == 0)
		add(&t, "frequency(0)=%s\n",
		    weak ? "1500019456" : "2400033024");
	else if (strcmp(command, "measure_temp") == 0)
		add(&t, "temp=48.2'C\n");
	else
		known = false;
	if (!known)
		add(&t, "error=1 error_msg=\"Command not registered\"");
	damage(f, t_s, ret);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_points(const char *path, struct profile *p)
{
	FILE *f = fopen(path, "re");
	char line[128];

	p->t_s = calloc(PROFILE_POINTS_MAX, sizeof(*p->t_s));
	p->w = calloc(PROFILE_POINTS_MAX, sizeof(*p->w));
	if (!f || !p->t_s || !p->w) {
		fprintf(stderr, "profile: cannot read %s\n", path);
		if (f)
			fclose(f);
		return -1;
	}
	while (p->count < PROFILE_POINTS_MAX && fgets(line, sizeof(line), f)) {
		char *end = NULL;

		p->t_s[p->count] = strtod(line, &end);
		if (end == line || *end != ',')
			continue;
		p->w[p->count++] = strtod(end + 1, NULL);
	}
	fclose(f);
	if (p->count == 0)
		fprintf(stderr, "profile: %s has no line t_s,w\n", path);
	return p->count == 0 ? -1 : 0;
}

int profile_parse(const char *text, struct profile *ret)
{
	static const struct {
		const char *name;
		enum profile_kind kind;
		int numbers;
	} kinds[] = { { "constant ", PROFILE_CONSTANT, 1 },
		      { "square ", PROFILE_SQUARE, 3 },
		      { "ramp ", PROFILE_RAMP, 3 },
		      { "recorded ", PROFILE_RECORDED, 0 } };
	struct profile p = { .count = 0 };
	double *numbers[] = { &p.a, &p.b, &p.c };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].name);
		const char *at = text + len;
		char *end = NULL;
		int n = 0;

		if (strncmp(text, kinds[i].name, len) != 0)
			continue;
		p.kind = kinds[i].kind;
		for (; n < kinds[i].numbers; n++, at = end) {
			*numbers[n] = strtod(at, &end);
			if (end == at)
				break;
		}
		if (n < kinds[i].numbers ||
		    (p.kind == PROFILE_RECORDED && read_points(at, &p) < 0))
			break;
		*ret = p;
		return 0;
	}
	profile_done(&p);
	fprintf(stderr, "profile: '%s' is none\n", text);
	return -1;
}

void profile_done(struct profile *p)
{
	free(p->t_s);
	free(p->w);
	p->t_s = p->w = NULL;
	p->count = 0;
}

static double recorded_w(const struct profile *p, double t_s)
{
	size_t i = 1;

	if (t_s <= p->t_s[0])
		return p->w[0];
	while (i < p->count && p->t_s[i] < t_s)
		i++;
	if (i == p->count)
		return p->w[i - 1];
	return p->w[i - 1] + (p->w[i] - p->w[i - 1]) * (t_s - p->t_s[i - 1]) /
				     (p->t_s[i] - p->t_s[i - 1]);
}

double profile_w(const struct profile *p, double t_s)
{
	switch (p->kind) {
	case PROFILE_SQUARE:
		return fmod(t_s, p->c) < p->c / 2 ? p->a : p->b;
	case PROFILE_RAMP:
		return t_s >= p->c ? p->b : p->a + (p->b - p->a) * t_s / p->c;
	case PROFILE_RECORDED:
		return recorded_w(p, t_s);
	case PROFILE_CONSTANT:
		break;
	}
	return p->a;
}

/* From 0 to t_s. */
static double square_j(const struct profile *p, double t_s)
{
	double whole = floor(t_s / p->c), rest = t_s - whole * p->c;
	double low_s = fmin(rest, p->c / 2);

	return whole * p->c * (p->a + p->b) / 2 + low_s * p->a +
	       (rest - low_s) * p->b;
}

static double ramp_j(const struct profile *p, double t_s)
{
	double up_s = fmin(t_s, p->c);

	return up_s * (p->a + profile_w(p, up_s)) / 2 +
	       fmax(0, t_s - p->c) * p->b;
}

static double recorded_j(const struct profile *p, double from_s, double to_s)
{
	double sum = 0, at_s = from_s;

	for (size_t i = 0; i <= p->count; i++) {
		double next_s = i < p->count ? fmin(p->t_s[i], to_s) : to_s;

		if (next_s <= at_s)
			continue;
		sum += (next_s - at_s) *
		       (recorded_w(p, at_s) + recorded_w(p, next_s)) / 2;
		at_s = next_s;
	}
	return sum;
}

double profile_j(const struct profile *p, double from_s, double to_s)
{
	switch (p->kind) {
	case PROFILE_SQUARE:
		return square_j(p, to_s) - square_j(p, from_s);
	case PROFILE_RAMP:
		return ramp_j(p, to_s) - ramp_j(p, from_s);
	case PROFILE_RECORDED:
		return recorded_j(p, from_s, to_s);
	case PROFILE_CONSTANT:
		break;
	}
	return p->a * (to_s - from_s);
}

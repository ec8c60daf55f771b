/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/script.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

struct place {
	struct script *s;
	const char *file;
	int line;
};

static int fail(const struct place *p, const char *what, const char *why)
{
	fprintf(stderr, "%s:%d: %s: %s\n", p->file, p->line, what, why);
	return -1;
}

/* The next word of *at, cut off; "" at the end. */
static char *word(char **at)
{
	char *start = *at + strspn(*at, " \t");
	size_t len = strcspn(start, " \t");

	*at = start + len;
	if (**at)
		*(*at)++ = '\0';
	*at += strspn(*at, " \t");
	return start;
}

static int parse_path(const struct place *p, const char *from, char ret[256])
{
	if (from[0] != '/' || strlen(from) >= 256 || strstr(from, "/.."))
		return fail(p, from, "no absolute path");
	memcpy(ret, from, strlen(from) + 1);
	return 0;
}

static int parse_number(const struct place *p, const char *text, double *ret)
{
	if (ep_num_parse_f64(text, ret) < 0)
		return fail(p, text, "no number");
	return 0;
}

/* A quoted text with \n \t \" \\ ; *at moves behind it. */
static int parse_text(const struct place *p, char **at, struct script_text *ret)
{
	static const char from[] = "nt\"\\", to[] = "\n\t\"\\";
	const char *in = *at;

	ret->len = 0;
	if (*in++ != '"')
		return fail(p, *at, "a text in \" is needed");
	for (; *in && *in != '"'; in++) {
		char c = *in;

		if (c == '\\') {
			const char *known = in[1] ? strchr(from, in[1]) : NULL;

			if (!known)
				return fail(p, *at, "unknown escape");
			c = to[known - from];
			in++;
		}
		if (ret->len == sizeof(ret->bytes))
			return fail(p, *at, "too long a text");
		ret->bytes[ret->len++] = c;
	}
	if (*in != '"')
		return fail(p, *at, "no \" at the end of the text");
	*at += in + 1 - *at;
	*at += strspn(*at, " \t");
	return 0;
}

static int parse_unit(const struct place *p, const char *text, double *ret)
{
	static const struct {
		const char *name;
		double si;
	} units[] = { { "w", 1 },	{ "mw", 1e-3 }, { "uw", 1e-6 },
		      { "v", 1 },	{ "mv", 1e-3 }, { "uv", 1e-6 },
		      { "a", 1 },	{ "ma", 1e-3 }, { "ua", 1e-6 },
		      { "j", 1 },	{ "mj", 1e-3 }, { "uj", 1e-6 },
		      { "uwh", 3.6e-3 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text, units[i].name) == 0) {
			*ret = units[i].si;
			return 0;
		}
	return fail(p, text, "unknown unit");
}

/* unit=mv step=8 start=0 wrap=4294967296 */
static int parse_options(const struct place *p, char *at,
			 struct script_channel *c)
{
	c->unit = c->kind == SCRIPT_PAIR ? 1e-3 : 0;
	c->step = 1;
	while (*at) {
		char *name = word(&at), *value = strchr(name, '=');
		int r;

		if (!value)
			return fail(p, name, "an option has a '='");
		*value++ = '\0';
		if (strcmp(name, "unit") == 0)
			r = parse_unit(p, value, &c->unit);
		else if (strcmp(name, "step") == 0)
			r = parse_number(p, value, &c->step);
		else if (strcmp(name, "start") == 0)
			r = parse_number(p, value, &c->start);
		else if (strcmp(name, "wrap") == 0)
			r = parse_number(p, value, &c->wrap);
		else
			return fail(p, name, "unknown option");
		if (r < 0)
			return r;
	}
	if (!(c->unit > 0) || !(c->step > 0))
		return fail(p, c->path, "a unit= is needed, and step= above 0");
	return 0;
}

static int parse_profile_name(const struct place *p, const char *name,
			      struct script_channel *c)
{
	for (size_t i = 0; i < p->s->profile_count; i++)
		if (strcmp(p->s->profiles[i].name, name) == 0)
			return profile_parse(p->s->profiles[i].text,
					     &c->profile);
	return fail(p, name, "no such profile above");
}

static int parse_values(const struct place *p, char *at,
			struct script_channel *c)
{
	c->texts = calloc(SCRIPT_VALUES_MAX, sizeof(*c->texts));
	if (!c->texts)
		return fail(p, c->path, "out of memory");
	do {
		if (c->text_count == SCRIPT_VALUES_MAX)
			return fail(p, c->path, "too many values");
		if (parse_text(p, &at, &c->texts[c->text_count++]) < 0)
			return -1;
	} while (*at);
	return 0;
}

/* "power of NAME unit=uw", "volts 5 unit=mv", "values "1\n" "2\n"" ... */
static int parse_expression(const struct place *p, char *at,
			    struct script_channel *c)
{
	const char *kind;

	if (*at == '"')
		return parse_values(p, at, c);
	kind = word(&at);
	if (strcmp(kind, "values") == 0) {
		c->kind = SCRIPT_VALUES;
		return parse_values(p, at, c);
	}
	if (strcmp(kind, "volts") == 0) {
		c->kind = SCRIPT_VOLTS;
		if (parse_number(p, word(&at), &c->volts) < 0)
			return -1;
		return parse_options(p, at, c);
	}
	c->kind = strcmp(kind, "power") == 0  ? SCRIPT_POWER
		  : strcmp(kind, "amps") == 0 ? SCRIPT_AMPS
		  : strcmp(kind, "pair") == 0 ? SCRIPT_PAIR
					      : SCRIPT_ENERGY;
	if ((c->kind == SCRIPT_ENERGY && strcmp(kind, "energy") != 0) ||
	    strcmp(word(&at), "of") != 0)
		return fail(p, kind, "unknown expression");
	if (parse_profile_name(p, word(&at), c) < 0)
		return -1;
	if ((c->kind == SCRIPT_AMPS || c->kind == SCRIPT_PAIR) &&
	    (strcmp(word(&at), "at") != 0 ||
	     parse_number(p, word(&at), &c->volts) < 0 || !(c->volts > 0)))
		return fail(p, c->path, "amps or pair of NAME at VOLTS");
	return parse_options(p, at, c);
}

/* "7ms PATH = EXPRESSION" */
static int parse_every(const struct place *p, char *at)
{
	struct script_channel *c = &p->s->channels[p->s->channel_count];
	const char *period = word(&at), *path = word(&at);

	if (p->s->channel_count == SCRIPT_LINES_MAX)
		return fail(p, path, "too many lines");
	p->s->channel_count++;
	if (ep_num_parse_duration_ns(period, &c->period_ns) < 0 ||
	    c->period_ns <= 0)
		return fail(p, period, "no period like 7ms");
	if (parse_path(p, path, c->path) < 0)
		return -1;
	if (strcmp(word(&at), "=") != 0)
		return fail(p, path, "a = is needed");
	return parse_expression(p, at, c);
}

static int parse_act(const struct place *p, const char *act, char *at,
		     struct script_event *e)
{
	const char *first = word(&at);

	if (strcmp(act, "delete") == 0 || strcmp(act, "return") == 0) {
		e->act = act[0] == 'd' ? SCRIPT_DELETE : SCRIPT_RETURN;
		return parse_path(p, first, e->path);
	}
	if (strcmp(act, "link") == 0 && strlen(at) < sizeof(e->to)) {
		e->act = SCRIPT_LINK;
		memcpy(e->to, at, strlen(at) + 1);
		return parse_path(p, first, e->path);
	}
	if (strcmp(act, "move") == 0) {
		e->act = SCRIPT_MOVE;
		if (parse_path(p, first, e->path) < 0)
			return -1;
		return parse_path(p, word(&at), e->to);
	}
	if (strcmp(act, "chmod") == 0) {
		char *end;

		e->act = SCRIPT_CHMOD;
		e->mode = (unsigned)strtoul(first, &end, 8);
		if (*end || first[0] != '0' || e->mode > 0777)
			return fail(p, first, "no mode like 0400");
		return parse_path(p, word(&at), e->path);
	}
	if (strcmp(act, "write") != 0 || parse_path(p, first, e->path) < 0)
		return fail(p, act,
			    "there are write, delete, return, move, link "
			    "and chmod");
	e->act = SCRIPT_WRITE;
	return parse_text(p, &at, &e->text);
}

/* "2s delete PATH" */
static int parse_at(const struct place *p, char *at)
{
	struct script_event *e = &p->s->events[p->s->event_count];
	const char *when = word(&at), *act = word(&at);

	if (p->s->event_count == SCRIPT_LINES_MAX)
		return fail(p, when, "too many lines");
	p->s->event_count++;
	if (ep_num_parse_duration_ns(when, &e->at_ns) < 0 || e->at_ns < 0)
		return fail(p, when, "no time like 2s");
	return parse_act(p, act, at, e);
}

/* "NAME = square 2 8 0.5" */
static int parse_profile(const struct place *p, char *at)
{
	struct script *s = p->s;
	const char *name = word(&at);

	if (s->profile_count == sizeof(s->profiles) / sizeof(s->profiles[0]) ||
	    strlen(name) >= sizeof(s->profiles[0].name) ||
	    strcmp(word(&at), "=") != 0 ||
	    strlen(at) >= sizeof(s->profiles[0].text))
		return fail(p, name, "profile NAME = PROFILE");
	memcpy(s->profiles[s->profile_count].name, name, strlen(name) + 1);
	memcpy(s->profiles[s->profile_count].text, at, strlen(at) + 1);
	s->profile_count++;
	return 0;
}

static int parse_line(const struct place *p, char *line)
{
	char *at = line;
	const char *kind = word(&at);

	if (kind[0] == '\0' || kind[0] == '#')
		return 0;
	if (strcmp(kind, "profile") == 0)
		return parse_profile(p, at);
	if (strcmp(kind, "every") == 0)
		return parse_every(p, at);
	if (strcmp(kind, "at") == 0)
		return parse_at(p, at);
	return fail(p, kind, "a line begins with profile, every or at");
}

int script_load(const char *file, struct script *s)
{
	struct place p = { s, file, 0 };
	FILE *f = fopen(file, "re");
	char line[1024];
	int r = 0;

	if (!f) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		return -1;
	}
	memset(s, 0, sizeof(*s));
	while (r == 0 && fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, "\n");

		p.line++;
		if (line[len] != '\n')
			r = fail(&p, "line", "too long, or no newline");
		line[len] = '\0';
		if (r == 0)
			r = parse_line(&p, line);
	}
	fclose(f);
	if (r < 0)
		script_done(s);
	return r;
}

void script_done(struct script *s)
{
	for (size_t i = 0; i < s->channel_count; i++) {
		profile_done(&s->channels[i].profile);
		free(s->channels[i].texts);
	}
	s->channel_count = 0;
}

static double amount(const struct script_channel *c, double t_s)
{
	switch (c->kind) {
	case SCRIPT_POWER:
		return profile_w(&c->profile, t_s);
	case SCRIPT_AMPS:
	case SCRIPT_PAIR:
		return profile_w(&c->profile, t_s) / c->volts;
	case SCRIPT_ENERGY:
		return profile_j(&c->profile, 0, t_s);
	case SCRIPT_VOLTS:
	case SCRIPT_CONSTANT:
	case SCRIPT_VALUES:
		break;
	}
	return c->volts;
}

static double counts_of(const struct script_channel *c, double value)
{
	return round((c->start + value / c->unit) / c->step) * c->step;
}

void script_value(struct script_channel *c, double t_s, struct script_text *ret)
{
	double counts;
	int len;

	if (c->text_count > 0) {
		*ret = c->texts[c->turn++ % c->text_count];
		return;
	}
	counts = counts_of(c, amount(c, t_s));
	if (c->wrap > 0)
		counts = fmod(counts, c->wrap);
	if (c->kind == SCRIPT_PAIR)
		len = snprintf(ret->bytes, sizeof(ret->bytes), "%.0f %.0f\n",
			       counts_of(c, c->volts), counts);
	else
		len = snprintf(ret->bytes, sizeof(ret->bytes), "%.0f\n",
			       counts);
	ret->len = len > 0 ? (size_t)len : 0;
}

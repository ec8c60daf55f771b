/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sensors_parts.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/width.h"

/* A total of more channels is not read as a sum of names. */
#define NAMES_MAX 4

struct ep_sensors_row ep_sensors_row_at(const struct ep_survey *s, size_t slot,
					size_t channel)
{
	struct ep_sensors_row row = {
		.slot = s->slots.slots[slot],
		.c = &s->slots.slots[slot]->channels[channel],
		.ch = &s->channels[slot][channel],
	};
	size_t at = 0, of = 0;

	for (size_t i = 0; i < s->total.count; i++)
		if (ep_survey_find(s, s->total.channels[i], &at, &of) &&
		    at == slot && of == channel)
			row.primary = true;
	return row;
}

bool ep_sensors_is_power(const struct ep_channel *c)
{
	return c->quantity == EP_POWER_UW || c->quantity == EP_ENERGY_UJ;
}

bool ep_sensors_has_power(const struct ep_slot *slot)
{
	for (size_t c = 0; c < slot->channel_count; c++)
		if (ep_sensors_is_power(&slot->channels[c]))
			return true;
	return false;
}

/* "1.50" reads as "1.5". */
static void cut_zeros(char *number)
{
	size_t len = strlen(number);

	if (!strchr(number, '.'))
		return;
	while (number[len - 1] == '0')
		number[--len] = '\0';
	if (number[len - 1] == '.')
		number[len - 1] = '\0';
}

void ep_sensors_si(char *ret, double value, const char *unit)
{
	static const struct {
		double above, factor;
		const char *prefix;
	} scales[] = {
		{ 1e9, 1e-9, "G" }, { 1e6, 1e-6, "M" }, { 1e3, 1e-3, "k" },
		{ 1.0, 1.0, "" },   { 1e-3, 1e3, "m" }, { 0, 1e6, "\xc2\xb5" },
	};
	char number[EP_CELL_BYTES];
	size_t i = 0;

	/* 0.99999 W reads as 1.000 W, not as 1000 mW. */
	while (i < 5 && fabs(value) < scales[i].above * 0.99995)
		i++;
	if (!(fabs(value) > 0.0))
		i = 3;
	ep_cell_number(number, value * scales[i].factor, 4);
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.40s %s%s", number,
			    scales[i].prefix, unit);
}

static void put_plain(char *ret, double value, int digits, const char *unit)
{
	char number[EP_CELL_BYTES];

	ep_cell_number(number, value, digits);
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.40s%s", number, unit);
}

static void put_bytes(char *ret, double value, bool counter)
{
	char number[EP_CELL_BYTES];

	ep_cell_bytes(number, value);
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.50s%s", number,
			    counter ? "/s" : "");
}

/* A finite value in SI units; of a counter what it grows by in a second. */
static void put_quantity(char *ret, double v, const struct ep_channel *c)
{
	bool counter = c->shape == EP_COUNTER;

	switch (c->quantity) {
	case EP_POWER_UW:
		ep_sensors_si(ret, v, counter ? "W/s" : "W");
		break;
	case EP_ENERGY_UJ:
		ep_sensors_si(ret, v, counter ? "W" : "J");
		break;
	case EP_VOLTAGE_UV:
		ep_sensors_si(ret, v, "V");
		break;
	case EP_CURRENT_UA:
		ep_sensors_si(ret, v, "A");
		break;
	case EP_TEMP_MC:
		(void)ep_str_format(ret, EP_CELL_BYTES, "%.1f \302\260C", v);
		break;
	case EP_FREQ_HZ:
		ep_sensors_si(ret, v, "Hz");
		break;
	case EP_TIME_NS:
		if (counter)
			(void)ep_str_format(ret, EP_CELL_BYTES, "%.1f %%",
					    100 * v);
		else
			ep_cell_seconds(ret, v);
		break;
	case EP_SIZE_BYTES:
		put_bytes(ret, v, counter);
		break;
	case EP_RATIO_PPM:
		(void)ep_str_format(ret, EP_CELL_BYTES, "%.1f %%", 100 * v);
		break;
	case EP_CHARGE_UC:
		ep_sensors_si(ret, v, counter ? "A" : "C");
		break;
	case EP_COUNT:
		put_plain(ret, v, counter ? 4 : 15, counter ? " /s" : "");
		cut_zeros(ret);
		break;
	case EP_QUANTITY_COUNT:
		ret[0] = '\0';
		break;
	}
}

void ep_sensors_value(char *ret, const struct ep_sensors_row *row,
		      int64_t now_ns)
{
	const struct ep_survey_channel *ch = row->ch;
	double v = ep_survey_now(ch, row->c, now_ns);
	const char *text = NULL;

	if (ch->t_ns == 0)
		text = ch->error_count > 0 ? "read fails" : "not read";
	else if (ch->failing)
		text = "no value now";
	else if (row->c->flags & EP_CHANNEL_ALARM)
		text = ch->value != 0 ? "on" : "off";
	else if (!isfinite(v))
		text = ch->read_count < 2 ? "read once" : "stands still";
	if (text)
		(void)ep_str_copy(ret, EP_CELL_BYTES, text);
	else
		put_quantity(ret, v, row->c);
}

void ep_sensors_declared(char *ret, const struct ep_channel *c)
{
	if (c->refresh_ns > 0)
		ep_cell_seconds(ret, (double)c->refresh_ns / 1e9);
	else
		(void)ep_str_copy(ret, EP_CELL_BYTES, "unknown");
}

void ep_sensors_measured(char *ret, const struct ep_survey_channel *ch)
{
	char seconds[EP_CELL_BYTES];
	double refresh_s = ep_survey_refresh_s(ch);

	if (ch->read_count < 2) {
		(void)ep_str_copy(ret, EP_CELL_BYTES, "-");
	} else if (!isfinite(refresh_s)) {
		(void)ep_str_copy(ret, EP_CELL_BYTES,
				  ch->change_count == 0 ? "unchanged"
							: "1 change");
	} else {
		ep_cell_seconds(seconds, refresh_s);
		/* Every read found a new value: there may be more of them. */
		(void)ep_str_format(ret, EP_CELL_BYTES, "%s%.50s",
				    ch->repeat_count * 20 <= ch->read_count
					    ? "\xe2\x89\xa4 "
					    : "",
				    seconds);
	}
}

static const char *unit_of(enum ep_quantity q)
{
	static const char *const units[EP_QUANTITY_COUNT] = {
		[EP_POWER_UW] = "W",	    [EP_ENERGY_UJ] = "J",
		[EP_VOLTAGE_UV] = "V",	    [EP_CURRENT_UA] = "A",
		[EP_TEMP_MC] = "\302\260C", [EP_CHARGE_UC] = "C",
	};

	return units[q];
}

/* "+-96 mW": two digits are enough for a limit. */
static void add_limit(char *ret, double value, const char *unit)
{
	char text[EP_CELL_BYTES], number[EP_CELL_BYTES];
	const char *space;
	size_t used = strlen(ret);
	double place = pow(10, floor(log10(value)) - 1);

	ep_sensors_si(text, round(value / place) * place, unit);
	space = strchr(text, ' ');
	(void)ep_str_format(number, sizeof(number), "%.*s",
			    space ? (int)(space - text) : 0, text);
	cut_zeros(number);
	(void)ep_str_format(ret + used, EP_CELL_BYTES - used,
			    "%s\xc2\xb1%.30s%.20s", used > 0 ? " " : "", number,
			    space ? space : "");
}

void ep_sensors_accuracy(char *ret, const struct ep_channel *c)
{
	char number[EP_CELL_BYTES];
	double offset =
		(double)c->offset / pow(10, ep_quantity_si_scale(c->quantity));
	const char *unit = unit_of(c->quantity);

	ret[0] = '\0';
	if (c->flags & EP_CHANNEL_ESTIMATED)
		(void)ep_str_copy(ret, EP_CELL_BYTES, "guess ");
	if (c->gain_ppm > 0) {
		ep_cell_number(number, (double)c->gain_ppm / 1e4, 3);
		cut_zeros(number);
		(void)ep_str_format(ret + strlen(ret),
				    EP_CELL_BYTES - strlen(ret),
				    "\xc2\xb1%.40s %%", number);
	}
	if (c->offset > 0 && unit)
		add_limit(ret, offset, unit);
	if (!ret[0])
		(void)ep_str_copy(ret, EP_CELL_BYTES, unit ? "unknown" : "-");
}

const char *ep_sensors_role(const struct ep_channel *c)
{
	if (c->flags & EP_CHANNEL_ALARM)
		return "alarm";
	if (c->flags & EP_CHANNEL_CHECK)
		return "check";
	return c->role == EP_ROLE_NONE ? "-" : ep_role_name(c->role);
}

void ep_sensors_total_names(const struct ep_survey *s, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	if (s->total.count > NAMES_MAX)
		(void)ep_str_format(ret, size, "the %zu channels marked *",
				    s->total.count);
	if (s->total.count > NAMES_MAX)
		return;
	for (size_t i = 0; i < s->total.count && used < size; i++) {
		(void)ep_str_format(ret + used, size - used, "%s%s",
				    i > 0 ? " + " : "", s->total.channels[i]);
		used = strlen(ret);
	}
}

void ep_sensors_left(char *line, const char *text, int columns)
{
	size_t used = strlen(line);
	int pad = columns - ep_width(text);

	(void)ep_str_format(line + used, EP_SCREEN_LINE_BYTES - used, "%s%*s",
			    text, pad > 0 ? pad : 0, "");
}

void ep_sensors_right(char *line, const char *text, int columns)
{
	size_t used = strlen(line);
	int pad = columns - ep_width(text);

	(void)ep_str_format(line + used, EP_SCREEN_LINE_BYTES - used, "%*s%s",
			    pad > 1 ? pad : 1, "", text);
}

bool ep_sensors_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = false;

	if (locale == (locale_t)0)
		return false;
	utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return utf8;
}

void ep_sensors_plain(char *line)
{
	static const struct {
		const char *text;
		char plain;
	} known[] = {
		{ "\xc2\xb1", '~' },	 /* plus-minus */
		{ "\xc2\xb5", 'u' },	 /* micro */
		{ "\xc2\xb0", ' ' },	 /* degree */
		{ "\xe2\x80\xa6", '~' }, /* ellipsis */
		{ "\xe2\x89\xa4", '<' }, /* at most */
	};
	char *to = line;

	while (*line) {
		size_t len = 1;
		char plain = *line;

		if ((unsigned char)plain >= 0x80) {
			plain = '?';
			while (((unsigned char)line[len] & 0xc0) == 0x80)
				len++;
		}
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strncmp(line, known[i].text,
				    strlen(known[i].text)) == 0)
				plain = known[i].plain;
		*to++ = plain;
		line += len;
	}
	*to = '\0';
}

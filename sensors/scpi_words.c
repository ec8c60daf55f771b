/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/scpi_parts.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* 9.9E37 is SCPI's infinity, 9.91E37 its "not a number". */
#define OVERLOAD 9e37
/* More than any supply on a bench has: volts, amperes, watts. */
#define VALUE_MAX 1e6
#define MILLIONTHS 1e6
#define MILLIONTHS_POWER 6
/* A last digit worth more tells nothing. */
#define STEP_POWER_MAX 12
/* No number that can be told has more before or behind its point. */
#define POWER_MAX 100000

/* Long names with the short form in capitals, as manuals print them. */
static const char *const setup_heads[] = {
	"SENSe:CURRent", "SENSe:VOLTage",  "SENSe:FUNCtion",	"CONFigure",
	"FORMat",	 "TRIGger:SOURce", "TRIGger:COUNt",	"TRIGger:DELay",
	"SYSTem:REMote", "DISPlay",	   "SYSTem:LFRequency", "ABORt",
	"*CLS",		 "*WAI",
};
static const char *const query_heads[] = {
	"READ", "FETCh", "MEASure", "SENSe", "VAL", "VAL1", "VAL2",
};
static const char *const guard_heads[] = { "OUTPut", "SENSe", "SOURce:CLEar" };
static const char *const changing_heads[] = { "MEASure", "CONFigure" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The length of the word at text that is the long or the short form of the word
 * at form; 0 when it is neither. */
static size_t match_word(const char *form, size_t form_len, const char *text)
{
	size_t len = strcspn(text, ":? "), short_len = 0;

	while (short_len < form_len && !islower((unsigned char)form[short_len]))
		short_len++;
	if (len != form_len && len != short_len)
		return 0;
	return strncasecmp(form, text, len) == 0 ? len : 0;
}

/* Does text begin with the words of a form such as "TRIGger:SOURce"? */
static bool begins(const char *form, const char *text)
{
	for (;;) {
		size_t form_len = strcspn(form, ":");
		size_t len = match_word(form, form_len, text);

		if (len == 0)
			return false;
		if (!form[form_len])
			return true;
		if (text[len] != ':')
			return false;
		form += form_len + 1;
		text += len + 1;
	}
}

static bool is_one_of(const char *const *forms, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (begins(forms[i], text))
			return true;
	return false;
}

static bool is_known(const char *text, enum ep_scpi_use use)
{
	switch (use) {
	case EP_SCPI_SETUP:
		return is_one_of(setup_heads, COUNT(setup_heads), text);
	case EP_SCPI_QUERY:
		return is_one_of(query_heads, COUNT(query_heads), text);
	case EP_SCPI_GUARD:
		return is_one_of(guard_heads, COUNT(guard_heads), text);
	}
	return false;
}

int ep_scpi_check_command(const char *text, enum ep_scpi_use use,
			  enum ep_scpi_effect *ret, struct ep_err *err)
{
	const char *head = text[0] == ':' ? text + 1 : text;
	size_t len = strcspn(head, " ");
	bool asks = len > 0 && head[len - 1] == '?';

	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~' || *p == ';')
			return ep_err_set(err, -EPERM,
					  "a command is printable text");
	if (asks != (use != EP_SCPI_SETUP))
		return ep_err_set(err, -EPERM,
				  asks ? "'%.80s' asks for an answer: it "
					 "belongs into query="
				       : "'%.80s' is no query: it does not "
					 "end in '?'",
				  text);
	/* SENSe:CURRent:PROTection is what a source-measure unit gives at
	 * most. */
	if (!is_known(head, use) ||
	    (use == EP_SCPI_SETUP && strcasestr(head, ":PROT")))
		return ep_err_set(err, -EPERM,
				  "'%.80s' is not sent: only commands that "
				  "cannot change an output are (%s), each "
				  "written whole",
				  text,
				  use == EP_SCPI_SETUP
					  ? "SENSe:CURRent/VOLTage/FUNCtion, "
					    "CONFigure, FORMat, TRIGger:"
					    "SOURce/COUNt/DELay, SYSTem:REMote"
					  : "READ?, FETCh?, MEASure?, SENSe?, "
					    "VAL?");
	if (is_one_of(changing_heads, COUNT(changing_heads), head))
		*ret = EP_SCPI_CHANGES;
	else
		*ret = begins("READ", head) ? EP_SCPI_TRIGGERS : EP_SCPI_READS;
	return 0;
}

/* "E-01" */
static int parse_power(const char *e, int64_t *ret)
{
	const char *digits = e + 1 + (e[1] == '+' || e[1] == '-');
	int r = 0;

	*ret = 0;
	digits += strspn(digits, "0");
	if (*digits)
		r = ep_num_parse_i64(digits, ret);
	if (*ret > POWER_MAX)
		*ret = POWER_MAX;
	if (e[1] == '-')
		*ret = -*ret;
	return r;
}

/* Of a number that was parsed: what one of its last digit is worth. */
static int64_t step_of(const char *text)
{
	const char *point = strchr(text, '.'), *e = strpbrk(text, "eE");
	int64_t power = 0, step = 1;

	if (e && parse_power(e, &power) < 0)
		return 0;
	if (point)
		power -= (int64_t)strspn(point + 1, "0123456789");
	power += MILLIONTHS_POWER;
	if (power > STEP_POWER_MAX)
		return 0;
	for (; power > 0; power--)
		step *= 10;
	return step;
}

/* "+1.23456789E-01" */
static int parse_number(char *text, struct ep_scpi_number *ret)
{
	double value;
	int r;

	while (*text == ' ')
		text++;
	(void)ep_str_chomp(text);
	if (*text == '+' && text[1] != '-' && text[1] != '+')
		text++;
	r = ep_num_parse_f64(text, &value);
	if (r < 0)
		return -EBADMSG;
	*ret = (struct ep_scpi_number){ .good = fabs(value) <= VALUE_MAX };
	/* No measure of anything, and not said to be one either. */
	if (!ret->good && fabs(value) < OVERLOAD)
		return -EBADMSG;
	if (ret->good) {
		ret->millionths = llround(value * MILLIONTHS);
		ret->step = step_of(text);
	}
	return 0;
}

int ep_scpi_parse_numbers(const char *text, struct ep_scpi_number *ret)
{
	char copy[EP_SCPI_LINE_BYTES], *p = copy;
	struct ep_scpi_number numbers[EP_SCPI_FIELDS_MAX];
	size_t count = 0;

	if (!ep_str_copy(copy, sizeof(copy), text))
		return -EBADMSG;
	for (;;) {
		size_t len = strcspn(p, ",;");
		bool last = p[len] == '\0';

		p[len] = '\0';
		if (count == EP_SCPI_FIELDS_MAX ||
		    parse_number(p, &numbers[count]) < 0)
			return -EBADMSG;
		count++;
		if (last)
			break;
		p += len + 1;
	}
	memcpy(ret, numbers, count * sizeof(numbers[0]));
	return (int)count;
}

int ep_scpi_parse_error(const char *text, int64_t *ret)
{
	char number[16];
	size_t len;

	if (*text == '+')
		text++;
	len = strcspn(text, ",");
	if (text[len] != ',' || !memchr(text + len, '"', strlen(text + len)) ||
	    len >= sizeof(number))
		return -EBADMSG;
	memcpy(number, text, len);
	number[len] = '\0';
	return ep_num_parse_i64(number, ret) < 0 ? -EBADMSG : 0;
}

/* The first name of a list such as "CURR","VOLT:DC", without what is around
 * it; what follows it. */
static const char *next_name(const char *text, const char **ret,
			     size_t *ret_len)
{
	size_t len;

	text += strspn(text, " \"");
	len = strcspn(text, ",");
	*ret = text;
	text += len + (text[len] == ',');
	while (len > 0 && strchr(" \"", (*ret)[len - 1]))
		len--;
	*ret_len = len;
	return text;
}

static bool lists(const char *answer, const char *name, size_t len)
{
	while (*answer) {
		const char *found;
		size_t found_len;

		answer = next_name(answer, &found, &found_len);
		if (found_len == len && strncasecmp(found, name, len) == 0)
			return true;
	}
	return false;
}

/* One alternative: a name alone, or "A&B", which are listed among others. */
static bool is_alternative(const char *answer, const char *wanted, size_t len)
{
	bool sole = !memchr(wanted, '&', len);

	if (sole && strchr(answer, ','))
		return false;
	for (size_t at = 0; at <= len;) {
		size_t name_len = strcspn(wanted + at, "&|");

		if (!lists(answer, wanted + at, name_len))
			return false;
		at += name_len + 1;
	}
	return true;
}

bool ep_scpi_is_expected(const char *answer, const char *expected)
{
	for (;;) {
		size_t len = strcspn(expected, "|");

		if (is_alternative(answer, expected, len))
			return true;
		if (!expected[len])
			return false;
		expected += len + 1;
	}
}

bool ep_scpi_list_add(struct ep_scpi_list *l, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, ";"), skip = strspn(text, " ");
		size_t used = 0;

		for (size_t i = 0; i < l->count; i++)
			used += strlen(l->items[i]) + 1;
		skip = skip < len ? skip : len;
		if (len > skip) {
			char *at = l->text + used;

			if (l->count == EP_SCPI_LIST_MAX ||
			    used + len - skip + 1 > sizeof(l->text))
				return false;
			memcpy(at, text + skip, len - skip);
			at[len - skip] = '\0';
			l->items[l->count++] = ep_str_chomp(at);
		}
		text += len + (text[len] == ';');
	}
	return true;
}

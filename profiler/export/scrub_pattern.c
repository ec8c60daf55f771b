/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "profiler/export/scrub.h"

struct match {
	size_t used;
	const char *instead;
	size_t keep;
};

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

static bool is_alnum(char c)
{
	return isalnum((unsigned char)c) != 0;
}

static size_t span(const char *text, const char *more)
{
	size_t len = 0;

	while (is_alnum(text[len]) || (text[len] && strchr(more, text[len])))
		len++;
	return len;
}

/* "scheme://user:secret@host:port/path?query" */
static struct match url(const char *text)
{
	struct match m = { .instead = "://HOST" };
	size_t len = span(text, "+.-");

	if (len == 0 || !isalpha((unsigned char)text[0]) ||
	    strncmp(text + len, "://", 3) != 0)
		return m;
	if (len == 5 && strncasecmp(text, "https", len) == 0)
		m.instead = "https://HOST";
	else if (len == 4 && strncasecmp(text, "http", len) == 0)
		m.instead = "http://HOST";
	else if (len == 4 && strncasecmp(text, "file", len) == 0)
		m.instead = "file://PATH";
	m.used = len + 3;
	m.used += strcspn(text + m.used, " \t\r\n\"'<>|");
	return m;
}

static size_t separated_hex(const char *text, const char *lengths, char mark)
{
	size_t at = 0;

	for (const char *l = lengths; *l; l++) {
		int want = *l == 'c' ? 12 : *l - '0';

		for (int i = 0; i < want; i++)
			if (!is_hex(text[at++]))
				return 0;
		if (l[1] && text[at++] != mark)
			return 0;
	}
	return is_alnum(text[at]) || text[at] == mark ? 0 : at;
}

static struct match mac(const char *text)
{
	static const char marks[] = ":-_";
	struct match m = { .instead = "ADDRESS" };

	for (size_t i = 0; m.used == 0 && marks[i]; i++)
		m.used = separated_hex(text, "222222", marks[i]);
	return m;
}

static struct match uuid(const char *text)
{
	struct match m = { separated_hex(text, "8444c", '-'), "ID", 0 };

	return m;
}

static struct match ipv4(const char *text)
{
	struct match m = { .instead = "ADDRESS" };
	size_t at = 0;

	for (int group = 0; group < 4; group++) {
		size_t digits = strspn(text + at, "0123456789");

		if (digits == 0 || digits > 3)
			return m;
		at += digits;
		if (group < 3 && text[at++] != '.')
			return m;
	}
	if (!is_alnum(text[at]) && !(text[at] == '.' && is_alnum(text[at + 1])))
		m.used = at;
	return m;
}

static struct match ipv6(const char *text)
{
	struct match m = { .instead = "ADDRESS" };
	size_t len = strspn(text, "0123456789abcdefABCDEF:"), colons = 0;
	bool gap = false;

	for (size_t i = 0; i < len; i++) {
		colons += text[i] == ':';
		gap |= text[i] == ':' && i + 1 < len && text[i + 1] == ':';
	}
	if (len < 3 || (!gap && colons != 7) || is_alnum(text[len]))
		return m;
	m.used = len;
	if (text[len] == '%')
		m.used += 1 + span(text + len + 1, ".-_");
	return m;
}

/* "someone@somewhere" */
static struct match account(const char *text)
{
	struct match m = { .instead = "USER@HOST" };
	size_t name = span(text, "._%+-"), host;

	if (name == 0 || text[name] != '@' ||
	    !isalpha((unsigned char)text[name + 1]))
		return m;
	host = span(text + name + 1, ".-");
	m.used = name + 1 + host;
	return m;
}

/* A name that only a network at home or in a house knows. */
static struct match local_name(const char *text)
{
	static const char *const ends[] = { ".local", ".lan", ".home",
					    ".internal", ".localdomain" };
	struct match m = { .instead = "HOST" };
	size_t len = span(text, ".-");

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (len > end &&
		    strncasecmp(text + len - end, ends[i], end) == 0)
			m.used = len;
	}
	return m;
}

/* "serial number 4711", "Serial: X12-7" */
static struct match serial(const char *text)
{
	struct match m = { .instead = "serial SERIAL" };
	size_t at = strlen("serial"), len;

	if (strncasecmp(text, "serial", at) != 0)
		return m;
	at += strspn(text + at, " _-:=#");
	if (strncasecmp(text + at, "number", 6) == 0)
		at += 6;
	else if (strncasecmp(text + at, "no.", 3) == 0)
		at += 3;
	at += strspn(text + at, " :=#\"'");
	len = span(text + at, "-_");
	if (len >= 3 && strcspn(text + at, "0123456789") < len)
		m.used = at + len;
	return m;
}

/* Of every system: such paths tell nothing of whose it is. */
static bool is_systems(const char *path)
{
	static const char *const names[] = { "sys", "proc", "usr",  "lib",
					     "etc", "bin",  "sbin", "dev" };
	size_t len = strcspn(path + 1, "/");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (path[1 + len] == '/' && len == strlen(names[i]) &&
		    strncmp(path + 1, names[i], len) == 0)
			return true;
	return false;
}

static struct match path(const char *text)
{
	struct match m = { .instead = "PATH/" };
	size_t len = strcspn(text, " \t\r\n\"'`,;:|<>()[]{}=*?"), base = 0;
	const char *by;

	if (text[0] != '/' || !(is_alnum(text[1]) || strchr("._~@", text[1])))
		return m;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '/' && i + 1 < len)
			base = i + 1;
	by = strstr(text, "/by-");
	if (by && by < text + len && is_systems(text)) {
		m.instead = "DEVICE";
		/* Such names have colons in them. */
		m.used = strcspn(text, " \t\r\n\"'`,;");
		return m;
	}
	if (base <= 1 || is_systems(text))
		return m;
	m.used = len;
	m.keep = len - base;
	return m;
}

size_t ep_scrub_pattern(const char *text, size_t at, const char **ret_instead,
			size_t *ret_keep)
{
	static struct match (*const patterns[])(const char *text) = {
		url, mac, uuid, ipv4, ipv6, serial, account, local_name, path,
	};
	struct match m;

	/* All of them begin where a word or a path does. */
	if (text[at] == '/' ? at > 0 && (is_alnum(text[at - 1]) ||
					 strchr("/._-)]}", text[at - 1]))
			    : at > 0 && is_alnum(text[at - 1]))
		return 0;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		m = patterns[i](text + at);
		if (m.used > m.keep) {
			*ret_instead = m.instead;
			*ret_keep = m.keep;
			return m.used;
		}
	}
	return 0;
}

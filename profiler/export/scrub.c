/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/scrub.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define WHOLE_WORD_BYTES 5
/* A number stands in other numbers by chance. */
#define WHOLE_NUMBER_BYTES 16
#define NAME_BYTES_MAX 4096

struct name {
	char *text;
	size_t len;
	bool whole; /* goes as a whole word only */
	char instead[24];
};

struct ep_scrub {
	struct name *names; /* the longest first */
	size_t count, size_count;
	size_t numbers;
};

int ep_scrub_new(struct ep_scrub **ret)
{
	struct ep_scrub *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*ret = s;
	return 0;
}

void ep_scrub_free(struct ep_scrub *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		free(s->names[i].text);
	free(s->names);
	free(s);
}

static int make_room(struct ep_scrub *s)
{
	size_t count = s->size_count ? 2 * s->size_count : 16;
	struct name *names;

	if (s->count < s->size_count)
		return 0;
	if (s->count >= EP_SCRUB_NAMES_MAX)
		return -E2BIG;
	names = reallocarray(s->names, count, sizeof(*names));
	if (!names)
		return -ENOMEM;
	s->names = names;
	s->size_count = count;
	return 0;
}

static bool is_nobodys(const char *name)
{
	static const char *const words[] = { "root", "localhost", "(none)",
					     "/" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i], name) == 0)
			return true;
	return strlen(name) < 2 || strlen(name) > NAME_BYTES_MAX;
}

static bool is_known(const struct ep_scrub *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcasecmp(s->names[i].text, name) == 0)
			return true;
	return false;
}

int ep_scrub_add(struct ep_scrub *s, const char *name, const char *instead)
{
	struct name new = { .len = strlen(name) };
	size_t at;
	int r;

	if (is_nobodys(name) || is_known(s, name))
		return 0;
	r = make_room(s);
	if (r < 0)
		return r;
	new.text = strdup(name);
	if (!new.text)
		return -ENOMEM;
	new.whole = new.len < WHOLE_WORD_BYTES ||
		    (new.len < WHOLE_NUMBER_BYTES &&name[strspn(
				       name, "0123456789abcdefABCDEF")] ==
		     '\0');
	(void)ep_str_copy(new.instead, sizeof(new.instead), instead);
	for (at = s->count; at > 0 && s->names[at - 1].len < new.len; at--)
		s->names[at] = s->names[at - 1];
	s->names[at] = new;
	s->count++;
	return 0;
}

int ep_scrub_add_numbered(struct ep_scrub *s, const char *name,
			  const char *kind)
{
	char instead[24];
	size_t before = s->count;
	int r;

	(void)ep_str_format(instead, sizeof(instead), "%.10s%zu", kind,
			    s->numbers + 1);
	r = ep_scrub_add(s, name, instead);
	if (r == 0 && s->count > before)
		s->numbers++;
	return r;
}

static size_t host_bytes(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '.' ||
	       text[len] == '-')
		len++;
	return len;
}

/* "user:secret@host" or "host:port" */
static int add_authority(struct ep_scrub *s, const char *text)
{
	size_t len = strcspn(text, " /?#\"'<>,;");
	const char *at = memchr(text, '@', len);
	char name[256];
	int r = 0;

	if (at && ep_str_format(name, sizeof(name), "%.*s",
				(int)strcspn(text, ":@"), text))
		r = ep_scrub_add(s, name, "user");
	text = at ? at + 1 : text;
	if (r == 0 && ep_str_format(name, sizeof(name), "%.*s",
				    (int)host_bytes(text), text))
		r = ep_scrub_add_numbered(s, name, "host");
	return r;
}

static int add_word(struct ep_scrub *s, const char *text, const char *end)
{
	char name[256];

	if (!ep_str_format(name, sizeof(name), "%.*s", (int)strcspn(text, end),
			   text))
		return 0;
	return ep_scrub_add(s, name, "user");
}

int ep_scrub_add_hosts(struct ep_scrub *s, const char *text)
{
	int r = 0;

	for (const char *at = text; r == 0 && *at; at++) {
		if (strncmp(at, "://", 3) == 0)
			r = add_authority(s, at + 3);
		else if (strncmp(at, "/home/", 6) == 0)
			r = add_word(s, at + 6, " /\"',:;)");
		else if (strncmp(at, "/Users/", 7) == 0)
			r = add_word(s, at + 7, "/\"',:;)");
		/* A number behind an @ is no host: "5000mAh@3.7V". */
		else if (*at == '@' && isalpha((unsigned char)at[1]))
			r = add_authority(s, at + 1);
	}
	return r;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const struct name *name_at(const struct ep_scrub *s, const char *text,
				  size_t at)
{
	int first = tolower((unsigned char)text[at]);

	for (size_t i = 0; i < s->count; i++) {
		const struct name *n = &s->names[i];

		if (tolower((unsigned char)n->text[0]) != first ||
		    strncasecmp(text + at, n->text, n->len) != 0)
			continue;
		if (!n->whole || ((at == 0 || !is_word(text[at - 1])) &&
				  !is_word(text[at + n->len])))
			return n;
	}
	return NULL;
}

static int put(const struct ep_scrub *s, const char *text, bool patterns,
	       struct ep_buf *b)
{
	size_t len = strlen(text), done = 0, at = 0;
	int r = 0;

	while (r == 0 && at < len) {
		const struct name *n = name_at(s, text, at);
		const char *instead = n ? n->instead : NULL;
		size_t used = n ? n->len : 0, keep = 0;

		if (!n && patterns)
			used = ep_scrub_pattern(text, at, &instead, &keep);
		if (used <= keep) {
			at++;
			continue;
		}
		r = ep_buf_add(b, text + done, at - done);
		if (r == 0)
			r = ep_buf_adds(b, instead);
		at += used - keep;
		done = at;
	}
	if (r == 0)
		r = ep_buf_add(b, text + done, len - done);
	return r;
}

int ep_scrub_put(const struct ep_scrub *s, const char *text, struct ep_buf *b)
{
	return put(s, text, true, b);
}

int ep_scrub_put_names(const struct ep_scrub *s, const char *text,
		       struct ep_buf *b)
{
	return put(s, text, false, b);
}

bool ep_scrub_hits(const struct ep_scrub *s, const char *text)
{
	for (size_t at = 0; text[at]; at++)
		if (name_at(s, text, at))
			return true;
	return false;
}

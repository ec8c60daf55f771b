/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "profiler/export/anonymous.h"

enum field { EVENT = 2, PHASE = 4, SOURCE = 7, TEXT = 8, FIELDS };
#define TEXT_BYTES_MAX ((size_t)1024 * 1024)

/* What the text of an event is; that of others is left out. */
enum text_kind { KEEP, SCRUB, JSON, NAMES };

static const struct {
	const char *event;
	enum text_kind kind;
} known[] = {
	{ "start", KEEP },    { "end", KEEP },	   { "idle", KEEP },
	{ "gate", KEEP },     { "exit", KEEP },	   { "mark", SCRUB },
	{ "token", KEEP },    { "probe", SCRUB },  { "ready", SCRUB },
	{ "request", JSON },  { "sent", JSON },	   { "reply", JSON },
	{ "progress", JSON }, { "piece", KEEP },   { "finish", JSON },
	{ "ingest", SCRUB },  { "clock", KEEP },   { "step", SCRUB },
	{ "cpu", SCRUB },     { "sensor", SCRUB }, { "setting", SCRUB },
	{ "restore", SCRUB }, { "fact", SCRUB },   { "warning", SCRUB },
	{ "error", SCRUB },   { "line", SCRUB },   { "rule", NAMES },
};

static int put_json(const struct ep_scrub *s, const char *text,
		    struct ep_buf *b)
{
	json_t *was = json_loads(text, 0, NULL), *is = NULL;
	char *dump = NULL;
	int r = 0;

	if (was)
		r = ep_anonymous_json(&ep_kept_event, s, was, &is, NULL);
	if (is)
		dump = json_dumps(is, JSON_COMPACT);
	if (r == 0 && is)
		r = dump ? ep_buf_adds(b, dump) : -ENOMEM;
	free(dump);
	json_decref(is);
	json_decref(was);
	return r;
}

static int put_event_text(const struct ep_scrub *s, const char *event,
			  const char *text, struct ep_buf *b)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].event, event) != 0)
			continue;
		if (known[i].kind == JSON)
			return put_json(s, text, b);
		if (known[i].kind == NAMES || known[i].kind == KEEP)
			return ep_scrub_put_names(s, text, b);
		return ep_scrub_put(s, text, b);
	}
	return 0;
}

static int put_event(const struct ep_scrub *s, char **fields, struct ep_buf *b)
{
	struct ep_buf clean;
	int r = 0;

	ep_buf_init(&clean, TEXT_BYTES_MAX);
	for (size_t i = 0; r == 0 && i < FIELDS; i++) {
		const char *text = fields[i];

		ep_buf_reset(&clean);
		if (i == TEXT)
			r = put_event_text(s, fields[EVENT], text, &clean);
		else if (i == SOURCE)
			r = ep_scrub_put(s, text, &clean);
		if (r == 0 && i >= SOURCE)
			text = clean.data ? clean.data : "";
		if (r == 0 && i > 0)
			r = ep_buf_adds(b, ",");
		if (r == 0)
			r = ep_csv_put_text(b, text);
	}
	ep_buf_done(&clean);
	return r == 0 ? ep_buf_adds(b, "\n") : r;
}

static char *next_line(struct ep_buf *text, size_t *at, char **ret_end)
{
	char *line = text->data + *at, *end;

	if (*at >= text->len)
		return NULL;
	end = memchr(line, '\n', text->len - *at);
	*at = end ? (size_t)(end - text->data) + 1 : text->len;
	*ret_end = end;
	if (end)
		*end = '\0';
	return line;
}

int ep_anonymous_events(const struct ep_scrub *s, struct ep_buf *text,
			struct ep_buf *b, struct ep_err *err)
{
	char *fields[FIELDS], *line, *end;
	size_t at = 0, number = 0;
	int r = 0;

	if (text->len > 0 && memchr(text->data, '\0', text->len))
		return ep_err_set(err, -EBADMSG, "events.csv is damaged");
	while (r == 0) {
		line = next_line(text, &at, &end);
		/* A torn last line says nothing. */
		if (!line || !end)
			break;
		number++;
		if (number == 1)
			r = ep_buf_addf(b, "%s\n", line);
		else if (ep_csv_split(line, fields, FIELDS) == FIELDS)
			r = put_event(s, fields, b);
		else
			r = ep_err_set(err, -EBADMSG,
				       "events.csv line %zu is damaged; a "
				       "damaged recording cannot be made "
				       "anonymous",
				       number);
	}
	return r == -EBADMSG ? r
			     : (r < 0 ? ep_err_set(err, r, "events.csv: %s",
						   strerror(-r))
				      : 0);
}

int ep_anonymous_log(const struct ep_scrub *s, struct ep_buf *text,
		     struct ep_buf *b)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < text->len) {
		char *line, *end;

		line = next_line(text, &at, &end);
		if (!line)
			break;
		/* Bytes that end a text early are no text. */
		for (char *c = line; c < (end ? end : text->data + text->len);
		     c++)
			*c = *c == '\0' ? '?' : *c;
		r = ep_scrub_put(s, line, b);
		if (r == 0 && end)
			r = ep_buf_adds(b, "\n");
	}
	return r;
}

int ep_anonymous_check_numbers(const char *text, size_t len, bool *in_head)
{
	for (size_t at = 0; at < len; at++) {
		if (*in_head)
			*in_head = text[at] != '\n';
		else if ((text[at] < '0' || text[at] > '9') &&
			 text[at] != ',' && text[at] != '-' && text[at] != '\n')
			return -EBADMSG;
	}
	return 0;
}

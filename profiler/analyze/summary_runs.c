/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/summary_parts.h"

/* Columns of results.csv. */
enum { STUDY_ID, CONFIG, RUN, ORDER, VALID, REASONS, HOST, SERIAL };

static void put_folder(const struct ep_summary_parser *p, char *ret,
		       size_t size)
{
	const char *text =
		p->folder_column > 0 ? p->fields[p->folder_column] : "";
	size_t len = strlen(text);

	ret[0] = '\0';
	if (len > 0 && len < 12 && text[strspn(text, "0123456789")] == '\0')
		(void)ep_str_format(ret, size, "runs/%s", text);
}

static int reject(struct ep_summary_parser *p,
		  const struct ep_summary_config *c)
{
	struct ep_summary *s = p->s;
	struct ep_summary_rejected *r;

	if (s->rejected_count == EP_SUMMARY_REJECTED_MAX) {
		s->rejected_more_count++;
		return 0;
	}
	if (!s->rejected)
		s->rejected = calloc(EP_SUMMARY_REJECTED_MAX, sizeof(*r));
	if (!s->rejected)
		return -ENOMEM;
	r = &s->rejected[s->rejected_count++];
	r->config = c->number;
	(void)ep_str_copy(r->run, sizeof(r->run), p->fields[RUN]);
	(void)ep_str_copy(r->reasons, sizeof(r->reasons), p->fields[REASONS]);
	put_folder(p, r->folder, sizeof(r->folder));
	return 0;
}

/* On which machines runs that count were made. */
static void see_machine(struct ep_summary_parser *p)
{
	char name[sizeof(p->machines[0])];

	(void)ep_str_format(name, sizeof(name), "%s%s%s", p->fields[HOST],
			    p->fields[SERIAL][0] ? " " : "", p->fields[SERIAL]);
	for (size_t i = 0; i < p->machine_count; i++)
		if (strcmp(p->machines[i], name) == 0)
			return;
	if (p->machine_count == EP_SUMMARY_MACHINES_MAX)
		p->machines_more++;
	else
		(void)ep_str_copy(p->machines[p->machine_count++], sizeof(name),
				  name);
}

static int add_run(struct ep_summary_parser *p, int64_t config, bool valid)
{
	struct ep_summary *s = p->s;
	struct ep_summary_run *run;

	if ((size_t)s->run_count == p->run_room) {
		size_t room = p->run_room ? p->run_room * 2 : 256;

		if (room > UINT32_MAX)
			return -E2BIG;
		run = realloc(s->runs, room * sizeof(*run));
		if (!run)
			return -ENOMEM;
		s->runs = run;
		p->run_room = room;
	}
	run = &s->runs[s->run_count++];
	*run = (struct ep_summary_run){ .config = config, .valid = valid };
	(void)ep_str_copy(run->run, sizeof(run->run), p->fields[RUN]);
	put_folder(p, run->folder, sizeof(run->folder));
	return 0;
}

/* A run has a line for each of its phases, one after the other. */
int ep_summary_run_add(struct ep_summary_parser *p, struct ep_summary_config *c)
{
	bool valid = strcmp(p->fields[VALID], "1") == 0;
	bool warmup = p->fields[RUN][0] == 'w';
	char run[sizeof(p->last_run)];
	int r;

	(void)ep_str_format(run, sizeof(run), "%s,%s,%s", p->fields[CONFIG],
			    p->fields[RUN], p->fields[ORDER]);
	if (strcmp(run, p->last_run) == 0)
		return 0;
	(void)ep_str_copy(p->last_run, sizeof(p->last_run), run);
	if (p->s->id[0] == '\0')
		(void)ep_str_copy(p->s->id, sizeof(p->s->id),
				  p->fields[STUDY_ID]);
	else if (strncmp(p->s->id, p->fields[STUDY_ID], sizeof(p->s->id) - 1) !=
		 0)
		p->mixed_ids = true;
	r = add_run(p, c->number, valid);
	if (r < 0)
		return r;
	if (valid) {
		c->valid_count++;
		see_machine(p);
	} else if (warmup) {
		c->warmup_count++;
	} else {
		c->rejected_count++;
	}
	return valid || warmup ? 0 : reject(p, c);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/cli/lines.h"
#include "profiler/cli/setup.h"
#include "profiler/report/width.h"

#define NAME_COLUMNS 10
#define TEXT_COLUMN (NAME_COLUMNS + 1)

void ep_setup_complain(const char *text)
{
	char clean[600];

	ep_width_clean(clean, sizeof(clean), text);
	(void)fprintf(stderr, "edgeprof setup: %s\n", clean);
}

void ep_setup_print_act(const char *sign, const struct ep_setup_act *a,
			const char *more)
{
	char text[EP_SETUP_TEXT_BYTES + 256];

	a->ops->tell(a, text, sizeof(text));
	(void)printf("%s", sign);
	ep_lines_wrapf((int)strlen(sign), (int)strlen(sign), "%s%s%s", text,
		       more ? ": " : "", more ? more : "");
	(void)fflush(stdout);
}

static void print_content(const char *content)
{
	char line[300];

	while (*content) {
		size_t len = strcspn(content, "\n");

		(void)ep_str_format(line, sizeof(line), "%.*s", (int)len,
				    content);
		ep_str_printable(line);
		ep_lines_spaces(TEXT_COLUMN + 4);
		(void)printf("%s\n", line);
		content += len + (content[len] == '\n');
	}
}

static void print_note(const char *note)
{
	char line[900];

	while (*note) {
		size_t len = strcspn(note, "\n");

		(void)ep_str_format(line, sizeof(line), "%.*s", (int)len, note);
		ep_lines_spaces(TEXT_COLUMN);
		ep_lines_wrap(TEXT_COLUMN, TEXT_COLUMN, line);
		note += len + (note[len] == '\n');
	}
}

static void print_step(struct ep_setup *s, size_t n)
{
	size_t from = s->first[n], to = s->first[n + 1];
	const char *state = "";

	ep_lines_cell(NAME_COLUMNS, ep_setup_steps[n].name);
	ep_lines_spaces(1);
	ep_lines_wrap(TEXT_COLUMN, TEXT_COLUMN, ep_setup_steps[n].why);
	print_note(s->notes[n]);
	if (from < to && ep_setup_is_so(s, from, to))
		state = "already so";
	else if (from == to)
		state = "nothing to do";
	if (*state) {
		ep_lines_spaces(TEXT_COLUMN);
		(void)printf("%s\n", state);
		return;
	}
	for (size_t i = from; i < to; i++) {
		const struct ep_setup_act *a = &s->plan->acts[i];
		int now = ep_setup_state(s, a);

		ep_lines_spaces(TEXT_COLUMN);
		ep_setup_print_act(
			now == EP_SETUP_DONE ? "= " : "+ ", a,
			now == EP_SETUP_DONE ? "already so"
			: now == EP_SETUP_FOREIGN
				? "another one is there already: left as it is"
			: now < 0 ? strerror(-now)
				  : NULL);
		if (s->dry && a->content && now != EP_SETUP_DONE)
			print_content(a->content);
	}
}

void ep_setup_print_plan(struct ep_setup *s)
{
	for (size_t n = 0; ep_setup_steps[n].name; n++)
		if (s->planned[n])
			print_step(s, n);
	(void)fflush(stdout);
}

int ep_setup_ask(const struct ep_setup *s, const char *question)
{
	char answer[16] = "";

	if (s->yes)
		return 1;
	if (!isatty(STDIN_FILENO))
		return -ENOTTY;
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s [y/N] ", question);
	(void)fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		return 0;
	return answer[0] == 'y' || answer[0] == 'Y';
}

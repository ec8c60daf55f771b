/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/cli/sweep.h"
#include "profiler/report/width.h"

#define REDRAW_NS (500 * EP_NS_PER_MS)
#define DEGREES     \
	" \xc2\xb0" \
	"C"

void ep_sweep_name_time(double seconds, char *ret, size_t size)
{
	int64_t s = isfinite(seconds) ? (int64_t)llround(seconds) : -1;

	if (s < 0)
		(void)ep_str_copy(ret, size, "?");
	else if (s < 100)
		(void)ep_str_format(ret, size, "%" PRId64 " s", s);
	else if (s < 6000)
		(void)ep_str_format(ret, size, "%" PRId64 " min",
				    (s + 30) / 60);
	else
		(void)ep_str_format(ret, size, "%" PRId64 " h %" PRId64 " min",
				    s / 3600, s / 60 % 60);
}

void ep_sweep_close_line(struct ep_sweep_screen *screen)
{
	if (screen->line_open)
		fputc('\n', stderr);
	screen->line_open = false;
}

struct line {
	char text[900];
	size_t used;
};

static void EP_PRINTF(2, 3) add(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->used, sizeof(l->text) - l->used, format,
		      args);
	va_end(args);
	if (n > 0)
		l->used += (size_t)n;
	if (l->used >= sizeof(l->text))
		l->used = sizeof(l->text) - 1;
}

/* What comes after this run, or goes on now. */
static void add_pause(struct line *l, const struct ep_study *s,
		      const struct ep_study_progress *p)
{
	bool now = p->event == EP_STUDY_PAUSES;
	char text[40];

	if (s->cooldown == EP_COOLDOWN_NONE ||
	    (!now && p->done_count + 1 >= p->plan_count))
		return;
	if (s->cooldown == EP_COOLDOWN_TEMPERATURE) {
		add(l,
		    now ? "; cooling down to %.4g" DEGREES
			: "; next pause: to %.4g" DEGREES,
		    s->cooldown_c);
		return;
	}
	ep_sweep_name_time(now ? ceil(p->pause_s)
			       : (double)s->cooldown_ns / EP_NS_PER_S,
			   text, sizeof(text));
	add(l, now ? "; pause, %s left" : "; next pause: %s", text);
}

/* The name comes last: a narrow terminal cuts it first. */
static void describe(const struct ep_sweep_screen *screen,
		     const struct ep_study_progress *p, struct line *l)
{
	char name[300], eta[40];

	l->used = 0;
	add(l,
	    "%" PRId64 " of %" PRId64 ": configuration %" PRIu64 " of %" PRIu64
	    ", %s %" PRId64,
	    p->done_count + 1, p->plan_count, p->item.config + 1,
	    p->config_count, p->item.warmup ? "warm-up" : "run",
	    p->item.repetition);
	add(l, " of %" PRId64,
	    p->item.warmup ? screen->study->warmup_count : p->run_count);
	if (p->item.attempt > 1)
		add(l, " (try %" PRId64 ")", p->item.attempt);
	ep_sweep_name_time(p->eta_s, eta, sizeof(eta));
	if (isfinite(p->eta_s))
		add(l, ", %s to go", eta);
	if (isfinite(p->j_per_token))
		add(l, ", %.4g J/token so far", p->j_per_token);
	if (isfinite(p->temperature_c))
		add(l, ", %.0f" DEGREES, p->temperature_c);
	add_pause(l, screen->study, p);
	ep_sweep_name_config(screen->study, p->item.config, name, sizeof(name));
	add(l, " (%s)", name);
}

/* Redrawn in place on a terminal; one line per run elsewhere. */
static void show_status(struct ep_sweep_screen *screen,
			const struct ep_study_progress *p)
{
	struct winsize size;
	struct line l;

	describe(screen, p, &l);
	if (screen->terminal) {
		if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 &&
		    size.ws_col > 1)
			ep_width_cut(l.text, sizeof(l.text), size.ws_col - 1);
		fprintf(stderr, "\r\033[K%s", l.text);
		screen->line_open = true;
	} else {
		fprintf(stderr, "edgeprof: %s\n", l.text);
	}
	screen->shown_ns = ep_clock_monotonic_ns();
}

static void show_line(struct ep_sweep_screen *screen, const char *what,
		      const char *text)
{
	char line[1300];

	ep_sweep_close_line(screen);
	(void)ep_str_format(line, sizeof(line), "%s%s%s", what,
			    text && text[0] ? ": " : "", text ? text : "");
	ep_str_printable(line);
	fprintf(stderr, "edgeprof: %s\n", line);
}

void ep_sweep_tell(void *ctx, const struct ep_study_progress *p)
{
	struct ep_sweep_screen *screen = ctx;
	bool late = ep_clock_monotonic_ns() - screen->shown_ns > REDRAW_NS;

	if (screen->quiet)
		return;
	switch (p->event) {
	case EP_STUDY_STARTS:
		show_status(screen, p);
		break;
	case EP_STUDY_RUNS:
	case EP_STUDY_PAUSES:
		if (screen->terminal && late)
			show_status(screen, p);
		break;
	case EP_STUDY_VALID:
		break;
	case EP_STUDY_REJECTED:
		show_line(screen, "run rejected", p->text);
		break;
	case EP_STUDY_LOST:
		show_line(screen, "run lost", p->text);
		break;
	case EP_STUDY_WARNS:
		show_line(screen, "warning", p->text);
		break;
	}
}

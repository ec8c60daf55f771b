/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/cli/sweep.h"

#define REDRAW_NS EP_NS_PER_S

/* What a person sees while other machines work. */
struct view {
	const struct ep_study *study;
	struct ep_sweep_screen screen;
	FILE *to;
	size_t left_out_count;
};

static void show(struct view *v, const char *text)
{
	char line[1200];

	if (v->screen.quiet)
		return;
	ep_sweep_close_line(&v->screen);
	(void)ep_str_copy(line, sizeof(line), text);
	ep_str_printable(line);
	fprintf(v->to, "%s%s\n", v->to == stderr ? "edgeprof: " : "  ", line);
	(void)fflush(v->to);
}

static void tell(void *ctx, const char *text)
{
	show(ctx, text);
}

/* "configuration 2 (threads=2), run 1, on pi1: rejected: ..." */
static void name_run(const struct view *v, const struct ep_collected *c,
		     char *ret, size_t size)
{
	static const char *const words[EP_COLLECT_OUTCOMES] = {
		[EP_COLLECT_VALID] = "valid",
		[EP_COLLECT_REJECTED] = "rejected",
		[EP_COLLECT_LOST] = "lost",
		[EP_COLLECT_KNOWN] = "there already",
		[EP_COLLECT_UNFINISHED] = "left out, not finished",
		[EP_COLLECT_FOREIGN] = "left out, of another study",
		[EP_COLLECT_MISMATCH] = "left out, another configuration",
		[EP_COLLECT_VERSION] = "left out, another version",
		[EP_COLLECT_DAMAGED] = "left out, damaged",
	};
	char name[300] = "";
	size_t used;

	ret[0] = '\0';
	if (c->outcome <= EP_COLLECT_KNOWN) {
		ep_sweep_name_config(v->study, c->item.config, name,
				     sizeof(name));
		(void)ep_str_format(
			ret, size,
			"configuration %" PRIu64 " (%s), %s %" PRId64 "%s%s: ",
			c->item.config + 1, name,
			c->item.warmup ? "warm-up" : "run", c->item.repetition,
			c->host[0] ? ", on " : "", c->host);
	}
	used = strlen(ret);
	(void)ep_str_format(ret + used, size - used, "%s%s%s",
			    words[c->outcome], c->text[0] ? ": " : "", c->text);
}

static void name_progress(const struct ep_executor_came *c, char *ret,
			  size_t size)
{
	size_t used;

	(void)ep_str_format(ret, size, "%" PRId64 " of %" PRId64, c->done_count,
			    c->plan_count);
	used = strlen(ret);
	if (isfinite(c->eta_s) && c->eta_s >= 0)
		(void)ep_str_format(ret + used, size - used, ", %.0f %s to go",
				    c->eta_s < 100 ? c->eta_s : c->eta_s / 60,
				    c->eta_s < 100 ? "s" : "min");
}

static void came(void *ctx, const struct ep_executor_came *c)
{
	struct view *v = ctx;
	char progress[200], run[1100], line[1400];
	int64_t now_ns = ep_clock_monotonic_ns();

	name_progress(c, progress, sizeof(progress));
	if (c->run) {
		name_run(v, c->run, run, sizeof(run));
		(void)ep_str_format(line, sizeof(line), "%s: %s", progress,
				    run);
		show(v, line);
	} else if (v->screen.terminal && !v->screen.quiet &&
		   now_ns - v->screen.shown_ns > REDRAW_NS) {
		fprintf(stderr, "\r\033[K%s; %s", progress, c->status);
		v->screen.line_open = true;
		v->screen.shown_ns = now_ns;
	}
}

static void begin(struct view *v, const struct ep_sweep_place *place, FILE *to)
{
	*v = (struct view){
		.study = place->study,
		.screen = { .study = place->study,
			    .terminal = to == stderr && isatty(STDERR_FILENO),
			    .quiet = place->quiet },
		.to = to,
	};
}

static struct ep_executor make_executor(const struct ep_sweep_place *place,
					const struct ep_executor_options *o,
					struct view *v)
{
	return (struct ep_executor){
		.options = o,
		.store = place->store,
		.identity = place->identity,
		.stop = place->stop,
		.tell = tell,
		.came = came,
		.ctx = v,
	};
}

int ep_sweep_machines_run(const struct ep_sweep_machines *m,
			  const struct ep_sweep_place *place,
			  struct ep_err *err)
{
	struct ep_executor_options options = m->options;
	struct ep_executor x;
	struct view v;
	int r;

	begin(&v, place, stderr);
	if (!options.program)
		options.program = place->program;
	x = make_executor(place, &options, &v);
	r = ep_executor_run(&x, m->executor, err);
	ep_sweep_close_line(&v.screen);
	return r;
}

/* As many tasks as repetitions, or more when blocks are cut. */
static void show_tasks(const struct ep_sweep_machines *m,
		       const struct ep_study *s)
{
	uint64_t count = ep_plan_config_count(s), size = m->options.block_count;

	if (s->order == EP_ORDER_GIVEN) {
		printf("\nTasks: %" PRIu64 ", each one configuration with all "
		       "its runs, on one board\n",
		       count);
		return;
	}
	if (size == 0 || size > count)
		size = count;
	printf("\nTasks: %" PRIu64 ", each one repetition of %" PRIu64
	       " configuration%s, on one board\n",
	       (uint64_t)s->run_count * ((count + size - 1) / size), size,
	       size == 1 ? "" : "s");
	if (size < count)
		puts("  boards do not all see all configurations: what differs "
		     "between boards\n  differs between configurations, too");
	else if (count > 1)
		printf("  --block-size makes more and smaller ones\n");
}

int ep_sweep_machines_plan(const struct ep_sweep_machines *m,
			   const struct ep_sweep_place *place,
			   struct ep_err *err)
{
	struct ep_executor_options options = m->options;
	struct ep_executor x;
	struct view v;

	begin(&v, place, stdout);
	if (!options.program)
		options.program = place->program;
	show_tasks(m, place->study);
	puts("\nMachines");
	(void)fflush(stdout);
	x = make_executor(place, &options, &v);
	return ep_executor_check(&x, m->executor, place->study, err);
}

static void tell_folder(void *ctx, const char *path,
			const struct ep_collected *c)
{
	struct view *v = ctx;
	char run[1100], line[1400];

	name_run(v, c, run, sizeof(run));
	(void)ep_str_format(line, sizeof(line), "%s: %s", path, run);
	v->left_out_count += c->outcome > EP_COLLECT_KNOWN;
	show(v, line);
}

static void show_counts(const struct ep_collect *c, size_t left_out_count)
{
	size_t valid = c->counts[EP_COLLECT_VALID];
	size_t rejected = c->counts[EP_COLLECT_REJECTED];
	size_t lost = c->counts[EP_COLLECT_LOST], all = valid + rejected + lost;

	fprintf(stderr,
		"edgeprof: collected %zu run%s (%zu valid, %zu rejected, %zu "
		"lost), %zu there already, %zu left out\n",
		all, all == 1 ? "" : "s", valid, rejected, lost,
		c->counts[EP_COLLECT_KNOWN], left_out_count);
}

int ep_sweep_machines_collect(const struct ep_sweep_machines *m,
			      const struct ep_sweep_place *place,
			      struct ep_err *err)
{
	struct ep_collect c = {
		.store = place->store,
		.mixed_versions = m->options.mixed_versions,
		.tell = tell_folder,
	};
	struct view v;
	int r;

	begin(&v, place, stderr);
	c.ctx = &v;
	r = ep_store_recover(place->store, err);
	if (r > 0)
		r = 0;
	for (size_t i = 0; r == 0 && i < m->dir_count; i++)
		r = ep_collect_path(&c, m->dirs[i], err);
	if (ep_store_export(place->store, r < 0 ? NULL : err) < 0 && r >= 0)
		r = -EIO;
	if (!place->quiet)
		show_counts(&c, v.left_out_count);
	return r < 0 ? r : v.left_out_count > 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/uprobe.h"
#include "runners/observers.h"

#define TICK_NS (20 * EP_NS_PER_MS)
#define SEARCH_TICK_NS (5 * EP_NS_PER_MS) /* until a library is found */
#define BUSY_TICKS 10
#define SEEN_MAX 65536 /* files; more are looked at again */
#define SYMBOLS_MAX 32
#define LIBRARIES_MAX 64

struct seen {
	dev_t dev;
	ino_t ino;
};

/* A library that got probes; told as a fact once the program has mapped it. */
struct library {
	struct seen file;
	bool mapped, told;
	char path[512];
	int64_t t_ns;	 /* when the last probe was in place */
	int64_t late_ns; /* since it was mapped; 0: before the gate */
};

struct ep_observer {
	const struct ep_env *env;
	struct ep_uprobe_set *probes; /* NULL until a library is found */
	struct ep_uprobe_track *track;
	int epoll_fd;
	int timer_fd;
	struct seen *seen;
	size_t seen_count;
	struct library libraries[LIBRARIES_MAX];
	size_t library_count;
	char fault[480]; /* why probes failed; told once */
	bool fault_told;
	char texts[SYMBOLS_MAX][2][48]; /* "llama_decode:in", ":out" */
	int64_t lost_count;
	int64_t emitted_count;
	/* Quiet: woken at once by a new mapping or task.  Busy, for BUSY_TICKS
	 * after the last of them: looked at every tick instead, because a
	 * just-in-time compiler makes thousands a second. */
	int busy_ticks;
	int64_t tick_ns;		  /* 0: none */
	const struct ep_event_sink *sink; /* during drain() */
	int64_t mapped_ns; /* of the file that is looked at; 0 at the gate */
};

static void emit(struct ep_observer *o, const struct ep_event *event)
{
	if (!o->sink)
		return;
	o->sink->emit(o->sink->ctx, event);
	o->emitted_count++;
}

static void llama_close(struct ep_observer *o)
{
	if (!o)
		return;
	ep_uprobe_set_close(o->probes);
	ep_uprobe_track_close(o->track);
	if (o->epoll_fd >= 0)
		close(o->epoll_fd);
	if (o->timer_fd >= 0)
		close(o->timer_fd);
	free(o->seen);
	free(o);
}

static int llama_open(const struct ep_env *env, struct ep_observer **ret,
		      struct ep_err *err)
{
	struct ep_observer *o;
	int r = ep_uprobe_check(err);

	if (r < 0)
		return r;
	o = calloc(1, sizeof(*o));
	if (!o)
		return ep_err_set(err, -ENOMEM, "out of memory");
	o->env = env;
	o->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	o->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	for (size_t i = 0; i < ep_llama_symbol_count; i++) {
		const char *name = ep_llama_symbols[i].name;

		(void)ep_str_format(o->texts[i][0], sizeof(o->texts[i][0]),
				    "%s:in", name);
		(void)ep_str_format(o->texts[i][1], sizeof(o->texts[i][1]),
				    "%s:out", name);
	}
	if (o->epoll_fd < 0 || o->timer_fd < 0) {
		r = -errno;
		llama_close(o);
		return ep_err_set(err, r, "cannot watch probes: %s",
				  strerror(-r));
	}
	*ret = o;
	return 0;
}

/* Whether this file is new here. */
static bool first_sight(struct ep_observer *o, const struct stat *st)
{
	struct seen *bigger;

	for (size_t i = 0; i < o->seen_count; i++)
		if (o->seen[i].ino == st->st_ino &&
		    o->seen[i].dev == st->st_dev)
			return false;
	if (o->seen_count % 64 == 0 && o->seen_count < SEEN_MAX) {
		bigger = realloc(o->seen,
				 (o->seen_count + 64) * sizeof(*bigger));
		if (!bigger)
			return true;
		o->seen = bigger;
	}
	if (o->seen_count < SEEN_MAX)
		o->seen[o->seen_count++] =
			(struct seen){ st->st_dev, st->st_ino };
	return true;
}

/* No tick while there is nothing to do: most programs have no libllama. */
static int pace(struct ep_observer *o)
{
	int64_t tick = o->probes	   ? TICK_NS
		       : o->busy_ticks > 0 ? SEARCH_TICK_NS
					   : 0;
	const struct itimerspec every = { .it_interval.tv_nsec = tick,
					  .it_value.tv_nsec = tick };

	if (tick == o->tick_ns)
		return 0;
	if (timerfd_settime(o->timer_fd, 0, &every, NULL) < 0)
		return -errno;
	o->tick_ns = tick;
	return 0;
}

static int set_busy(struct ep_observer *o, int64_t records)
{
	int before = o->busy_ticks;
	int r = 0;

	if (records > 0)
		o->busy_ticks = BUSY_TICKS;
	else if (o->busy_ticks > 0)
		o->busy_ticks--;
	if ((before > 0) != (o->busy_ticks > 0))
		r = ep_uprobe_track_watch(o->track, o->epoll_fd,
					  o->busy_ticks == 0);
	return r < 0 ? r : pace(o);
}

static void keep_library(struct ep_observer *o, const struct stat *st,
			 const char *path)
{
	struct library *l;

	if (o->library_count == LIBRARIES_MAX)
		return;
	l = &o->libraries[o->library_count++];
	l->file = (struct seen){ st->st_dev, st->st_ino };
	(void)ep_str_copy(l->path, sizeof(l->path), path);
	l->t_ns = o->env->now_ns();
	l->mapped = o->mapped_ns > 0;
	l->late_ns = l->mapped ? l->t_ns - o->mapped_ns : 0;
}

static void note_mapped(struct ep_observer *o, const struct stat *st)
{
	for (size_t i = 0; o->mapped_ns > 0 && i < o->library_count; i++)
		if (o->libraries[i].file.ino == st->st_ino &&
		    o->libraries[i].file.dev == st->st_dev)
			o->libraries[i].mapped = true;
}

/* Sets probes in a file when it holds libllama, whatever its name. */
static void look_at(void *ctx, int fd, const char *path)
{
	struct ep_observer *o = ctx;
	struct ep_uprobe_point points[EP_UPROBE_POINTS_MAX];
	struct ep_err err = { 0 };
	struct stat st;
	size_t count;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return;
	note_mapped(o, &st);
	if (!first_sight(o, &st))
		return;
	count = ep_llama_points(fd, points, EP_UPROBE_POINTS_MAX);
	if (count == 0)
		return;
	if (!o->probes)
		r = ep_uprobe_set_open(true, &o->probes, &err);
	if (r == 0)
		r = ep_uprobe_set_add(o->probes, fd, points, count, &err);
	if (r < 0)
		(void)ep_str_format(o->fault, sizeof(o->fault), "%s: %s", path,
				    err.text);
	else
		keep_library(o, &st, path);
}

static int llama_attach(struct ep_observer *o, pid_t pid, uid_t uid,
			struct ep_err *err)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int r = ep_uprobe_track_open(pid, &o->track, err);

	(void)uid;
	if (r < 0)
		return r;
	ev.data.fd = o->timer_fd;
	r = ep_uprobe_track_watch(o->track, o->epoll_fd, true);
	if (r == 0 &&
	    epoll_ctl(o->epoll_fd, EPOLL_CTL_ADD, o->timer_fd, &ev) < 0)
		r = -errno;
	if (r < 0)
		return ep_err_set(err, r, "cannot watch probes: %s",
				  strerror(-r));
	o->mapped_ns = 0;
	if (o->env->target_path)
		ep_llama_scan(o->env->target_path, look_at, o);
	ep_llama_hints(o->env->target_path, o->env->target_argv, look_at, o);
	r = pace(o);
	return r < 0 ? ep_err_set(err, r, "cannot set a timer: %s",
				  strerror(-r))
		     : 0;
}

static int llama_fd(const struct ep_observer *o)
{
	return o->epoll_fd;
}

static void on_map(void *ctx, const struct ep_uprobe_map *m)
{
	struct ep_observer *o = ctx;
	int fd = ep_uprobe_map_open(m);

	if (fd < 0)
		return;
	o->mapped_ns = m->t_ns;
	look_at(o, fd, m->path);
	close(fd);
}

static int64_t value_of(const struct ep_llama_symbol *y, bool out,
			const struct ep_uprobe_hit *h)
{
	if (out && y->call == EP_LLAMA_DECODE)
		return (int32_t)h->value;
	if (out && (y->call == EP_LLAMA_MODEL || y->call == EP_LLAMA_CONTEXT))
		return h->value != 0;
	if (!out && y->value != EP_LLAMA_VALUE_NONE)
		return h->second;
	return -1;
}

static void on_hit(void *ctx, const struct ep_uprobe_hit *h)
{
	struct ep_observer *o = ctx;
	size_t symbol = (size_t)h->probe / 2;
	bool out = h->probe % 2 != 0;
	struct ep_event e = ep_event_make(h->t_ns, "probe");
	char source[64];

	if (symbol >= ep_llama_symbol_count ||
	    !ep_uprobe_track_has(o->track, h->pid))
		return;
	(void)ep_str_format(source, sizeof(source), "llama:%d:%" PRIx64,
			    (int)h->pid, out ? h->value : h->first);
	e.source = source;
	e.text = o->texts[symbol][out];
	e.request = h->tid;
	e.tokens = value_of(&ep_llama_symbols[symbol], out, h);
	emit(o, &e);
}

static void tell_libraries(struct ep_observer *o)
{
	struct ep_event e;

	for (size_t i = 0; i < o->library_count; i++) {
		struct library *l = &o->libraries[i];

		if (!l->mapped || l->told)
			continue;
		l->told = true;
		e = ep_event_make(l->t_ns, "fact");
		e.source = "llama.library";
		e.text = l->path;
		e.tokens = l->late_ns;
		emit(o, &e);
	}
	if (o->fault[0] && !o->fault_told) {
		e = ep_event_make(o->env->now_ns(), "warning");
		e.source = "probes-failed";
		e.text = o->fault;
		emit(o, &e);
		o->fault_told = true;
	}
}

static void tell_lost(struct ep_observer *o, int64_t lost)
{
	struct ep_event e;
	char text[32];

	if (lost == 0)
		return;
	o->lost_count += lost;
	(void)ep_str_format(text, sizeof(text), "%" PRId64, o->lost_count);
	e = ep_event_make(o->env->now_ns(), "fact");
	e.source = "probes.lost";
	e.text = text;
	emit(o, &e);
	e = ep_event_make(o->env->now_ns(), "warning");
	e.source = "probes-lost";
	e.text = "probe hits were lost because they came faster than they "
		 "could be read: phases and token counts may be wrong";
	if (o->lost_count == lost)
		emit(o, &e);
}

static int llama_drain(struct ep_observer *o, const struct ep_event_sink *sink)
{
	uint64_t expirations;
	int64_t before = o->emitted_count, lost = 0, records;
	int r;

	if (!o->track)
		return 0;
	o->sink = sink;
	if (read(o->timer_fd, &expirations, sizeof(expirations)) < 0 &&
	    errno != EAGAIN)
		return -errno;
	/* The line first: a process is known before its hits are read. */
	if (o->probes)
		ep_uprobe_set_mark(o->probes);
	records = ep_uprobe_track_drain(o->track, on_map, o, &lost);
	if (o->probes)
		lost += ep_uprobe_set_drain(o->probes, on_hit, o);
	tell_libraries(o);
	tell_lost(o, lost);
	o->sink = NULL;
	r = set_busy(o, records);
	return r < 0 ? r : (int)(o->emitted_count - before);
}

const struct ep_observer_ops ep_observer_llama = {
	.name = "llama",
	.evidence = EP_EVIDENCE_PROBED,
	.open = llama_open,
	.attach = llama_attach,
	.fd = llama_fd,
	.drain = llama_drain,
	.close = llama_close,
	.timeline = ep_llama_timeline,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/uprobe.h"
#include "runners/attach.h"
#include "runners/llama_published.h"
#include "runners/observers.h"
#include "runners/probed_files.h"

#define TICK_NS (20 * EP_NS_PER_MS)
#define SEARCH_TICK_NS (5 * EP_NS_PER_MS) /* until a library is found */
#define BUSY_TICKS 10

struct ep_observer {
	const struct ep_env *env;
	struct ep_probed_files *files;
	struct ep_uprobe_published *published; /* NULL: we may set our own */
	struct ep_uprobe_track *track;
	int epoll_fd;
	int timer_fd;
	int64_t lost_count;
	int64_t emitted_count;
	/* Quiet: woken at once by a new mapping or task.  Busy, for BUSY_TICKS
	 * after the last of them: looked at every tick instead, because a
	 * just-in-time compiler makes thousands a second. */
	int busy_ticks;
	int64_t tick_ns;		  /* 0: none */
	const struct ep_event_sink *sink; /* during drain() */
	bool waits;			  /* a file may get probes soon */
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
	ep_probed_files_close(o->files);
	ep_uprobe_track_close(o->track);
	if (o->epoll_fd >= 0)
		close(o->epoll_fd);
	if (o->timer_fd >= 0)
		close(o->timer_fd);
	free(o->published);
	free(o);
}

static int llama_open(const struct ep_env *env, struct ep_observer **ret,
		      struct ep_err *err)
{
	struct ep_uprobe_published *published = NULL;
	struct ep_observer *o;
	int r = ep_uprobe_check(err);

	if (r == -EACCES && geteuid() != 0)
		r = ep_uprobe_published_load(&published, err);
	if (r < 0)
		return r;
	o = calloc(1, sizeof(*o));
	if (!o) {
		free(published);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	o->env = env;
	o->published = published;
	o->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	o->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r = o->epoll_fd < 0 || o->timer_fd < 0
		    ? -errno
		    : ep_probed_files_open(env, published, &o->files);
	if (r < 0) {
		llama_close(o);
		return ep_err_set(err, r, "cannot watch probes: %s",
				  strerror(-r));
	}
	*ret = o;
	return 0;
}

/* No tick while there is nothing to do: most programs have no libllama. */
static int pace(struct ep_observer *o)
{
	int64_t tick = ep_probed_files_set(o->files) ? TICK_NS
		       : o->waits		     ? TICK_NS
		       : o->busy_ticks > 0	     ? SEARCH_TICK_NS
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

static void on_map(void *ctx, const struct ep_uprobe_map *m)
{
	struct ep_observer *o = ctx;
	int fd = ep_uprobe_map_open(m);

	if (fd < 0)
		return;
	ep_probed_files_time(o->files, m->t_ns);
	ep_probed_files_look(o->files, fd, m->path);
	close(fd);
}

static int llama_attach(struct ep_observer *o, pid_t pid, uid_t uid,
			struct ep_err *err)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int r;

	(void)uid;
	if (o->env->target_runs && o->published)
		return ep_err_set(err, -EACCES,
				  "probes in a program that runs already need "
				  "root: run edgeprof with sudo");
	r = o->env->target_runs ? ep_attach_track(pid, &o->track, err)
				: ep_uprobe_track_open(pid, &o->track, err);
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
	ep_probed_files_begin(o->files, pid);
	if (o->env->target_runs)
		ep_attach_maps(pid, on_map, o);
	if (o->published)
		ep_llama_each_published(o->published, ep_probed_files_look,
					o->files);
	if (o->env->target_path)
		ep_llama_scan(o->env->target_path, ep_probed_files_look,
			      o->files);
	ep_llama_hints(o->env->target_path, o->env->target_argv,
		       ep_probed_files_look, o->files);
	(void)ep_probed_files_settle(o->files, true);
	r = pace(o);
	return r < 0 ? ep_err_set(err, r, "cannot set a timer: %s",
				  strerror(-r))
		     : 0;
}

static int llama_fd(const struct ep_observer *o)
{
	return o->epoll_fd;
}

static void emit_one(void *ctx, const struct ep_event *event)
{
	emit(ctx, event);
}

static void on_hit(void *ctx, const struct ep_uprobe_hit *h)
{
	struct ep_observer *o = ctx;
	const struct ep_event_sink sink = { emit_one, o };
	struct ep_probed_hit what;

	if (!ep_probed_hit_of(h->probe, &what) ||
	    !ep_uprobe_track_has(o->track, h->pid))
		return;
	if (!what.out && what.symbol->value == EP_PROBED_FUNCTION)
		ep_probed_files_function(o->files, h->pid, h->third,
					 h->probe + 2);
	ep_probed_tell(&what, h, &sink);
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
	const struct ep_event_sink own = { emit_one, o };
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
	if (ep_probed_files_set(o->files))
		ep_uprobe_set_mark(ep_probed_files_set(o->files));
	records = ep_uprobe_track_drain(o->track, on_map, o, &lost);
	o->waits = ep_probed_files_settle(o->files, false);
	if (ep_probed_files_set(o->files))
		lost += ep_uprobe_set_drain(ep_probed_files_set(o->files),
					    on_hit, o);
	ep_probed_files_tell(o->files, &own);
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

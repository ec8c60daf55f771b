/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "drivers/proc_list.h"

#define SURVIVORS_MAX 64

static void fact(struct ep_session *s, const char *name, int64_t value)
{
	char text[32];

	(void)ep_str_format(text, sizeof(text), "%lld", (long long)value);
	ep_session_event(s, "fact", name, text);
}

static int64_t timeval_ns(struct timeval tv)
{
	return (int64_t)tv.tv_sec * EP_NS_PER_S +
	       (int64_t)tv.tv_usec * EP_NS_PER_US;
}

static void usage_facts(struct ep_session *s, const char *who,
			const struct ep_child_usage *usage)
{
	const struct rusage *ru = &usage->ru;
	const struct {
		const char *name;
		int64_t value;
	} facts[] = {
		/* getrusage(2): ru_maxrss is in kilobytes of 1024. */
		{ "maxrss_bytes", (int64_t)ru->ru_maxrss * 1024 },
		{ "utime_ns", timeval_ns(ru->ru_utime) },
		{ "stime_ns", timeval_ns(ru->ru_stime) },
		{ "nvcsw", ru->ru_nvcsw },
		{ "nivcsw", ru->ru_nivcsw },
		{ "minflt", ru->ru_minflt },
		{ "majflt", ru->ru_majflt },
		{ "inblock", ru->ru_inblock },
	};
	char text[64];

	if (!usage->known)
		return;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		(void)ep_str_format(text, sizeof(text), "%s.%s", who,
				    facts[i].name);
		fact(s, text, facts[i].value);
	}
}

/* The program's, or those of the client that is not what is measured. */
static void child_facts(struct ep_session *s)
{
	const struct ep_drive *d = s->options->drive;
	struct ep_runner_result result = { .exited = false };
	bool beside = s->attaches || (d && !d->server);

	if (!s->runner)
		return;
	s->runner_ops->result(s->runner, &result);
	usage_facts(s, beside ? "client" : "child", &result.usage);
	usage_facts(s, "client", &result.client);
}

/* What the program left running: named, not ended. */
static void survivors(struct ep_session *s)
{
	struct ep_proc_id list[SURVIVORS_MAX];
	struct ep_buf names;
	int count;

	if (!s->runner)
		return;
	count = ep_proc_descendants(getpid(), false, list, SURVIVORS_MAX);
	ep_buf_init(&names, 16 * 1024);
	for (int i = 0; i < count; i++)
		if (list[i].pid != s->guardian.pid && !list[i].zombie &&
		    ep_buf_addf(&names, "%s%s (%d)", names.len ? ", " : "",
				list[i].name, (int)list[i].pid) < 0)
			break;
	if (names.len > 0)
		ep_session_event(s, "fact", "survivors", names.data);
	ep_buf_done(&names);
}

/* In events.csv and to the person: what our own output did not take. */
static void tell_undelivered(struct ep_session *s)
{
	static const char *const names[2] = { "stdout", "stderr" };
	char text[200];

	for (int i = 0; i < 2; i++) {
		const struct ep_stream *stream = &s->stdio.streams[i];

		if (stream->undelivered_bytes == 0 ||
		    stream->out_errno == EPIPE)
			continue;
		(void)ep_str_format(
			text, sizeof(text),
			"%lld bytes of the program's %s are only in %s.log: %s",
			(long long)stream->undelivered_bytes, names[i],
			names[i],
			stream->out_errno ? strerror(stream->out_errno)
					  : "nobody read them");
		s->progress.tell(s->progress.ctx, EP_PROGRESS_WARNING, text, 0);
		ep_session_event(s, "warning", "output-undelivered", text);
	}
}

void ep_session_facts(struct ep_session *s)
{
	int64_t wakeups = s->wakeup_count + s->drain.wakeup_count +
			  atomic_load(&s->sampler.tick_count);

	tell_undelivered(s);
	child_facts(s);
	survivors(s);
	fact(s, "self.cpu_ns", ep_clock_process_cpu_ns() - s->gate_cpu_ns);
	fact(s, "self.sampler_cpu_ns", atomic_load(&s->sampler.cpu_ns));
	fact(s, "self.wakeups", wakeups);
	fact(s, "self.bytes", s->writer.bytes_count);
	if (s->swap_in_count >= 0)
		fact(s, "swap_in.pages", s->swap_in_count);
	if (s->ended_by || s->interrupt_count > 0)
		fact(s, "stopped_by", s->ended_by ? s->ended_by : SIGINT);
	fact(s, "dropped.samples", (int64_t)ep_drain_dropped(&s->drain));
	fact(s, "stdout.dropped_bytes", s->stdio.streams[0].dropped_bytes);
	fact(s, "stderr.dropped_bytes", s->stdio.streams[1].dropped_bytes);
	ep_session_event(s, "fact", "sampler.scheduler",
			 s->sampler.fifo ? "fifo" : "other");
}

void ep_session_tell_failed(const struct ep_session *s)
{
	char text[600];

	for (size_t i = 0; i < s->slots.count; i++) {
		const struct ep_slot *slot = s->slots.slots[i];

		if (slot->sensor || !slot->from_option)
			continue;
		(void)ep_str_format(text, sizeof(text), "%s: not measured: %s",
				    slot->id, slot->reason);
		s->progress.tell(s->progress.ctx, EP_PROGRESS_WARNING, text, 0);
	}
}

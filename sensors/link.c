/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/link.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "sensors/files.h"

#define BACKOFF_MIN_NS (500 * EP_NS_PER_MS)
#define BACKOFF_MAX_NS (8 * EP_NS_PER_S)
#define BAUD_MAX 10000000

const struct ep_channel ep_link_skipped_channel = {
	.name = "skipped",
	.quantity = EP_SIZE_BYTES,
	.shape = EP_COUNTER,
	.resolution = 1,
};

static int get_time(const struct ep_conf *conf, const char *key, int64_t *ret,
		    struct ep_err *err)
{
	int64_t ns = *ret;
	int r = ep_conf_get_duration_ns(conf, key, *ret, &ns, err);

	if (r == 0 && (ns < 10 * EP_NS_PER_MS || ns > 60 * EP_NS_PER_S))
		return ep_conf_err(conf, key, err, "must be 10ms to 60s");
	if (r == 0)
		*ret = ns;
	return r;
}

int ep_link_configure(struct ep_link_setup *setup, const struct ep_conf *conf,
		      struct ep_err *err)
{
	int64_t baud = 0;
	int r = get_time(conf, "period", &setup->period_ns, err);

	if (r == 0)
		r = get_time(conf, "timeout", &setup->timeout_ns, err);
	if (r == 0 && setup->timeout_ns > 5 * EP_NS_PER_S)
		return ep_conf_err(conf, "timeout", err,
				   "must be 10ms to 5s: a run ends no sooner");
	if (r == 0)
		r = get_time(conf, "connect", &setup->connect_ns, err);
	if (r == 0)
		r = ep_conf_get_i64(conf, "baud", setup->mode.baud, &baud, err);
	if (r < 0)
		return r;
	if (baud < 1 || baud > BAUD_MAX)
		return ep_conf_err(conf, "baud", err, "must be 1 to 10000000");
	setup->mode.baud = (uint32_t)baud;
	return 0;
}

/* The line is of no use any more. */
static void lose(struct ep_link *l)
{
	ep_serial_close(&l->port);
	l->silent_count = 0;
	l->backoff_ns = l->backoff_ns == 0 ? BACKOFF_MIN_NS : l->backoff_ns * 2;
	if (l->backoff_ns > BACKOFF_MAX_NS)
		l->backoff_ns = BACKOFF_MAX_NS;
	l->retry_ns = l->env->now_ns() + l->backoff_ns;
}

static int open_port(struct ep_link *l, struct ep_err *err)
{
	int r = ep_serial_open(&l->port, l->root, l->path, &l->setup.mode, err);

	if (r < 0)
		lose(l);
	return r;
}

static void keep_sample(void *ctx, const struct ep_sample *s)
{
	struct ep_link *l = ctx;

	if (s->channel >= EP_LINK_CHANNELS_MAX)
		return;
	l->samples[s->channel] = *s;
	l->present |= UINT32_C(1) << s->channel;
}

/* Bytes until a frame is whole; of several the last is the newest. */
static int read_answer(struct ep_link *l, int64_t deadline_ns)
{
	const struct ep_sink sink = { keep_sample, l };
	uint8_t bytes[512];

	for (;;) {
		int n = ep_serial_read(&l->port, bytes, sizeof(bytes),
				       deadline_ns);

		if (n < 0)
			return n;
		if (ep_frames_feed(&l->frames, bytes, (size_t)n, 0, &sink) > 0)
			return 0;
		/* A line that never falls silent. */
		if (l->env->now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

/* The next of those that come by themselves. */
static int listen_once(struct ep_link *l, int64_t deadline_ns)
{
	int r;

	l->present = 0;
	r = read_answer(l, deadline_ns);
	l->begin_ns = l->end_ns = l->env->now_ns();
	return r;
}

/* Stale input is dropped and counted, the request sent, the answer read. */
static int exchange(struct ep_link *l, int64_t deadline_ns)
{
	int r;

	if (l->setup.unasked)
		return listen_once(l, deadline_ns);
	r = ep_serial_drain(&l->port);
	ep_frames_drop(&l->frames);
	if (r < 0)
		return r;
	l->frames.skipped_bytes += (uint64_t)r;
	l->begin_ns = l->env->now_ns();
	l->present = 0;
	r = ep_serial_write(&l->port, l->setup.request, l->setup.request_len,
			    deadline_ns);
	if (r == 0)
		r = read_answer(l, deadline_ns);
	l->end_ns = l->env->now_ns();
	return r;
}

int ep_link_ask(struct ep_link *l)
{
	int64_t now_ns = l->env->now_ns();
	int r = 0;

	l->present = 0;
	if (l->port.fd < 0)
		r = now_ns < l->retry_ns ? -ENODEV : open_port(l, NULL);
	if (r == 0)
		r = exchange(l, now_ns + l->setup.timeout_ns);
	if (r == 0) {
		l->silent_count = 0;
		l->backoff_ns = 0;
		return 0;
	}
	l->gap = true;
	l->present = 0;
	if (r == -ETIMEDOUT && ++l->silent_count < EP_LINK_SILENT_MAX)
		return r;
	if (l->port.fd >= 0)
		lose(l);
	return r == -ETIMEDOUT ? r : -ENODEV;
}

void ep_link_refuse(struct ep_link *l)
{
	l->gap = true;
	l->present = 0;
}

/* Asks until it answers.  A Bluetooth port opens before its device is found,
 * and the first requests may be lost. */
static int await_first(struct ep_link *l, struct ep_err *err)
{
	int64_t end_ns = l->env->now_ns() + l->setup.connect_ns;
	int r;

	do {
		int64_t deadline_ns = l->env->now_ns() + 2 * EP_NS_PER_S;

		r = exchange(l, deadline_ns < end_ns ? deadline_ns : end_ns);
	} while (r == -ETIMEDOUT && l->env->now_ns() < end_ns &&
		 !ep_env_is_cancelled(l->env));
	if (r == 0)
		return 0;
	ep_frames_drop(&l->frames);
	if (r != -ETIMEDOUT)
		return ep_err_set(err, -EIO,
				  "%s: the device behind it went away; switch "
				  "the meter on, bring it near, plug it in "
				  "again",
				  l->path);
	if (l->frames.skipped_bytes > 0)
		return ep_err_set(err, -EBADMSG,
				  "%s: what answers is not %s: %llu bytes of "
				  "another kind; is it another meter, or "
				  "another speed?",
				  l->path, l->setup.title,
				  (unsigned long long)l->frames.skipped_bytes);
	return ep_err_set(err, -ETIMEDOUT,
			  "%s: nothing answers within %lld ms; is it %s, "
			  "switched on and, if by Bluetooth, paired?",
			  l->path,
			  (long long)(l->setup.connect_ns / EP_NS_PER_MS),
			  l->setup.title);
}

int ep_link_open(struct ep_link *l, const struct ep_env *env,
		 const struct ep_conf *conf, const struct ep_link_setup *setup,
		 struct ep_err *err)
{
	int r;

	memset(l, 0, sizeof(*l));
	l->port.fd = -1;
	l->setup = *setup;
	l->env = env;
	l->root = ep_conf_is_typed(conf) ? &ep_root_machine : &env->root;
	l->path = setup->path ? setup->path : ep_conf_get(conf, "device");
	if (!l->path)
		return ep_err_set(err, -EINVAL,
				  "device is missing: use %s:PORT",
				  setup->ops->name);
	ep_frames_init(&l->frames, setup->ops);
	r = open_port(l, err);
	if (r == 0)
		r = await_first(l, err);
	if (r < 0)
		ep_link_close(l);
	else
		l->backoff_ns = 0;
	return r;
}

void ep_link_close(struct ep_link *l)
{
	if (l->path)
		ep_serial_close(&l->port);
}

bool ep_link_value(const struct ep_link *l, size_t channel, int64_t *ret)
{
	if (channel >= EP_LINK_CHANNELS_MAX ||
	    !(l->present & UINT32_C(1) << channel) ||
	    (l->samples[channel].flags & EP_SAMPLE_ERROR))
		return false;
	*ret = l->samples[channel].value;
	return true;
}

int ep_link_emit(struct ep_link *l, size_t count, const struct ep_sink *sink)
{
	unsigned flags = EP_SAMPLE_UNPROVEN | (l->gap ? EP_SAMPLE_GAP : 0U);
	struct ep_sample skipped = {
		.value = (int64_t)l->frames.skipped_bytes,
		.channel = (uint16_t)count,
		.flags = (uint16_t)flags,
	};
	int emitted = 1;

	for (size_t i = 0; i < count && i < EP_LINK_CHANNELS_MAX; i++) {
		struct ep_sample s = l->samples[i];

		if (!(l->present & UINT32_C(1) << i))
			continue;
		ep_sample_stamp(&s, l->begin_ns, l->end_ns);
		s.flags = (uint16_t)(s.flags | flags);
		sink->emit(sink->ctx, &s);
		emitted++;
	}
	ep_sample_stamp(&skipped, l->begin_ns, l->end_ns);
	sink->emit(sink->ctx, &skipped);
	l->gap = false;
	return emitted;
}

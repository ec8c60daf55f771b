/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define NOBODY 65534

int64_t ep_rig_time_ns;

int64_t ep_rig_now_ns(void)
{
	return ep_rig_time_ns;
}

static void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "sensor rig: %s\n", what);
	abort();
}

void ep_rig_make(struct ep_rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	ep_tmp_make(&rig->tmp);
	need(chmod(rig->tmp.path, 0755) == 0, "chmod");
	need(ep_root_open(&rig->env.root, rig->tmp.path, NULL) == 0, "root");
	rig->env.now_ns = ep_clock_monotonic_ns;
	rig->env.interval_ns = 10 * EP_NS_PER_MS;
}

static void close_sensor(struct ep_rig *rig)
{
	if (rig->ops)
		rig->ops->close(rig->sensor);
	ep_conf_free(rig->conf);
	rig->sensor = NULL;
	rig->conf = NULL;
}

void ep_rig_end(struct ep_rig *rig)
{
	close_sensor(rig);
	ep_root_close(&rig->env.root);
	ep_tmp_remove(&rig->tmp);
}

int ep_rig_open(struct ep_rig *rig, const struct ep_sensor_ops *ops,
		const char *options)
{
	int r;

	close_sensor(rig);
	rig->ops = ops;
	memset(&rig->notes, 0, sizeof(rig->notes));
	memset(&rig->err, 0, sizeof(rig->err));
	rig->channel_count = 0;
	r = ep_conf_from_options("--sensor", options, &rig->conf, &rig->err);
	if (r == 0)
		r = ep_conf_check(rig->conf, ops->params, &rig->err);
	if (r == 0)
		r = ops->open(&rig->env, rig->conf, &rig->sensor, &rig->notes,
			      &rig->err);
	if (r == 0)
		rig->channel_count = ops->channels(rig->sensor, &rig->channels);
	return r;
}

static void take(void *ctx, const struct ep_sample *sample)
{
	struct ep_rig *rig = ctx;

	need(rig->sample_count < sizeof(rig->samples) / sizeof(*rig->samples),
	     "too many samples");
	need(sample->channel < rig->channel_count, "no such channel");
	need((rig->channels[sample->channel].flags & EP_CHANNEL_PRODUCT) == 0,
	     "a product was emitted");
	rig->samples[rig->sample_count++] = *sample;
}

int ep_rig_poll_at(struct ep_rig *rig, int64_t now_ns)
{
	const struct ep_sink sink = { take, rig };

	rig->sample_count = 0;
	return rig->ops->poll(rig->sensor, now_ns, &sink);
}

int ep_rig_poll(struct ep_rig *rig)
{
	return ep_rig_poll_at(rig, rig->env.now_ns());
}

int ep_rig_channel(const struct ep_rig *rig, const char *name)
{
	for (size_t i = 0; i < rig->channel_count; i++)
		if (strcmp(rig->channels[i].name, name) == 0)
			return (int)i;
	return -1;
}

const struct ep_sample *ep_rig_sample(const struct ep_rig *rig,
				      const char *name)
{
	int channel = ep_rig_channel(rig, name);

	for (size_t i = rig->sample_count; i-- > 0;)
		if (rig->samples[i].channel == channel)
			return &rig->samples[i];
	return NULL;
}

bool ep_rig_noted(const struct ep_rig *rig, const char *text)
{
	for (size_t i = 0; i < rig->notes.count; i++)
		if (strstr(rig->notes.text[i], text))
			return true;
	return false;
}

int ep_rig_as_nobody(int (*fn)(struct ep_rig *rig), struct ep_rig *rig)
{
	pid_t pid = fork();
	int status;

	need(pid >= 0, "fork");
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 ||
		    setuid(NOBODY) < 0)
			_exit(200);
		_exit(fn(rig));
	}
	need(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int ep_rig_setup(void **state)
{
	static struct ep_rig rig;

	ep_rig_make(&rig);
	*state = &rig;
	return 0;
}

int ep_rig_teardown(void **state)
{
	ep_rig_end(*state);
	return 0;
}

void ep_rig_assert_unproven(const struct ep_rig *rig, const char *name,
			    int64_t value)
{
	const struct ep_sample *s = ep_rig_sample(rig, name);

	assert_non_null(s);
	assert_int_equal(s->value, value);
	assert_int_equal(s->flags, EP_SAMPLE_UNPROVEN);
}

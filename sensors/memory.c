/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/proc_tree.h"
#include "drivers/procfs.h"
#include "drivers/vmstat.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* With hundreds of processes reading all of them takes long; it then is done
 * less often, so that it takes about 1 % of the time. */
#define REST_FACTOR 100
#define CHEAP_NS INT64_C(2000000)
#define WALK_STEPS_MAX 256
#define NO_CHANNEL UINT16_MAX

enum tree_channel {
	RSS,
	RSS_ANON,
	RSS_FILE,
	PEAK,
	SWAP,
	TREE_CHANNELS,
};
enum system_channel {
	MEM_AVAILABLE,
	SWAP_USED,
	SYSTEM_CHANNELS,
};

static const char *const tree_names[TREE_CHANNELS] = {
	[RSS] = "rss",	 [RSS_ANON] = "rss_anon", [RSS_FILE] = "rss_file",
	[PEAK] = "peak", [SWAP] = "swap",
};
static const char *const system_names[SYSTEM_CHANNELS] = {
	[MEM_AVAILABLE] = "mem_available",
	[SWAP_USED] = "system_swap_used",
};

struct ep_sensor {
	const struct ep_env *env;
	struct ep_proc_tree *tree; /* NULL: the whole system is watched */
	int meminfo_fd;
	struct ep_channel channels[TREE_CHANNELS + SYSTEM_CHANNELS + 1];
	size_t channel_count;
	uint16_t system_first;
	uint16_t swap_in; /* NO_CHANNEL: the kernel has no swap */
	int64_t peak_bytes;
	int64_t due_ns;
};

static void memory_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_proc_tree_free(sensor->tree);
	if (sensor->meminfo_fd >= 0)
		close(sensor->meminfo_fd);
	free(sensor);
}

static void add_channel(struct ep_sensor *sensor, const char *name)
{
	struct ep_channel *c = &sensor->channels[sensor->channel_count++];

	(void)ep_str_copy(c->name, sizeof(c->name), name);
	c->quantity = EP_SIZE_BYTES;
	c->shape = EP_GAUGE;
	c->resolution = 1024;
}

/* Pages that the whole machine brought back: the kernel does not count them
 * for each process. */
static void add_swap_in(struct ep_sensor *sensor, struct ep_sensor_notes *notes)
{
	struct ep_channel *c = &sensor->channels[sensor->channel_count];
	int64_t count;
	int r = ep_vmstat_swap_in(&count);

	sensor->swap_in = NO_CHANNEL;
	if (r < 0) {
		ep_sensor_note(notes, "system-swap-in: not measured: %s",
			       r == -ENODATA ? "the kernel has no swap"
					     : strerror(-r));
		return;
	}
	sensor->swap_in = (uint16_t)sensor->channel_count++;
	(void)ep_str_copy(c->name, sizeof(c->name), "system_swap_in");
	c->quantity = EP_COUNT;
	c->shape = EP_COUNTER;
	c->resolution = 1;
}

static int memory_open(const struct ep_env *env, const struct ep_conf *conf,
		       struct ep_sensor **ret, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r = 0;

	(void)conf;
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	sensor->meminfo_fd = ep_meminfo_open();
	if (sensor->meminfo_fd < 0)
		ep_sensor_note(notes, "mem_available left out: %s",
			       strerror(-sensor->meminfo_fd));
	if (!env->system_wide)
		r = ep_proc_tree_new(false, &sensor->tree);
	if (r == 0 && sensor->tree && env->target_pid > 0)
		r = ep_proc_tree_start(sensor->tree, env->target_pid);
	for (int i = 0; r == 0 && sensor->tree && i < TREE_CHANNELS; i++)
		add_channel(sensor, tree_names[i]);
	sensor->system_first = (uint16_t)sensor->channel_count;
	for (int i = 0; sensor->meminfo_fd >= 0 && i < SYSTEM_CHANNELS; i++)
		add_channel(sensor, system_names[i]);
	if (r == 0)
		add_swap_in(sensor, notes);
	if (r == 0 && sensor->channel_count == 0)
		r = sensor->meminfo_fd;
	if (r < 0) {
		memory_close(sensor);
		return ep_err_set(err, r, "memory cannot be read: %s",
				  strerror(-r));
	}
	*ret = sensor;
	return 0;
}

static int memory_probe(const struct ep_env *env, struct ep_err *err)
{
	(void)env;
	(void)err;
	return 1;
}

static size_t memory_channels(const struct ep_sensor *sensor,
			      const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static void walk(struct ep_sensor *sensor, int64_t now_ns)
{
	for (int i = 0; i < WALK_STEPS_MAX; i++)
		if (ep_proc_tree_follow(sensor->tree, sensor->env->target_pid,
					now_ns) != 0)
			return;
}

/* Adds one process; a field it does not tell makes the whole sum unknown. */
static void add_process(const struct ep_proc_memory *m,
			int64_t sums[TREE_CHANNELS])
{
	const int64_t values[TREE_CHANNELS] = {
		[RSS] = m->rss_bytes,		[RSS_ANON] = m->rss_anon_bytes,
		[RSS_FILE] = m->rss_file_bytes, [PEAK] = m->peak_bytes,
		[SWAP] = m->swap_bytes,
	};

	for (int i = 0; i < TREE_CHANNELS; i++)
		sums[i] =
			values[i] < 0 || sums[i] < 0 ? -1 : sums[i] + values[i];
}

/* The number of processes that have memory; -errno when one hides it. */
static int read_tree(struct ep_sensor *sensor, int64_t sums[TREE_CHANNELS])
{
	int found = 0;

	memset(sums, 0, TREE_CHANNELS * sizeof(*sums));
	for (size_t i = 0; i < ep_proc_tree_count(sensor->tree); i++) {
		struct ep_proc_memory m;
		int r = ep_proc_memory_read(ep_proc_tree_pid(sensor->tree, i),
					    &m);

		if (r == -ESRCH)
			continue;
		if (r < 0)
			return r;
		/* Ended but not yet waited for: no memory any more. */
		if (m.rss_bytes < 0 && m.peak_bytes < 0)
			continue;
		add_process(&m, sums);
		found++;
	}
	if (sums[PEAK] > sensor->peak_bytes)
		sensor->peak_bytes = sums[PEAK];
	if (sums[PEAK] >= 0)
		sums[PEAK] = sensor->peak_bytes;
	return found;
}

static void emit(const struct ep_sink *sink, struct ep_sample s, size_t channel,
		 int64_t value)
{
	s.channel = (uint16_t)channel;
	s.value = value < 0 ? 0 : value;
	if (value < 0)
		s.flags = EP_SAMPLE_ERROR;
	sink->emit(sink->ctx, &s);
}

static int emit_meminfo(struct ep_sensor *sensor, const struct ep_sink *sink,
			struct ep_sample s, int r,
			const struct ep_meminfo *info)
{
	if (sensor->meminfo_fd < 0)
		return 0;
	s.flags = r < 0 ? EP_SAMPLE_ERROR : 0;
	emit(sink, s, sensor->system_first + MEM_AVAILABLE,
	     info->available_bytes);
	emit(sink, s, sensor->system_first + SWAP_USED,
	     info->swap_total_bytes < 0 || info->swap_free_bytes < 0
		     ? -1
		     : info->swap_total_bytes - info->swap_free_bytes);
	return SYSTEM_CHANNELS;
}

static int memory_poll(struct ep_sensor *sensor, int64_t now_ns,
		       const struct ep_sink *sink)
{
	struct ep_meminfo info = { -1, -1, -1 };
	struct ep_proc_tree_facts facts = { .truncated = false };
	int64_t sums[TREE_CHANNELS];
	struct ep_sample s = { .flags = 0 };
	int64_t begin_ns, end_ns, swap_in = -1;
	int found = 0, count = 0, info_r = -ENODATA;

	if (now_ns < sensor->due_ns)
		return 0;
	if (sensor->tree)
		walk(sensor, now_ns);
	begin_ns = sensor->env->now_ns();
	if (sensor->tree)
		found = read_tree(sensor, sums);
	if (sensor->meminfo_fd >= 0)
		info_r = ep_meminfo_read(sensor->meminfo_fd, &info);
	if (sensor->swap_in != NO_CHANNEL && ep_vmstat_swap_in(&swap_in) < 0)
		swap_in = -1;
	end_ns = sensor->env->now_ns();
	if (end_ns - begin_ns > CHEAP_NS)
		sensor->due_ns = end_ns + REST_FACTOR * (end_ns - begin_ns);
	ep_sample_stamp(&s, begin_ns, end_ns);
	if (sensor->tree)
		ep_proc_tree_facts(sensor->tree, &facts);
	s.flags = facts.truncated ? EP_SAMPLE_GAP : 0;
	/* No process left: nothing was measured, and nothing is said. */
	for (int i = 0; found != 0 && i < TREE_CHANNELS; i++, count++)
		emit(sink, s, (size_t)i, found < 0 ? -1 : sums[i]);
	s.flags = 0;
	count += emit_meminfo(sensor, sink, s, info_r, &info);
	if (sensor->swap_in == NO_CHANNEL)
		return count;
	emit(sink, s, sensor->swap_in, swap_in);
	return count + 1;
}

static const struct ep_param memory_params[] = {
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_memory = {
	.name = "memory",
	.summary = "memory of the program with all it starts, and what is free",
	.params = memory_params,
	.flags = EP_SENSOR_TARGET | EP_SENSOR_SLOW,
	.probe = memory_probe,
	.open = memory_open,
	.channels = memory_channels,
	.poll = memory_poll,
	.close = memory_close,
};

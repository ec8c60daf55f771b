/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cpufreq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* On x86 each read of scaling_cur_freq may interrupt a CPU, so with more
 * policies than this they are read at 5 Hz only. */
#define GRID_POLICIES_MAX 8
#define SLOW_NS (200 * EP_NS_PER_MS)

struct ep_sensor {
	const struct ep_env *env;
	struct ep_files files;
	int64_t due_ns;
};

static void cpu_clock_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_files_done(&sensor->files);
	free(sensor);
}

static int list_policies(const struct ep_env *env,
			 struct ep_cpufreq_policy **ret, struct ep_err *err)
{
	struct ep_cpufreq_policy *policies =
		calloc(EP_CPUFREQ_POLICIES_MAX, sizeof(*policies));
	int n;

	if (!policies)
		return ep_err_set(err, -ENOMEM, "out of memory");
	n = ep_cpufreq_policies(&env->root, policies, EP_CPUFREQ_POLICIES_MAX);
	if (n < 0) {
		free(policies);
		return ep_err_set(err, n,
				  "the cpufreq policies cannot be "
				  "listed: %s",
				  strerror(-n));
	}
	*ret = policies;
	return n;
}

static void take_policy(struct ep_sensor *sensor,
			const struct ep_cpufreq_policy *policy,
			struct ep_left_out *left_out)
{
	struct ep_channel c = { .quantity = EP_FREQ_HZ,
				.shape = EP_GAUGE,
				.resolution = 1000 };
	int r = ep_cpufreq_open_current(&sensor->env->root, policy);

	(void)ep_str_format(c.name, sizeof(c.name), "policy%d_requested",
			    policy->number);
	if (r >= 0)
		r = ep_files_add(&sensor->files, r, 1000, &c);
	if (r < 0)
		ep_left_out_add(left_out, c.name, r);
}

static int cpu_clock_open(const struct ep_env *env, const struct ep_conf *conf,
			  struct ep_sensor **ret, struct ep_sensor_notes *notes,
			  struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct ep_left_out left_out = { notes, 0 };
	struct ep_cpufreq_policy *policies = NULL;
	int n;

	(void)conf;
	if (!sensor ||
	    ep_files_init(&sensor->files, EP_CPUFREQ_POLICIES_MAX) < 0)
		n = ep_err_set(err, -ENOMEM, "out of memory");
	else
		n = list_policies(env, &policies, err);
	if (n >= 0)
		sensor->env = env;
	for (int i = 0; i < n; i++)
		take_policy(sensor, &policies[i], &left_out);
	ep_left_out_end(&left_out);
	free(policies);
	if (n >= 0 && sensor->files.file_count == 0)
		n = ep_err_set(err, -ENODEV,
			       left_out.count > 0
				       ? "no policy tells its clock"
				       : "this kernel has no cpufreq "
					 "policy");
	if (n < 0) {
		cpu_clock_close(sensor);
		return n;
	}
	if (sensor->files.file_count > GRID_POLICIES_MAX)
		ep_sensor_note(notes, "%zu clocks: read 5 times a second only",
			       sensor->files.file_count);
	*ret = sensor;
	return 0;
}

static int cpu_clock_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_cpufreq_policy *policies = NULL;
	int n = list_policies(env, &policies, err);

	free(policies);
	return n;
}

static size_t cpu_clock_channels(const struct ep_sensor *sensor,
				 const struct ep_channel **ret)
{
	*ret = sensor->files.channels;
	return sensor->files.channel_count;
}

static int cpu_clock_poll(struct ep_sensor *sensor, int64_t now_ns,
			  const struct ep_sink *sink)
{
	if (now_ns < sensor->due_ns)
		return 0;
	if (sensor->files.file_count > GRID_POLICIES_MAX)
		sensor->due_ns = now_ns + SLOW_NS;
	return ep_files_poll(&sensor->files, sensor->env, sink);
}

static const struct ep_param cpu_clock_params[] = {
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_cpu_clock = {
	.name = "cpu_clock",
	.summary = "the clock cpufreq asked for, per policy",
	.params = cpu_clock_params,
	.probe = cpu_clock_probe,
	.open = cpu_clock_open,
	.channels = cpu_clock_channels,
	.poll = cpu_clock_poll,
	.close = cpu_clock_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_nvml.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensors/table.h"

const char *ep_sim_nvml_path(const char *name)
{
	static char path[PATH_MAX + 64];
	char self[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *at = len > 0 ? strstr(self, "/unit/") : NULL;

	if (!at) {
		fprintf(stderr, "this program is not in tests/unit\n");
		exit(1);
	}
	*at = '\0';
	snprintf(path, sizeof(path), "%s/sim/lib/%s", self, name);
	return path;
}

void ep_sim_nvml_script(const struct ep_rig *rig, const char *text)
{
	ep_tmp_puts(&rig->tmp, "script", text);
	setenv("EP_SIM_NVML", ep_tmp_path(&rig->tmp, "script"), 1);
}

void ep_sim_nvml_time(double s)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)(s * 1e9 + 0.5));
	setenv("EP_SIM_NVML_NOW_NS", text, 1);
}

void ep_sim_nvml_copy(const struct ep_rig *rig, const char *name)
{
	int fd = open(ep_sim_nvml_path("nvml.so"), O_RDONLY | O_CLOEXEC);
	size_t max = (size_t)16 << 20, len = 0;
	char *data = malloc(max);
	ssize_t got = 0;

	while (fd >= 0 && data && (got = read(fd, data + len, max - len)) > 0)
		len += (size_t)got;
	if (fd < 0 || !data || got < 0 || len == 0) {
		fprintf(stderr, "%s cannot be read\n",
			ep_sim_nvml_path("nvml.so"));
		exit(1);
	}
	ep_tmp_write(&rig->tmp, name, data, len);
	free(data);
	close(fd);
}

int ep_sim_nvml_open(struct ep_rig *rig, const char *options)
{
	char text[PATH_MAX + 256];

	snprintf(text, sizeof(text), "library=%s%s%s",
		 ep_sim_nvml_path("nvml.so"), options[0] ? "," : "", options);
	return ep_rig_open(rig, &ep_sensor_nvml_gpu, text);
}

int ep_sim_nvml_poll(struct ep_rig *rig, double s)
{
	ep_sim_nvml_time(s);
	return ep_rig_poll_at(rig, (int64_t)(s * 1e9));
}

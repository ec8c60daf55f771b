/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/timekeeping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

int ep_clocksource(const struct ep_root *root, char *ret, size_t size)
{
	int r = ep_root_read_text(root,
				  "/sys/devices/system/clocksource/"
				  "clocksource0/current_clocksource",
				  ret, size);

	if (r < 0)
		return r;
	ep_str_printable(ret);
	return 0;
}

/* "cpu  user nice system idle iowait irq softirq steal ...", proc(5) */
int ep_cpu_steal_parse(const char *text, int64_t *ret_ppm)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
	int64_t ticks[FIELDS];
	double busy;

	if (!ep_str_starts(text, "cpu "))
		return -EBADMSG;
	text += strlen("cpu");
	for (size_t i = 0; i < FIELDS; i++) {
		int used;

		text += strspn(text, " ");
		used = ep_num_scan_i64(text, strspn(text, "0123456789"),
				       &ticks[i]);
		if (used <= 0)
			return -EBADMSG;
		text += used;
	}
	busy = (double)ticks[USER] + (double)ticks[NICE] +
	       (double)ticks[SYSTEM] + (double)ticks[IRQ] +
	       (double)ticks[SOFTIRQ] + (double)ticks[STEAL];
	*ret_ppm = busy > 0 ? (int64_t)((double)ticks[STEAL] / busy * 1e6) : 0;
	return 0;
}

int ep_cpu_steal_ppm(int64_t *ret_ppm)
{
	char text[512];
	int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	/* The first line is all that is wanted. */
	r = ep_kept_read_text(fd, text, sizeof(text));
	close(fd);
	return r < 0 ? r : ep_cpu_steal_parse(text, ret_ppm);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/fan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define HWMON_DIR "/sys/class/hwmon"
#define L4T32_DIR "/sys/devices/pwm-fan"

struct search {
	const struct ep_root *root;
	struct ep_fan *fans;
	size_t count, max;
};

/* Root may open any file, so its mode says whether it can be set. */
static bool can_be_set(const struct ep_root *root, const char *path)
{
	int fd = ep_root_openat(root, path, O_PATH);
	struct stat st;
	bool good;

	if (fd < 0)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & S_IWUSR);
	close(fd);
	return good;
}

static void find_modes(const struct ep_root *root, struct ep_fan *fan)
{
	int64_t mode;

	fan->manual = fan->automatic = NULL;
	fan->zone_driven = strcmp(fan->name, "pwmfan") == 0;
	if (!can_be_set(root, fan->mode_path) ||
	    ep_root_read_i64(root, fan->mode_path, &mode) < 0) {
		fan->mode_path[0] = '\0';
		return;
	}
	if (fan->zone_driven) {
		fan->manual = mode == 0 ? "1" : NULL;
		return;
	}
	fan->manual = "1";
	/* Chips have several automatic ones. */
	fan->automatic = mode >= 2 ? NULL : "2";
}

static int look_at(void *ctx, const char *entry)
{
	struct search *s = ctx;
	struct ep_fan fan;
	char dir[64];

	if (s->count == s->max ||
	    !ep_str_format(dir, sizeof(dir), HWMON_DIR "/%s", entry) ||
	    ep_root_read_text_in(s->root, dir, "name", fan.name,
				 sizeof(fan.name)) < 0)
		return 0;
	ep_str_printable(fan.name);
	for (int i = 1; i <= EP_FANS_MAX && s->count < s->max; i++) {
		(void)ep_str_format(fan.duty_path, sizeof(fan.duty_path),
				    "%s/pwm%d", dir, i);
		(void)ep_str_format(fan.mode_path, sizeof(fan.mode_path),
				    "%s/pwm%d_enable", dir, i);
		if (!can_be_set(s->root, fan.duty_path))
			continue;
		find_modes(s->root, &fan);
		s->fans[s->count++] = fan;
	}
	return 0;
}

int ep_fans(const struct ep_root *root, struct ep_fan *ret, size_t max)
{
	struct search s = { root, ret, 0, max };
	int r = ep_root_list(root, HWMON_DIR, look_at, &s);

	if (r < 0 && r != -ENOENT)
		return r;
	if (s.count < max && can_be_set(root, L4T32_DIR "/target_pwm")) {
		struct ep_fan *fan = &ret[s.count++];

		memset(fan, 0, sizeof(*fan));
		(void)ep_str_copy(fan->name, sizeof(fan->name), "pwm-fan");
		(void)ep_str_copy(fan->duty_path, sizeof(fan->duty_path),
				  L4T32_DIR "/target_pwm");
		if (can_be_set(root, L4T32_DIR "/temp_control")) {
			(void)ep_str_copy(fan->mode_path,
					  sizeof(fan->mode_path),
					  L4T32_DIR "/temp_control");
			fan->manual = "0";
			fan->automatic = "1";
		}
	}
	return (int)s.count;
}

const char *ep_fan_daemon(const struct ep_root *root, size_t i)
{
	static const struct {
		const char *program, *service;
	} all[] = { { "/usr/sbin/nvfancontrol", "nvfancontrol" },
		    { "/usr/sbin/fancontrol", "fancontrol" },
		    { "/usr/sbin/thinkfan", "thinkfan" } };

	if (i >= sizeof(all) / sizeof(all[0]))
		return NULL;
	return ep_root_exists(root, all[i].program) == 0 ? all[i].service : "";
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define CPU "sys/devices/system/cpu/"
#define FREQ CPU "cpufreq/"
#define GPU(name) "sys/class/devfreq/" name "/"
#define AT "/" FREQ

#define POLICY(n, governor, min, max)                                    \
	FREQ "policy" n "/scaling_governor", governor,                   \
		FREQ "policy" n "/scaling_available_governors",          \
		"conservative ondemand powersave performance schedutil", \
		FREQ "policy" n "/scaling_min_freq", min,                \
		FREQ "policy" n "/scaling_max_freq", max
#define BOOT "proc/sys/kernel/random/boot_id", "first-boot"

static const char *const rpi5_files[] = {
	BOOT,
	POLICY("0", "ondemand", "1500000", "2400000"),
	FREQ "ondemand/up_threshold",
	"50",
	FREQ "ondemand/sampling_rate",
	"20000",
	"sys/class/hwmon/hwmon2/pwm1",
	"75",
	"sys/class/hwmon/hwmon2/pwm1_enable",
	"2",
	NULL,
};
static const struct ep_change_ask rpi5_asks[] = {
	{ "governor", AT "policy0/scaling_governor", "powersave", "governor" },
	{ "range", AT "policy0 scaling_min_freq scaling_max_freq",
	  "2000000 2000000", "clock" },
	{ "file", "/sys/class/hwmon/hwmon2/pwm1_enable", "1", "fan control" },
	{ "file", "/sys/class/hwmon/hwmon2/pwm1", "255", "fan" },
	{ .kind = NULL },
};

static const char *const jetson_files[] = {
	BOOT,
	POLICY("0", "schedutil", "115200", "1500000"),
	POLICY("4", "schedutil", "115200", "1500000"),
	FREQ "policy0/schedutil/rate_limit_us",
	"500",
	FREQ "policy4/schedutil/rate_limit_us",
	"700",
	GPU("17000000.gpu") "governor",
	"nvhost_podgov",
	GPU("17000000.gpu") "min_freq",
	"300000000",
	GPU("17000000.gpu") "max_freq",
	"600000000",
	NULL,
};
static const struct ep_change_ask jetson_asks[] = {
	{ "governor", AT "policy0/scaling_governor", "performance", "policy0" },
	{ "governor", AT "policy4/scaling_governor", "performance", "policy4" },
	{ "governor", "/" GPU("17000000.gpu") "governor", "performance",
	  "GPU" },
	{ "range", "/" GPU("17000000.gpu") " min_freq max_freq",
	  "900000000 900000000", "GPU clock" },
	{ "range", AT "policy4 scaling_min_freq scaling_max_freq", "- 1200000",
	  "clock of policy4" },
	{ .kind = NULL },
};

static const char *const rk3588_files[] = {
	BOOT,
	POLICY("0", "ondemand", "408000", "1800000"),
	POLICY("4", "ondemand", "408000", "2256000"),
	POLICY("6", "schedutil", "408000", "2256000"),
	FREQ "ondemand/up_threshold",
	"60",
	FREQ "ondemand/sampling_rate",
	"8000",
	FREQ "schedutil/rate_limit_us",
	"900",
	GPU("fb000000.gpu") "governor",
	"simple_ondemand",
	GPU("dmc") "governor",
	"dmc_ondemand",
	NULL,
};
static const struct ep_change_ask rk3588_asks[] = {
	{ "governor", AT "policy4/scaling_governor", "performance", "policy4" },
	{ "governor", AT "policy6/scaling_governor", "performance", "policy6" },
	{ "governor", AT "policy0/scaling_governor", "powersave", "policy0" },
	{ "governor", "/" GPU("fb000000.gpu") "governor", "performance",
	  "GPU" },
	{ "governor", "/" GPU("dmc") "governor", "performance", "memory" },
	{ .kind = NULL },
};

static const char *const x86_files[] = {
	BOOT,
	POLICY("0", "powersave", "800000", "4700000"),
	POLICY("1", "powersave", "800000", "4700000"),
	FREQ "policy0/energy_performance_preference",
	"power",
	FREQ "policy1/energy_performance_preference",
	"balance_power",
	CPU "intel_pstate/no_turbo",
	"0",
	"sys/kernel/mm/transparent_hugepage/enabled",
	"always [madvise] never",
	CPU "cpu1/online",
	"1",
	NULL,
};
static const struct ep_change_ask x86_asks[] = {
	{ "file", "/" CPU "intel_pstate/no_turbo", "1", "turbo" },
	{ "governor", AT "policy0/scaling_governor", "performance", "policy0" },
	{ "governor", AT "policy1/scaling_governor", "performance", "policy1" },
	{ "range", AT "policy0 scaling_min_freq scaling_max_freq",
	  "1234567 2345678", "clock of policy0" },
	{ "governor", AT "policy1/scaling_governor", "powersave",
	  "policy1 again" },
	{ "file", AT "policy1/energy_performance_preference", "performance",
	  "preference" },
	{ "file", "/" CPU "cpu1/online", "0", "CPU 1" },
	{ .kind = NULL },
};

const struct support_board support_boards[SUPPORT_BOARDS] = {
	{ "rpi5", rpi5_files, rpi5_asks, false },
	{ "jetson", jetson_files, jetson_asks, true },
	{ "rk3588", rk3588_files, rk3588_asks, false },
	{ "x86", x86_files, x86_asks, false },
};

static void put(const struct ep_tmp *tmp, const char *path, const char *value)
{
	char line[512];

	snprintf(line, sizeof(line), "%s\n", value);
	ep_tmp_puts(tmp, path, line);
}

void support_board_make(struct ep_tmp *tmp, const struct support_board *board)
{
	ep_tmp_make(tmp);
	for (const char *const *f = board->files; *f; f += 2)
		put(tmp, f[0], f[1]);
}

struct ep_env support_board_env(const struct ep_tmp *tmp)
{
	struct ep_env env = { .now_ns = ep_clock_monotonic_ns };

	if (ep_root_open(&env.root, tmp->path, NULL) < 0)
		abort();
	return env;
}

void support_board_list(const struct support_board *board,
			struct ep_change_list *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (const struct ep_change_ask *a = board->asks; a->kind; a++)
		if (ep_change_add(ret, a, NULL) < 0)
			abort();
}

void support_board_get(const struct ep_tmp *tmp, const char *path, char *ret,
		       size_t size)
{
	int fd = openat(tmp->fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (fd >= 0)
		close(fd);
	ret[n > 0 ? n : 0] = '\0';
	ep_str_chomp(ret);
}

static struct {
	char *lines[256];
	size_t count, skip;
} seen;

static int see(const char *path, const struct stat *st, int kind,
	       struct FTW *ftw)
{
	char value[512], line[1024];
	FILE *f;
	size_t n;

	(void)st;
	(void)ftw;
	if (kind != FTW_F)
		return 0;
	f = fopen(path, "r");
	n = f ? fread(value, 1, sizeof(value) - 1, f) : 0;
	if (f)
		fclose(f);
	value[n] = '\0';
	ep_str_chomp(value);
	snprintf(line, sizeof(line), "%s=%s\n", path + seen.skip, value);
	if (seen.count < sizeof(seen.lines) / sizeof(seen.lines[0]))
		seen.lines[seen.count++] = strdup(line);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *support_board_state(const struct ep_tmp *tmp)
{
	char path[256], *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	snprintf(path, sizeof(path), "%s/sys", tmp->path);
	seen.count = 0;
	seen.skip = strlen(tmp->path);
	if (!f || nftw(path, see, 16, FTW_PHYS) != 0)
		abort();
	qsort(seen.lines, seen.count, sizeof(seen.lines[0]), by_text);
	for (size_t i = 0; i < seen.count; i++) {
		fputs(seen.lines[i], f);
		free(seen.lines[i]);
	}
	fclose(f);
	return text;
}

void support_kernel_init(struct support_kernel *k, const struct ep_tmp *tmp,
			 const struct support_board *board)
{
	char path[128];

	k->tmp = tmp;
	k->board = board;
	for (int i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), FREQ "policy%d/scaling_governor",
			 i);
		support_board_get(tmp, path, k->governors[i],
				  sizeof(k->governors[i]));
	}
}

static const struct {
	const char *governor, *name, *value;
} tunables[] = {
	{ "ondemand", "up_threshold", "95" },
	{ "ondemand", "sampling_rate", "10000" },
	{ "conservative", "freq_step", "5" },
	{ "schedutil", "rate_limit_us", "2000" },
};

static bool is_used(const struct support_kernel *k, const char *governor,
		    int policy)
{
	if (policy >= 0)
		return strcmp(k->governors[policy], governor) == 0;
	for (int i = 0; i < 16; i++)
		if (strcmp(k->governors[i], governor) == 0)
			return true;
	return false;
}

/* policy -1: the folder for all. */
static void move_tunables(const struct support_kernel *k, int policy)
{
	char dir[128], path[192];

	for (size_t i = 0; i < sizeof(tunables) / sizeof(tunables[0]); i++) {
		if (policy >= 0)
			snprintf(dir, sizeof(dir), FREQ "policy%d/%s", policy,
				 tunables[i].governor);
		else
			snprintf(dir, sizeof(dir), FREQ "%s",
				 tunables[i].governor);
		snprintf(path, sizeof(path), "%s/%s", dir, tunables[i].name);
		if (!is_used(k, tunables[i].governor, policy)) {
			unlinkat(k->tmp->fd, path, 0);
			unlinkat(k->tmp->fd, dir, AT_REMOVEDIR);
		} else if (faccessat(k->tmp->fd, path, F_OK, 0) < 0) {
			put(k->tmp, path, tunables[i].value);
		}
	}
}

static void force_preference(const struct support_kernel *k, int policy,
			     const char *governor)
{
	char path[128];

	snprintf(path, sizeof(path),
		 FREQ "policy%d/energy_performance_preference", policy);
	if (faccessat(k->tmp->fd, path, F_OK, 0) == 0)
		put(k->tmp, path,
		    strcmp(governor, "performance") == 0
			    ? "performance"
			    : "balance_performance");
}

static void round_clock(const struct support_kernel *k, int policy,
			const char *name)
{
	char path[128], value[32];
	long long khz = 0;

	snprintf(path, sizeof(path), FREQ "policy%d/%s", policy, name);
	support_board_get(k->tmp, path, value, sizeof(value));
	for (const char *p = value; *p; p++)
		khz = khz * 10 + (*p - '0');
	if (strcmp(k->board->name, "x86") != 0 || khz % 100000 == 0)
		return;
	snprintf(value, sizeof(value), "%lld", khz / 100000 * 100000);
	put(k->tmp, path, value);
}

void support_kernel_react(struct support_kernel *k)
{
	char path[128], now[32];

	for (int i = 0; i < 16; i++) {
		if (k->governors[i][0] == '\0')
			continue;
		round_clock(k, i, "scaling_min_freq");
		round_clock(k, i, "scaling_max_freq");
		snprintf(path, sizeof(path), FREQ "policy%d/scaling_governor",
			 i);
		support_board_get(k->tmp, path, now, sizeof(now));
		if (now[0] == '\0' || strcmp(now, k->governors[i]) == 0)
			continue;
		(void)ep_str_copy(k->governors[i], sizeof(k->governors[i]),
				  now);
		force_preference(k, i, now);
		if (k->board->tunables_per_policy)
			move_tunables(k, i);
	}
	if (!k->board->tunables_per_policy)
		move_tunables(k, -1);
}

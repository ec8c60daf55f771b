/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "base/tool.h"
#include "drivers/setting.h"

#define DROP_CACHES "/proc/sys/vm/drop_caches"
#define SWAPS "/proc/swaps"
#define MEMINFO "/proc/meminfo"
/* What was swapped out has to be read back first. */
#define SWAP_TIMEOUT_NS (300 * EP_NS_PER_S)

/* Page cache, dentries and inodes that are clean (Documentation/admin-guide/
 * sysctl/vm.rst); so what is dirty is written first. */
static int caches_write(const struct ep_env *env, const char *target,
			const char *value, struct ep_err *err)
{
	int fd, r;

	(void)target;
	(void)value;
	fd = ep_root_openat(&env->root, DROP_CACHES, O_WRONLY);
	if (fd < 0)
		return ep_err_set(err, fd, "cannot open %s: %s", DROP_CACHES,
				  strerror(-fd));
	if (!ep_root_redirected(&env->root))
		sync();
	r = ep_file_write_all(fd, "3\n", 2);
	close(fd);
	if (r < 0)
		return ep_err_set(err, r, "cannot write to %s: %s", DROP_CACHES,
				  strerror(-r));
	return 0;
}

const struct ep_setting_ops ep_setting_drop_caches = {
	.name = "drop-caches",
	.write = caches_write,
};

/* The kernel writes a space in a path as \\040 (seq_path()). */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' &&
		    from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
		    from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 +
				     (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* A line of /proc/swaps: Filename Type Size Used Priority. */
struct swap {
	char device[EP_SETTING_TARGET_BYTES];
	int64_t used_kib;
	char priority[16];
};

static bool take_word(const char **line, char *ret, size_t size)
{
	size_t len;

	*line += strspn(*line, " \t");
	len = strcspn(*line, " \t\n");
	if (len == 0 || !ep_str_format(ret, size, "%.*s", (int)len, *line))
		return false;
	*line += len;
	return true;
}

static bool parse_swap(const char *line, struct swap *ret)
{
	char type[32], size[24], used[24];

	if (!take_word(&line, ret->device, sizeof(ret->device)) ||
	    !take_word(&line, type, sizeof(type)) ||
	    !take_word(&line, size, sizeof(size)) ||
	    !take_word(&line, used, sizeof(used)) ||
	    !take_word(&line, ret->priority, sizeof(ret->priority)) ||
	    ep_num_parse_i64(used, &ret->used_kib) < 0 || ret->used_kib < 0)
		return false;
	unescape(ret->device);
	return true;
}

static int each_swap(const struct ep_env *env,
		     int (*each)(void *ctx, const struct swap *swap), void *ctx)
{
	char table[8192];
	int r = ep_root_read_text(&env->root, SWAPS, table, sizeof(table));
	const char *line = table;
	struct swap swap;

	if (r < 0)
		return r;
	/* The first line names the columns. */
	for (r = 0; r == 0 && (line = strchr(line, '\n'));) {
		line++;
		if (parse_swap(line, &swap))
			r = each(ctx, &swap);
	}
	return r;
}

struct named {
	int (*each)(void *ctx, const char *device);
	void *ctx;
};

static int tell_name(void *ctx, const struct swap *swap)
{
	const struct named *n = ctx;

	return n->each(n->ctx, swap->device);
}

int ep_setting_swaps(const struct ep_env *env,
		     int (*each)(void *ctx, const char *device), void *ctx)
{
	struct named n = { each, ctx };

	return each_swap(env, tell_name, &n);
}

static int add_used(void *ctx, const struct swap *swap)
{
	int64_t *used_kib = ctx;

	*used_kib += swap->used_kib;
	return 0;
}

int ep_setting_swap_room(const struct ep_env *env, int64_t *ret_used_bytes,
			 int64_t *ret_free_bytes)
{
	static const char key[] = "\nMemAvailable:";
	char text[8192], number[24];
	const char *at;
	int64_t used_kib = 0, free_kib;
	int r = each_swap(env, add_used, &used_kib);

	if (r == 0)
		r = ep_root_read_text(&env->root, MEMINFO, text, sizeof(text));
	if (r < 0)
		return r;
	at = strstr(text, key);
	if (!at)
		return -EBADMSG;
	at += strlen(key);
	if (!take_word(&at, number, sizeof(number)) ||
	    ep_num_parse_i64(number, &free_kib) < 0 || free_kib < 0 ||
	    free_kib > INT64_MAX / 1024 || used_kib > INT64_MAX / 1024)
		return -EBADMSG;
	*ret_used_bytes = used_kib * 1024;
	*ret_free_bytes = free_kib * 1024;
	return 0;
}

struct search {
	const char *device;
	char *ret;
	size_t size;
};

static int look_for(void *ctx, const struct swap *swap)
{
	struct search *s = ctx;

	if (strcmp(swap->device, s->device) != 0)
		return 0;
	return ep_str_format(s->ret, s->size, "on %s", swap->priority)
		       ? (int)strlen(s->ret)
		       : -EFBIG;
}

/* "on PRIORITY" or "off" */
static int swap_read(const struct ep_env *env, const char *target, char *ret,
		     size_t size, struct ep_err *err)
{
	struct search s = { target, ret, size };
	int r = each_swap(env, look_for, &s);

	if (r < 0)
		return ep_err_set(err, r, "cannot read %s: %s", SWAPS,
				  strerror(-r));
	if (r == 0)
		r = ep_str_copy(ret, size, "off") ? 3 : -EFBIG;
	return r;
}

static int run_swap(const struct ep_env *env, const char *const *places,
		    const char *const *argv, struct ep_err *err)
{
	const char *path = ep_tool_find(&env->root, places);
	struct ep_tool tool = { &env->root, path, argv, SWAP_TIMEOUT_NS };
	struct ep_buf output;
	int r;

	if (!path)
		return ep_err_set(err, -ENOENT, "there is no %s here", argv[0]);
	ep_buf_init(&output, 4096);
	r = ep_tool_run(&tool, &output, err);
	if (r > 0)
		r = ep_err_set(err, -EIO, "%s failed with status %d: %.160s",
			       argv[0], r, output.data ? output.data : "");
	ep_buf_done(&output);
	return r;
}

static int swap_off(const struct ep_env *env, const char *device,
		    struct ep_err *err)
{
	static const char *const places[] = { "/usr/sbin/swapoff",
					      "/sbin/swapoff", NULL };
	const char *argv[] = { "swapoff", "--", device, NULL };

	return run_swap(env, places, argv, err);
}

/* Negative priorities are the kernel's own choice and cannot be asked for. */
static int swap_on(const struct ep_env *env, const char *device,
		   const char *priority, struct ep_err *err)
{
	static const char *const places[] = { "/usr/sbin/swapon",
					      "/sbin/swapon", NULL };
	const char *plain[] = { "swapon", "--", device, NULL };
	const char *with[] = { "swapon", "-p", priority, "--", device, NULL };

	return run_swap(env, places, priority[0] == '-' ? plain : with, err);
}

/* "off", "on PRIORITY", or "clear": off and on again, so that all that was
 * swapped out is in memory. */
static int swap_write(const struct ep_env *env, const char *target,
		      const char *value, struct ep_err *err)
{
	char was[EP_SETTING_VALUE_BYTES];
	int r;

	if (strcmp(value, "off") == 0)
		return swap_off(env, target, err);
	if (ep_str_starts(value, "on "))
		return swap_on(env, target, value + 3, err);
	if (strcmp(value, "clear") != 0)
		return ep_err_set(err, -EINVAL,
				  "swap %s cannot be set to '%.40s'", target,
				  value);
	r = swap_read(env, target, was, sizeof(was), err);
	if (r < 0 || strcmp(was, "off") == 0)
		return r < 0 ? r : 0;
	r = swap_off(env, target, err);
	return r < 0 ? r : swap_on(env, target, was + 3, err);
}

/* The kernel numbers negative priorities anew with each swapon. */
static bool swap_same(const char *a, const char *b)
{
	if (ep_str_starts(a, "on -") && ep_str_starts(b, "on -"))
		return true;
	return strcmp(a, b) == 0;
}

static bool swap_took(const char *asked, const char *is)
{
	if (strcmp(asked, "clear") == 0)
		return ep_str_starts(is, "on ");
	return swap_same(asked, is);
}

const struct ep_setting_ops ep_setting_swap = {
	.name = "swap",
	.read = swap_read,
	.write = swap_write,
	.same = swap_same,
	.took = swap_took,
};

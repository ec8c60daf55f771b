/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

static int refused(struct ep_err *err, int code, const char *path,
		   const char *verb)
{
	switch (code) {
	case -EACCES:
	case -EPERM:
		return ep_err_set(err, code,
				  "%s: cannot be %s: %s: run edgeprof with "
				  "sudo",
				  path, verb, strerror(-code));
	case -EROFS:
		return ep_err_set(err, code,
				  "%s: cannot be %s: the file system is "
				  "read-only, as in a container: run edgeprof "
				  "outside of it, or mount it writable",
				  path, verb);
	case -ENOENT:
		return ep_err_set(err, code,
				  "%s does not exist: this kernel or this "
				  "board has no such setting, or its CPUs are "
				  "off",
				  path);
	case -EBUSY:
		return ep_err_set(err, code,
				  "%s: cannot be %s: the driver is busy; its "
				  "processors may be off, or another program "
				  "holds it",
				  path, verb);
	default:
		return ep_err_set(err, code, "%s: cannot be %s: %s", path, verb,
				  strerror(-code));
	}
}

/* "always [madvise] never" means madvise. */
static void take_chosen(char *text)
{
	char *open = strchr(text, '['), *shut;

	if (!open || !strchr(text, ' ') || strchr(open + 1, '['))
		return;
	shut = strchr(open, ']');
	if (!shut || (shut[1] != ' ' && shut[1] != '\0') ||
	    (open > text && open[-1] != ' '))
		return;
	*shut = '\0';
	memmove(text, open + 1, (size_t)(shut - open));
}

static int file_read(const struct ep_env *env, const char *target, char *ret,
		     size_t size, struct ep_err *err)
{
	char text[EP_SETTING_VALUE_BYTES];
	int r = ep_root_read_text(&env->root, target, text, sizeof(text));

	if (r == -ENODEV || r == -ENXIO)
		r = -ENOENT;
	if (r < 0)
		return refused(err, r, target, "read");
	take_chosen(text);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			return ep_err_set(err, -EBADMSG,
					  "%s holds more than one line: it is "
					  "no setting that can be put back",
					  target);
	if (!ep_str_copy(ret, size, text))
		return ep_err_set(err, -EFBIG, "%s holds too long a text",
				  target);
	return (int)strlen(text);
}

static int file_write(const struct ep_env *env, const char *target,
		      const char *value, struct ep_err *err)
{
	char line[EP_SETTING_VALUE_BYTES + 1];
	int fd = ep_root_openat(&env->root, target,
				O_WRONLY | O_TRUNC | O_NOCTTY);
	ssize_t put;
	int r = 0;

	if (fd < 0)
		return refused(err, fd, target, "set");
	/* One write: each is a command to the driver. */
	(void)ep_str_format(line, sizeof(line), "%s\n", value);
	do
		put = write(fd, line, strlen(line));
	while (put < 0 && errno == EINTR);
	if (put < 0)
		r = -errno;
	else if ((size_t)put != strlen(line))
		r = -EIO;
	if (close(fd) < 0 && r == 0 && errno != EINTR)
		r = -errno;
	if (r == -EINVAL)
		return ep_err_set(err, r, "%s: the kernel refuses '%s'", target,
				  value);
	return r < 0 ? refused(err, r, target, "set") : 0;
}

/* The files beside it that list what may be written. */
static int file_choices(const struct ep_env *env, const char *target, char *ret,
			size_t size)
{
	static const struct {
		const char *name, *list;
	} known[] = {
		{ "/scaling_governor", "scaling_available_governors" },
		{ "/scaling_min_freq", "scaling_available_frequencies" },
		{ "/scaling_max_freq", "scaling_available_frequencies" },
		{ "/scaling_setspeed", "scaling_available_frequencies" },
		{ "/energy_performance_preference",
		  "energy_performance_available_preferences" },
		{ "/governor", "available_governors" },
		{ "/min_freq", "available_frequencies" },
		{ "/max_freq", "available_frequencies" },
	};
	const char *slash = strrchr(target, '/');
	char dir[PATH_MAX];

	for (size_t i = 0; slash && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(slash, known[i].name) == 0 &&
		    ep_str_format(dir, sizeof(dir), "%.*s",
				  (int)(slash - target), target))
			return ep_root_read_text_in(&env->root, dir,
						    known[i].list, ret, size);
	return -ENOENT;
}

const struct ep_setting_ops ep_setting_file = {
	.name = "file",
	.read = file_read,
	.write = file_write,
	.took = ep_setting_rounded,
	.choices = file_choices,
};

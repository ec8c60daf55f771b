/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/gpio_parts.h"

#include <errno.h>
#include <gpiod.h>
#include <string.h>

#include "base/root.h"
#include "base/str.h"

/* Chips, by label or name. */

#define NODE "gpiochip"

/* libgpiod forgets to set errno here and there. */
int ep_gpio_error(void)
{
	return errno > 0 ? -errno : -EIO;
}

static int describe(struct gpiod_chip *chip, struct ep_gpio_about *ret)
#if EP_GPIOD == 2
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);

	if (!info)
		return ep_gpio_error();
	(void)ep_str_copy(ret->chip, sizeof(ret->chip),
			  gpiod_chip_info_get_name(info));
	(void)ep_str_copy(ret->label, sizeof(ret->label),
			  gpiod_chip_info_get_label(info));
	ret->line_count = (unsigned)gpiod_chip_info_get_num_lines(info);
	gpiod_chip_info_free(info);
	return 0;
}
#else
{
	(void)ep_str_copy(ret->chip, sizeof(ret->chip), gpiod_chip_name(chip));
	(void)ep_str_copy(ret->label, sizeof(ret->label),
			  gpiod_chip_label(chip));
	ret->line_count = gpiod_chip_num_lines(chip);
	return 0;
}
#endif

/* "gpiochip0 "pl061", gpiochip1 "sim"" */
struct search {
	const char *label; /* NULL: any */
	char found[64];	   /* the last that has it */
	char list[256];
	int count, denied_count;
};

static void add_to_list(struct search *s, const struct ep_gpio_about *a)
{
	size_t len = strlen(s->list);
	char label[sizeof(a->label)];

	(void)ep_str_copy(label, sizeof(label), a->label);
	ep_str_printable(label);
	(void)ep_str_format(s->list + len, sizeof(s->list) - len, "%s%s \"%s\"",
			    len ? ", " : "", a->chip, label);
}

static bool is_chip(const char *name)
{
	return ep_str_starts(name, NODE) && name[strlen(NODE)] &&
	       name[strspn(name + strlen(NODE), "0123456789") + strlen(NODE)] ==
		       '\0';
}

static int look_at(void *ctx, const char *name)
{
	struct search *s = ctx;
	struct ep_gpio_about about = { .offset = 0 };
	struct gpiod_chip *chip;
	char path[64];

	if (!is_chip(name) ||
	    !ep_str_format(path, sizeof(path), "/dev/%s", name))
		return 0;
	chip = gpiod_chip_open(path);
	if (!chip) {
		s->denied_count += errno == EACCES || errno == EPERM;
		return 0;
	}
	/* Of a chip that has moved, the old name may be a link to the new. */
	if (describe(chip, &about) == 0 && strcmp(about.chip, name) == 0 &&
	    (!s->label || strcmp(about.label, s->label) == 0)) {
		(void)ep_str_copy(s->found, sizeof(s->found), path);
		add_to_list(s, &about);
		s->count++;
	}
	gpiod_chip_close(chip);
	return 0;
}

static int refuse_chip(const char *label, struct ep_err *err)
{
	struct search all = { .label = NULL };

	(void)ep_root_list(&ep_root_machine, "/dev", look_at, &all);
	if (all.denied_count > 0)
		return ep_err_set(
			err, -EACCES,
			"no GPIO chip that may be opened is \"%.60s\" "
			"(%d may not): sudo edgeprof setup, then log "
			"in again",
			label, all.denied_count);
	if (all.count == 0)
		return ep_err_set(err, -ENODEV,
				  "there is no \"%.60s\": this machine has no "
				  "GPIO chip (/dev/gpiochip*)",
				  label);
	return ep_err_set(err, -ENODEV,
			  "there is no GPIO chip \"%.60s\", but %s", label,
			  all.list);
}

/* The node of the chip. */
static int find_chip(const char *text, char *ret, size_t size,
		     struct ep_err *err)
{
	struct search s = { .label = text };

	if (text[0] == '/' || is_chip(text))
		return ep_str_format(ret, size, "%s%s",
				     text[0] == '/' ? "" : "/dev/", text)
			       ? 0
			       : ep_err_set(err, -ENAMETOOLONG,
					    "the path of the GPIO chip is too "
					    "long");
	(void)ep_root_list(&ep_root_machine, "/dev", look_at, &s);
	if (s.count == 0)
		return refuse_chip(text, err);
	if (s.count > 1)
		return ep_err_set(err, -ENOTUNIQ,
				  "%d GPIO chips are labelled alike, %s: give "
				  "one by its name, such as %s",
				  s.count, s.list, s.found + strlen("/dev/"));
	(void)ep_str_copy(ret, size, s.found);
	return 0;
}

int ep_gpio_open_chip(const char *text, struct gpiod_chip **ret,
		      struct ep_gpio_about *ret_about, struct ep_err *err)
{
	char path[128];
	int r = find_chip(text, path, sizeof(path), err);
	struct gpiod_chip *chip;

	if (r < 0)
		return r;
	chip = gpiod_chip_open(path);
	r = chip ? describe(chip, ret_about) : ep_gpio_error();
	if (r == 0) {
		*ret = chip;
		return 0;
	}
	if (chip)
		gpiod_chip_close(chip);
	if (r == -ENOENT)
		return refuse_chip(text, err);
	if (r == -EACCES || r == -EPERM)
		return ep_err_set(err, -EACCES,
				  "%s: permission denied: sudo edgeprof setup, "
				  "then log in again",
				  path);
	if (r == -ENOTTY || r == -ENODEV || r == -EINVAL)
		return ep_err_set(err, -ENODEV, "%s is no GPIO chip", path);
	return ep_err_set(err, r, "%s: %s", path, strerror(-r));
}

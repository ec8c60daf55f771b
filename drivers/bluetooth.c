/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/bluetooth.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

#define STATE_DIR "/var/lib/bluetooth"
#define INFO_BYTES 8192

/* "00:15:A6:01:AA:21"; BlueZ names folders so, and cache and settings else. */
static bool is_address(const char *text)
{
	for (size_t i = 0; i < EP_BLUETOOTH_ADDRESS_BYTES - 1; i++)
		if (i % 3 == 2 ? text[i] != ':'
			       : !isxdigit((unsigned char)text[i]))
			return false;
	return text[EP_BLUETOOTH_ADDRESS_BYTES - 1] == '\0';
}

static int count_controller(void *ctx, const char *name)
{
	int *count = ctx;

	/* "hci0:12" is a connection. */
	if (ep_str_starts(name, "hci") && !strchr(name, ':'))
		(*count)++;
	return 0;
}

int ep_bluetooth_controllers(const struct ep_root *root)
{
	int count = 0;

	(void)ep_root_list(root, "/sys/class/bluetooth", count_controller,
			   &count);
	return count;
}

int ep_bluetooth_parse_name(const char *info, char *ret, size_t size)
{
	static const char key[] = "Name=";

	for (const char *line = info; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		if (ep_str_starts(line, key)) {
			(void)ep_str_format(ret, size, "%.*s",
					    (int)(len - strlen(key)),
					    line + strlen(key));
			ep_str_chomp(ret);
			ep_str_printable(ret);
			return 0;
		}
		line += len;
	}
	return -ENOENT;
}

struct scan {
	const struct ep_root *root;
	char dir[64];
	struct ep_bluetooth_device *devices;
	size_t count, max;
	int refused; /* the first -errno of a folder */
};

static int add_device(void *ctx, const char *name)
{
	struct scan *s = ctx;
	struct ep_bluetooth_device *d;
	char path[128], info[INFO_BYTES];

	if (!is_address(name) || s->count == s->max ||
	    !ep_str_format(path, sizeof(path), "%s/%s/info", s->dir, name) ||
	    ep_root_read_text(s->root, path, info, sizeof(info)) < 0)
		return 0;
	d = &s->devices[s->count++];
	(void)ep_str_copy(d->address, sizeof(d->address), name);
	if (ep_bluetooth_parse_name(info, d->name, sizeof(d->name)) < 0)
		d->name[0] = '\0';
	return 0;
}

static int add_controller(void *ctx, const char *name)
{
	struct scan *s = ctx;
	int r;

	if (!is_address(name) ||
	    !ep_str_format(s->dir, sizeof(s->dir), STATE_DIR "/%s", name))
		return 0;
	r = ep_root_list(s->root, s->dir, add_device, s);
	if (r < 0 && s->refused == 0)
		s->refused = r;
	return 0;
}

int ep_bluetooth_paired(const struct ep_root *root,
			struct ep_bluetooth_device *ret, size_t max)
{
	struct scan s = { .root = root, .devices = ret, .max = max };
	int r = ep_root_list(root, STATE_DIR, add_controller, &s);

	if (r == 0 && s.count == 0)
		r = s.refused;
	return r < 0 ? r : (int)s.count;
}

void ep_bluetooth_port(const struct ep_root *root, const char *port, char *ret,
		       size_t size)
{
	char dir[80], text[64];

	(void)ep_str_copy(ret, size, "");
	if (ep_str_format(dir, sizeof(dir), "/sys/class/tty/%s", port) &&
	    ep_root_read_text_in(root, dir, "address", text, sizeof(text)) >
		    0 &&
	    is_address(text))
		(void)ep_str_copy(ret, size, text);
}

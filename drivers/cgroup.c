/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cgroup.h"

#include <string.h>

#include "base/str.h"

#define ID_DIGITS (EP_CGROUP_ID_BYTES - 1)
#define HEX "0123456789abcdef"

/* What the engine itself keeps beside the container. */
static bool is_helper(const char *part, size_t len)
{
	static const char conmon[] = "libpod-conmon-";

	return len >= sizeof(conmon) - 1 &&
	       memcmp(part, conmon, sizeof(conmon) - 1) == 0;
}

/*
 * One folder's name: the id alone (cgroupfs), or ENGINE-ID.scope (systemd).
 * Kubernetes puts the id below others, nerdctl and podman may add folders.
 */
static const char *id_in(const char *part, size_t len)
{
	static const char scope[] = ".scope";
	const char *id;
	size_t tail = sizeof(scope) - 1;

	if (is_helper(part, len))
		return NULL;
	if (len > tail && memcmp(part + len - tail, scope, tail) == 0)
		len -= tail;
	if (len < ID_DIGITS)
		return NULL;
	id = part + len - ID_DIGITS;
	if (strspn(id, HEX) < ID_DIGITS || (id > part && id[-1] != '-'))
		return NULL;
	return id;
}

/* The last id of a path, and where that folder's name ends. */
static const char *last_id(const char *path, size_t len, size_t *ret_end)
{
	const char *found = NULL;
	size_t at = 0;

	while (at < len) {
		size_t part = strcspn(path + at, "/\n");
		const char *id = id_in(path + at, part);

		if (id) {
			found = id;
			*ret_end = at + part;
		}
		at += part + 1;
	}
	return found;
}

bool ep_cgroup_parse(const char *text, char ret_id[EP_CGROUP_ID_BYTES],
		     char *ret_path, size_t size)
{
	bool found = false;

	if (size > 0)
		ret_path[0] = '\0';
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *path = memchr(text, ':', len);
		const char *id;
		size_t end = 0;

		path = path ? memchr(path + 1, ':',
				     len - (size_t)(path + 1 - text))
			    : NULL;
		id = path ? last_id(path + 1, len - (size_t)(path + 1 - text),
				    &end)
			  : NULL;
		if (id) {
			memcpy(ret_id, id, ID_DIGITS);
			ret_id[ID_DIGITS] = '\0';
			found = true;
		}
		if (id && ep_str_starts(text, "0::"))
			(void)ep_str_format(ret_path, size, "%.*s", (int)end,
					    path + 1);
		text += len + (text[len] == '\n');
	}
	return found;
}

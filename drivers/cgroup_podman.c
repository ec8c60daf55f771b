/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cgroup_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#define LIST_BYTES_MAX (4 * 1024 * 1024)
#define LIST "containers/storage/overlay-containers/containers.json"

static bool is_named(json_t *names, const char *name)
{
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *one = json_string_value(json_array_get(names, i));

		if (one && strcmp(one, name) == 0)
			return true;
	}
	return false;
}

int ep_podman_parse(const char *text, size_t len, const char *name,
		    char ret[EP_CGROUP_ID_BYTES])
{
	json_t *top = json_loadb(text, len, 0, NULL);
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < json_array_size(top); i++) {
		json_t *one = json_array_get(top, i);
		const char *id = json_string_value(json_object_get(one, "id"));

		if (id && strlen(id) == EP_CGROUP_ID_BYTES - 1 &&
		    strspn(id, "0123456789abcdef") == strlen(id) &&
		    is_named(json_object_get(one, "names"), name)) {
			memcpy(ret, id, EP_CGROUP_ID_BYTES);
			r = 0;
		}
	}
	json_decref(top);
	return r;
}

static int find_in(const char *path, const char *name,
		   char ret[EP_CGROUP_ID_BYTES])
{
	struct ep_buf text;
	int r;

	ep_buf_init(&text, LIST_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, &text);
	if (r == 0)
		r = text.len > 0
			    ? ep_podman_parse(text.data, text.len, name, ret)
			    : -ENOENT;
	ep_buf_done(&text);
	return r;
}

int ep_podman_find(const char *name, char ret[EP_CGROUP_ID_BYTES])
{
	const char *data = secure_getenv("XDG_DATA_HOME");
	const char *home = secure_getenv("HOME");
	char path[1024];
	int r = find_in("/var/lib/" LIST, name, ret);

	if (r < 0 && data &&
	    ep_str_format(path, sizeof(path), "%s/" LIST, data))
		return find_in(path, name, ret);
	if (r < 0 && home &&
	    ep_str_format(path, sizeof(path), "%s/.local/share/" LIST, home))
		return find_in(path, name, ret);
	return r;
}

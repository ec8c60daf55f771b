/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cgroup_parts.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What an engine answers, what podman keeps, and a process's control groups. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], id[EP_CGROUP_ID_BYTES] = "";
	struct ep_engine_said said = { .pid = 0 };
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (ep_engine_parse(text, size, &said) == 0 &&
	    (strlen(said.id) != EP_CGROUP_ID_BYTES - 1 || said.pid < 0))
		abort();
	if (ep_podman_parse(text, size, "web", id) == 0 &&
	    strlen(id) != EP_CGROUP_ID_BYTES - 1)
		abort();
	if (ep_cgroup_parse(text, id, path, sizeof(path)) &&
	    (strlen(id) != EP_CGROUP_ID_BYTES - 1 ||
	     !memchr(path, 0, sizeof(path))))
		abort();
	free(text);
	return 0;
}

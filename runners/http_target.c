/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/http_target.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "drivers/listener.h"

bool ep_http_passes_on(const char *name)
{
	static const char *const names[] = {
		"docker-proxy", "rootlessport", "ssh",	 "sshd",
		"socat",	"kubectl",	"nginx", "haproxy",
		"envoy",	"caddy",	"pasta", "slirp4netns"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

pid_t ep_http_target(unsigned port, const char *exe, char *text, size_t size)
{
	struct ep_err why = { 0 };
	char name[256] = "";
	pid_t pid = 0;

	if (ep_listener_find(port, &pid, name, sizeof(name), &why) < 0) {
		(void)ep_str_copy(text, size, why.text);
		return 0;
	}
	ep_str_printable(name);
	if (ep_http_passes_on(name)) {
		(void)ep_str_format(text, size,
				    "port %u is served by %.64s, which only "
				    "passes connections on",
				    port, name);
		return 0;
	}
	if (exe[0] && strcmp(name, exe) != 0) {
		(void)ep_str_format(text, size,
				    "port %u is served by '%.64s', not by %s",
				    port, name, exe);
		return 0;
	}
	(void)ep_str_copy(text, size, name);
	return pid;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/tool.h"
#include "runners/llama.h"

#define CACHE_BYTES_MAX (1024 * 1024)
#define PATH_BYTES 1024

struct search {
	void (*each)(void *ctx, int fd, const char *path);
	void *ctx;
	const char *folder;
};

static void give(const struct search *q, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	q->each(q->ctx, fd, path);
	close(fd);
}

/* "	libllama.so.0 (libc6,x86-64) => /usr/lib/libllama.so.0" */
static void search_cache(const struct search *q)
{
	static const char *const places[] = { "/usr/sbin/ldconfig",
					      "/sbin/ldconfig", NULL };
	static const char *const argv[] = { "ldconfig", "-p", NULL };
	struct ep_tool tool = { &ep_root_machine,
				ep_tool_find(&ep_root_machine, places), argv,
				30 * EP_NS_PER_S };
	struct ep_buf said;

	if (!tool.path)
		return;
	ep_buf_init(&said, CACHE_BYTES_MAX);
	if (ep_tool_run(&tool, &said, NULL) != 0)
		said.len = 0;
	for (char *line = said.len > 0 ? said.data : NULL; line && *line;) {
		char *end = strchr(line, '\n'), *path;

		if (end)
			*end = '\0';
		path = strstr(line, " => ");
		if (path && strstr(line, "llama"))
			give(q, path + 4);
		line = end ? end + 1 : NULL;
	}
	ep_buf_done(&said);
}

static int look_at_library(void *ctx, const char *name)
{
	const struct search *q = ctx;
	char path[PATH_BYTES];

	if (ep_str_glob("libllama*.so*", name) &&
	    ep_str_format(path, sizeof(path), "%s/%s", q->folder, name))
		give(q, path);
	return 0;
}

/* A program may have it inside, or bring it along. */
static int look_at_program(void *ctx, const char *name)
{
	const struct search *q = ctx;
	char path[PATH_BYTES];

	if (ep_str_glob("llama-*", name) &&
	    ep_str_format(path, sizeof(path), "%s/%s", q->folder, name))
		ep_llama_scan(path, q->each, q->ctx);
	return 0;
}

static void search_folder(const struct search *q, const char *folder)
{
	struct search here = *q;

	here.folder = folder;
	(void)ep_root_list(&ep_root_machine, folder, look_at_library, &here);
	(void)ep_root_list(&ep_root_machine, folder, look_at_program, &here);
}

static void search_path(const struct search *q)
{
	const char *path = secure_getenv("PATH");
	char folder[PATH_BYTES];

	for (; path && *path; path += strcspn(path, ":"), path += *path == ':')
		if (path[0] == '/' &&
		    ep_str_format(folder, sizeof(folder), "%.*s",
				  (int)strcspn(path, ":"), path))
			search_folder(q, folder);
}

void ep_setup_search(struct ep_setup *s,
		     void (*each)(void *ctx, int fd, const char *path),
		     void *ctx)
{
	static const char *const folders[] = {
		"/usr/local/lib",
		"/usr/lib",
		"/usr/lib64",
		"/usr/lib/x86_64-linux-gnu",
		"/usr/lib/aarch64-linux-gnu",
		"/usr/local/bin",
		"/usr/bin",
		"/opt/llama.cpp",
		"/opt/llama.cpp/lib",
		"/opt/llama.cpp/bin",
		"/opt/llama.cpp/build/bin",
	};
	const struct search q = { each, ctx, NULL };
	char home[PATH_BYTES];

	search_cache(&q);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		search_folder(&q, folders[i]);
	search_path(&q);
	if (s->identity.home[0] == '/' &&
	    ep_str_format(home, sizeof(home), "%s/llama.cpp/build/bin",
			  s->identity.home))
		search_folder(&q, home);
}

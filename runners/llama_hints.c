/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define PATH_BYTES 1024
#define LEVELS_MAX 32
#define FILES_MAX 64

/*
 * Where bindings keep the library that they load at run time; "*" is any name
 * in a folder.  Only places to look: what counts are the symbols.
 */
static const char *const above_arguments[] = {
	"node_modules/@node-llama-cpp/*/bins/*/*llama*", /* node-llama-cpp */
};
static const char *const beside_program[] = {
	"../lib/*/site-packages/llama_cpp/lib/*llama*", /* llama-cpp-python */
	"../lib/*/dist-packages/llama_cpp/lib/*llama*",
	"../lib/*llama*",
};

struct look {
	void (*each)(void *ctx, int fd, const char *path);
	void *ctx;
	int left;
};

static void look_at(struct look *l, const char *path)
{
	int fd;

	if (l->left <= 0)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	l->left--;
	l->each(l->ctx, fd, path);
	close(fd);
}

/* The rest of a pattern below a folder.  No pattern has more than 8 parts. */
static void walk(struct look *l, const char *folder, const char *pattern)
{
	size_t len = strcspn(pattern, "/");
	const char *rest = pattern + len + (pattern[len] == '/');
	char part[64], path[PATH_BYTES];
	const struct dirent *entry;
	DIR *dir;

	if (!ep_str_format(part, sizeof(part), "%.*s", (int)len, pattern))
		return;
	if (!strchr(part, '*')) {
		if (ep_str_format(path, sizeof(path), "%s/%s", folder, part))
			walk(l, path, rest);
		return;
	}
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    !ep_str_glob(part, entry->d_name) ||
		    !ep_str_format(path, sizeof(path), "%s/%s", folder,
				   entry->d_name))
			continue;
		if (*rest)
			walk(l, path, rest);
		else
			look_at(l, path);
	}
	if (dir)
		closedir(dir);
}

static void look_below(struct look *l, const char *folder,
		       const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		walk(l, folder, patterns[i]);
}

/* Cuts the last part off; false at the top. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

void ep_llama_hints(const char *program, char *const *argv,
		    void (*each)(void *ctx, int fd, const char *path),
		    void *ctx)
{
	struct look l = { each, ctx, FILES_MAX };
	char path[PATH_BYTES];

	/* Not resolved: a virtual environment links to its interpreter. */
	if (program && ep_str_copy(path, sizeof(path), program) && go_up(path))
		look_below(&l, path, beside_program,
			   sizeof(beside_program) / sizeof(beside_program[0]));
	for (size_t i = 1; argv && argv[0] && argv[i] && i < 64; i++) {
		char *real = realpath(argv[i], NULL);
		int levels = LEVELS_MAX;

		if (real && ep_str_copy(path, sizeof(path), real))
			while (levels-- > 0 && go_up(path))
				look_below(&l, path, above_arguments,
					   sizeof(above_arguments) /
						   sizeof(above_arguments[0]));
		free(real);
	}
}

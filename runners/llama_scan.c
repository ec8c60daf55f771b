/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/elf.h"

#define FILES_MAX 64
#define PATH_BYTES 1024

struct scan {
	char paths[FILES_MAX][PATH_BYTES];
	size_t count;
};

static void push(struct scan *s, const char *path)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->paths[i], path) == 0)
			return;
	if (s->count < FILES_MAX &&
	    ep_str_copy(s->paths[s->count], PATH_BYTES, path))
		s->count++;
}

/* One folder of a search path, where $ORIGIN is the folder of the asker. */
static bool find_in(struct scan *s, const char *folder, size_t len,
		    const char *origin, const char *name)
{
	static const char *const marks[] = { "$ORIGIN", "${ORIGIN}" };
	char path[PATH_BYTES];
	size_t cut = 0;

	for (size_t i = 0; i < 2; i++)
		if (len >= strlen(marks[i]) &&
		    memcmp(folder, marks[i], strlen(marks[i])) == 0)
			cut = strlen(marks[i]);
	if (len == 0 ||
	    !ep_str_format(path, sizeof(path), "%s%.*s/%s", cut ? origin : "",
			   (int)(len - cut), folder + cut, name) ||
	    access(path, R_OK) < 0)
		return false;
	push(s, path);
	return true;
}

static bool find_along(struct scan *s, const char *folders, const char *origin,
		       const char *name)
{
	while (folders && *folders) {
		size_t len = strcspn(folders, ":");

		if (find_in(s, folders, len, origin, name))
			return true;
		folders += len + (folders[len] == ':');
	}
	return false;
}

static void origin_of(const char *path, char *ret, size_t size)
{
	char *slash;

	if (!ep_str_copy(ret, size, path))
		ret[0] = '\0';
	slash = strrchr(ret, '/');
	if (slash)
		*slash = '\0';
	else
		(void)ep_str_copy(ret, size, ".");
}

/* What ld.so(8) does, less its cache: a library found only there is seen when
 * it is mapped. */
static void push_needed(struct scan *s, const struct ep_elf *elf,
			const char *path, const char *more)
{
	static const char usual[] =
		"/usr/local/lib:/lib:/usr/lib:/lib64:/usr/lib64:"
		"/usr/local/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:"
		"/usr/lib/x86_64-linux-gnu:/usr/local/lib/aarch64-linux-gnu:"
		"/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu";
	struct ep_elf_needed needed;
	char origin[PATH_BYTES];

	if (ep_elf_needed(elf, &needed) < 0)
		return;
	origin_of(path, origin, sizeof(origin));
	for (size_t i = 0; i < needed.count; i++) {
		const char *name = needed.names[i];

		if (strchr(name, '/'))
			push(s, name);
		else if (!find_along(s, secure_getenv("LD_LIBRARY_PATH"), "",
				     name) &&
			 !find_along(s, needed.search, origin, name) &&
			 !find_along(s, more, origin, name))
			(void)find_along(s, usual, "", name);
	}
}

void ep_llama_scan(const char *program,
		   void (*each)(void *ctx, int fd, const char *path), void *ctx)
{
	struct scan *s = calloc(1, sizeof(*s));
	struct ep_elf elf;
	char real[PATH_BYTES], *first, origin[PATH_BYTES];

	if (!s)
		return;
	first = realpath(program, NULL);
	if (first && ep_str_copy(real, sizeof(real), first))
		push(s, real);
	free(first);
	for (size_t i = 0; i < s->count; i++) {
		int fd = open(s->paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0)
			continue;
		each(ctx, fd, s->paths[i]);
		/* The RPATH of the program counts for its libraries too; its
		 * own folder is tried in any case. */
		origin_of(s->paths[0], origin, sizeof(origin));
		if (ep_elf_init(&elf, fd) == 0)
			push_needed(s, &elf, s->paths[i], origin);
		close(fd);
	}
	free(s);
}

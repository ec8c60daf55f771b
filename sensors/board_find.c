/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board_parts.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/procfs.h"

#define PATH_BYTES 512
#define PLACES_MAX 20
#define NAMES_MAX 512
#define PARENTS_MAX 3

/* The folders boards are looked for in, the first first. */
struct places {
	char paths[PLACES_MAX][PATH_BYTES];
	size_t count;
};

static void add_place(struct places *p, const char *dir, const char *below)
{
	if (p->count < PLACES_MAX && dir && dir[0] &&
	    ep_str_format(p->paths[p->count], PATH_BYTES, "%s%s", dir, below))
		p->count++;
}

/* $EDGEPROF_BOARDS: folders separated by ':' */
static void add_list(struct places *p, const char *list)
{
	char dir[PATH_BYTES];

	while (list && *list) {
		size_t len = strcspn(list, ":");

		if (len > 0 &&
		    ep_str_format(dir, sizeof(dir), "%.*s", (int)len, list))
			add_place(p, dir, "");
		list += len + (list[len] == ':');
	}
}

/* build/release/edgeprof -> boards beside build; an install staged below
 * DESTDIR -> its own share folder */
static void add_uninstalled(struct places *p)
{
	char exe[PATH_BYTES];

	if (ep_proc_self_exe(exe, sizeof(exe)) < 0)
		return;
	for (int i = 0; i <= PARENTS_MAX; i++) {
		char *slash = strrchr(exe, '/');

		if (!slash)
			return;
		*slash = '\0';
		add_place(p, exe, "/boards");
		add_place(p, exe, "/share/edgeprof/boards");
	}
}

static void find_places(struct places *p)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");

	p->count = 0;
	add_list(p, secure_getenv("EDGEPROF_BOARDS"));
	if (config && config[0])
		add_place(p, config, "/edgeprof/boards");
	else
		add_place(p, secure_getenv("HOME"), "/.config/edgeprof/boards");
	add_place(p, "/etc", "/edgeprof/boards");
	add_place(p, EP_SHARE_DIR, "/boards");
	add_uninstalled(p);
}

struct names {
	char (*names)[EP_BOARD_NAME_BYTES];
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool has_name(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->names[i], name) == 0)
			return true;
	return false;
}

static void list_place(const char *path, struct names *n)
{
	DIR *dir = opendir(path);
	const struct dirent *d;
	char name[EP_BOARD_NAME_BYTES];

	while (dir && (d = readdir(dir)) != NULL) {
		size_t len = strlen(d->d_name);
		size_t suffix = strlen(EP_BOARD_SUFFIX);

		if (!ep_str_ends(d->d_name, EP_BOARD_SUFFIX) ||
		    len - suffix >= sizeof(name) || n->count == NAMES_MAX)
			continue;
		memcpy(name, d->d_name, len - suffix);
		name[len - suffix] = '\0';
		if (ep_board_name_ok(name) && !has_name(n, name))
			(void)ep_str_copy(n->names[n->count++],
					  EP_BOARD_NAME_BYTES, name);
	}
	if (dir)
		closedir(dir);
}

static int list_all(struct names *ret)
{
	struct places *p = malloc(sizeof(*p));
	struct names n = { calloc(NAMES_MAX, EP_BOARD_NAME_BYTES), 0 };

	if (!p || !n.names) {
		free(p);
		free(n.names);
		return -ENOMEM;
	}
	find_places(p);
	for (size_t i = 0; i < p->count; i++)
		list_place(p->paths[i], &n);
	free(p);
	qsort(n.names, n.count, EP_BOARD_NAME_BYTES, compare_names);
	*ret = n;
	return 0;
}

int ep_board_list(int (*each)(void *ctx, const char *name), void *ctx)
{
	struct names n;
	int r = list_all(&n);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n.count; i++)
		r = each(ctx, n.names[i]);
	free(n.names);
	return r;
}

/* "there is no board 'x86_64'; did you mean 'x86'?", or all the names */
static int no_such_board(const char *name, struct ep_err *err)
{
	const char *list[NAMES_MAX + 1];
	struct names n;
	char known[300] = "none";
	const char *nearest;
	int r = list_all(&n);

	if (r < 0)
		return ep_err_set(err, r, "out of memory");
	for (size_t i = 0; i < n.count; i++) {
		size_t len = i == 0 ? 0 : strlen(known);

		list[i] = n.names[i];
		(void)ep_str_format(known + len, sizeof(known) - len, "%s%s",
				    i == 0 ? "" : ", ", n.names[i]);
	}
	list[n.count] = "none";
	nearest = ep_str_nearest(name, list, n.count + 1);
	r = nearest ? ep_err_set(err, -ENOENT,
				 "there is no board '%.60s'; did you mean "
				 "'%s'?",
				 name, nearest)
		    : ep_err_set(err, -ENOENT,
				 "there is no board '%.60s'; known are: %s",
				 name, known);
	free(n.names);
	return r;
}

static int load_none(struct ep_board **ret, struct ep_err *err)
{
	struct ep_board *b = calloc(1, sizeof(*b));

	if (!b)
		return ep_err_set(err, -ENOMEM, "out of memory");
	(void)ep_str_copy(b->name, sizeof(b->name), "none");
	b->title = "no board";
	b->source = "";
	b->status = "";
	b->coverage = "";
	b->total = "";
	b->events = b->pmus = "";
	b->battery_wh = (double)NAN;
	*ret = b;
	return 0;
}

int ep_board_name_of(const char *path, char *ret, size_t size,
		     struct ep_err *err)
{
	const char *base = strrchr(path, '/');
	int len;

	ret[0] = '\0';
	base = base ? base + 1 : path;
	if (!ep_str_ends(base, EP_BOARD_SUFFIX))
		return 0;
	len = (int)strlen(base) - (int)strlen(EP_BOARD_SUFFIX);
	if (!ep_str_format(ret, size, "%.*s", len, base) ||
	    !ep_board_name_ok(ret))
		return ep_err_set(err, -EINVAL,
				  "%.300s: name the file with letters, "
				  "digits, '.', '_' and '-'",
				  path);
	return 0;
}

/* A path as typed.  A file called NAME.board must hold board NAME. */
static int load_path(const char *path, struct ep_board **ret,
		     struct ep_err *err)
{
	char name[EP_BOARD_NAME_BYTES];
	int r = ep_board_name_of(path, name, sizeof(name), err);

	if (r < 0)
		return r;
	return ep_board_load_file(path, name[0] ? name : NULL, ret, err);
}

int ep_board_data(const char *file, int (*each)(void *ctx, const char *path),
		  void *ctx)
{
	struct places *p = malloc(sizeof(*p));
	char path[PATH_BYTES];
	int r = 0;

	if (!p)
		return -ENOMEM;
	find_places(p);
	for (size_t i = 0; r == 0 && i < p->count; i++)
		if (ep_str_format(path, sizeof(path), "%s/%s", p->paths[i],
				  file) &&
		    access(path, F_OK) == 0)
			r = each(ctx, path);
	free(p);
	return r;
}

int ep_board_path(const char *name, char *ret, size_t size, struct ep_err *err)
{
	struct places *p;
	char path[PATH_BYTES];
	bool found = false;

	if (!ep_board_name_ok(name))
		return no_such_board(name, err);
	p = malloc(sizeof(*p));
	if (!p)
		return ep_err_set(err, -ENOMEM, "out of memory");
	find_places(p);
	for (size_t i = 0; !found && i < p->count; i++)
		found = ep_str_format(path, sizeof(path),
				      "%s/%s" EP_BOARD_SUFFIX, p->paths[i],
				      name) &&
			access(path, F_OK) == 0;
	free(p);
	if (!found)
		return no_such_board(name, err);
	return ep_str_copy(ret, size, path)
		       ? 0
		       : ep_err_set(err, -ENAMETOOLONG,
				    "%.80s...: path too long", path);
}

int ep_board_load(const char *name, struct ep_board **ret, struct ep_err *err)
{
	char path[PATH_BYTES];
	int r;

	if (strcmp(name, "none") == 0)
		return load_none(ret, err);
	if (strchr(name, '/') || ep_str_ends(name, EP_BOARD_SUFFIX))
		return load_path(name, ret, err);
	r = ep_board_path(name, path, sizeof(path), err);
	return r < 0 ? r : ep_board_load_file(path, name, ret, err);
}

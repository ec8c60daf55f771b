/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODEL_NAME "demo-model.bin"

static bool join(char *dst, const char *folder, const char *name)
{
	int n = snprintf(dst, INFER_PATH_BYTES, "%s/%s", folder, name);

	return n > 0 && n < INFER_PATH_BYTES;
}

/* The folder and those above it; true when files can be made in it. */
static bool make_folder(const char *folder)
{
	char path[INFER_PATH_BYTES];
	size_t length = strlen(folder);

	if (folder[0] != '/' || length >= sizeof(path))
		return false;
	memcpy(path, folder, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return false;
		path[i] = folder[i];
	}
	return access(folder, R_OK | W_OK | X_OK) == 0;
}

/* base is $VARIABLE or NULL; the XDG specification ignores relative ones. */
static bool try_cache(struct infer_place *p, const char *base,
		      const char *below)
{
	if (!base || base[0] != '/')
		return false;
	if (!join(p->folder, base, below) ||
	    !join(p->path, p->folder, MODEL_NAME))
		return false;
	/* A model somebody else put there need not be writable. */
	return access(p->path, R_OK) == 0 || make_folder(p->folder);
}

static int make_passing(struct infer_place *p, struct infer_err *err)
{
	const char *base = getenv("TMPDIR");

	if (!base || base[0] != '/')
		base = "/tmp";
	if (!join(p->folder, base, "edgeprof-demo-XXXXXX"))
		return infer_err_set(err, -ENAMETOOLONG,
				     "TMPDIR is too long; name a model with "
				     "-m");
	if (!mkdtemp(p->folder))
		return infer_err_set(err, -errno,
				     "no place for the model: neither the "
				     "cache folder nor %s can be written (%s); "
				     "set TMPDIR or name a model with -m",
				     base, strerror(errno));
	p->passing = true;
	if (!join(p->path, p->folder, MODEL_NAME)) {
		infer_place_done(p);
		return infer_err_set(err, -ENAMETOOLONG,
				     "TMPDIR is too long; name a model with "
				     "-m");
	}
	return 0;
}

int infer_place_find(struct infer_place *ret, struct infer_err *err)
{
	struct infer_place p = { .passing = false };
	int r;

	if (!try_cache(&p, getenv("XDG_CACHE_HOME"), "edgeprof") &&
	    !try_cache(&p, getenv("HOME"), ".cache/edgeprof")) {
		r = make_passing(&p, err);
		if (r < 0)
			return r;
	}
	*ret = p;
	return 0;
}

void infer_place_done(struct infer_place *p)
{
	if (!p->passing)
		return;
	(void)unlink(p->path);
	(void)rmdir(p->folder);
	p->passing = false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/models.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash_quiet.h"
#include "base/str.h"
#include "profiler/record/session.h"

/* Worth a line to whoever waits. */
#define LONG_BYTES ((int64_t)256 * 1000 * 1000)

static const char *const endings[] = {
	".gguf",   ".ggml", ".bin",	 ".safetensors", ".onnx", ".ort",
	".tflite", ".task", ".litertlm", ".rkllm",	 ".rknn", ".engine",
	".plan",   ".pt",   ".pth",	 ".mlmodel",	 ".mnn",  ".ncnn",
};

bool ep_model_is_named(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);

		if (len > n && strcasecmp(path + len - n, endings[i]) == 0)
			return true;
	}
	return false;
}

int ep_model_key_of(int fd, struct ep_model_key *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->size_bytes = st.st_size;
	ret->mtime_ns =
		(int64_t)st.st_mtim.tv_sec * EP_NS_PER_S + st.st_mtim.tv_nsec;
	ret->ctime_ns =
		(int64_t)st.st_ctim.tv_sec * EP_NS_PER_S + st.st_ctim.tv_nsec;
	return 0;
}

static bool same(const struct ep_model_key *a, const struct ep_model_key *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size_bytes == b->size_bytes && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

/* A FIFO or a device of that name is neither waited for nor touched. */
static int open_model(const char *path, struct ep_model_key *ret)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : ep_model_key_of(fd, ret);

	if (r < 0 && fd >= 0)
		(void)close(fd);
	return r < 0 ? r : fd;
}

static void add(const char *path, struct ep_models *ret)
{
	struct ep_model_key key = { 0 };
	int fd;

	if (!ep_model_is_named(path))
		return;
	fd = open_model(path, &key);
	if (fd < 0)
		return;
	(void)close(fd);
	for (size_t i = 0; i < ret->count; i++)
		if (same(&ret->files[i].key, &key))
			return;
	if (ret->count == EP_MODELS_MAX) {
		ret->left_count++;
		return;
	}
	ret->files[ret->count].path = path;
	ret->files[ret->count++].key = key;
}

void ep_models_find(char *const *argv, const char *model, struct ep_models *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 1; argv && argv[0] && argv[i]; i++) {
		const char *equals = strchr(argv[i], '=');

		add(argv[i], ret);
		if (equals)
			add(equals + 1, ret);
	}
	if (model)
		add(model, ret);
}

json_t *ep_models_json(const struct ep_models *models)
{
	json_t *list = json_array();

	for (size_t i = 0; i < models->count; i++) {
		const struct ep_model *m = &models->files[i];
		char path[4096];
		json_t *o = json_object();

		(void)ep_str_copy(path, sizeof(path), m->path);
		ep_str_printable(path);
		json_object_set_new(o, "path", json_string(path));
		json_object_set_new(o, "bytes",
				    json_integer(m->key.size_bytes));
		json_array_append_new(list, o);
	}
	return list;
}

static bool is_stopped(void *ctx)
{
	const struct ep_session *s = ctx;

	return s->env.is_cancelled(s->env.cancel_ctx);
}

static void tell_long(const struct ep_session *s, const struct ep_model *m)
{
	char text[300];

	if (m->key.size_bytes < LONG_BYTES)
		return;
	(void)ep_str_format(text, sizeof(text),
			    "SHA-256 of %.200s, %.1f GB, for the report; once "
			    "for each file, Ctrl-C leaves it out",
			    m->path, (double)m->key.size_bytes * 1e-9);
	s->progress.tell(s->progress.ctx, EP_PROGRESS_NOTE, text, 0);
}

/* With the caller's rights.  -ESTALE: it is not what it was before. */
static int hash_model(struct ep_session *s, const struct ep_model *m,
		      char hash[EP_HASH_BYTES])
{
	struct ep_hash_stop stop = { is_stopped, s };
	struct ep_model_key key = { 0 };
	int fd = open_model(m->path, &key);
	int r;

	if (fd < 0)
		return fd;
	if (!same(&key, &m->key)) {
		(void)close(fd);
		return -ESTALE;
	}
	r = ep_model_cache_get(&s->identity, &key, hash);
	if (r < 0) {
		tell_long(s, m);
		r = ep_hash_file_quietly(fd, (off_t)key.size_bytes, stop, hash);
		if (r == 0 &&
		    (ep_model_key_of(fd, &key) < 0 || !same(&key, &m->key)))
			r = -ESTALE;
		/* Without a cache the next run hashes it again. */
		if (r == 0)
			(void)!ep_model_cache_put(&s->identity, &key, hash);
	}
	(void)close(fd);
	return r;
}

static void say(struct ep_session *s, size_t number, const char *what,
		const char *text)
{
	char source[40];

	(void)ep_str_format(source, sizeof(source), "model.%zu.%s", number,
			    what);
	ep_session_event(s, "fact", source, text);
}

void ep_session_hash_models(struct ep_session *s)
{
	if (s->models.count == 0 || ep_identity_enter(&s->identity, NULL) < 0)
		return;
	for (size_t i = 0; i < s->models.count; i++) {
		char hash[EP_HASH_BYTES];
		int r = hash_model(s, &s->models.files[i], hash);

		if (r == 0)
			say(s, i, "sha256", hash);
		else
			say(s, i, "reason",
			    r == -ECANCELED ? "interrupted before it was hashed"
			    : r == -ESTALE  ? "the file changed while it ran"
					    : strerror(-r));
	}
	ep_identity_leave(&s->identity);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_MODELS_H
#define EP_PROFILER_RECORD_MODELS_H

#include "base/hash.h"
#include "base/spawn.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define EP_MODELS_MAX 8

/* One state of one file: while this is the same, so is its content. */
struct ep_model_key {
	uint64_t device, inode;
	int64_t size_bytes, mtime_ns, ctime_ns;
};
struct ep_models {
	struct ep_model {
		const char *path; /* into the arguments */
		struct ep_model_key key;
	} files[EP_MODELS_MAX];
	size_t count;
	size_t left_count; /* more than the maximum */
};

/* Does it end as files of models do? */
bool ep_model_is_named(const char *path);
/*
 * The files of models among arguments ("model.gguf", "--model=model.gguf") and
 * model, each of which may be NULL.  Only looks at them; to be called with the
 * rights of whom they are for.
 */
void ep_models_find(char *const *argv, const char *model,
		    struct ep_models *ret);
/* [{path, bytes}, ...] */
json_t *ep_models_json(const struct ep_models *models);

/*
 * What is known of hashes from runs before, in the caller's cache folder.  key
 * and hash: -ENOENT not there, or -errno.
 */
int ep_model_cache_get(const struct ep_identity *identity,
		       const struct ep_model_key *key,
		       char ret[EP_HASH_BYTES]) EP_MUST_CHECK;
int ep_model_cache_put(const struct ep_identity *identity,
		       const struct ep_model_key *key,
		       const char *hash) EP_MUST_CHECK;
/* key of an open file; -EINVAL: no regular one. */
int ep_model_key_of(int fd, struct ep_model_key *ret) EP_MUST_CHECK;

struct ep_session;
/* After the recording: the hash of each into events.csv. */
void ep_session_hash_models(struct ep_session *s);

#endif

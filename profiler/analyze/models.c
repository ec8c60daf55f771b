/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/models.h"

#include "base/str.h"

static void join(const struct ep_run *run, size_t number, json_t *entry)
{
	char name[40];
	const char *hash, *reason;

	(void)ep_str_format(name, sizeof(name), "model.%zu.sha256", number);
	hash = ep_run_fact(run, name);
	(void)ep_str_format(name, sizeof(name), "model.%zu.reason", number);
	reason = ep_run_fact(run, name);
	if (!hash && !reason)
		reason = "edgeprof ended before it was hashed";
	(void)json_object_set_new(entry, "sha256",
				  hash ? json_string(hash) : json_null());
	(void)json_object_set_new(entry, "reason",
				  hash ? json_null() : json_string(reason));
}

void ep_models_join(struct ep_run *run)
{
	json_t *list = json_object_get(run->json, "model_files"), *entry;
	size_t i;

	json_array_foreach(list, i, entry) if (json_is_object(entry))
		join(run, i, entry);
}

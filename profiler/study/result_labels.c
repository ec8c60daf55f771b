/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "base/str.h"
#include "profiler/study/result.h"

static void add_number(json_t *o, const char *name, const char *mark,
		       int64_t number)
{
	char text[40];

	(void)ep_str_format(text, sizeof(text), "%s%lld", mark,
			    (long long)number);
	json_object_set_new(o, name, json_string(text));
}

int ep_result_labels(const struct ep_labels *l, json_t **ret)
{
	const struct ep_next *next = l->item;
	char hash[EP_STUDY_HASH_BYTES];
	int r = ep_plan_config_hash(l->study, next->config, hash);
	json_t *o;

	if (r < 0)
		return r;
	o = json_object();
	json_object_set_new(o, EP_LABEL_STUDY, json_string(l->study_id));
	json_object_set_new(o, EP_LABEL_CONFIG, json_string(hash));
	add_number(o, EP_LABEL_NUMBER, "", (int64_t)next->config + 1);
	add_number(o, EP_LABEL_RUN, next->warmup ? "w" : "", next->repetition);
	add_number(o, EP_LABEL_ATTEMPT, "", next->attempt);
	add_number(o, EP_LABEL_ORDER, "", l->order);
	if (json_object_size(o) != EP_LABEL_COUNT) {
		json_decref(o);
		return -ENOMEM;
	}
	*ret = o;
	return 0;
}

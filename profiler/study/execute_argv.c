/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/execute_argv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "profiler/study/result.h"

/* Words that every run has, with room to spare. */
#define COMMON_WORDS 24

struct arguments {
	char **argv;
	size_t count, size;
};

static int push(struct arguments *a, const char *text)
{
	if (a->count + 1 >= a->size)
		return -E2BIG;
	a->argv[a->count] = strdup(text);
	return a->argv[a->count++] ? 0 : -ENOMEM;
}

static int push_all(struct arguments *a, char *const *words)
{
	int r = 0;

	for (size_t i = 0; r == 0 && words && words[i]; i++)
		r = push(a, words[i]);
	return r;
}

static int push_labels(struct arguments *a, const struct ep_run_order *o)
{
	const struct ep_labels l = { o->study, o->study_id, o->next, o->order };
	json_t *labels, *value;
	const char *name;
	int r = ep_result_labels(&l, &labels);

	if (r < 0)
		return r;
	json_object_foreach(labels, name, value)
	{
		char text[160];

		(void)ep_str_format(text, sizeof(text), "%s=%s", name,
				    json_string_value(value));
		if (r == 0)
			r = push(a, "--label");
		if (r == 0)
			r = push(a, text);
	}
	json_decref(labels);
	return r;
}

static int fill(struct arguments *a, const struct ep_run_order *o,
		char *const *planned)
{
	static const char *const head[] = { "edgeprof", "run", "--quiet",
					    "--json", "-o" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(head) / sizeof(head[0]); i++)
		r = push(a, head[i]);
	if (r == 0)
		r = push(a, o->folder);
	if (r == 0 && o->drop_caches)
		r = push(a, "--drop-caches");
	if (r == 0 && o->clear_swap)
		r = push(a, "--clear-swap");
	if (r == 0)
		r = push_labels(a, o);
	if (r == 0)
		r = push_all(a, o->extra);
	return r < 0 ? r : push_all(a, planned);
}

int ep_execute_argv(const struct ep_run_order *o, char ***ret)
{
	struct arguments a = { NULL, 0, 0 };
	char **planned;
	int r = ep_plan_argv(o->study, o->next->config, &planned);

	if (r < 0)
		return r;
	a.size = ep_words_count(planned) + ep_words_count(o->extra) +
		 COMMON_WORDS;
	a.argv = calloc(a.size, sizeof(*a.argv));
	r = a.argv ? fill(&a, o, planned) : -ENOMEM;
	ep_plan_argv_free(planned);
	if (r < 0) {
		ep_words_free(a.argv);
		return r;
	}
	*ret = a.argv;
	return 0;
}

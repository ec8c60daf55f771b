/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/str.h"
#include "profiler/study/plan.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Study files and study.json: what is taken is whole and comes back the same,
 * what is not says why. */

#define CONFIGS_MAX 64

static void look(const struct ep_study *s)
{
	uint64_t count = ep_plan_config_count(s);
	char hash[EP_STUDY_HASH_BYTES];
	size_t levels[EP_FACTORS_MAX];
	char **argv;

	if (s->run_count < 1 || s->warmup_count < 0 || s->retry_count < 0 ||
	    s->factor_count > EP_FACTORS_MAX || count == 0)
		abort();
	for (uint64_t i = 0; i < count && i < CONFIGS_MAX; i++) {
		ep_plan_levels(s, i, levels);
		for (size_t k = 0; k < s->factor_count; k++)
			if (levels[k] >= s->factors[k].level_count)
				abort();
		if (ep_plan_config_hash(s, i, hash) < 0 ||
		    ep_plan_argv(s, i, &argv) < 0)
			return;
		ep_plan_argv_free(argv);
	}
}

/* Through study.json and back. */
static void go_round(const struct ep_study *s)
{
	char before[EP_STUDY_HASH_BYTES], after[EP_STUDY_HASH_BYTES];
	struct ep_err err = { 0, "" };
	char text[2000];
	struct ep_study copy;
	json_t *o = ep_study_to_json(s);

	if (!o)
		return;
	/* Text of the file that is no UTF-8 is refused, not lost. */
	if (ep_study_from_json(o, &copy, &err) == 0) {
		if (ep_study_hash(s, before) == 0 &&
		    ep_study_hash(&copy, after) == 0 &&
		    strcmp(before, after) != 0)
			abort();
		if (ep_study_differences(s, &copy, text, sizeof(text)) != 0)
			abort();
		ep_study_done(&copy);
	} else if (err.text[0] == '\0') {
		abort();
	}
	json_decref(o);
}

static void load_file(const uint8_t *data, size_t size)
{
	struct ep_err err = { 0, "" };
	struct ep_study s;
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ep_file_write_all(fd, data, size) == 0) {
		if (ep_study_load(path, &s, &err) == 0) {
			look(&s);
			go_round(&s);
			ep_study_done(&s);
		} else if (err.text[0] == '\0') {
			abort();
		}
	}
	close(fd);
}

static void load_json(const uint8_t *data, size_t size)
{
	json_t *o = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES,
			       NULL);
	struct ep_err err = { 0, "" };
	struct ep_study s;

	if (ep_study_from_json(o, &s, &err) == 0) {
		go_round(&s);
		ep_study_done(&s);
	} else if (err.text[0] == '\0') {
		abort();
	}
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	load_file(data, size);
	if (size > 0 && data[0] == '{')
		load_json(data, size);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/words.h"
#include "profiler/study/plan.h"
#include "profiler/study/study_parts.h"

static char path[] = "/tmp/edgeprof-study-XXXXXX";

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int load(const char *text, struct ep_study *s, struct ep_err *err)
{
	write_file(text);
	return ep_study_load(path, s, err);
}

static const char whole[] =
	"title = \"governors and threads\"\n"
	"runs = 5\n"
	"warmup = 1\n"
	"cooldown = \"to:50C\"\n"
	"cooldown-limit = 5m\n"
	"drop-caches = first\n"
	"order-seed = 42\n"
	"until-ci = \"generation.j_per_token=2%\"\n"
	"max-runs = 20\n"
	"options = \"--board rpi5 --sensor 'um34c:/dev/my meter'\"\n"
	"command = \"./infer -m phi-{quant}.gguf -t {threads}\"\n"
	"factor \"governor\" {\n\tlevels = \"powersave, ondemand\"\n}\n"
	"factor \"threads\" {\n\tlevels = \"1-4\"\n}\n"
	"factor \"quant\" {\n\tlevels = \"Q4_0, 'a,b'\"\n}\n"
	"limits {\n\tmax-background-cpu = \"5%\"\n\tsame-output = no\n}\n";

static void a_whole_file_is_read(void **state)
{
	struct ep_err err = { 0 };
	struct ep_study s;

	(void)state;
	if (load(whole, &s, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(s.title, "governors and threads");
	assert_int_equal(s.run_count, 5);
	assert_int_equal(s.cooldown, EP_COOLDOWN_TEMPERATURE);
	assert_true(fabs(s.cooldown_c - 50) < 1e-12);
	assert_int_equal(s.cooldown_limit_ns, INT64_C(300000000000));
	assert_int_equal(s.drop_caches, EP_DROP_FIRST);
	assert_int_equal(s.seed, 42);
	assert_string_equal(s.until_metric, "generation.j_per_token");
	assert_true(fabs(s.until_share - 0.02) < 1e-15);
	assert_string_equal(s.options[3], "um34c:/dev/my meter");
	assert_string_equal(s.command[2], "phi-{quant}.gguf");
	assert_int_equal(ep_plan_config_count(&s), 2 * 4 * 2);
	assert_string_equal(s.factors[0].option, "--governor");
	assert_string_equal(s.factors[1].levels[3], "4");
	assert_string_equal(s.factors[2].levels[1], "a,b");
	assert_null(s.factors[2].option);
	assert_true(fabs(s.limits.background_cpu_share_max - 0.05) < 1e-15);
	assert_int_equal(s.limits.same_output, EP_SAME_NO);
	ep_study_done(&s);
}

static void every_mistake_names_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "runs = 0\n", ":1: runs: '0' is not a whole number" },
		{ "title = a\nruns = 1.5\n", ":2: runs" },
		{ "runz = 5\n", ":1: " },
		{ "cooldown = 50\n", ":1: cooldown" },
		{ "cooldown = \"to:50\"\n", ":1: cooldown" },
		{ "until-ci = \"j_per_token=2%\"\nmax-runs = 9\n",
		  ":1: until" },
		{ "order = sorted\n", ":1: order: 'sorted' is not one of: "
				      "random given" },
		{ "command = \"./a 'b\"\n", "' is not closed" },
		{ "\nfactor \"quant\" {\n\tlevels = \"a,,b\"\n}\n",
		  ":2: factor quant: nothing between two commas" },
		{ "factor \"quant\" {\n\tlevels = \"a,a\"\n}\n", "twice" },
		{ "factor \"valid\" {\n\tlevels = \"a\"\n}\n",
		  "cannot be called 'valid'" },
		{ "factor \"a b\" {\n\tlevels = \"a\"\n}\n",
		  "cannot be a factor" },
		{ "factor \"quant\" {\n}\n", "levels" },
		{ "factor \"threads\" {\n\tlevels = \"4-1\"\n}\n",
		  "counts downwards" },
		{ "factor \"threads\" {\n\tlevels = \"1-100000\"\n}\n",
		  "more than 1000 levels" },
		{ "factor \"quant\" {\n\tlevels = \"a\"\n}\n"
		  "command = \"./infer\"\n",
		  "changes nothing" },
		{ "command = \"./infer {quant}\"\n", "'{quant}'" },
		{ "runs = 3\nuntil-ci = \"run.energy_j=2%\"\n", "max-runs" },
		{ "max-runs = 9\n", "until-ci" },
		{ "limits {\n\tmax-background-cpu = 5\n}\n", ":2: max-back" },
		{ "title = \"caf\xe9\"\n", "'caf?' is not UTF-8" },
		{ "factor \"threads\" {\n\tlevels = \"a\xff, b\"\n}\n",
		  "'a?' is not UTF-8" },
		{ "factor \"energy_j\" {\n\tlevels = \"1, 2\"\n}\n",
		  "cannot be called 'energy_j'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_err err = { 0 };
		struct ep_study s;
		int r = load(cases[i].text, &s, &err);

		if (r == 0 || !strstr(err.text, cases[i].says))
			print_error("%s\ngives %d '%s'\n", cases[i].text, r,
				    err.text);
		assert_true(r < 0);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_non_null(strstr(err.text, path));
	}
}

static void per_policy_values_are_one_level(void **state)
{
	struct ep_err err = { 0 };
	char **levels;

	(void)state;
	assert_int_equal(ep_factor_levels("governor",
					  "policy0=powersave,policy4=ondemand",
					  false, &levels, &err),
			 0);
	assert_int_equal(ep_words_count(levels), 1);
	ep_words_free(levels);
	assert_int_equal(ep_factor_levels("n", "1..3", false, &levels, &err),
			 0);
	assert_int_equal(ep_words_count(levels), 3);
	ep_words_free(levels);
	/* Not every dash is a range. */
	assert_int_equal(
		ep_factor_levels("n", "2024-2025", false, &levels, &err), 0);
	assert_int_equal(ep_words_count(levels), 1);
	ep_words_free(levels);
}

static void json_gives_the_same_study_back(void **state)
{
	char before[EP_STUDY_HASH_BYTES], after[EP_STUDY_HASH_BYTES];
	struct ep_err err = { 0 };
	struct ep_study s, copy;
	json_t *o;

	(void)state;
	if (load(whole, &s, &err) < 0)
		fail_msg("%s", err.text);
	o = ep_study_to_json(&s);
	assert_non_null(o);
	assert_int_equal(ep_study_from_json(o, &copy, &err), 0);
	assert_int_equal(ep_study_hash(&s, before), 0);
	assert_int_equal(ep_study_hash(&copy, after), 0);
	assert_string_equal(before, after);
	json_decref(o);
	ep_study_done(&s);
	ep_study_done(&copy);
}

static void differences_are_named(void **state)
{
	struct ep_err err = { 0 };
	struct ep_study a, b;
	char text[2000];

	(void)state;
	ep_study_init(&a);
	ep_study_init(&b);
	assert_int_equal(ep_study_differences(&a, &b, text, sizeof(text)), 0);
	assert_int_equal(ep_study_set(&b, "runs", "7", &err), 0);
	assert_int_equal(ep_study_differences(&a, &b, text, sizeof(text)), 1);
	assert_string_equal(text, "runs was 1, is 7");
	ep_study_done(&a);
	ep_study_done(&b);
}

static void damaged_json_is_refused(void **state)
{
	struct ep_err err = { 0 };
	struct ep_study s, copy;
	const char *key;
	json_t *o, *value;
	void *next;

	(void)state;
	if (load(whole, &s, &err) < 0)
		fail_msg("%s", err.text);
	o = ep_study_to_json(&s);
	json_object_foreach_safe(o, next, key, value)
	{
		json_t *broken = json_deep_copy(o);

		(void)value;
		json_object_set_new(broken, key, json_object());
		if (strcmp(key, "title") != 0 && strcmp(key, "factors") != 0)
			assert_int_equal(
				ep_study_from_json(broken, &copy, &err),
				-EBADMSG);
		json_decref(broken);
	}
	json_decref(o);
	ep_study_done(&s);
}

static void the_list_of_settings_is_whole(void **state)
{
	struct ep_err err = { 0 };
	struct ep_study s;

	(void)state;
	ep_study_init(&s);
	for (size_t i = 0; ep_study_settings[i]; i++)
		assert_int_not_equal(
			ep_study_set(&s, ep_study_settings[i], "", &err),
			-ENOENT);
	assert_int_equal(ep_study_set(&s, "nothing", "", &err), -ENOENT);
	ep_study_done(&s);
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(every_mistake_names_its_line),
		cmocka_unit_test(per_policy_values_are_one_level),
		cmocka_unit_test(json_gives_the_same_study_back),
		cmocka_unit_test(differences_are_named),
		cmocka_unit_test(damaged_json_is_refused),
		cmocka_unit_test(the_list_of_settings_is_whole),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}

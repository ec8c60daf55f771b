/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/words.h"
#include "runners/workflow.h"
#include "runners/workflow_run.h"
#include "tests/unit/support_tmp.h"

static struct ep_tmp tmp;

static int make_folder(void **state)
{
	ep_tmp_make(&tmp);
	*state = &tmp;
	return 0;
}

static int remove_folder(void **state)
{
	ep_tmp_remove(*state);
	return 0;
}

static int load(const char *text, struct ep_workflow **ret, struct ep_err *err)
{
	memset(err, 0, sizeof(*err));
	ep_tmp_puts(&tmp, "w.conf", text);
	return ep_workflow_load(ep_tmp_path(&tmp, "w.conf"), ret, err);
}

static void a_file_becomes_steps(void **state)
{
	struct ep_drive d = { .seed = -1, .gpu_layer_count = 8 };
	struct ep_workflow *w = NULL;
	struct ep_err err;

	(void)state;
	assert_int_equal(
		load("model = m1  # all\n"
		     "temperature = 0.25\nseed = 7\nrepeat = 3\nctx = 2048\n"
		     "gpu_layers = 4\nmax_tokens = 90\n"
		     "file \"data\" { path = \"in.txt\" }\n"
		     "pause \"p\" { time = 250ms }\n"
		     "call \"a\" { prompt = \"see {data.text}\" }\n"
		     "command \"c\" { run = \"x 'y z'\" input = "
		     "\"{a.answer}\" timeout = 5s }\n"
		     "call \"b\" { prompt = \"{{{a.answer}}\" model = m2\n"
		     "temperature = 0 repeat = 2 max_tokens = 5 }\n",
		     &w, &err),
		0);
	assert_int_equal(w->step_count, 5);
	assert_int_equal(ep_workflow_calls(w), 3);
	assert_int_equal(w->steps[0].kind, EP_STEP_FILE);
	assert_string_equal(w->steps[0].path, ep_tmp_path(&tmp, "in.txt"));
	assert_int_equal(w->steps[1].pause_ns, 250000000);
	assert_true(w->randomness > 0.24 && w->randomness < 0.26);
	assert_true(isnan(w->steps[2].randomness));
	assert_true(w->steps[4].randomness < 0.01);
	assert_int_equal(w->steps[2].text.count, 2);
	assert_string_equal(w->steps[2].text.parts[0].text, "see ");
	assert_null(w->steps[2].text.parts[1].text);
	assert_int_equal(w->steps[2].text.parts[1].step, 0);
	assert_string_equal(w->steps[3].argv[1], "y z");
	assert_null(w->steps[3].argv[2]);
	assert_int_equal(w->steps[3].timeout_ns, 5 * EP_NS_PER_S);
	assert_string_equal(w->steps[4].model, "m2");
	assert_int_equal(w->steps[4].repeat_count, 2);
	assert_int_equal(w->steps[4].max_token_count, 5);
	ep_workflow_apply(w, &d);
	assert_string_equal(d.model, "m1");
	assert_int_equal(d.seed, 7);
	assert_int_equal(d.ctx_count, 2048);
	assert_int_equal(d.gpu_layer_count, 8); /* the command line's */
	assert_int_equal(d.max_token_count, 90);
	assert_ptr_equal(d.steps, w);
	ep_workflow_free(w);
	ep_workflow_free(NULL);
}

#define CALL "call \"a\" { prompt = \"x\" }\n"

static void errors_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no call" },
		{ "pause \"p\" { time = 1s }\n", "no call" },
		{ "heat = 1\n" CALL, "w.conf:1: " },
		{ CALL "calls \"b\" { }\n", ":2: unknown section" },
		{ CALL "call \"b\" { }\n", ":2: call: prompt is missing" },
		{ CALL "call \"b\" { prompt = \"\" }\n", ":2: prompt: is" },
		{ CALL CALL, ":2: second call \"a\"" },
		{ CALL "pause \"a\" { time = 1s }\n", ":2: two steps are" },
		{ CALL "call \"b c\" { prompt = x }\n", ":2: call \"b c\": a" },
		{ "\ncall \"a\" {\n prompt = \"{a.answer}\"\n}\n",
		  ":3: prompt: {a.answer} is nothing that an earlier" },
		{ "call \"a\" { prompt = \"{b.answer}\" }\n"
		  "call \"b\" { prompt = \"{a.answer}\" }\n",
		  ":1: prompt: {b.answer} is nothing" },
		{ CALL "call \"b\" { prompt = \"{a.text}\" }\n",
		  ":2: prompt: there is no {a.text}; write {a.answer}" },
		{ CALL "call \"b\" { prompt = \"{HOME}\" }\n", ":2: prompt:" },
		{ CALL "pause \"p\" { time = 1s }\n"
		       "call \"b\" { prompt = \"{p.text}\" }\n",
		  ":3: prompt: 'p' is a pause" },
		{ CALL "pause \"p\" { time = 0s }\n", ":2: time: must be" },
		{ CALL "pause \"p\" { time = 5 }\n", ":2: time: '5' is not" },
		{ CALL "file \"f\" { path = \"\" }\n", ":2: path: is empty" },
		{ CALL "command \"c\" { run = \" \" }\n", ":2: run: there is" },
		{ CALL "command \"c\" { run = \"a 'b\" }\n",
		  ":2: run: ' is not closed" },
		{ "temperature = 11\n" CALL, ":1: temperature: must be" },
		{ "repeat = 0\n" CALL, ":1: repeat: must be a whole number" },
		{ "repeat = 1001\n" CALL, ":1: repeat: must be" },
		{ "max_tokens = 010\n" CALL, ":1: max_tokens: must be" },
		{ "model = \"\"\n" CALL, ":1: model: is empty" },
		{ "call \"a\" { prompt = \"${HOME}\" }\n", ":1: '${'" },
		{ "call \"a\" { prompt = \"caf\xe9\" }\n", ":1: prompt: this" },
		{ "repeat = 1000\ncall \"a\" { prompt = x repeat = 11 }\n",
		  "more than 10000 requests" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_workflow *w = NULL;
		struct ep_err err;

		assert_int_equal(load(bad[i].text, &w, &err), -EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("'%s' not in '%s'", bad[i].says, err.text);
		assert_null(w);
	}
}

static void a_missing_file_and_too_many_steps(void **state)
{
	static char text[16 * 1024];
	struct ep_workflow *w = NULL;
	struct ep_err err = { 0 };
	size_t len = 0;

	(void)state;
	assert_int_equal(ep_workflow_load("/nonexistent/w", &w, &err), -ENOENT);
	for (int i = 0; i < 101; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"call \"a%d\" { prompt = x }\n", i);
	assert_int_equal(load(text, &w, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than 100 steps"));
}

static void results_are_put_in_as_they_are(void **state)
{
	static const struct ep_step steps[] = {
		{ .kind = EP_STEP_CALL, .id = (char *)(uintptr_t) "a" },
		{ .kind = EP_STEP_FILE, .id = (char *)(uintptr_t) "a-b" },
	};
	static const struct {
		const char *text, *gives;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "{a.answer}", "$(rm) {a-b.text} `x`" },
		{ "{a-b.text}{a-b.text}", "BB" },
		{ "{{a.answer}", "{a.answer}" },
		{ "{ a.answer }", "{ a.answer }" },
		{ "{}{\"k\": [1]}", "{}{\"k\": [1]}" },
		{ "a{", "a{" },
		{ "{a.answer", "{a.answer" },
	};
	char *results[] = { (char *)(uintptr_t) "$(rm) {a-b.text} `x`",
			    (char *)(uintptr_t) "B" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_template t = { 0 };
		struct ep_err err = { 0 };
		struct ep_buf b;

		ep_buf_init(&b, 4096);
		assert_int_equal(
			ep_template_parse(cases[i].text, steps, 2, &t, &err),
			0);
		assert_int_equal(ep_template_fill(&t, results, &b), 0);
		assert_string_equal(b.data, cases[i].gives);
		ep_template_done(&t);
		ep_buf_done(&b);
	}
}

static void a_filled_text_has_a_limit(void **state)
{
	static const struct ep_step steps[] = {
		{ .kind = EP_STEP_CALL, .id = (char *)(uintptr_t) "a" },
	};
	char *results[] = { (char *)(uintptr_t) "0123456789" };
	struct ep_template t = { 0 };
	struct ep_err err = { 0 };
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 15);
	assert_int_equal(
		ep_template_parse("{a.answer}{a.answer}", steps, 1, &t, &err),
		0);
	assert_int_equal(ep_template_fill(&t, results, &b), -EFBIG);
	ep_template_done(&t);
	ep_buf_done(&b);
}

static int ingest(struct ep_step *s, const char *input, char *ret, size_t size,
		  struct ep_err *err)
{
	struct ep_buf text;
	int r;

	memset(err, 0, sizeof(*err));
	ep_buf_init(&text, EP_WORKFLOW_TEXT_BYTES_MAX);
	r = ep_workflow_ingest(s, input, -1, &text, err);
	snprintf(ret, size, "%s", r == 0 ? text.data : "");
	ep_buf_done(&text);
	return r;
}

static int run(const char *command, const char *input, int64_t timeout_ns,
	       char *ret, struct ep_err *err)
{
	struct ep_step s = { .kind = EP_STEP_COMMAND,
			     .timeout_ns = timeout_ns };
	int r;

	assert_int_equal(ep_words_split(command, &s.argv, err), 0);
	r = ingest(&s, input, ret, 256, err);
	ep_words_free(s.argv);
	return r;
}

static void commands_read_and_write(void **state)
{
	const int64_t s = EP_NS_PER_S;
	struct ep_err err = { 0 };
	char text[256];

	(void)state;
	/* A folder of PATH that is not ours would be -EACCES. */
	assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
	assert_int_equal(run("cat", "in\n$(x)", 10 * s, text, &err), 0);
	assert_string_equal(text, "in\n$(x)");
	assert_int_equal(run("cat", "", 10 * s, text, &err), 0);
	assert_string_equal(text, "");
	assert_int_equal(
		run("printf '%s|' 'a b' '$HOME'", "", 10 * s, text, &err), 0);
	assert_string_equal(text, "a b|$HOME|");
	assert_int_equal(run("false", "", 10 * s, text, &err), -ECHILD);
	assert_non_null(strstr(err.text, "false ended with status 1"));
	assert_int_equal(run("sh -c 'kill -9 $$'", "", 10 * s, text, &err),
			 -ECHILD);
	assert_non_null(strstr(err.text, "ended by signal 9"));
	assert_int_equal(run("no-such-program-x", "", s, text, &err), -ENOENT);
	assert_int_equal(run("sleep 20", "", s / 20, text, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "did not end within 0.05 s"));
	assert_int_equal(run("yes", "", 20 * s, text, &err), -EFBIG);
	assert_non_null(strstr(err.text, "more than 1 MiB"));
	assert_int_equal(run("printf '\\377'", "", 10 * s, text, &err),
			 -EILSEQ);
	assert_int_equal(run("printf 'a\\0b'", "", 10 * s, text, &err),
			 -EILSEQ);
	/* A pipe that a grandchild keeps open is not waited for. */
	assert_int_equal(run("sh -c 'sleep 5 2>/dev/null & echo up'", "", 4 * s,
			     text, &err),
			 0);
	assert_string_equal(text, "up\n");
}

static void files_have_a_limit(void **state)
{
	static char large[EP_WORKFLOW_TEXT_BYTES_MAX + 2];
	struct ep_step s = { .kind = EP_STEP_FILE };
	struct ep_err err = { 0 };
	char text[256], path[160];

	(void)state;
	ep_tmp_puts(&tmp, "f", "caf\xc3\xa9\n");
	snprintf(path, sizeof(path), "%s", ep_tmp_path(&tmp, "f"));
	s.path = path;
	assert_int_equal(ingest(&s, "", text, sizeof(text), &err), 0);
	assert_string_equal(text, "caf\xc3\xa9\n");
	memset(large, 'x', sizeof(large) - 1);
	ep_tmp_puts(&tmp, "f", large);
	assert_int_equal(ingest(&s, "", text, sizeof(text), &err), -EFBIG);
	ep_tmp_puts(&tmp, "f", "\xff");
	assert_int_equal(ingest(&s, "", text, sizeof(text), &err), -EILSEQ);
	unlink(path);
	assert_int_equal(ingest(&s, "", text, sizeof(text), &err), -ENOENT);
	s.path = tmp.path;
	assert_int_equal(ingest(&s, "", text, sizeof(text), &err), -EISDIR);
}

static void waiting_ends_when_stopped(void **state)
{
	struct ep_step s = { .kind = EP_STEP_PAUSE,
			     .pause_ns = 3600 * EP_NS_PER_S };
	struct ep_err err = { 0 };
	struct ep_buf text;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "s", 1), 1);
	ep_buf_init(&text, 16);
	assert_int_equal(ep_workflow_ingest(&s, "", ends[0], &text, &err),
			 -EINTR);
	s.kind = EP_STEP_COMMAND;
	s.timeout_ns = 3600 * EP_NS_PER_S;
	assert_int_equal(ep_words_split("sleep 100", &s.argv, &err), 0);
	assert_int_equal(ep_workflow_ingest(&s, "", ends[0], &text, &err),
			 -EINTR);
	ep_words_free(s.argv);
	ep_buf_done(&text);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_becomes_steps),
		cmocka_unit_test(errors_name_file_and_line),
		cmocka_unit_test(a_missing_file_and_too_many_steps),
		cmocka_unit_test(results_are_put_in_as_they_are),
		cmocka_unit_test(a_filled_text_has_a_limit),
		cmocka_unit_test(commands_read_and_write),
		cmocka_unit_test(files_have_a_limit),
		cmocka_unit_test(waiting_ends_when_stopped),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

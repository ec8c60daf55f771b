/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of servers against what they say: tests/golden/requests/DIALECT-*.txt
 * is a reply's body as it is, the .out beside it one line per piece, "piece
 * TOKENS RUNNING TEXT" ("thought" for thinking, "progress DONE OF"), then what
 * the reply tells.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "runners/dialect.h"
#include "runners/lines.h"

#define FOLDER "tests/golden/requests"

struct golden {
	const struct ep_dialect *dialect;
	struct ep_reply reply;
	struct ep_buf out;
};

static int take_line(void *ctx, char *text, size_t len)
{
	struct golden *g = ctx;
	struct ep_piece p;
	json_t *value;
	int r = 0;

	if (strcmp(text, "[DONE]") == 0)
		return ep_buf_adds(&g->out, "[DONE]\n");
	value = json_loadb(text, len, 0, NULL);
	if (!json_is_object(value)) {
		json_decref(value);
		return ep_buf_adds(&g->out, "no JSON object\n");
	}
	ep_piece_init(&p);
	g->dialect->decode(value, &g->reply, &p);
	if (p.said == EP_SAID_PIECE)
		r = ep_buf_addf(&g->out, "%s %" PRId64 " %" PRId64 " %s\n",
				p.thinking ? "thought" : "piece",
				p.tokens_count, p.running_count, p.text);
	else if (p.said == EP_SAID_PROGRESS)
		r = ep_buf_addf(&g->out, "progress %" PRId64 " %" PRId64 "\n",
				p.processed_count, p.prompt_count);
	json_decref(value);
	return r;
}

static int tell_reply(struct golden *g)
{
	const struct ep_reply *r = &g->reply;

	return ep_buf_addf(
		&g->out,
		"done %d prompt %" PRId64 "%s cached %" PRId64
		" output %" PRId64 " draft %" PRId64 " load %" PRId64
		" prefill %" PRId64 " generation %" PRId64 " total %" PRId64
		"%s stop '%s' model '%s' error '%s'\n",
		r->done, r->prompt_count,
		r->prompt_has_cached ? " with cached" : "", r->cached_count,
		r->output_count, r->draft_count, r->load_ns, r->prefill_ns,
		r->generation_ns, r->total_ns, r->odd ? " odd" : "", r->stop,
		r->model, r->error);
}

static void check_case(const char *name)
{
	struct golden g = { 0 };
	struct ep_buf bytes, want;
	struct ep_lines lines;
	char path[300];
	int r;

	for (size_t i = 0; ep_dialects[i]; i++)
		if (ep_str_starts(name, ep_dialects[i]->name) &&
		    name[strlen(ep_dialects[i]->name)] == '-')
			g.dialect = ep_dialects[i];
	if (!g.dialect)
		fail_msg("%s: no dialect is called so", name);
	ep_buf_init(&bytes, 1 << 20);
	ep_buf_init(&want, 1 << 20);
	ep_buf_init(&g.out, 1 << 20);
	(void)ep_str_format(path, sizeof(path), FOLDER "/%s", name);
	assert_int_equal(ep_file_read(AT_FDCWD, path, &bytes), 0);
	(void)ep_str_format(path, sizeof(path), FOLDER "/%.*s.out",
			    (int)strlen(name) - 4, name);
	assert_int_equal(ep_file_read(AT_FDCWD, path, &want), 0);
	ep_reply_init(&g.reply);
	ep_lines_init(&lines, g.dialect->events, take_line, &g);
	r = ep_lines_feed(&lines, bytes.data, bytes.len);
	if (r == 0)
		r = ep_lines_finish(&lines);
	assert_int_equal(r, 0);
	assert_int_equal(tell_reply(&g), 0);
	if (strcmp(g.out.data, want.data) != 0)
		fail_msg("%s says\n%snot\n%s", name, g.out.data, want.data);
	ep_lines_done(&lines);
	ep_buf_done(&bytes);
	ep_buf_done(&want);
	ep_buf_done(&g.out);
}

static void every_answer_says_what_its_neighbour_holds(void **state)
{
	const struct dirent *entry;
	DIR *dir = opendir(FOLDER);
	int count = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!ep_str_ends(entry->d_name, ".txt"))
			continue;
		check_case(entry->d_name);
		count++;
	}
	closedir(dir);
	assert_true(count >= 8);
}

static void is_body(const struct ep_dialect *d, const struct ep_drive *drive,
		    const struct ep_prompt *p, const char *want_path,
		    const char *want)
{
	const char *path = "";
	json_t *body = d->body(drive, p, &path);
	char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(text);
	assert_string_equal(path, want_path);
	assert_string_equal(text, want);
	free(text);
	json_decref(body);
}

static void servers_are_asked_in_their_own_words(void **state)
{
	struct ep_prompt p = { .text = (char[]){ "say \"hi\"\n" },
			       .randomness = 0.5,
			       .max_token_count = 7 };
	const struct ep_prompt plain = { .text = (char[]){ "x" },
					 .randomness = (double)NAN };
	struct ep_drive d = {
		.model = "m", .seed = 3, .ctx_count = 512, .gpu_layer_count = -1
	};
	const struct ep_drive bare = { .model = "m",
				       .seed = -1,
				       .gpu_layer_count = -1 };

	(void)state;
	is_body(&ep_dialect_ollama, &d, &p, "/api/generate",
		"{\"model\":\"m\",\"options\":{\"num_ctx\":512,\"num_predict\":"
		"7,\"seed\":3,\"temperature\":0.5},\"prompt\":\"say \\\"hi\\\"\\"
		"n\",\"stream\":true}");
	is_body(&ep_dialect_ollama, &bare, &plain, "/api/generate",
		"{\"model\":\"m\",\"options\":{},\"prompt\":\"x\",\"stream\":"
		"true}");
	is_body(&ep_dialect_llama_server, &d, &p, "/completion",
		"{\"n_predict\":7,\"prompt\":\"say \\\"hi\\\"\\n\",\"return_"
		"tokens\":true,\"seed\":3,\"stream\":true,\"temperature\":0.5}");
	is_body(&ep_dialect_openai, &d, &p, "/chat/completions",
		"{\"max_tokens\":7,\"messages\":[{\"content\":\"say \\\"hi\\\"\\"
		"n\",\"role\":\"user\"}],\"model\":\"m\",\"seed\":3,\"stream\":"
		"true,\"stream_options\":{\"include_usage\":true},"
		"\"temperature\":0.5}");
	d.chat = true;
	is_body(&ep_dialect_ollama, &d, &plain, "/api/chat",
		"{\"messages\":[{\"content\":\"x\",\"role\":\"user\"}],"
		"\"model\":\"m\",\"options\":{\"num_ctx\":512,\"seed\":3},"
		"\"stream\":true}");
}

static void a_fixed_length_comes_before_the_prompts_own(void **state)
{
	const struct ep_prompt p = { .text = (char[]){ "x" },
				     .randomness = (double)NAN,
				     .max_token_count = 7 };
	struct ep_drive d = { .model = "m",
			      .seed = -1,
			      .gpu_layer_count = 0,
			      .thread_count = 3,
			      .max_token_count = 9 };

	(void)state;
	assert_int_equal(ep_token_limit(&d, &p), 7);
	d.output_token_count = 100;
	is_body(&ep_dialect_ollama, &d, &p, "/api/generate",
		"{\"model\":\"m\",\"options\":{\"num_gpu\":0,\"num_predict\":"
		"100,\"num_thread\":3},\"prompt\":\"x\",\"stream\":true}");
	d.ignore_eos = true;
	is_body(&ep_dialect_llama_server, &d, &p, "/completion",
		"{\"ignore_eos\":true,\"n_predict\":100,\"prompt\":\"x\","
		"\"return_tokens\":true,\"stream\":true}");
	is_body(&ep_dialect_openai, &d, &p, "/chat/completions",
		"{\"ignore_eos\":true,\"max_tokens\":100,\"messages\":[{"
		"\"content\":\"x\",\"role\":\"user\"}],\"model\":\"m\","
		"\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
}

static void a_fixed_prompt_is_not_cached(void **state)
{
	int32_t tokens[] = { 1, 31999, 7 };
	const struct ep_prompt p = { .text = (char[]){ "x" },
				     .randomness = (double)NAN,
				     .asked_prompt_count = 3,
				     .tokens = tokens,
				     .token_count = 3 };
	struct ep_drive d = { .model = "m", .seed = -1, .gpu_layer_count = -1 };

	(void)state;
	is_body(&ep_dialect_llama_server, &d, &p, "/completion",
		"{\"cache_prompt\":false,\"prompt\":[1,31999,7],"
		"\"return_tokens\":true,\"stream\":true}");
	is_body(&ep_dialect_ollama, &d, &p, "/api/generate",
		"{\"model\":\"m\",\"options\":{},\"prompt\":\"x\","
		"\"raw\":true,\"stream\":true}");
	is_body(&ep_dialect_openai, &d, &p, "/chat/completions",
		"{\"messages\":[{\"content\":\"x\",\"role\":\"user\"}],"
		"\"model\":\"m\",\"stream\":true,"
		"\"stream_options\":{\"include_usage\":true}}");
	d.chat = true;
	is_body(&ep_dialect_llama_server, &d, &p, "/v1/chat/completions",
		"{\"cache_prompt\":false,\"messages\":[{\"content\":\"x\","
		"\"role\":\"user\"}],\"model\":\"m\",\"stream\":true,"
		"\"stream_options\":{\"include_usage\":true}}");
	is_body(&ep_dialect_ollama, &d, &p, "/api/chat",
		"{\"messages\":[{\"content\":\"x\",\"role\":\"user\"}],"
		"\"model\":\"m\",\"options\":{},\"stream\":true}");
}

static void refuses(const struct ep_dialect *dialect, const struct ep_drive *d,
		    bool starts, const char *words)
{
	struct ep_err err = { 0 };

	assert_int_equal(ep_dialect_check(dialect, d, starts, &err), -EINVAL);
	if (!strstr(err.text, words))
		fail_msg("'%s' does not say '%s'", err.text, words);
}

static void what_cannot_be_sent_is_refused(void **state)
{
	struct ep_drive d = { .seed = -1, .gpu_layer_count = -1 };

	(void)state;
	refuses(&ep_dialect_openai, &d, false, "needs --url");
	refuses(&ep_dialect_ollama, &d, false, "needs --model");
	d.url = "http://x";
	d.model = "m";
	for (size_t i = 0; ep_dialects[i]; i++)
		assert_int_equal(
			ep_dialect_check(ep_dialects[i], &d, false, NULL), 0);
	d.gpu_layer_count = 0;
	assert_int_equal(ep_dialect_check(&ep_dialect_ollama, &d, false, NULL),
			 0);
	refuses(&ep_dialect_openai, &d, false, "--gpu-layers cannot be sent");
	assert_int_equal(
		ep_dialect_check(&ep_dialect_llama_server, &d, true, NULL), 0);
	d.gpu_layer_count = -1;
	d.thread_count = 2;
	refuses(&ep_dialect_llama_server, &d, false, "--threads cannot");
	d.thread_count = 0;
	d.ctx_count = 2;
	refuses(&ep_dialect_openai, &d, false, "--ctx cannot");
	d.ctx_count = 0;
	d.cold = true;
	refuses(&ep_dialect_openai, &d, false, "--cold needs");
	d.cold = false;
	d.chat = true;
	refuses(&ep_dialect_openai, &d, false, "--chat");
	assert_int_equal(ep_dialect_check(&ep_dialect_ollama, &d, false, NULL),
			 0);
	d.chat = false;
	d.ca_file = "ca.pem";
	refuses(&ep_dialect_openai, &d, false, "--ca-file is for https://");
	d.url = "HTTPS://x";
	assert_int_equal(ep_dialect_check(&ep_dialect_openai, &d, false, NULL),
			 0);
	d.url = NULL;
	refuses(&ep_dialect_llama_server, &d, true, "--ca-file is for");
	d.url = "http://x";
	d.ca_file = NULL;
	d.ignore_eos = true;
	refuses(&ep_dialect_openai, &d, false, "add --output-tokens");
	d.output_token_count = 5;
	refuses(&ep_dialect_ollama, &d, false, "--ignore-eos cannot");
}

/* --runner finds a dialect by the name in the list, messages tell its own. */
static void names_of_the_list_are_the_dialects_own(void **state)
{
	static const char *const names[] = {
#define EP_RUNNER(id)
#define EP_DIALECT(id, name) name,
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT
	};
	size_t count = sizeof(names) / sizeof(names[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		assert_string_equal(ep_dialects[i]->name, names[i]);
	assert_null(ep_dialects[count]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_says_what_its_neighbour_holds),
		cmocka_unit_test(servers_are_asked_in_their_own_words),
		cmocka_unit_test(a_fixed_length_comes_before_the_prompts_own),
		cmocka_unit_test(a_fixed_prompt_is_not_cached),
		cmocka_unit_test(what_cannot_be_sent_is_refused),
		cmocka_unit_test(names_of_the_list_are_the_dialects_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

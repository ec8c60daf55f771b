/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * llama_server -m MODEL [--host ADDRESS] [--port N] [-t N] [-c N] [-ngl N]
 *              [--mlock]
 *
 * llama.cpp's server, as far as whoever starts one sees it: it loads, says so,
 * answers, ends on SIGTERM, and calls the C API of libllama, which is linked
 * into it and only spins.  The model file is its script, words separated by
 * white space:
 *
 * bad             the model cannot be loaded
 * load=MS         before it listens
 * loading=N       /health says 503 so many times
 * exit=N          ends with status 3 within the answer to request N
 * abort=N         the same by SIGABRT
 * stall=N         never ends the answer to request N
 * deaf            ignores SIGTERM and SIGINT
 * miscount        tells one prompt token too many
 */
#include <jansson.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/sim/support/llm_script.h"

#if defined(__GNUC__) && !defined(__clang__)
#define NO_INLINE __attribute__((noinline, used, externally_visible))
#else
#define NO_INLINE __attribute__((noinline, used))
#endif

struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

void *llama_model_load_from_file(const char *path);
void *llama_init_from_model(void *model);
int32_t llama_decode(void *ctx, struct llama_batch batch);
float *llama_get_logits_ith(void *ctx, int32_t i);

static volatile int stopped;
static int context;
static struct llm llm = { .model = "sim",
			  .prefill_ns = 1000000,
			  .token_ns = 3000000,
			  .tokens = 8,
			  .prompt_tokens = 30,
			  .per_chunk = 1 };
static long load_ms = 20, exit_at, abort_at, stall_at;
static int bad, deaf, miscount;
static long decodes_left, pieces_begun;
static char health[64];

static void spin(int64_t us)
{
	int64_t end = ep_clock_monotonic_ns() + us * EP_NS_PER_US;

	while (ep_clock_monotonic_ns() < end)
		;
}

NO_INLINE void *llama_model_load_from_file(const char *path)
{
	(void)path;
	spin(load_ms * 1000);
	return &context;
}

NO_INLINE void *llama_init_from_model(void *model)
{
	spin(500);
	return model;
}

NO_INLINE int32_t llama_decode(void *ctx, struct llama_batch batch)
{
	(void)ctx;
	spin(batch.n_tokens > 1 ? 5000 : 1000);
	return 0;
}

NO_INLINE float *llama_get_logits_ith(void *ctx, int32_t i)
{
	static float logits[2];

	(void)ctx;
	spin(1);
	return logits + (i & 1);
}

static void evaluate(long tokens)
{
	struct llama_batch batch = { .n_tokens = (int32_t)tokens };

	if (llama_decode(&context, batch) == 0)
		(void)llama_get_logits_ith(&context, -1);
}

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void generate(const struct http_request *q, struct http_reply *r)
{
	struct llm_ask ask = { .protocol = LLM_COMPLETION };
	json_t *o = json_loads(q->body, 0, NULL);

	ask.max_tokens =
		(long)json_integer_value(json_object_get(o, "n_predict"));
	json_decref(o);
	llm.requests++;
	evaluate(llm.prompt_tokens - miscount);
	pieces_begun = 0;
	decodes_left = ask.max_tokens > 0 && ask.max_tokens < llm.tokens
			       ? ask.max_tokens - 1
			       : llm.tokens - 1;
	if (llm_script(&llm, &ask, r) < 0)
		stopped = 1;
}

static void answer(void *ctx, const struct http_request *q,
		   struct http_reply *r)
{
	(void)ctx;
	if (strcmp(q->target, "/health") == 0) {
		r->status = llm.loading > 0 ? 503 : 200;
		snprintf(health, sizeof(health), "{\"status\":\"%s\"}",
			 llm.loading > 0 ? "loading" : "ok");
		r->body = health;
		llm.loading -= llm.loading > 0;
	} else if (strcmp(q->target, "/completion") == 0) {
		generate(q, r);
	} else {
		r->status = 404;
		r->body = "{\"error\":\"no such page\"}";
	}
}

/* The first token comes out of the prompt, each other one is evaluated when it
 * is about to be sent. */
static void on_send(void *ctx, const struct http_piece *piece, int64_t t_ns)
{
	long n = (long)llm.requests;

	(void)ctx;
	(void)t_ns;
	if (strstr(piece->data, "prompt_progress") || pieces_begun++ == 0)
		return;
	if (pieces_begun == 3) {
		if (n == exit_at || n == abort_at)
			fprintf(stderr, "ggml: out of memory\n");
		if (n == exit_at)
			exit(3);
		if (n == abort_at)
			abort();
		while (n == stall_at && !stopped)
			spin(1000);
	}
	if (decodes_left-- > 0)
		evaluate(1);
}

static int read_script(const char *path)
{
	const struct {
		const char *word;
		long *number;
		int *flag;
	} words[] = {
		{ "load=", &load_ms, NULL },
		{ "loading=", &llm.loading, NULL },
		{ "exit=", &exit_at, NULL },
		{ "abort=", &abort_at, NULL },
		{ "stall=", &stall_at, NULL },
		{ "bad", NULL, &bad },
		{ "deaf", NULL, &deaf },
		{ "miscount", NULL, &miscount },
	};
	FILE *f = path ? fopen(path, "re") : NULL;
	char word[64];

	if (!f)
		return -1;
	while (fscanf(f, "%63s", word) == 1)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			size_t len = strlen(words[i].word);

			if (strncmp(word, words[i].word, len) != 0)
				continue;
			if (words[i].number)
				*words[i].number = strtol(word + len, NULL, 10);
			else
				*words[i].flag = 1;
		}
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	struct http_peer peer = { .answer = answer,
				  .sent = on_send,
				  .posts = true };
	const char *model = NULL;
	unsigned port = 8080;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "-m") == 0)
			model = value;
		else if (strcmp(argv[i], "--port") == 0)
			port = (unsigned)strtoul(value, NULL, 10);
		i += strcmp(argv[i], "--mlock") != 0;
	}
	fprintf(stderr, "main: loading model\n");
	if (read_script(model) < 0 || bad) {
		fprintf(stderr, "main: exiting due to model loading error\n\n");
		return 1;
	}
	signal(SIGTERM, deaf ? SIG_IGN : stop);
	signal(SIGINT, deaf ? SIG_IGN : stop);
	(void)llama_init_from_model(llama_model_load_from_file(model));
	if (http_peer_listen(&peer, port) < 0)
		return 1;
	fprintf(stderr, "main: server is listening on port %u\n", port);
	printf("llama_server ready\n");
	fflush(stdout);
	http_peer_serve(&peer, &stopped,
			ep_clock_monotonic_ns() + 120 * EP_NS_PER_S);
	return 0;
}

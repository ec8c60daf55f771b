/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * llm_server [--port N] [--seconds N] [--model NAME] [--load MS] [--prefill MS]
 *            [--token MS] [--tokens N] [--prompt-tokens N] [--cached N]
 *            [--thinking N] [--per-chunk N] [--loading N] [--key TEXT]
 *            [--log FILE] [--asked FILE] [--loaded] [--eos] [--running]
 *            [--also MODEL] [--count-prompt N] [--no-tokenize]
 *            [--no-usage] [--timings] [--spin] [--fault NAME[@FROM[-TO]]]...
 *
 * An inference server on 127.0.0.1 that speaks the streaming protocols of
 * Ollama (/api/...), llama-server (/health, /completion) and OpenAI
 * (/v1/chat/completions) at scripted times: load (Ollama, when not loaded),
 * prefill, then a token every --token milliseconds.  Prints "port N"; --log
 * takes one line "REQUEST T_NS" per piece handed to the kernel, --asked the body
 * of every request for tokens.
 * --count-prompt: prompts are counted (support/llm_tokens.h), with N tokens of a
 * template, and their beginnings cached.  --also: another model it has.
 * Faults: 404 500 busy html redirect slow stall reset truncated midstream cut
 * exit long utf8 crlf dupusage nodone huge negative; of the requests FROM to TO,
 * counted from 1.
 */
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/support/llm_script.h"
#include "tests/sim/support/llm_tokens.h"

static volatile int stopped;
static struct llm llm = { .model = "llama3.2:1b",
			  .load_ns = 100000000,
			  .prefill_ns = 50000000,
			  .token_ns = 10000000,
			  .tokens = 20,
			  .prompt_tokens = 30,
			  .per_chunk = 1 };
static const char *key, *also;
static long overhead = -1; /* of a template; -1: prompts are not counted */
static bool no_tokenize;
static FILE *logged, *asked;
static char body[4096];

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static long number_of(const json_t *o, const char *name)
{
	return (long)json_integer_value(json_object_get(o, name));
}

static void refuse(struct http_reply *r, int status, const char *text)
{
	r->status = status;
	snprintf(body, sizeof(body), "{\"error\":\"%s\"}", text);
	r->body = body;
}

/* Faults of the reply as such; true: it is made. */
static bool spoil(struct http_reply *r)
{
	if (llm_faulty(&llm, "404")) {
		refuse(r, 404, "model 'llama3.2:1b' not found");
	} else if (llm_faulty(&llm, "500")) {
		refuse(r, 500, "llama runner process has terminated");
	} else if (llm_faulty(&llm, "busy")) {
		refuse(r, 503, "server busy");
	} else if (llm_faulty(&llm, "redirect")) {
		r->status = 307;
		r->headers = "Location: http://127.0.0.1:1/elsewhere\r\n";
		r->body = "";
	} else if (llm_faulty(&llm, "html")) {
		r->type = "text/html";
		r->body = "<!DOCTYPE html><html><body>Log in</body></html>";
	} else {
		return false;
	}
	return true;
}

static bool is_ours(const char *model)
{
	return strcmp(model, llm.model) == 0 ||
	       (also && strcmp(model, also) == 0);
}

static void tokenize(const struct http_request *q, struct http_reply *r)
{
	static int ids[LLM_TOKENS_MAX];
	static char text[LLM_TOKENS_MAX * 8];
	json_t *o = json_loads(q->body, 0, NULL);
	const char *content = json_string_value(json_object_get(o, "content"));
	size_t len = 0, count = 1;

	ids[0] = 1;
	count += llm_tokenize(content ? content : "", ids + 1,
			      LLM_TOKENS_MAX - 1);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d",
					i ? "," : "{\"tokens\":[", ids[i]);
	snprintf(text + len, sizeof(text) - len, "]}");
	r->body = text;
	json_decref(o);
}

static void generate(const struct http_request *q, struct http_reply *r,
		     enum llm_protocol protocol)
{
	json_t *o = json_loads(q->body, 0, NULL);
	const json_t *options = json_object_get(o, "options");
	const json_t *alive = json_object_get(o, "keep_alive");
	const char *prompt = json_string_value(json_object_get(o, "prompt"));
	const char *model = json_string_value(json_object_get(o, "model"));
	struct llm_ask ask = { .protocol = protocol };

	ask.include_usage = json_is_true(json_object_get(
		json_object_get(o, "stream_options"), "include_usage"));
	ask.ignore_eos = json_is_true(json_object_get(o, "ignore_eos"));
	ask.max_tokens = number_of(options, "num_predict") +
			 number_of(o, "n_predict") + number_of(o, "max_tokens");
	if (protocol == LLM_GENERATE && !prompt) {
		llm.loaded = !json_is_integer(alive) ||
			     json_integer_value(alive) != 0;
		snprintf(body, sizeof(body),
			 "{\"model\":\"%s\",\"response\":\"\",\"done\":true,"
			 "\"done_reason\":\"%s\"}\n",
			 llm.model, llm.loaded ? "load" : "unload");
		r->body = body;
	} else if (!o || (model && !is_ours(model))) {
		refuse(r, o ? 404 : 400, o ? "model not found" : "bad JSON");
	} else {
		llm.requests++;
		if (overhead >= 0)
			llm_count(&llm, o, overhead);
		if (asked)
			fprintf(asked, "%s\n", q->body);
		if (asked)
			fflush(asked);
		if (!spoil(r) && llm_script(&llm, &ask, r) < 0)
			stopped = 1;
	}
	json_decref(o);
}

static bool answer_small(const struct http_request *q, struct http_reply *r)
{
	static char models[1024];

	r->body = body;
	snprintf(models, sizeof(models),
		 "{\"name\":\"%s\",\"model\":\"%s\",\"size\":1}", llm.model,
		 llm.model);
	if (strcmp(q->target, "/api/version") == 0)
		snprintf(body, sizeof(body), "{\"version\":\"0.33.0\"}");
	else if (strcmp(q->target, "/api/ps") == 0)
		snprintf(body, sizeof(body), "{\"models\":[%s]}",
			 llm.loaded ? models : "");
	else if (strcmp(q->target, "/api/tags") == 0)
		snprintf(body, sizeof(body), "{\"models\":[%s]}", models);
	else if (strcmp(q->target, "/api/show") == 0)
		snprintf(body, sizeof(body), "{\"capabilities\":[]}");
	else if (strcmp(q->target, "/v1/models") == 0)
		snprintf(body, sizeof(body),
			 "{\"object\":\"list\",\"data\":[{\"id\":\"%s\","
			 "\"object\":\"model\",\"created\":1,\"owned_by\":"
			 "\"sim\"}]}",
			 llm.model);
	else if (strcmp(q->target, "/health") == 0)
		snprintf(body, sizeof(body), "{\"status\":\"ok\"}");
	else
		return false;
	if (strcmp(q->target, "/api/show") == 0 &&
	    !strstr(q->body, llm.model) && !(also && strstr(q->body, also)))
		refuse(r, 404, "model not found");
	if (strcmp(q->target, "/health") == 0 && llm.loading > 0) {
		llm.loading--;
		refuse(r, 503, "Loading model");
	}
	return true;
}

static void answer(void *ctx, const struct http_request *q,
		   struct http_reply *r)
{
	static const struct {
		const char *path;
		enum llm_protocol protocol;
	} paths[] = {
		{ "/api/generate", LLM_GENERATE },
		{ "/api/chat", LLM_OLLAMA_CHAT },
		{ "/completion", LLM_COMPLETION },
		{ "/v1/chat/completions", LLM_CHAT },
	};

	(void)ctx;
	if (key && (strncmp(q->authorization, "Bearer ", 7) != 0 ||
		    strcmp(q->authorization + 7, key) != 0)) {
		refuse(r, 401, "no such key");
		return;
	}
	if (strcmp(q->target, "/tokenize") == 0 && !no_tokenize) {
		tokenize(q, r);
		return;
	}
	if (answer_small(q, r))
		return;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(q->target, paths[i].path) == 0 &&
		    strcmp(q->method, "POST") == 0) {
			generate(q, r, paths[i].protocol);
			return;
		}
	refuse(r, 404, "no such page");
}

static void note_sent(void *ctx, const struct http_piece *piece, int64_t t_ns)
{
	const struct http_peer *peer = ctx;

	/* Nobody shall be let in between the end of this answer and our own. */
	if (strcmp(piece->data, LLM_EXIT) == 0) {
		close(peer->listen_fd);
		_exit(0);
	}
	/* Only pieces with text of the model are stamped by a client. */
	if (logged &&
	    (strstr(piece->data, "w") || strstr(piece->data, "caf")) &&
	    !strstr(piece->data, "\"done\":true"))
		fprintf(logged, "%lu %lld\n", llm.requests, (long long)t_ns);
}

static int add_fault(const char *text)
{
	struct llm_fault *f = &llm.faults[llm.fault_count];
	const char *at = strchr(text, '@'), *dash;

	if (llm.fault_count == LLM_FAULTS_MAX)
		return -1;
	snprintf(f->name, sizeof(f->name), "%.*s",
		 at ? (int)(at - text) : (int)strlen(text), text);
	f->from = at ? strtoul(at + 1, NULL, 10) : 0;
	dash = at ? strchr(at, '-') : NULL;
	f->to = dash ? strtoul(dash + 1, NULL, 10) : at ? f->from : ~0ul;
	llm.fault_count++;
	return 0;
}

static bool flag(struct http_peer *peer, const char *name)
{
	const struct {
		const char *name;
		bool *value;
	} flags[] = {
		{ "--loaded", &llm.loaded },
		{ "--eos", &llm.eos },
		{ "--running", &llm.running },
		{ "--spin", &peer->spins },
		{ "--no-usage", &llm.no_usage },
		{ "--timings", &llm.timings },
		{ "--no-tokenize", &no_tokenize },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(name, flags[i].name) == 0) {
			*flags[i].value = true;
			return true;
		}
	return false;
}

static int option(const char *name, const char *value)
{
	const struct {
		const char *name;
		int64_t *ns;
		long *count;
	} numbers[] = {
		{ "--load", &llm.load_ns, NULL },
		{ "--prefill", &llm.prefill_ns, NULL },
		{ "--token", &llm.token_ns, NULL },
		{ "--tokens", NULL, &llm.tokens },
		{ "--prompt-tokens", NULL, &llm.prompt_tokens },
		{ "--cached", NULL, &llm.cached_tokens },
		{ "--thinking", NULL, &llm.thinking },
		{ "--per-chunk", NULL, &llm.per_chunk },
		{ "--loading", NULL, &llm.loading },
		{ "--count-prompt", NULL, &overhead },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(name, numbers[i].name) != 0)
			continue;
		if (numbers[i].ns)
			*numbers[i].ns = llround(strtod(value, NULL) * 1e6);
		else
			*numbers[i].count = strtol(value, NULL, 10);
		return 0;
	}
	if (strcmp(name, "--fault") == 0)
		return add_fault(value);
	if (strcmp(name, "--model") == 0)
		llm.model = value;
	else if (strcmp(name, "--also") == 0)
		also = value;
	else if (strcmp(name, "--key") == 0)
		key = value;
	else if (strcmp(name, "--log") == 0)
		logged = fopen(value, "we");
	else if (strcmp(name, "--asked") == 0)
		asked = fopen(value, "we");
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct http_peer peer = { .answer = answer,
				  .sent = note_sent,
				  .posts = true };
	unsigned port = 0;
	double seconds = 300;
	int bad = 0;

	for (int i = 1; i < argc && !bad; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (flag(&peer, argv[i]))
			continue;
		if (!value)
			bad = -1;
		else if (strcmp(argv[i], "--port") == 0)
			port = (unsigned)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(value, NULL);
		else
			bad = option(argv[i], value);
		i++;
	}
	peer.ctx = &peer;
	if (bad || llm.per_chunk < 1 || http_peer_listen(&peer, port) < 0) {
		fputs("usage: see the head of tests/sim/llm_server.c\n",
		      stderr);
		return 2;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	printf("port %u\n", peer.port);
	fflush(stdout);
	http_peer_serve(&peer, &stopped,
			http_peer_now_ns() + llround(seconds * 1e9));
	if (logged)
		fclose(logged);
	return 0;
}

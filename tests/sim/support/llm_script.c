/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/llm_script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STALL_NS (30 * (int64_t)1000000000)
#define LONG_BYTES (100 * 1024)

struct script {
	struct llm *llm;
	const struct llm_ask *ask;
	struct http_reply *reply;
	size_t room;
	bool bad;
	long total; /* tokens shown */
	int64_t at_ns;
};

bool llm_faulty(const struct llm *s, const char *name)
{
	for (int i = 0; i < s->fault_count; i++)
		if (strcmp(s->faults[i].name, name) == 0 &&
		    s->requests >= s->faults[i].from &&
		    s->requests <= s->faults[i].to)
			return true;
	return false;
}

static void add(struct script *s, const char *data, size_t len)
{
	struct http_reply *r = s->reply;
	struct http_piece *p;

	if (r->piece_count == s->room) {
		size_t room = s->room ? 2 * s->room : 64;

		p = realloc(r->pieces, room * sizeof(*p));
		if (!p) {
			s->bad = true;
			return;
		}
		r->pieces = p;
		s->room = room;
	}
	p = &r->pieces[r->piece_count];
	p->after_ns = s->at_ns;
	p->len = len;
	p->data = malloc(len + 1);
	if (!p->data) {
		s->bad = true;
		return;
	}
	memcpy(p->data, data, len);
	p->data[len] = '\0';
	r->piece_count++;
}

/* One line of NDJSON or one event, framed; "split" cuts it in two inside the
 * first character of two bytes. */
__attribute__((format(printf, 2, 3))) static void say(struct script *s,
						      const char *format, ...)
{
	bool events = s->ask->protocol == LLM_COMPLETION ||
		      s->ask->protocol == LLM_CHAT;
	static char text[LONG_BYTES + 8192];
	size_t len = 0;
	char *wide;
	va_list args;

	len = (size_t)snprintf(text, sizeof(text), "%s",
			       events ? "data: " : "");
	va_start(args, format);
	len += (size_t)vsnprintf(text + len, sizeof(text) - 16 - len, format,
				 args);
	va_end(args);
	if (llm_faulty(s->llm, "crlf"))
		len += (size_t)snprintf(text + len, 8,
					events ? "\r\n\r\n" : "\r\n");
	else
		len += (size_t)snprintf(text + len, 8, events ? "\n\n" : "\n");
	wide = strchr(text, '\xc3');
	if (wide && llm_faulty(s->llm, "utf8")) {
		size_t part = (size_t)(wide + 1 - text);

		add(s, text, part);
		s->at_ns += 2000000;
		add(s, text + part, len - part);
		return;
	}
	add(s, text, len);
}

#define OLLAMA_HEAD \
	"{\"model\":\"%s\",\"created_at\":\"2026-01-02T03:04:05.678901Z\","
#define CHAT_HEAD                                                      \
	"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":1767322800,\"model\":\"%s\","

static void say_usage(struct script *s, char *ret, size_t size, long tokens)
{
	snprintf(ret, size,
		 "\"usage\":{\"prompt_tokens\":%ld%s,\"completion_tokens\":"
		 "%s%ld,\"total_tokens\":%ld,\"prompt_tokens_details\":{"
		 "\"cached_tokens\":%ld}}",
		 s->llm->prompt_tokens, llm_faulty(s->llm, "huge") ? "e30" : "",
		 llm_faulty(s->llm, "negative") ? "-" : "", tokens,
		 s->llm->prompt_tokens + tokens, s->llm->cached_tokens);
}

static void say_chat(struct script *s, const char *text, bool thinking,
		     long tokens)
{
	char usage[300] = "";

	if (s->llm->running) {
		usage[0] = ',';
		say_usage(s, usage + 1, sizeof(usage) - 1, tokens);
	}
	say(s,
	    CHAT_HEAD "\"choices\":[{\"index\":0,\"delta\":{\"%s\":\"%s\"},"
		      "\"finish_reason\":null}]%s}",
	    s->llm->model, thinking ? "reasoning_content" : "content", text,
	    usage);
}

/* A chunk that ends with token number `tokens`. */
static void say_text(struct script *s, const char *text, bool thinking,
		     long tokens, long in_chunk)
{
	char list[512] = "";

	switch (s->ask->protocol) {
	case LLM_GENERATE:
		say(s, OLLAMA_HEAD "\"%s\":\"%s\",%s\"done\":false}",
		    s->llm->model, thinking ? "thinking" : "response", text,
		    thinking ? "\"response\":\"\"," : "");
		break;
	case LLM_OLLAMA_CHAT:
		say(s,
		    OLLAMA_HEAD "\"message\":{\"role\":\"assistant\","
				"\"content\":\"%s\"%s%s%s},\"done\":false}",
		    s->llm->model, thinking ? "" : text,
		    thinking ? ",\"thinking\":\"" : "", thinking ? text : "",
		    thinking ? "\"" : "");
		break;
	case LLM_COMPLETION:
		for (long i = 0; i < in_chunk && i < 50; i++)
			snprintf(list + strlen(list),
				 sizeof(list) - strlen(list), "%s%ld",
				 i ? "," : "", 100 + i);
		say(s,
		    "{\"index\":0,\"content\":\"%s\",\"tokens\":[%s],\"stop\":"
		    "false,\"id_slot\":-1,\"tokens_predicted\":%ld,"
		    "\"tokens_evaluated\":%ld}",
		    text, list, tokens, s->llm->prompt_tokens);
		break;
	case LLM_CHAT:
		say_chat(s, text, thinking, tokens);
		break;
	}
}

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

static void say_timings(struct script *s, char *ret, size_t size, long count)
{
	const struct llm *l = s->llm;

	snprintf(ret, size,
		 ",\"timings\":{\"cache_n\":%ld,\"prompt_n\":%ld,\"prompt_ms\":"
		 "%.3f%s,\"predicted_n\":%s%ld,\"predicted_ms\":%.3f}",
		 l->cached_tokens, l->prompt_tokens - l->cached_tokens,
		 ms(l->prefill_ns), llm_faulty(l, "huge") ? "e30" : "",
		 llm_faulty(l, "negative") ? "-" : "", count,
		 ms((count - 1) * l->token_ns));
}

static void end_ollama(struct script *s, long count)
{
	struct llm *l = s->llm;
	bool chat = s->ask->protocol == LLM_OLLAMA_CHAT;
	int64_t load_ns = l->loaded ? 0 : l->load_ns;
	int64_t eval_ns = (count - 1) * l->token_ns;

	char load[64] = "";

	if (load_ns > 0)
		snprintf(load, sizeof(load), ",\"load_duration\":%lld",
			 (long long)load_ns);
	say(s,
	    OLLAMA_HEAD "%s,\"done\":true,\"done_reason\":\"%s\","
			"\"total_duration\":%s%lld%s,\"prompt_eval_count\":%ld,"
			"\"prompt_eval_duration\":%lld,\"eval_count\":%s%ld,"
			"\"eval_duration\":%lld}",
	    l->model,
	    chat ? "\"message\":{\"role\":\"assistant\",\"content\":\"\"}"
		 : "\"response\":\"\"",
	    l->eos ? "stop" : "length", llm_faulty(l, "huge") ? "1e30" : "",
	    llm_faulty(l, "huge")
		    ? 0LL
		    : (long long)(load_ns + l->prefill_ns + eval_ns),
	    load, l->prompt_tokens, (long long)l->prefill_ns,
	    llm_faulty(l, "negative") ? "-" : "", count, (long long)eval_ns);
	l->loaded = true;
}

static void end_chat(struct script *s, long count)
{
	struct llm *l = s->llm;
	char usage[300], timings[300] = "";
	int times = llm_faulty(l, "dupusage") ? 2 : 1;

	if (l->timings)
		say_timings(s, timings, sizeof(timings), count);
	say(s,
	    CHAT_HEAD "\"choices\":[{\"index\":0,\"delta\":{},"
		      "\"finish_reason\":\"%s\"}]%s}",
	    l->model, l->eos ? "stop" : "length",
	    s->ask->include_usage ? "" : timings);
	say_usage(s, usage, sizeof(usage), count);
	for (int i = 0; i < times && s->ask->include_usage && !l->no_usage; i++)
		say(s, CHAT_HEAD "\"choices\":[],%s%s}", l->model, usage,
		    timings);
	if (!llm_faulty(l, "nodone"))
		say(s, "[DONE]");
}

static void end_answer(struct script *s, long count)
{
	char timings[300];

	switch (s->ask->protocol) {
	case LLM_GENERATE:
	case LLM_OLLAMA_CHAT:
		end_ollama(s, count);
		break;
	case LLM_COMPLETION:
		say_timings(s, timings, sizeof(timings), count);
		say(s,
		    "{\"index\":0,\"content\":\"\",\"tokens\":[],\"stop\":true,"
		    "\"model\":\"%s\",\"tokens_predicted\":%ld,"
		    "\"tokens_evaluated\":%ld,\"stop_type\":\"%s\"%s}",
		    s->llm->model, count, s->llm->prompt_tokens,
		    s->llm->eos ? "eos" : "limit", timings);
		break;
	case LLM_CHAT:
		end_chat(s, count);
		break;
	}
}

/* True: the answer ends here. */
static bool break_off(struct script *s)
{
	struct llm *l = s->llm;
	struct http_reply *r = s->reply;

	if (llm_faulty(l, "reset"))
		r->reset = true;
	else if (llm_faulty(l, "truncated"))
		add(s, "{\"model\":\"llama3.2:1b\",\"resp", 28);
	else if (llm_faulty(l, "exit"))
		add(s, LLM_EXIT, 1);
	else if (llm_faulty(l, "midstream"))
		say(s, "{\"error\":\"an error was encountered while running "
		       "the model: out of memory\"}");
	else if (!llm_faulty(l, "cut"))
		return false;
	return true;
}

static void open_chat(struct script *s)
{
	if (s->ask->protocol == LLM_CHAT) {
		say(s,
		    CHAT_HEAD "\"choices\":[{\"index\":0,\"delta\":{\"role\":"
			      "\"assistant\",\"content\":null},"
			      "\"finish_reason\":null}]}",
		    s->llm->model);
		add(s, ": keep-alive\n\n", 14);
	}
	if (s->ask->protocol == LLM_COMPLETION)
		say(s,
		    "{\"index\":0,\"content\":\"\",\"tokens\":[0],\"stop\":"
		    "false,\"prompt_progress\":{\"total\":%ld,\"cache\":%ld,"
		    "\"processed\":%ld,\"time_ms\":6}}",
		    s->llm->prompt_tokens, s->llm->cached_tokens,
		    s->llm->prompt_tokens);
}

static void say_token(struct script *s, long number, long in_chunk)
{
	struct llm *l = s->llm;
	static char text[LONG_BYTES + 64];
	size_t len = 0;

	if (number == s->total / 2 && llm_faulty(l, "stall"))
		s->at_ns += STALL_NS;
	if (number <= 2 * in_chunk && number > in_chunk &&
	    llm_faulty(l, "long")) {
		memset(text, 'x', LONG_BYTES);
		len = LONG_BYTES;
	}
	snprintf(text + len, sizeof(text) - len, "%s%ld ",
		 number % 4 == 2 ? "caf\xc3\xa9" : "w", number);
	say_text(s, text, number <= l->thinking, number, in_chunk);
}

int llm_script(struct llm *l, const struct llm_ask *ask,
	       struct http_reply *reply)
{
	struct script s = { .llm = l, .ask = ask, .reply = reply };
	long count, per = l->per_chunk;

	s.total = ask->max_tokens > 0 && (ask->max_tokens < l->tokens ||
					  ask->ignore_eos)
			  ? ask->max_tokens
			  : l->tokens;
	count = s.total + (l->eos ? 1 : 0);
	reply->type =
		ask->protocol == LLM_COMPLETION || ask->protocol == LLM_CHAT
			? "text/event-stream"
			: "application/x-ndjson";
	if (llm_faulty(l, "slow"))
		reply->delay_ns = 300000000;
	s.at_ns = reply->delay_ns;
	if (ask->protocol <= LLM_OLLAMA_CHAT && !l->loaded)
		s.at_ns += l->load_ns;
	open_chat(&s);
	s.at_ns += l->prefill_ns;
	for (long i = 1; i <= s.total; i += per) {
		long last = i + per - 1 < s.total ? i + per - 1 : s.total;

		s.at_ns += (last - i) * l->token_ns;
		say_token(&s, last, last - i + 1);
		if (last >= s.total / 2 && break_off(&s)) {
			reply->cut = true;
			return s.bad ? -1 : 0;
		}
		if (last < s.total || l->eos)
			s.at_ns += l->token_ns;
	}
	end_answer(&s, count);
	return s.bad ? -1 : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * receiver [--port N] [--seconds S] [--save FILE] [--authorization TEXT]
 *          [--answers LIST]
 *
 * Takes what is posted to it, as a database or a collector does.  Prints
 * "port N", then a line for each request; FILE gets the bodies that were
 * answered well.  LIST has one word for each request, the last for all that
 * follow:
 *
 *	ok              204 without a body
 *	json            200 {}
 *	STATUS          with {"error": "simulated"}
 *	STATUS:SECONDS  with Retry-After
 *	hang            no answer, ever
 *	drop            closed without an answer
 *	reset           half an answer, then RST
 *	huge            200 with a megabyte of body
 *	partial:N       as InfluxDB: 400, N points were dropped
 *	rejected:N      as OTLP: 200 with a partial success
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/support/http_peer.h"

#define ANSWERS_MAX 64

struct receiver {
	char *answers[ANSWERS_MAX];
	size_t count, next;
	const char *authorization;
	FILE *save;
	char headers[64], body[300];
	char *huge;
};

static volatile int stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void fill(struct receiver *r, const char *word, struct http_reply *reply)
{
	const char *colon = strchr(word, ':');
	long number = colon ? strtol(colon + 1, NULL, 10) : 0;

	if (strcmp(word, "ok") == 0) {
		reply->status = 204;
	} else if (strcmp(word, "json") == 0) {
		reply->status = 200;
		snprintf(r->body, sizeof(r->body), "{}");
	} else if (strcmp(word, "hang") == 0) {
		reply->delay_ns = INT64_MAX;
	} else if (strcmp(word, "drop") == 0) {
		reply->drop = true;
	} else if (strcmp(word, "reset") == 0) {
		reply->status = 200;
		reply->reset = true;
		snprintf(r->body, sizeof(r->body), "%0200d", 0);
	} else if (strcmp(word, "huge") == 0) {
		reply->status = 200;
		reply->body = r->huge;
	} else if (strncmp(word, "partial:", 8) == 0) {
		reply->status = 400;
		snprintf(r->body, sizeof(r->body),
			 "{\"error\":\"partial write: field type conflict "
			 "dropped=%ld\"}",
			 number);
	} else if (strncmp(word, "rejected:", 9) == 0) {
		reply->status = 200;
		snprintf(r->body, sizeof(r->body),
			 "{\"partialSuccess\":{\"rejectedDataPoints\":\"%ld\","
			 "\"errorMessage\":\"too many series\"}}",
			 number);
	} else {
		reply->status = (int)strtol(word, NULL, 10);
		snprintf(r->body, sizeof(r->body),
			 "{\"error\": \"simulated\"}");
		if (colon) {
			snprintf(r->headers, sizeof(r->headers),
				 "Retry-After: %ld\r\n", number);
			reply->headers = r->headers;
		}
	}
}

static void answer(void *ctx, const struct http_request *request,
		   struct http_reply *reply)
{
	struct receiver *r = ctx;
	const char *word = "ok";

	if (r->count > 0)
		word = r->answers[r->next];
	if (r->next + 1 < r->count)
		r->next++;
	if (r->authorization &&
	    strcmp(r->authorization, request->authorization) != 0)
		word = "401";
	r->body[0] = '\0';
	reply->type = "application/json";
	reply->body = r->body;
	fill(r, word, reply);
	printf("%s %s %zu %s %.3f\n", request->method, request->target,
	       strlen(request->body), word, (double)http_peer_now_ns() / 1e9);
	fflush(stdout);
	if (r->save && (reply->status / 100 == 2 || strchr("pr", word[0])) &&
	    !reply->reset && !reply->drop) {
		fputs(request->body, r->save);
		fflush(r->save);
	}
}

static int option(struct receiver *r, const char *name, char *value)
{
	if (strcmp(name, "--save") == 0) {
		r->save = fopen(value, "w");
		return r->save ? 0 : -1;
	}
	if (strcmp(name, "--authorization") == 0) {
		r->authorization = value;
		return 0;
	}
	if (strcmp(name, "--answers") != 0)
		return -1;
	for (char *next = value; next && r->count < ANSWERS_MAX;) {
		r->answers[r->count++] = next;
		next = strchr(next, ',');
		if (next)
			*next++ = '\0';
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct receiver r;
	struct http_peer peer = { .answer = answer, .ctx = &r, .posts = true };
	unsigned port = 0;
	double seconds = 300;
	int bad = 0;

	for (int i = 1; i < argc && !bad; i += 2) {
		char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!value)
			bad = -1;
		else if (strcmp(argv[i], "--port") == 0)
			port = (unsigned)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(value, NULL);
		else
			bad = option(&r, argv[i], value);
	}
	r.huge = calloc(1, 1000001);
	if (bad || !r.huge || http_peer_listen(&peer, port) < 0) {
		fputs("usage: see the head of tests/sim/receiver.c\n", stderr);
		return 2;
	}
	memset(r.huge, 'x', 1000000);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	printf("port %u\n", peer.port);
	fflush(stdout);
	http_peer_serve(&peer, &stopped,
			http_peer_now_ns() + (int64_t)(seconds * 1e9));
	printf("requests %lu connections %lu\n", peer.request_count,
	       peer.connection_count);
	if (r.save)
		fclose(r.save);
	free(r.huge);
	return 0;
}

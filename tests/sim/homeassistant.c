/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homeassistant [--port N] [--profile P] [--refresh SECONDS] [--unit U]
 *      [--step U] [--token TEXT] [--seconds N] [--fault NAME[@FROM-TO]]...
 *
 * Home Assistant's /api/states/sensor.plug_power on 127.0.0.1: "measures" the
 * profile (support/profile.h) with a new value every --refresh, in W, kW, Wh or
 * kWh, rounded to --step of it, for those who show the token.  Prints "port N
 * epoch NS", and at its end "requests N".  Faults take hold of the requests
 * FROM to TO, counted from 1, or of all:
 *   401 404 500 redirect unavailable unknown text timeout truncated html other
 *   unit reset gone stuck
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/support/http_peer.h"
#include "tests/sim/support/profile.h"

#define FAULTS_MAX 16

static struct {
	struct profile profile;
	const char *unit, *token;
	double step, refresh_s;
	long long epoch_ns;
	unsigned long requests;
	struct {
		char name[16];
		unsigned long from, to;
	} faults[FAULTS_MAX];
	size_t fault_count;
	double stuck_s;
	char body[1200];
} h = { .unit = "W", .token = "token", .step = 0.1, .refresh_s = 1 };

static volatile int stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static bool faulty(const char *name)
{
	for (size_t i = 0; i < h.fault_count; i++)
		if (strcmp(h.faults[i].name, name) == 0 &&
		    h.requests >= h.faults[i].from &&
		    h.requests <= h.faults[i].to)
			return true;
	return false;
}

/* The state at the last refresh, in the unit. */
static double state_at(double t_s)
{
	double value;

	if (strstr(h.unit, "Wh"))
		value = 100 + profile_j(&h.profile, 0, t_s) / 3600;
	else
		value = profile_j(&h.profile, t_s - h.refresh_s, t_s) /
			h.refresh_s;
	if (h.unit[0] == 'k')
		value /= 1000;
	return round(value / h.step) * h.step;
}

static void fill(void)
{
	double now_s = (double)(http_peer_now_ns() - h.epoch_ns) / 1e9;
	double t_s = floor(now_s / h.refresh_s) * h.refresh_s;
	char state[32];
	int digits = h.step < 1 ? (int)ceil(-log10(h.step)) : 0;

	if (faulty("stuck"))
		t_s = h.stuck_s;
	h.stuck_s = t_s;
	snprintf(state, sizeof(state), "%.*f", digits, state_at(t_s));
	if (faulty("unavailable"))
		snprintf(state, sizeof(state), "unavailable");
	if (faulty("unknown"))
		snprintf(state, sizeof(state), "unknown");
	if (faulty("text"))
		snprintf(state, sizeof(state), "nan");
	snprintf(h.body, sizeof(h.body),
		 "{\"entity_id\":\"sensor.%s\",\"state\":\"%s\","
		 "\"attributes\":{\"state_class\":\"measurement\","
		 "\"unit_of_measurement\":\"%s\",\"friendly_name\":\"Plug\"},"
		 "\"last_changed\":\"2026-01-01T00:00:00+00:00\","
		 "\"last_updated\":\"2026-01-01T%02d:%02d:%09.6f+00:00\","
		 "\"context\":{\"id\":\"01\",\"parent_id\":null}}",
		 faulty("other") ? "fridge" : "plug_power", state,
		 faulty("unit") ? "V" : h.unit, (int)(t_s / 3600) % 24,
		 (int)(t_s / 60) % 60, fmod(t_s, 60));
}

static void answer(void *ctx, const struct http_request *q,
		   struct http_reply *r)
{
	char want[300];

	(void)ctx;
	h.requests++;
	snprintf(want, sizeof(want), "Bearer %s", h.token);
	r->body = h.body;
	fill();
	if (strcmp(q->authorization, want) != 0 || faulty("401")) {
		r->status = 401;
		r->body = "401: Unauthorized";
	} else if (strcmp(q->target, "/api/states/sensor.plug_power") != 0 ||
		   faulty("404")) {
		r->status = 404;
		r->body = "{\"message\":\"Entity not found.\"}";
	} else if (faulty("500")) {
		r->status = 500;
	} else if (faulty("redirect")) {
		r->status = 302;
		r->headers = "Location: http://127.0.0.1:1/elsewhere\r\n";
	} else if (faulty("html")) {
		r->type = "text/html";
		r->body = "<!DOCTYPE html><html><body>Log in</body></html>";
	}
	if (faulty("truncated"))
		h.body[strlen(h.body) / 2] = '\0';
	if (faulty("timeout"))
		r->delay_ns = INT64_MAX;
	r->reset = faulty("reset");
	r->drop = faulty("gone");
}

static int add_fault(const char *text)
{
	const char *at = strchr(text, '@'), *dash;
	size_t i = h.fault_count++;

	if (i == FAULTS_MAX)
		return -1;
	snprintf(h.faults[i].name, sizeof(h.faults[i].name), "%.*s",
		 at ? (int)(at - text) : (int)strlen(text), text);
	h.faults[i].from = at ? strtoul(at + 1, NULL, 10) : 0;
	dash = at ? strchr(at, '-') : NULL;
	h.faults[i].to = dash ? strtoul(dash + 1, NULL, 10)
			 : at ? h.faults[i].from
			      : ~0ul;
	return 0;
}

static int option(const char *name, const char *value)
{
	if (strcmp(name, "--profile") == 0)
		return profile_parse(value, &h.profile);
	if (strcmp(name, "--fault") == 0)
		return add_fault(value);
	if (strcmp(name, "--unit") == 0)
		h.unit = value;
	else if (strcmp(name, "--token") == 0)
		h.token = value;
	else if (strcmp(name, "--refresh") == 0)
		h.refresh_s = strtod(value, NULL);
	else if (strcmp(name, "--step") == 0)
		h.step = strtod(value, NULL);
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct http_peer peer = { .answer = answer };
	unsigned port = 0;
	double seconds = 300;
	int bad = profile_parse("constant 10", &h.profile);

	h.epoch_ns = http_peer_now_ns();
	for (int i = 1; i < argc && !bad; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!value)
			bad = -1;
		else if (strcmp(argv[i], "--port") == 0)
			port = (unsigned)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(value, NULL);
		else
			bad = option(argv[i], value);
	}
	if (bad || !(h.refresh_s > 0) || http_peer_listen(&peer, port) < 0) {
		fputs("usage: see the head of tests/sim/homeassistant.c\n",
		      stderr);
		return 2;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	printf("port %u epoch %lld\n", peer.port, h.epoch_ns);
	fflush(stdout);
	http_peer_serve(&peer, &stopped,
			http_peer_now_ns() + llround(seconds * 1e9));
	printf("requests %lu\n", h.requests);
	profile_done(&h.profile);
	return 0;
}

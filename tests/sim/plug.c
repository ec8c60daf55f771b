/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug --kind gen1|gen2|pm1|em1|tasmota [--port N] [--profile P] [--epoch NS]
 *      [--refresh SECONDS] [--step JOULES] [--channels N] [--password TEXT]
 *      [--md5] [--seconds N] [--fault NAME[@FROM-TO]]...
 *
 * A plug on 127.0.0.1 that "measures" the profile (support/profile.h; channel n
 * draws n+1 times of it), with a new value every --refresh (the mean of the time
 * since the last) and an energy count in steps.  Prints "port N epoch NS", and
 * at its end "requests N connections N readings N".  User admin; a password
 * makes it ask for one: basic (gen1), digest (gen2), in the query (tasmota).
 * Faults take hold of the readings FROM to TO, counted from 1, or of all.
 */
#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/support/plug_replies.h"

static volatile int stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static const char *const kind_names[KIND_COUNT] = { "gen1", "gen2", "pm1",
						    "em1", "tasmota" };

/* True when the reply is already made: a password is wanted. */
static bool locked(struct plug_sim *p, const struct http_request *q,
		   struct http_reply *r)
{
	const char *password = p->login.password;
	char want[256] = "?user=admin&password=";

	for (const char *c = password; c && *c; c++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want),
			 isalnum((unsigned char)*c) ? "%c" : "%%%02X",
			 (unsigned char)*c);
	strncat(want, "&", sizeof(want) - strlen(want) - 1);
	if (!plug_faulty(p, "401") &&
	    (!password || (p->kind == TASMOTA && strstr(q->target, want)) ||
	     (p->kind == GEN1 && http_login_basic_ok(&p->login, q)) ||
	     (p->kind != GEN1 && p->kind != TASMOTA &&
	      http_login_digest_ok(&p->login, q))))
		return false;
	r->status = p->kind == TASMOTA ? 200 : 401;
	if (p->kind == TASMOTA)
		r->body = "{\"WARNING\":\"Need user=<username>&password="
			  "<password>\"}";
	else
		r->headers = p->kind == GEN1 ? http_login_ask_basic(&p->login)
					     : http_login_ask_digest(&p->login);
	return true;
}

/* What GET /shelly tells; Tasmota knows no such page. */
static void introduce(struct plug_sim *p, struct http_reply *r)
{
	bool asks = p->login.password != NULL;

	p->body[0] = '\0';
	r->body = p->body;
	if (p->kind == TASMOTA) {
		r->status = 404;
		r->type = "text/html";
		r->body = "<html>File Not Found</html>";
	} else if (p->kind == GEN1) {
		plug_print(p,
			   "{\"type\":\"SHPLG-S\",\"mac\":\"AABBCCDDEEFF\","
			   "\"auth\":%s,\"fw\":\"1.14\"}",
			   asks ? "true" : "false");
	} else {
		plug_print(
			p,
			"{\"name\":null,\"id\":\"sim\",\"mac\":\"AABBCCDDEEFF\","
			"\"model\":\"SNPL\",\"gen\":2,\"auth_en\":%s}",
			asks ? "true" : "false");
	}
}

/* Faults of the reply as such, whatever it holds. */
static void spoil(struct plug_sim *p, struct http_reply *r)
{
	if (plug_faulty(p, "500"))
		r->status = 500;
	if (plug_faulty(p, "404"))
		r->status = 404;
	if (plug_faulty(p, "redirect")) {
		r->status = 302;
		r->headers = "Location: http://127.0.0.1:1/elsewhere\r\n";
	}
	if (plug_faulty(p, "timeout"))
		r->delay_ns = INT64_MAX;
	if (plug_faulty(p, "slow"))
		r->delay_ns = 200 * 1000000;
	if (plug_faulty(p, "truncated"))
		p->body[strlen(p->body) / 2] = '\0';
	if (plug_faulty(p, "html")) {
		r->type = "text/html";
		r->body = "<!DOCTYPE html><html><body>Log in</body></html>";
	}
	if (plug_faulty(p, "huge")) {
		size_t len = strlen(p->body);

		memset(p->body + len, ' ', HUGE_BYTES);
		p->body[len + HUGE_BYTES] = '\0';
	}
	r->reset = plug_faulty(p, "reset");
	r->drop = plug_faulty(p, "gone");
}

/* 'ret' is the meter that is asked for; false: there is no such page. */
static bool is_reading(const struct plug_sim *p, const char *target,
		       unsigned *ret)
{
	static const char *const pages[KIND_COUNT] = {
		"/status", "/rpc/Switch.GetStatus?id=",
		"/rpc/PM1.GetStatus?id=", "/rpc/EM1.GetStatus?id=", "/cm?"
	};
	const char *page = pages[p->kind];

	*ret = 0;
	if (strncmp(target, page, strlen(page)) != 0)
		return false;
	if (p->kind == TASMOTA)
		return strstr(target, "cmnd=Status%2010") != NULL;
	if (p->kind != GEN1)
		*ret = (unsigned)strtoul(target + strlen(page), NULL, 10);
	return true;
}

static void answer(void *ctx, const struct http_request *q,
		   struct http_reply *r)
{
	struct plug_sim *p = ctx;
	unsigned id;
	bool refused;

	if (strcmp(q->target, "/shelly") == 0) {
		introduce(p, r);
		return;
	}
	if (!is_reading(p, q->target, &id)) {
		r->status = 404;
		r->body = "{\"code\":404,\"message\":\"No handler\"}";
		return;
	}
	refused = locked(p, q, r);
	if (!refused || plug_faulty(p, "401"))
		p->readings++;
	if (refused)
		return;
	if (plug_faulty(p, "counter-reset"))
		p->base_j =
			profile_j(&p->profile, 0,
				  (double)(http_peer_now_ns() - p->epoch_ns) /
					  1e9) +
			36000;
	p->body[0] = '\0';
	r->body = p->body;
	if (id >= p->channels) {
		r->status = 500;
		r->body = "{\"code\":-105,\"message\":\"Argument 'id'\"}";
		return;
	}
	plug_fill(p, id);
	spoil(p, r);
}

static int add_fault(struct plug_sim *p, const char *text)
{
	struct fault *f = &p->faults[p->fault_count];
	const char *at = strchr(text, '@'), *dash;

	if (p->fault_count == FAULTS_MAX)
		return -1;
	snprintf(f->name, sizeof(f->name), "%.*s",
		 at ? (int)(at - text) : (int)strlen(text), text);
	f->from = at ? strtoul(at + 1, NULL, 10) : 0;
	dash = at ? strchr(at, '-') : NULL;
	f->to = dash ? strtoul(dash + 1, NULL, 10) : at ? f->from : ~0ul;
	p->fault_count++;
	return 0;
}

/* Options that take a value; 0, or -1 for one that is not known. */
static int option(struct plug_sim *p, const char *name, const char *value)
{
	if (strcmp(name, "--kind") == 0) {
		for (int k = 0; k < KIND_COUNT; k++)
			if (strcmp(value, kind_names[k]) == 0) {
				p->kind = (enum kind)k;
				return 0;
			}
		return -1;
	}
	if (strcmp(name, "--profile") == 0)
		return profile_parse(value, &p->profile);
	if (strcmp(name, "--fault") == 0)
		return add_fault(p, value);
	if (strcmp(name, "--epoch") == 0)
		p->epoch_ns = strtoll(value, NULL, 10);
	else if (strcmp(name, "--refresh") == 0)
		p->refresh_ns = llround(strtod(value, NULL) * 1e9);
	else if (strcmp(name, "--step") == 0)
		p->step_j = strtod(value, NULL);
	else if (strcmp(name, "--channels") == 0)
		p->channels = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "--password") == 0)
		p->login.password = value;
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static struct plug_sim p = { .refresh_ns = 1000000000,
				     .step_j = 3.6,
				     .channels = 1 };
	struct http_peer peer = { .answer = answer, .ctx = &p };
	unsigned port = 0;
	double seconds = 300;
	int bad = profile_parse("constant 10", &p.profile);

	p.epoch_ns = http_peer_now_ns();
	for (int i = 1; i < argc && !bad; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--md5") == 0) {
			p.login.md5 = true;
			continue;
		}
		if (!value)
			bad = -1;
		else if (strcmp(argv[i], "--port") == 0)
			port = (unsigned)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(value, NULL);
		else
			bad = option(&p, argv[i], value);
		i++;
	}
	if (bad || p.refresh_ns <= 0 || http_peer_listen(&peer, port) < 0) {
		fputs("usage: see the head of tests/sim/plug.c\n", stderr);
		return 2;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	printf("port %u epoch %lld\n", peer.port, (long long)p.epoch_ns);
	fflush(stdout);
	http_peer_serve(&peer, &stopped,
			http_peer_now_ns() + llround(seconds * 1e9));
	printf("requests %lu connections %lu readings %lu\n",
	       peer.request_count, peer.connection_count, p.readings);
	profile_done(&p.profile);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/push.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/str.h"
#include "drivers/http.h"
#include "drivers/http_stream.h"

/* The first pause; each is twice the one before, less up to half of it so that
 * many senders do not come back at once. */
#define PAUSE_NS (500 * EP_NS_PER_MS)
#define PAUSE_MAX_NS (30 * EP_NS_PER_S)
#define TOKEN_VARIABLE "EDGEPROF_EXPORT_TOKEN"

struct ep_push {
	const struct ep_export *x;
	const struct ep_address *address;
	struct ep_http *http;
	struct ep_rng rng;
	char base[EP_HTTP_URL_BYTES];
	char authorization[EP_HTTP_SECRET_BYTES + 8]; /* "" none */
	int64_t sent_count, refused_count, request_count, again_count;
	char refused_why[200];
};

/* Of a parcel on its way. */
struct trip {
	const struct ep_parcel *parcel;
	char url[2 * EP_HTTP_URL_BYTES];
	int64_t begin_ns, pause_ns;
	int64_t asked_ns; /* the receiver wants to be left alone so long */
	int tries;
	char why[300]; /* the last try failed */
};

static int read_token(const struct ep_export *x, char token[],
		      struct ep_err *err)
{
	const char *told = secure_getenv(TOKEN_VARIABLE);

	token[0] = '\0';
	if (x->token_file)
		return ep_http_secret_read(&ep_root_machine, x->token_file,
					   token, err);
	if (!told)
		return 0;
	if (!ep_str_copy(token, EP_HTTP_SECRET_BYTES, told) ||
	    strpbrk(told, "\r\n"))
		return ep_err_set(err, -EINVAL,
				  TOKEN_VARIABLE " must be one line of at most "
						 "%d bytes",
				  EP_HTTP_SECRET_BYTES - 1);
	return 0;
}

static int log_in(struct ep_push *p, struct ep_err *err)
{
	char token[EP_HTTP_SECRET_BYTES];
	int r = read_token(p->x, token, err);

	if (r == 0 && p->x->user && !token[0])
		r = ep_err_set(err, -EINVAL,
			       "--user %.60s without a password: give it with "
			       "--token-file FILE or in " TOKEN_VARIABLE,
			       p->x->user);
	if (r == 0 && token[0] && ep_str_starts(p->base, "http://"))
		ep_export_say(p->x, "the token goes over the network as it is: "
				    "http:// does not encrypt");
	if (r == 0 && p->x->user)
		r = ep_http_set_auth(p->http, EP_HTTP_AUTH_BASIC, p->x->user,
				     token);
	else if (r == 0 && token[0])
		(void)ep_str_format(
			p->authorization, sizeof(p->authorization), "%s %s",
			p->address->token_scheme ? "Token" : "Bearer", token);
	explicit_bzero(token, sizeof(token));
	return r;
}

int ep_push_open(const struct ep_export *x, const struct ep_address *address,
		 struct ep_push **ret, struct ep_err *err)
{
	struct ep_push *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return ep_err_set(err, -ENOMEM, "out of memory");
	p->x = x;
	p->address = address;
	ep_rng_init(&p->rng, (uint64_t)ep_clock_monotonic_ns(), 0);
	r = ep_http_stream_url(x->url, p->base, sizeof(p->base), err);
	if (r == 0)
		r = ep_http_new(x->timeout_ns, &p->http, err);
	if (r == 0 && x->ca_file)
		r = ep_http_set_ca(p->http, x->ca_file, err);
	if (r == 0)
		r = log_in(p, err);
	if (r < 0) {
		ep_http_free(p->http);
		explicit_bzero(p, sizeof(*p));
		free(p);
		return r;
	}
	*ret = p;
	return 0;
}

/* Whether another try may help; else the receiver means it. */
static bool is_passing(int status)
{
	return status == 408 || status == 429 ||
	       (status >= 500 && status != 501 && status != 505);
}

static const char *advice(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {
		{ 401, ": it wants a token; see --token-file" },
		{ 403, ": this token may not write there" },
		{ 404, ": there is no such receiver, database or bucket; look "
		       "at --url, --db, --bucket" },
		{ 413, ": it takes no parcels of a quarter of a megabyte" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].text;
	return status >= 300 && status < 400
		       ? ": it sends elsewhere, which is not followed; give "
			 "that address"
		       : "";
}

/* A refusal of some points.  1: of the parcel as a whole. */
static int refuse(struct ep_push *p, const struct trip *t,
		  const struct ep_verdict *v)
{
	int64_t count = v->refused_count;

	if (count > t->parcel->count || count < 0)
		count = t->parcel->count;
	p->refused_count += count;
	p->sent_count += t->parcel->count - count;
	(void)ep_str_copy(p->refused_why, sizeof(p->refused_why), v->why);
	return 0;
}

/* 0 it is done with, 1 refused, -EAGAIN. */
static int judge(struct ep_push *p, struct trip *t,
		 const struct ep_http_reply *reply, struct ep_err *err)
{
	struct ep_verdict v = { 0 };

	if (p->address->judge)
		p->address->judge(reply->status, reply->body, &v);
	ep_str_printable(v.why);
	if (v.known && v.refused_count > 0)
		return refuse(p, t, &v);
	if (reply->status >= 200 && reply->status < 300) {
		p->sent_count += t->parcel->count;
		return 0;
	}
	(void)ep_str_format(t->why, sizeof(t->why), "HTTP status %d%s%s%s",
			    reply->status, v.why[0] ? " (" : "", v.why,
			    v.why[0] ? ")" : "");
	if (is_passing(reply->status)) {
		t->asked_ns = reply->retry_after_s * EP_NS_PER_S;
		return -EAGAIN;
	}
	p->refused_count += t->parcel->count;
	(void)ep_str_copy(p->refused_why, sizeof(p->refused_why), t->why);
	(void)ep_err_set(err, -EPROTO, "%s does not take it: %s%s", p->base,
			 t->why, advice(reply->status));
	return 1;
}

/* Waits before the next try; -ETIMEDOUT when there is to be none. */
static int wait_for(struct ep_push *p, struct trip *t, struct ep_err *err)
{
	int64_t now_ns = ep_clock_monotonic_ns(), pause_ns = t->pause_ns;
	int64_t left_ns = t->begin_ns + p->x->retry_ns - now_ns;

	pause_ns -= (int64_t)(ep_rng_unit(&p->rng) * (double)pause_ns / 2);
	if (pause_ns < t->asked_ns)
		pause_ns = t->asked_ns;
	/* A last try at the end of the time, unless that is not wanted. */
	if (pause_ns > left_ns && t->asked_ns <= left_ns && left_ns > 0)
		pause_ns = left_ns;
	if (pause_ns > left_ns)
		return ep_err_set(
			err, -ETIMEDOUT,
			"%s: %s; given up after %d tries%s, --retry-for says "
			"how long",
			p->base, t->why, t->tries,
			t->asked_ns > 0 && t->asked_ns > left_ns
				? " since it asks for a longer pause"
				: "");
	if (t->tries == 1)
		ep_export_say(p->x, "%s: %s; trying again", p->base, t->why);
	ep_clock_sleep_until(now_ns + pause_ns);
	t->pause_ns *= 2;
	if (t->pause_ns > PAUSE_MAX_NS)
		t->pause_ns = PAUSE_MAX_NS;
	t->asked_ns = 0;
	p->again_count++;
	return 0;
}

/* No answer came: worth another try but when it cannot change. */
static int explain(struct ep_push *p, struct trip *t, int r,
		   const struct ep_err *why, struct ep_err *err)
{
	if (r == -EPROTO || r == -ENOMEM)
		return ep_err_set(err, r, "%s: %s", p->base, why->text);
	(void)ep_str_copy(t->why, sizeof(t->why), why->text);
	return -EAGAIN;
}

int ep_push_send(struct ep_push *p, const struct ep_parcel *parcel,
		 struct ep_err *err)
{
	struct trip t = { .parcel = parcel,
			  .begin_ns = ep_clock_monotonic_ns(),
			  .pause_ns = PAUSE_NS };
	struct ep_http_post post = {
		.url = t.url,
		.type = p->address->type,
		.authorization = p->authorization[0] ? p->authorization : NULL,
		.body = parcel->data,
		.len = parcel->len,
	};
	int r;

	if (!ep_str_format(t.url, sizeof(t.url), "%s%s%s", p->base,
			   parcel->path, p->address->query))
		return ep_err_set(err, -EINVAL, "--url is too long");
	for (;;) {
		struct ep_http_reply reply;
		struct ep_err why = { 0 };

		t.tries++;
		p->request_count++;
		r = ep_http_post(p->http, &post, &reply, &why);
		r = r < 0 ? explain(p, &t, r, &why, err)
			  : judge(p, &t, &reply, err);
		if (r != -EAGAIN)
			return r == -EPROTO ? 1 : r;
		if (wait_for(p, &t, err) < 0)
			return 1;
	}
}

int ep_push_close(struct ep_push *p, int r, struct ep_err *err)
{
	char refused[300] = "";

	if (p->refused_count > 0)
		(void)ep_str_format(
			refused, sizeof(refused), "; %lld refused: %s",
			(long long)p->refused_count, p->refused_why);
	ep_export_say(p->x,
		      "%s: %lld points sent (requests: %lld, repeated: %lld)"
		      "%s%s",
		      p->base, (long long)p->sent_count,
		      (long long)p->request_count, (long long)p->again_count,
		      refused, r != 0 ? "; what follows was not sent" : "");
	if (r == 0 && p->refused_count > 0) {
		(void)ep_err_set(err, -EPROTO,
				 "%s did not take %lld of the points", p->base,
				 (long long)p->refused_count);
		r = 1;
	}
	ep_http_free(p->http);
	explicit_bzero(p, sizeof(*p));
	free(p);
	return r;
}

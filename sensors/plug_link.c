/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/plug_parts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* Shelly's /rpc components that measure one circuit. */
static const char *const components[] = { "Switch", "PM1", "EM1" };
#define COMPONENT_COUNT (sizeof(components) / sizeof(components[0]))

static int say_status(const struct ep_plug_link *link, int status,
		      struct ep_err *err)
{
	if ((status == 401 || status == 403) && !link->secret_path[0])
		return ep_err_set(err, -EACCES,
				  "it asks for a password: write it into a "
				  "file only you can read and add "
				  "password-file=FILE (and user=NAME where it "
				  "is not admin)");
	if (status == 401 || status == 403)
		return ep_err_set(err, -EACCES,
				  "it refuses the password in %.300s; check "
				  "that file and the key user=",
				  link->secret_path);
	if (status >= 300 && status < 400)
		return ep_err_set(err, -EPROTO,
				  "it redirects to another address (HTTP "
				  "status %d); give that address as url=",
				  status);
	return ep_err_set(err, status == 404 ? -ENOENT : -EIO,
			  "it answers with HTTP status %d", status);
}

/* GET of a whole url into reply; 0 with status 200 only. */
static int get(struct ep_plug_link *link, const char *url,
	       struct ep_http_reply *reply, struct ep_err *err)
{
	int r = ep_http_get(link->http, url, reply, err);

	if (r < 0)
		return r;
	return reply->status == 200 ? 0 : say_status(link, reply->status, err);
}

static int say_content(const struct ep_plug_link *link,
		       const struct ep_http_reply *reply, int code,
		       struct ep_err *err)
{
	/* Tasmota says so with status 200 ({"WARNING":"Need user=..."}). */
	if (link->kind == EP_PLUG_TASMOTA &&
	    (strstr(reply->body, "Need user=") ||
	     strstr(reply->body, "\"WARNING\"")))
		return say_status(link, 401, err);
	if (code == -ENODATA)
		return ep_err_set(err, -EBADMSG,
				  "its answer ends in the middle (%zu bytes)",
				  reply->len);
	if (code == -ENOENT)
		return ep_err_set(err, -ENODEV,
				  "it has no power meter number %zu; count "
				  "from 0 with channel=N, and note that "
				  "switches without a meter exist",
				  link->channel);
	return ep_err_set(err, -EBADMSG,
			  "its answer is not what a Shelly or Tasmota plug "
			  "with a meter sends");
}

int ep_plug_link_read(struct ep_plug_link *link, struct ep_plug_reading *ret,
		      struct ep_http_reply *reply, struct ep_err *err)
{
	struct ep_plug_reading reading;
	int r = get(link, link->url, reply, err);

	if (r < 0)
		return r;
	r = ep_plug_parse(reply->body, reply->len, link->channel, &reading);
	if (r == 0 && reading.kind != link->kind)
		r = -EBADMSG;
	if (r < 0)
		return say_content(link, reply, r, err);
	*ret = reading;
	return 0;
}

static int open_gen1(struct ep_plug_link *link, struct ep_plug_reading *ret,
		     struct ep_err *err)
{
	struct ep_http_reply reply;

	if (link->secret_path[0] &&
	    ep_http_set_auth(link->http, EP_HTTP_AUTH_BASIC, link->user,
			     link->secret) < 0)
		return ep_err_set(err, -ENOMEM, "out of memory");
	(void)ep_str_format(link->url, sizeof(link->url), "%s/status",
			    link->base);
	return ep_plug_link_read(link, ret, &reply, err);
}

static int open_gen2(struct ep_plug_link *link, struct ep_plug_reading *ret,
		     struct ep_err *err)
{
	struct ep_http_reply reply = { .status = 0 };
	struct ep_err why = { 0 }, seen = { 0 };

	if (link->secret_path[0] &&
	    ep_http_set_auth(link->http, EP_HTTP_AUTH_DIGEST, link->user,
			     link->secret) < 0)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < COMPONENT_COUNT; i++) {
		int r;

		(void)ep_str_format(link->url, sizeof(link->url),
				    "%s/rpc/%s.GetStatus?id=%zu", link->base,
				    components[i], link->channel);
		reply.status = 0;
		r = ep_plug_link_read(link, ret, &reply, &why);
		if (r == 0)
			return 0;
		/* No such method, or no such id: another may have it. */
		if (reply.status == 404 ||
		    (reply.status == 500 &&
		     ep_plug_says_missing(reply.body, reply.len)))
			continue;
		seen = why;
		/* A switch without a meter, perhaps. */
		if (reply.status != 200)
			break;
	}
	if (seen.code < 0)
		return ep_err_set(err, seen.code, "%s", seen.text);
	return ep_err_set(err, -ENODEV,
			  "it has no Switch, PM1 or EM1 number %zu; count from "
			  "0 with channel=N",
			  link->channel);
}

static int open_tasmota(struct ep_plug_link *link, struct ep_plug_reading *ret,
			struct ep_err *err)
{
	char user[sizeof(link->user) * 3], secret[sizeof(link->secret) * 3];
	struct ep_http_reply reply;
	bool fits = ep_http_escape(link->user, user, sizeof(user)) &&
		    ep_http_escape(link->secret, secret, sizeof(secret));
	int r;

	if (fits && link->secret_path[0])
		fits = ep_str_format(link->url, sizeof(link->url),
				     "%s/cm?user=%s&password=%s&cmnd=Status%%20"
				     "10",
				     link->base, user, secret);
	else if (fits)
		fits = ep_str_format(link->url, sizeof(link->url),
				     "%s/cm?cmnd=Status%%2010", link->base);
	explicit_bzero(secret, sizeof(secret));
	if (!fits)
		return ep_err_set(err, -E2BIG,
				  "user and password are too long");
	r = ep_plug_link_read(link, ret, &reply, err);
	return r == -ENOENT ? say_content(link, &reply, -EBADMSG, err) : r;
}

/* Neither generation of Shelly asks for a password here. */
static int identify(struct ep_plug_link *link, const char *wanted,
		    struct ep_err *err)
{
	char url[sizeof(link->base) + 16];
	struct ep_plug_identity id = { .kind = EP_PLUG_TASMOTA };
	struct ep_http_reply reply;
	int r;

	link->kind = EP_PLUG_TASMOTA;
	if (strcmp(wanted, "tasmota") == 0)
		return 0;
	(void)ep_str_format(url, sizeof(url), "%s/shelly", link->base);
	r = ep_http_get(link->http, url, &reply, err);
	if (r < 0)
		return r;
	r = reply.status == 200 ? ep_plug_identify(reply.body, reply.len, &id)
				: -EBADMSG;
	if (r == 0)
		link->kind = id.kind;
	else if (strcmp(wanted, "shelly") == 0)
		return ep_err_set(err, -EPROTO,
				  "this is no Shelly: it does not say who it "
				  "is at /shelly (HTTP status %d)",
				  reply.status);
	if (id.locked && !link->secret_path[0])
		return say_status(link, 401, err);
	return 0;
}

static int take_keys(struct ep_plug_link *link, const struct ep_env *env,
		     const struct ep_conf *conf, struct ep_err *err)
{
	const char *url = ep_conf_get(conf, "url");
	const char *user = ep_conf_get(conf, "user");
	const char *path = ep_conf_get(conf, "password-file");
	int64_t channel = 0;
	size_t len;

	if (ep_conf_get_i64(conf, "channel", 0, &channel, err) < 0)
		return -EINVAL;
	link->channel = (size_t)channel;
	if (!ep_str_copy(link->base, sizeof(link->base), url) ||
	    !ep_str_copy(link->user, sizeof(link->user),
			 user ? user : "admin") ||
	    !ep_str_copy(link->secret_path, sizeof(link->secret_path),
			 path ? path : ""))
		return ep_err_set(err, -EINVAL, "a key of it is too long");
	len = strlen(link->base);
	while (len > 0 && link->base[len - 1] == '/')
		link->base[--len] = '\0';
	if (!link->secret_path[0])
		return 0;
	return ep_http_secret_read(ep_conf_is_typed(conf) ? &ep_root_machine
							  : &env->root,
				   link->secret_path, link->secret, err);
}

static int open_link(struct ep_plug_link *link, const struct ep_env *env,
		     const struct ep_conf *conf, struct ep_plug_reading *ret,
		     struct ep_err *err)
{
	static int (*const openers[EP_PLUG_KIND_COUNT])(
		struct ep_plug_link *, struct ep_plug_reading *,
		struct ep_err *) = {
		[EP_PLUG_GEN1] = open_gen1,
		[EP_PLUG_GEN2] = open_gen2,
		[EP_PLUG_TASMOTA] = open_tasmota,
	};
	const char *kind = ep_conf_get(conf, "kind");
	int64_t timeout_ns = EP_HTTP_TIMEOUT_NS;
	int r = take_keys(link, env, conf, err);

	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "timeout", EP_HTTP_TIMEOUT_NS,
					    &timeout_ns, err);
	if (r == 0)
		r = ep_http_new(timeout_ns, &link->http, err);
	if (r < 0)
		return r;
	r = identify(link, kind ? kind : "auto", err);
	if (r == 0)
		r = openers[link->kind](link, ret, err);
	if (r < 0)
		ep_err_prefix(err, "the plug at %s", link->base);
	return r;
}

int ep_plug_link_open(struct ep_plug_link *link, const struct ep_env *env,
		      const struct ep_conf *conf, struct ep_plug_reading *ret,
		      struct ep_err *err)
{
	int r = open_link(link, env, conf, ret, err);

	/* These say that a board's own part is not there; a plug that was
	 * named and cannot be used must be told of. */
	return r == -ENODEV || r == -ENOENT ? -ENXIO : r;
}

void ep_plug_link_close(struct ep_plug_link *link)
{
	ep_http_free(link->http);
	explicit_bzero(link, sizeof(*link));
}

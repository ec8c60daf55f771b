/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_PLUG_PARTS_H
#define EP_SENSORS_PLUG_PARTS_H

#include "base/conf.h"
#include "base/env.h"
#include "base/sample.h"
#include "drivers/http.h"

#include <stdbool.h>

/* Plugs that answer over HTTP: their replies, and how each is asked. */

enum ep_plug_kind {
	EP_PLUG_GEN1,	 /* Shelly: /status */
	EP_PLUG_GEN2,	 /* Shelly, second generation and later: /rpc */
	EP_PLUG_TASMOTA, /* /cm?cmnd=Status%2010 */
	EP_PLUG_KIND_COUNT
};

enum ep_plug_field {
	EP_PLUG_POWER,
	EP_PLUG_ENERGY,
	EP_PLUG_VOLTAGE,
	EP_PLUG_CURRENT,
	EP_PLUG_FACTOR,
	EP_PLUG_FREQUENCY,
	EP_PLUG_FIELD_COUNT
};

struct ep_plug_value {
	bool present;	     /* the reply has such a field */
	bool good;	     /* and it holds a value that can be */
	int64_t value, step; /* in the channel's unit; step: one last digit */
};

struct ep_plug_reading {
	enum ep_plug_kind kind;
	size_t meters; /* how many the reply tells of */
	struct ep_plug_value fields[EP_PLUG_FIELD_COUNT];
};

/* Name, quantity and shape of a field's channel; the rest is 0. */
extern const struct ep_channel ep_plug_channels[EP_PLUG_FIELD_COUNT];

/*
 * Reads a whole reply of any kind; index counts the meters of a reply that has
 * several.  -EBADMSG = no reply of a plug, -ENODATA = it ends in the middle,
 * -ENOENT = a plug's, but without that meter.
 */
int ep_plug_parse(const char *body, size_t len, size_t index,
		  struct ep_plug_reading *ret);

/* What GET /shelly tells. */
struct ep_plug_identity {
	enum ep_plug_kind kind; /* GEN1 or GEN2 */
	bool locked;		/* asks for a password */
};
/* -EBADMSG: not a Shelly's. */
int ep_plug_identify(const char *body, size_t len,
		     struct ep_plug_identity *ret);

/* Is it the second generation's error "no component with that id"? */
bool ep_plug_says_missing(const char *body, size_t len);

/* A plug that is spoken with. */
struct ep_plug_link {
	struct ep_http *http;
	enum ep_plug_kind kind;
	char base[256];		     /* "http://192.0.2.7", for messages */
	char url[EP_HTTP_URL_BYTES]; /* what is polled: may hold the password */
	char user[64];
	char secret_path[512]; /* "" none */
	char secret[EP_HTTP_SECRET_BYTES];
	size_t channel;
};

/*
 * Finds out what answers at the url, logs in where asked to and takes a first
 * reading.  Sentences say what to do; -EACCES wants a (better) password.
 * Blocks for the timeout times the 5 requests this may take.
 */
int ep_plug_link_open(struct ep_plug_link *link, const struct ep_env *env,
		      const struct ep_conf *conf, struct ep_plug_reading *ret,
		      struct ep_err *err) EP_MUST_CHECK;
void ep_plug_link_close(struct ep_plug_link *link);
/* One exchange.  -errno without a reading. */
int ep_plug_link_read(struct ep_plug_link *link, struct ep_plug_reading *ret,
		      struct ep_http_reply *reply,
		      struct ep_err *err) EP_MUST_CHECK;

#endif

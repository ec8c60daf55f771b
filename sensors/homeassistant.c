/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One entity of Home Assistant, a power or an energy count, over its REST API
 * with a long-lived access token. */
#include "sensors/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/http.h"
#include "sensors/files.h"
#include "sensors/homeassistant_parts.h"
#include "sensors/table.h"

/* Integrations tell a change within seconds, or ask their device every some
 * seconds: an assumption, which refresh= replaces. */
#define REFRESH_NS (10 * EP_NS_PER_S)
#define PERIOD_NS EP_NS_PER_S
#define STALE_NS (300 * EP_NS_PER_S)
/* Shorter phases see too few values for any figure. */
#define REFRESHES_MIN 20
/* The width of a read fits a sample's 32 bits. */
#define TIMEOUT_NS_MAX (4 * EP_NS_PER_S)
#define SPAN_NS_MIN (20 * EP_NS_PER_MS)

static const struct ep_channel wire_channels[EP_HOME_FIELD_COUNT] = {
	[EP_HOME_POWER] = { .name = "power", .quantity = EP_POWER_UW },
	[EP_HOME_ENERGY] = { .name = "energy",
			     .quantity = EP_ENERGY_UJ,
			     .shape = EP_COUNTER },
};

struct settings {
	char base[256];			   /* "http://192.0.2.5:8123" */
	char entity[EP_HOME_ENTITY_BYTES]; /* "sensor.plug_power" */
	const char *token_path;		   /* borrowed */
	int64_t refresh_ns, period_ns, timeout_ns, stale_ns, gain_ppm;
	bool refresh_told;
};

struct ep_sensor {
	const struct ep_env *env;
	struct settings settings;
	struct ep_http *http;
	char url[512];
	char stamp[48];		/* of the last reading */
	int64_t stamp_since_ns; /* since when it is that */
	bool lost;		/* readings failed since the last good one */
	struct ep_channel channel;
	enum ep_home_field field;
};

static int get_span(const struct ep_conf *conf, const char *key, int64_t max_ns,
		    int64_t *ns, struct ep_err *err)
{
	int r = ep_conf_get_duration_ns(conf, key, *ns, ns, err);

	if (r == 0 && (*ns < SPAN_NS_MIN || *ns > max_ns))
		return ep_conf_err(conf, key, err,
				   max_ns == TIMEOUT_NS_MAX ? "takes 20ms to 4s"
							    : "takes 20ms to "
							      "1h");
	return r;
}

static int get_times(const struct ep_conf *conf, struct settings *s,
		     struct ep_err *err)
{
	const int64_t hour_ns = 3600 * EP_NS_PER_S;
	int r;

	s->refresh_ns = REFRESH_NS;
	s->period_ns = PERIOD_NS;
	s->timeout_ns = EP_HTTP_TIMEOUT_NS;
	s->stale_ns = STALE_NS;
	s->refresh_told = ep_conf_get(conf, "refresh") != NULL;
	r = get_span(conf, "refresh", hour_ns, &s->refresh_ns, err);
	if (r == 0)
		r = get_span(conf, "period", hour_ns, &s->period_ns, err);
	if (r == 0)
		r = get_span(conf, "timeout", TIMEOUT_NS_MAX, &s->timeout_ns,
			     err);
	if (r == 0)
		r = get_span(conf, "stale", hour_ns, &s->stale_ns, err);
	return r;
}

/* "http://192.0.2.5:8123/sensor.plug_power" into its two parts. */
static int split_url(const struct ep_conf *conf, struct settings *s,
		     struct ep_err *err)
{
	const char *url = ep_conf_get(conf, "url");
	const char *slash = url ? strrchr(url, '/') : NULL;
	struct ep_err why = { 0 };

	if (!slash || !ep_home_is_entity(slash + 1))
		return ep_conf_err(conf, "url", err,
				   "takes Home Assistant's address and an "
				   "entity, such as "
				   "http://192.0.2.5:8123/sensor.plug_power");
	(void)ep_str_copy(s->entity, sizeof(s->entity), slash + 1);
	if (!ep_str_format(s->base, sizeof(s->base), "%.*s", (int)(slash - url),
			   url))
		return ep_conf_err(conf, "url", err, "is too long");
	if (ep_http_url_check(s->base, &why) < 0)
		return ep_conf_err(conf, "url", err, why.text);
	return 0;
}

static int get_settings(const struct ep_conf *conf, struct settings *s,
			struct ep_err *err)
{
	double percent = 0;
	int r = split_url(conf, s, err);

	if (r == 0)
		r = get_times(conf, s, err);
	if (r == 0)
		r = ep_conf_get_f64(conf, "gain_percent", 0, &percent, err);
	if (r < 0)
		return r;
	if (!(percent >= 0 && percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "takes percent of the reading, 0 to 100");
	s->gain_ppm = llround(percent * 1e4);
	s->token_path = ep_conf_get(conf, "token_file");
	if (!s->token_path || !s->token_path[0])
		return ep_conf_err(conf, "token_file", err,
				   "needs the file with an access token");
	return 0;
}

static int home_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct settings settings = { .base = "" };

	return get_settings(conf, &settings, err);
}

static int say_status(const struct ep_sensor *s, int status, struct ep_err *err)
{
	if (status == 401 || status == 403)
		return ep_err_set(err, -EACCES,
				  "it refuses the token in %.200s; make a "
				  "long-lived access token in your profile "
				  "there, under Security",
				  s->settings.token_path);
	if (status == 404)
		return ep_err_set(err, -ENXIO,
				  "it has no entity %s; its Developer tools, "
				  "States, list those it has",
				  s->settings.entity);
	if (status >= 300 && status < 400)
		return ep_err_set(err, -EPROTO,
				  "it redirects to another address (HTTP "
				  "status %d); give that address",
				  status);
	return ep_err_set(err, -EIO, "it answers with HTTP status %d", status);
}

/* One exchange: any state, a number or not. */
static int ask(struct ep_sensor *s, struct ep_home_reading *ret,
	       struct ep_http_reply *reply, struct ep_err *err)
{
	int r = ep_http_get(s->http, s->url, reply, err);

	if (r < 0)
		return r;
	if (reply->status != 200)
		return say_status(s, reply->status, err);
	r = ep_home_parse(reply->body, reply->len, ret);
	if (r == 0 && strcmp(ret->entity, s->settings.entity) != 0)
		r = -EBADMSG;
	if (r < 0)
		return ep_err_set(err, -EBADMSG,
				  r == -ENODATA ? "its answer ends in the "
						  "middle"
						: "its answer is not the state "
						  "of that entity");
	return 0;
}

static void describe(struct ep_sensor *s, const struct ep_home_reading *r)
{
	const struct settings *set = &s->settings;
	int64_t longest_ns = set->refresh_ns > set->period_ns ? set->refresh_ns
							      : set->period_ns;
	struct ep_channel *c = &s->channel;

	s->field = r->field;
	*c = wire_channels[r->field];
	c->role = EP_ROLE_TOTAL;
	c->resolution = r->good ? r->step : 0;
	c->gain_ppm = set->gain_ppm;
	c->min_window_ns = REFRESHES_MIN * longest_ns;
	if (r->field == EP_HOME_ENERGY)
		return;
	c->refresh_ns = set->refresh_ns;
	/* The mean of one refresh, up to one refresh old. */
	c->window_ns = 2 * set->refresh_ns;
}

static void note(const struct ep_sensor *s, const struct ep_home_reading *r,
		 struct ep_sensor_notes *notes)
{
	ep_sensor_note(notes, "%s at %.90s, in %s", r->entity, s->settings.base,
		       r->unit);
	if (!r->good)
		ep_sensor_note(notes, "when it was opened it was \"%s\"",
			       r->state);
	if (!s->settings.refresh_told)
		ep_sensor_note(notes, "how often it is updated is not known: "
				      "10 s is assumed, refresh= tells");
	if (s->settings.gain_ppm == 0)
		ep_sensor_note(notes, "gain_percent=N tells how accurate it "
				      "is; what no one has told is not in the "
				      "±");
	if (ep_str_starts(s->settings.base, "http:"))
		ep_sensor_note(notes, "by http the token crosses the network "
				      "in the clear");
}

static int log_in(struct ep_sensor *s, const struct ep_conf *conf,
		  struct ep_err *err)
{
	const struct ep_root *root =
		ep_conf_is_typed(conf) ? &ep_root_machine : &s->env->root;
	char token[EP_HTTP_SECRET_BYTES];
	int r = ep_http_secret_read(root, s->settings.token_path, token, err);

	if (r == 0)
		r = ep_http_new(s->settings.timeout_ns, &s->http, err);
	if (r == 0 &&
	    ep_http_set_auth(s->http, EP_HTTP_AUTH_BEARER, NULL, token) < 0)
		r = ep_err_set(err, -ENOMEM, "out of memory");
	explicit_bzero(token, sizeof(token));
	return r;
}

static int connect_it(struct ep_sensor *s, struct ep_home_reading *ret,
		      struct ep_err *err)
{
	struct ep_http_reply reply;
	int r;

	(void)ep_str_format(s->url, sizeof(s->url), "%s/api/states/%s",
			    s->settings.base, s->settings.entity);
	r = ask(s, ret, &reply, err);
	if (r == 0 && ret->field == EP_HOME_FIELD_COUNT)
		r = ep_err_set(err, -EINVAL,
			       "%s tells %s%s%s, which is no power and no "
			       "energy: take an entity in W, kW, Wh or kWh",
			       ret->entity, ret->unit[0] ? "\"" : "no unit",
			       ret->unit, ret->unit[0] ? "\"" : "");
	if (r < 0)
		ep_err_prefix(err, "Home Assistant at %s", s->settings.base);
	return r;
}

static void home_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_http_free(sensor->http);
	free(sensor);
}

static int home_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct ep_home_reading reading = { .value = 0 };
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	r = get_settings(conf, &sensor->settings, err);
	if (r == 0)
		r = log_in(sensor, conf, err);
	if (r == 0)
		r = connect_it(sensor, &reading, err);
	if (r < 0) {
		home_close(sensor);
		/* That the board has none is not what these say. */
		return r == -ENODEV || r == -ENOENT ? -ENXIO : r;
	}
	describe(sensor, &reading);
	note(sensor, &reading, notes);
	(void)ep_str_copy(sensor->stamp, sizeof(sensor->stamp), reading.stamp);
	sensor->stamp_since_ns = env->now_ns();
	*ret = sensor;
	return 0;
}

static size_t home_channels(const struct ep_sensor *sensor,
			    const struct ep_channel **ret)
{
	*ret = &sensor->channel;
	return 1;
}

static int64_t home_period_ns(const struct ep_sensor *sensor)
{
	return sensor->settings.period_ns;
}

/* The flags of a reading.  Its time stamp proves it new when it is not that of
 * the one before; one that stays for long tells of a device that is gone. */
static unsigned judge(struct ep_sensor *s, const struct ep_home_reading *r,
		      int64_t now_ns)
{
	bool same = strcmp(r->stamp, s->stamp) == 0;

	if (!same) {
		(void)ep_str_copy(s->stamp, sizeof(s->stamp), r->stamp);
		s->stamp_since_ns = now_ns;
	}
	if (!r->good || r->field != s->field ||
	    now_ns - s->stamp_since_ns > s->settings.stale_ns)
		return EP_SAMPLE_ERROR;
	return (same || !r->stamp[0] ? EP_SAMPLE_UNPROVEN : 0U) |
	       (s->lost ? EP_SAMPLE_GAP : 0U);
}

static int home_poll(struct ep_sensor *sensor, int64_t now_ns,
		     const struct ep_sink *sink)
{
	struct ep_home_reading reading = { .value = 0 };
	struct ep_http_reply reply;
	struct ep_sample s = { .flags = EP_SAMPLE_ERROR };
	int r = ask(sensor, &reading, &reply, NULL);

	if (r == 0) {
		ep_sample_stamp(&s, reply.sent_ns, reply.done_ns);
		s.flags = (uint16_t)judge(sensor, &reading, reply.done_ns);
	} else {
		ep_sample_stamp(&s, now_ns, sensor->env->now_ns());
	}
	if (!(s.flags & EP_SAMPLE_ERROR))
		s.value = reading.value;
	sensor->lost = s.flags & EP_SAMPLE_ERROR;
	sink->emit(sink->ctx, &s);
	return r < 0 ? r : 1;
}

static int home_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		       const struct ep_sink *sink)
{
	struct ep_sample s = { .t_ns = t_ns };
	struct ep_home_reading reading;

	if (ep_home_parse((const char *)bytes, len, &reading) < 0 ||
	    reading.field == EP_HOME_FIELD_COUNT)
		return -EBADMSG;
	s.channel = (uint16_t)reading.field;
	s.value = reading.good ? reading.value : 0;
	s.flags = reading.good ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR;
	sink->emit(sink->ctx, &s);
	return (int)len;
}

static const struct ep_param home_params[] = {
	{ "url", NULL, "address and entity: http://host:8123/sensor.name" },
	{ "token_file", NULL, "a file with an access token, for you alone" },
	{ "refresh", "10s", "how often the entity is updated" },
	{ "period", "1s", "how often it is asked" },
	{ "stale", "5m", "not updated for longer is not measured" },
	{ "timeout", "2s", "the longest wait for an answer" },
	{ "gain_percent", "", "limit of its error, in percent of the reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_homeassistant = {
	.name = "homeassistant",
	.summary = "a power or energy entity of Home Assistant",
	.params = home_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = home_check,
	.open = home_open,
	.channels = home_channels,
	.period_ns = home_period_ns,
	.poll = home_poll,
	.close = home_close,
	.decode = home_decode,
	.wire_channels = wire_channels,
	.wire_channel_count = EP_HOME_FIELD_COUNT,
};

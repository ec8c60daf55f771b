/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ppk2_parts.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define COMMAND_STOP 0x07
#define COMMAND_METADATA 0x19
#define STOP_NS (300 * EP_NS_PER_MS)
#define QUIET_NS (30 * EP_NS_PER_MS)
#define ANSWER_NS (700 * EP_NS_PER_MS)
#define ROW_NS ((int64_t)EP_PPK2_ROW_SAMPLES * EP_PPK2_SAMPLE_NS)
/* As ppk2_rows.c tells them. */
#define SELDOM_NS (100 * EP_NS_PER_MS)
#define PPM_OF_PERCENT 1e4

static const struct ep_channel plain_channels[EP_PPK2_FIRST_INPUT] = {
	[EP_PPK2_POWER] = { .name = "power",
			    .quantity = EP_POWER_UW,
			    .role = EP_ROLE_TOTAL,
			    .refresh_ns = ROW_NS,
			    .window_ns = ROW_NS,
			    .resolution = 1 },
	[EP_PPK2_CURRENT] = { .name = "current",
			      .quantity = EP_CURRENT_UA,
			      .refresh_ns = ROW_NS,
			      .window_ns = ROW_NS,
			      .resolution = 1 },
	[EP_PPK2_LOST] = { .name = "lost",
			   .quantity = EP_COUNT,
			   .shape = EP_COUNTER,
			   .refresh_ns = SELDOM_NS,
			   .resolution = 1 },
	[EP_PPK2_DAMAGED] = { .name = "damaged",
			      .quantity = EP_COUNT,
			      .shape = EP_COUNTER,
			      .refresh_ns = SELDOM_NS,
			      .resolution = 1 },
	[EP_PPK2_SKIPPED] = { .name = "skipped",
			      .quantity = EP_SIZE_BYTES,
			      .shape = EP_COUNTER,
			      .refresh_ns = SELDOM_NS,
			      .resolution = 1 },
	[EP_PPK2_VOLTAGE] = { .name = "voltage",
			      .quantity = EP_VOLTAGE_UV,
			      .refresh_ns = SELDOM_NS,
			      .flags = EP_CHANNEL_NEGOTIATED },
	[EP_PPK2_CURRENT_MIN] = { .name = "current_min",
				  .quantity = EP_CURRENT_UA,
				  .refresh_ns = ROW_NS,
				  .window_ns = ROW_NS,
				  .resolution = 1 },
	[EP_PPK2_CURRENT_MAX] = { .name = "current_max",
				  .quantity = EP_CURRENT_UA,
				  .refresh_ns = ROW_NS,
				  .window_ns = ROW_NS,
				  .resolution = 1 },
	[EP_PPK2_SAMPLES] = { .name = "samples",
			      .quantity = EP_COUNT,
			      .refresh_ns = ROW_NS,
			      .window_ns = ROW_NS },
};

static int get_inputs(const struct ep_conf *conf, struct ep_ppk2_settings *ret,
		      struct ep_err *err)
{
	for (size_t i = 0; i < EP_PPK2_INPUTS; i++) {
		const char key[3] = { 'd', (char)('0' + i), '\0' };
		const char *name = ep_conf_get(conf, key);
		size_t len = name ? strlen(name) : 0;

		if (len == 0)
			continue;
		if (len >= EP_PHASE_NAME_BYTES ||
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
			    len)
			return ep_conf_err(conf, key, err,
					   "must be a phase's name: small "
					   "letters, digits and '_', 31 at "
					   "most");
		for (size_t k = 0; k < EP_PPK2_FIRST_INPUT; k++)
			if (strcmp(plain_channels[k].name, name) == 0)
				return ep_conf_err(conf, key, err,
						   "is a channel already");
		for (size_t k = 0; k < i; k++)
			if (ret->inputs[k] && strcmp(ret->inputs[k], name) == 0)
				return ep_conf_err(conf, key, err,
						   "is another input's name "
						   "already");
		ret->inputs[i] = name;
	}
	return 0;
}

int ep_ppk2_get_settings(const struct ep_conf *conf,
			 struct ep_ppk2_settings *ret, struct ep_err *err)
{
	const char *mode = ep_conf_get(conf, "mode");
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->connect_ns = 3 * EP_NS_PER_S;
	if (mode && strcmp(mode, "source") == 0)
		ret->mode = EP_PPK2_SOURCE;
	else if (mode && strcmp(mode, "ampere") == 0)
		ret->mode = EP_PPK2_AMPERE;
	else if (mode && mode[0])
		return ep_conf_err(conf, "mode", err,
				   "must be source or ampere");
	r = ep_conf_get_i64(conf, "voltage_mv", 0, &ret->voltage_mv, err);
	if (r == 0 && ep_conf_get(conf, "voltage_mv") &&
	    (ret->voltage_mv < 800 || ret->voltage_mv > 5000))
		return ep_conf_err(conf, "voltage_mv", err,
				   "must be 800 to 5000");
	if (r == 0)
		r = ep_conf_get_f64(conf, "gain_percent", -1,
				    &ret->gain_percent, err);
	if (r == 0 && ep_conf_get(conf, "gain_percent") &&
	    !(ret->gain_percent >= 0 && ret->gain_percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "must be 0 to 100");
	if (r == 0)
		r = ep_conf_get_bool(conf, "spike_filter", true, &ret->filter,
				     err);
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "connect", ret->connect_ns,
					    &ret->connect_ns, err);
	if (r == 0 && (ret->connect_ns < 100 * EP_NS_PER_MS ||
		       ret->connect_ns > 60 * EP_NS_PER_S))
		return ep_conf_err(conf, "connect", err,
				   "must be 100ms to 60s");
	return r < 0 ? r : get_inputs(conf, ret, err);
}

int ep_ppk2_make_quiet(struct ep_sensor *s)
{
	const uint8_t stop = COMMAND_STOP;
	int64_t end_ns = s->env->now_ns() + STOP_NS;
	uint8_t bytes[4096];
	int r = ep_serial_write(&s->port, &stop, 1,
				s->env->now_ns() + EP_PPK2_WRITE_NS);

	while (r >= 0) {
		int64_t now_ns = s->env->now_ns();

		if (now_ns >= end_ns)
			return -EBUSY;
		r = ep_serial_read(&s->port, bytes, sizeof(bytes),
				   now_ns + QUIET_NS);
	}
	return r == -ETIMEDOUT ? 0 : r;
}

static int ask_about(struct ep_sensor *s, struct ep_ppk2_about *ret)
{
	const uint8_t ask = COMMAND_METADATA;
	char text[EP_PPK2_METADATA_BYTES_MAX];
	int64_t end_ns = s->env->now_ns() + ANSWER_NS;
	size_t len = 0;
	int r = ep_serial_write(&s->port, &ask, 1, end_ns);

	while (r >= 0) {
		if (len == sizeof(text))
			return -EBADMSG;
		r = ep_serial_read(&s->port, text + len, sizeof(text) - len,
				   end_ns);
		if (r > 0)
			len += (size_t)r;
		if (r > 0 && ep_ppk2_parse(text, len, ret) == 0)
			return 0;
	}
	return r == -ETIMEDOUT && len > 0 ? -EBADMSG : r;
}

static int explain(const struct ep_sensor *s, int r, struct ep_err *err)
{
	if (r == -EBUSY)
		return ep_err_set(err, r,
				  "%s: it goes on sending when told to stop; "
				  "is it a PPK2?",
				  s->path);
	if (r == -EBADMSG)
		return ep_err_set(err, r,
				  "%s: what answers is not a PPK2: no "
				  "calibration in it; of two ports of one "
				  "device try the other",
				  s->path);
	if (r == -ETIMEDOUT)
		return ep_err_set(
			err, r,
			"%s: nothing answers within %lld ms; is it a "
			"PPK2? Of two ports of one device try the "
			"other",
			s->path,
			(long long)(s->settings.connect_ns / EP_NS_PER_MS));
	return ep_err_set(err, -EIO,
			  "%s: the device behind it went away; plug the PPK2 "
			  "in again",
			  s->path);
}

int ep_ppk2_connect(struct ep_sensor *s, int64_t for_ns,
		    struct ep_ppk2_about *ret, struct ep_err *err)
{
	static const struct ep_serial_mode mode = {
		115200, 8, 'N', 1, EP_SERIAL_KEEP, EP_SERIAL_KEEP
	};
	int64_t end_ns = s->env->now_ns() + for_ns;
	int r = ep_serial_open(&s->port, s->root, s->path, &mode, err);

	if (r < 0)
		return r;
	do {
		r = ep_ppk2_make_quiet(s);
		if (r == 0)
			r = ask_about(s, ret);
	} while ((r == -ETIMEDOUT || r == -EBADMSG || r == -EBUSY) &&
		 s->env->now_ns() < end_ns && !ep_env_is_cancelled(s->env));
	if (r == 0)
		return 0;
	ep_serial_close(&s->port);
	return explain(s, r, err);
}

static const char *mode_name(int mode)
{
	return mode == EP_PPK2_SOURCE ? "source" : "ampere";
}

/* The mode and voltage are those that the user says. */
static int compare(const struct ep_sensor *s, const struct ep_ppk2_about *a,
		   struct ep_err *err)
{
	const struct ep_ppk2_settings *want = &s->settings;
	double mv = (double)want->voltage_mv;

	if (want->mode != EP_PPK2_UNKNOWN && a->mode != (int)want->mode)
		return ep_err_set(err, -EINVAL,
				  "%s: the PPK2 is in %s mode, not %s: set it "
				  "before the run; edgeprof never changes what "
				  "may power a board",
				  s->path, mode_name(a->mode),
				  mode_name((int)want->mode));
	if (a->mode == EP_PPK2_SOURCE && a->vdd_mv > 0 && mv > 0 &&
	    fabs(a->vdd_mv - mv) >= 1)
		return ep_err_set(err, -EINVAL,
				  "%s: the PPK2 is set to %.0f mV, not %.0f: "
				  "set it before the run; edgeprof never "
				  "changes what may power a board",
				  s->path, a->vdd_mv, mv);
	return 0;
}

int ep_ppk2_judge(struct ep_sensor *s, struct ep_ppk2_about *a,
		  double *ret_volts, struct ep_err *err)
{
	double mv = (double)s->settings.voltage_mv;
	int r;

	if (a->mode == EP_PPK2_UNKNOWN && s->settings.mode == EP_PPK2_UNKNOWN)
		return ep_err_set(err, -EINVAL,
				  "%s: it does not tell its mode: say "
				  "mode=source or mode=ampere",
				  s->path);
	if (a->mode == EP_PPK2_UNKNOWN)
		a->mode = (int)s->settings.mode;
	r = compare(s, a, err);
	if (r < 0)
		return r;
	if (a->mode == EP_PPK2_SOURCE && a->vdd_mv > 0)
		mv = a->vdd_mv;
	if (!(mv > 0))
		return ep_err_set(err, -EINVAL,
				  "%s: in %s mode this PPK2 does not tell the "
				  "voltage: say what the supply gives, such as "
				  "voltage_mv=3300",
				  s->path, mode_name(a->mode));
	*ret_volts = mv / 1000;
	return 0;
}

void ep_ppk2_make_channels(struct ep_sensor *s)
{
	const struct ep_ppk2_settings *set = &s->settings;
	const int64_t row_ns =
		(int64_t)s->stream.row_samples * EP_PPK2_SAMPLE_NS;
	struct ep_channel *c = s->channels;

	memcpy(c, plain_channels, sizeof(plain_channels));
	s->channel_count = s->stream.row_samples > 1 ? EP_PPK2_FIRST_INPUT
						     : EP_PPK2_CURRENT_MIN;
	for (size_t i = 0; i < s->channel_count; i++)
		if (c[i].window_ns > 0)
			c[i].refresh_ns = c[i].window_ns = row_ns;
	if (set->gain_percent >= 0)
		c[EP_PPK2_POWER].gain_ppm = c[EP_PPK2_CURRENT].gain_ppm =
			llround(set->gain_percent * PPM_OF_PERCENT);
	for (unsigned i = 0; i < EP_PPK2_INPUTS; i++) {
		if (!set->inputs[i])
			continue;
		s->stream.named |= 1U << i;
		s->stream.input_channels[i] = (uint16_t)s->channel_count;
		c = &s->channels[s->channel_count++];
		*c = (struct ep_channel){ .quantity = EP_COUNT,
					  .refresh_ns = row_ns };
		(void)ep_str_copy(c->name, sizeof(c->name), set->inputs[i]);
	}
}

void ep_ppk2_note(const struct ep_sensor *s, struct ep_sensor_notes *notes)
{
	const struct ep_ppk2_about *a = &s->stream.about;

	ep_sensor_note(notes,
		       "%s is a PPK2 in %s mode; the voltage is not measured: "
		       "%.0f mV is what %s",
		       s->path, mode_name(a->mode), s->stream.volts * 1000,
		       a->mode == EP_PPK2_SOURCE && a->vdd_mv > 0
			       ? "it was set to"
			       : "voltage_mv says");
	ep_sensor_note(notes,
		       "100 000 samples a second, %s, stamped by their counter",
		       s->stream.row_samples > 1
			       ? "stored as mean, least and greatest of each "
				 "millisecond"
			       : "each stored");
	ep_sensor_note(notes, "it passes about 1 A; whether its output is on "
			      "cannot be read, and edgeprof switches nothing");
	if (s->settings.gain_percent < 0)
		ep_sensor_note(notes,
			       "its accuracy is not known: gain_percent= puts "
			       "your limit into the ±");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/scpi_keys.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"

#define PERIOD_NS (100 * EP_NS_PER_MS)
#define PERIOD_NS_MIN (10 * EP_NS_PER_MS)
#define PERIOD_NS_MAX (60 * EP_NS_PER_S)
#define TIMEOUT_NS (2 * EP_NS_PER_S)
#define TIMEOUT_NS_MIN (100 * EP_NS_PER_MS)
/* The width of a read fits a sample's 32 bits. */
#define TIMEOUT_NS_MAX (4 * EP_NS_PER_S)
#define BAUD 9600
#define BAUD_MAX 10000000
#define OFFSET_MAX 100

static int get_span(const struct ep_conf *conf, const char *key,
		    int64_t fallback_ns, int64_t *ret_ns, struct ep_err *err)
{
	bool timeout = strcmp(key, "timeout") == 0;
	int64_t min_ns = timeout ? TIMEOUT_NS_MIN : PERIOD_NS_MIN;
	int64_t max_ns = timeout ? TIMEOUT_NS_MAX : PERIOD_NS_MAX;
	int r = ep_conf_get_duration_ns(conf, key, fallback_ns, ret_ns, err);

	if (r == 0 && (*ret_ns < min_ns || *ret_ns > max_ns))
		return ep_conf_err(conf, key, err,
				   timeout ? "must be 100ms to 4s"
					   : "must be 10ms to 60s");
	return r;
}

static int get_line(const struct ep_conf *conf, struct ep_serial_mode *ret,
		    struct ep_err *err)
{
	const char *format = ep_conf_get(conf, "format");
	int64_t baud = BAUD;
	int r = ep_conf_get_i64(conf, "baud", BAUD, &baud, err);

	*ret = (struct ep_serial_mode){ BAUD,	      8,	   'N', 1,
					EP_SERIAL_ON, EP_SERIAL_ON };
	if (r == 0 && (baud < 1 || baud > BAUD_MAX))
		return ep_conf_err(conf, "baud", err, "must be 1 to 10000000");
	ret->baud = (uint32_t)baud;
	if (r == 0 && format && ep_serial_parse_format(format, ret) < 0)
		return ep_conf_err(
			conf, "format", err,
			"takes data bits, parity and stop bits, such "
			"as 8N1");
	return r;
}

static int check_address(const struct ep_conf *conf, const char *key,
			 struct ep_err *err)
{
	const char *address = ep_conf_get(conf, key);
	struct ep_err why = { 0 };

	if (address && ep_scpi_address_check(address, &why) < 0)
		return ep_conf_err(conf, key, err, why.text);
	return 0;
}

/* What is measured must come to a power, or be a voltage alone. */
static int check_quantities(const struct ep_conf *conf,
			    const struct ep_scpi_settings *s,
			    struct ep_err *err)
{
	const struct ep_scpi_plan *plan = &s->plans[EP_SCPI_MAIN];
	bool volts = ep_scpi_plan_has(plan, EP_SCPI_VOLTAGE);
	bool amps = ep_scpi_plan_has(plan, EP_SCPI_CURRENT);
	bool power = ep_scpi_plan_has(plan, EP_SCPI_POWER);
	bool second = s->meter_count > 1;

	if (!volts && !amps && !power)
		return ep_conf_err(conf, "fields", err,
				   "names nothing that is to be measured");
	if ((s->assumed.volts_uv > 0 || second) && (!amps || volts || power))
		return ep_conf_err(conf, second ? "volts" : "assume_v", err,
				   "is for an instrument that measures current "
				   "alone");
	if (s->assumed.volts_uv > 0 && second)
		return ep_conf_err(
			conf, "assume_v", err,
			"the volts are measured by volts=; leave one "
			"of them out");
	if (amps && !volts && !power && !second && s->assumed.volts_uv == 0)
		return ep_conf_err(conf, "preset", err,
				   "a current alone is no power: add "
				   "assume_v=5.1 with the volts of the supply, "
				   "or volts=ADDRESS of a second instrument");
	return 0;
}

/* As data sheets tell them: 0.3 % + 10 mA. */
static int get_offsets(const struct ep_conf *conf, struct ep_scpi_settings *s,
		       struct ep_err *err)
{
	static const struct {
		const char *key, *none;
	} what[EP_SCPI_FIELD_COUNT] = {
		[EP_SCPI_VOLTAGE] = { "offset_v", "it measures no volts" },
		[EP_SCPI_CURRENT] = { "offset_a", "it measures no amperes" },
		[EP_SCPI_POWER] = { "offset_w",
				    "it measures no watts by itself" },
	};

	for (int i = EP_SCPI_VOLTAGE; i < EP_SCPI_FIELD_COUNT; i++) {
		const char *text = ep_conf_get(conf, what[i].key);
		bool measured = ep_scpi_plan_has(&s->plans[EP_SCPI_MAIN],
						 (enum ep_scpi_field)i) ||
				(i == EP_SCPI_VOLTAGE && s->meter_count > 1);
		double limit = 0;
		int r = 0;

		if (!text || !*text)
			continue;
		r = ep_conf_get_f64(conf, what[i].key, 0, &limit, err);
		if (r == 0 && !(limit >= 0 && limit <= OFFSET_MAX))
			r = ep_conf_err(conf, what[i].key, err,
					"must be 0 to 100");
		if (r == 0 && !measured)
			r = ep_conf_err(conf, what[i].key, err, what[i].none);
		if (r < 0)
			return r;
		s->offsets[i] = llround(limit * 1e6);
	}
	return 0;
}

int ep_scpi_settings_get(const struct ep_conf *conf,
			 struct ep_scpi_settings *ret, struct ep_err *err)
{
	const char *volts = ep_conf_get(conf, "volts");
	int r = check_address(conf, "device", err);

	memset(ret, 0, sizeof(*ret));
	ret->meter_count = volts && *volts ? 2 : 1;
	if (r == 0)
		r = check_address(conf, "volts", err);
	if (r == 0)
		r = get_span(conf, "period", PERIOD_NS, &ret->period_ns, err);
	if (r == 0)
		r = get_span(conf, "timeout", TIMEOUT_NS, &ret->timeout_ns,
			     err);
	if (r == 0)
		r = get_line(conf, &ret->mode, err);
	if (r == 0)
		r = ep_assumed_get(conf, &ret->assumed, err);
	if (r == 0)
		r = ep_scpi_plan_make(conf, NULL, &ret->plans[EP_SCPI_MAIN],
				      err);
	if (r == 0 && ret->meter_count > 1)
		r = ep_scpi_plan_make(conf, EP_SCPI_VOLTS_PRESET,
				      &ret->plans[EP_SCPI_VOLTS], err);
	if (r == 0)
		r = check_quantities(conf, ret, err);
	return r < 0 ? r : get_offsets(conf, ret, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bench instruments that speak SCPI: multimeters, power supplies and
 * source-measure units over TCP, USBTMC or a serial port.  Only commands that
 * change no output are sent, and each answer is a number or refused.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/files.h"
#include "sensors/scpi_keys.h"
#include "sensors/table.h"

#define CHANNELS_MAX 6

struct ep_sensor {
	const struct ep_env *env;
	struct ep_scpi_meter meters[EP_SCPI_METER_COUNT];
	size_t meter_count;
	struct ep_assumed assumed;
	int64_t offsets[EP_SCPI_FIELD_COUNT];
	int64_t period_ns, timeout_ns;
	bool gap; /* polls were missed since the last answer */
	struct ep_channel channels[CHANNELS_MAX];
	size_t channel_count;
	int at[EP_SCPI_FIELD_COUNT]; /* channel of an ep_scpi_field; -1 none */
	int errors_at;
};

static const struct ep_channel wire_channels[EP_SCPI_FIELDS_MAX] = {
	{ .name = "first_millionths", .quantity = EP_COUNT },
	{ .name = "second_millionths", .quantity = EP_COUNT },
	{ .name = "third_millionths", .quantity = EP_COUNT },
	{ .name = "fourth_millionths", .quantity = EP_COUNT },
};

static int scpi_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct ep_scpi_settings settings;

	return ep_scpi_settings_get(conf, &settings, err);
}

static void scpi_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	for (size_t i = 0; i < EP_SCPI_METER_COUNT; i++)
		ep_scpi_meter_close(&sensor->meters[i]);
	free(sensor);
}

static struct ep_channel *add_channel(struct ep_sensor *s, const char *name,
				      enum ep_quantity quantity)
{
	struct ep_channel *c = &s->channels[s->channel_count++];

	(void)ep_str_copy(c->name, sizeof(c->name), name);
	c->quantity = quantity;
	return c;
}

/* The i-th field of its answers. */
static void add_field(struct ep_sensor *s, const struct ep_scpi_meter *m,
		      size_t i)
{
	enum ep_scpi_field field = m->plan.fields[i];
	static const struct {
		const char *name;
		enum ep_quantity quantity;
	} what[] = {
		[EP_SCPI_VOLTAGE] = { "voltage", EP_VOLTAGE_UV },
		[EP_SCPI_CURRENT] = { "current", EP_CURRENT_UA },
		[EP_SCPI_POWER] = { "power", EP_POWER_UW },
	};
	struct ep_channel *c;

	s->at[field] = (int)s->channel_count;
	c = add_channel(s, what[field].name, what[field].quantity);
	c->window_ns = m->plan.window_ns;
	c->resolution = m->numbers[i].step;
	c->offset = s->offsets[field];
	if (field == EP_SCPI_POWER) {
		c->role = EP_ROLE_TOTAL;
		c->gain_ppm = s->assumed.gain_ppm;
	}
}

static void add_channels(struct ep_sensor *s)
{
	const struct ep_scpi_plan *plan = &s->meters[EP_SCPI_MAIN].plan;
	bool power = ep_scpi_plan_has(plan, EP_SCPI_POWER);
	struct ep_channel *c;

	for (int i = 0; i < EP_SCPI_FIELD_COUNT; i++)
		s->at[i] = -1;
	for (size_t i = 0; i < plan->field_count; i++)
		if (plan->fields[i] != EP_SCPI_SKIP)
			add_field(s, &s->meters[EP_SCPI_MAIN], i);
	if (s->meter_count > 1)
		add_field(s, &s->meters[EP_SCPI_VOLTS], 0);
	if (s->assumed.volts_uv > 0) {
		s->at[EP_SCPI_POWER] = (int)s->channel_count;
		c = &s->channels[s->channel_count++];
		ep_assumed_channel(&s->assumed,
				   &s->channels[s->at[EP_SCPI_CURRENT]], c);
	}
	s->errors_at = (int)s->channel_count;
	add_channel(s, "instrument_errors", EP_COUNT)->shape = EP_COUNTER;
	if (s->at[EP_SCPI_VOLTAGE] < 0 || s->at[EP_SCPI_CURRENT] < 0 || power)
		return;
	c = add_channel(s, "power", EP_POWER_UW);
	c->role = EP_ROLE_TOTAL;
	c->flags = EP_CHANNEL_PRODUCT;
	c->window_ns = plan->window_ns;
	c->gain_ppm = s->assumed.gain_ppm;
	c->volts_index = (int16_t)s->at[EP_SCPI_VOLTAGE];
	c->amps_index = (int16_t)s->at[EP_SCPI_CURRENT];
}

static bool knows_steps(const struct ep_scpi_meter *m)
{
	for (size_t i = 0; i < m->plan.field_count; i++)
		if (m->plan.fields[i] != EP_SCPI_SKIP &&
		    m->numbers[i].step == 0)
			return false;
	return true;
}

static void add_notes(const struct ep_sensor *s, struct ep_sensor_notes *notes)
{
	for (size_t i = 0; i < s->meter_count; i++) {
		const struct ep_scpi_meter *m = &s->meters[i];

		ep_sensor_note(notes, "%s is %s", m->link.address, m->identity);
		if (m->old_count > 0)
			ep_sensor_note(notes,
				       "%s had %u errors in its queue, from "
				       "before this run; they were dropped",
				       m->link.address, m->old_count);
		if (!knows_steps(m))
			ep_sensor_note(notes,
				       "%s told no number when it was opened: "
				       "what its last digit is worth is not "
				       "known and not in the ±",
				       m->link.address);
	}
	ep_assumed_note(&s->assumed, notes);
	if (!s->meters[EP_SCPI_MAIN].plan.fresh)
		ep_sensor_note(notes, "its answers do not tell when they were "
				      "measured, nor over what time");
	if (s->at[EP_SCPI_CURRENT] < 0 && s->at[EP_SCPI_POWER] < 0)
		ep_sensor_note(notes, "a voltage alone makes no power: it is "
				      "recorded, and counts in no total");
}

static int open_meter(struct ep_sensor *s, size_t i, const struct ep_conf *conf,
		      const struct ep_scpi_settings *settings,
		      struct ep_err *err)
{
	const char *key = i == EP_SCPI_MAIN ? "device" : "volts";
	const char *address = ep_conf_get(conf, key);
	struct ep_scpi_meter *m = &s->meters[i];
	const struct ep_root *root =
		ep_conf_is_typed(conf) ? &ep_root_machine : &s->env->root;
	int r;

	m->env = s->env;
	r = ep_scpi_plan_make(conf,
			      i == EP_SCPI_MAIN ? NULL : EP_SCPI_VOLTS_PRESET,
			      &m->plan, err);
	if (r < 0)
		return r;
	if (!address)
		return ep_err_set(err, -EINVAL,
				  "device is missing: use scpi:tcp://HOST:PORT "
				  "or scpi:/dev/usbtmc0");
	r = ep_scpi_link_init(&m->link, s->env, address, &settings->mode, err);
	m->link.root = root;
	if (r == 0)
		r = ep_scpi_meter_open(m, settings->timeout_ns, err);
	/* These say that a board's own part is not there; an instrument that
	 * was named and cannot be used must be told of. */
	return r == -ENODEV || r == -ENOENT ? -ENXIO : r;
}

static int scpi_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_scpi_settings settings;
	struct ep_sensor *sensor;
	int r = ep_scpi_settings_get(conf, &settings, err);

	if (r < 0)
		return r;
	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	sensor->meter_count = settings.meter_count;
	sensor->assumed = settings.assumed;
	memcpy(sensor->offsets, settings.offsets, sizeof(sensor->offsets));
	sensor->period_ns = settings.period_ns;
	sensor->timeout_ns = settings.timeout_ns;
	for (size_t i = 0; i < sensor->meter_count && r == 0; i++)
		r = open_meter(sensor, i, conf, &settings, err);
	if (r < 0) {
		scpi_close(sensor);
		return r;
	}
	add_channels(sensor);
	add_notes(sensor, notes);
	*ret = sensor;
	return 0;
}

static size_t scpi_channels(const struct ep_sensor *sensor,
			    const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static int64_t scpi_period_ns(const struct ep_sensor *sensor)
{
	return sensor->period_ns;
}

struct reading {
	int64_t values[EP_SCPI_FIELD_COUNT];
	bool good[EP_SCPI_FIELD_COUNT];
};

static void take(const struct ep_scpi_meter *m, struct reading *ret)
{
	for (size_t i = 0; i < m->plan.field_count; i++) {
		ret->values[m->plan.fields[i]] = m->numbers[i].millionths;
		ret->good[m->plan.fields[i]] = m->numbers[i].good;
	}
}

static int emit(struct ep_sensor *s, const struct reading *reading,
		struct ep_sample *sample, const struct ep_sink *sink)
{
	bool fresh = s->meters[EP_SCPI_MAIN].plan.fresh;
	unsigned flags = s->gap ? EP_SAMPLE_GAP : 0;
	int count = 1;

	for (int i = EP_SCPI_VOLTAGE; i <= EP_SCPI_POWER; i++) {
		if (s->at[i] < 0)
			continue;
		sample->channel = (uint16_t)s->at[i];
		sample->value = reading->good[i] ? reading->values[i] : 0;
		sample->flags =
			(uint16_t)(flags | (!reading->good[i] ? EP_SAMPLE_ERROR
					    : fresh	      ? 0
						    : EP_SAMPLE_UNPROVEN));
		sink->emit(sink->ctx, sample);
		count++;
	}
	sample->channel = (uint16_t)s->errors_at;
	sample->value = s->meters[EP_SCPI_MAIN].error_count +
			s->meters[EP_SCPI_VOLTS].error_count;
	sample->flags = (uint16_t)flags;
	sink->emit(sink->ctx, sample);
	s->gap = false;
	return count;
}

static int read_meters(struct ep_sensor *s, struct reading *ret,
		       struct ep_sample *sample)
{
	struct ep_scpi_meter *m = s->meters;
	int64_t deadline_ns = s->env->now_ns() + s->timeout_ns, begin_ns,
		end_ns;
	int r = ep_scpi_meter_prepare(&m[EP_SCPI_MAIN], deadline_ns);
	int second = s->meter_count == 1 ? -ENODEV : 0;

	if (r < 0)
		return r;
	if (second == 0)
		second = ep_scpi_meter_prepare(&m[EP_SCPI_VOLTS], deadline_ns);
	begin_ns = s->env->now_ns();
	r = ep_scpi_meter_ask(&m[EP_SCPI_MAIN], deadline_ns);
	if (second == 0)
		second = ep_scpi_meter_ask(&m[EP_SCPI_VOLTS], deadline_ns);
	if (r == 0)
		r = ep_scpi_meter_hear(&m[EP_SCPI_MAIN], deadline_ns);
	if (second == 0)
		second = ep_scpi_meter_hear(&m[EP_SCPI_VOLTS], deadline_ns);
	if (r < 0)
		return r;
	end_ns = m[EP_SCPI_MAIN].heard_ns;
	if (second == 0 && m[EP_SCPI_VOLTS].heard_ns > end_ns)
		end_ns = m[EP_SCPI_VOLTS].heard_ns;
	ep_sample_stamp(sample, begin_ns, end_ns);
	take(&m[EP_SCPI_MAIN], ret);
	if (second == 0)
		take(&m[EP_SCPI_VOLTS], ret);
	return 0;
}

static int scpi_poll(struct ep_sensor *sensor, int64_t now_ns,
		     const struct ep_sink *sink)
{
	struct reading reading = { .good = { false } };
	struct ep_sample sample = { 0 };
	int r = read_meters(sensor, &reading, &sample);

	(void)now_ns;
	if (r < 0) {
		sensor->gap = true;
		return r;
	}
	if (sensor->assumed.volts_uv > 0) {
		reading.good[EP_SCPI_POWER] = reading.good[EP_SCPI_CURRENT];
		reading.values[EP_SCPI_POWER] = ep_assumed_uw(
			&sensor->assumed, reading.values[EP_SCPI_CURRENT]);
	}
	return emit(sensor, &reading, &sample, sink);
}

/* A whole answer to a query: its numbers, whatever they measure. */
static int scpi_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		       const struct ep_sink *sink)
{
	struct ep_scpi_number numbers[EP_SCPI_FIELDS_MAX];
	char line[EP_SCPI_LINE_BYTES];
	const uint8_t *end = memchr(bytes, '\n', len);
	size_t n = end ? (size_t)(end - bytes) : len;
	int count;

	if (n == 0 || n >= sizeof(line) || memchr(bytes, '\0', n))
		return -EBADMSG;
	memcpy(line, bytes, n);
	line[n] = '\0';
	count = ep_scpi_parse_numbers(ep_str_chomp(line), numbers);
	for (int i = 0; i < count; i++) {
		struct ep_sample s = {
			.t_ns = t_ns,
			.value = numbers[i].millionths,
			.channel = (uint16_t)i,
			.flags = numbers[i].good ? 0 : EP_SAMPLE_ERROR,
		};

		sink->emit(sink->ctx, &s);
	}
	return count < 0 ? count : (int)n;
}

static const struct ep_param scpi_params[] = {
	{ "device", NULL, "tcp://HOST:PORT, /dev/usbtmc0 or a serial port" },
	{ "preset", "", "what it is: dmm-dc-current, psu, smu-2400 and more" },
	{ "query", "", "what it is asked, in place of the preset's" },
	{ "fields", "", "what the answers hold, such as voltage+current" },
	{ "setup", "", "commands before the preset's own" },
	{ "nplc", "1", "integration time in periods of the mains" },
	{ "volts", "", "a second instrument that measures the volts" },
	EP_ASSUMED_PARAMS,
	{ "offset_a", "", "accuracy limit of current besides, in ampere" },
	{ "offset_v", "", "the same of voltage, in volt" },
	{ "offset_w", "", "the same of power that it measures, in watt" },
	{ "period", "100ms", "time between readings" },
	{ "timeout", "2s", "how long one reading may take" },
	{ "baud", "9600", "speed of a serial line" },
	{ "format", "8N1", "data bits, parity and stop bits of it" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_scpi = {
	.name = "scpi",
	.summary = "bench instruments that speak SCPI: TCP, USBTMC, serial",
	.params = scpi_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = scpi_check,
	.open = scpi_open,
	.channels = scpi_channels,
	.period_ns = scpi_period_ns,
	.poll = scpi_poll,
	.close = scpi_close,
	.decode = scpi_decode,
	.wire_channels = wire_channels,
	.wire_channel_count = EP_SCPI_FIELDS_MAX,
};

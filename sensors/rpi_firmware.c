/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "drivers/vcio.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* The mailbox is shared with clock requests and with the power readings: few
 * calls, and fewer when they are slow. */
#define PERIOD_NS EP_NS_PER_S
#define PERIOD_NS_MAX (10 * EP_NS_PER_S)
#define SHARE 100

enum wire {
	ALARMS,			 /* four: bits 0 to 3 */
	SINCE_BOOT = ALARMS + 4, /* four: bits 16 to 19 */
	ARM = SINCE_BOOT + 4,
	SOC,
	WIRES
};
#define SINCE_BOOT_BIT 16

#define BIT .quantity = EP_COUNT, .shape = EP_GAUGE, .resolution = 1
static const struct ep_channel wires[WIRES] = {
	{ .name = "under_voltage", BIT, .flags = EP_CHANNEL_ALARM },
	{ .name = "frequency_capped", BIT, .flags = EP_CHANNEL_ALARM },
	{ .name = "throttled", BIT, .flags = EP_CHANNEL_ALARM },
	{ .name = "soft_temp_limit", BIT, .flags = EP_CHANNEL_ALARM },
	{ .name = "under_voltage_since_boot", BIT },
	{ .name = "frequency_capped_since_boot", BIT },
	{ .name = "throttled_since_boot", BIT },
	{ .name = "soft_temp_limit_since_boot", BIT },
	{ .name = "arm", .quantity = EP_FREQ_HZ, .shape = EP_GAUGE },
	{ .name = "soc",
	  .quantity = EP_TEMP_MC,
	  .shape = EP_GAUGE,
	  .resolution = 100 },
};

static const struct command {
	const char *text;
	uint16_t first, count; /* of wires, what it tells of */
} commands[] = {
	{ "get_throttled", ALARMS, 8 },
	{ "measure_clock arm", ARM, 1 },
	{ "measure_temp", SOC, 1 },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

struct ep_sensor {
	const struct ep_env *env;
	struct ep_vcio vcio;
	struct ep_channel channels[WIRES];
	size_t channel_count;
	int16_t channel_of[WIRES]; /* -1: left out */
	uint64_t since_boot;	   /* bits of the last read */
	int64_t poll_ns;	   /* what the last poll took */
};

/* What a reply says; the wires it speaks of. */
struct reply {
	const struct command *command; /* NULL: none of them */
	int64_t values[WIRES];
};

static int parse_throttled(const char *text, struct reply *ret)
{
	uint64_t bits;

	if (!ep_str_starts(text, "0x") ||
	    ep_num_parse_hex_or_dec(text, &bits) < 0)
		return -EBADMSG;
	for (unsigned i = 0; i < 4; i++) {
		ret->values[ALARMS + i] = (bits >> i) & 1;
		ret->values[SINCE_BOOT + i] =
			(bits >> (SINCE_BOOT_BIT + i)) & 1;
	}
	return 0;
}

/* "0)=2400033024": the number in front differs from board to board. */
static int parse_clock(const char *text, struct reply *ret)
{
	const char *end = strstr(text, ")=");
	int64_t hz;

	if (!end || strspn(text, "0123456789") != (size_t)(end - text) ||
	    ep_num_parse_i64(end + 2, &hz) < 0 || hz < 0)
		return -EBADMSG;
	ret->values[ARM] = hz;
	return 0;
}

/* "48.2'C" */
static int parse_temp(char *text, struct reply *ret)
{
	size_t len = strlen(text);
	int64_t mc;

	if (len < 3 || strcmp(text + len - 2, "'C") != 0)
		return -EBADMSG;
	text[len - 2] = '\0';
	if (ep_num_parse_scaled(text, 3, &mc) < 0 || mc < -100000 ||
	    mc > 200000)
		return -EBADMSG;
	ret->values[SOC] = mc;
	return 0;
}

static int parse(const char *bytes, size_t len, struct reply *ret)
{
	static const char *const heads[COMMAND_COUNT] = {
		"throttled=", "frequency(", "temp="
	};
	char text[64];
	size_t which = 0;

	memset(ret, 0, sizeof(*ret));
	len = strnlen(bytes, len);
	if (len == 0 || len >= sizeof(text))
		return -EBADMSG;
	memcpy(text, bytes, len);
	text[len] = '\0';
	ep_str_chomp(text);
	while (which < COMMAND_COUNT && !ep_str_starts(text, heads[which]))
		which++;
	if (which == COMMAND_COUNT)
		return -EBADMSG;
	ret->command = &commands[which];
	switch (which) {
	case 0:
		return parse_throttled(text + strlen(heads[0]), ret);
	case 1:
		return parse_clock(text + strlen(heads[1]), ret);
	default:
		return parse_temp(text + strlen(heads[2]), ret);
	}
}

static int ask(struct ep_sensor *sensor, const struct command *command,
	       struct reply *ret, struct ep_err *err)
{
	const char *text = NULL;
	int r = ep_vcio_command(&sensor->vcio, command->text, &text, err);

	if (r < 0)
		return r;
	if (parse(text, (size_t)r, ret) == 0 && ret->command == command)
		return 0;
	return ep_err_set(err, -EBADMSG,
			  "the firmware's reply to '%s' makes no sense: %.60s",
			  command->text, text);
}

static void firmware_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_vcio_close(&sensor->vcio);
	free(sensor);
}

static void keep_since_boot(struct ep_sensor *sensor, const struct reply *reply)
{
	sensor->since_boot = 0;
	for (unsigned i = 0; i < 4; i++)
		if (reply->values[SINCE_BOOT + i])
			sensor->since_boot |= UINT64_C(1) << i;
}

/* What was ever on between two reads shows in the second. */
static void add_unseen(const struct ep_sensor *sensor, struct reply *reply)
{
	for (unsigned i = 0; i < 4; i++)
		if (reply->values[SINCE_BOOT + i] &&
		    !(sensor->since_boot >> i & 1))
			reply->values[ALARMS + i] = 1;
}

static void add_channels(struct ep_sensor *sensor,
			 const struct command *command)
{
	for (size_t w = command->first; w < command->first + command->count;
	     w++) {
		struct ep_channel *c = &sensor->channels[sensor->channel_count];

		*c = wires[w];
		c->refresh_ns = PERIOD_NS;
		sensor->channel_of[w] = (int16_t)sensor->channel_count++;
	}
}

static int open_all(struct ep_sensor *sensor, const struct ep_conf *conf,
		    struct ep_sensor_notes *notes, struct ep_err *err)
{
	const char *device = ep_conf_get(conf, "device");
	bool typed = ep_conf_is_typed(conf) && device && device[0];
	struct ep_left_out left_out = { notes, 0 };
	struct ep_err why = { 0 };
	struct reply reply;
	int r = ep_vcio_open(&sensor->vcio,
			     typed ? &ep_root_machine : &sensor->env->root,
			     device, err);

	if (r < 0)
		return r;
	memset(sensor->channel_of, 0xff, sizeof(sensor->channel_of));
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		r = ask(sensor, &commands[i], &reply, &why);
		if (r < 0) {
			ep_left_out_add(&left_out, commands[i].text, r);
			continue;
		}
		add_channels(sensor, &commands[i]);
		if (commands[i].first == ALARMS)
			keep_since_boot(sensor, &reply);
	}
	if (sensor->channel_count == 0)
		return ep_err_set(err, why.code, "%s", why.text);
	return 0;
}

static int firmware_open(const struct ep_env *env, const struct ep_conf *conf,
			 struct ep_sensor **ret, struct ep_sensor_notes *notes,
			 struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	sensor->vcio.fd = -1;
	r = open_all(sensor, conf, notes, err);
	if (r < 0) {
		firmware_close(sensor);
		return r;
	}
	*ret = sensor;
	return 0;
}

static int firmware_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct reply reply;
	int r, found = 0;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_vcio_open(&sensor->vcio, &env->root, "", err);
	for (size_t i = 0; i < COMMAND_COUNT && r == 0; i++)
		if (ask(sensor, &commands[i], &reply, NULL) == 0)
			found += commands[i].count;
	firmware_close(sensor);
	return r == -ENOENT ? 0 : r < 0 ? r : found;
}

static size_t firmware_channels(const struct ep_sensor *sensor,
				const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static int64_t firmware_period_ns(const struct ep_sensor *sensor)
{
	int64_t fair_ns = sensor->poll_ns * SHARE;

	if (fair_ns > PERIOD_NS_MAX)
		return PERIOD_NS_MAX;
	return fair_ns > PERIOD_NS ? fair_ns : PERIOD_NS;
}

static void emit(const struct ep_sensor *sensor, const struct command *command,
		 const struct reply *reply, struct ep_sample *s,
		 const struct ep_sink *sink)
{
	for (size_t w = command->first; w < command->first + command->count;
	     w++) {
		s->channel = (uint16_t)sensor->channel_of[w];
		s->value = reply ? reply->values[w] : 0;
		s->flags = reply ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR;
		sink->emit(sink->ctx, s);
	}
}

/* All commands, then all samples: they are one line of the trace. */
static int ask_all(struct ep_sensor *sensor, int64_t begin_ns,
		   const struct ep_sink *sink)
{
	struct reply replies[COMMAND_COUNT];
	int codes[COMMAND_COUNT], worst = 0, good = 0;
	struct ep_sample s = { 0 };

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		codes[i] = -ENODATA;
		if (sensor->channel_of[commands[i].first] < 0)
			continue;
		codes[i] = ask(sensor, &commands[i], &replies[i], NULL);
		good += codes[i] == 0;
		worst = codes[i] < 0 ? codes[i] : worst;
	}
	if (good == 0)
		return worst;
	ep_sample_stamp(&s, begin_ns, sensor->env->now_ns());
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (sensor->channel_of[commands[i].first] < 0)
			continue;
		if (codes[i] == 0 && commands[i].first == ALARMS) {
			add_unseen(sensor, &replies[i]);
			keep_since_boot(sensor, &replies[i]);
		}
		emit(sensor, &commands[i], codes[i] == 0 ? &replies[i] : NULL,
		     &s, sink);
	}
	return (int)sensor->channel_count;
}

static int firmware_poll(struct ep_sensor *sensor, int64_t now_ns,
			 const struct ep_sink *sink)
{
	int64_t begin_ns = sensor->env->now_ns();
	int r = 0;

	(void)now_ns;
	if (sensor->vcio.fd < 0)
		r = ep_vcio_reopen(&sensor->vcio, NULL);
	if (r == 0)
		r = ask_all(sensor, begin_ns, sink);
	if (r == -ENODEV || r == -ENXIO || r == -EBADF)
		ep_vcio_close(&sensor->vcio);
	sensor->poll_ns = sensor->env->now_ns() - begin_ns;
	return r;
}

static int firmware_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
			   const struct ep_sink *sink)
{
	struct ep_sample s = { .t_ns = t_ns };
	struct reply reply;
	int r = parse((const char *)bytes, len, &reply);

	if (!reply.command)
		return -EBADMSG;
	for (size_t i = 0; i < reply.command->count; i++) {
		s.channel = (uint16_t)(reply.command->first + i);
		s.value = r == 0 ? reply.values[s.channel] : 0;
		s.flags = r == 0 ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR;
		sink->emit(sink->ctx, &s);
	}
	return (int)len;
}

static const struct ep_param firmware_params[] = {
	{ "device", "",
	  "the firmware mailbox; without it the usual nodes are tried" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_rpi_firmware = {
	.name = "rpi_firmware",
	.summary = "Raspberry Pi firmware: under-voltage, throttling, clock, "
		   "temperature",
	.params = firmware_params,
	.flags = EP_SENSOR_BLOCKING,
	.probe = firmware_probe,
	.open = firmware_open,
	.channels = firmware_channels,
	.period_ns = firmware_period_ns,
	.poll = firmware_poll,
	.close = firmware_close,
	.decode = firmware_decode,
	.wire_channels = wires,
	.wire_channel_count = WIRES,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ChargerLAB POWER-Z KM002C and KM003C through the kernel's hwmon driver
 * "powerz": in0 is VBUS in mV, curr1 is IBUS in mA with its sign.  Each read is
 * a USB transaction that asks the meter for what it has now, so volts and
 * amperes are about a millisecond apart.  Without that driver: powerz_usb.c.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/hwmon.h"
#include "sensors/files.h"
#include "sensors/powerz_parts.h"
#include "sensors/table.h"

#define METERS_MAX EP_POWERZ_METERS_MAX
#define PERIOD_NS (10 * EP_NS_PER_MS)
/* A meter that was unplugged is looked for this often. */
#define RETRY_NS (500 * EP_NS_PER_MS)
#define MILLI 1000
/* What such a meter takes, 50 V and 6 A, and more. */
#define VOLTS_MAX_MV 60000
#define AMPS_MAX_MA 12000
/* Less current than this says nothing about its direction. */
#define FLOW_MIN_MA 5

enum { VOLTS, AMPS, POWER, CHANNEL_COUNT };

struct ep_sensor {
	const struct ep_env *env;
	struct ep_powerz_wish settings;
	struct ep_powerz_usb *usb; /* without the driver; NULL with it */
	char device[64]; /* where it was found, and is looked for again */
	int fds[POWER];
	int64_t retry_ns;
	bool lost[POWER]; /* values failed since the last good one */
	struct ep_channel channels[CHANNEL_COUNT];
};

static int get_span(const struct ep_conf *conf, const char *key,
		    int64_t fallback_ns, int64_t *ret_ns, struct ep_err *err)
{
	int64_t ns;
	int r = ep_conf_get_duration_ns(conf, key, fallback_ns, &ns, err);

	if (r == 0 && ep_conf_get(conf, key) &&
	    (ns < EP_NS_PER_MS / 10 || ns > EP_NS_PER_S))
		return ep_conf_err(conf, key, err, "takes 0.1ms to 1s");
	if (r == 0)
		*ret_ns = ns;
	return r;
}

static int get_settings(const struct ep_conf *conf, struct ep_powerz_wish *ret,
			struct ep_err *err)
{
	double percent = 0;
	int r = get_span(conf, "period", PERIOD_NS, &ret->period_ns, err);

	if (r == 0)
		r = get_span(conf, "refresh", 0, &ret->refresh_ns, err);
	if (r == 0)
		r = ep_conf_get_bool(conf, "reverse", false, &ret->reverse,
				     err);
	if (r == 0)
		r = ep_conf_get_f64(conf, "gain_percent", 0, &percent, err);
	if (r < 0)
		return r;
	if (!(percent >= 0 && percent <= 100))
		return ep_conf_err(conf, "gain_percent", err, "takes 0 to 100");
	ret->gain_ppm = llround(percent * 1e4);
	ret->device = ep_conf_get(conf, "device");
	if (!ret->device || !ret->device[0])
		ret->device = "*";
	if (ep_powerz_product(ep_conf_get(conf, "model"), &ret->product) < 0)
		return ep_conf_err(conf, "model", err,
				   "must be km002c or km003c");
	return 0;
}

static int powerz_check(const struct ep_conf *conf, struct ep_err *err)
{
	return get_settings(conf, &(struct ep_powerz_wish){ 0 }, err);
}

/* "1-1.2:1.0" */
static const char *device_of(const struct ep_hwmon_chip *chip)
{
	const char *slash = strrchr(chip->device, '/');

	return slash ? slash + 1 : chip->device;
}

/* The chip sits on an interface of the USB device. */
static void product_of(const struct ep_root *root,
		       const struct ep_hwmon_chip *chip, char ret[8])
{
	char dir[sizeof(chip->dir) + 16];

	(void)ep_str_format(dir, sizeof(dir), "%s/device/..", chip->dir);
	if (ep_root_read_text_in(root, dir, "idProduct", ret, 8) < 0)
		ret[0] = '\0';
}

/* Keeps those that are wanted; their number, or -errno. */
static int find(const struct ep_sensor *s, const char *device,
		struct ep_hwmon_chip *chips)
{
	const struct ep_root *root = &s->env->root;
	int n = ep_hwmon_chips(root, "powerz", chips, METERS_MAX), kept = 0;
	char wanted[8];

	(void)ep_str_format(wanted, sizeof(wanted), "%04x",
			    s->settings.product);
	for (int i = 0; i < n; i++) {
		char product[8];

		product_of(root, &chips[i], product);
		if (ep_str_glob(device, device_of(&chips[i])) &&
		    (s->settings.product == 0 || strcmp(product, wanted) == 0))
			chips[kept++] = chips[i];
	}
	return n < 0 ? n : kept;
}

static void close_files(struct ep_sensor *s)
{
	for (int i = VOLTS; i <= AMPS; i++) {
		if (s->fds[i] >= 0)
			close(s->fds[i]);
		s->fds[i] = -1;
	}
}

static int open_files(struct ep_sensor *s, const struct ep_hwmon_chip *chip)
{
	static const struct ep_hwmon_attr attrs[] = {
		[VOLTS] = { .kind = EP_HWMON_IN, .index = 0 },
		[AMPS] = { .kind = EP_HWMON_CURR, .index = 1 },
	};
	int r = 0;

	close_files(s);
	for (int i = VOLTS; i <= AMPS && r >= 0; i++) {
		r = ep_hwmon_open(&s->env->root, chip, &attrs[i]);
		s->fds[i] = r;
	}
	if (r < 0)
		close_files(s);
	return r < 0 ? r : 0;
}

/* One of the two, in milli-units; -ERANGE for what cannot be. */
static int read_one(const struct ep_sensor *s, int which, int64_t *ret)
{
	int64_t value = 0;
	int r = s->fds[which] < 0 ? -ENODEV
				  : ep_kept_read_i64(s->fds[which], &value);

	if (r < 0)
		return r;
	if (which == VOLTS ? value < 0 || value > VOLTS_MAX_MV
			   : value < -AMPS_MAX_MA || value > AMPS_MAX_MA)
		return -ERANGE;
	*ret = which == AMPS && s->settings.reverse ? -value : value;
	return 0;
}

/* The first meter and its first values. */
static int start(struct ep_sensor *s, int64_t first[POWER], struct ep_err *err)
{
	struct ep_hwmon_chip chips[METERS_MAX];
	const char *names[METERS_MAX];
	int n = find(s, s->settings.device, chips), r;

	if (n < 0)
		return ep_err_set(err, n, "%s", strerror(-n));
	for (int i = 0; i < n; i++)
		names[i] = device_of(&chips[i]);
	if (n > 1)
		return ep_powerz_several(names, n, err);
	if (n == 0) {
		r = ep_powerz_usb_open(&s->usb, s->env, &s->settings, err);
		first[AMPS] = r == 0 ? s->usb->first_ua / MILLI : 0;
		return r;
	}
	(void)ep_str_copy(s->device, sizeof(s->device), device_of(&chips[0]));
	r = open_files(s, &chips[0]);
	for (int i = VOLTS; i <= AMPS && r == 0; i++)
		r = read_one(s, i, &first[i]);
	if (r == 0)
		return 0;
	return ep_err_set(err, -EIO,
			  "the POWER-Z at %s gives no values (%s); plug its "
			  "data cable in again, end other programs that use it",
			  s->device, strerror(-r));
}

static void describe(struct ep_sensor *s)
{
	static const struct ep_channel shapes[CHANNEL_COUNT] = {
		[VOLTS] = { .name = "voltage", .quantity = EP_VOLTAGE_UV },
		[AMPS] = { .name = "current", .quantity = EP_CURRENT_UA },
		[POWER] = { .name = "power",
			    .quantity = EP_POWER_UW,
			    .role = EP_ROLE_TOTAL,
			    .flags = EP_CHANNEL_PRODUCT,
			    .volts_index = VOLTS,
			    .amps_index = AMPS },
	};

	memcpy(s->channels, shapes, sizeof(shapes));
	for (int i = VOLTS; i <= POWER; i++) {
		s->channels[i].resolution = i < POWER ? MILLI : 0;
		s->channels[i].refresh_ns = s->settings.refresh_ns;
		/* The mean of one refresh, up to one refresh old. */
		s->channels[i].window_ns = 2 * s->settings.refresh_ns;
	}
	s->channels[POWER].gain_ppm = s->settings.gain_ppm;
}

static void note(const struct ep_sensor *s, const int64_t first[POWER],
		 struct ep_sensor_notes *notes)
{
	if (s->usb) {
		ep_powerz_usb_note(s->usb, notes);
	} else {
		ep_sensor_note(notes, "the POWER-Z at %s", s->device);
		ep_sensor_note(notes, "volts and amperes come from two USB "
				      "transactions, one after the other");
		ep_sensor_note(
			notes,
			"the kernel's driver cuts off what is finer than "
			"1 mV and 1 mA: half of that is added");
	}
	if (s->settings.refresh_ns == 0)
		ep_sensor_note(notes, "how often it makes a value is set on "
				      "the meter and not told: refresh= tells");
	if (s->settings.gain_ppm == 0)
		ep_sensor_note(notes, "its accuracy is not known to edgeprof; "
				      "gain_percent= tells yours");
	if (first[AMPS] < -FLOW_MIN_MA)
		ep_sensor_note(notes,
			       "its current is negative: it flows from plug "
			       "to socket; reverse=%s counts it as drawn",
			       s->settings.reverse ? "no" : "yes");
}

static void powerz_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	close_files(sensor);
	ep_powerz_usb_close(sensor->usb);
	free(sensor);
}

static int powerz_open(const struct ep_env *env, const struct ep_conf *conf,
		       struct ep_sensor **ret, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int64_t first[POWER] = { 0 };
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	sensor->fds[VOLTS] = sensor->fds[AMPS] = -1;
	r = get_settings(conf, &sensor->settings, err);
	if (r == 0)
		r = start(sensor, first, err);
	if (r < 0) {
		powerz_close(sensor);
		return r;
	}
	describe(sensor);
	note(sensor, first, notes);
	*ret = sensor;
	return 0;
}

static int powerz_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_hwmon_chip chips[METERS_MAX];
	struct ep_usb_interface on_usb[METERS_MAX];
	int n = ep_hwmon_chips(&env->root, "powerz", chips, METERS_MAX);

	if (n == 0)
		n = ep_powerz_usb_list(&env->root, "*", 0, on_usb);
	return n < 0 ? ep_err_set(err, n, "%s", strerror(-n)) : n;
}

static size_t powerz_channels(const struct ep_sensor *sensor,
			      const struct ep_channel **ret)
{
	*ret = sensor->usb ? sensor->usb->channels : sensor->channels;
	return sensor->usb ? (size_t)EP_POWERZ_USB_COUNT : CHANNEL_COUNT;
}

/* The middle of what the driver may have cut off, towards 0. */
static int64_t micro_of(int64_t milli)
{
	return milli * MILLI + ((milli > 0) - (milli < 0)) * MILLI / 2;
}

static int64_t powerz_period_ns(const struct ep_sensor *sensor)
{
	return sensor->settings.period_ns;
}

/* At the same USB port it is the same meter, under whatever number. */
static void look_again(struct ep_sensor *s)
{
	struct ep_hwmon_chip chips[METERS_MAX];
	int64_t now_ns = s->env->now_ns();

	if (now_ns < s->retry_ns)
		return;
	s->retry_ns = now_ns + RETRY_NS;
	close_files(s);
	if (find(s, s->device, chips) == 1)
		(void)open_files(s, &chips[0]);
}

static int powerz_poll(struct ep_sensor *sensor, int64_t now_ns,
		       const struct ep_sink *sink)
{
	int64_t values[POWER] = { 0 };
	int errors[POWER];
	struct ep_sample s = { 0 };

	if (sensor->usb)
		return ep_powerz_usb_poll(sensor->usb, sink);
	for (int i = VOLTS; i <= AMPS; i++)
		errors[i] = read_one(sensor, i, &values[i]);
	ep_sample_stamp(&s, now_ns, sensor->env->now_ns());
	for (int i = VOLTS; i <= AMPS; i++) {
		bool good = errors[i] == 0;

		s.channel = (uint16_t)i;
		s.value = good ? micro_of(values[i]) : 0;
		s.flags = good ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR;
		if (good && sensor->lost[i])
			s.flags |= EP_SAMPLE_GAP;
		sensor->lost[i] = !good;
		sink->emit(sink->ctx, &s);
	}
	if (errors[VOLTS] == 0 || errors[AMPS] == 0)
		return POWER;
	look_again(sensor);
	return errors[VOLTS];
}

static const struct ep_param powerz_params[] = {
	{ "device", "*", "which of several: the USB port, such as 1-1.2:1.0" },
	{ "model", "", "km002c or km003c; any" },
	{ "period", "10ms", "time between readings" },
	{ "refresh", "", "how often the meter makes a new value" },
	{ "reverse", "no", "current from plug to socket is what is drawn" },
	{ "gain_percent", "", "accuracy limit of power, of reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_powerz = {
	.name = "powerz",
	.summary = "POWER-Z KM002C and KM003C USB-C meters",
	.params = powerz_params,
	.flags = EP_SENSOR_BLOCKING,
	.check = powerz_check,
	.probe = powerz_probe,
	.open = powerz_open,
	.channels = powerz_channels,
	.period_ns = powerz_period_ns,
	.poll = powerz_poll,
	.close = powerz_close,
	.decode = ep_powerz_decode,
	.wire_channels = ep_powerz_wire_channels,
	.wire_channel_count = EP_POWERZ_WIRE_COUNT,
};

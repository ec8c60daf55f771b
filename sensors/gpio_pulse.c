/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Energy meters with a pulse output (S0, EN 62053-31): a contact that closes
 * so many times a kilowatt-hour, at a GPIO line.  A pulse is a reading of the
 * meter's energy count, exact to the kernel's stamp of its edge; between two
 * nothing is known, so none is made up there, and nothing is told of power but
 * what the count makes.
 *
 * Where pulses may have been missed (chip unplugged, kernel's buffer full) the
 * count steps back by one: that is no step of energy but a gap, from the last
 * pulse before to the first one after.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/gpio.h"
#include "sensors/pulses.h"
#include "sensors/table.h"

#define UJ_PER_KWH 3.6e12
/* Pulses, and the rests between them, last for 30 ms at least. */
#define DEBOUNCE_NS (10 * EP_NS_PER_MS)
#define DEBOUNCE_NS_MAX EP_NS_PER_S
#define RETRY_NS (500 * EP_NS_PER_MS)
/* A stamp further off than this is of another clock. */
#define FUTURE_NS EP_NS_PER_MS
#define READS_MAX 32

enum { ENERGY, PULSES, BOUNCES, BREAKS, CHANNEL_COUNT };

struct settings {
	char chip[128], line[64];
	struct ep_gpio_wish wish; /* points into them */
	double uj_per_pulse;
	bool active_high;
	int64_t debounce_ns, gain_ppm;
};

struct ep_sensor {
	const struct ep_env *env;
	struct settings settings;
	struct ep_gpio *gpio; /* NULL: gone */
	char label[32];	      /* of the chip at first */
	int64_t retry_ns, opened_ns;
	struct ep_pulses pulses;
	int64_t step;	 /* what ENERGY counts, in pulses */
	int64_t last_ns; /* of the last pulse; 0: none */
	bool broken;	 /* pulses may have been missed since then */
	uint64_t break_count;
	struct ep_channel channels[CHANNEL_COUNT];
};

/* "pinctrl-rp1:17": labels may hold colons, lines rarely do. */
static int split(const struct ep_conf *conf, struct settings *s,
		 struct ep_err *err)
{
	const char *text = ep_conf_get(conf, "line");
	const char *colon = text ? strrchr(text, ':') : NULL;

	if (!colon || colon == text || !colon[1])
		return ep_conf_err(conf, "line", err,
				   "takes a chip and its line, such as "
				   "pinctrl-rp1:17 or gpiochip0:17");
	if (!ep_str_format(s->chip, sizeof(s->chip), "%.*s",
			   (int)(colon - text), text) ||
	    !ep_str_copy(s->line, sizeof(s->line), colon + 1))
		return ep_conf_err(conf, "line", err, "is too long");
	s->wish.chip = s->chip;
	s->wish.line = s->line;
	return 0;
}

/* The index of the key's word in words; -EINVAL. */
static int get_word(const struct ep_conf *conf, const char *key,
		    const char *const *words, const char *must,
		    struct ep_err *err)
{
	const char *text = ep_conf_get(conf, key);

	for (int i = 0; words[i]; i++)
		if (strcmp(text ? text : words[0], words[i]) == 0)
			return i;
	return ep_conf_err(conf, key, err, must);
}

static int get_numbers(const struct ep_conf *conf, struct settings *s,
		       struct ep_err *err)
{
	double per_kwh = 0, percent = 0;
	int r = ep_conf_get_f64(conf, "pulses_per_kwh", 0, &per_kwh, err);

	if (r == 0)
		r = ep_conf_get_f64(conf, "gain_percent", 0, &percent, err);
	s->debounce_ns = DEBOUNCE_NS;
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "debounce", DEBOUNCE_NS,
					    &s->debounce_ns, err);
	if (r < 0)
		return r;
	if (!(per_kwh >= 0.001 && per_kwh <= 1e9))
		return ep_conf_err(conf, "pulses_per_kwh", err,
				   "takes what the meter has printed on it, "
				   "such as 1000 (imp/kWh)");
	if (!(percent >= 0 && percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "takes percent of the reading, 0 to 100");
	if (s->debounce_ns > DEBOUNCE_NS_MAX)
		return ep_conf_err(conf, "debounce", err, "takes 0s to 1s");
	s->uj_per_pulse = UJ_PER_KWH / per_kwh;
	s->gain_ppm = llround(percent * 1e4);
	return 0;
}

static int get_settings(const struct ep_conf *conf, struct settings *s,
			struct ep_err *err)
{
	static const char *const edges[] = { "falling", "rising", NULL };
	static const char *const biases[] = { "pull-up", "pull-down", "as-is",
					      NULL };
	static const enum ep_gpio_bias bias_of[] = { EP_GPIO_PULL_UP,
						     EP_GPIO_PULL_DOWN,
						     EP_GPIO_AS_IS };
	int r = split(conf, s, err), edge = 0, bias = 0;

	if (r == 0)
		r = get_numbers(conf, s, err);
	if (r == 0)
		r = edge = get_word(conf, "edge", edges,
				    "must be falling or rising", err);
	if (r >= 0)
		r = bias = get_word(conf, "bias", biases,
				    "must be pull-up, pull-down or as-is", err);
	if (r < 0)
		return r;
	s->active_high = edge == 1;
	s->wish.bias = bias_of[bias];
	return 0;
}

static int pulse_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct settings settings;

	return get_settings(conf, &settings, err);
}

static void describe(struct ep_sensor *s)
{
	static const struct ep_channel shapes[CHANNEL_COUNT] = {
		[ENERGY] = { .name = "energy",
			     .quantity = EP_ENERGY_UJ,
			     .shape = EP_COUNTER,
			     .role = EP_ROLE_TOTAL },
		[PULSES] = { .name = "pulses",
			     .quantity = EP_COUNT,
			     .shape = EP_COUNTER,
			     .resolution = 1 },
		[BOUNCES] = { .name = "bounces",
			      .quantity = EP_COUNT,
			      .shape = EP_COUNTER,
			      .resolution = 1 },
		[BREAKS] = { .name = "breaks",
			     .quantity = EP_COUNT,
			     .shape = EP_COUNTER,
			     .resolution = 1 },
	};

	memcpy(s->channels, shapes, sizeof(shapes));
	s->channels[ENERGY].resolution = llround(s->settings.uj_per_pulse);
	s->channels[ENERGY].gain_ppm = s->settings.gain_ppm;
}

static void note(const struct ep_sensor *s, struct ep_sensor_notes *notes)
{
	const struct ep_gpio_about *a = ep_gpio_about(s->gpio);
	const struct settings *set = &s->settings;

	ep_sensor_note(notes, "line %u%s%s%s of %s, \"%s\"", a->offset,
		       a->name[0] ? " (" : "", a->name, a->name[0] ? ")" : "",
		       a->chip, a->label);
	ep_sensor_note(notes,
		       "a pulse is %.6g J: a phase of less than five has a "
		       "figure of low confidence, one without any has none",
		       set->uj_per_pulse * 1e-6);
	if (set->debounce_ns > 0)
		ep_sensor_note(notes,
			       "pulses and pauses below %.3g ms (debounce=) "
			       "are not counted but as bounces",
			       (double)set->debounce_ns * 1e-6);
	if (set->gain_ppm == 0)
		ep_sensor_note(notes, "its accuracy is not known to edgeprof; "
				      "gain_percent= tells yours (class 1: 1)");
}

/* The line is watched from now on. */
static int start(struct ep_sensor *s, struct ep_err *err)
{
	struct ep_gpio *gpio = NULL;
	int r = ep_gpio_open(&s->settings.wish, &gpio, err);
	int level;

	if (r < 0)
		return r;
	level = ep_gpio_level(gpio);
	/* Another chip may have got its number. */
	if (level >= 0 && s->label[0] &&
	    strcmp(s->label, ep_gpio_about(gpio)->label) != 0)
		level = -ENODEV;
	if (level < 0) {
		ep_gpio_close(gpio);
		return ep_err_set(err, level, "line %s of %s: %s",
				  s->settings.line, s->settings.chip,
				  strerror(-level));
	}
	(void)ep_str_copy(s->label, sizeof(s->label),
			  ep_gpio_about(gpio)->label);
	s->gpio = gpio;
	s->opened_ns = s->env->now_ns();
	ep_pulses_forget(&s->pulses, (level == 1) == s->settings.active_high
					     ? EP_PULSE_ACTIVE
					     : EP_PULSE_REST);
	return 0;
}

static void pulse_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_gpio_close(sensor->gpio);
	free(sensor);
}

static int pulse_open(const struct ep_env *env, const struct ep_conf *conf,
		      struct ep_sensor **ret, struct ep_sensor_notes *notes,
		      struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	r = get_settings(conf, &sensor->settings, err);
	if (r == 0 && !ep_conf_is_typed(conf) && ep_root_redirected(&env->root))
		r = ep_err_set(err, -ENODEV,
			       "GPIO lines are this machine's, not those below "
			       "EDGEPROF_ROOT");
	sensor->pulses.debounce_ns = sensor->settings.debounce_ns;
	if (r == 0)
		r = start(sensor, err);
	if (r < 0) {
		pulse_close(sensor);
		return r;
	}
	describe(sensor);
	note(sensor, notes);
	*ret = sensor;
	return 0;
}

static size_t pulse_channels(const struct ep_sensor *sensor,
			     const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return CHANNEL_COUNT;
}

static int pulse_fd(const struct ep_sensor *sensor)
{
	return sensor->gpio ? ep_gpio_fd(sensor->gpio) : -1;
}

/* Pulses from here on may be missed. */
static void break_off(struct ep_sensor *s)
{
	s->broken = s->broken || s->last_ns != 0;
	s->break_count++;
	ep_pulses_forget(&s->pulses, EP_PULSE_UNKNOWN);
}

static int lose(struct ep_sensor *s, int error)
{
	ep_gpio_close(s->gpio);
	s->gpio = NULL;
	s->retry_ns = s->env->now_ns() + RETRY_NS;
	break_off(s);
	return error;
}

static int emit_pulse(struct ep_sensor *s, int64_t t_ns,
		      const struct ep_sink *sink)
{
	int64_t values[CHANNEL_COUNT];
	struct ep_sample sample = { .t_ns = t_ns };

	s->step += s->broken ? -1 : 1;
	s->broken = false;
	if (sample.t_ns <= s->last_ns)
		sample.t_ns = s->last_ns + 1;
	s->last_ns = sample.t_ns;
	values[ENERGY] = llround((double)s->step * s->settings.uj_per_pulse);
	values[PULSES] = (int64_t)s->pulses.pulse_count;
	values[BOUNCES] = (int64_t)s->pulses.bounce_count;
	values[BREAKS] = (int64_t)s->break_count;
	for (int i = 0; i < CHANNEL_COUNT; i++) {
		sample.channel = (uint16_t)i;
		sample.value = values[i];
		sink->emit(sink->ctx, &sample);
	}
	return CHANNEL_COUNT;
}

static int take(struct ep_sensor *s, const struct ep_gpio_edge *e,
		const struct ep_sink *sink)
{
	bool active = e->rising == s->settings.active_high;
	int64_t at_ns = 0;

	if (e->lost)
		break_off(s);
	return ep_pulses_edge(&s->pulses, e->t_ns, active, &at_ns)
		       ? emit_pulse(s, at_ns, sink)
		       : 0;
}

static int pulse_poll(struct ep_sensor *s, int64_t now_ns,
		      const struct ep_sink *sink)
{
	struct ep_gpio_edge edges[EP_GPIO_EDGES_MAX];
	int emitted = 0, n = 1;
	int64_t at_ns = 0;

	if (!s->gpio && (now_ns < s->retry_ns || start(s, NULL) < 0))
		return -ENODEV;
	for (int i = 0; n > 0 && i < READS_MAX; i++) {
		int64_t latest_ns;

		n = ep_gpio_read(s->gpio, edges);
		latest_ns = s->env->now_ns() + FUTURE_NS;
		for (int k = 0; k < n; k++) {
			if (edges[k].t_ns > latest_ns ||
			    edges[k].t_ns < s->opened_ns - EP_NS_PER_S)
				return lose(s, -EPROTO);
			emitted += take(s, &edges[k], sink);
		}
	}
	if (n < 0)
		return lose(s, n);
	if (ep_pulses_settle(&s->pulses, now_ns, &at_ns))
		emitted += emit_pulse(s, at_ns, sink);
	return emitted;
}

static const struct ep_param pulse_params[] = {
	{ "line", NULL, "chip (label or name) and line: pinctrl-rp1:17" },
	{ "pulses_per_kwh", NULL, "what the meter has printed on it" },
	{ "edge", "falling", "falling or rising: which begins a pulse" },
	{ "bias", "pull-up", "pull-up, pull-down or as-is" },
	{ "debounce", "10ms", "levels that hold for less are bounces" },
	{ "gain_percent", "", "limit of its error, in percent of the reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_gpio_pulse = {
	.name = "gpio_pulse",
	.summary = "an energy meter's pulse output (S0) at a GPIO line",
	.params = pulse_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = pulse_check,
	.open = pulse_open,
	.channels = pulse_channels,
	.fd = pulse_fd,
	.poll = pulse_poll,
	.close = pulse_close,
};

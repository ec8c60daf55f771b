/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/rpi5_pmic_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* Where a slow firmware would stretch the period without end; and how often a
 * node that went away is looked for. */
#define PERIOD_NS_MAX EP_NS_PER_S
#define RETRY_NS (EP_NS_PER_S / 2)
/* A poll that is early by more has been called before its time. */
#define EARLY_NS (200 * EP_NS_PER_US)

struct ep_sensor {
	const struct ep_env *env;
	struct ep_pmic_reader reader;
	struct ep_channel channels[EP_PMIC_WIRES + EP_PMIC_RAILS];
	size_t channel_count;
	int16_t channel_of[EP_PMIC_WIRES]; /* -1: left out */
	struct ep_pmic_keys keys;
	struct ep_pmic_plan plan;
	int64_t full_ns;  /* what a sweep took at the start */
	int64_t due_ns;	  /* of the next poll, as the recorder reckons it */
	int64_t sweep_ns; /* of the last sweep; 0 none yet */
	int64_t poll_ns;  /* what the last poll took */
	size_t turn;	  /* rounds so far */
};

static void pmic_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_vcio_close(&sensor->reader.vcio);
	free(sensor);
}

static int pmic_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct ep_pmic_keys keys;

	return ep_pmic_take_keys(&keys, conf, err);
}

static bool is_core(size_t wire)
{
	uint8_t wires[EP_PMIC_ROUND_CALLS];

	ep_pmic_round(0, wires);
	for (size_t i = 0; i + 2 < EP_PMIC_ROUND_CALLS; i++)
		if (wires[i] == wire)
			return true;
	return false;
}

/* Names in one line, as many as fit. */
struct names {
	char text[140];
	size_t shown, more;
};

static void add_name(struct names *n, const char *name)
{
	size_t len = strlen(n->text);

	if (n->more > 0 || len + strlen(name) + 2 >= sizeof(n->text)) {
		n->more++;
		return;
	}
	(void)ep_str_format(n->text + len, sizeof(n->text) - len, "%s%s",
			    len > 0 ? ", " : "", name);
	n->shown++;
}

static void note_names(const struct names *n, const char *what,
		       struct ep_sensor_notes *notes)
{
	if (n->more > 0)
		ep_sensor_note(notes, "%s: %s and %zu more", what, n->text,
			       n->more);
	else if (n->shown > 0)
		ep_sensor_note(notes, "%s: %s", what, n->text);
}

static void add_wires(struct ep_sensor *sensor,
		      const struct ep_pmic_reply *seen,
		      struct ep_sensor_notes *notes)
{
	struct names absent = { .shown = 0 };

	for (size_t w = 0; w < EP_PMIC_WIRES; w++) {
		struct ep_channel *c = &sensor->channels[sensor->channel_count];

		sensor->channel_of[w] = -1;
		if (seen->states[w] != EP_PMIC_READ) {
			add_name(&absent, ep_pmic_wire_names[w]);
			continue;
		}
		*c = ep_pmic_wires[w];
		c->refresh_ns = is_core(w) ? sensor->plan.period_ns
					   : sensor->plan.others_ns;
		sensor->channel_of[w] = (int16_t)sensor->channel_count++;
		if (ep_pmic_is_saturated(w, seen->values[w]))
			ep_sensor_note(notes,
				       "%s stands at the end of its range "
				       "(%.4g): it may be more",
				       ep_pmic_wire_names[w],
				       (double)seen->values[w] * 1e-6);
	}
	note_names(&absent, "left out, as no reply tells of them", notes);
}

/* The powers, which together are the total. */
static void add_rails(struct ep_sensor *sensor, struct ep_sensor_notes *notes)
{
	struct names absent = { .shown = 0 };

	for (size_t rail = 0; rail < EP_PMIC_RAILS; rail++) {
		struct ep_channel *c = &sensor->channels[sensor->channel_count];
		int16_t volts = sensor->channel_of[EP_PMIC_VOLTS(rail)];
		int16_t amps = sensor->channel_of[EP_PMIC_AMPS(rail)];

		if (volts < 0 || amps < 0) {
			add_name(&absent, ep_pmic_rail_names[rail]);
			continue;
		}
		memset(c, 0, sizeof(*c));
		(void)ep_str_copy(c->name, sizeof(c->name),
				  ep_pmic_rail_names[rail]);
		c->quantity = EP_POWER_UW;
		c->shape = EP_GAUGE;
		c->role = EP_ROLE_TOTAL;
		c->flags = EP_CHANNEL_PRODUCT;
		c->volts_index = volts;
		c->amps_index = amps;
		c->refresh_ns = sensor->channels[amps].refresh_ns;
		c->gain_ppm = sensor->keys.gain_ppm;
		sensor->channel_count++;
	}
	note_names(&absent, "the sum of the rails is without", notes);
}

static int open_all(struct ep_sensor *sensor, const struct ep_conf *conf,
		    struct ep_sensor_notes *notes, struct ep_err *err)
{
	const struct ep_root *root =
		ep_conf_is_typed(conf) ? &ep_root_machine : &sensor->env->root;
	const char *device = ep_conf_get(conf, "device");
	struct ep_pmic_reply seen = { 0 };
	struct ep_pmic_costs costs = { 0 };
	int r = ep_pmic_take_keys(&sensor->keys, conf, err);

	/* Typed is the path, not the choice between the usual ones. */
	if (!device || device[0] == '\0')
		root = &sensor->env->root;
	if (r == 0)
		r = ep_vcio_open(&sensor->reader.vcio, root, device, err);
	if (r == 0)
		r = ep_pmic_time_calls(&sensor->reader, &costs, &seen, err);
	if (r == -EOPNOTSUPP)
		return ep_err_set(
			err, r,
			"the firmware has no command '" EP_PMIC_COMMAND "': "
			"only the Pi 5 family measures its power; "
			"elsewhere attach a meter with --sensor");
	if (r == 0)
		r = ep_pmic_plan_make(&sensor->plan, &sensor->keys, costs,
				      sensor->env->interval_ns, err);
	if (r < 0)
		return r;
	sensor->full_ns = costs.full_ns;
	ep_pmic_plan_note(&sensor->plan, &sensor->keys, costs, notes);
	add_wires(sensor, &seen, notes);
	add_rails(sensor, notes);
	return 0;
}

static int pmic_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	sensor->reader.now_ns = env->now_ns;
	sensor->reader.vcio.fd = -1;
	r = open_all(sensor, conf, notes, err);
	if (r < 0) {
		pmic_close(sensor);
		return r;
	}
	*ret = sensor;
	return 0;
}

static int pmic_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_vcio_open(&sensor->reader.vcio, &env->root, "", err);
	if (r == 0)
		r = ep_pmic_sweep(&sensor->reader, err);
	if (r == 0)
		r = (int)sensor->reader.reply.read_count;
	pmic_close(sensor);
	return r == -ENOENT || r == -EOPNOTSUPP ? 0 : r;
}

static size_t pmic_channels(const struct ep_sensor *sensor,
			    const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

/* The node went away: it is looked for at every poll until it is back. */
static bool is_gone(int code)
{
	return code == -ENODEV || code == -ENXIO || code == -EBADF;
}

static void emit_one(const struct ep_sensor *sensor, size_t wire, bool good,
		     struct ep_sample *s, const struct ep_sink *sink)
{
	if (sensor->channel_of[wire] < 0)
		return;
	s->channel = (uint16_t)sensor->channel_of[wire];
	s->flags = good ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR;
	s->value = good ? s->value : 0;
	sink->emit(sink->ctx, s);
}

static int poll_sweep(struct ep_sensor *sensor, int64_t begin_ns,
		      const struct ep_sink *sink)
{
	const struct ep_pmic_reply *reply = &sensor->reader.reply;
	struct ep_sample s = { 0 };
	int r = ep_pmic_sweep(&sensor->reader, NULL);

	if (r < 0)
		return r;
	ep_sample_stamp(&s, begin_ns, sensor->env->now_ns());
	for (size_t w = 0; w < EP_PMIC_WIRES; w++) {
		s.value = reply->values[w];
		emit_one(sensor, w, reply->states[w] == EP_PMIC_READ, &s, sink);
	}
	sensor->sweep_ns = begin_ns;
	return reply->read_count > 0 ? EP_PMIC_WIRES : -EBADMSG;
}

static int poll_round(struct ep_sensor *sensor, int64_t begin_ns,
		      const struct ep_sink *sink)
{
	uint8_t wires[EP_PMIC_ROUND_CALLS];
	int64_t values[EP_PMIC_ROUND_CALLS] = { 0 };
	bool good[EP_PMIC_ROUND_CALLS] = { false };
	struct ep_sample s = { 0 };
	int r = 0, error = 0, count = 0;

	ep_pmic_round(sensor->turn++, wires);
	for (size_t i = 0; i < EP_PMIC_ROUND_CALLS && !is_gone(r); i++) {
		if (sensor->channel_of[wires[i]] < 0)
			continue;
		r = ep_pmic_read_one(&sensor->reader, wires[i], &values[i]);
		good[i] = r == 0;
		count += r == 0;
		error = r < 0 ? r : error;
	}
	if (count == 0)
		return error < 0 ? error : -ENODATA;
	ep_sample_stamp(&s, begin_ns, sensor->env->now_ns());
	for (size_t i = 0; i < EP_PMIC_ROUND_CALLS; i++) {
		s.value = values[i];
		emit_one(sensor, wires[i], good[i], &s, sink);
	}
	return EP_PMIC_ROUND_CALLS;
}

/* Calls take longer while the firmware is busy: the budget holds all the same. */
static int64_t pmic_period_ns(const struct ep_sensor *sensor)
{
	int64_t ns = sensor->plan.period_ns;
	int64_t fair_ns = (int64_t)((double)sensor->poll_ns * 1e6 /
				    (double)sensor->keys.budget_ppm);

	if (sensor->reader.vcio.fd < 0)
		return RETRY_NS;
	if (fair_ns > PERIOD_NS_MAX)
		fair_ns = PERIOD_NS_MAX;
	return fair_ns > ns ? fair_ns : ns;
}

/*
 * A mixed schedule begins with all channels, so that none is missing at the
 * gate, and ends with all: the last poll is the one that comes before its time.
 * Under --jitter others do, too; few of them may.
 */
static bool wants_sweep(const struct ep_sensor *sensor, int64_t now_ns)
{
	int64_t rest_ns = (int64_t)((double)sensor->full_ns * 1e7 /
				    (double)sensor->keys.budget_ppm);

	if (sensor->plan.mode == EP_PMIC_FULL || sensor->sweep_ns == 0)
		return true;
	return now_ns + EARLY_NS < sensor->due_ns &&
	       now_ns - sensor->sweep_ns > rest_ns;
}

static int pmic_poll(struct ep_sensor *sensor, int64_t now_ns,
		     const struct ep_sink *sink)
{
	int64_t begin_ns = sensor->env->now_ns();
	int r = 0;

	(void)now_ns;
	if (sensor->reader.vcio.fd < 0)
		r = ep_vcio_reopen(&sensor->reader.vcio, NULL);
	if (r == 0)
		r = wants_sweep(sensor, begin_ns)
			    ? poll_sweep(sensor, begin_ns, sink)
			    : poll_round(sensor, begin_ns, sink);
	if (is_gone(r))
		ep_vcio_close(&sensor->reader.vcio);
	sensor->poll_ns = sensor->env->now_ns() - begin_ns;
	sensor->due_ns = sensor->due_ns > 0 ? sensor->due_ns : begin_ns;
	sensor->due_ns += pmic_period_ns(sensor);
	if (sensor->due_ns < begin_ns + sensor->poll_ns)
		sensor->due_ns = begin_ns + sensor->poll_ns;
	return r;
}

static int pmic_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		       const struct ep_sink *sink)
{
	struct ep_sample s = { .t_ns = t_ns };
	struct ep_pmic_reply reply;

	if (ep_pmic_parse((const char *)bytes, len, &reply) == 0)
		return -EBADMSG;
	for (size_t w = 0; w < EP_PMIC_WIRES; w++) {
		if (reply.states[w] == EP_PMIC_ABSENT)
			continue;
		s.channel = (uint16_t)w;
		s.value = reply.values[w];
		s.flags = reply.states[w] == EP_PMIC_READ ? EP_SAMPLE_UNPROVEN
							  : EP_SAMPLE_ERROR;
		sink->emit(sink->ctx, &s);
	}
	return (int)len;
}

static const struct ep_param pmic_params[] = {
	{ "device", "",
	  "the firmware mailbox; without it the usual nodes are tried" },
	{ "pmic_budget", "20",
	  "how much of the time may go into calls, in percent" },
	{ "schedule", "auto",
	  "full: all channels at once; mixed: core and DDR more often than "
	  "the others; auto: whichever is faster here" },
	{ "gain_percent", "", "accuracy limit of each power, if you know it" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_rpi5_pmic = {
	.name = "rpi5_pmic",
	.summary = "rails of the Raspberry Pi 5's power chip",
	.params = pmic_params,
	.flags = EP_SENSOR_BLOCKING,
	.check = pmic_check,
	.probe = pmic_probe,
	.open = pmic_open,
	.channels = pmic_channels,
	.period_ns = pmic_period_ns,
	.poll = pmic_poll,
	.close = pmic_close,
	.decode = pmic_decode,
	.wire_channels = ep_pmic_wires,
	.wire_channel_count = EP_PMIC_WIRES,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/perf.h"
#include "drivers/powercap.h"
#include "sensors/rapl_parts.h"
#include "sensors/table.h"

/* Intel SDM vol. 3B, 15.10.2: counters are updated about every millisecond;
 * ENERGY_UNIT is 2^-14 J on most parts. */
#define REFRESH_NS EP_NS_PER_MS
#define RESOLUTION_UJ 61

struct ep_sensor {
	struct ep_rapl r;
	int64_t (*now_ns)(void);
	int64_t values[EP_RAPL_DOMAINS_MAX];
	bool good[EP_RAPL_DOMAINS_MAX];
};

static const struct ep_param params[] = {
	{ "gain_percent", "5",
	  "accuracy limit in percent; vendors publish none, 5 is assumed" },
	{ NULL, NULL, NULL },
};

/* "core" of "package-0-die-1" -> core_0_die_1; never package_..., which stands
 * for totals in board files. */
static void channel_name(const char *name, const char *parent, char *ret,
			 size_t size)
{
	if (parent[0] == '\0')
		(void)ep_str_copy(ret, size, name);
	else if (ep_str_starts(parent, "package-"))
		(void)ep_str_format(ret, size, "%s%s", name,
				    parent + strlen("package"));
	else
		(void)ep_str_format(ret, size, "%s_%s", name, parent);
	ep_str_slug(ret);
}

static enum ep_role role_of(const char *name)
{
	if (ep_str_starts(name, "package"))
		return EP_ROLE_TOTAL;
	if (strcmp(name, "core") == 0 || strcmp(name, "uncore") == 0)
		return EP_ROLE_PART;
	return EP_ROLE_ASIDE; /* dram and psys are beside the package */
}

int ep_rapl_add(struct ep_rapl *r, const char *name, const char *parent,
		struct ep_rapl_domain domain, uint64_t wrap_uj)
{
	struct ep_channel ch = {
		.quantity = EP_ENERGY_UJ,
		.shape = EP_COUNTER,
		.role = role_of(name),
		.wrap = wrap_uj,
		.refresh_ns = REFRESH_NS,
		.resolution = RESOLUTION_UJ,
	};
	int code = r->count == EP_RAPL_DOMAINS_MAX ? -E2BIG : 0;

	channel_name(name, parent, ch.name, sizeof(ch.name));
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->channels[i].name, ch.name) == 0)
			code = -EEXIST;
	}
	if (code < 0) {
		close(domain.fd);
		return code;
	}
	r->channels[r->count] = ch;
	r->domains[r->count] = domain;
	r->count++;
	return 0;
}

void ep_rapl_done(struct ep_rapl *r)
{
	for (size_t i = 0; i < r->count; i++)
		close(r->domains[i].fd);
	r->count = 0;
}

static bool has_domain(const struct ep_rapl *r,
		       const struct ep_powercap_zone *zone)
{
	char name[EP_CHANNEL_NAME_BYTES];

	channel_name(zone->name, zone->parent, name, sizeof(name));
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->channels[i].name, name) == 0)
			return true;
	}
	return false;
}

static void add_zone(struct ep_rapl *r, const struct ep_env *env,
		     const struct ep_powercap_zone *zone,
		     struct ep_sensor_notes *notes, struct ep_err *denied)
{
	struct ep_rapl_domain d = { .uj_per_count = 1 };
	struct ep_err why = { 0 };
	uint64_t wrap_uj = 0;
	int code;

	if (has_domain(r, zone)) {
		ep_sensor_note(notes, "%s (%s) left out: counted once already",
			       zone->name, zone->dir);
		return;
	}
	d.fd = ep_powercap_open(&env->root, zone, &why);
	if (d.fd == -EACCES || d.fd == -EPERM) {
		if (denied->code == 0)
			*denied = why;
		return;
	}
	if (d.fd < 0) {
		ep_sensor_note(notes, "%s left out: %s", zone->name, why.text);
		return;
	}
	if (ep_powercap_wrap_uj(&env->root, zone, &wrap_uj) < 0)
		ep_sensor_note(notes,
			       "%s: max_energy_range_uj is unreadable: where "
			       "the counter starts over is unknown",
			       zone->name);
	code = ep_rapl_add(r, zone->name, zone->parent, d, wrap_uj);
	if (code < 0)
		ep_sensor_note(notes, "%s left out: %s", zone->name,
			       strerror(-code));
}

/* The count of domains; denied says which file was the first refused. */
static int open_powercap(struct ep_rapl *r, const struct ep_env *env,
			 struct ep_sensor_notes *notes, struct ep_err *denied)
{
	struct ep_powercap_zone *zones;
	int n;

	zones = calloc(EP_RAPL_DOMAINS_MAX, sizeof(*zones));
	if (!zones)
		return -ENOMEM;
	n = ep_powercap_list(&env->root, zones, EP_RAPL_DOMAINS_MAX);
	if (n == EP_RAPL_DOMAINS_MAX)
		ep_sensor_note(notes,
			       "%d domains or more: what lies beyond is left "
			       "out, of the total too",
			       n);
	for (int i = 0; i < n; i++)
		add_zone(r, env, &zones[i], notes, denied);
	free(zones);
	return n < 0 ? n : (int)r->count;
}

/* Powercap, else the power PMU: two views of the same counters. */
static int open_domains(struct ep_rapl *r, const struct ep_env *env,
			struct ep_sensor_notes *notes, struct ep_err *err)
{
	struct ep_err denied = { 0 };
	struct ep_err why = { 0 };
	int n = open_powercap(r, env, notes, &denied);

	if (n > 0) {
		if (denied.code)
			ep_sensor_note(notes, "left out: %s", denied.text);
		return n;
	}
	/* A redirected board is not this machine, whose PMU perf would be. */
	n = 0;
	if (!ep_root_redirected(&env->root))
		n = ep_rapl_open_perf(r, env, NULL, notes, &why);
	if (n > 0 && denied.code)
		ep_sensor_note(notes, "read through perf: powercap is "
				      "readable by root only");
	if (n > 0)
		return n;
	if (denied.code)
		return ep_err_set(err, denied.code, "%s", denied.text);
	if (n < 0)
		return ep_err_set(err, n, "%s", why.text);
	return ep_err_set(err, -ENODEV,
			  "no RAPL energy counter: neither powercap "
			  "(intel-rapl) nor the perf power PMU is here; "
			  "virtual machines and containers hide both");
}

static void fix_roles(struct ep_rapl *r)
{
	bool package = false;

	for (size_t i = 0; i < r->count; i++)
		package = package || r->channels[i].role == EP_ROLE_TOTAL;
	for (size_t i = 0; i < r->count && !package; i++) {
		if (ep_str_starts(r->channels[i].name, "psys"))
			r->channels[i].role = EP_ROLE_TOTAL;
	}
}

static int read_gain(const struct ep_conf *conf, double *ret_percent,
		     struct ep_err *err)
{
	double percent = 5;
	int code = 0;

	if (conf)
		code = ep_conf_get_f64(conf, "gain_percent", 5, &percent, err);
	if (code < 0)
		return code;
	if (percent < 0 || percent > 100)
		return ep_conf_err(conf, "gain_percent", err,
				   "must be from 0 to 100");
	*ret_percent = percent;
	return 0;
}

static int rapl_check(const struct ep_conf *conf, struct ep_err *err)
{
	double percent = 0;

	return read_gain(conf, &percent, err);
}

static int rapl_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_rapl r = { .count = 0 };
	struct ep_sensor_notes notes = { .count = 0 };
	int n = open_domains(&r, env, &notes, err);

	ep_rapl_done(&r);
	return n == -ENODEV ? 0 : n;
}

static void rapl_close(struct ep_sensor *s)
{
	if (!s)
		return;
	ep_rapl_done(&s->r);
	free(s);
}

static int rapl_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_sensor *s;
	double percent = 0;
	int code = read_gain(conf, &percent, err);

	if (code < 0)
		return code;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ep_err_set(err, -ENOMEM, "no memory for rapl");
	s->now_ns = env->now_ns;
	code = open_domains(&s->r, env, notes, err);
	if (code < 0) {
		rapl_close(s);
		return code;
	}
	fix_roles(&s->r);
	for (size_t i = 0; i < s->r.count; i++)
		s->r.channels[i].gain_ppm = (int64_t)(percent * 1e4 + 0.5);
	*ret = s;
	return 0;
}

static size_t rapl_channels(const struct ep_sensor *s,
			    const struct ep_channel **ret)
{
	*ret = s->r.channels;
	return s->r.count;
}

static int read_domain(const struct ep_rapl_domain *d, int64_t *ret_uj)
{
	uint64_t count = 0;
	int r;

	if (!d->perf)
		return ep_kept_read_i64(d->fd, ret_uj);
	r = ep_perf_device_read(d->fd, &count);
	if (r == 0)
		*ret_uj = (int64_t)((double)count * d->uj_per_count);
	return r;
}

static int rapl_poll(struct ep_sensor *s, int64_t now_ns,
		     const struct ep_sink *sink)
{
	struct ep_sample sample = { 0 };
	int64_t begin_ns = s->now_ns();
	int64_t end_ns;
	int last = -ENODATA;
	bool any = false;

	(void)now_ns;
	for (size_t i = 0; i < s->r.count; i++) {
		int r = read_domain(&s->r.domains[i], &s->values[i]);

		s->good[i] = r == 0;
		any = any || r == 0;
		last = r < 0 ? r : last;
	}
	end_ns = s->now_ns();
	if (!any)
		return last;
	sample.t_ns = begin_ns + (end_ns - begin_ns) / 2;
	sample.span_ns = end_ns - begin_ns > UINT32_MAX
				 ? UINT32_MAX
				 : (uint32_t)(end_ns - begin_ns);
	for (size_t i = 0; i < s->r.count; i++) {
		sample.channel = (uint16_t)i;
		sample.value = s->good[i] ? s->values[i] : 0;
		/* Nothing tells whether the counter was updated since. */
		sample.flags =
			s->good[i] ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR;
		sink->emit(sink->ctx, &sample);
	}
	return (int)s->r.count;
}

const struct ep_sensor_ops ep_sensor_rapl = {
	.name = "rapl",
	.summary = "energy counters of the processor packages (RAPL)",
	.params = params,
	.check = rapl_check,
	.probe = rapl_probe,
	.open = rapl_open,
	.channels = rapl_channels,
	.poll = rapl_poll,
	.close = rapl_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/plug_replies.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VOLTS 230.0
#define FACTOR 0.6

bool plug_faulty(const struct plug_sim *p, const char *name)
{
	for (size_t i = 0; i < p->fault_count; i++)
		if (strcmp(p->faults[i].name, name) == 0 &&
		    p->readings >= p->faults[i].from &&
		    p->readings <= p->faults[i].to)
			return true;
	return false;
}

/* Of the last whole refresh interval. */
static double power_w(const struct plug_sim *p, unsigned channel)
{
	double step = (double)p->refresh_ns / 1e9;
	double t = (double)(http_peer_now_ns() - p->epoch_ns) / 1e9;
	double end = floor(t / step) * step, w;

	w = profile_j(&p->profile, end - step, end) / step;
	return w * (channel + 1);
}

static double energy_j(const struct plug_sim *p, unsigned channel)
{
	double step = (double)p->refresh_ns / 1e9;
	double t = (double)(http_peer_now_ns() - p->epoch_ns) / 1e9;
	double j = profile_j(&p->profile, 0, floor(t / step) * step);

	return floor((j * (channel + 1) - p->base_j) / p->step_j) * p->step_j +
	       36000;
}

void plug_print(struct plug_sim *p, const char *format, ...)
{
	size_t len = strlen(p->body);
	va_list args;

	va_start(args, format);
	vsnprintf(p->body + len, sizeof(p->body) - len, format, args);
	va_end(args);
}

/* The power as a reply tells it, or what a fault makes of it. */
static const char *power_text(const struct plug_sim *p, unsigned channel,
			      const char *format, char text[48])
{
	double w = power_w(p, channel);

	if (plug_faulty(p, "wrong-type"))
		snprintf(text, 48, "\"%.1f\"", w);
	else if (plug_faulty(p, "nan"))
		snprintf(text, 48, "\"NaN\"");
	else if (plug_faulty(p, "null"))
		snprintf(text, 48, "null");
	else if (plug_faulty(p, "negative"))
		snprintf(text, 48, "-%.1f", w);
	else if (plug_faulty(p, "spike"))
		snprintf(text, 48, "1e300");
	else if (plug_faulty(p, "stuck"))
		snprintf(text, 48, "7.5");
	else if (strcmp(format, "%.2f") == 0)
		snprintf(text, 48, "%.2f", w);
	else
		snprintf(text, 48, "%.1f", w);
	return text;
}

static void fill_gen1(struct plug_sim *p)
{
	char w[48];

	plug_print(
		p,
		"{\"wifi_sta\":{\"connected\":true},\"unixtime\":%lld,\"relays\":"
		"[{\"ison\":true,\"overpower\":false}],\"meters\":[",
		(long long)(http_peer_now_ns() / 1000000000));
	for (unsigned i = 0; i < p->channels; i++)
		plug_print(
			p,
			"%s{\"power\":%s,\"overpower\":0.00,\"is_valid\":%s,"
			"\"timestamp\":1700000000,\"counters\":[1.5,1.4,1.6],"
			"\"total\":%.0f}",
			i ? "," : "", power_text(p, i, "%.2f", w),
			plug_faulty(p, "invalid") ? "false" : "true",
			energy_j(p, i) / 60);
	plug_print(p, "],\"temperature\":31.2,\"uptime\":4711}");
}

static void fill_gen2(struct plug_sim *p, unsigned id)
{
	double w = power_w(p, id), e = energy_j(p, id) / 3600;
	char text[48];
	const char *power = power_text(p, id, "%.1f", text);

	if (p->kind == EM1) {
		plug_print(p,
			   "{\"id\":%u,\"current\":%.3f,\"voltage\":%.1f,"
			   "\"act_power\":%s,\"aprt_power\":%.1f,\"pf\":%.2f,"
			   "\"freq\":50.0,\"calibration\":\"factory\"}",
			   id, w / VOLTS / FACTOR, VOLTS, power, w / FACTOR,
			   FACTOR);
		return;
	}
	plug_print(
		p,
		"{\"id\":%u,\"source\":\"init\",\"output\":true,\"apower\":%s,"
		"\"voltage\":%.1f,\"freq\":50.0,\"current\":%.3f,\"pf\":%.2f,"
		"\"aenergy\":{\"total\":%.3f,\"by_minute\":[1.0,2.0,3.0],"
		"\"minute_ts\":1700000000},\"temperature\":{\"tC\":30.1,"
		"\"tF\":86.2}}",
		id, power, VOLTS, w / VOLTS / FACTOR, FACTOR, e);
}

/* One number, or an array of them. */
static void add_list(struct plug_sim *p, const char *key,
		     void (*add)(struct plug_sim *p, unsigned channel))
{
	plug_print(p, ",\"%s\":%s", key, p->channels > 1 ? "[" : "");
	for (unsigned i = 0; i < p->channels; i++) {
		if (i)
			plug_print(p, ",");
		add(p, i);
	}
	if (p->channels > 1)
		plug_print(p, "]");
}

static void add_total(struct plug_sim *p, unsigned channel)
{
	plug_print(p, "%.3f", energy_j(p, channel) / 3.6e6);
}

static void add_power(struct plug_sim *p, unsigned channel)
{
	char text[48];

	plug_print(p, "%s", power_text(p, channel, "%.1f", text));
}

static void add_current(struct plug_sim *p, unsigned channel)
{
	plug_print(p, "%.3f", power_w(p, channel) / VOLTS / FACTOR);
}

static void fill_tasmota(struct plug_sim *p)
{
	plug_print(
		p,
		"{\"StatusSNS\":{\"Time\":\"2026-01-02T03:04:05\",\"ENERGY\":{"
		"\"TotalStartTime\":\"2025-01-01T00:00:00\"");
	add_list(p, "Total", add_total);
	add_list(p, "Power", add_power);
	plug_print(p, ",\"ApparentPower\":0,\"Factor\":%.2f,\"Voltage\":%.0f",
		   FACTOR, VOLTS);
	add_list(p, "Current", add_current);
	plug_print(p, "}}}");
}

void plug_fill(struct plug_sim *p, unsigned id)
{
	p->body[0] = '\0';
	if (p->kind == TASMOTA)
		fill_tasmota(p);
	else if (p->kind == GEN1)
		fill_gen1(p);
	else
		fill_gen2(p, id);
}

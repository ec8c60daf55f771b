/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/version.h"
#include "drivers/host.h"
#include "profiler/record/attached.h"
#include "profiler/record/manifest_covariance.h"
#include "profiler/record/manifest_machine.h"
#include "profiler/record/manifest_options.h"

/* jansson takes only whole UTF-8; a text that was cut may end inside of a
 * character. */
static json_t *text_of(const char *text)
{
	json_t *value = json_string(text);
	char clean[2048];

	if (value)
		return value;
	(void)ep_str_copy(clean, sizeof(clean), text);
	ep_str_printable(clean);
	return json_string(clean);
}

static json_t *flags_of(const struct ep_channel *c)
{
	static const struct {
		unsigned flag;
		const char *name;
	} known[] = {
		{ EP_CHANNEL_ESTIMATED, "estimated" },
		{ EP_CHANNEL_EVENT, "event" },
		{ EP_CHANNEL_HARDWARE, "hardware" },
		{ EP_CHANNEL_PRODUCT, "product" },
		{ EP_CHANNEL_ALARM, "alarm" },
		{ EP_CHANNEL_NEGOTIATED, "negotiated" },
		{ EP_CHANNEL_CHECK, "check" },
		{ EP_CHANNEL_SIGNED, "signed" },
	};
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (c->flags & known[i].flag)
			json_array_append_new(array,
					      json_string(known[i].name));
	return array;
}

static json_t *channel_json(const struct ep_slot *slot,
			    const struct ep_channel *c)
{
	char wrap[24];
	json_t *o = json_object();

	(void)ep_str_format(wrap, sizeof(wrap), "%llu",
			    (unsigned long long)c->wrap);
	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "quantity",
			    json_string(ep_quantity_unit(c->quantity)));
	json_object_set_new(
		o, "shape",
		json_string(c->shape == EP_COUNTER ? "counter" : "gauge"));
	json_object_set_new(o, "role", json_string(ep_role_name(c->role)));
	json_object_set_new(o, "flags", flags_of(c));
	json_object_set_new(o, "wrap", json_string(wrap));
	json_object_set_new(o, "refresh_ns", json_integer(c->refresh_ns));
	json_object_set_new(o, "window_ns", json_integer(c->window_ns));
	json_object_set_new(o, "gain_ppm", json_integer(c->gain_ppm));
	json_object_set_new(o, "offset", json_integer(c->offset));
	json_object_set_new(o, "resolution", json_integer(c->resolution));
	if (c->min_window_ns > 0)
		json_object_set_new(o, "min_window_ns",
				    json_integer(c->min_window_ns));
	if (c->flags & EP_CHANNEL_LOW)
		json_object_set_new(o, "low", json_integer(c->low));
	if (c->flags & EP_CHANNEL_HIGH)
		json_object_set_new(o, "high", json_integer(c->high));
	if (c->flags & EP_CHANNEL_PRODUCT) {
		json_object_set_new(
			o, "volts",
			json_string(slot->channels[c->volts_index].name));
		json_object_set_new(
			o, "amps",
			json_string(slot->channels[c->amps_index].name));
	}
	return o;
}

static json_t *slot_json(const struct ep_session *s, const struct ep_slot *slot)
{
	json_t *o = json_object(), *notes = json_array(),
	       *channels = json_array();
	char file[160];

	(void)ep_str_format(file, sizeof(file), "sensors/%s.csv", slot->id);
	json_object_set_new(o, "id", json_string(slot->id));
	json_object_set_new(o, "driver", json_string(slot->ops->name));
	json_object_set_new(o, "status",
			    json_string(slot->sensor ? "ok" : "failed"));
	json_object_set_new(o, "reason", text_of(slot->reason));
	json_object_set_new(o, "absent", json_boolean(slot->absent));
	json_object_set_new(
		o, "target",
		json_boolean((slot->ops->flags & EP_SENSOR_TARGET) &&
			     (slot->client || !s->env.target_runs)));
	if (slot->client)
		json_object_set_new(o, "scope", json_string("client"));
	for (size_t i = 0; i < slot->notes.count; i++)
		json_array_append_new(notes, text_of(slot->notes.text[i]));
	json_object_set_new(o, "notes", notes);
	if (slot->sensor)
		json_object_set_new(o, "file", json_string(file));
	for (size_t i = 0; i < slot->channel_count; i++)
		json_array_append_new(channels,
				      channel_json(slot, &slot->channels[i]));
	json_object_set_new(o, "channels", channels);
	return o;
}

static bool names_a_secret(const char *text)
{
	static const char *const words[] = { "key", "token", "password",
					     "passwd", "secret" };
	size_t len = strcspn(text, "=");

	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
		for (size_t i = 0; i + strlen(words[w]) <= len; i++)
			if (strncasecmp(text + i, words[w], strlen(words[w])) ==
			    0)
				return true;
	return false;
}

json_t *ep_manifest_command(char *const *argv)
{
	json_t *array = json_array();
	bool hide = false;

	for (size_t i = 0; argv && argv[i]; i++) {
		const char *arg = argv[i], *equals = strchr(arg, '=');
		char text[256];

		if (hide || strcasestr(arg, "bearer ")) {
			json_array_append_new(array, json_string("***"));
			hide = false;
			continue;
		}
		/* "--tokens 64" is a count, "--api-key k" is not. */
		hide = !equals && arg[0] == '-' && names_a_secret(arg) &&
		       !ep_str_ends(arg, "tokens");
		if (equals && names_a_secret(arg) &&
		    ep_str_format(text, sizeof(text), "%.*s=***",
				  (int)(equals - arg), arg))
			arg = text;
		if (json_array_append_new(array, json_string(arg)) < 0)
			json_array_append_new(array, json_string("?"));
	}
	return array;
}

static json_t *calibrations_json(const struct ep_board *b)
{
	json_t *array = json_array();

	for (size_t i = 0; i < b->calibration_count; i++) {
		const struct ep_board_calibration *c = &b->calibrations[i];
		json_t *o = json_pack(
			"{s:o,s:o,s:f,s:f,s:o,s:o}", "name", text_of(c->name),
			"target", text_of(c->target), "gain", c->gain,
			"offset_w", c->offset_w, "source", text_of(c->source),
			"caveat", text_of(c->caveat));

		ep_manifest_covariance(o, c);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *board_json(const struct ep_session *s)
{
	const struct ep_board *b = s->board;
	json_t *o = json_pack(
		"{s:s,s:o,s:o,s:o,s:o,s:b,s:b,s:s}", "name", b->name, "title",
		text_of(b->title), "source", text_of(b->source), "status",
		text_of(b->status), "coverage", text_of(b->coverage), "matched",
		s->board_matches, "asked", s->options->board != NULL,
		"detected", s->detected);

	if (b->calibration_count > 0)
		json_object_set_new(o, "calibrations", calibrations_json(b));
	ep_manifest_add_machine(&s->env.root, o);
	return o;
}

static json_t *observers_json(const struct ep_session *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->observer_count; i++) {
		const struct ep_watched *w = &s->observers[i];

		json_array_append_new(array,
				      json_pack("{s:s,s:s,s:o}", "name",
						w->ops->name, "status",
						w->observer ? "ok" : "failed",
						"reason", text_of(w->reason)));
	}
	return array;
}

static json_t *total_json(const struct ep_total *t)
{
	json_t *channels = json_array();

	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(channels, json_string(t->channels[i]));
	return json_pack("{s:o,s:s,s:o,s:o,s:o}", "channels", channels,
			 "source", t->source, "reason", text_of(t->reason),
			 "coverage", text_of(t->coverage), "title",
			 text_of(t->title));
}

static void add_host(const struct ep_session *s, json_t *o)
{
	struct utsname uts;
	char governor[64], boot_id[64];
	int64_t paranoid = 0;
	json_t *host = json_object();

	if (uname(&uts) == 0) {
		json_object_set_new(host, "name", json_string(uts.nodename));
		json_object_set_new(host, "kernel", json_string(uts.release));
		json_object_set_new(host, "machine", json_string(uts.machine));
	}
	json_object_set_new(host, "cpus_online",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	if (ep_host_perf_paranoid(&paranoid) == 0)
		json_object_set_new(host, "perf_event_paranoid",
				    json_integer(paranoid));
	json_object_set_new(o, "host", host);
	json_object_set_new(o, "boot_id",
			    ep_host_boot_id(boot_id, sizeof(boot_id)) == 0
				    ? json_string(boot_id)
				    : json_null());
	json_object_set_new(
		o, "governor",
		ep_host_governor(&s->env.root, governor, sizeof(governor)) == 0
			? json_string(governor)
			: json_null());
	json_object_set_new(o, "user",
			    json_pack("{s:i,s:s}", "uid", (int)s->identity.uid,
				      "via", s->identity.via));
}

static void add_drive(const struct ep_drive *d, json_t *o)
{
	const struct {
		const char *name;
		int64_t count, none;
	} counts[] = {
		{ "ctx", d->ctx_count, 0 },
		{ "seed", d->seed, -1 },
		{ "gpu_layers", d->gpu_layer_count, -1 },
		{ "retries", d->retry_count, 0 },
		{ "max_tokens", d->max_token_count, 0 },
		{ "prompt_tokens", d->prompt_token_count, 0 },
		{ "output_tokens", d->output_token_count, 0 },
	};
	json_t *drive = json_object();

	if (d->model)
		json_object_set_new(o, "model", json_string(d->model));
	if (d->url)
		json_object_set_new(drive, "url", json_string(d->url));
	json_object_set_new(drive, "starts_server",
			    json_boolean(d->server != NULL));
	json_object_set_new(drive, "prompts",
			    json_string(d->prompts ? d->prompts : ""));
	if (d->randomness)
		json_object_set_new(drive, "temperature",
				    json_string(d->randomness));
	if (d->workflow)
		json_object_set_new(drive, "workflow",
				    json_string(d->workflow));
	json_object_set_new(drive, "pause_ns", json_integer(d->pause_ns));
	json_object_set_new(drive, "request_timeout_ns",
			    json_integer(d->request_timeout_ns));
	json_object_set_new(drive, "cold", json_boolean(d->cold));
	json_object_set_new(drive, "chat", json_boolean(d->chat));
	if (d->ignore_eos)
		json_object_set_new(drive, "ignore_eos", json_true());
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].count != counts[i].none)
			json_object_set_new(drive, counts[i].name,
					    json_integer(counts[i].count));
	json_object_set_new(o, "drive", drive);
}

static json_t *build(const struct ep_session *s)
{
	const struct ep_record_options *p = s->options;
	json_t *o = json_object(), *sensors = json_array();
	char *const *command = NULL;
	struct ep_clock_pair now;

	if (s->runner && s->runner_ops->command)
		command = s->runner_ops->command(s->runner);
	ep_clock_pair_get(&now);
	json_object_set_new(o, "schema", json_string("edgeprof.run/1"));
	json_object_set_new(o, "version", json_string(ep_version));
	json_object_set_new(o, "build", json_string(ep_build));
	json_object_set_new(o, "command",
			    ep_manifest_command(command ? command : p->argv));
	json_object_set_new(o, "started_real_ns", json_integer(now.real_ns));
	json_object_set_new(o, "started_mono_ns", json_integer(now.mono_ns));
	add_host(s, o);
	json_object_set_new(o, "board", board_json(s));
	json_object_set_new(o, "interval_ns", json_integer(p->interval_ns));
	json_object_set_new(o, "idle_ns", json_integer(p->idle_ns));
	json_object_set_new(o, "tail_ns", json_integer(p->tail_ns));
	json_object_set_new(o, "jitter", json_boolean(p->jitter));
	json_object_set_new(o, "system_wide", json_boolean(s->env.system_wide));
	json_object_set_new(o, "runner", json_string(s->runner_ops->name));
	if (p->drive)
		add_drive(p->drive, o);
	if (s->models.count > 0)
		json_object_set_new(o, "model_files",
				    ep_models_json(&s->models));
	if (s->models.left_count > 0)
		json_object_set_new(
			o, "model_files_left_out",
			json_integer((json_int_t)s->models.left_count));
	ep_manifest_add_attached(s, o);
	ep_manifest_add_labels(p, o);
	json_object_set_new(o, "total", total_json(&s->total));
	if (p->calibration)
		json_object_set_new(o, "calibration",
				    json_string(p->calibration));
	for (size_t i = 0; i < s->slots.count; i++)
		json_array_append_new(sensors, slot_json(s, s->slots.slots[i]));
	json_object_set_new(o, "sensors", sensors);
	json_object_set_new(o, "observers", observers_json(s));
	if (s->environment.opened)
		json_object_set_new(o, "environment", ep_environment_json(s));
	if (s->environment.restored_before_count > 0)
		json_object_set_new(
			o, "restored_before",
			json_integer((json_int_t)s->environment
					     .restored_before_count));
	ep_manifest_add_cpufreq(s, o);
	ep_manifest_add_options(s, o);
	return o;
}

int ep_manifest_write(struct ep_session *s, struct ep_err *err)
{
	json_t *o = build(s);
	char *text = json_dumps(o, JSON_INDENT(1));
	int fd = -1, r = text ? 0 : -ENOMEM;

	if (r == 0)
		r = fd = ep_writer_create(&s->writer, "run.json");
	if (r >= 0)
		r = ep_file_write_all(fd, text, strlen(text));
	if (fd >= 0)
		close(fd);
	free(text);
	json_decref(o);
	if (r < 0)
		return ep_err_set(err, r, "cannot write run.json in %s: %s",
				  s->writer.dir, strerror(-r));
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/devfreq.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "sensors/files.h"
#include "sensors/table.h"

#define SOURCES_MAX 16
#define CHANNELS_MAX 64
#define TEXT_BYTES 256

/* One file: a clock, or a load with a channel for each core. */
struct source {
	int fd;
	bool load, percent;
	uint16_t first; /* channel */
	size_t count;
};

struct ep_sensor {
	const struct ep_env *env;
	struct source sources[SOURCES_MAX];
	size_t source_count;
	struct ep_channel channels[CHANNELS_MAX];
	size_t channel_count;
};

/* Lives during open only. */
struct survey {
	struct ep_sensor *sensor;
	const struct ep_conf *conf;
	const struct ep_root *files; /* where paths of keys are opened */
	struct ep_devfreq devices[EP_DEVFREQ_MAX];
	size_t device_count;
	struct ep_left_out left_out;
};

/* "gpu_load" of the conf, or "". */
static const char *key_of(const struct survey *s, enum ep_devfreq_kind kind,
			  const char *suffix)
{
	char key[32];
	const char *value;

	(void)ep_str_format(key, sizeof(key), "%s%s",
			    ep_devfreq_kind_name(kind), suffix);
	value = ep_conf_get(s->conf, key);
	return value ? value : "";
}

/* The next name of a comma list. */
static bool next_name(const char **list, char ret[EP_DEVFREQ_PATH_BYTES])
{
	size_t len = strcspn(*list, ",");

	if (len == 0)
		return false;
	(void)ep_str_format(ret, EP_DEVFREQ_PATH_BYTES, "%.*s", (int)len,
			    *list);
	*list += len;
	*list += **list == ',';
	return true;
}

/* The values of a source now: the count, or -errno. */
static int read_source(const struct source *s,
		       int64_t ret[EP_DEVFREQ_LOADS_MAX])
{
	char text[TEXT_BYTES];
	int r;

	if (!s->load) {
		r = ep_kept_read_i64(s->fd, &ret[0]);
		if (r == 0 && ret[0] < 0)
			r = -ERANGE;
		return r < 0 ? r : 1;
	}
	r = ep_kept_read_text(s->fd, text, sizeof(text));
	if (r == 0)
		r = -ENODATA;
	return r < 0 ? r : ep_devfreq_parse_load(text, s->percent, ret);
}

/* Takes fd, even when it fails. */
static int add_source(struct ep_sensor *s, struct source source,
		      const char *name)
{
	int64_t values[EP_DEVFREQ_LOADS_MAX];
	int n = -E2BIG;

	if (s->source_count < SOURCES_MAX)
		n = read_source(&source, values);
	if (n > 0 && s->channel_count + (size_t)n > CHANNELS_MAX)
		n = -E2BIG;
	if (n < 0) {
		close(source.fd);
		return n;
	}
	source.first = (uint16_t)s->channel_count;
	source.count = (size_t)n;
	for (int i = 0; i < n; i++) {
		struct ep_channel *c = &s->channels[s->channel_count];

		c->quantity = source.load ? EP_RATIO_PPM : EP_FREQ_HZ;
		c->shape = EP_GAUGE;
		if (source.load)
			c->resolution = 1000;
		if (n > 1)
			(void)ep_str_format(c->name, sizeof(c->name),
					    "%.32s_core%d_load", name, i);
		else
			(void)ep_str_format(c->name, sizeof(c->name), "%.32s%s",
					    name,
					    source.load ? "_load" : "_clock");
		ep_channel_name_unique(s->channels, s->channel_count, c->name);
		s->channel_count++;
	}
	s->sources[s->source_count++] = source;
	return 0;
}

/* What could not be read is said, with what it would have been. */
static void take_source(struct survey *s, struct source source,
			enum ep_devfreq_kind kind)
{
	const char *name = ep_devfreq_kind_name(kind);
	char text[64];
	int r = source.fd < 0 ? source.fd : add_source(s->sensor, source, name);

	if (r >= 0)
		return;
	(void)ep_str_format(text, sizeof(text), "%s_%s", name,
			    source.load ? "load" : "clock");
	ep_left_out_add(&s->left_out, text, r);
}

/* The first path of a list that is there; true when a list was given. */
static bool take_listed(struct survey *s, enum ep_devfreq_kind kind, bool load)
{
	const char *list = key_of(s, kind, load ? "_load" : "_clock");
	char path[EP_DEVFREQ_PATH_BYTES] = "";
	struct source source = { .fd = -ENOENT, .load = load };

	if (list[0] == '\0')
		return false;
	while (source.fd == -ENOENT && next_name(&list, path))
		source.fd =
			ep_root_openat(s->files, path, O_RDONLY | O_NONBLOCK);
	source.percent = ep_devfreq_is_percent(path);
	if (source.fd == -ENOENT) {
		s->left_out.count++;
		ep_sensor_note(s->left_out.notes,
			       "%s_%s left out: this kernel has no %s",
			       ep_devfreq_kind_name(kind),
			       load ? "load" : "clock", path);
		return true;
	}
	take_source(s, source, kind);
	return true;
}

static void take_device(struct survey *s, enum ep_devfreq_kind kind,
			const struct ep_devfreq *d)
{
	const struct ep_root *root = &s->sensor->env->root;
	char path[EP_DEVFREQ_PATH_BYTES] = "";
	struct source source = { .load = false };

	if (key_of(s, kind, "_clock")[0] == '\0') {
		source.fd = ep_devfreq_open_clock(root, d);
		take_source(s, source, kind);
	}
	if (key_of(s, kind, "_load")[0] != '\0')
		return;
	source.load = true;
	source.fd = ep_devfreq_open_load(root, d, path);
	source.percent = ep_devfreq_is_percent(path);
	take_source(s, source, kind);
}

/* Is it the device that the key of this kind asks for? */
static bool is_wanted(const struct survey *s, enum ep_devfreq_kind kind,
		      const struct ep_devfreq *d)
{
	const char *list = key_of(s, kind, "");
	char glob[EP_DEVFREQ_PATH_BYTES];

	if (list[0] == '\0')
		return ep_devfreq_is(d, kind);
	while (next_name(&list, glob))
		if (ep_str_glob(glob, d->name) || ep_str_glob(glob, d->node))
			return true;
	return false;
}

static void take_kind(struct survey *s, enum ep_devfreq_kind kind)
{
	const char *asked = key_of(s, kind, "");
	bool found = false;

	if (strcmp(asked, "none") == 0)
		return;
	for (size_t i = 0; i < s->device_count; i++) {
		if (!is_wanted(s, kind, &s->devices[i]))
			continue;
		found = true;
		take_device(s, kind, &s->devices[i]);
	}
	found |= take_listed(s, kind, false);
	found |= take_listed(s, kind, true);
	if (!found && asked[0]) {
		s->left_out.count++;
		ep_sensor_note(s->left_out.notes,
			       "%s left out: this kernel has no devfreq device "
			       "%s",
			       ep_devfreq_kind_name(kind), asked);
	}
}

static void devfreq_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	for (size_t i = 0; i < sensor->source_count; i++)
		close(sensor->sources[i].fd);
	free(sensor);
}

static int survey_all(struct survey *s, struct ep_err *err)
{
	int n = ep_devfreq_list(&s->sensor->env->root, s->devices,
				EP_DEVFREQ_MAX);

	if (n < 0)
		return ep_err_set(err, n, "devfreq cannot be listed: %s",
				  strerror(-n));
	s->device_count = (size_t)n;
	for (int k = 0; k < EP_DEVFREQ_KIND_COUNT; k++)
		take_kind(s, (enum ep_devfreq_kind)k);
	ep_left_out_end(&s->left_out);
	if (s->sensor->channel_count > 0)
		return 0;
	if (s->left_out.count > 0)
		return ep_err_set(err, -ENODEV,
				  "no clock or load can be read: %s",
				  s->left_out.notes->text[0]);
	return ep_err_set(err, -ENODEV,
			  "this kernel has no devfreq device that is a GPU, "
			  "NPU or memory controller");
}

static int devfreq_open(const struct ep_env *env, const struct ep_conf *conf,
			struct ep_sensor **ret, struct ep_sensor_notes *notes,
			struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct survey *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!sensor || !s) {
		r = ep_err_set(err, r, "out of memory");
		goto out;
	}
	sensor->env = env;
	s->sensor = sensor;
	s->conf = conf;
	s->files = ep_conf_is_typed(conf) ? &ep_root_machine : &env->root;
	s->left_out.notes = notes;
	r = survey_all(s, err);
	if (r == 0) {
		*ret = sensor;
		sensor = NULL;
	}
out:
	free(s);
	devfreq_close(sensor);
	return r;
}

static int devfreq_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_devfreq devices[EP_DEVFREQ_MAX];
	int n = ep_devfreq_list(&env->root, devices, EP_DEVFREQ_MAX);
	int found = 0;

	if (n < 0)
		return ep_err_set(err, n, "devfreq cannot be listed: %s",
				  strerror(-n));
	for (int i = 0; i < n; i++)
		for (int k = 0; k < EP_DEVFREQ_KIND_COUNT; k++)
			found += ep_devfreq_is(&devices[i],
					       (enum ep_devfreq_kind)k);
	return found;
}

static size_t devfreq_channels(const struct ep_sensor *sensor,
			       const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static int devfreq_poll(struct ep_sensor *sensor, int64_t now_ns,
			const struct ep_sink *sink)
{
	int64_t values[SOURCES_MAX][EP_DEVFREQ_LOADS_MAX] = { { 0 } };
	int counts[SOURCES_MAX] = { 0 };
	struct ep_sample sample = { .flags = 0 };
	int64_t begin_ns = sensor->env->now_ns();
	size_t good = 0;

	(void)now_ns;
	for (size_t i = 0; i < sensor->source_count; i++)
		counts[i] = read_source(&sensor->sources[i], values[i]);
	ep_sample_stamp(&sample, begin_ns, sensor->env->now_ns());
	for (size_t i = 0; i < sensor->source_count; i++) {
		const struct source *s = &sensor->sources[i];

		for (size_t j = 0; j < s->count; j++) {
			bool failed = counts[i] <= (int)j;

			sample.channel = (uint16_t)(s->first + j);
			sample.value = failed ? 0 : values[i][j];
			sample.flags =
				failed ? EP_SAMPLE_ERROR : EP_SAMPLE_UNPROVEN;
			good += !failed;
			sink->emit(sink->ctx, &sample);
		}
	}
	if (good == 0)
		return counts[0] < 0 ? counts[0] : -ENODATA;
	return (int)sensor->channel_count;
}

static const struct ep_param devfreq_params[] = {
	{ "gpu", "",
	  "the GPU's devfreq names, comma list of globs; none to "
	  "leave it out; else found by device tree" },
	{ "gpu_clock", "", "file with its clock in Hz, in place of devfreq" },
	{ "gpu_load", "",
	  "file with its load; comma list, the first there is" },
	{ "npu", "", "the same of the NPU" },
	{ "npu_clock", "", "file with its clock in Hz" },
	{ "npu_load", "", "file with its load" },
	{ "memory", "", "the same of the memory controller" },
	{ "memory_clock", "", "file with its clock in Hz" },
	{ "memory_load", "", "file with its load" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_devfreq = {
	.name = "devfreq",
	.summary = "clocks and loads of GPU, NPU and memory",
	.params = devfreq_params,
	.flags = EP_SENSOR_SLOW,
	.probe = devfreq_probe,
	.open = devfreq_open,
	.channels = devfreq_channels,
	.poll = devfreq_poll,
	.close = devfreq_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/run_options.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "runners/runner.h"

enum option_kind {
	TEXT,
	COUNT,
	DURATION,
	FLAG,
	LIST,
	STDIO,
};

struct option_row {
	const char *name;
	const char *letter;
	enum option_kind kind;
	size_t offset;		/* of the field in struct ep_run_options */
	int64_t min_ns, max_ns; /* of a duration; also of a count */
	size_t count_offset; /* of a list: how many it holds; max_ns at most */
};

#define AT(field) offsetof(struct ep_run_options, field)
#define DAY_NS (INT64_C(86400) * EP_NS_PER_S)

static const struct option_row rows[] = {
	{ "--output", "-o", TEXT, AT(record.out_dir), 0, 0, 0 },
	{ "--board", NULL, TEXT, AT(record.board), 0, 0, 0 },
	{ "--runner", NULL, TEXT, AT(record.runner), 0, 0, 0 },
	{ "--events", NULL, TEXT, AT(record.events), 0, 0, 0 },
	{ "--total", NULL, TEXT, AT(record.total), 0, 0, 0 },
	{ "--calibration", NULL, TEXT, AT(record.calibration), 0, 0, 0 },
	{ "--pin", NULL, TEXT, AT(record.place.pin), 0, 0, 0 },
	{ "--sampler-cpu", NULL, TEXT, AT(record.place.sampler_cpu), 0, 0, 0 },
	{ "--threads", NULL, COUNT, AT(record.thread_count), 1, 4096, 0 },
	{ "--sensor", NULL, LIST, AT(record.sensors), 0, EP_SENSOR_OPTIONS_MAX,
	  AT(record.sensor_count) },
	{ "--governor", NULL, TEXT, AT(control.governor), 0, 0, 0 },
	{ "--freq", NULL, TEXT, AT(control.freq), 0, 0, 0 },
	{ "--freq-min", NULL, TEXT, AT(control.freq_min), 0, 0, 0 },
	{ "--freq-max", NULL, TEXT, AT(control.freq_max), 0, 0, 0 },
	{ "--epp", NULL, TEXT, AT(control.preference), 0, 0, 0 },
	{ "--boost", NULL, TEXT, AT(control.boost), 0, 0, 0 },
	{ "--cpus", NULL, TEXT, AT(control.cpus), 0, 0, 0 },
	{ "--power-mode", NULL, TEXT, AT(control.power_mode), 0, 0, 0 },
	{ "--jetson-clocks", NULL, FLAG, AT(control.jetson_clocks), 0, 0, 0 },
	{ "--devfreq", NULL, LIST, AT(control.devfreqs), 0,
	  EP_CONTROL_DEVFREQS_MAX, AT(control.devfreq_count) },
	{ "--fan", NULL, TEXT, AT(control.fan), 0, 0, 0 },
	{ "--quiesce", NULL, TEXT, AT(control.services), 0, 0, 0 },
	{ "--clear-swap", NULL, FLAG, AT(control.clear_swap), 0, 0, 0 },
	{ "--drop-caches", NULL, FLAG, AT(control.drop_caches), 0, 0, 0 },
	{ "--fast-ina", NULL, FLAG, AT(control.fast_ina), 0, 0, 0 },
	{ "--best-effort", NULL, FLAG, AT(control.best_effort), 0, 0, 0 },
	{ "--wait", NULL, DURATION, AT(record.lock_wait_ns), 0, DAY_NS, 0 },
	{ "--stdio", NULL, STDIO, 0, 0, 0, 0 },
	{ "--interval", NULL, DURATION, AT(record.interval_ns),
	  EP_INTERVAL_NS_MIN, EP_INTERVAL_NS_MAX, 0 },
	{ "--idle", NULL, DURATION, AT(record.idle_ns), 0, DAY_NS, 0 },
	{ "--tail", NULL, DURATION, AT(record.tail_ns), 0, DAY_NS, 0 },
	{ "--duration", NULL, DURATION, AT(record.duration_ns), 1, 366 * DAY_NS,
	  0 },
	{ "--disk-sync", NULL, DURATION, AT(record.disk_sync_ns), 0, DAY_NS,
	  0 },
	{ "--model", NULL, TEXT, AT(drive.model), 0, 0, 0 },
	{ "--url", NULL, TEXT, AT(drive.url), 0, 0, 0 },
	{ "--prompts", NULL, TEXT, AT(drive.prompts), 0, 0, 0 },
	{ "--key-file", NULL, TEXT, AT(drive.key_file), 0, 0, 0 },
	{ "--ca-file", NULL, TEXT, AT(drive.ca_file), 0, 0, 0 },
	{ "--pause", NULL, DURATION, AT(drive.pause_ns), 0, DAY_NS, 0 },
	{ "--request-timeout", NULL, DURATION, AT(drive.request_timeout_ns), 1,
	  DAY_NS, 0 },
	{ "--temperature", NULL, TEXT, AT(drive.randomness), 0, 0, 0 },
	{ "--max-tokens", NULL, COUNT, AT(drive.max_token_count), 1, 1000000,
	  0 },
	{ "--ctx", NULL, COUNT, AT(drive.ctx_count), 1, 16 * 1024 * 1024, 0 },
	{ "--seed", NULL, COUNT, AT(drive.seed), 0, INT32_MAX, 0 },
	{ "--gpu-layers", NULL, COUNT, AT(drive.gpu_layer_count), 0, 10000, 0 },
	{ "--request-retries", NULL, COUNT, AT(drive.retry_count), 0, 100, 0 },
	{ "--prompt-tokens", NULL, COUNT, AT(drive.prompt_token_count), 1,
	  16 * 1024 * 1024, 0 },
	{ "--output-tokens", NULL, COUNT, AT(drive.output_token_count), 1,
	  1000000, 0 },
	{ "--ignore-eos", NULL, FLAG, AT(drive.ignore_eos), 0, 0, 0 },
	{ "--workflow", NULL, TEXT, AT(drive.workflow), 0, 0, 0 },
	{ "--client", NULL, FLAG, AT(record.client), 0, 0, 0 },
	{ "--attach", NULL, TEXT, AT(record.attach), 0, 0, 0 },
	{ "--phase-rule", NULL, LIST, AT(record.phase_rules), 0,
	  EP_PHASE_RULES_MAX, AT(record.phase_rule_count) },
	{ "--set", NULL, LIST, AT(sets), 0, EP_SETS_MAX, AT(set_count) },
	{ "--label", NULL, LIST, AT(record.labels), 0, EP_LABELS_MAX,
	  AT(record.label_count) },
	{ "--cold", NULL, FLAG, AT(drive.cold), 0, 0, 0 },
	{ "--chat", NULL, FLAG, AT(drive.chat), 0, 0, 0 },
	{ "--jitter", NULL, FLAG, AT(record.jitter), 0, 0, 0 },
	{ "--full-rate", NULL, FLAG, AT(record.full_rate), 0, 0, 0 },
	{ "--estimate", NULL, FLAG, AT(record.estimate), 0, 0, 0 },
	{ "--json", NULL, FLAG, AT(json), 0, 0, 0 },
	{ "--quiet", "-q", FLAG, AT(quiet), 0, 0, 0 },
	{ "--help", "-h", FLAG, AT(help), 0, 0, 0 },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static int set_duration(const struct option_row *row, const char *text,
			int64_t *field_ns, struct ep_err *err)
{
	int64_t ns = 0;
	int r = ep_num_parse_duration_ns(text, &ns);

	if (r < 0 || ns < 0)
		return ep_err_set(err, -EINVAL,
				  "%s: '%.40s' is not a time: write it like "
				  "10ms, 30s or 2m",
				  row->name, text);
	if (ns < row->min_ns || ns > row->max_ns)
		return ep_err_set(err, -EINVAL, "%s: %.40s is out of range: %s",
				  row->name, text,
				  row->max_ns == EP_INTERVAL_NS_MAX
					  ? "1ms to 1s"
				  : row->min_ns > 0 ? "more than 0s"
						    : "at most one day");
	*field_ns = ns;
	return 0;
}

static int set_count(const struct option_row *row, const char *text,
		     int64_t *field_count, struct ep_err *err)
{
	int64_t count = 0;
	int r = ep_num_parse_i64(text, &count);

	if (r == 0 && (count < row->min_ns || count > row->max_ns))
		r = -ERANGE;
	if (r < 0)
		return ep_err_set(err, -EINVAL,
				  "%s: '%.40s' is not a whole number from %lld "
				  "to %lld",
				  row->name, text, (long long)row->min_ns,
				  (long long)row->max_ns);
	*field_count = count;
	return 0;
}

static int set_stdio(const char *text, enum ep_stdio_mode *ret,
		     struct ep_err *err)
{
	static const char *const modes[] = { "auto", "inherit", "pipe", "pty" };
	static const enum ep_stdio_mode values[] = {
		EP_STDIO_AUTO, EP_STDIO_INHERIT, EP_STDIO_PIPE, EP_STDIO_PTY
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], text) == 0) {
			*ret = values[i];
			return 0;
		}
	return ep_err_set(err, -EINVAL,
			  "--stdio: '%.40s' is unknown: use auto, inherit, "
			  "pipe or pty",
			  text);
}

static int add_to_list(const struct option_row *row, char *value,
		       struct ep_run_options *o, struct ep_err *err)
{
	size_t *count = (void *)((char *)o + row->count_offset);
	char **items = (void *)((char *)o + row->offset);

	if (*count == (size_t)row->max_ns)
		return ep_err_set(err, -EINVAL, "more than %lld %s options",
				  (long long)row->max_ns, row->name);
	items[(*count)++] = value;
	return 0;
}

static int set_value(const struct option_row *row, char *value,
		     struct ep_run_options *o, struct ep_err *err)
{
	void *field = (char *)o + row->offset;

	switch (row->kind) {
	case TEXT:
		if (!value[0])
			return ep_err_set(err, -EINVAL,
					  "%s: the value is empty", row->name);
		memcpy(field, &value, sizeof(value));
		return 0;
	case COUNT:
		return set_count(row, value, field, err);
	case DURATION:
		return set_duration(row, value, field, err);
	case STDIO:
		return set_stdio(value, &o->record.stdio, err);
	case LIST:
		return add_to_list(row, value, o, err);
	case FLAG:
		break;
	}
	return 0;
}

/* The row and, for "--name=value", where the value starts. */
static const struct option_row *find_row(char *arg, char **ret_value,
					 struct ep_err *err)
{
	const char *names[ROW_COUNT], *nearest;
	size_t len = strcspn(arg, "=");

	*ret_value = arg[len] ? arg + len + 1 : NULL;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		names[i] = rows[i].name;
		if ((strlen(rows[i].name) == len &&
		     strncmp(rows[i].name, arg, len) == 0) ||
		    (rows[i].letter && strcmp(rows[i].letter, arg) == 0))
			return &rows[i];
	}
	nearest = ep_str_nearest(arg, names, ROW_COUNT);
	ep_err_set(err, -EINVAL, "there is no option %.60s%s%s%s", arg,
		   nearest ? "; did you mean " : "", nearest ? nearest : "",
		   nearest ? "?" : "; see edgeprof run --help");
	return NULL;
}

int ep_run_option_arity(const char *name, struct ep_err *err)
{
	char *value, arg[64];
	const struct option_row *row;

	(void)ep_str_copy(arg, sizeof(arg), name);
	row = find_row(arg, &value, err);
	return row ? row->kind != FLAG : -EINVAL;
}

int ep_run_options_parse(int argc, char **argv, struct ep_run_options *ret,
			 struct ep_err *err)
{
	struct ep_run_options o = {
		.record = { .runner = "command",
			    .interval_ns = 10 * EP_NS_PER_MS,
			    .idle_ns = 10 * EP_NS_PER_S,
			    .tail_ns = 2 * EP_NS_PER_S,
			    .disk_sync_ns = 10 * EP_NS_PER_S },
		.drive = { .seed = -1,
			   .gpu_layer_count = -1,
			   .request_timeout_ns = EP_REQUEST_TIMEOUT_NS },
	};
	int i = 1, r = 0;

	while (r == 0 && i < argc) {
		const struct option_row *row;
		char *value;

		if (strcmp(argv[i], "--") == 0 || argv[i][0] != '-') {
			i += argv[i][0] == '-';
			o.record.argv = i < argc ? argv + i : NULL;
			break;
		}
		row = find_row(argv[i], &value, err);
		if (!row)
			return -EINVAL;
		i++;
		if (row->kind == FLAG) {
			if (value)
				return ep_err_set(err, -EINVAL,
						  "%s takes no value",
						  row->name);
			memset((char *)&o + row->offset, 1, sizeof(bool));
			continue;
		}
		if (!value && i == argc)
			return ep_err_set(err, -EINVAL, "%s needs a value",
					  row->name);
		if (!value)
			value = argv[i++];
		r = set_value(row, value, &o, err);
	}
	if (r == 0) {
		ep_run_take_server(&o);
		r = ep_run_check(&o, err);
	}
	if (ep_run_drives(&o))
		o.drive.thread_count = o.record.thread_count;
	o.record.stdout_to_log = o.json || ep_run_drives(&o);
	o.record.stderr_to_log = o.drive.server != NULL;
	if (r == 0) {
		*ret = o;
		ret->record.drive = ep_run_drives(&o) ? &ret->drive : NULL;
		if (o.drive.server == o.server)
			ret->drive.server = ret->server;
		ret->record.url = o.record.client ? o.drive.url : NULL;
	}
	return r;
}

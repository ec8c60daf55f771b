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
	SENSOR,
	DEVFREQ,
	PHASE_RULE,
	STDIO,
};

struct option_row {
	const char *name;
	const char *letter;
	enum option_kind kind;
	size_t offset;		/* of the field in struct ep_run_options */
	int64_t min_ns, max_ns; /* of a duration; also of a count */
};

#define AT(field) offsetof(struct ep_run_options, field)
#define DAY_NS (INT64_C(86400) * EP_NS_PER_S)

static const struct option_row rows[] = {
	{ "--output", "-o", TEXT, AT(record.out_dir), 0, 0 },
	{ "--board", NULL, TEXT, AT(record.board), 0, 0 },
	{ "--runner", NULL, TEXT, AT(record.runner), 0, 0 },
	{ "--events", NULL, TEXT, AT(record.events), 0, 0 },
	{ "--total", NULL, TEXT, AT(record.total), 0, 0 },
	{ "--calibration", NULL, TEXT, AT(record.calibration), 0, 0 },
	{ "--pin", NULL, TEXT, AT(record.place.pin), 0, 0 },
	{ "--sampler-cpu", NULL, TEXT, AT(record.place.sampler_cpu), 0, 0 },
	{ "--threads", NULL, COUNT, AT(record.thread_count), 1, 4096 },
	{ "--sensor", NULL, SENSOR, 0, 0, 0 },
	{ "--governor", NULL, TEXT, AT(control.governor), 0, 0 },
	{ "--freq", NULL, TEXT, AT(control.freq), 0, 0 },
	{ "--freq-min", NULL, TEXT, AT(control.freq_min), 0, 0 },
	{ "--freq-max", NULL, TEXT, AT(control.freq_max), 0, 0 },
	{ "--epp", NULL, TEXT, AT(control.preference), 0, 0 },
	{ "--boost", NULL, TEXT, AT(control.boost), 0, 0 },
	{ "--cpus", NULL, TEXT, AT(control.cpus), 0, 0 },
	{ "--power-mode", NULL, TEXT, AT(control.power_mode), 0, 0 },
	{ "--jetson-clocks", NULL, FLAG, AT(control.jetson_clocks), 0, 0 },
	{ "--devfreq", NULL, DEVFREQ, 0, 0, 0 },
	{ "--fan", NULL, TEXT, AT(control.fan), 0, 0 },
	{ "--quiesce", NULL, TEXT, AT(control.services), 0, 0 },
	{ "--clear-swap", NULL, FLAG, AT(control.clear_swap), 0, 0 },
	{ "--drop-caches", NULL, FLAG, AT(control.drop_caches), 0, 0 },
	{ "--fast-ina", NULL, FLAG, AT(control.fast_ina), 0, 0 },
	{ "--best-effort", NULL, FLAG, AT(control.best_effort), 0, 0 },
	{ "--wait", NULL, DURATION, AT(record.lock_wait_ns), 0, DAY_NS },
	{ "--stdio", NULL, STDIO, 0, 0, 0 },
	{ "--interval", NULL, DURATION, AT(record.interval_ns),
	  EP_INTERVAL_NS_MIN, EP_INTERVAL_NS_MAX },
	{ "--idle", NULL, DURATION, AT(record.idle_ns), 0, DAY_NS },
	{ "--tail", NULL, DURATION, AT(record.tail_ns), 0, DAY_NS },
	{ "--duration", NULL, DURATION, AT(record.duration_ns), 1,
	  366 * DAY_NS },
	{ "--disk-sync", NULL, DURATION, AT(record.disk_sync_ns), 0, DAY_NS },
	{ "--model", NULL, TEXT, AT(drive.model), 0, 0 },
	{ "--url", NULL, TEXT, AT(drive.url), 0, 0 },
	{ "--prompts", NULL, TEXT, AT(drive.prompts), 0, 0 },
	{ "--key-file", NULL, TEXT, AT(drive.key_file), 0, 0 },
	{ "--pause", NULL, DURATION, AT(drive.pause_ns), 0, DAY_NS },
	{ "--request-timeout", NULL, DURATION, AT(drive.request_timeout_ns), 1,
	  DAY_NS },
	{ "--max-tokens", NULL, COUNT, AT(drive.max_token_count), 1, 1000000 },
	{ "--ctx", NULL, COUNT, AT(drive.ctx_count), 1, 16 * 1024 * 1024 },
	{ "--seed", NULL, COUNT, AT(drive.seed), 0, INT32_MAX },
	{ "--gpu-layers", NULL, COUNT, AT(drive.gpu_layer_count), 0, 10000 },
	{ "--retries", NULL, COUNT, AT(drive.retry_count), 0, 100 },
	{ "--prompt-tokens", NULL, COUNT, AT(drive.prompt_token_count), 1,
	  16 * 1024 * 1024 },
	{ "--output-tokens", NULL, COUNT, AT(drive.output_token_count), 1,
	  1000000 },
	{ "--ignore-eos", NULL, FLAG, AT(drive.ignore_eos), 0, 0 },
	{ "--workflow", NULL, TEXT, AT(drive.workflow), 0, 0 },
	{ "--client", NULL, FLAG, AT(record.client), 0, 0 },
	{ "--attach", NULL, TEXT, AT(record.attach), 0, 0 },
	{ "--phase-rule", NULL, PHASE_RULE, 0, 0, 0 },
	{ "--cold", NULL, FLAG, AT(drive.cold), 0, 0 },
	{ "--chat", NULL, FLAG, AT(drive.chat), 0, 0 },
	{ "--jitter", NULL, FLAG, AT(record.jitter), 0, 0 },
	{ "--estimate", NULL, FLAG, AT(record.estimate), 0, 0 },
	{ "--json", NULL, FLAG, AT(json), 0, 0 },
	{ "--quiet", "-q", FLAG, AT(quiet), 0, 0 },
	{ "--help", "-h", FLAG, AT(help), 0, 0 },
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
	case SENSOR:
		if (o->record.sensor_count == EP_SENSOR_OPTIONS_MAX)
			return ep_err_set(err, -EINVAL,
					  "more than %d --sensor options",
					  EP_SENSOR_OPTIONS_MAX);
		o->record.sensors[o->record.sensor_count++] = value;
		return 0;
	case DEVFREQ:
		if (o->control.devfreq_count == EP_CONTROL_DEVFREQS_MAX)
			return ep_err_set(err, -EINVAL,
					  "more than %d --devfreq options",
					  EP_CONTROL_DEVFREQS_MAX);
		o->control.devfreqs[o->control.devfreq_count++] = value;
		return 0;
	case PHASE_RULE:
		if (o->record.phase_rule_count == EP_PHASE_RULES_MAX)
			return ep_err_set(err, -EINVAL,
					  "more than %d --phase-rule options",
					  EP_PHASE_RULES_MAX);
		o->record.phase_rules[o->record.phase_rule_count++] = value;
		return 0;
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

static bool drives(const struct ep_run_options *o)
{
	const struct ep_runner_ops *runner =
		ep_runner_find(o->record.runner, NULL);

	return runner && runner->drives;
}

static bool has_drive_option(const struct ep_run_options *o)
{
	const struct ep_drive *d = &o->drive;

	return d->model || d->url || d->prompts || d->key_file || d->cold ||
	       d->chat || d->seed >= 0 || d->ctx_count > 0 ||
	       d->max_token_count > 0 || d->pause_ns > 0 ||
	       d->gpu_layer_count >= 0 || d->retry_count > 0 ||
	       d->prompt_token_count > 0 || d->output_token_count > 0 ||
	       d->ignore_eos || d->workflow;
}

static int check_drive(const struct ep_run_options *o, struct ep_err *err)
{
	if (!ep_runner_find(o->record.runner, err))
		return -EINVAL;
	if (!drives(o))
		return ep_err_set(err, -EINVAL,
				  "--model, --url, --prompts and the like are "
				  "for --runner ollama, llama-server or "
				  "openai; a command has options of its own "
				  "after --");
	if (o->record.argv)
		return ep_err_set(err, -EINVAL,
				  "--runner %s sends requests to a server and "
				  "takes no command",
				  o->record.runner);
	return 0;
}

static int check(const struct ep_run_options *o, struct ep_err *err)
{
	if (o->help)
		return 0;
	if (o->record.argv && o->record.duration_ns > 0)
		return ep_err_set(err, -EINVAL,
				  "--duration measures the whole system and "
				  "takes no command; leave one of them out");
	if (drives(o) && o->record.duration_ns > 0)
		return ep_err_set(err, -EINVAL,
				  "--duration measures the whole system; "
				  "--runner %s ends with its requests; leave "
				  "one of them out",
				  o->record.runner);
	if (drives(o) || has_drive_option(o))
		return check_drive(o, err);
	if (!o->record.argv && o->record.duration_ns == 0)
		return ep_err_set(err, -EINVAL,
				  "no command: edgeprof run [options] -- "
				  "COMMAND, or --duration 60s for the whole "
				  "system");
	return 0;
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
	if (r == 0)
		r = check(&o, err);
	o.record.stdout_to_log = o.json || drives(&o);
	if (r == 0) {
		*ret = o;
		ret->record.drive = drives(&o) ? &ret->drive : NULL;
	}
	return r;
}

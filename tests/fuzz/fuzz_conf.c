/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/conf.h"
#include "base/file.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct ep_param rail_params[] = {
	{ "channel", "", "SENSOR.CHANNEL" },
	{ "role", "part", "total or part" },
	{ NULL, NULL, NULL },
};
static const struct ep_conf_rule rules[] = {
	{ "", NULL, false, false },	     { "sensor", NULL, true, true },
	{ "rail", rail_params, true, true }, { "match", NULL, false, true },
	{ "counters", NULL, false, false },  { NULL, NULL, false, false },
};

/* Whatever was accepted is whole: every getter can be asked. */
static void ask(const struct ep_conf *conf)
{
	struct ep_err err;
	double number;
	int64_t whole;
	bool yes;

	for (size_t i = 0; i < conf->key_count; i++) {
		const char *key = conf->keys[i].key;

		if (!ep_conf_get(conf, key))
			abort();
		(void)!ep_conf_get_f64(conf, key, 0, &number, &err);
		(void)!ep_conf_get_i64(conf, key, 0, &whole, &err);
		(void)!ep_conf_get_duration_ns(conf, key, 0, &whole, &err);
		(void)!ep_conf_get_bool(conf, key, false, &yes, &err);
	}
	for (size_t i = 0; i < conf->section_count; i++)
		ask(conf->sections[i]);
}

static void load(const uint8_t *data, size_t size)
{
	struct ep_conf *conf = NULL;
	struct ep_err err = { 0, "" };
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ep_file_write_all(fd, data, size) == 0) {
		if (ep_conf_load(path, rules, &conf, &err) == 0) {
			ask(conf);
			ep_conf_free(conf);
		} else if (err.text[0] == '\0') {
			abort();
		}
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_conf *conf = NULL;
	struct ep_err err = { 0, "" };
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	load(data, size);
	if (ep_conf_from_options("--sensor", text, &conf, &err) == 0) {
		ask(conf);
		ep_conf_free(conf);
	} else if (err.text[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}

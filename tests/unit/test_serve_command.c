/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runners/serve_command.h"

#define S(text) ((char *)(uintptr_t)(text))

static struct ep_drive drive_of(char **server)
{
	const struct ep_drive d = {
		.model = "/m/tiny.gguf",
		.gpu_layer_count = -1,
		.server = server,
	};

	return d;
}

/* The command as one line. */
static const char *line_of(const struct ep_drive *d, char *url, size_t size)
{
	static char line[1024];
	struct ep_serve_command c;
	struct ep_err err = { 0 };
	size_t len = 0;

	assert_int_equal(ep_serve_command_make(d, 4711, &c, &err), 0);
	for (size_t i = 0; c.argv[i]; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s",
					i ? " " : "", c.argv[i]);
	if (url)
		(void)snprintf(url, size, "%s", c.url);
	ep_serve_command_done(&c);
	return line;
}

static void our_own_command(void **state)
{
	char *server[] = { S("llama-server"), NULL };
	struct ep_drive d = drive_of(server);
	char url[300];

	(void)state;
	assert_string_equal(line_of(&d, url, sizeof(url)),
			    "llama-server -m /m/tiny.gguf --host 127.0.0.1 "
			    "--port 4711");
	assert_string_equal(url, "http://127.0.0.1:4711");
	d.thread_count = 4;
	d.ctx_count = 2048;
	d.gpu_layer_count = 0;
	assert_string_equal(line_of(&d, NULL, 0),
			    "llama-server -m /m/tiny.gguf --host 127.0.0.1 "
			    "--port 4711 -t 4 -c 2048 -ngl 0");
}

static void what_a_command_has_is_kept(void **state)
{
	char *server[] = { S("/opt/llama-server"),
			   S("--host"),
			   S("0.0.0.0"),
			   S("--port=80"),
			   S("--port"),
			   S("9000"),
			   S("-hf"),
			   S("org/model"),
			   S("--threads"),
			   S("4"),
			   S("--mlock"),
			   NULL };
	struct ep_drive d = drive_of(server);
	char url[300];

	(void)state;
	d.model = NULL;
	d.thread_count = 4;
	assert_string_equal(line_of(&d, url, sizeof(url)),
			    "/opt/llama-server --host 0.0.0.0 --port=80 --port "
			    "9000 -hf org/model --threads 4 --mlock");
	/* The last one counts; a client needs an address. */
	assert_string_equal(url, "http://127.0.0.1:9000");
	server[2] = S("fd00::1");
	(void)line_of(&d, url, sizeof(url));
	assert_string_equal(url, "http://[fd00::1]:9000");
	server[2] = S("::");
	(void)line_of(&d, url, sizeof(url));
	assert_string_equal(url, "http://[::1]:9000");
}

static void refused(const struct ep_drive *d, const char *sentence)
{
	struct ep_serve_command c = { .port = 1 };
	struct ep_err err = { 0 };

	assert_int_equal(ep_serve_command_make(d, 4711, &c, &err), -EINVAL);
	if (!strstr(err.text, sentence))
		fail_msg("'%s' does not say '%s'", err.text, sentence);
	/* Untouched. */
	assert_int_equal(c.port, 1);
}

static void contradictions_are_refused(void **state)
{
	static const struct {
		const char *option, *value, *sentence;
	} bad[] = {
		{ "-m", "/other.gguf", "has -m /other.gguf, and --model" },
		{ "--threads", "8", "has -t 8, and --threads says 4" },
		{ "-c", "1", "and --ctx says 2048" },
		{ "--n-gpu-layers", "99", "and --gpu-layers says 7" },
		{ "--host", "/run/s.sock", "requests are sent over TCP" },
		{ "--host", "", "requests are sent over TCP" },
		{ "--port", "0", "from 1 to 65535" },
		{ "--port", "65536", "from 1 to 65535" },
		{ "--port", "http", "from 1 to 65535" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *server[] = { S("llama-server"), S(bad[i].option),
				   S(bad[i].value), NULL };
		struct ep_drive d = drive_of(server);

		d.thread_count = 4;
		d.ctx_count = 2048;
		d.gpu_layer_count = 7;
		refused(&d, bad[i].sentence);
	}
}

static void an_option_without_its_value(void **state)
{
	char *server[] = { S("llama-server"), S("--port"), NULL };
	const struct ep_drive d = drive_of(server);

	(void)state;
	refused(&d, "from 1 to 65535");
}

static void what_is_a_file(void **state)
{
	char *server[] = { S("llama-server"), NULL };
	struct ep_drive d = { .model = "llama3.2:1b" };

	(void)state;
	assert_true(ep_serve_is_file("m.gguf"));
	assert_true(ep_serve_is_file("./m"));
	assert_false(ep_serve_is_file("llama3.2:1b"));
	assert_false(ep_serve_wanted(&d));
	d.model = "m.gguf";
	assert_true(ep_serve_wanted(&d));
	d.url = "http://127.0.0.1:8080";
	assert_false(ep_serve_wanted(&d));
	d.url = d.model = NULL;
	assert_false(ep_serve_wanted(&d));
	d.server = server;
	assert_true(ep_serve_wanted(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_command),
		cmocka_unit_test(what_a_command_has_is_kept),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(an_option_without_its_value),
		cmocka_unit_test(what_is_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

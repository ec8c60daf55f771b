/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/cgroup_parts.h"
#include "runners/container.h"
#include "tests/unit/support_tmp.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void groups_of_each_engine(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{ "0::/system.slice/docker-" ID ".scope\n",
		  "/system.slice/docker-" ID ".scope" },
		{ "0::/docker/" ID "\n", "/docker/" ID },
		{ "0::/docker/" ID "/app/worker\n", "/docker/" ID },
		{ "0::/machine.slice/libpod-" ID ".scope/container\n",
		  "/machine.slice/libpod-" ID ".scope" },
		{ "0::/user.slice/user-1000.slice/user@1000.service/"
		  "nerdctl-" ID ".scope\n",
		  "/user.slice/user-1000.slice/user@1000.service/nerdctl-" ID
		  ".scope" },
		{ "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID
		  ".scope\n",
		  "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID
		  ".scope" },
		/* A container in a container: the inner one. */
		{ "0::/docker/" OTHER "/docker/" ID "\n",
		  "/docker/" OTHER "/docker/" ID },
		{ "12:memory:/docker/" ID "\n0::/\n", "" },
	};
	char id[EP_CGROUP_ID_BYTES], path[EP_CGROUP_PATH_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(
			ep_cgroup_parse(rows[i].text, id, path, sizeof(path)));
		assert_string_equal(id, ID);
		assert_string_equal(path, rows[i].path);
	}
}

static void groups_that_are_no_container(void **state)
{
	static const char *const texts[] = {
		"",
		"0::/",
		"0::/user.slice/session-3.scope\n",
		"0::/machine.slice/libpod-conmon-" ID ".scope\n",
		"0::/docker/0123456789ab\n",
		"0::/docker/x" ID "\n",
		"0::/docker/0123456789ABCDEF" ID "\n",
		"no colon " ID "\n",
		"one:" ID "\n",
	};
	char id[EP_CGROUP_ID_BYTES], path[EP_CGROUP_PATH_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(ep_cgroup_parse(texts[i], id, path, sizeof(path)));
}

static int parse_reply(const char *text, struct ep_engine_said *ret)
{
	return ep_engine_parse(text, strlen(text), ret);
}

static void replies_of_an_engine(void **state)
{
	struct ep_engine_said said = { .pid = 0 };

	(void)state;
	assert_int_equal(
		parse_reply("HTTP/1.0 200 OK\r\nA: b\r\n\r\n{\"Id\":\"" ID
			    "\",\"State\":{\"Pid\":4711}}",
			    &said),
		0);
	assert_int_equal(said.pid, 4711);
	assert_string_equal(said.id, ID);
	assert_int_equal(parse_reply("HTTP/1.1 200 OK\r\n\r\n{\"Id\":\"" ID
				     "\",\"State\":{\"Pid\":0}}",
				     &said),
			 0);
	assert_int_equal(said.pid, 0);
	assert_int_equal(parse_reply("HTTP/1.0 404 Not Found\r\n\r\n{}", &said),
			 -ENOENT);
	assert_int_equal(parse_reply("HTTP/1.0 500 No\r\n\r\n{}", &said),
			 -EBADMSG);
	assert_int_equal(parse_reply("HTTP/1.0 200 OK\r\n\r\n", &said),
			 -EBADMSG);
	assert_int_equal(
		parse_reply("HTTP/1.0 200 OK\r\n\r\n{\"Id\":7}", &said),
		-EBADMSG);
	assert_int_equal(parse_reply("HTTP/1.0 200 OK\r\n\r\n{\"Id\":\"" ID
				     "\",\"State\":{\"Pid\":-1}}",
				     &said),
			 -EBADMSG);
	assert_int_equal(
		parse_reply("HTTP/1.0 200 OK\r\n\r\n{\"Id\":\"short\"}", &said),
		-EBADMSG);
	assert_int_equal(parse_reply("nonsense", &said), -EBADMSG);
}

static void names_that_podman_keeps(void **state)
{
	static const char list[] =
		"[{\"id\":\"" OTHER "\",\"names\":[\"a\",\"b\"]},"
		"{\"id\":\"" ID "\",\"names\":[\"web\"]},{\"id\":\"short\","
		"\"names\":[\"cut\"]},7]";
	char id[EP_CGROUP_ID_BYTES] = "";

	(void)state;
	assert_int_equal(ep_podman_parse(list, strlen(list), "web", id), 0);
	assert_string_equal(id, ID);
	assert_int_equal(ep_podman_parse(list, strlen(list), "b", id), 0);
	assert_string_equal(id, OTHER);
	assert_int_equal(ep_podman_parse(list, strlen(list), "cut", id),
			 -ENOENT);
	assert_int_equal(ep_podman_parse("{", 1, "web", id), -ENOENT);
}

static void nobody_is_called_so(void **state)
{
	char cgroup[EP_CGROUP_PATH_BYTES] = "untouched";
	struct ep_err err = { 0 };
	struct ep_tmp top;
	char host[200], data[200];
	pid_t pid = 7;

	(void)state;
	ep_tmp_make(&top);
	(void)snprintf(host, sizeof(host), "unix://%s/none.sock", top.path);
	(void)snprintf(data, sizeof(data), "%s", top.path);
	assert_int_equal(setenv("DOCKER_HOST", host, 1), 0);
	assert_int_equal(setenv("XDG_DATA_HOME", data, 1), 0);
	assert_int_equal(
		ep_container_find("web", &pid, cgroup, sizeof(cgroup), &err),
		-ENOENT);
	assert_non_null(strstr(err.text, "'web'"));
	assert_int_equal(ep_container_find("../../images", &pid, cgroup,
					   sizeof(cgroup), &err),
			 -ENOENT);
	/* Of this id there is no process. */
	assert_int_equal(
		ep_container_find(ID, &pid, cgroup, sizeof(cgroup), &err),
		-ENOENT);
	assert_non_null(strstr(err.text, "no process"));
	/* podman knows it, and it does not run. */
	ep_tmp_puts(&top,
		    "containers/storage/overlay-containers/containers.json",
		    "[{\"id\":\"" ID "\",\"names\":[\"web\"]}]");
	assert_int_equal(
		ep_container_find("web", &pid, cgroup, sizeof(cgroup), &err),
		-ENOENT);
	assert_non_null(strstr(err.text, ID));
	assert_int_equal(pid, 7);
	assert_string_equal(cgroup, "untouched");
	ep_tmp_remove(&top);
}

struct command {
	const char *words[12];
	const char *engine, *verb, *name; /* engine NULL: none */
};

static void commands_of_clients(void **state)
{
	static const struct command rows[] = {
		{ { "docker", "run", "--rm", "alpine" },
		  "docker",
		  "run",
		  NULL },
		{ { "/usr/bin/docker", "-H", "unix:///x", "--debug", "run",
		    "--name", "web", "i" },
		  "docker",
		  "run",
		  "web" },
		{ { "sudo", "-u", "root", "A=b", "docker", "container", "run",
		    "--name=web", "i" },
		  "docker",
		  "run",
		  "web" },
		{ { "docker", "exec", "-it", "-u", "1000", "web", "sh" },
		  "docker",
		  "exec",
		  "web" },
		{ { "nerdctl", "-n", "k8s.io", "start", "-a", "web" },
		  "nerdctl",
		  "start",
		  "web" },
		{ { "docker", "compose", "-f", "x.yml", "exec", "db", "sh" },
		  "docker",
		  "exec",
		  NULL },
		{ { "docker", "ps" }, NULL, NULL, NULL },
		{ { "docker" }, NULL, NULL, NULL },
		{ { "docker", "--context" }, NULL, NULL, NULL },
		{ { "podman", "run", "i" }, NULL, NULL, NULL },
		{ { "sudo" }, NULL, NULL, NULL },
		{ { "sudo", "-u" }, NULL, NULL, NULL },
		{ { "./docker-like", "run" }, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_container_use use = { .engine = "untouched" };
		char *argv[13] = { NULL };
		bool is;

		for (size_t k = 0; rows[i].words[k]; k++)
			argv[k] = (char *)(uintptr_t)rows[i].words[k];
		is = ep_container_parse(argv, &use);
		assert_int_equal(is, rows[i].engine != NULL);
		if (!is)
			continue;
		assert_string_equal(use.engine, rows[i].engine);
		assert_string_equal(use.verb, rows[i].verb);
		if (rows[i].name)
			assert_string_equal(use.name, rows[i].name);
		else
			assert_null(use.name);
	}
	assert_false(ep_container_parse(NULL, NULL));
}

static void podman_by_another_name(void **state)
{
	struct ep_tmp top;
	char path[300];

	(void)state;
	ep_tmp_make(&top);
	ep_tmp_puts(&top, "docker", "#!/bin/sh\nexec /usr/bin/podman \"$@\"\n");
	ep_tmp_puts(&top, "real", "#!/bin/sh\nexec dockerd-client \"$@\"\n");
	(void)snprintf(path, sizeof(path), "%s/docker", top.path);
	assert_true(ep_container_is_podman(path));
	(void)snprintf(path, sizeof(path), "%s/real", top.path);
	assert_false(ep_container_is_podman(path));
	assert_false(ep_container_is_podman("/nowhere/docker"));
	ep_tmp_remove(&top);
}

static void the_sentence(void **state)
{
	const struct ep_container_use use = { "docker", "exec", "web" };
	char text[400], small[20];

	(void)state;
	assert_true(ep_container_tell(&use, text, sizeof(text)));
	assert_non_null(strstr(text, "only the docker client"));
	assert_non_null(strstr(text, "--attach container:web"));
	assert_false(ep_container_tell(&use, small, sizeof(small)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_of_each_engine),
		cmocka_unit_test(groups_that_are_no_container),
		cmocka_unit_test(replies_of_an_engine),
		cmocka_unit_test(names_that_podman_keeps),
		cmocka_unit_test(nobody_is_called_so),
		cmocka_unit_test(commands_of_clients),
		cmocka_unit_test(podman_by_another_name),
		cmocka_unit_test(the_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

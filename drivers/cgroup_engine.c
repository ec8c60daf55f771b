/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cgroup_parts.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#define REPLY_BYTES_MAX (1024 * 1024)
#define TIMEOUT_S 2

/* Docker's way to tell its clients where the engine listens. */
#define ENGINE_ENV "DOCKER_HOST"
#define UNIX_SCHEME "unix://"

/* HTTP/1.0: the reply ends with the connection and comes in one piece. */
static int ask(const char *path, const char *name, struct ep_buf *ret)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[300], piece[4096];
	ssize_t n;
	int fd, r;

	if (!ep_str_copy(address.sun_path, sizeof(address.sun_path), path) ||
	    !ep_str_format(text, sizeof(text),
			   "GET /containers/%s/json HTTP/1.0\r\n"
			   "Host: engine\r\n\r\n",
			   name))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) <
		    0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) <
		    0) {
		r = -errno;
		close(fd);
		return r;
	}
	r = send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 ? -errno : 0;
	while (r == 0 && (n = recv(fd, piece, sizeof(piece), 0)) != 0)
		r = n < 0 ? -errno : ep_buf_add(ret, piece, (size_t)n);
	close(fd);
	return r;
}

static bool is_one_word(const char *name)
{
	return name[0] && strlen(name) < 200 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			    "XYZ0123456789_.-") == strlen(name);
}

int ep_engine_parse(const char *reply, size_t len, struct ep_engine_said *ret)
{
	const char *body = memmem(reply, len, "\r\n\r\n", 4);
	struct ep_engine_said said = { .pid = 0 };
	json_t *top, *state;
	const char *id;
	json_int_t pid;

	if (!body || len < 12 || memcmp(reply, "HTTP/1.", 7) != 0)
		return -EBADMSG;
	if (memcmp(reply + 8, " 404", 4) == 0)
		return -ENOENT;
	if (memcmp(reply + 8, " 200", 4) != 0)
		return -EBADMSG;
	body += 4;
	top = json_loadb(body, len - (size_t)(body - reply), 0, NULL);
	state = json_object_get(top, "State");
	id = json_string_value(json_object_get(top, "Id"));
	pid = json_integer_value(json_object_get(state, "Pid"));
	if (!id || !ep_str_copy(said.id, sizeof(said.id), id) ||
	    strspn(id, "0123456789abcdef") != EP_CGROUP_ID_BYTES - 1 ||
	    pid < 0 || pid > INT32_MAX) {
		json_decref(top);
		return -EBADMSG;
	}
	said.pid = (pid_t)pid;
	json_decref(top);
	*ret = said;
	return 0;
}

static int ask_at(const char *path, const char *name,
		  struct ep_engine_said *ret)
{
	struct ep_buf reply;
	int r;

	ep_buf_init(&reply, REPLY_BYTES_MAX);
	r = ask(path, name, &reply);
	if (r == 0)
		r = reply.len > 0 ? ep_engine_parse(reply.data, reply.len, ret)
				  : -EBADMSG;
	ep_buf_done(&reply);
	return r;
}

/* The better of two reasons why there is no answer: one that says more. */
static int worse(int a, int b)
{
	if (a == -EACCES || b == -EACCES || a == -EPERM || b == -EPERM)
		return -EACCES;
	return a == -ENOENT || a == -ECONNREFUSED ? b : a;
}

int ep_engine_find(const char *name, struct ep_engine_said *ret)
{
	static const char *const usual[] = {
		"/var/run/docker.sock",
		"/run/podman/podman.sock",
	};
	static const char *const own[] = { "docker.sock",
					   "podman/podman.sock" };
	const char *host = secure_getenv(ENGINE_ENV);
	const char *folder = secure_getenv("XDG_RUNTIME_DIR");
	int r, worst = -ENOENT;
	char path[108];

	if (!is_one_word(name))
		return -ENOENT;
	/* Who says where it is means only that one. */
	if (host && ep_str_starts(host, UNIX_SCHEME))
		return ask_at(host + strlen(UNIX_SCHEME), name, ret);
	for (size_t i = 0; i < 2; i++) {
		r = ask_at(usual[i], name, ret);
		if (r == 0)
			return 0;
		worst = worse(worst, r);
	}
	for (size_t i = 0; folder && i < 2; i++) {
		if (!ep_str_format(path, sizeof(path), "%s/%s", folder, own[i]))
			continue;
		r = ask_at(path, name, ret);
		if (r == 0)
			return 0;
		worst = worse(worst, r);
	}
	return worst;
}

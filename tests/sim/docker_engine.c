/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container engine that knows one container: answers GET
 * /containers/NAME/json of the Docker Engine API on a Unix socket, one request
 * per connection, until it is killed.
 *
 * usage: docker_engine SOCKET NAME ID PID
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void answer(int fd, char **argv)
{
	char ask[2048], want[300], body[512], reply[1024];
	ssize_t n = recv(fd, ask, sizeof(ask) - 1, 0);
	int known;

	if (n <= 0)
		return;
	ask[n] = '\0';
	(void)snprintf(want, sizeof(want),
		       "GET /containers/%s/json HTTP/1.0\r\n", argv[2]);
	known = strncmp(ask, want, strlen(want)) == 0;
	if (known)
		(void)snprintf(body, sizeof(body),
			       "{\"Id\":\"%s\",\"Name\":\"/%s\",\"State\":"
			       "{\"Status\":\"running\",\"Running\":true,"
			       "\"Pid\":%s}}\n",
			       argv[3], argv[2], argv[4]);
	else
		(void)snprintf(body, sizeof(body),
			       "{\"message\":\"No such container\"}\n");
	(void)snprintf(reply, sizeof(reply),
		       "HTTP/1.0 %s\r\nContent-Type: application/json\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
		       known ? "200 OK" : "404 Not Found", strlen(body), body);
	(void)send(fd, reply, strlen(reply), MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (argc != 5 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		       argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 4) < 0)
		return 1;
	for (;;) {
		int one = accept(fd, NULL, NULL);

		if (one < 0)
			return 1;
		answer(one, argv);
		close(one);
	}
}

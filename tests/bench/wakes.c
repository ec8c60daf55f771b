/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wakes PORT TOKENS: what a client costs that does nothing but wake up: asks a
 * simulated Ollama on this machine for TOKENS tokens, waits with poll(2) and
 * reads what came, until the answer is whole.  Prints the count of reads and the
 * CPU time from the first to the last, in nanoseconds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

static int ask(int64_t port, int64_t tokens)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char body[200], text[500];
	int len;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	(void)snprintf(body, sizeof(body),
		       "{\"model\":\"llama3.2:1b\",\"prompt\":\"x\","
		       "\"options\":{\"num_predict\":%lld}}",
		       (long long)tokens);
	len = snprintf(text, sizeof(text),
		       "POST /api/generate HTTP/1.1\r\nHost: x\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
		       strlen(body), body);
	return write(fd, text, (size_t)len) == len ? fd : -1;
}

int main(int argc, char **argv)
{
	struct pollfd wait = { .events = POLLIN };
	int64_t port, tokens, before_ns = 0, count = 0, stamp_ns = 0;
	char data[16384 + 1];
	ssize_t n = 1;

	if (argc != 3 || ep_num_parse_i64(argv[1], &port) < 0 ||
	    ep_num_parse_i64(argv[2], &tokens) < 0) {
		fprintf(stderr, "usage: wakes PORT TOKENS\n");
		return 2;
	}
	wait.fd = ask(port, tokens);
	if (wait.fd < 0) {
		perror("wakes");
		return 1;
	}
	do {
		(void)poll(&wait, 1, -1);
		n = read(wait.fd, data, sizeof(data) - 1);
		stamp_ns = ep_clock_monotonic_ns();
		if (n <= 0)
			break;
		data[n] = '\0';
		if (count++ == 0)
			before_ns = ep_clock_process_cpu_ns();
	} while (!strstr(data, "\"done\":true"));
	printf("%lld %lld\n", (long long)count,
	       (long long)(ep_clock_process_cpu_ns() - before_ns));
	close(wait.fd);
	return stamp_ns > 0 && n > 0 ? 0 : 1;
}

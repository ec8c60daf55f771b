/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/scpi_parts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define TCP "tcp://"
#define PORT "5025"
#define PORT_MAX 65535
#define HOST_BYTES 256
/* Of one clear(): a line that never falls silent ends it. */
#define CLEAR_BYTES_MAX (64 * 1024)
#define SLICE_NS (200 * EP_NS_PER_MS)

/* "tcp://192.0.2.20:5025", "tcp://[2001:db8::20]:5025", "tcp://dmm" */
static int split(const char *address, char *host, const char **ret_port,
		 struct ep_err *err)
{
	const char *at = address + strlen(TCP), *port;
	bool bracket = at[0] == '[';
	size_t len = strcspn(at + bracket, bracket ? "]" : ":");
	int64_t number = 0;

	port = at + bracket + len;
	if (bracket && *port == ']')
		port++;
	else if (bracket)
		len = 0;
	if (len == 0 || len >= HOST_BYTES || (*port && *port != ':'))
		return ep_err_set(err, -EINVAL,
				  "takes tcp://HOST or tcp://HOST:PORT");
	memcpy(host, at + bracket, len);
	host[len] = '\0';
	*ret_port = *port ? port + 1 : PORT;
	if (strpbrk(host, "/@ ") || ep_num_parse_i64(*ret_port, &number) < 0 ||
	    number < 1 || number > PORT_MAX)
		return ep_err_set(
			err, -EINVAL,
			"takes tcp://HOST or tcp://HOST:PORT, such as "
			"tcp://192.0.2.20:5025");
	return 0;
}

int ep_scpi_address_check(const char *address, struct ep_err *err)
{
	char host[HOST_BYTES];
	const char *port;

	if (ep_str_starts(address, TCP))
		return split(address, host, &port, err);
	if (strstr(address, "://"))
		return ep_err_set(err, -EINVAL,
				  "takes tcp://HOST:PORT, the node of a USB "
				  "instrument (/dev/usbtmc0) or a serial port");
	return 0;
}

int ep_scpi_link_init(struct ep_scpi_link *l, const struct ep_env *env,
		      const char *address, const struct ep_serial_mode *mode,
		      struct ep_err *err)
{
	const char *slash = strrchr(address, '/'), *port = PORT;
	char host[HOST_BYTES];
	int r;

	memset(l, 0, sizeof(*l));
	l->address = address;
	l->mode = *mode;
	l->serial.fd = l->usbtmc.fd = l->tcp.fd = -1;
	if (!ep_str_starts(address, TCP)) {
		l->bus = ep_str_starts(slash ? slash + 1 : address, "usbtmc")
				 ? EP_SCPI_USBTMC
				 : EP_SCPI_SERIAL;
		return 0;
	}
	l->bus = EP_SCPI_TCP;
	r = split(address, host, &port, err);
	return r < 0 ? r : ep_tcp_find(&l->tcp, host, port, env, err);
}

/* The end of a wait: that of a part of it while someone may cancel it. */
static int64_t slice(const struct ep_scpi_link *l, int64_t deadline_ns)
{
	int64_t end_ns;

	if (!l->opening || deadline_ns == 0)
		return deadline_ns;
	end_ns = l->opening->now_ns() + SLICE_NS;
	return end_ns < deadline_ns ? end_ns : deadline_ns;
}

static int open_tcp(struct ep_scpi_link *l, int64_t deadline_ns,
		    struct ep_err *err)
{
	int r = ep_tcp_connect(&l->tcp, deadline_ns, l->opening);

	if (r == 0)
		return 0;
	return ep_err_set(err, r == -ETIMEDOUT ? r : -ENXIO,
			  "%s: no connection (%s); is it switched on, in this "
			  "network, and its port for raw SCPI that one?",
			  l->address, strerror(-r));
}

int ep_scpi_link_open(struct ep_scpi_link *l, int64_t deadline_ns,
		      struct ep_err *err)
{
	int r = -EINVAL;

	switch (l->bus) {
	case EP_SCPI_SERIAL:
		r = ep_serial_open(&l->serial, l->root, l->address, &l->mode,
				   err);
		break;
	case EP_SCPI_USBTMC:
		r = ep_usbtmc_open(&l->usbtmc, l->root, l->address, err);
		break;
	case EP_SCPI_TCP:
		r = open_tcp(l, deadline_ns, err);
		break;
	}
	l->len = 0;
	l->is_open = r == 0;
	return r;
}

void ep_scpi_link_close(struct ep_scpi_link *l)
{
	if (!l->is_open)
		return;
	ep_serial_close(&l->serial);
	ep_usbtmc_close(&l->usbtmc);
	ep_tcp_close(&l->tcp);
	l->is_open = false;
}

int ep_scpi_send(struct ep_scpi_link *l, const char *line, int64_t deadline_ns)
{
	char text[EP_SCPI_LINE_BYTES + 2];
	size_t len;

	if (!ep_str_format(text, sizeof(text), "%s\n", line))
		return -EBADMSG;
	len = strlen(text);
	switch (l->bus) {
	case EP_SCPI_SERIAL:
		return ep_serial_write(&l->serial, text, len, deadline_ns);
	case EP_SCPI_USBTMC:
		return ep_usbtmc_write(&l->usbtmc, text, len, deadline_ns);
	case EP_SCPI_TCP:
		return ep_tcp_write(&l->tcp, text, len, deadline_ns);
	}
	return -EINVAL;
}

/* More bytes behind those that are there. */
static int read_once(struct ep_scpi_link *l, int64_t deadline_ns)
{
	char *at = l->bytes + l->len;
	size_t room = sizeof(l->bytes) - l->len;
	bool end = false;
	int n = -EINVAL;

	switch (l->bus) {
	case EP_SCPI_SERIAL:
		n = ep_serial_read(&l->serial, at, room, deadline_ns);
		break;
	case EP_SCPI_USBTMC:
		/* One byte is left for the end of a message without a line
		 * feed. */
		n = ep_usbtmc_read(&l->usbtmc, at, room - (room > 1),
				   deadline_ns, &end);
		break;
	case EP_SCPI_TCP:
		n = ep_tcp_read(&l->tcp, at, room, deadline_ns);
		break;
	}
	if (n < 0)
		return n;
	l->len += (size_t)n;
	if (end && l->len > 0 && l->bytes[l->len - 1] != '\n')
		l->bytes[l->len++] = '\n';
	return 0;
}

static int read_more(struct ep_scpi_link *l, int64_t deadline_ns)
{
	for (;;) {
		int64_t end_ns = slice(l, deadline_ns);
		int r = read_once(l, end_ns);

		if (r != -ETIMEDOUT || end_ns == deadline_ns ||
		    ep_env_is_cancelled(l->opening))
			return r;
	}
}

/* The line at the front, len bytes without its end, to ret. */
static int take_line(struct ep_scpi_link *l, size_t len, char *ret, size_t size)
{
	size_t used = len + 1;
	int r = len < size ? 0 : -EBADMSG;

	for (size_t i = 0; i < len && r == 0; i++)
		if (l->bytes[i] != '\r' && l->bytes[i] != '\t' &&
		    (l->bytes[i] < ' ' || l->bytes[i] > '~'))
			r = -EBADMSG;
	if (r == 0) {
		memcpy(ret, l->bytes, len);
		ret[len] = '\0';
		(void)ep_str_chomp(ret);
	}
	l->len -= used;
	memmove(l->bytes, l->bytes + used, l->len);
	return r;
}

int ep_scpi_receive(struct ep_scpi_link *l, char *ret, size_t size,
		    int64_t deadline_ns)
{
	for (;;) {
		const char *end = memchr(l->bytes, '\n', l->len);
		int r;

		if (end)
			return take_line(l, (size_t)(end - l->bytes), ret,
					 size);
		if (l->len == sizeof(l->bytes)) {
			l->len = 0;
			return -EBADMSG;
		}
		r = read_more(l, deadline_ns);
		if (r < 0)
			return r;
	}
}

int ep_scpi_check_silent(struct ep_scpi_link *l)
{
	int r = 0;

	while (r == 0) {
		size_t blanks = 0;

		while (blanks < l->len && strchr("\r\n ", l->bytes[blanks]))
			blanks++;
		l->len -= blanks;
		memmove(l->bytes, l->bytes + blanks, l->len);
		if (l->len > 0)
			return -EBADMSG;
		/* There a read waits, and a message is all of an answer. */
		if (l->bus == EP_SCPI_USBTMC)
			return 0;
		r = read_once(l, 0);
	}
	return r == -ETIMEDOUT ? 0 : r;
}

int ep_scpi_clear(struct ep_scpi_link *l)
{
	size_t total = 0;
	int r = 0;

	l->len = 0;
	if (l->bus == EP_SCPI_USBTMC)
		return ep_usbtmc_clear(&l->usbtmc) < 0 ? -EIO : 0;
	while (r == 0 && total < CLEAR_BYTES_MAX) {
		r = read_more(l, 0);
		total += l->len;
		l->len = 0;
	}
	return r == -ETIMEDOUT ? 0 : r;
}

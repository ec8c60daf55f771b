/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/gpio_parts.h"

#include <errno.h>
#include <gpiod.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define CONSUMER "edgeprof"

#if EP_GPIOD == 2
/* What the kernel keeps for us while we are not looking. */
#define KEPT_EDGES 1024
#else
/* Fixed there; what comes then is dropped without a word. */
#define KEPT_EDGES 16
#endif

struct ep_gpio {
	struct gpiod_chip *chip;
	struct ep_gpio_about about;
	int fd;
#if EP_GPIOD == 2
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *buffer;
	unsigned long seqno; /* of the last edge; they count from 1 */
#else
	struct gpiod_line *line;
	bool overrun; /* the kernel's buffer was full */
#endif
};

#if EP_GPIOD == 2
static int find_by_name(struct ep_gpio *g, const char *name)
{
	return gpiod_chip_get_line_offset_from_name(g->chip, name);
}

/* Its name, and who has it ("" none). */
static int look_at_line(struct ep_gpio *g, char *ret_owner, size_t size)
{
	struct gpiod_line_info *info =
		gpiod_chip_get_line_info(g->chip, g->about.offset);
	const char *name, *owner = NULL;

	ret_owner[0] = '\0';
	if (!info)
		return ep_gpio_error();
	name = gpiod_line_info_get_name(info);
	if (gpiod_line_info_is_used(info)) {
		owner = gpiod_line_info_get_consumer(info);
		owner = owner && owner[0] ? owner : "the kernel";
	}
	(void)ep_str_copy(g->about.name, sizeof(g->about.name),
			  name ? name : "");
	(void)ep_str_copy(ret_owner, size, owner ? owner : "");
	gpiod_line_info_free(info);
	return 0;
}

static int set_up_line(struct gpiod_line_settings *s, enum ep_gpio_bias bias)
{
	static const enum gpiod_line_bias biases[] = {
		[EP_GPIO_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
		[EP_GPIO_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[EP_GPIO_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
	};
	int bad = gpiod_line_settings_set_direction(s,
						    GPIOD_LINE_DIRECTION_INPUT);

	bad |= gpiod_line_settings_set_edge_detection(s, GPIOD_LINE_EDGE_BOTH);
	bad |= gpiod_line_settings_set_event_clock(s,
						   GPIOD_LINE_CLOCK_MONOTONIC);
	bad |= gpiod_line_settings_set_bias(s, biases[bias]);
	return bad ? -EINVAL : 0;
}

static int request_line(struct ep_gpio *g, enum ep_gpio_bias bias)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *line = gpiod_line_config_new();
	struct gpiod_request_config *config = gpiod_request_config_new();
	int r = -ENOMEM;

	g->buffer = gpiod_edge_event_buffer_new(EP_GPIO_EDGES_MAX);
	if (settings && line && config && g->buffer)
		r = set_up_line(settings, bias);
	if (r == 0 && gpiod_line_config_add_line_settings(
			      line, &g->about.offset, 1, settings) < 0)
		r = ep_gpio_error();
	if (r == 0) {
		gpiod_request_config_set_consumer(config, CONSUMER);
		gpiod_request_config_set_event_buffer_size(config, KEPT_EDGES);
		g->request = gpiod_chip_request_lines(g->chip, config, line);
		r = g->request ? 0 : ep_gpio_error();
	}
	if (g->request)
		g->fd = gpiod_line_request_get_fd(g->request);
	gpiod_request_config_free(config);
	gpiod_line_config_free(line);
	gpiod_line_settings_free(settings);
	return r;
}

static void release(struct ep_gpio *g)
{
	if (g->request)
		gpiod_line_request_release(g->request);
	gpiod_edge_event_buffer_free(g->buffer);
}

int ep_gpio_level(struct ep_gpio *g)
{
	int level =
		(int)gpiod_line_request_get_value(g->request, g->about.offset);

	return level < 0 ? ep_gpio_error() : level;
}

static int take_edges(struct ep_gpio *g, struct ep_gpio_edge *ret)
{
	int n = gpiod_line_request_read_edge_events(g->request, g->buffer,
						    EP_GPIO_EDGES_MAX);

	for (int i = 0; i < n; i++) {
		struct gpiod_edge_event *e = gpiod_edge_event_buffer_get_event(
			g->buffer, (unsigned long)i);
		unsigned long seqno = gpiod_edge_event_get_line_seqno(e);

		ret[i].t_ns = (int64_t)gpiod_edge_event_get_timestamp_ns(e);
		ret[i].rising = gpiod_edge_event_get_event_type(e) ==
				GPIOD_EDGE_EVENT_RISING_EDGE;
		ret[i].lost = seqno != ((g->seqno + 1) & UINT32_MAX);
		g->seqno = seqno;
	}
	return n < 0 ? ep_gpio_error() : n;
}

static int check_kernel(struct ep_err *err)
{
	(void)err;
	return 0;
}
#else
static int find_by_name(struct ep_gpio *g, const char *name)
{
	struct gpiod_line *line = gpiod_chip_find_line(g->chip, name);

	return line ? (int)gpiod_line_offset(line) : -1;
}

/* Its name, and who has it ("" none). */
static int look_at_line(struct ep_gpio *g, char *ret_owner, size_t size)
{
	const char *name, *owner = NULL;

	ret_owner[0] = '\0';
	g->line = gpiod_chip_get_line(g->chip, g->about.offset);
	if (!g->line || gpiod_line_update(g->line) < 0)
		return ep_gpio_error();
	name = gpiod_line_name(g->line);
	if (gpiod_line_is_used(g->line)) {
		owner = gpiod_line_consumer(g->line);
		owner = owner && owner[0] ? owner : "the kernel";
	}
	(void)ep_str_copy(g->about.name, sizeof(g->about.name),
			  name ? name : "");
	(void)ep_str_copy(ret_owner, size, owner ? owner : "");
	return 0;
}

static int request_line(struct ep_gpio *g, enum ep_gpio_bias bias)
{
	static const int biases[] = {
		[EP_GPIO_AS_IS] = 0,
		[EP_GPIO_PULL_UP] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
		[EP_GPIO_PULL_DOWN] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN,
	};
	const struct gpiod_line_request_config config = {
		.consumer = CONSUMER,
		.request_type = GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES,
		.flags = biases[bias],
	};

	if (gpiod_line_request(g->line, &config, 0) < 0)
		return ep_gpio_error();
	g->fd = gpiod_line_event_get_fd(g->line);
	return g->fd < 0 ? ep_gpio_error() : 0;
}

/* Closing the chip releases its lines. */
static void release(struct ep_gpio *g)
{
	(void)g;
}

int ep_gpio_level(struct ep_gpio *g)
{
	int level = gpiod_line_get_value(g->line);

	return level < 0 ? ep_gpio_error() : level;
}

static int take_edges(struct ep_gpio *g, struct ep_gpio_edge *ret)
{
	struct gpiod_line_event events[KEPT_EDGES];
	int n = gpiod_line_event_read_fd_multiple(g->fd, events, KEPT_EDGES);

	for (int i = 0; i < n; i++) {
		const struct timespec *ts = &events[i].ts;

		ret[i].t_ns = (int64_t)ts->tv_sec * EP_NS_PER_S + ts->tv_nsec;
		ret[i].rising =
			events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
		ret[i].lost = i == 0 && g->overrun;
	}
	if (n > 0)
		g->overrun = n == KEPT_EDGES;
	return n < 0 ? ep_gpio_error() : n;
}

/* Before 5.7 its stamps were those of the wall clock. */
static int check_kernel(struct ep_err *err)
{
	struct utsname u;
	int64_t major = 0, minor = 0;
	size_t at;

	if (uname(&u) < 0)
		return 0;
	at = strcspn(u.release, ".");
	if (ep_num_scan_i64(u.release, at, &major) < 0 ||
	    u.release[at] != '.' ||
	    ep_num_scan_i64(u.release + at + 1,
			    strspn(u.release + at + 1, "0123456789"),
			    &minor) < 0)
		return 0;
	if (major > 5 || (major == 5 && minor >= 7))
		return 0;
	return ep_err_set(err, -EOPNOTSUPP,
			  "Linux %.20s stamps pulses by the wall clock, which "
			  "may be set while it runs: Linux 5.7 or later is "
			  "needed",
			  u.release);
}
#endif

static int find_line(struct ep_gpio *g, const char *text, struct ep_err *err)
{
	const struct ep_gpio_about *a = &g->about;
	uint64_t number;
	int offset;

	if (ep_num_parse_u64(text, &number) == 0) {
		if (number >= a->line_count)
			return ep_err_set(err, -ENXIO,
					  "%s (\"%s\") has lines 0 to %u, no "
					  "%.20s",
					  a->chip, a->label, a->line_count - 1,
					  text);
		g->about.offset = (unsigned)number;
		return 0;
	}
	offset = find_by_name(g, text);
	if (offset < 0)
		return ep_err_set(err, -ENXIO,
				  "%s (\"%s\") has no line named \"%.31s\"; "
				  "gpioinfo %s lists them",
				  a->chip, a->label, text, a->chip);
	g->about.offset = (unsigned)offset;
	return 0;
}

static int take_line(struct ep_gpio *g, const struct ep_gpio_wish *wish,
		     struct ep_err *err)
{
	const struct ep_gpio_about *a = &g->about;
	char owner[32] = "";
	int r = look_at_line(g, owner, sizeof(owner));

	ep_str_printable(owner);
	if (r == 0)
		r = owner[0] ? -EBUSY : request_line(g, wish->bias);
	if (r == -EBUSY)
		return ep_err_set(err, r,
				  "line %u of %s is in use by %s%s%s: end that "
				  "first",
				  a->offset, a->chip, owner[0] ? "\"" : "",
				  owner[0] ? owner : "another program",
				  owner[0] ? "\"" : "");
	if (r == -ENXIO || r == -EOPNOTSUPP || r == -EINVAL)
		return ep_err_set(err, -EOPNOTSUPP,
				  "line %u of %s cannot tell of edges (%s): "
				  "take another, or bias=as-is",
				  a->offset, a->chip, strerror(-r));
	return r < 0 ? ep_err_set(err, r, "line %u of %s: %s", a->offset,
				  a->chip, strerror(-r))
		     : 0;
}

int ep_gpio_open(const struct ep_gpio_wish *wish, struct ep_gpio **ret,
		 struct ep_err *err)
{
	struct ep_gpio *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return ep_err_set(err, -ENOMEM, "out of memory");
	g->fd = -1;
	r = check_kernel(err);
	if (r == 0)
		r = ep_gpio_open_chip(wish->chip, &g->chip, &g->about, err);
	if (r == 0)
		r = find_line(g, wish->line, err);
	if (r == 0)
		r = take_line(g, wish, err);
	if (r < 0) {
		ep_gpio_close(g);
		return r;
	}
	*ret = g;
	return 0;
}

void ep_gpio_close(struct ep_gpio *g)
{
	if (!g)
		return;
	release(g);
	if (g->chip)
		gpiod_chip_close(g->chip);
	free(g);
}

const struct ep_gpio_about *ep_gpio_about(const struct ep_gpio *g)
{
	return &g->about;
}

int ep_gpio_fd(const struct ep_gpio *g)
{
	return g->fd;
}

int ep_gpio_read(struct ep_gpio *g, struct ep_gpio_edge ret[EP_GPIO_EDGES_MAX])
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n < 0 || (p.revents & (POLLERR | POLLHUP | POLLNVAL)))
		return -ENODEV;
	return take_edges(g, ret);
}

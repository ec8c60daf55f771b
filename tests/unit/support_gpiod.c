/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_gpiod.h"

#include <errno.h>
#include <gpiod.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

struct fake_gpio fake_gpio;

/* Something that is no null pointer. */
static struct gpiod_chip *const the_chip = (void *)&fake_gpio;

struct gpiod_chip *gpiod_chip_open(const char *path)
{
	errno = fake_gpio.open_error;
	if (fake_gpio.open_error)
		return NULL;
	errno = ENOENT;
	if (fake_gpio.gone || strcmp(path, FAKE_GPIO_NODE) != 0)
		return NULL;
	fake_gpio.opened_count++;
	return the_chip;
}

static void close_fds(void)
{
	for (int i = 0; i < 2; i++) {
		if (fake_gpio.fds[i] >= 0)
			close(fake_gpio.fds[i]);
		fake_gpio.fds[i] = -1;
	}
}

void gpiod_chip_close(struct gpiod_chip *chip)
{
	assert_ptr_equal(chip, the_chip);
	fake_gpio.closed_count++;
#if EP_GPIOD != 2
	close_fds();
#endif
}

static int make_fds(void)
{
	fake_gpio.seqno = 0;
	close_fds();
	return pipe(fake_gpio.fds);
}

static int read_fake(size_t max)
{
	ssize_t n = read(fake_gpio.fds[0], fake_gpio.read,
			 max * sizeof(struct fake_gpio_edge));

	return n < 0 ? -1 : (int)((size_t)n / sizeof(struct fake_gpio_edge));
}

#if EP_GPIOD == 2
struct gpiod_chip_info *gpiod_chip_get_info(struct gpiod_chip *chip)
{
	return (void *)chip;
}
void gpiod_chip_info_free(struct gpiod_chip_info *info)
{
	(void)info;
}
const char *gpiod_chip_info_get_name(struct gpiod_chip_info *info)
{
	(void)info;
	return "gpiochip901";
}
const char *gpiod_chip_info_get_label(struct gpiod_chip_info *info)
{
	(void)info;
	return "bank";
}
size_t gpiod_chip_info_get_num_lines(struct gpiod_chip_info *info)
{
	(void)info;
	return 8;
}
int gpiod_chip_get_line_offset_from_name(struct gpiod_chip *chip,
					 const char *name)
{
	(void)chip;
	errno = ENOENT;
	return strcmp(name, "s0") == 0 ? 3 : -1;
}
struct gpiod_line_info *gpiod_chip_get_line_info(struct gpiod_chip *chip,
						 unsigned int offset)
{
	(void)offset;
	return (void *)chip;
}
void gpiod_line_info_free(struct gpiod_line_info *info)
{
	(void)info;
}
const char *gpiod_line_info_get_name(struct gpiod_line_info *info)
{
	(void)info;
	return "s0";
}
bool gpiod_line_info_is_used(struct gpiod_line_info *info)
{
	(void)info;
	return fake_gpio.owned;
}
const char *gpiod_line_info_get_consumer(struct gpiod_line_info *info)
{
	(void)info;
	return "other";
}
struct gpiod_line_request *
gpiod_chip_request_lines(struct gpiod_chip *chip,
			 struct gpiod_request_config *req,
			 struct gpiod_line_config *line)
{
	struct gpiod_line_settings *s =
		gpiod_line_config_get_line_settings(line, 3);

	assert_non_null(s);
	assert_int_equal(gpiod_line_settings_get_edge_detection(s),
			 GPIOD_LINE_EDGE_BOTH);
	assert_int_equal(gpiod_line_settings_get_event_clock(s),
			 GPIOD_LINE_CLOCK_MONOTONIC);
	fake_gpio.bias =
		gpiod_line_settings_get_bias(s) == GPIOD_LINE_BIAS_PULL_UP;
	gpiod_line_settings_free(s);
	assert_string_equal(gpiod_request_config_get_consumer(req), "edgeprof");
	errno = fake_gpio.request_error;
	if (fake_gpio.request_error || make_fds() < 0)
		return NULL;
	return (void *)chip;
}
void gpiod_line_request_release(struct gpiod_line_request *request)
{
	(void)request;
	close_fds();
}
int gpiod_line_request_get_fd(struct gpiod_line_request *request)
{
	(void)request;
	return fake_gpio.fds[0];
}
enum gpiod_line_value
gpiod_line_request_get_value(struct gpiod_line_request *request,
			     unsigned int offset)
{
	(void)request;
	assert_int_equal(offset, 3);
	return fake_gpio.level ? GPIOD_LINE_VALUE_ACTIVE
			       : GPIOD_LINE_VALUE_INACTIVE;
}
int gpiod_line_request_read_edge_events(struct gpiod_line_request *request,
					struct gpiod_edge_event_buffer *buffer,
					size_t max_events)
{
	(void)request;
	(void)buffer;
	return read_fake(max_events);
}
struct gpiod_edge_event *
gpiod_edge_event_buffer_get_event(struct gpiod_edge_event_buffer *buffer,
				  unsigned long index)
{
	(void)buffer;
	return (void *)&fake_gpio.read[index];
}
static const struct fake_gpio_edge *edge_of(struct gpiod_edge_event *event)
{
	return (const void *)event;
}
unsigned long gpiod_edge_event_get_line_seqno(struct gpiod_edge_event *event)
{
	return edge_of(event)->seqno;
}
uint64_t gpiod_edge_event_get_timestamp_ns(struct gpiod_edge_event *event)
{
	return (uint64_t)edge_of(event)->t_ns;
}
enum gpiod_edge_event_type
gpiod_edge_event_get_event_type(struct gpiod_edge_event *event)
{
	return edge_of(event)->rising ? GPIOD_EDGE_EVENT_RISING_EDGE
				      : GPIOD_EDGE_EVENT_FALLING_EDGE;
}
#else
static struct gpiod_line *const the_line = (void *)&fake_gpio.level;

const char *gpiod_chip_name(struct gpiod_chip *chip)
{
	(void)chip;
	return "gpiochip901";
}
const char *gpiod_chip_label(struct gpiod_chip *chip)
{
	(void)chip;
	return "bank";
}
unsigned int gpiod_chip_num_lines(struct gpiod_chip *chip)
{
	(void)chip;
	return 8;
}
struct gpiod_line *gpiod_chip_find_line(struct gpiod_chip *chip,
					const char *name)
{
	(void)chip;
	errno = ENOENT;
	return strcmp(name, "s0") == 0 ? the_line : NULL;
}
struct gpiod_line *gpiod_chip_get_line(struct gpiod_chip *chip,
				       unsigned int offset)
{
	(void)chip;
	assert_int_equal(offset, 3);
	return the_line;
}
unsigned int gpiod_line_offset(struct gpiod_line *line)
{
	(void)line;
	return 3;
}
int gpiod_line_update(struct gpiod_line *line)
{
	(void)line;
	return 0;
}
const char *gpiod_line_name(struct gpiod_line *line)
{
	(void)line;
	return "s0";
}
bool gpiod_line_is_used(struct gpiod_line *line)
{
	(void)line;
	return fake_gpio.owned;
}
const char *gpiod_line_consumer(struct gpiod_line *line)
{
	(void)line;
	return "other";
}
int gpiod_line_request(struct gpiod_line *line,
		       const struct gpiod_line_request_config *config,
		       int default_val)
{
	(void)line;
	(void)default_val;
	assert_string_equal(config->consumer, "edgeprof");
	assert_int_equal(config->request_type,
			 GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES);
	fake_gpio.bias = config->flags == GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
	errno = fake_gpio.request_error;
	return fake_gpio.request_error ? -1 : make_fds();
}
int gpiod_line_event_get_fd(struct gpiod_line *line)
{
	(void)line;
	return fake_gpio.fds[0];
}
int gpiod_line_get_value(struct gpiod_line *line)
{
	(void)line;
	return fake_gpio.level;
}
int gpiod_line_event_read_fd_multiple(int fd, struct gpiod_line_event *events,
				      unsigned int num_events)
{
	int n = read_fake(num_events);

	assert_int_equal(fd, fake_gpio.fds[0]);
	for (int i = 0; i < n; i++) {
		int64_t t = fake_gpio.read[i].t_ns;

		events[i].ts.tv_sec = (time_t)(t / EP_NS_PER_S);
		events[i].ts.tv_nsec = (long)(t % EP_NS_PER_S);
		events[i].event_type = fake_gpio.read[i].rising
					       ? GPIOD_LINE_EVENT_RISING_EDGE
					       : GPIOD_LINE_EVENT_FALLING_EDGE;
	}
	return n;
}
#endif

void fake_gpio_reset(void)
{
	if (fake_gpio.opened_count > 0)
		close_fds();
	memset(&fake_gpio, 0, sizeof(fake_gpio));
	fake_gpio.fds[0] = fake_gpio.fds[1] = -1;
	fake_gpio.level = 1;
}

void fake_gpio_edge(int64_t t_ns, bool rising)
{
	struct fake_gpio_edge e = { t_ns, rising, ++fake_gpio.seqno };

	assert_int_equal(write(fake_gpio.fds[1], &e, sizeof(e)), sizeof(e));
}

void fake_gpio_unplug(void)
{
	close(fake_gpio.fds[1]);
	fake_gpio.fds[1] = -1;
	fake_gpio.gone = true;
}

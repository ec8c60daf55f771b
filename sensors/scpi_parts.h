/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_SCPI_PARTS_H
#define EP_SENSORS_SCPI_PARTS_H

#include "base/conf.h"
#include "base/env.h"
#include "drivers/serial.h"
#include "drivers/tcp.h"
#include "drivers/usbtmc.h"
#include "sensors/sensor.h"

#define EP_SCPI_LINE_BYTES 512
#define EP_SCPI_LIST_MAX 8
#define EP_SCPI_FIELDS_MAX 4

/* scpi_words.c: what is sent, and what the answers mean. */

enum ep_scpi_use { EP_SCPI_SETUP, EP_SCPI_QUERY, EP_SCPI_GUARD };
/* What a command does to a source-measure unit, in order of harm: nothing;
 * switch the output on; also switch it off and change what it puts out. */
enum ep_scpi_effect { EP_SCPI_READS, EP_SCPI_TRIGGERS, EP_SCPI_CHANGES };
/* May this one command ever be sent?  Only what is known to change no output of
 * anything but such a unit is: -EPERM with a sentence. */
int ep_scpi_check_command(const char *text, enum ep_scpi_use use,
			  enum ep_scpi_effect *ret,
			  struct ep_err *err) EP_MUST_CHECK;
struct ep_scpi_number {
	int64_t millionths;
	int64_t step; /* what its last digit is worth, at least 1; 0 unknown */
	bool good;    /* else beyond every range ("9.9E37"), and all are 0 */
};
/* The numbers of an answer, separated by ',' or ';'.  Their count; -EBADMSG
 * when any field is no number or there are more than EP_SCPI_FIELDS_MAX. */
int ep_scpi_parse_numbers(const char *text,
			  struct ep_scpi_number *ret) EP_MUST_CHECK;
/* -113,"Undefined header": the number; -EBADMSG. */
int ep_scpi_parse_error(const char *text, int64_t *ret) EP_MUST_CHECK;
/* Is the answer, without quotes, one of "CURR|CURR:DC", or a list that holds
 * all of "VOLT&CURR"? */
bool ep_scpi_is_expected(const char *answer, const char *expected);

/* Texts separated by ';', kept in one buffer. */
struct ep_scpi_list {
	char text[EP_SCPI_LINE_BYTES];
	const char *items[EP_SCPI_LIST_MAX];
	size_t count;
};
/* Adds what text holds; false when there are too many or they are too long. */
bool ep_scpi_list_add(struct ep_scpi_list *l, const char *text);

enum ep_scpi_field {
	EP_SCPI_SKIP,
	EP_SCPI_VOLTAGE,
	EP_SCPI_CURRENT,
	EP_SCPI_POWER,
	EP_SCPI_FIELD_COUNT
};

/* scpi_plan.c: what one instrument is asked; filled from preset and keys. */
struct ep_scpi_plan {
	struct ep_scpi_list setup, queries, guards, expected;
	enum ep_scpi_field fields[EP_SCPI_FIELDS_MAX];
	size_t field_count;
	bool guarded; /* made for source-measure units */
	enum ep_scpi_effect effect;
	bool fresh;	   /* each answer is a conversion that it began */
	int64_t window_ns; /* 0 unknown */
};
int ep_scpi_plan_make(const struct ep_conf *conf, const char *preset,
		      struct ep_scpi_plan *ret,
		      struct ep_err *err) EP_MUST_CHECK;
bool ep_scpi_plan_has(const struct ep_scpi_plan *plan,
		      enum ep_scpi_field field);
/* Of *IDN?: has it an output that a reading could switch on? */
bool ep_scpi_is_source(const char *identity);

/* scpi_link.c: lines over whatever the address names. */
enum ep_scpi_bus { EP_SCPI_SERIAL, EP_SCPI_USBTMC, EP_SCPI_TCP };
struct ep_scpi_link {
	const struct ep_root *root;
	const char *address; /* borrowed */
	/* While it is opened: waits end when that is cancelled.  NULL later. */
	const struct ep_env *opening;
	enum ep_scpi_bus bus;
	bool is_open;
	struct ep_serial_mode mode;
	struct ep_serial serial;
	struct ep_usbtmc usbtmc;
	struct ep_tcp tcp;
	size_t len;
	char bytes[EP_SCPI_LINE_BYTES];
};
/* "tcp://host:port" and paths are well-formed; opens nothing. */
int ep_scpi_address_check(const char *address, struct ep_err *err);
/* Looks a host up; borrows address.  root is left to the caller. */
int ep_scpi_link_init(struct ep_scpi_link *l, const struct ep_env *env,
		      const char *address, const struct ep_serial_mode *mode,
		      struct ep_err *err) EP_MUST_CHECK;
int ep_scpi_link_open(struct ep_scpi_link *l, int64_t deadline_ns,
		      struct ep_err *err) EP_MUST_CHECK;
void ep_scpi_link_close(struct ep_scpi_link *l);
/* All: -ETIMEDOUT, -EBADMSG (no line of text), -EIO: it is gone. */
int ep_scpi_send(struct ep_scpi_link *l, const char *line,
		 int64_t deadline_ns) EP_MUST_CHECK;
int ep_scpi_receive(struct ep_scpi_link *l, char *ret, size_t size,
		    int64_t deadline_ns) EP_MUST_CHECK;
/* -EBADMSG: something but blanks is there that answers nothing. */
int ep_scpi_check_silent(struct ep_scpi_link *l) EP_MUST_CHECK;
/* Forgets what was received, as far as the bus can tell. */
int ep_scpi_clear(struct ep_scpi_link *l) EP_MUST_CHECK;

/* scpi_meter.c: one instrument, in step with it. */
struct ep_scpi_meter {
	const struct ep_env *env;
	struct ep_scpi_plan plan;
	struct ep_scpi_link link;
	char identity[160];
	bool ready;
	bool kept; /* its guards were as they must be when it was last asked */
	unsigned failure_count;
	int64_t retry_ns, backoff_ns;
	int64_t error_count; /* told by its queue while it was read */
	unsigned old_count;  /* and before */
	int64_t heard_ns;    /* when the values came */
	/* Of the last answers; at first those to a reading when it was opened,
	 * not good where that failed. */
	struct ep_scpi_number numbers[EP_SCPI_FIELDS_MAX];
};
int ep_scpi_meter_open(struct ep_scpi_meter *m, int64_t timeout_ns,
		       struct ep_err *err) EP_MUST_CHECK;
/* Ready to be asked: in step, set up, and its output as it must be. */
int ep_scpi_meter_prepare(struct ep_scpi_meter *m,
			  int64_t deadline_ns) EP_MUST_CHECK;
int ep_scpi_meter_ask(struct ep_scpi_meter *m,
		      int64_t deadline_ns) EP_MUST_CHECK;
/* The answer to ask(), and to the queries after the first one; -EPERM: it
 * measures something else by now. */
int ep_scpi_meter_hear(struct ep_scpi_meter *m,
		       int64_t deadline_ns) EP_MUST_CHECK;
void ep_scpi_meter_close(struct ep_scpi_meter *m);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/rpi5_pmic_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* Calls are timed at the start so often, unless that takes too long. */
#define TRIALS 5
#define TRIALS_NS (400 * EP_NS_PER_MS)

int ep_pmic_sweep(struct ep_pmic_reader *reader, struct ep_err *err)
{
	const char *text = NULL;
	int r = ep_vcio_command(&reader->vcio, EP_PMIC_COMMAND, &text, err);

	if (r < 0)
		return r;
	if (ep_pmic_parse(text, (size_t)r, &reader->reply) > 0)
		return 0;
	return ep_err_set(err, -EBADMSG,
			  "the firmware's reply to '" EP_PMIC_COMMAND
			  "' names no "
			  "channel that is known here: %.60s",
			  text);
}

int ep_pmic_read_one(struct ep_pmic_reader *reader, size_t wire, int64_t *ret)
{
	char command[48];
	const char *text = NULL;
	int r;

	(void)ep_str_format(command, sizeof(command), EP_PMIC_COMMAND " %s",
			    ep_pmic_wire_names[wire]);
	r = ep_vcio_command(&reader->vcio, command, &text, NULL);
	if (r < 0)
		return r;
	(void)ep_pmic_parse(text, (size_t)r, &reader->reply);
	if (reader->reply.states[wire] != EP_PMIC_READ)
		return -EBADMSG;
	*ret = reader->reply.values[wire];
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t median(int64_t *ns, size_t count)
{
	qsort(ns, count, sizeof(*ns), compare);
	return ns[count / 2];
}

static void add_seen(struct ep_pmic_reply *seen,
		     const struct ep_pmic_reply *reply)
{
	for (size_t w = 0; w < EP_PMIC_WIRES; w++) {
		if (reply->states[w] != EP_PMIC_READ)
			continue;
		seen->read_count += seen->states[w] != EP_PMIC_READ;
		seen->states[w] = EP_PMIC_READ;
		seen->values[w] = reply->values[w];
	}
}

int ep_pmic_time_calls(struct ep_pmic_reader *reader, struct ep_pmic_costs *ret,
		       struct ep_pmic_reply *seen, struct ep_err *err)
{
	int64_t start_ns = reader->now_ns();
	int64_t full_ns[TRIALS], single_ns[TRIALS], value;
	size_t full = 0, single = 0;
	int r = 0;

	memset(seen, 0, sizeof(*seen));
	for (int i = 0; i < TRIALS && reader->now_ns() - start_ns < TRIALS_NS;
	     i++) {
		int64_t begin_ns = reader->now_ns();

		r = ep_pmic_sweep(reader, full == 0 ? err : NULL);
		if (r < 0)
			continue;
		full_ns[full++] = reader->now_ns() - begin_ns;
		add_seen(seen, &reader->reply);
	}
	if (full == 0)
		return r;
	if (seen->read_count == 0)
		return ep_err_set(err, -EBADMSG,
				  "no line of the firmware's reply to "
				  "'" EP_PMIC_COMMAND "' makes sense");
	start_ns = reader->now_ns();
	for (int i = 0; i < TRIALS && reader->now_ns() - start_ns < TRIALS_NS;
	     i++) {
		int64_t begin_ns = reader->now_ns();

		if (ep_pmic_read_one(reader, EP_PMIC_VOLTS(EP_PMIC_VDD_CORE),
				     &value) == 0)
			single_ns[single++] = reader->now_ns() - begin_ns;
	}
	ret->full_ns = median(full_ns, full);
	ret->single_ns = single > 0 ? median(single_ns, single) : 0;
	return 0;
}

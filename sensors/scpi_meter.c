/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/scpi_parts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define BACKOFF_MIN_NS (500 * EP_NS_PER_MS)
#define BACKOFF_MAX_NS (8 * EP_NS_PER_S)
/* So many polls in a row without an answer: the connection is made anew. */
#define FAILURES_MAX 4
/* Instruments keep 10 to 64 errors; one that tells them for ever is broken. */
#define ERRORS_MAX 100
/* Answers to what was asked before, at most. */
#define STALE_MAX 32

/* What is there unasked would be taken for the answer, and that for the answer
 * to the next query. */
static int ask(struct ep_scpi_meter *m, const char *query, int64_t deadline_ns)
{
	int r = ep_scpi_check_silent(&m->link);

	return r < 0 ? r : ep_scpi_send(&m->link, query, deadline_ns);
}

static int exchange(struct ep_scpi_meter *m, const char *query, char *ret,
		    int64_t deadline_ns)
{
	int r = ask(m, query, deadline_ns);

	return r < 0 ? r
		     : ep_scpi_receive(&m->link, ret, EP_SCPI_LINE_BYTES,
				       deadline_ns);
}

/* Empties its error queue.  Their count, the first as text in ret. */
static int drain_errors(struct ep_scpi_meter *m, char *ret, int64_t deadline_ns)
{
	char line[EP_SCPI_LINE_BYTES];
	int count = 0;

	ret[0] = '\0';
	while (count < ERRORS_MAX) {
		int64_t code = 0;
		int r = exchange(m, "SYST:ERR?", line, deadline_ns);

		if (r == 0)
			r = ep_scpi_parse_error(line, &code);
		if (r < 0)
			return r;
		if (code == 0)
			break;
		if (count++ == 0)
			(void)ep_str_copy(ret, EP_SCPI_LINE_BYTES, line);
	}
	return count;
}

/*
 * In step again: whatever it still answers to what was asked before comes
 * before its name.  With no name known yet, that is learnt.
 */
static int get_in_step(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	char line[EP_SCPI_LINE_BYTES];
	int r = ep_scpi_clear(&m->link);

	if (r == 0)
		r = ep_scpi_send(&m->link, "*IDN?", deadline_ns);
	for (int i = 0; r == 0 || r == -EBADMSG; i++) {
		if (i == STALE_MAX)
			return -EBADMSG;
		r = ep_scpi_receive(&m->link, line, sizeof(line), deadline_ns);
		if (r < 0)
			continue;
		if (m->identity[0] && strcmp(line, m->identity) == 0)
			return 0;
		/* maker,model,serial,firmware */
		if (!m->identity[0] && strchr(line, ',') &&
		    strlen(line) < sizeof(m->identity)) {
			memcpy(m->identity, line, strlen(line) + 1);
			return 0;
		}
	}
	return r;
}

static int send_setup(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	int r = 0;

	for (size_t i = 0; i < m->plan.setup.count && r == 0; i++)
		r = ep_scpi_send(&m->link, m->plan.setup.items[i], deadline_ns);
	return r;
}

static int explain_silence(const struct ep_scpi_meter *m, int r,
			   struct ep_err *err)
{
	if (r == -EBADMSG)
		return ep_err_set(
			err, r,
			"%s: what answers does not speak SCPI; is it "
			"another instrument, or another speed (baud=, "
			"format=)?",
			m->link.address);
	if (r == -ETIMEDOUT)
		return ep_err_set(err, r,
				  "%s: nothing answers *IDN? in time; is it "
				  "switched on, its remote interface on, and "
				  "no other program speaking with it?",
				  m->link.address);
	return ep_err_set(err, -EIO, "%s: the connection ended: %s",
			  m->link.address, strerror(-r));
}

static int check_source(const struct ep_scpi_meter *m, struct ep_err *err)
{
	const struct ep_scpi_plan *plan = &m->plan;

	if (plan->effect == EP_SCPI_READS || plan->guarded ||
	    !ep_scpi_is_source(m->identity))
		return 0;
	return ep_err_set(err, -EPERM,
			  "%s is a source-measure unit (%s): these commands "
			  "could switch its output; use preset=smu-2400 or "
			  "smu-b2900, which read it only while it is on",
			  m->link.address, m->identity);
}

/* Are its outputs, or its function, as they must be?  -EPERM: no, and *ret_wish
 * is the query that says so. */
static int check_guards(struct ep_scpi_meter *m, int64_t deadline_ns,
			char *ret_answer, const char **ret_wish)
{
	const struct ep_scpi_plan *plan = &m->plan;

	for (size_t i = 0; i < plan->guards.count; i++) {
		int r = exchange(m, plan->guards.items[i], ret_answer,
				 deadline_ns);

		*ret_wish = plan->guards.items[i];
		if (r < 0)
			return r;
		if (!ep_scpi_is_expected(ret_answer, plan->expected.items[i]))
			return -EPERM;
	}
	return 0;
}

static int open_guards(struct ep_scpi_meter *m, int64_t deadline_ns,
		       struct ep_err *err)
{
	char answer[EP_SCPI_LINE_BYTES];
	const char *query = "";
	int r = check_guards(m, deadline_ns, answer, &query);

	if (r == 0)
		return 0;
	if (r != -EPERM)
		return ep_err_set(err, r,
				  "%s: no answer to %s (%s); its error queue "
				  "may tell why",
				  m->link.address, query, strerror(-r));
	if (strcmp(query, "OUTP?") == 0)
		return ep_err_set(
			err, r,
			"%s: its output is off; switch it on yourself "
			"(edgeprof never switches outputs)",
			m->link.address);
	return ep_err_set(err, r,
			  "%s: it answers %s with '%.60s', which does not fit "
			  "this preset%s",
			  m->link.address, query, answer,
			  m->plan.guarded && strcmp(query, "SENS:FUNC?") == 0
				  ? ": it must measure VOLT and CURR"
				  : "");
}

static int set_up(struct ep_scpi_meter *m, int64_t deadline_ns,
		  struct ep_err *err)
{
	char text[EP_SCPI_LINE_BYTES];
	int r = get_in_step(m, deadline_ns);

	if (r < 0)
		return explain_silence(m, r, err);
	r = check_source(m, err);
	if (r < 0)
		return r;
	r = drain_errors(m, text, deadline_ns);
	if (r < 0)
		return ep_err_set(err, r, "%s: it does not answer SYST:ERR? %s",
				  m->link.address,
				  r == -ETIMEDOUT
					  ? "in time; a slow instrument needs "
					    "more, such as timeout=4s"
					  : "as SCPI wants it");
	m->old_count = (unsigned)r;
	r = send_setup(m, deadline_ns);
	if (r == 0)
		r = drain_errors(m, text, deadline_ns);
	if (r > 0)
		return ep_err_set(err, -EPROTO,
				  "%s: it refuses its setup (%s): %.100s",
				  m->link.address, m->identity, text);
	return r < 0 ? explain_silence(m, r, err)
		     : open_guards(m, deadline_ns, err);
}

static void lose(struct ep_scpi_meter *m)
{
	ep_scpi_link_close(&m->link);
	m->failure_count = 0;
	m->backoff_ns = m->backoff_ns == 0 ? BACKOFF_MIN_NS : m->backoff_ns * 2;
	if (m->backoff_ns > BACKOFF_MAX_NS)
		m->backoff_ns = BACKOFF_MAX_NS;
	m->retry_ns = m->env->now_ns() + m->backoff_ns;
}

/* It has to be brought in step before the next reading. */
static int fail(struct ep_scpi_meter *m, int r)
{
	m->ready = false;
	if (r == -EIO || ++m->failure_count >= FAILURES_MAX)
		lose(m);
	return r == -EIO ? -ENODEV : r;
}

/* Its settings may be gone too, so they are made again. */
static int recover(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	char text[EP_SCPI_LINE_BYTES];
	int r = 0;

	if (!m->link.is_open) {
		if (m->env->now_ns() < m->retry_ns)
			return -ENODEV;
		r = ep_scpi_link_open(&m->link, deadline_ns, NULL);
		if (r < 0) {
			lose(m);
			return -ENODEV;
		}
	}
	r = get_in_step(m, deadline_ns);
	if (r == 0)
		r = drain_errors(m, text, deadline_ns);
	if (r >= 0) {
		m->error_count += r;
		r = send_setup(m, deadline_ns);
	}
	if (r == 0)
		r = drain_errors(m, text, deadline_ns);
	if (r > 0) {
		m->error_count += r;
		r = -EPROTO;
	}
	if (r < 0)
		return fail(m, r);
	m->ready = true;
	m->kept = false;
	m->backoff_ns = 0;
	return 0;
}

static int keep_guards(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	char answer[EP_SCPI_LINE_BYTES];
	const char *query;
	int r = check_guards(m, deadline_ns, answer, &query);

	m->kept = r == 0;
	/* Switched at the instrument itself: the person's word, and nothing
	 * that a new setup should undo. */
	return r < 0 && r != -EPERM ? fail(m, r) : r;
}

/* An error is no number: an answer that is one belongs to a query before. */
static int check_step(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	char line[EP_SCPI_LINE_BYTES];
	int64_t code = 0;
	int r = exchange(m, "SYST:ERR?", line, deadline_ns);

	if (r == 0)
		r = ep_scpi_parse_error(line, &code);
	if (r < 0)
		return fail(m, r);
	m->error_count += code != 0;
	return 0;
}

int ep_scpi_meter_prepare(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	int r = m->ready ? 0 : recover(m, deadline_ns);

	/* A reading could switch the output on; and what was turned back while
	 * it was read began as something else. */
	if (r == 0 && (m->plan.guarded || !m->kept))
		r = keep_guards(m, deadline_ns);
	return r;
}

int ep_scpi_meter_ask(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	int r = ask(m, m->plan.queries.items[0], deadline_ns);

	return r < 0 ? fail(m, r) : 0;
}

int ep_scpi_meter_hear(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	const struct ep_scpi_plan *plan = &m->plan;
	char line[EP_SCPI_LINE_BYTES];
	size_t at = 0;

	for (size_t i = 0; i < plan->queries.count; i++) {
		struct ep_scpi_number numbers[EP_SCPI_FIELDS_MAX];
		int r = i == 0 ? 0
			       : ask(m, plan->queries.items[i], deadline_ns);

		if (r == 0)
			r = ep_scpi_receive(&m->link, line, sizeof(line),
					    deadline_ns);
		if (r == 0)
			r = ep_scpi_parse_numbers(line, numbers);
		if (r >= 0 && at + (size_t)r > plan->field_count)
			r = -EBADMSG;
		if (r < 0)
			return fail(m, r);
		memcpy(m->numbers + at, numbers,
		       (size_t)r * sizeof(numbers[0]));
		at += (size_t)r;
	}
	if (at != plan->field_count)
		return fail(m, -EBADMSG);
	m->failure_count = 0;
	m->heard_ns = m->env->now_ns();
	/* Volts taken for amperes would make a power too. */
	if (plan->guards.count == 0 && plan->queries.count > 1)
		return check_step(m, deadline_ns);
	/* Asked afterwards, or a knob turned in between would make the value
	 * one of another kind. */
	return plan->guarded ? 0 : keep_guards(m, deadline_ns);
}

/* What its digits are worth shows in an answer only.  One that fails is a
 * missed reading. */
static void try_reading(struct ep_scpi_meter *m, int64_t deadline_ns)
{
	int r = ep_scpi_meter_prepare(m, deadline_ns);

	if (r == 0)
		r = ep_scpi_meter_ask(m, deadline_ns);
	if (r == 0)
		r = ep_scpi_meter_hear(m, deadline_ns);
	if (r < 0)
		memset(m->numbers, 0, sizeof(m->numbers));
}

int ep_scpi_meter_open(struct ep_scpi_meter *m, int64_t timeout_ns,
		       struct ep_err *err)
{
	int64_t deadline_ns = m->env->now_ns() + timeout_ns;
	int r;

	m->link.opening = m->env;
	r = ep_scpi_link_open(&m->link, deadline_ns, err);
	if (r == 0)
		r = set_up(m, deadline_ns, err);
	m->ready = m->kept = r == 0;
	if (r == 0)
		try_reading(m, m->env->now_ns() + timeout_ns);
	m->link.opening = NULL;
	if (r < 0)
		ep_scpi_link_close(&m->link);
	return r;
}

void ep_scpi_meter_close(struct ep_scpi_meter *m)
{
	ep_scpi_link_close(&m->link);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/pty_meter.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/sim/support/profile.h"

#define ANSWERS_MAX 64
#define FRAME_MAX 640

struct fault {
	double from_s, to_s;
	bool set;
};

/* A piece of an answer on its way. */
struct piece {
	int64_t due_ns;
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

struct meter {
	const struct meter_ops *ops;
	struct profile profile;
	double volts;
	const char *link, *state, *model, *after;
	int64_t epoch_ns, first_ns; /* first: 0 before the first request */
	int64_t next_ns;	    /* when it sends by itself again */
	int64_t delay_ns, jitter_ns;
	size_t chunk;
	struct fault faults[METER_FAULT_COUNT];
	struct meter_reading stuck;
	int master, slave; /* -1: hung up */
	char slave_path[64];
	uint8_t request[64];
	size_t request_len;
	struct piece pieces[ANSWERS_MAX];
	size_t piece_count;
	uint64_t random_state;
};

static const char *const fault_names[METER_FAULT_COUNT] = {
	"silence", "half",  "noise",  "inside", "checksum", "model",
	"spike",   "stuck", "hangup", "wrap",	"reset",
};

static int die(const char *what, const char *which)
{
	fprintf(stderr, "%s: %s: %s\n", what, which, strerror(errno));
	return -1;
}

static uint64_t draw(struct meter *m)
{
	m->random_state ^= m->random_state << 13;
	m->random_state ^= m->random_state >> 7;
	m->random_state ^= m->random_state << 17;
	return m->random_state;
}

static double since_s(int64_t from_ns)
{
	return from_ns ? (double)(ep_clock_monotonic_ns() - from_ns) / 1e9 : -1;
}

static bool is_on(const struct meter *m, enum meter_fault kind)
{
	const struct fault *f = &m->faults[kind];
	double at_s = since_s(m->first_ns);

	return f->set && at_s >= f->from_s && at_s < f->to_s;
}

static int write_state(const struct meter *m)
{
	char draft[512];
	FILE *f;

	if (!m->state)
		return 0;
	snprintf(draft, sizeof(draft), "%s.new", m->state);
	f = fopen(draft, "we");
	if (!f)
		return die("state", draft);
	fprintf(f, "pty %s\nepoch %lld\n", m->slave_path,
		(long long)m->epoch_ns);
	if (fclose(f) != 0 || rename(draft, m->state) < 0)
		return die("state", m->state);
	return 0;
}

static int plug_in(struct meter *m)
{
	struct termios t;

	m->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (m->master < 0 || grantpt(m->master) < 0 ||
	    unlockpt(m->master) < 0 ||
	    ptsname_r(m->master, m->slave_path, sizeof(m->slave_path)) != 0)
		return die(m->ops->name, "no pseudo-terminal");
	/* Kept open, so that the master is not at its end in between. */
	m->slave = open(m->slave_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (m->slave < 0 || tcgetattr(m->slave, &t) < 0)
		return die(m->ops->name, m->slave_path);
	cfmakeraw(&t);
	(void)tcsetattr(m->slave, TCSANOW, &t);
	(void)chmod(m->slave_path, 0666);
	m->request_len = 0;
	m->piece_count = 0;
	if (m->link) {
		(void)unlink(m->link);
		if (symlink(m->slave_path, m->link) < 0)
			return die("link", m->link);
	}
	return write_state(m);
}

static void unplug(struct meter *m)
{
	if (m->link)
		(void)unlink(m->link);
	close(m->slave);
	close(m->master);
	m->master = m->slave = -1;
}

/* When the counter was reset, on the profile's clock. */
static double reset_s(const struct meter *m)
{
	return m->faults[METER_RESET].from_s +
	       (double)(m->first_ns - m->epoch_ns) / 1e9;
}

/* Means over the last whole refresh; the counter as of then. */
static void take_reading(struct meter *m, struct meter_reading *r)
{
	double refresh_s = m->ops->refresh_s;
	double last_s = floor(since_s(m->epoch_ns) / refresh_s) * refresh_s;
	double base_mwh = is_on(m, METER_WRAP) ? 4294967295.0 : 1000;

	memset(r, 0, sizeof(*r));
	r->watts =
		profile_j(&m->profile, last_s - refresh_s, last_s) / refresh_s;
	r->volts = m->volts;
	r->amps = r->watts / r->volts;
	r->celsius = 31;
	r->energy_mwh = base_mwh + profile_j(&m->profile, 0, last_s) / 3.6;
	if (is_on(m, METER_RESET))
		r->energy_mwh =
			profile_j(&m->profile, reset_s(m), last_s) / 3.6;
	r->model = m->model ? m->model : "";
	if (is_on(m, METER_STUCK)) {
		if (m->stuck.volts > 0)
			*r = m->stuck;
		m->stuck = *r;
	}
	for (int i = 0; i < METER_FAULT_COUNT; i++)
		if (is_on(m, (enum meter_fault)i))
			r->faults |= 1U << i;
}

static void send_later(struct meter *m, const uint8_t *bytes, size_t len,
		       int64_t due_ns)
{
	struct piece *p = &m->pieces[m->piece_count];

	if (m->piece_count == ANSWERS_MAX)
		return;
	m->piece_count++;
	p->due_ns = due_ns;
	p->len = len;
	memcpy(p->bytes, bytes, len);
}

/* Random bytes put into the frame at a place; its new length. */
static size_t put_noise(struct meter *m, uint8_t *frame, size_t len, size_t at)
{
	size_t n = 3 + draw(m) % 20;

	memmove(frame + at + n, frame + at, len - at);
	for (size_t i = 0; i < n; i++)
		frame[at + i] = (uint8_t)draw(m);
	return len + n;
}

static void answer(struct meter *m)
{
	uint8_t frame[FRAME_MAX];
	struct meter_reading r;
	int64_t due_ns = ep_clock_monotonic_ns() + m->delay_ns;
	size_t len, at = 0, chunk;

	if (m->first_ns == 0 && !m->after)
		m->first_ns = ep_clock_monotonic_ns();
	if (is_on(m, METER_SILENCE))
		return;
	take_reading(m, &r);
	len = m->ops->answer(&r, frame);
	if (is_on(m, METER_INSIDE))
		len = put_noise(m, frame, len, len / 2);
	if (is_on(m, METER_NOISE))
		len = put_noise(m, frame, len, 0);
	if (is_on(m, METER_HALF))
		len /= 2;
	if (m->jitter_ns > 0)
		due_ns += (int64_t)(draw(m) % (uint64_t)m->jitter_ns);
	chunk = m->chunk ? m->chunk : len;
	for (; at < len; at += chunk, due_ns += 2 * EP_NS_PER_MS)
		send_later(m, frame + at, chunk < len - at ? chunk : len - at,
			   due_ns);
}

static void take_requests(struct meter *m)
{
	ssize_t n = read(m->master, m->request + m->request_len,
			 sizeof(m->request) - m->request_len);

	if (n <= 0 || !m->ops->request)
		return;
	m->request_len += (size_t)n;
	while (m->request_len > 0) {
		int used = m->ops->request(m->request, m->request_len);

		if (used == 0 && m->request_len < sizeof(m->request))
			break;
		if (used > 0)
			answer(m);
		else
			used = 1;
		m->request_len -= (size_t)used;
		memmove(m->request, m->request + used, m->request_len);
	}
}

static void send_due(struct meter *m)
{
	while (m->piece_count > 0 &&
	       m->pieces[0].due_ns <= ep_clock_monotonic_ns()) {
		ssize_t n =
			write(m->master, m->pieces[0].bytes, m->pieces[0].len);

		(void)n;
		m->piece_count--;
		memmove(m->pieces, m->pieces + 1,
			m->piece_count * sizeof(*m->pieces));
	}
}

/* What nobody asked for, at the end of each refresh of the profile's clock. */
static void send_unasked(struct meter *m)
{
	int64_t refresh_ns = (int64_t)(m->ops->refresh_s * 1e9);
	int64_t now_ns = ep_clock_monotonic_ns();
	int64_t count = (now_ns - m->epoch_ns) / refresh_ns;

	if (m->ops->request || now_ns < m->next_ns)
		return;
	m->next_ns = m->epoch_ns + (count + 1) * refresh_ns;
	answer(m);
}

static int run(struct meter *m)
{
	for (;;) {
		struct pollfd p = { .fd = m->master, .events = POLLIN };
		struct timespec wait = { 0, 20 * 1000 * 1000 };
		int64_t left_ns = wait.tv_nsec;

		if (m->first_ns == 0 && m->after && access(m->after, F_OK) == 0)
			m->first_ns = ep_clock_monotonic_ns();
		if (m->piece_count > 0)
			left_ns = m->pieces[0].due_ns - ep_clock_monotonic_ns();
		if (left_ns < wait.tv_nsec)
			wait.tv_nsec = left_ns > 0 ? left_ns : 0;
		if (ppoll(&p, 1, &wait, NULL) > 0 && (p.revents & POLLIN))
			take_requests(m);
		if (m->master >= 0)
			send_unasked(m);
		if (m->master >= 0)
			send_due(m);
		if (m->master >= 0 && is_on(m, METER_HANGUP))
			unplug(m);
		if (m->master < 0 && !is_on(m, METER_HANGUP) && plug_in(m) < 0)
			return 1;
	}
}

static int set_fault(struct meter *m, char *text)
{
	char *from = strchr(text, ':'), *to = NULL;
	struct fault f = { 0, 1e9, true };

	if (from) {
		*from++ = '\0';
		f.from_s = strtod(from, &to);
		if (*to == ':')
			f.to_s = strtod(to + 1, NULL);
	}
	for (int i = 0; i < METER_FAULT_COUNT; i++) {
		if (strcmp(fault_names[i], text) != 0)
			continue;
		m->faults[i] = f;
		return 0;
	}
	errno = EINVAL;
	return die("--fault", text);
}

static int set_option(struct meter *m, const char *name, char *value)
{
	if (strcmp(name, "--profile") == 0) {
		profile_done(&m->profile);
		return profile_parse(value, &m->profile);
	}
	if (strcmp(name, "--fault") == 0)
		return set_fault(m, value);
	if (strcmp(name, "--link") == 0)
		m->link = value;
	else if (strcmp(name, "--state") == 0)
		m->state = value;
	else if (strcmp(name, "--model") == 0)
		m->model = value;
	else if (strcmp(name, "--after") == 0)
		m->after = value;
	else if (strcmp(name, "--volts") == 0)
		m->volts = strtod(value, NULL);
	else if (strcmp(name, "--epoch") == 0)
		m->epoch_ns = strtoll(value, NULL, 10);
	else if (strcmp(name, "--delay") == 0)
		m->delay_ns = (int64_t)(strtod(value, NULL) * 1e6);
	else if (strcmp(name, "--jitter") == 0)
		m->jitter_ns = (int64_t)(strtod(value, NULL) * 1e6);
	else if (strcmp(name, "--chunk") == 0)
		m->chunk = (size_t)strtoul(value, NULL, 10);
	else
		return -1;
	return 0;
}

int meter_main(const struct meter_ops *ops, int argc, char **argv)
{
	static struct meter m;

	m.ops = ops;
	m.master = m.slave = -1;
	m.volts = 5.06;
	m.epoch_ns = ep_clock_monotonic_ns();
	m.random_state = UINT64_C(0x9e3779b97f4a7c15);
	if (profile_parse("constant 5", &m.profile) < 0)
		return 1;
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && set_option(&m, argv[i], argv[i + 1]) == 0)
			continue;
		fprintf(stderr, "%s: %s: see pty_meter.h for the options\n",
			ops->name, argv[i]);
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	return run(&m);
}

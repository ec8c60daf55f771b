/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/fnirsi_meter.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define REPORT 64

static const char *const kind_names[FNIRSI_FAULT_COUNT] = {
	"silence", "checksum", "noise", "spike", "other", "hangup",
};

static const struct fnirsi_model models[] = {
	{ "fnb48", 0x0483, 0x003a, 0x83 },
	{ "c1", 0x0483, 0x003b, 0x83 },
	{ "fnb58", 0x2e3c, 0x5558, 0x82 },
	{ "fnb48s", 0x2e3c, 0x0049, 0x82 },
};

long long fnirsi_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int is_on(const struct fnirsi_meter *m, enum fnirsi_fault kind)
{
	double at_s = (double)(fnirsi_now_ns() - m->first_ns) * 1e-9;

	return m->faults[kind].set && m->first_ns > 0 &&
	       at_s >= m->faults[kind].from_s && at_s < m->faults[kind].to_s;
}

static unsigned char sum_of(const unsigned char *report)
{
	unsigned crc = 0x42;

	for (int i = 1; i < REPORT - 1; i++)
		for (int bit = 7; bit >= 0; bit--) {
			unsigned top = crc >> 7 ^ (report[i] >> bit & 1);

			crc = (crc << 1 & 0xff) ^ (top ? 0x39 : 0);
		}
	return (unsigned char)crc;
}

static int plug_in(struct fnirsi_meter *m)
{
	struct termios t;
	char path[64];

	m->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (m->master < 0 || grantpt(m->master) < 0 ||
	    unlockpt(m->master) < 0 ||
	    ptsname_r(m->master, path, sizeof(path)) != 0)
		return -1;
	/* Kept open, so that the master is not at its end in between. */
	m->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (m->slave < 0 || tcgetattr(m->slave, &t) < 0)
		return -1;
	cfmakeraw(&t);
	(void)tcsetattr(m->slave, TCSANOW, &t);
	(void)chmod(path, 0666);
	(void)unlink(m->node);
	m->started = m->going = 0;
	return symlink(path, m->node);
}

static void unplug(struct fnirsi_meter *m)
{
	(void)unlink(m->node);
	close(m->slave);
	close(m->master);
	m->master = m->slave = -1;
}

static void obey(struct fnirsi_meter *m, const unsigned char *report)
{
	const unsigned char want[3] = { 0x81, 0x82, m->model->third };

	if (report[0] != 0xaa || report[REPORT - 1] != sum_of(report))
		return;
	if (report[1] == 0x81)
		m->started = 0;
	if (m->started < 3 && report[1] == want[m->started])
		m->started++;
	m->told_ns = fnirsi_now_ns();
	if (m->started < 3 || m->going)
		return;
	m->going = 1;
	m->sent = 0;
	m->start_ns = m->told_ns;
	if (m->first_ns == 0 && !m->after)
		m->first_ns = m->told_ns;
}

/* As the kernel: report number 0, then the report. */
static void take_commands(struct fnirsi_meter *m)
{
	unsigned char bytes[REPORT + 1];

	while (read(m->master, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		if (bytes[0] == 0)
			obey(m, bytes + 1);
}

static void put(unsigned char *at, int bytes, double value)
{
	unsigned long long v = (unsigned long long)llround(value);

	for (int i = 0; i < bytes; i++)
		at[i] = (unsigned char)(v >> (8 * i));
}

/* Watts of the sample that ends then. */
static double watts_at(const struct fnirsi_meter *m, double t_s)
{
	double step_s = 1 / m->rate;

	return profile_j(&m->profile, t_s - step_s, t_s) / step_s;
}

static void fill(const struct fnirsi_meter *m, unsigned char *report,
		 long long end_ns)
{
	double end_s = (double)(end_ns - m->epoch_ns) * 1e-9;
	double before_w = watts_at(m, end_s - 4 / m->rate);
	double last_w = watts_at(m, end_s);

	memset(report, 0, REPORT);
	report[0] = 0xaa;
	report[1] = 0x04;
	for (int i = 0; i < 4; i++) {
		unsigned char *at = report + 2 + 15 * i;
		double w =
			m->interpolate
				? before_w + (last_w - before_w) * (i + 1) / 4
				: watts_at(m, end_s - (3 - i) / m->rate);

		put(at, 4, (is_on(m, FNIRSI_SPIKE) ? 188 : m->volts) * 1e5);
		put(at + 4, 4, w / m->volts * 1e5);
		put(at + 8, 2, 2700);
		put(at + 10, 2, 2698);
		at[12] = 1;
		put(at + 13, 2, 235);
	}
	report[62] = (unsigned char)m->sent;
	report[63] = sum_of(report);
}

static void send_report(struct fnirsi_meter *m, long long end_ns)
{
	unsigned char report[REPORT];
	ssize_t n = 0;

	fill(m, report, end_ns);
	/* The first after a connection is garbage. */
	if (m->sent == 0) {
		put(report + 2, 4, 188e5);
		report[63] = sum_of(report);
	}
	if (is_on(m, FNIRSI_CHECKSUM))
		report[20] ^= 0x10;
	if (is_on(m, FNIRSI_OTHER)) {
		unsigned char other[REPORT] = { 0xaa, 0x03 };

		other[63] = sum_of(other);
		n = write(m->master, other, REPORT);
	}
	if (is_on(m, FNIRSI_NOISE)) {
		unsigned char noise[REPORT];

		for (int i = 0; i < REPORT; i++) {
			m->noise = m->noise * 6364136223846793005ull + 1;
			noise[i] = (unsigned char)(m->noise >> 40);
		}
		n = write(m->master, noise, REPORT);
	}
	if (!is_on(m, FNIRSI_SILENCE))
		n = write(m->master, report, REPORT);
	(void)n;
}

int fnirsi_step(struct fnirsi_meter *m)
{
	if (m->first_ns == 0 && m->after && access(m->after, F_OK) == 0)
		m->first_ns = fnirsi_now_ns();
	if (is_on(m, FNIRSI_HANGUP) && m->master >= 0)
		unplug(m);
	else if (!is_on(m, FNIRSI_HANGUP) && m->master < 0 && plug_in(m) < 0)
		return -1;
	if (m->master < 0)
		return 0;
	take_commands(m);
	if (m->freezes && m->going && fnirsi_now_ns() - m->told_ns > 200000000)
		m->started = m->going = 0;
	while (m->going) {
		long long due_ns = m->start_ns + llround((double)(m->sent + 1) *
							 4e9 / m->rate);

		if (due_ns > fnirsi_now_ns())
			break;
		send_report(m, due_ns);
		m->sent++;
	}
	return 0;
}

int fnirsi_add_fault(struct fnirsi_meter *m, const char *text)
{
	size_t len = strcspn(text, ":");
	char *end;

	for (int i = 0; i < FNIRSI_FAULT_COUNT; i++) {
		if (strlen(kind_names[i]) != len ||
		    strncmp(kind_names[i], text, len) != 0)
			continue;
		m->faults[i].set = 1;
		m->faults[i].to_s = 1e9;
		if (!text[len])
			return 0;
		m->faults[i].from_s = strtod(text + len + 1, &end);
		if (*end == ':')
			m->faults[i].to_s = strtod(end + 1, NULL);
		return 0;
	}
	return -1;
}

int fnirsi_set_model(struct fnirsi_meter *m, const char *name)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (strcmp(models[i].name, name) == 0) {
			m->model = &models[i];
			return 0;
		}
	return -1;
}

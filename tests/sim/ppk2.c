/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ppk2: a Power Profiler Kit 2 on a pseudo-terminal, at its full 100 000 words
 * a second.
 *
 *   --profile TEXT  scripted power, see profile.h (default "constant 1")
 *   --epoch NS      of the profile; else CLOCK_MONOTONIC of the start
 *   --link PATH     a symbolic link to the terminal, made when it is ready
 *   --state FILE    lines "pty PATH" and "epoch NS", made when it is ready;
 *                   at each stop also "sent N" and "lost N"
 *   --mode M        source (default), ampere or none: not told
 *   --vdd MV        what it is set to (default 5000)
 *   --ppm N         its clock is so much fast
 *   --buffer MS     what the device keeps when nobody reads (default 2000)
 *   --d N:PERIOD    input N follows a square wave of the profile's time, low
 *                   first; several
 *   --log FILE      every command, in hex
 *   --fault KIND[:FROM[:TO]]   seconds since the last start (hangup: the first)
 *       lose   37 samples of each 10 ms are missing, their counters too
 *       round  once 640 samples are missing: the counter shows nothing
 *       silence  no sample is made known, their counters go on
 *       slip   a byte is lost once
 *       noise  words of nonsense, one in a thousand
 *       deaf   no answer        junk   another answer
 *       hangup unplugged
 *
 * It ends with the process that started it, and does not wait behind a busy
 * machine where that is allowed: a device would not.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/sim/support/ppk2_device.h"
#include "tests/sim/support/profile.h"

#define SAMPLE_NS 10000
#define QUEUE_WORDS 262144 /* a power of two */

enum fault {
	LOSE,
	ROUND,
	SILENCE,
	SLIP,
	NOISE,
	DEAF,
	JUNK,
	HANGUP,
	FAULT_COUNT
};

static const char *const fault_names[FAULT_COUNT] = {
	"lose", "round", "silence", "slip", "noise", "deaf", "junk", "hangup",
};

static struct sim {
	struct profile profile;
	const char *link, *state, *mode, *log;
	int64_t epoch_ns, start_ns; /* start 0: it does not send */
	int64_t first_ns;	    /* the first start */
	double vdd_mv, ppm;
	double square_s[8];
	size_t buffer_words;
	struct {
		double from_s, to_s;
		bool set, done;
	} faults[FAULT_COUNT];
	int master, slave;
	char slave_path[64];
	uint64_t n; /* the next sample, since the start */
	uint64_t sent, lost;
	uint64_t head, tail; /* bytes, of the queue */
	uint8_t queue[QUEUE_WORDS * 4];
	uint64_t random_state;
} sim;

static int die(const char *what, const char *which)
{
	fprintf(stderr, "ppk2: %s: %s: %s\n", what, which, strerror(errno));
	return -1;
}

static bool is_on(enum fault kind, double at_s)
{
	return sim.faults[kind].set && at_s >= sim.faults[kind].from_s &&
	       at_s < sim.faults[kind].to_s;
}

static uint64_t draw(void)
{
	sim.random_state ^= sim.random_state << 13;
	sim.random_state ^= sim.random_state >> 7;
	sim.random_state ^= sim.random_state << 17;
	return sim.random_state;
}

static int write_state(void)
{
	char draft[512];
	FILE *f;

	if (!sim.state)
		return 0;
	snprintf(draft, sizeof(draft), "%s.new", sim.state);
	f = fopen(draft, "we");
	if (!f)
		return die("state", draft);
	fprintf(f, "pty %s\nepoch %lld\nsent %llu\nlost %llu\n", sim.slave_path,
		(long long)sim.epoch_ns, (unsigned long long)sim.sent,
		(unsigned long long)sim.lost);
	if (fclose(f) != 0 || rename(draft, sim.state) < 0)
		return die("state", sim.state);
	return 0;
}

static int plug_in(void)
{
	struct termios t;

	sim.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (sim.master < 0 || grantpt(sim.master) < 0 ||
	    unlockpt(sim.master) < 0 ||
	    ptsname_r(sim.master, sim.slave_path, sizeof(sim.slave_path)) != 0)
		return die("terminal", "none");
	/* Kept open, so that the master is not at its end in between. */
	sim.slave = open(sim.slave_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (sim.slave < 0 || tcgetattr(sim.slave, &t) < 0)
		return die("terminal", sim.slave_path);
	cfmakeraw(&t);
	(void)tcsetattr(sim.slave, TCSANOW, &t);
	(void)chmod(sim.slave_path, 0666);
	if (sim.link) {
		(void)unlink(sim.link);
		if (symlink(sim.slave_path, sim.link) < 0)
			return die("link", sim.link);
	}
	return write_state();
}

static void unplug(void)
{
	if (sim.link)
		(void)unlink(sim.link);
	close(sim.slave);
	close(sim.master);
	sim.master = sim.slave = -1;
	sim.start_ns = 0;
	sim.head = sim.tail = 0;
}

static void put(uint8_t byte)
{
	sim.queue[sim.head++ % sizeof(sim.queue)] = byte;
}

static void put_text(const char *text)
{
	for (; *text; text++)
		put((uint8_t)*text);
}

static void put_about(void)
{
	char text[2048];

	if (is_on(DEAF, 0))
		return;
	if (is_on(JUNK, 0)) {
		put_text("ERROR: unknown command\r\n");
		return;
	}
	ppk2_about(text, sizeof(text), sim.vdd_mv, sim.mode);
	put_text(text);
}

static unsigned inputs_at(double t_s)
{
	unsigned inputs = 0;

	for (int i = 0; i < 8; i++)
		if (sim.square_s[i] > 0 &&
		    fmod(t_s, sim.square_s[i]) >= sim.square_s[i] / 2)
			inputs |= 1U << i;
	return inputs;
}

static void put_word(uint64_t n, double t_s, double at_s)
{
	double amps = profile_w(&sim.profile, t_s) / (sim.vdd_mv / 1000);
	uint32_t w = ppk2_adc(amps, (double)(draw() % 65536) / 65536) |
		     (uint32_t)(n % 64) << 18 | inputs_at(t_s) << 24;

	if (is_on(LOSE, at_s) && n % 1000 < 37) {
		sim.lost++;
		return;
	}
	if (is_on(NOISE, at_s) && draw() % 1000 == 0)
		w = (uint32_t)draw();
	for (int i = 0; i < 4; i++) {
		if (is_on(SLIP, at_s) && !sim.faults[SLIP].done) {
			sim.faults[SLIP].done = true;
			continue;
		}
		put((uint8_t)(w >> (8 * i)));
	}
	sim.sent++;
}

/* All samples until now. */
static void make_due(int64_t now_ns)
{
	double period_ns = SAMPLE_NS / (1 + sim.ppm * 1e-6);
	uint64_t due = (uint64_t)((double)(now_ns - sim.start_ns) / period_ns);

	for (; sim.n < due; sim.n++) {
		double at_s = (double)sim.n * period_ns * 1e-9;
		double t_s =
			at_s + (double)(sim.start_ns - sim.epoch_ns) * 1e-9;

		if (is_on(ROUND, at_s) && !sim.faults[ROUND].done) {
			sim.faults[ROUND].done = true;
			/* Time goes on, the counter stands. */
			sim.start_ns += 640 * SAMPLE_NS;
			sim.lost += 640;
			return;
		}
		if (is_on(SILENCE, at_s) ||
		    sim.head - sim.tail >= sim.buffer_words * 4) {
			sim.lost++;
			continue;
		}
		put_word(sim.n, t_s, at_s);
	}
}

static void send_queue(void)
{
	while (sim.tail < sim.head) {
		size_t at = sim.tail % sizeof(sim.queue);
		size_t len = sim.head - sim.tail;
		ssize_t n;

		if (len > sizeof(sim.queue) - at)
			len = sizeof(sim.queue) - at;
		n = write(sim.master, sim.queue + at, len);
		if (n <= 0)
			return;
		sim.tail += (uint64_t)n;
	}
}

static void log_commands(const uint8_t *bytes, size_t len)
{
	FILE *f = sim.log ? fopen(sim.log, "ae") : NULL;

	for (size_t i = 0; f && i < len; i++)
		fprintf(f, "%02x\n", bytes[i]);
	if (f)
		fclose(f);
}

static void take_commands(void)
{
	uint8_t bytes[64];
	ssize_t n = read(sim.master, bytes, sizeof(bytes));

	if (n <= 0)
		return;
	log_commands(bytes, (size_t)n);
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == 0x06) {
			sim.start_ns = ep_clock_monotonic_ns();
			sim.n = 0;
			sim.first_ns =
				sim.first_ns ? sim.first_ns : sim.start_ns;
		} else if (bytes[i] == 0x07) {
			sim.start_ns = 0;
			sim.head = sim.tail = 0;
			(void)write_state();
		} else if (bytes[i] == 0x19) {
			put_about();
		}
	}
}

static int run(void)
{
	for (;;) {
		struct pollfd p = { .fd = sim.master, .events = POLLIN };
		struct timespec wait = { 0, sim.start_ns ? 1000000 : 20000000 };
		double at_s = -1;

		if (ppoll(&p, 1, &wait, NULL) > 0 && (p.revents & POLLIN))
			take_commands();
		if (sim.first_ns)
			at_s = (double)(ep_clock_monotonic_ns() -
					sim.first_ns) *
			       1e-9;
		if (sim.master >= 0 && is_on(HANGUP, at_s))
			unplug();
		if (sim.master < 0 && !is_on(HANGUP, at_s) && plug_in() < 0)
			return 1;
		(void)ioctl(sim.slave, TIOCNXCL); /* as a last close does */
		if (sim.start_ns)
			make_due(ep_clock_monotonic_ns());
		if (sim.master >= 0)
			send_queue();
	}
}

static int set_fault(char *text)
{
	char *from = strchr(text, ':'), *to = NULL;

	if (from)
		*from++ = '\0';
	for (int i = 0; i < FAULT_COUNT; i++) {
		if (strcmp(fault_names[i], text) != 0)
			continue;
		sim.faults[i].set = true;
		sim.faults[i].to_s = 1e9;
		if (from)
			sim.faults[i].from_s = strtod(from, &to);
		if (to && *to == ':')
			sim.faults[i].to_s = strtod(to + 1, NULL);
		return 0;
	}
	errno = EINVAL;
	return die("--fault", text);
}

static int set_option(const char *name, char *value)
{
	if (strcmp(name, "--profile") == 0) {
		profile_done(&sim.profile);
		return profile_parse(value, &sim.profile);
	}
	if (strcmp(name, "--fault") == 0)
		return set_fault(value);
	if (strcmp(name, "--link") == 0)
		sim.link = value;
	else if (strcmp(name, "--state") == 0)
		sim.state = value;
	else if (strcmp(name, "--log") == 0)
		sim.log = value;
	else if (strcmp(name, "--mode") == 0)
		sim.mode = value;
	else if (strcmp(name, "--vdd") == 0)
		sim.vdd_mv = strtod(value, NULL);
	else if (strcmp(name, "--ppm") == 0)
		sim.ppm = strtod(value, NULL);
	else if (strcmp(name, "--epoch") == 0)
		sim.epoch_ns = strtoll(value, NULL, 10);
	else if (strcmp(name, "--buffer") == 0)
		sim.buffer_words = (size_t)(strtod(value, NULL) * 100);
	else if (strcmp(name, "--d") == 0 && value[0] >= '0' &&
		 value[0] <= '7' && value[1] == ':')
		sim.square_s[value[0] - '0'] = strtod(value + 2, NULL);
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	sim.master = sim.slave = -1;
	sim.mode = "source";
	sim.vdd_mv = 5000;
	sim.buffer_words = 200000;
	sim.epoch_ns = ep_clock_monotonic_ns();
	sim.random_state = UINT64_C(0x9e3779b97f4a7c15);
	if (profile_parse("constant 1", &sim.profile) < 0)
		return 1;
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && set_option(argv[i], argv[i + 1]) == 0)
			continue;
		fprintf(stderr, "ppk2: %s: see tests/sim/ppk2.c\n", argv[i]);
		return 2;
	}
	if (sim.buffer_words > QUEUE_WORDS - 1024)
		sim.buffer_words = QUEUE_WORDS - 1024;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sched_setscheduler(0, SCHED_FIFO,
				 &(struct sched_param){ .sched_priority = 45 });
	return run();
}

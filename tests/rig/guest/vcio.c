/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcio NAME [OPTION...]: /dev/NAME as a Raspberry Pi's firmware serves it,
 * through the kernel's CUSE.  Options as of tests/sim/vcio: --profile TEXT
 * --epoch-file FILE --cost-full US --cost-single US --refresh MS --exact
 * --fault KIND:FROM_S:FOR_S
 */
#define FUSE_USE_VERSION 31
#include <cuse_lowlevel.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "tests/sim/support/firmware.h"

#define PROPERTY _IOWR(100, 0, char *)
#define WORDS (4096 / 4 + 7)
#define TAG_GENCMD_RESULT 0x00030080u

static struct firmware firmware = { .profile = { .a = 3 } };
static long long epoch_ns;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void sleep_until(long long ns)
{
	struct timespec t = { ns / 1000000000LL, ns % 1000000000LL };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

static void vcio_open(fuse_req_t req, struct fuse_file_info *fi)
{
	fuse_reply_open(req, fi);
}

static void answer(uint32_t *words, double t_s)
{
	char *text = (char *)&words[6], command[4096];

	words[1] = 0x80000001u;
	if (words[0] != WORDS * 4 || words[2] != TAG_GENCMD_RESULT ||
	    words[3] != 4096)
		return;
	memcpy(command, text, sizeof(command));
	command[sizeof(command) - 1] = '\0';
	memset(text, 0, 4096);
	firmware_answer(&firmware, command, t_s, text);
	words[1] = 0x80000000u;
	words[5] = strncmp(text, "error=2", 7) == 0 ? 2 : 0;
}

/* The request says its own size in its first word, which the number of the
 * ioctl does not: it is fetched in two rounds. */
static void vcio_ioctl(fuse_req_t req, int cmd, void *arg,
		       struct fuse_file_info *fi, unsigned flags,
		       const void *in, size_t in_bytes, size_t out_bytes)
{
	struct iovec size = { arg, 4 }, all = { arg, WORDS * 4 };
	long long begin_ns = now_ns();
	double t_s = (double)(begin_ns - epoch_ns) * 1e-9;
	uint32_t words[WORDS];

	(void)fi;
	(void)flags;
	if ((unsigned)cmd != (unsigned)PROPERTY) {
		fuse_reply_err(req, ENOTTY);
		return;
	}
	if (in_bytes == 0) {
		fuse_reply_ioctl_retry(req, &size, 1, NULL, 0);
		return;
	}
	memcpy(words, in, 4);
	if (in_bytes == 4) {
		all.iov_len = words[0];
		if (words[0] < 28 || words[0] > sizeof(words))
			fuse_reply_err(req, EINVAL);
		else
			fuse_reply_ioctl_retry(req, &all, 1, &all, 1);
		return;
	}
	memset(words, 0, sizeof(words));
	memcpy(words, in, in_bytes < sizeof(words) ? in_bytes : sizeof(words));
	sleep_until(
		begin_ns +
		(long long)(firmware_cost_s(&firmware, (char *)&words[6], t_s) *
			    1e9));
	if (firmware_has(&firmware, FAULT_EIO, t_s)) {
		fuse_reply_err(req, EIO);
		return;
	}
	answer(words, t_s);
	fuse_reply_ioctl(req, 0, words, out_bytes);
}

static const struct cuse_lowlevel_ops ops = {
	.open = vcio_open,
	.ioctl = vcio_ioctl,
};

static int take(int c)
{
	switch (c) {
	case 'p':
		return profile_parse(optarg, &firmware.profile);
	case 'F':
		firmware.full_s = strtod(optarg, NULL) * 1e-6;
		return 0;
	case 'S':
		firmware.single_s = strtod(optarg, NULL) * 1e-6;
		return 0;
	case 'r':
		firmware.refresh_s = strtod(optarg, NULL) * 1e-3;
		return 0;
	case 'x':
		firmware.exact = true;
		return 0;
	case 'f':
		return firmware_add_fault(&firmware, optarg);
	default:
		return -1;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "profile", 1, NULL, 'p' },	 { "epoch-file", 1, NULL, 'E' },
		{ "cost-full", 1, NULL, 'F' },	 { "refresh", 1, NULL, 'r' },
		{ "cost-single", 1, NULL, 'S' }, { "exact", 0, NULL, 'x' },
		{ "fault", 1, NULL, 'f' },	 { NULL, 0, NULL, 0 },
	};
	char name[80], *fuse_argv[] = { argv[0], "-f", "-s", NULL };
	const char *dev[] = { name }, *epoch_file = NULL;
	struct cuse_info info = {
		.dev_info_argc = 1,
		.dev_info_argv = dev,
		.flags = CUSE_UNRESTRICTED_IOCTL,
	};
	int c, bad = 0;
	FILE *f;

	epoch_ns = now_ns();
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c == 'E')
			epoch_file = optarg;
		else
			bad |= take(c);
	if (bad || optind != argc - 1) {
		fputs("usage: vcio NAME [OPTION...]\n", stderr);
		return 2;
	}
	f = epoch_file ? fopen(epoch_file, "we") : NULL;
	if (f) {
		fprintf(f, "%lld\n", epoch_ns);
		fclose(f);
	}
	(void)snprintf(name, sizeof(name), "DEVNAME=%s", argv[optind]);
	return cuse_lowlevel_main(3, fuse_argv, &info, &ops, NULL);
}

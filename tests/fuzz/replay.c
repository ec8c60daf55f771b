/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "base/root.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * replay FILE|FOLDER...: runs every file through the target once; with
 * FUZZ_SECONDS=N then mutations of them for N seconds, the same ones each time.
 * The input that broke the target is left in fuzz-crash-PID.
 */

#define SEEDS_MAX 4096
#define INPUT_BYTES_MAX (1 << 20)

static struct {
	struct ep_buf items[SEEDS_MAX];
	size_t count;
} seeds;

static struct {
	const uint8_t *data;
	size_t size;
} current;

/* Sanitizers report and end without a signal; they call this before. */
void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((weak));

static void save_current(void)
{
	char name[40] = "fuzz-crash-";
	int fd;

	name[11 + ep_num_put_i64(name + 11, getpid())] = '\0';
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	(void)!ep_file_write_all(fd, current.data, current.size);
	close(fd);
	(void)!write(2, "the input is in ", 16);
	(void)!write(2, name, strlen(name));
	(void)!write(2, "\n", 1);
}

static void on_signal(int signo)
{
	save_current();
	signal(signo, SIG_DFL);
	raise(signo);
}

static void catch_crashes(void)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
				       SIGILL };

	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(save_current);
		signal(SIGABRT, on_signal);
		return;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
}

static void run_one(const char *data, size_t size)
{
	/* An exact copy, so that a sanitizer sees one byte too many. */
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (!copy)
		return;
	if (size > 0)
		memcpy(copy, data, size);
	current.data = copy;
	current.size = size;
	LLVMFuzzerTestOneInput(copy, size);
	current.data = NULL;
	current.size = 0;
	free(copy);
}

static int add_file(const char *path)
{
	struct ep_buf *b = &seeds.items[seeds.count];
	int r;

	if (seeds.count == SEEDS_MAX)
		return -E2BIG;
	ep_buf_init(b, INPUT_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, b);
	if (r == 0)
		r = ep_buf_reserve(b, 0);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		ep_buf_done(b);
		return r;
	}
	seeds.count++;
	return 0;
}

static int add_in_folder(void *ctx, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", (const char *)ctx, name);
	return add_file(path);
}

static int add_path(char *path)
{
	const struct ep_root plain = { -1 };
	char *whole = realpath(path, NULL);
	struct stat st;
	int r;

	if (!whole || stat(whole, &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		free(whole);
		return -ENOENT;
	}
	r = S_ISDIR(st.st_mode)
		    ? ep_root_list(&plain, whole, add_in_folder, whole)
		    : add_file(whole);
	free(whole);
	return r;
}

/* xorshift64*: the same mutations every time. */
static uint64_t random_state = UINT64_C(0x2545f4914f6cdd1d);

static size_t pick(size_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return below == 0 ? 0
			  : (size_t)((random_state *
				      UINT64_C(0x2545f4914f6cdd1d)) >>
				     33) %
				    below;
}

static void remove_range(struct ep_buf *b)
{
	size_t at = pick(b->len), len = 1 + pick(b->len - at);

	memmove(b->data + at, b->data + at + len, b->len - at - len);
	b->len -= len;
}

/* Part of another seed, or of the input itself, put in at some place. */
static void insert_range(struct ep_buf *b, const struct ep_buf *from)
{
	size_t begin = pick(from->len), len = pick(from->len - begin) % 4096;
	size_t at = pick(b->len + 1);
	char part[4096];

	if (len == 0)
		return;
	memcpy(part, from->data + begin, len);
	if (ep_buf_reserve(b, len) < 0)
		return;
	memmove(b->data + at + len, b->data + at, b->len - at);
	memcpy(b->data + at, part, len);
	b->len += len;
}

static void mutate(struct ep_buf *b)
{
	static const char special[] = "\0\n\r,\"'${}[]:=-#/\\.eE019\xff\x80";

	switch (b->len > 0 ? pick(6) : 5) {
	case 0:
		b->data[pick(b->len)] ^= (char)(1 << pick(8));
		break;
	case 1:
		b->data[pick(b->len)] = special[pick(sizeof(special) - 1)];
		break;
	case 2:
		remove_range(b);
		break;
	case 3:
		b->len = pick(b->len);
		break;
	case 4:
		insert_range(b, b);
		break;
	default:
		insert_range(b, &seeds.items[pick(seeds.count)]);
		break;
	}
}

static uint64_t run_mutations(int64_t seconds)
{
	int64_t end_ns = ep_clock_monotonic_ns() + seconds * EP_NS_PER_S;
	uint64_t runs = 0;
	struct ep_buf b;

	ep_buf_init(&b, INPUT_BYTES_MAX);
	while (ep_clock_monotonic_ns() < end_ns) {
		const struct ep_buf *seed = &seeds.items[pick(seeds.count)];

		ep_buf_reset(&b);
		if (ep_buf_add(&b, seed->data, seed->len) < 0)
			break;
		for (size_t n = 1 + pick(8); n > 0; n--)
			mutate(&b);
		run_one(b.data, b.len);
		runs++;
	}
	ep_buf_done(&b);
	return runs;
}

int main(int argc, char **argv)
{
	const char *text = getenv("FUZZ_SECONDS");
	int64_t seconds = 0;
	uint64_t runs = 0;

	for (int i = 1; i < argc; i++) {
		if (add_path(argv[i]) < 0)
			return 1;
	}
	if (seeds.count == 0) {
		fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
		return 1;
	}
	if (text && ep_num_parse_i64(text, &seconds) < 0) {
		fprintf(stderr, "FUZZ_SECONDS: not a whole number\n");
		return 1;
	}
	catch_crashes();
	for (size_t i = 0; i < seeds.count; i++)
		run_one(seeds.items[i].data, seeds.items[i].len);
	if (seconds > 0)
		runs = run_mutations(seconds);
	printf("%zu files and %llu mutations\n", seeds.count,
	       (unsigned long long)runs);
	for (size_t i = 0; i < seeds.count; i++)
		ep_buf_done(&seeds.items[i]);
	return 0;
}

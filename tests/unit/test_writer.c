/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/record/writer.h"

static const struct ep_channel channels[] = {
	{ .name = "core", .quantity = EP_POWER_UW },
	{ .name = "faults", .quantity = EP_COUNT, .shape = EP_COUNTER },
	{ .name = "rail",
	  .quantity = EP_POWER_UW,
	  .flags = EP_CHANNEL_PRODUCT },
};

struct fixture {
	char base[64];
	char dir[96];
	struct ep_identity owner;
	struct ep_writer w;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	snprintf(f.base, sizeof(f.base), "/tmp/ep-writer-XXXXXX");
	if (!mkdtemp(f.base))
		return -1;
	snprintf(f.dir, sizeof(f.dir), "%s/run", f.base);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", f->base);
	return system(command);
}

static void read_file(const struct fixture *f, const char *name, char *ret,
		      size_t size)
{
	char path[160];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, ret, size - 1);
	assert_true(n >= 0);
	ret[n] = '\0';
	close(fd);
}

static void sample(struct ep_writer *w, int64_t t_ns, uint16_t channel,
		   int64_t value, uint16_t flags)
{
	struct ep_sample s = { .t_ns = t_ns,
			       .span_ns = 7,
			       .channel = channel,
			       .value = value,
			       .flags = flags };

	ep_writer_sample(w, 0, &s);
}

static void samples_of_one_instant_are_one_row(void **state)
{
	struct fixture *f = *state;
	char text[512];

	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	assert_int_equal(ep_writer_add_sensor(&f->w, "pmic", channels, 3, NULL),
			 0);
	sample(&f->w, 100, 0, 1500000, 0);
	sample(&f->w, 100, 1, -3, EP_SAMPLE_UNPROVEN);
	ep_writer_row_end(&f->w, 0);
	sample(&f->w, 200, 0, 0, EP_SAMPLE_ERROR);
	sample(&f->w, 200, 1, 9, 0);
	ep_writer_row_end(&f->w, 0);
	sample(&f->w, 300, EP_CHANNEL_WHOLE_POLL, 0, EP_SAMPLE_ERROR);
	ep_writer_row_end(&f->w, 0);
	sample(&f->w, 400, 1, 10, 0);
	sample(&f->w, 500, 1, 11, 0);
	assert_int_equal(ep_writer_flush(&f->w), 0);
	read_file(f, "sensors/pmic.csv", text, sizeof(text));
	assert_string_equal(text, "t_ns,span_ns,flags,core_uw,faults_count\n"
				  "100,7,1,1500000,-3\n"
				  "200,7,2,,9\n"
				  "300,7,2,,\n"
				  "400,7,0,,10\n");
	ep_writer_close(&f->w);
}

static void events_and_ticks_have_the_documented_columns(void **state)
{
	struct fixture *f = *state;
	struct ep_event e = ep_event_make(42, "mark");
	char text[512];

	e.request = 2;
	e.phase = "prefill";
	e.tokens = 64;
	e.evidence = EP_EVIDENCE_MARKED;
	e.source = "12:1";
	e.text = "a, \"b\"\nc";
	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	ep_writer_event(&f->w, &e);
	e = ep_event_make(43, "gate");
	ep_writer_event(&f->w, &e);
	ep_writer_tick(&f->w, 1000, 20, 3);
	assert_int_equal(ep_writer_flush(&f->w), 0);
	read_file(f, "events.csv", text, sizeof(text));
	assert_string_equal(
		text,
		"t_ns,span_ns,event,request,phase,tokens,evidence,source,text\n"
		"42,0,mark,2,prefill,64,MARKED,12:1,\"a, \"\"b\"\" c\"\n"
		"43,0,gate,,,,,,\n");
	read_file(f, "ticks.csv", text, sizeof(text));
	assert_string_equal(text, "due_ns,late_ns,missed\n1000,20,3\n");
	ep_writer_close(&f->w);
}

static void a_folder_that_holds_a_run_is_refused_and_left_alone(void **state)
{
	struct fixture *f = *state;
	struct ep_writer second;
	struct ep_err err = { 0 };
	char text[256];

	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	assert_int_equal(ep_writer_flush(&f->w), 0);
	assert_int_equal(ep_writer_open(&second, f->dir, &f->owner, &err),
			 -EEXIST);
	assert_non_null(strstr(err.text, f->dir));
	ep_writer_discard(&second);
	ep_writer_close(&second);
	read_file(f, "ticks.csv", text, sizeof(text));
	assert_string_equal(text, "due_ns,late_ns,missed\n");
	ep_writer_close(&f->w);
}

static void a_folder_that_cannot_be_made_names_path_and_remedy(void **state)
{
	struct fixture *f = *state;
	struct ep_err err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/missing/run", f->base);
	assert_int_equal(ep_writer_open(&f->w, path, &f->owner, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "-o DIR"));
	ep_writer_discard(&f->w);
	ep_writer_close(&f->w);
}

static void discard_removes_what_was_made(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	assert_int_equal(ep_writer_add_sensor(&f->w, "a", channels, 2, NULL),
			 0);
	ep_writer_discard(&f->w);
	ep_writer_close(&f->w);
	assert_int_equal(access(f->dir, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

/* A file size limit refuses writes as a full disk does, without a disk. */
static void what_a_full_disk_refuses_is_written_when_there_is_room(void **state)
{
	struct fixture *f = *state;
	struct rlimit was, tight;
	char text[512];

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	assert_int_equal(ep_writer_flush(&f->w), 0);
	getrlimit(RLIMIT_FSIZE, &was);
	tight = was;
	tight.rlim_cur = 30; /* the header and half a row */
	setrlimit(RLIMIT_FSIZE, &tight);
	ep_writer_tick(&f->w, 1000000001, 20, 0);
	ep_writer_tick(&f->w, 1000000002, 20, 0);
	assert_int_equal(ep_writer_flush(&f->w), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(ep_writer_flush(&f->w), -EFBIG);
	read_file(f, "ticks.csv", text, sizeof(text));
	assert_string_equal(text, "due_ns,late_ns,missed\n1000000001,20,0\n"
				  "1000000002,20,0\n");
	assert_int_equal(ep_writer_dropped(&f->w), 0);
	ep_writer_close(&f->w);
	signal(SIGXFSZ, SIG_DFL);
}

static void rows_beyond_the_buffer_are_counted(void **state)
{
	struct fixture *f = *state;
	struct rlimit was, tight;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	getrlimit(RLIMIT_FSIZE, &was);
	tight = was;
	tight.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &tight);
	for (int i = 0; i < EP_OUTFILE_BYTES_MAX / 8; i++)
		ep_writer_tick(&f->w, 1000000000000 + i, 20, 0);
	assert_true(ep_writer_flush(&f->w) < 0);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_true(ep_writer_dropped(&f->w) > 0);
	ep_writer_close(&f->w);
	signal(SIGXFSZ, SIG_DFL);
}

/* What follows a row that found no room is whole, and its own. */
static void a_row_after_a_dropped_one_is_its_own(void **state)
{
	struct fixture *f = *state;
	struct rlimit was, tight;
	char *text = calloc(1, EP_OUTFILE_BYTES_MAX + 4096);
	const char *last;
	int64_t t_ns = 1000000000000;

	assert_non_null(text);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	assert_int_equal(ep_writer_add_sensor(&f->w, "pmic", channels, 3, NULL),
			 0);
	getrlimit(RLIMIT_FSIZE, &was);
	tight = was;
	tight.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &tight);
	while (ep_writer_dropped(&f->w) == 0) {
		sample(&f->w, ++t_ns, 0, 111, 0);
		sample(&f->w, t_ns, 1, 222, 0);
		ep_writer_row_end(&f->w, 0);
	}
	setrlimit(RLIMIT_FSIZE, &was);
	(void)ep_writer_flush(&f->w);
	sample(&f->w, 2000000000000, 1, 333, 0);
	ep_writer_row_end(&f->w, 0);
	sample(&f->w, 3000000000000, 0, 444, 0);
	sample(&f->w, 3000000000000, 1, 555, 0);
	ep_writer_row_end(&f->w, 0);
	(void)ep_writer_flush(&f->w);
	read_file(f, "sensors/pmic.csv", text, EP_OUTFILE_BYTES_MAX + 4096);
	last = strstr(text, "2000000000000,");
	assert_non_null(last);
	assert_string_equal(last, "2000000000000,7,0,,333\n"
				  "3000000000000,7,0,444,555\n");
	ep_writer_close(&f->w);
	free(text);
	signal(SIGXFSZ, SIG_DFL);
}

/* More in one go than the buffer takes. */
static void a_stream_at_its_full_rate_is_written_early(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[160];

	assert_int_equal(ep_writer_open(&f->w, f->dir, &f->owner, NULL), 0);
	assert_int_equal(ep_writer_add_sensor(&f->w, "pmic", channels, 3, NULL),
			 0);
	for (int i = 0; i < 200000; i++) {
		sample(&f->w, 1000000000000 + i, 0, 1500000, 0);
		sample(&f->w, 1000000000000 + i, 1, 300000, 0);
		ep_writer_row_end(&f->w, 0);
	}
	assert_int_equal(ep_writer_dropped(&f->w), 0);
	assert_int_equal(ep_writer_flush(&f->w), 0);
	snprintf(path, sizeof(path), "%s/sensors/pmic.csv", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(
		st.st_size,
		strlen("t_ns,span_ns,flags,core_uw,faults_count\n") +
			200000 * strlen("1000000000000,7,0,1500000,300000\n"));
	assert_true(st.st_size > EP_OUTFILE_BYTES_MAX);
	ep_writer_close(&f->w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			samples_of_one_instant_are_one_row, setup, teardown),
		cmocka_unit_test_setup_teardown(
			events_and_ticks_have_the_documented_columns, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_folder_that_holds_a_run_is_refused_and_left_alone,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_folder_that_cannot_be_made_names_path_and_remedy,
			setup, teardown),
		cmocka_unit_test_setup_teardown(discard_removes_what_was_made,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_a_full_disk_refuses_is_written_when_there_is_room,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			rows_beyond_the_buffer_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_row_after_a_dropped_one_is_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_stream_at_its_full_rate_is_written_early, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "tests/unit/support_study.h"

void support_store_must(int r, const struct ep_err *err)
{
	if (r < 0)
		fail_msg("%d: %s", r, err->text);
}

void support_store_open_scene(struct support_store *s)
{
	struct ep_err err = { 0 };
	struct ep_study study;

	ep_tmp_make(&s->tmp);
	(void)ep_str_copy(s->dir, sizeof(s->dir), ep_tmp_path(&s->tmp, "st"));
	support_study_make(&study, 2);
	support_store_must(ep_store_create(s->dir, &study, &s->store, &err),
			   &err);
	ep_study_done(&study);
}

void support_store_close_scene(struct support_store *s)
{
	ep_store_close(s->store);
	ep_tmp_remove(&s->tmp);
}

void support_store_reopen(struct support_store *s)
{
	struct ep_err err = { 0 };

	ep_store_close(s->store);
	s->store = NULL;
	support_store_must(ep_store_open(s->dir, &s->store, &err), &err);
}

int64_t support_store_begin(struct support_store *s, uint64_t config,
			    int64_t order)
{
	const struct ep_next item = { .config = config,
				      .repetition = order,
				      .attempt = 1 };
	struct ep_err err = { 0 };
	int64_t number = 0;

	support_store_must(
		ep_store_begin(s->store, &item, order, &number, &err), &err);
	return number;
}

void support_store_make_folder(struct support_store *s,
			       const struct support_run_made *m)
{
	const struct ep_next item = { .config = m->config,
				      .repetition = m->order,
				      .attempt = 1 };
	const struct ep_labels l = { ep_store_study(s->store),
				     ep_store_id(s->store), &item, m->order };
	struct support_made made = { .ended = m->ended ? m->ended : "exit 0",
				     .output = "out",
				     .energy_j =
					     m->energy_j > 0 ? m->energy_j : 10,
				     .tokens = 20,
				     .stopped_by = m->stopped_by,
				     .started_real_ns = m->started_real_ns };
	char path[300];
	int fd;

	ep_store_folder(s->store, m->number, path, sizeof(path));
	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ep_result_labels(&l, &made.labels), 0);
	assert_int_equal(support_made_write(fd, &made), 0);
	json_decref(made.labels);
	close(fd);
}

int support_store_take(struct support_store *s, int64_t number)
{
	struct ep_reasons why;
	struct ep_err err = { 0 };

	return ep_store_take(s->store, number, &why, &err);
}

/* A whole run: begun, made, taken. */
void support_store_run(struct support_store *s, struct support_run_made m)
{
	m.number = support_store_begin(s, m.config, m.order);
	support_store_make_folder(s, &m);
	assert_int_equal(support_store_take(s, m.number), 1);
}

char *support_store_export(struct support_store *s)
{
	struct ep_err err = { 0 };
	int fd = ep_tmp_open(&s->tmp, "st");
	char *text;

	support_store_must(ep_store_export(s->store, &err), &err);
	text = support_results(fd);
	close(fd);
	return text;
}

struct ep_standing support_store_standing_of(struct support_store *s,
					     uint64_t config)
{
	struct ep_standing *all, one;
	struct ep_err err = { 0 };

	support_store_must(ep_store_standing(s->store, &all, &err), &err);
	one = all[config];
	free(all);
	return one;
}

int64_t support_store_last_order(struct support_store *s)
{
	struct ep_err err = { 0 };
	int64_t order = -1;

	support_store_must(ep_store_last_order(s->store, &order, &err), &err);
	return order;
}

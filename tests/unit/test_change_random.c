/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever is changed, and whoever interferes at any moment: in the end a
 * setting is as it was, or it is as someone else set it and that was told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/record/journal.h"
#include "tests/unit/support_settings.h"

#define SETTINGS 6
#define ROUNDS 400

static struct {
	char path[64];
	char first[16];	 /* before edgeprof came */
	unsigned others; /* bit n: someone else once set it to n */
	char last[16];	 /* what someone else set it to, after edgeprof, and
			    nobody would by chance; "" never */
	bool told;	 /* that it stays */
} settings[SETTINGS];

static bool applied;
static uint64_t seed;
static struct ep_tmp tmp;
static struct ep_env env;

static unsigned any(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void put(const char *path, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	ep_tmp_puts(&tmp, path, text);
}

static void interfere(void)
{
	static unsigned unique = 1000;

	while (any(3) == 0) {
		unsigned i = any(SETTINGS), value = any(8);

		/* By chance it may be what edgeprof or the board had. */
		settings[i].others |= 1u << value;
		settings[i].last[0] = '\0';
		if (any(2) == 0) {
			value = ++unique;
			settings[i].others |= 1u << 31;
			if (applied)
				snprintf(settings[i].last,
					 sizeof(settings[i].last), "%u", value);
		}
		put(settings[i].path, value);
	}
}

static void tell(void *ctx, const struct ep_change *c, const char *text)
{
	(void)ctx;
	(void)text;
	for (int i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].path, c->target + 1) == 0 &&
		    c->state == EP_CHANGE_KEPT)
			settings[i].told = true;
	interfere();
}

static void make_settings(void)
{
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "proc/sys/kernel/random/boot_id", "boot\n");
	for (int i = 0; i < SETTINGS; i++) {
		snprintf(settings[i].path, sizeof(settings[i].path),
			 "sys/setting%d", i);
		snprintf(settings[i].first, sizeof(settings[i].first), "%u",
			 any(8));
		settings[i].others = 0;
		settings[i].last[0] = '\0';
		settings[i].told = false;
		ep_tmp_puts(&tmp, settings[i].path, settings[i].first);
	}
	env = support_board_env(&tmp);
}

static void make_list(struct ep_change_list *list)
{
	unsigned count = 1 + any(10);

	memset(list, 0, sizeof(*list));
	list->best_effort = any(2) == 0;
	for (unsigned i = 0; i < count; i++) {
		char target[80], value[16];
		struct ep_change_ask a = { "file", target, value, "one" };

		snprintf(target, sizeof(target), "/%s",
			 any(20) == 0 ? "sys/absent"
				      : settings[any(SETTINGS)].path);
		snprintf(value, sizeof(value), "%u", any(8));
		assert_int_equal(ep_change_add(list, &a, NULL), 0);
	}
}

/* The process may be another, or the guardian's journal read again. */
static void change_hands(struct ep_journal *j)
{
	switch (any(3)) {
	case 0:
		ep_journal_close(j);
		assert_int_equal(ep_journal_open(j, &env, true, 0, NULL), 0);
		break;
	case 1:
		assert_int_equal(ep_journal_reload(j, NULL), 0);
		break;
	default:
		break;
	}
}

/* Values of another one that edgeprof found and came back to count as his. */
static bool is_right(int i, const char *now)
{
	unsigned value = (unsigned)strtoul(now, NULL, 10);

	if (settings[i].last[0] != '\0')
		return strcmp(now, settings[i].last) == 0;
	if (strcmp(now, settings[i].first) == 0)
		return true;
	return value < 8 ? settings[i].others & (1u << value)
			 : settings[i].others & (1u << 31);
}

static void check(uint64_t from)
{
	for (int i = 0; i < SETTINGS; i++) {
		char now[32];

		support_board_get(&tmp, settings[i].path, now, sizeof(now));
		if (!is_right(i, now))
			print_message("seed %llu: %s is %s, was %s, last %s\n",
				      (unsigned long long)from,
				      settings[i].path, now, settings[i].first,
				      settings[i].last);
		assert_true(is_right(i, now));
		/* Kept only where someone else had a hand in it. */
		assert_true(!settings[i].told || settings[i].others != 0);
	}
}

static void one_round(uint64_t from)
{
	struct ep_change_sink sink = { tell, NULL };
	struct ep_undo_result result;
	struct ep_change_list list;
	struct ep_journal j;

	seed = from;
	make_settings();
	make_list(&list);
	assert_int_equal(ep_journal_open(&j, &env, true, 0, NULL), 0);
	assert_int_equal(ep_journal_own(&j, "test", NULL), 0);
	assert_int_equal(ep_journal_begin(&j, NULL), 0);
	applied = false;
	(void)!ep_change_apply(&list, &env, &j, &sink, NULL);
	applied = true;
	interfere();
	change_hands(&j);
	assert_int_equal(ep_change_undo(&j, &env, &sink, &result), 0);
	assert_int_equal(ep_journal_finish(&j, NULL), 0);
	check(from);
	ep_journal_close(&j);
	ep_change_list_done(&list);
	ep_root_close(&env.root);
	ep_tmp_remove(&tmp);
}

static void every_setting_ends_as_it_was_or_as_someone_else_set_it(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= ROUNDS; i++)
		one_round(i * UINT64_C(0x9e3779b97f4a7c15));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_setting_ends_as_it_was_or_as_someone_else_set_it),
	};

	/* Thousands of syncs, of which none needs to reach a disk. */
	setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct control_fixture fixture;

static void add_policy(struct control_fixture *f, const char *name,
		       const char *max)
{
	static const struct {
		const char *file, *text;
	} files[] = {
		{ "scaling_governor", "ondemand\n" },
		{ "scaling_driver", "cpufreq-dt\n" },
		{ "scaling_available_governors",
		  "conservative ondemand powersave performance \n" },
		{ "scaling_available_frequencies",
		  "600000 1500000 1800000 2400000 \n" },
		{ "scaling_min_freq", "600000\n" },
		{ "cpuinfo_min_freq", "600000\n" },
	};
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), CPU "cpufreq/%s/%s", name,
			       files[i].file);
		ep_tmp_puts(&f->tmp, path, files[i].text);
	}
	(void)snprintf(path, sizeof(path), CPU "cpufreq/%s/scaling_max_freq",
		       name);
	ep_tmp_puts(&f->tmp, path, max);
	(void)snprintf(path, sizeof(path), CPU "cpufreq/%s/cpuinfo_max_freq",
		       name);
	ep_tmp_puts(&f->tmp, path, max);
}

int control_setup(void **state)
{
	struct control_fixture *f = &fixture;

	memset(f, 0, sizeof(*f));
	ep_tmp_make(&f->tmp);
	add_policy(f, "policy0", "1800000\n");
	add_policy(f, "policy4", "2400000\n");
	ep_tmp_puts(&f->tmp, CPU "present", "0-3\n");
	for (int cpu = 1; cpu < 4; cpu++) {
		char path[64];

		(void)snprintf(path, sizeof(path), CPU "cpu%d/online", cpu);
		ep_tmp_puts(&f->tmp, path, "1\n");
	}
	if (ep_root_open(&f->env.root, f->tmp.path, &f->err) < 0)
		return -1;
	*state = f;
	return 0;
}

int control_teardown(void **state)
{
	struct control_fixture *f = *state;

	ep_change_list_done(&f->list);
	ep_root_close(&f->env.root);
	ep_tmp_remove(&f->tmp);
	return 0;
}

int control_plan(struct control_fixture *f, const struct ep_control *control)
{
	ep_change_list_done(&f->list);
	memset(&f->err, 0, sizeof(f->err));
	return ep_control_plan(control, &f->env, &f->list, &f->notes, &f->err);
}

void control_expect(const struct control_fixture *f, size_t i,
		    const char *target_end, const char *asked)
{
	const char *target = f->list.items[i].target;
	size_t len = strlen(target), end = strlen(target_end);

	assert_true(i < f->list.count);
	assert_true(len >= end);
	assert_string_equal(target + len - end, target_end);
	assert_string_equal(f->list.items[i].asked, asked);
}

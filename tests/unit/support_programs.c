/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_programs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct programs fixture;

void programs_install(const struct programs *p, const char *name,
		      const char *place)
{
	static char text[32 * 1024];
	char path[128];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "tests/sim/board/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text));
	assert_true(n > 0 && (size_t)n < sizeof(text));
	close(fd);
	ep_tmp_write(&p->tmp, place, text, (size_t)n);
	assert_int_equal(chmod(ep_tmp_path(&p->tmp, place), 0755), 0);
}

int programs_setup(void **state)
{
	struct programs *p = &fixture;

	memset(p, 0, sizeof(*p));
	ep_tmp_make(&p->tmp);
	if (ep_root_open(&p->env.root, p->tmp.path, &p->err) < 0)
		return -1;
	*state = p;
	return 0;
}

int programs_teardown(void **state)
{
	struct programs *p = *state;

	ep_root_close(&p->env.root);
	ep_tmp_remove(&p->tmp);
	return 0;
}

const char *programs_get(const struct programs *p, const char *name)
{
	static char text[4096];
	char path[256];

	(void)snprintf(path, sizeof(path), "/%s", name);
	if (ep_root_read_text(&p->env.root, path, text, sizeof(text)) < 0)
		text[0] = '\0';
	return text;
}

void programs_says(const struct programs *p, const char *text)
{
	if (!strstr(p->err.text, text))
		print_error("\"%s\" is not in: %s\n", text, p->err.text);
	assert_non_null(strstr(p->err.text, text));
}

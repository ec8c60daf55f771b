/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "profiler/export/anonymous.h"

static int learn_person(struct ep_scrub *s, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	int r = 0;

	if (!pw)
		return 0;
	if (pw->pw_dir)
		r = ep_scrub_add(s, pw->pw_dir, "HOME");
	if (r == 0 && pw->pw_name)
		r = ep_scrub_add(s, pw->pw_name, "user");
	return r;
}

static int learn_variables(struct ep_scrub *s)
{
	static const char *const names[][2] = {
		{ "HOME", "HOME" },	 { "USER", "user" },
		{ "LOGNAME", "user" },	 { "SUDO_USER", "user" },
		{ "DOAS_USER", "user" }, { "PWD", "FOLDER" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]);
	     i++) {
		const char *value = getenv(names[i][0]);

		if (value)
			r = ep_scrub_add(s, value, names[i][1]);
	}
	return r;
}

static int learn_folders(struct ep_scrub *s, const char *dir)
{
	char whole[PATH_MAX];
	int r = 0;

	if (getcwd(whole, sizeof(whole)))
		r = ep_scrub_add(s, whole, "FOLDER");
	if (r == 0 && realpath(dir, whole))
		r = ep_scrub_add(s, whole, "FOLDER");
	if (r == 0 && dir[0] == '/')
		r = ep_scrub_add(s, dir, "FOLDER");
	return r;
}

int ep_anonymous_learn_people(struct ep_scrub *s, const char *dir, int dir_fd)
{
	struct utsname uts;
	struct stat st;
	int r = learn_person(s, getuid());

	if (r == 0)
		r = learn_person(s, geteuid());
	if (r == 0 && fstat(dir_fd, &st) == 0)
		r = learn_person(s, st.st_uid);
	if (r == 0)
		r = learn_variables(s);
	if (r == 0)
		r = learn_folders(s, dir);
	if (r == 0 && uname(&uts) == 0)
		r = ep_scrub_add_numbered(s, uts.nodename, "host");
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/spawn.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

static int id_from_env(const char *name, int64_t *ret, struct ep_err *err)
{
	const char *text = secure_getenv(name);
	int64_t id = 0;

	if (!text)
		return -ENOENT;
	if (ep_num_parse_i64(text, &id) < 0 || id < 0 ||
	    id >= INT64_C(0xffffffff))
		return ep_err_set(err, -EINVAL,
				  "%s holds '%s', which is no user or group "
				  "id: refusing to guess whom to run the "
				  "program as",
				  name, text);
	*ret = id;
	return 0;
}

static int fill_user(struct ep_identity *id, const struct passwd *pw,
		     struct ep_err *err)
{
	int count = (int)(sizeof(id->groups) / sizeof(id->groups[0]));

	if (!ep_str_copy(id->home, sizeof(id->home), pw->pw_dir) ||
	    !ep_str_copy(id->user, sizeof(id->user), pw->pw_name) ||
	    !ep_str_copy(id->shell, sizeof(id->shell), pw->pw_shell))
		return ep_err_set(err, -ENAMETOOLONG,
				  "the passwd entry of user id %u is too long",
				  (unsigned)id->uid);
	if (getgrouplist(pw->pw_name, id->gid, id->groups, &count) < 0)
		count = (int)(sizeof(id->groups) / sizeof(id->groups[0]));
	id->group_count = count;
	return 0;
}

/* doas names only the user; sudo and pkexec give the number. */
static int caller_of_doas(int64_t *ret_uid, struct ep_err *err)
{
	const char *user = secure_getenv("DOAS_USER");
	const struct passwd *pw;

	if (!user)
		return -ENOENT;
	pw = getpwnam(user);
	if (!pw)
		return ep_err_set(err, -EINVAL,
				  "DOAS_USER names '%s', who is not known here",
				  user);
	*ret_uid = (int64_t)pw->pw_uid;
	return 0;
}

static int find_caller(struct ep_identity *id, int64_t *ret_uid,
		       struct ep_err *err)
{
	int r = id_from_env("SUDO_UID", ret_uid, err);

	if (r != -ENOENT) {
		id->via = "sudo";
		return r;
	}
	r = caller_of_doas(ret_uid, err);
	if (r != -ENOENT) {
		id->via = "doas";
		return r;
	}
	r = id_from_env("PKEXEC_UID", ret_uid, err);
	if (r != -ENOENT)
		id->via = "pkexec";
	return r;
}

int ep_identity_get(struct ep_identity *ret, struct ep_err *err)
{
	struct ep_identity id = { .uid = getuid(), .gid = getgid(), .via = "" };
	const struct passwd *pw;
	int64_t uid = 0, gid = 0;
	int r;

	if (geteuid() != 0) {
		*ret = id;
		return 0;
	}
	r = find_caller(&id, &uid, err);
	if (r == -ENOENT || (r == 0 && uid == 0)) {
		id.via = "";
		*ret = id;
		return 0;
	}
	if (r < 0)
		return r;
	id.changes = true;
	id.uid = (uid_t)uid;
	pw = getpwuid(id.uid);
	id.gid = pw ? pw->pw_gid : id.gid;
	if (strcmp(id.via, "sudo") == 0) {
		r = id_from_env("SUDO_GID", &gid, err);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0)
			id.gid = (gid_t)gid;
	}
	if (pw)
		r = fill_user(&id, pw, err);
	else if (id.gid == 0)
		r = ep_err_set(err, -EINVAL,
			       "user id %u has no passwd entry, so its group "
			       "is not known: refusing to keep root's",
			       (unsigned)id.uid);
	else
		r = 0;
	if (r < 0)
		return r;
	*ret = id;
	return 0;
}

int ep_identity_enter(const struct ep_identity *id, struct ep_err *err)
{
	if (!id->changes)
		return 0;
	if (setgroups((size_t)id->group_count, id->groups) < 0 ||
	    setegid(id->gid) < 0 || seteuid(id->uid) < 0) {
		int code = -errno;

		ep_identity_leave(id);
		return ep_err_set(err, code, "cannot act as user id %u: %s",
				  (unsigned)id->uid, strerror(-code));
	}
	return 0;
}

void ep_identity_leave(const struct ep_identity *id)
{
	if (!id->changes)
		return;
	/* Root again; its own supplementary groups are not needed. */
	if (seteuid(0) == 0 && setegid(0) == 0)
		(void)setgroups(0, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setup.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "base/tool.h"

#define TOOL_NS (60 * EP_NS_PER_S)
#define GROUP_FILE "/etc/group"
#define GROUPS_BYTES 65536

int ep_setup_tool(const struct ep_root *root, const char *const *argv,
		  struct ep_err *err)
{
	static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin",
					       "/bin", NULL };
	char path[4][64];
	const char *places[5] = { NULL };
	struct ep_tool tool = { root, NULL, argv, TOOL_NS };
	struct ep_buf said;
	int r;

	for (size_t i = 0; folders[i]; i++) {
		(void)ep_str_format(path[i], sizeof(path[i]), "%s/%s",
				    folders[i], argv[0]);
		places[i] = path[i];
	}
	tool.path = ep_tool_find(root, places);
	if (!tool.path)
		return ep_err_set(err, -ENOENT, "there is no %s here", argv[0]);
	ep_buf_init(&said, 4096);
	r = ep_tool_run(&tool, &said, err);
	if (r > 0)
		ep_err_set(err, -EIO, "%s failed with status %d: %.*s", argv[0],
			   r, (int)strcspn(said.len > 0 ? said.data : "", "\n"),
			   said.len > 0 ? said.data : "");
	ep_buf_done(&said);
	return r;
}

/* "NAME:x:GID:USER,USER" of the group file below another root. */
static bool find_line(const struct ep_root *root, const char *name, char *ret,
		      size_t size)
{
	char *text = malloc(GROUPS_BYTES);
	bool found = false;

	if (text &&
	    ep_root_read_text(root, GROUP_FILE, text, GROUPS_BYTES) >= 0) {
		for (const char *l = text; *l && !found;) {
			size_t len = strcspn(l, "\n");

			found = strcspn(l, ":") == strlen(name) &&
				strncmp(l, name, strlen(name)) == 0 &&
				ep_str_format(ret, size, "%.*s", (int)len, l);
			l += len + (l[len] == '\n');
		}
	}
	free(text);
	return found;
}

/* The members, separated by commas. */
static bool find(const struct ep_root *root, const char *name, gid_t *ret_gid,
		 char *ret_members, size_t size)
{
	const struct group *g;
	char line[4096], *gid, *members;
	int64_t id = 0;

	ret_members[0] = '\0';
	if (!ep_root_redirected(root)) {
		g = getgrnam(name);
		if (!g)
			return false;
		*ret_gid = g->gr_gid;
		for (char **m = g->gr_mem; *m; m++) {
			size_t used = strlen(ret_members);

			(void)ep_str_format(ret_members + used, size - used,
					    "%s%s", used ? "," : "", *m);
		}
		return true;
	}
	if (!find_line(root, name, line, sizeof(line)))
		return false;
	gid = strchr(line, ':');
	gid = gid ? strchr(gid + 1, ':') : NULL;
	members = gid ? strchr(gid + 1, ':') : NULL;
	if (!members)
		return false;
	*members++ = '\0';
	if (ep_num_parse_i64(gid + 1, &id) < 0 || id < 0 || id >= UINT32_MAX)
		return false;
	*ret_gid = (gid_t)id;
	return ep_str_copy(ret_members, size, members);
}

bool ep_setup_has_group(const struct ep_root *root, const char *name,
			gid_t *ret_gid)
{
	char members[4096];
	gid_t gid = 0;
	bool there = find(root, name, &gid, members, sizeof(members));

	if (there && ret_gid)
		*ret_gid = gid;
	return there;
}

bool ep_setup_is_member(const struct ep_root *root, const char *group,
			const char *user)
{
	char members[4096];
	size_t len = strlen(user);
	gid_t gid;

	if (!find(root, group, &gid, members, sizeof(members)))
		return false;
	for (const char *m = members; *m;) {
		size_t n = strcspn(m, ",");

		if (n == len && strncmp(m, user, len) == 0)
			return true;
		m += n + (m[n] == ',');
	}
	return false;
}

static int group_state(const struct ep_root *root, const struct ep_setup_act *a)
{
	return ep_setup_has_group(root, a->target, NULL) ? EP_SETUP_DONE
							 : EP_SETUP_BEFORE;
}

static int done(int r)
{
	return r > 0 ? -EIO : r;
}

static int group_make(const struct ep_root *root, const struct ep_setup_act *a,
		      struct ep_err *err)
{
	const char *argv[] = { "groupadd", "--system", a->target, NULL };

	return done(ep_setup_tool(root, argv, err));
}

/* Our members have left already. */
static int group_undo(const struct ep_root *root, const struct ep_setup_act *a,
		      struct ep_err *err)
{
	const char *argv[] = { "groupdel", a->target, NULL };
	char members[4096];
	gid_t gid;

	if (find(root, a->target, &gid, members, sizeof(members)) && members[0])
		return ep_err_set(err, -ENOTEMPTY,
				  "group %s has other members now: %.200s",
				  a->target, members);
	return done(ep_setup_tool(root, argv, err));
}

static void group_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "group %s", a->target);
}

const struct ep_setup_ops ep_setup_group = {
	.name = "group",
	.state = group_state,
	.make = group_make,
	.undo = group_undo,
	.tell = group_tell,
};

/* "GROUP USER" */
static void split(const struct ep_setup_act *a, char *ret_group,
		  const char **ret_user)
{
	(void)ep_str_copy(ret_group, EP_SETUP_TEXT_BYTES, a->target);
	ret_group[strcspn(ret_group, " ")] = '\0';
	*ret_user = a->target + strcspn(a->target, " ");
	*ret_user += **ret_user == ' ';
}

static int member_state(const struct ep_root *root,
			const struct ep_setup_act *a)
{
	char group[EP_SETUP_TEXT_BYTES];
	const char *user;

	split(a, group, &user);
	return ep_setup_is_member(root, group, user) ? EP_SETUP_DONE
						     : EP_SETUP_BEFORE;
}

static int member_make(const struct ep_root *root, const struct ep_setup_act *a,
		       struct ep_err *err)
{
	char group[EP_SETUP_TEXT_BYTES];
	const char *user, *argv[] = { "usermod", "-aG", group, NULL, NULL };

	split(a, group, &user);
	argv[3] = user;
	return done(ep_setup_tool(root, argv, err));
}

static int member_undo(const struct ep_root *root, const struct ep_setup_act *a,
		       struct ep_err *err)
{
	char group[EP_SETUP_TEXT_BYTES];
	const char *user, *argv[] = { "gpasswd", "-d", NULL, group, NULL };

	split(a, group, &user);
	argv[2] = user;
	return done(ep_setup_tool(root, argv, err));
}

static void member_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	char group[EP_SETUP_TEXT_BYTES];
	const char *user;

	split(a, group, &user);
	(void)ep_str_format(ret, size, "%s in group %s", user, group);
}

const struct ep_setup_ops ep_setup_member = {
	.name = "member",
	.state = member_state,
	.make = member_make,
	.undo = member_undo,
	.tell = member_tell,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

#define GROUPS_MAX 256
#define ENTRY_BYTES 4096

int ep_account_parse_caps(const char *status, uint64_t *ret)
{
	static const char key[] = "\nCapEff:";
	const char *at = strstr(status, key);
	char text[32];
	size_t len;

	if (!at)
		return -EBADMSG;
	at += strlen(key);
	at += strspn(at, " \t");
	len = strspn(at, "0123456789abcdef");
	if (len == 0 ||
	    !ep_str_format(text, sizeof(text), "0x%.*s", (int)len, at) ||
	    ep_num_parse_hex_or_dec(text, ret) < 0)
		return -EBADMSG;
	return 0;
}

bool ep_account_can(enum ep_capability capability)
{
	char status[8192];
	uint64_t bits = 0;

	if (ep_root_read_text(&ep_root_machine, "/proc/self/status", status,
			      sizeof(status)) < 0 ||
	    ep_account_parse_caps(status, &bits) < 0)
		return geteuid() == 0;
	return (bits >> capability) & 1;
}

static void *ask_for_fifo(void *ctx)
{
	struct sched_param want = { .sched_priority = 50 };
	bool *granted = ctx;

	*granted = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK,
				      &want) == 0;
	return NULL;
}

bool ep_account_realtime(void)
{
	bool granted = false;
	pthread_t thread;

	if (pthread_create(&thread, NULL, ask_for_fifo, &granted) != 0)
		return false;
	(void)pthread_join(thread, NULL);
	return granted;
}

void ep_account_user(char *ret, size_t size)
{
	struct passwd entry, *found = NULL;
	char text[ENTRY_BYTES];

	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 &&
	    found)
		(void)ep_str_copy(ret, size, entry.pw_name);
	else
		(void)ep_str_format(ret, size, "%u", (unsigned)geteuid());
}

void ep_account_group(gid_t gid, char *ret, size_t size)
{
	struct group entry, *found = NULL;
	char text[ENTRY_BYTES];

	if (getgrgid_r(gid, &entry, text, sizeof(text), &found) == 0 && found)
		(void)ep_str_copy(ret, size, entry.gr_name);
	else
		(void)ep_str_format(ret, size, "%u", (unsigned)gid);
}

static bool has(const gid_t *groups, int count, gid_t gid)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

bool ep_account_in_group(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, groups);

	return gid == getegid() || has(groups, count, gid);
}

bool ep_account_joins_group(gid_t gid)
{
	struct passwd entry, *found = NULL;
	char text[ENTRY_BYTES];
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) != 0 ||
	    !found)
		return false;
	if (getgrouplist(entry.pw_name, entry.pw_gid, groups, &count) < 0)
		count = GROUPS_MAX;
	return has(groups, count, gid);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define HEAD "# Made by edgeprof setup; edgeprof setup --undo removes it.\n"
#define PARANOID 2
/* struct vfs_cap_data of both, effective (capabilities(7), version 2) */
#define CAPS_SET "0100000200008000000000004000000000000000"

struct ep_setup_act *ep_setup_add(struct ep_setup *s,
				  const struct ep_setup_ops *ops,
				  const char *target)
{
	struct ep_setup_act *a;

	if (s->plan->count == EP_SETUP_ACTS_MAX)
		return NULL;
	a = &s->plan->acts[s->plan->count];
	memset(a, 0, sizeof(*a));
	a->ops = ops;
	if (!ep_str_copy(a->target, sizeof(a->target), target))
		return NULL;
	s->plan->count++;
	return a;
}

static bool is_planned(const struct ep_setup *s, const struct ep_setup_ops *ops,
		       const char *target)
{
	for (size_t i = 0; i < s->plan->count; i++)
		if (s->plan->acts[i].ops == ops &&
		    strcmp(s->plan->acts[i].target, target) == 0)
			return true;
	return false;
}

/* A folder that is there is nobody's business. */
void ep_setup_add_folders(struct ep_setup *s, const char *path)
{
	char folder[EP_SETUP_TEXT_BYTES];

	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		(void)ep_str_format(folder, sizeof(folder), "%.*s",
				    (int)(p - path), path);
		if (ep_root_exists(&s->env.root, folder) == -ENOENT &&
		    !is_planned(s, &ep_setup_folder, folder))
			(void)ep_setup_add(s, &ep_setup_folder, folder);
	}
}

void ep_setup_add_file(struct ep_setup *s, const char *path,
		       const char *content)
{
	struct ep_setup_act *a;

	if (!content)
		return;
	ep_setup_add_folders(s, path);
	a = ep_setup_add(s, &ep_setup_file, path);
	if (a) {
		a->content = content;
		ep_setup_hash(a);
	}
}

void ep_setup_note(struct ep_setup *s, const char *format, ...)
{
	char *note = s->notes[s->step];
	size_t len = strlen(note);
	va_list args;

	if (len > 0 && len + 1 < sizeof(s->notes[0]))
		note[len++] = '\n';
	va_start(args, format);
	(void)vsnprintf(note + len, sizeof(s->notes[0]) - len, format, args);
	va_end(args);
}

char *ep_setup_keep(struct ep_setup *s, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (s->text_count == sizeof(s->texts) / sizeof(s->texts[0]))
		return NULL;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		s->texts[s->text_count++] = text;
	return text;
}

static int plan_group(struct ep_setup *s, struct ep_err *err)
{
	/* Of Debian, Ubuntu, Raspberry Pi OS and JetPack. */
	static const char *const groups[] = {
		EP_SETUP_GROUP, "dialout", "video", "render",
		"i2c",		"gpio",	   NULL
	};
	char target[EP_SETUP_TEXT_BYTES];

	(void)err;
	(void)ep_setup_add(s, &ep_setup_group, EP_SETUP_GROUP);
	if (!s->identity.changes || !s->identity.user[0]) {
		ep_setup_note(s, "no user to add: this was not called through "
				 "sudo; usermod -aG " EP_SETUP_GROUP
				 ",dialout USER does it");
		return 0;
	}
	for (size_t i = 0; groups[i]; i++)
		if ((i == 0 ||
		     ep_setup_has_group(&s->env.root, groups[i], NULL)) &&
		    ep_str_format(target, sizeof(target), "%s %s", groups[i],
				  s->identity.user))
			(void)ep_setup_add(s, &ep_setup_member, target);
	return 0;
}

static int plan_counters(struct ep_setup *s, struct ep_err *err)
{
	static const char path[] = "/etc/sysctl.d/60-edgeprof.conf";
	static const char content[] = HEAD EP_SETUP_PARANOID " = 2\n";
	struct ep_setup_act *a, file = { .ops = &ep_setup_file };
	int64_t now = 0;
	int r = ep_root_read_i64(&s->env.root, ep_setup_paranoid_path, &now);

	(void)err;
	if (r < 0) {
		ep_setup_note(s, "%s: %s: nothing to do",
			      ep_setup_paranoid_path, strerror(-r));
		return 0;
	}
	(void)ep_str_copy(file.target, sizeof(file.target), path);
	file.content = content;
	ep_setup_hash(&file);
	/* Ours from an earlier time: it keeps the value over a restart. */
	if (now <= PARANOID &&
	    ep_setup_file.state(&s->env.root, &file) != EP_SETUP_DONE) {
		ep_setup_note(s, "it is %lld: left alone", (long long)now);
		return 0;
	}
	ep_setup_add_file(s, path, content);
	if (now <= PARANOID)
		return 0;
	a = ep_setup_add(s, &ep_setup_value, ep_setup_paranoid_path);
	if (a) {
		(void)ep_str_format(a->before, sizeof(a->before), "%lld",
				    (long long)now);
		(void)ep_str_format(a->after, sizeof(a->after), "%d", PARANOID);
	}
	return 0;
}

static int plan_realtime(struct ep_setup *s, struct ep_err *err)
{
	static const char content[] = HEAD "@" EP_SETUP_GROUP " - rtprio 60\n";

	(void)err;
	ep_setup_add_file(s, "/etc/security/limits.d/60-edgeprof.conf",
			  content);
	return 0;
}

/* Others may read it already, or another group than root's. */
static void add_mode(struct ep_setup *s, const char *path, const char *group,
		     unsigned bits)
{
	struct ep_setup_act *a = ep_setup_add(s, &ep_setup_mode, path);
	char *uid, *gid, *mode, copy[128];
	uint64_t now = 0;

	if (!a)
		return;
	if (ep_setup_look(&s->env.root, a) < 0) {
		s->plan->count--;
		return;
	}
	(void)ep_str_copy(copy, sizeof(copy), a->before);
	uid = copy;
	gid = strchr(uid, ' ');
	*gid++ = '\0';
	mode = strchr(gid, ' ');
	*mode++ = '\0';
	mode[strcspn(mode, " ")] = '\0';
	for (const char *p = mode; *p; p++)
		now = now * 8 + (uint64_t)(*p - '0');
	(void)ep_str_format(a->after, sizeof(a->after), "%s @%s %llo -", uid,
			    group, (unsigned long long)(now | bits));
	if ((now & bits) == bits && strcmp(gid, "0") != 0 &&
	    ep_setup_state(s, a) != EP_SETUP_DONE)
		s->plan->count--;
}

static void add_energy(void *ctx, const char *path)
{
	add_mode(ctx, path, EP_SETUP_GROUP, 0040);
}

static int plan_energy(struct ep_setup *s, struct ep_err *err)
{
	static const char rules[] =
		HEAD "SUBSYSTEM==\"powercap\", ACTION==\"add\", "
		     "TEST==\"energy_uj\", "
		     "RUN+=\"/bin/chgrp " EP_SETUP_GROUP " /sys%p/energy_uj\", "
		     "RUN+=\"/bin/chmod g+r /sys%p/energy_uj\"\n";
	size_t before = s->plan->count;

	(void)err;
	ep_setup_find_energy(&s->env.root, add_energy, s);
	if (s->plan->count == before)
		ep_setup_note(s, "this machine has no such counters");
	else
		ep_setup_add_file(
			s, "/etc/udev/rules.d/60-edgeprof-energy.rules", rules);
	return 0;
}

struct node_group {
	struct ep_setup *s;
	const char *group;
};

static void add_node(void *ctx, const char *path)
{
	const struct node_group *g = ctx;

	add_mode(g->s, path, g->group, 0060);
}

static int plan_devices(struct ep_setup *s, struct ep_err *err)
{
	struct ep_buf rules;
	int r;

	ep_buf_init(&rules, 16384);
	r = ep_buf_adds(&rules, HEAD);
	for (const struct ep_setup_node *n = ep_setup_nodes;
	     r == 0 && n->prefix; n++) {
		struct node_group g = { s, n->group };

		if (!ep_setup_has_group(&s->env.root, n->group, NULL))
			g.group = EP_SETUP_GROUP;
		r = ep_buf_addf(&rules, "%s, GROUP=\"%s\", MODE=\"0660\"\n",
				n->rule, g.group);
		ep_setup_find_nodes(&s->env.root, n, add_node, &g);
	}
	for (size_t i = 0; r == 0 && ep_setup_usb_rules[i]; i++)
		r = ep_buf_addf(&rules,
				"%s, GROUP=\"" EP_SETUP_GROUP
				"\", MODE=\"0660\"\n",
				ep_setup_usb_rules[i]);
	if (r == 0)
		ep_setup_add_file(s,
				  "/etc/udev/rules.d/60-edgeprof-devices.rules",
				  ep_setup_keep(s, "%s", rules.data));
	ep_setup_note(s, "meters that are plugged in: pull them out and plug "
			 "them in again");
	ep_buf_done(&rules);
	return r < 0 ? ep_err_set(err, r, "rules: %s", strerror(-r)) : 0;
}

static int plan_caps(struct ep_setup *s, struct ep_err *err)
{
	char path[EP_SETUP_TEXT_BYTES];
	struct ep_setup_act *a;
	int r = ep_setup_own_program(path, sizeof(path));

	if (ep_root_redirected(&s->env.root)) {
		ep_setup_note(s, "EDGEPROF_ROOT is set: the program itself is "
				 "not touched");
		return 0;
	}
	if (r < 0)
		return ep_err_set(err, r, "edgeprof's own file: %s",
				  strerror(-r));
	if (!ep_setup_is_safe(path))
		return ep_err_set(err, -EPERM,
				  "%.300s: others than root may write to its "
				  "folder or one above it: install edgeprof "
				  "first (sudo make install)",
				  path);
	a = ep_setup_add(s, &ep_setup_mode, path);
	if (!a || ep_setup_look(&s->env.root, a) < 0)
		return ep_err_set(err, -EIO, "%.300s: cannot be looked at",
				  path);
	(void)ep_str_copy(a->after, sizeof(a->after),
			  "0 @" EP_SETUP_GROUP " 750 " CAPS_SET);
	return 0;
}

const struct ep_setup_step ep_setup_steps[] = {
	{ "group",
	  "group " EP_SETUP_GROUP " for what only root may do otherwise, and "
	  "you in it; in dialout for serial meters, in video, render, i2c and "
	  "gpio for boards",
	  plan_group },
	{ "counters",
	  "counters of your own programs: " EP_SETUP_PARANOID
	  " must not be above 2 (Debian has 3, Ubuntu 4)",
	  plan_counters },
	{ "realtime",
	  "a steady grid while all cores are busy: the group may ask for "
	  "real-time scheduling",
	  plan_realtime },
	{ "energy",
	  "energy counters of x86 processors (RAPL): the group may "
	  "read them",
	  plan_energy },
	{ "devices",
	  "the firmware of a Raspberry Pi, I2C, GPIO and USB meters: a group "
	  "of yours may use them",
	  plan_devices },
	{ "probes",
	  "phases and tokens of unmodified programs: probes in libllama that "
	  "everyone may open in his own programs",
	  ep_setup_plan_probes },
	{ "caps",
	  "system-wide counters and real time without sudo: CAP_PERFMON and "
	  "CAP_SYS_NICE for edgeprof, which then only the group may run",
	  plan_caps },
	{ NULL, NULL, NULL },
};

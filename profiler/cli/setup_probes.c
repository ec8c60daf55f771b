/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/cli/cli.h"

#define UNIT "edgeprof-probes.service"
#define UNITS "/etc/systemd/system"

/* The plan's own state is told by ep_setup_publish(). */
static int probes_state(const struct ep_root *root,
			const struct ep_setup_act *a)
{
	(void)root;
	(void)a;
	return ep_uprobe_is_published() ? EP_SETUP_DONE : EP_SETUP_BEFORE;
}

static int probes_make(const struct ep_root *root, const struct ep_setup_act *a,
		       struct ep_err *err)
{
	(void)root;
	(void)a;
	return ep_err_set(err, -EINVAL, "nothing to publish");
}

static int probes_undo(const struct ep_root *root, const struct ep_setup_act *a,
		       struct ep_err *err)
{
	(void)root;
	(void)a;
	return ep_uprobe_unpublish(err);
}

static void probes_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "probes, told in %s", a->target);
}

const struct ep_setup_ops ep_setup_probes = {
	.name = "probes",
	.state = probes_state,
	.make = probes_make,
	.undo = probes_undo,
	.tell = probes_tell,
};

int ep_setup_publish(struct ep_setup *s, bool look, struct ep_err *err)
{
	return ep_uprobe_publish(s->wanted, s->wanted_count, look, err);
}

/* "UID PATH": who may own it besides root. */
static const char *list_text(struct ep_setup *s)
{
	struct ep_buf b;
	char *text;
	int r;

	ep_buf_init(&b, 65536);
	r = ep_buf_adds(&b, "");
	for (size_t i = 0; r == 0 && i < s->wanted_count; i++)
		r = ep_buf_addf(&b, "%u %s\n", (unsigned)s->owners[i],
				s->wanted[i].path);
	text = r == 0 ? ep_setup_keep(s, "%s", b.data) : NULL;
	ep_buf_done(&b);
	return text;
}

/* The events are gone after a reboot, so a service sets them again; never with
 * a program that others than root may exchange. */
static void plan_boot(struct ep_setup *s)
{
	char path[EP_SETUP_TEXT_BYTES];
	struct ep_setup_act *a;
	const char *unit;

	if (ep_root_exists(&s->env.root, UNITS) < 0) {
		ep_setup_note(s, "no systemd here: run sudo edgeprof setup "
				 "again after every reboot");
		return;
	}
	if (ep_setup_own_program(path, sizeof(path)) < 0 ||
	    !ep_setup_is_safe(path) || strpbrk(path, " \"'\\%$")) {
		ep_setup_note(s,
			      "edgeprof is not installed in a folder of root's "
			      "(sudo make install), so it is not started at "
			      "boot: run sudo edgeprof setup again after every "
			      "reboot");
		return;
	}
	unit = ep_setup_keep(
		s,
		"# Made by edgeprof setup; edgeprof setup --undo removes it.\n"
		"[Unit]\n"
		"Description=Probes of edgeprof for ordinary users\n"
		"After=local-fs.target\n\n"
		"[Service]\n"
		"Type=oneshot\n"
		"ExecStart=%s setup --at-boot\n\n"
		"[Install]\n"
		"WantedBy=multi-user.target\n",
		path);
	ep_setup_add_file(s, UNITS "/" UNIT, unit);
	ep_setup_add_folders(s, UNITS "/multi-user.target.wants/" UNIT);
	a = ep_setup_add(s, &ep_setup_link,
			 UNITS "/multi-user.target.wants/" UNIT);
	if (a)
		(void)ep_str_copy(a->after, sizeof(a->after), "../" UNIT);
}

int ep_setup_plan_probes(struct ep_setup *s, struct ep_err *err)
{
	int r;

	if (ep_root_redirected(&s->env.root)) {
		ep_setup_note(s,
			      "EDGEPROF_ROOT is set: the kernel's probes are "
			      "not touched");
		return 0;
	}
	r = ep_setup_libraries(s, true, err);
	if (r < 0)
		return r;
	if (s->wanted_count == 0) {
		ep_setup_note(s,
			      "no libllama found: name it with --lib FILE (a "
			      "library, or a program that has it inside)");
		return 0;
	}
	for (size_t i = 0; i < s->wanted_count; i++)
		ep_setup_note(s, "%s: %zu places", s->wanted[i].path,
			      s->wanted[i].point_count);
	(void)ep_setup_add(s, &ep_setup_probes, EP_UPROBE_PUBLISHED);
	ep_setup_add_file(s, EP_UPROBE_WANTED, list_text(s));
	plan_boot(s);
	return 0;
}

int ep_setup_at_boot(struct ep_setup *s)
{
	struct ep_err err = { 0 };
	int r = ep_setup_libraries(s, false, &err);

	for (char *n = s->notes[s->step]; n && *n;) {
		char *end = strchr(n, '\n');

		if (end)
			*end = '\0';
		ep_setup_complain(n);
		n = end ? end + 1 : NULL;
	}
	if (r == 0 && s->wanted_count > 0)
		r = ep_setup_publish(s, false, &err);
	if (r < 0)
		ep_setup_complain(err.text);
	return r < 0 ? EP_EXIT_NO : EP_EXIT_OK;
}

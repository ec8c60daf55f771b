/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "drivers/account.h"
#include "drivers/nodes.h"
#include "drivers/proc_list.h"
#include "drivers/setup.h"

#define NODES_MAX 32
#define PROCESSES_MAX 8192
#define MAILBOX "vcio"

/* Kinds of device nodes, and what is lost without them. */
static const struct kind {
	const char *prefix;
	bool numbered;
	const char *group; /* where the node names none that helps */
	const char *cost;
	bool later; /* nothing reads it yet, or not on most boards */
} kinds[] = {
	{ "vcio_gencmd", false, "video",
	  "power, alarms and clocks of a Raspberry Pi", false },
	{ "vcio", false, "video", "power, alarms and clocks of a Raspberry Pi",
	  false },
	{ "rfcomm", true, "dialout", "the Bluetooth meter behind it", false },
	{ "ttyACM", true, "dialout", "the USB meter behind it", false },
	{ "ttyUSB", true, "dialout", "the serial meter behind it", false },
	{ "i2c-", true, "i2c", "nothing, unless a meter hangs on that bus",
	  true },
	{ "gpiochip", true, "gpio",
	  "nothing, unless pulses or marks come in by a pin", true },
	{ "dri/renderD", true, "render",
	  "programs that compute on the graphics unit", true },
	{ "nvidia", true, "video", "NVIDIA's power and energy", false },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* setup adds the user to these groups, and gives such nodes to one of them. */
static bool setup_helps(const struct kind *kind, const char *group)
{
	static const char *const groups[] = { "dialout", "video", "render",
					      "i2c",	 "gpio",  "edgeprof" };

	for (const struct ep_setup_node *n = ep_setup_nodes; n->prefix; n++)
		if (strcmp(n->prefix, kind->prefix) == 0)
			return true;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(groups[i], group) == 0)
			return true;
	return false;
}

/* Of one kind; node is the first of them, names are all. */
static void say_refused(struct ep_doctor *d, const struct kind *kind,
			const struct ep_node *node, const char *names)
{
	char group[64] = "";

	if (node->group_may && node->gid != 0)
		ep_account_group(node->gid, group, sizeof(group));
	ep_doctor_say(d, kind->later ? EP_FINDING_NOTE : EP_FINDING_MISSING,
		      "devices", "permission denied: %s%s%s", names,
		      group[0] ? "; open to group " : "", group);
	ep_doctor_cost("%s", kind->cost);
	if (group[0] && !ep_account_in_group(node->gid) &&
	    ep_account_joins_group(node->gid)) {
		ep_doctor_note("you are in group %s, but were not when you "
			       "logged in: log in again",
			       group);
		return;
	}
	if (setup_helps(kind, group)) {
		ep_doctor_fix("sudo edgeprof setup");
		ep_doctor_note("then log in again");
		return;
	}
	if (group[0] && !ep_account_in_group(node->gid)) {
		ep_doctor_fix("sudo usermod -aG %s \"$USER\"", group);
		ep_doctor_note("then log in again");
		return;
	}
	ep_doctor_fix("sudo usermod -aG %s \"$USER\"", kind->group);
	ep_doctor_step("sudo chgrp %s %s", kind->group, names);
	ep_doctor_step("sudo chmod g+rw %s", names);
	ep_doctor_note("then log in again; the last two hold until the next "
		       "start, a udev rule stays");
}

static void add_name(char *list, size_t size, const char *between,
		     const char *name)
{
	size_t len = strlen(list);

	(void)ep_str_format(list + len, size - len, "%s%s", len ? between : "",
			    name);
}

/* Either mailbox does. */
static bool has_mailbox(const struct ep_doctor *d)
{
	struct ep_node node;

	for (size_t k = 0; k < KIND_COUNT; k++)
		if (ep_str_starts(kinds[k].prefix, MAILBOX) &&
		    ep_nodes_list(&d->env.root, kinds[k].prefix, false, &node,
				  1) > 0 &&
		    node.usable)
			return true;
	return false;
}

void ep_doctor_nodes(struct ep_doctor *d)
{
	struct ep_node *nodes = calloc(NODES_MAX, sizeof(*nodes));
	char good[300] = "", bad[600];
	bool mailbox = has_mailbox(d), refused = false;

	for (size_t k = 0; nodes && k < KIND_COUNT; k++) {
		int n = ep_nodes_list(&d->env.root, kinds[k].prefix,
				      kinds[k].numbered, nodes, NODES_MAX);
		const struct ep_node *first = NULL;

		bad[0] = '\0';
		for (int i = 0; i < n; i++) {
			if (nodes[i].usable) {
				add_name(good, sizeof(good), ", ",
					 nodes[i].name);
			} else if (!mailbox ||
				   !ep_str_starts(nodes[i].name, MAILBOX)) {
				first = first ? first : &nodes[i];
				add_name(bad, sizeof(bad), " ", nodes[i].path);
			}
		}
		if (first)
			say_refused(d, &kinds[k], first, bad);
		refused |= first != NULL;
	}
	free(nodes);
	if (good[0])
		ep_doctor_say(d, EP_FINDING_OK, "devices", "usable: %s", good);
	else if (!refused)
		ep_doctor_say(d, EP_FINDING_OK, "devices",
			      "none that a meter could hang on");
}

static bool runs(const char *name)
{
	struct ep_proc_id *all = calloc(PROCESSES_MAX, sizeof(*all));
	int n = all ? ep_proc_descendants(1, true, all, PROCESSES_MAX) : 0;
	bool found = false;

	for (int i = 0; i < n; i++)
		found |= strcmp(all[i].name, name) == 0;
	free(all);
	return found;
}

static void say_port(struct ep_doctor *d, const struct ep_node *node)
{
	char ids[16];

	ep_node_usb_ids(&d->env.root, node, ids, sizeof(ids));
	/* STMicroelectronics' virtual port: many other devices have it too. */
	if (strcmp(ids, "0483:5740") == 0) {
		ep_doctor_say(d, EP_FINDING_OK, "serial",
			      "%s may be a TC66 or TC66C:", node->path);
		ep_doctor_step("edgeprof run --sensor tc66c:%s -- ./infer",
			       node->path);
	} else if (strcmp(ids, "1915:c00a") == 0) {
		ep_doctor_say(d, EP_FINDING_OK, "serial",
			      "%s is a Nordic PPK2:", node->path);
		ep_doctor_step("edgeprof run --sensor ppk2:%s -- ./infer",
			       node->path);
	} else {
		ep_doctor_say(d, EP_FINDING_OK, "serial", "%s%s%s%s",
			      node->path, ids[0] ? " (USB " : "", ids,
			      ids[0] ? ")" : "");
	}
}

void ep_doctor_serial(struct ep_doctor *d)
{
	static const char *const prefixes[] = { "ttyACM", "ttyUSB" };
	struct ep_node nodes[NODES_MAX];
	int found = 0;

	for (size_t p = 0; p < 2; p++) {
		int n = ep_nodes_list(&d->env.root, prefixes[p], true, nodes,
				      NODES_MAX);

		for (int i = 0; i < n; i++)
			if (nodes[i].usable)
				say_port(d, &nodes[i]);
		found += n;
	}
	if (found == 0 || !runs("ModemManager"))
		return;
	ep_doctor_say(d, EP_FINDING_NOTE, "serial",
		      "ModemManager opens new ports for some seconds: a meter "
		      "just plugged in is in use until then; where no modem is "
		      "needed:");
	ep_doctor_fix("sudo systemctl mask --now ModemManager");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/hwmon.h"
#include "drivers/nodes.h"
#include "sensors/fnirsi_port.h"
#include "sensors/powerz_parts.h"

#define NODES_MAX 64
#define CHIPS_MAX 8

static bool is_usable(const struct ep_node *nodes, int count, const char *path)
{
	for (int i = 0; i < count; i++)
		if (strcmp(nodes[i].path, path) == 0)
			return nodes[i].usable;
	return false;
}

static void fix_by_group(const char *subsystem, const char *attribute,
			 uint16_t vendor, const char *file)
{
	ep_doctor_cost("the power it measures");
	ep_doctor_fix("echo 'SUBSYSTEM==\"%s\", %s{idVendor}==\"%04x\", "
		      "GROUP=\"plugdev\", MODE=\"0660\"' | sudo tee "
		      "/etc/udev/rules.d/%s",
		      subsystem, attribute, vendor, file);
	ep_doctor_step("sudo udevadm control --reload && sudo udevadm trigger");
	ep_doctor_step("sudo usermod -aG plugdev \"$USER\"");
	ep_doctor_note("then log in again");
}

static void say_fnirsi(struct ep_doctor *d, const struct ep_hidraw_node *hid,
		       bool usable)
{
	const struct ep_fnirsi_model *model =
		ep_fnirsi_model_of(hid->vendor, hid->product);

	if (!model)
		return;
	if (usable) {
		ep_doctor_say(d, EP_FINDING_OK, "meter",
			      "%s is a %s:", hid->path, model->title);
		ep_doctor_step("edgeprof run --sensor fnirsi:%s -- ./infer",
			       hid->path);
		return;
	}
	ep_doctor_say(d, EP_FINDING_MISSING, "meter",
		      "%s is a %s: permission denied", hid->path, model->title);
	fix_by_group("hidraw", "ATTRS", hid->vendor, "70-fnirsi.rules");
}

static void say_powerz(struct ep_doctor *d)
{
	struct ep_hwmon_chip chips[CHIPS_MAX];
	struct ep_usb_interface found[EP_POWERZ_METERS_MAX];
	const struct ep_usb_interface *denied = NULL;
	int n = ep_hwmon_chips(&d->env.root, "powerz", chips, CHIPS_MAX);

	if (n <= 0) {
		n = ep_powerz_usb_list(&d->env.root, "*", 0, found);
		for (int i = 0; i < n; i++)
			denied = found[i].usable ? denied : &found[i];
	}
	if (n <= 0)
		return;
	if (denied) {
		ep_doctor_say(d, EP_FINDING_MISSING, "meter",
			      "%s is a POWER-Z: permission denied",
			      denied->node);
		fix_by_group("usb", "ATTR", denied->vendor, "70-powerz.rules");
		return;
	}
	ep_doctor_say(d, EP_FINDING_OK, "meter", "a POWER-Z is plugged in:");
	ep_doctor_step("edgeprof run --sensor powerz -- ./infer");
}

void ep_doctor_testers(struct ep_doctor *d)
{
	struct ep_hidraw_node *hid = calloc(NODES_MAX, sizeof(*hid));
	struct ep_node *nodes = calloc(NODES_MAX, sizeof(*nodes));
	int n = 0, count = 0;

	if (hid && nodes) {
		n = ep_hidraw_list(&d->env.root, hid, NODES_MAX);
		count = ep_nodes_list(&d->env.root, "hidraw", true, nodes,
				      NODES_MAX);
	}
	for (int i = 0; i < n; i++)
		say_fnirsi(d, &hid[i], is_usable(nodes, count, hid[i].path));
	free(hid);
	free(nodes);
	say_powerz(d);
}

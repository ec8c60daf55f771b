/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/tool.h"
#include "drivers/bluetooth.h"
#include "drivers/nodes.h"

#define DEVICES_MAX 32
#define PORTS_MAX 16
#define EXAMPLE "00:15:A6:01:AA:21"

static const char *const bluetoothctl[] = { "/usr/bin/bluetoothctl",
					    "/bin/bluetoothctl", NULL };
static const char *const rfcomm[] = { "/usr/bin/rfcomm", "/bin/rfcomm",
				      "/usr/sbin/rfcomm", NULL };

/* Ports, and to whom they are bound. */
struct ports {
	struct ep_node nodes[PORTS_MAX];
	char addresses[PORTS_MAX][EP_BLUETOOTH_ADDRESS_BYTES];
	int count;
};

static void find_ports(const struct ep_doctor *d, struct ports *ports)
{
	ports->count = ep_nodes_list(&d->env.root, "rfcomm", true, ports->nodes,
				     PORTS_MAX);
	for (int i = 0; i < ports->count; i++)
		ep_bluetooth_port(&d->env.root, ports->nodes[i].name,
				  ports->addresses[i],
				  sizeof(ports->addresses[i]));
}

/* The first number from number on that no port has. */
static int free_number(const struct ports *ports, int number)
{
	char name[16];

	for (int i = 0; i < ports->count; i++) {
		(void)ep_str_format(name, sizeof(name), "rfcomm%d", number);
		if (strcmp(name, ports->nodes[i].name) == 0) {
			number++;
			i = -1;
		}
	}
	return number;
}

/* "um25c" for "UM25C"; NULL for other devices. */
static const char *sensor_of(const char *name)
{
	static const char *const models[] = { "um24c", "um25c", "um34c" };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (strcasecmp(name, models[i]) == 0)
			return models[i];
	return NULL;
}

static void say_tools(struct ep_doctor *d)
{
	const char *missing = !ep_tool_find(&d->env.root, bluetoothctl)
				      ? "bluetoothctl"
			      : !ep_tool_find(&d->env.root, rfcomm) ? "rfcomm"
								    : NULL;

	if (!missing)
		return;
	ep_doctor_say(d, EP_FINDING_NOTE, "Bluetooth", "%s is not installed",
		      missing);
	ep_doctor_cost("the meters UM24C, UM25C and UM34C");
	ep_doctor_fix("sudo apt install bluez");
	ep_doctor_note("(Fedora keeps rfcomm in bluez-deprecated)");
}

static void say_pairing(const char *address)
{
	ep_doctor_note("switch the meter's Bluetooth on, then:");
	ep_doctor_step("bluetoothctl");
	ep_doctor_step("    power on");
	ep_doctor_step("    scan on       (until: Device %s UM25C)", address);
	ep_doctor_step("    pair %s       (PIN 1234)", address);
	ep_doctor_step("    trust %s", address);
	ep_doctor_step("    quit");
	ep_doctor_step("sudo rfcomm bind 0 %s", address);
	ep_doctor_step("edgeprof run --sensor um25c:/dev/rfcomm0 -- ./infer");
}

/* number: of the next free port. */
static void say_meter(struct ep_doctor *d, const struct ports *ports,
		      const struct ep_bluetooth_device *meter, int *number)
{
	const char *sensor = sensor_of(meter->name);

	for (int i = 0; i < ports->count; i++)
		if (strcasecmp(ports->addresses[i], meter->address) == 0) {
			ep_doctor_say(d, EP_FINDING_OK, "Bluetooth",
				      "%s %s is at %s:", meter->name,
				      meter->address, ports->nodes[i].path);
			ep_doctor_step("edgeprof run --sensor %s:%s -- ./infer",
				       sensor, ports->nodes[i].path);
			return;
		}
	ep_doctor_say(d, EP_FINDING_MISSING, "Bluetooth",
		      "%s %s is paired but has no port", meter->name,
		      meter->address);
	ep_doctor_cost("that meter");
	*number = free_number(ports, *number);
	ep_doctor_fix("sudo rfcomm bind %d %s", *number, meter->address);
	ep_doctor_step("edgeprof run --sensor %s:/dev/rfcomm%d -- ./infer",
		       sensor, (*number)++);
	ep_doctor_note("the port is gone after a restart, unless a unit file "
		       "binds it again");
}

/* The count of meters among the paired devices. */
static size_t say_meters(struct ep_doctor *d, const struct ports *ports,
			 const struct ep_bluetooth_device *devices, int count)
{
	size_t meters = 0;
	int number = 0;

	for (int i = 0; i < count; i++)
		if (sensor_of(devices[i].name)) {
			say_meter(d, ports, &devices[i], &number);
			meters++;
		}
	return meters;
}

/* Without root the addresses come from the ports alone. */
static void say_ports(struct ep_doctor *d, const struct ports *ports)
{
	for (int i = 0; i < ports->count; i++)
		ep_doctor_say(d, EP_FINDING_OK, "Bluetooth", "%s is bound%s%s",
			      ports->nodes[i].path,
			      ports->addresses[i][0] ? " to " : "",
			      ports->addresses[i]);
}

void ep_doctor_bluetooth(struct ep_doctor *d)
{
	struct ep_bluetooth_device devices[DEVICES_MAX];
	struct ports ports;
	int n;

	find_ports(d, &ports);
	if (ep_bluetooth_controllers(&d->env.root) == 0 && ports.count == 0) {
		ep_doctor_say(d, EP_FINDING_OK, "Bluetooth",
			      "no controller; only the meters UM24C, UM25C and "
			      "UM34C need one");
		return;
	}
	say_tools(d);
	n = ep_bluetooth_paired(&d->env.root, devices, DEVICES_MAX);
	if (n > 0 && say_meters(d, &ports, devices, n) > 0)
		return;
	say_ports(d, &ports);
	if (ports.count > 0)
		return;
	if (n == -EACCES || n == -EPERM) {
		ep_doctor_say(d, EP_FINDING_NOTE, "Bluetooth",
			      "which meters are paired is for root to see");
		ep_doctor_step("sudo edgeprof doctor");
		return;
	}
	ep_doctor_say(d, EP_FINDING_OK, "Bluetooth",
		      "no UM24C, UM25C or UM34C is paired; to use one:");
	say_pairing(EXAMPLE);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * i2c [OPTION...] -- COMMAND...: runs a command on a machine with an I2C bus on
 * which power monitors are, through umockdev.
 *
 *   --chip NAME@ADDRESS[:SHUNT]   ina_sim.h; 0.015; several
 *   --register ADDRESS:REGISTER:VALUE   as someone left it
 *   --before J:C       what they have counted before
 *   --profile TEXT     what they measure (support/profile.h); constant 5
 *   --volts V          5
 *   --bus N            1
 *   --khz N            clock of the bus; without it transfers take no time
 *   --way together|single|smbus|words|bytes   what the adapter can; together;
 *                      bytes: of a block the first of each register
 *   --owner ADDRESS    a kernel driver, ina2xx, is bound
 *   --epoch-file FILE  where time 0 of profile and faults is written
 *   --dump FILE        all registers that are not 0, at the end
 *   --count FILE       transfers, at the end
 *   --fault KIND:FROM_S:FOR_S   nack stuck wrong gone, reset (at FROM_S)
 *
 * 77: umockdev is not there.
 */
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/sim/support/i2c_bus.h"
#include "tests/sim/support/testbed.h"

#if __has_include(<umockdev.h>)
#include <umockdev.h>

#define MESSAGES_MAX 42
/* Until the kernel gives up on a line that is held down. */
#define STUCK_NS 100000000LL

static struct i2c_bus bus;
static long long epoch_ns;

static double now_s(void)
{
	return (double)(ep_clock_monotonic_ns() - epoch_ns) * 1e-9;
}

/* 0, or an errno: the fault that the bus has now. */
static int trouble(double t_s)
{
	if (i2c_bus_has(&bus, I2C_GONE, t_s))
		return ENODEV;
	if (i2c_bus_has(&bus, I2C_NACK, t_s))
		return EREMOTEIO;
	if (!i2c_bus_has(&bus, I2C_STUCK, t_s))
		return 0;
	ep_clock_sleep_until(ep_clock_monotonic_ns() + STUCK_NS);
	return ETIMEDOUT;
}

static int one_message(UMockdevIoctlData *list, const struct i2c_msg *m,
		       size_t index, struct i2c_turn *turn)
{
	UMockdevIoctlData *buffer = umockdev_ioctl_data_resolve(
		list, index * sizeof(*m) + offsetof(struct i2c_msg, buf),
		m->len, NULL);
	uint8_t bytes[64];
	int error;

	if (!buffer || m->len > sizeof(bytes))
		return EFAULT;
	memcpy(bytes, buffer->data, m->len);
	error = i2c_bus_message(&bus, m, bytes, turn);
	if (error == 0 && m->flags & I2C_M_RD)
		umockdev_ioctl_data_update(buffer, 0, bytes, m->len);
	umockdev_ioctl_data_unref(buffer);
	return error;
}

static int transfer(UMockdevIoctlData *arg, struct i2c_turn *turn)
{
	UMockdevIoctlData *rdwr, *list;
	struct i2c_rdwr_ioctl_data data;
	struct i2c_msg messages[MESSAGES_MAX];
	size_t bytes;
	int error = 0;

	rdwr = umockdev_ioctl_data_resolve(arg, 0, sizeof(data), NULL);
	if (!rdwr)
		return EFAULT;
	memcpy(&data, rdwr->data, sizeof(data));
	if (data.nmsgs > MESSAGES_MAX)
		return EINVAL;
	if (strcmp(bus.way, "single") == 0 && data.nmsgs > 2)
		return EOPNOTSUPP;
	bytes = data.nmsgs * sizeof(messages[0]);
	list = umockdev_ioctl_data_resolve(
		rdwr, offsetof(struct i2c_rdwr_ioctl_data, msgs), bytes, NULL);
	if (!list)
		return EFAULT;
	memcpy(messages, list->data, bytes);
	for (uint32_t i = 0; error == 0 && i < data.nmsgs; i++)
		error = one_message(list, &messages[i], i, turn);
	umockdev_ioctl_data_unref(list);
	umockdev_ioctl_data_unref(rdwr);
	return error;
}

static int smbus(UMockdevIoctlData *arg, int address, struct i2c_turn *turn)
{
	UMockdevIoctlData *outer, *inner;
	struct i2c_smbus_ioctl_data args;
	union i2c_smbus_data data;
	int error;

	outer = umockdev_ioctl_data_resolve(arg, 0, sizeof(args), NULL);
	if (!outer)
		return EFAULT;
	memcpy(&args, outer->data, sizeof(args));
	inner = umockdev_ioctl_data_resolve(
		outer, offsetof(struct i2c_smbus_ioctl_data, data),
		sizeof(data), NULL);
	if (!inner)
		return EFAULT;
	memcpy(&data, inner->data, sizeof(data));
	error = i2c_bus_smbus(&bus, address, &args, &data, turn);
	if (error == 0)
		umockdev_ioctl_data_update(inner, 0, (guint8 *)&data,
					   (gint)sizeof(data));
	umockdev_ioctl_data_unref(inner);
	umockdev_ioctl_data_unref(outer);
	return error;
}

static int functions(UMockdevIoctlData *arg)
{
	unsigned long bits = i2c_bus_functions(&bus);
	UMockdevIoctlData *data =
		umockdev_ioctl_data_resolve(arg, 0, sizeof(bits), NULL);

	if (!data)
		return EFAULT;
	umockdev_ioctl_data_update(data, 0, (guint8 *)&bits,
				   (gint)sizeof(bits));
	umockdev_ioctl_data_unref(data);
	return 0;
}

static int choose(UMockdevIoctlClient *client, UMockdevIoctlData *arg)
{
	unsigned long address;

	memcpy(&address, arg->data, sizeof(address));
	if (i2c_bus_is_owned(&bus, (int)address))
		return EBUSY;
	g_object_set_data(G_OBJECT(client), "address",
			  GINT_TO_POINTER((int)address));
	return 0;
}

static int answer(UMockdevIoctlClient *client, struct i2c_turn *turn)
{
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
	int address =
		GPOINTER_TO_INT(g_object_get_data(G_OBJECT(client), "address"));

	switch (umockdev_ioctl_client_get_request(client)) {
	case I2C_SLAVE:
		return choose(client, arg);
	case I2C_FUNCS:
		return functions(arg);
	case I2C_RDWR:
		return transfer(arg, turn);
	case I2C_SMBUS:
		return smbus(arg, address, turn);
	default:
		return ENOTTY;
	}
}

/* One transfer at a time, as on the wires. */
static gboolean on_ioctl(UMockdevIoctlBase *handler,
			 UMockdevIoctlClient *client, gpointer ctx)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned long request = umockdev_ioctl_client_get_request(client);
	bool moves = request == I2C_RDWR || request == I2C_SMBUS;
	long long begin_ns = ep_clock_monotonic_ns();
	struct i2c_turn turn;
	int error;

	(void)handler;
	(void)ctx;
	pthread_mutex_lock(&lock);
	turn = (struct i2c_turn){ .t_s = now_s() };
	i2c_bus_pass(&bus, turn.t_s);
	error = moves ? trouble(turn.t_s) : 0;
	if (error == 0)
		error = answer(client, &turn);
	bus.transfer_count += turn.bits > 0;
	if (bus.khz > 0 && turn.bits > 0)
		ep_clock_sleep_until(begin_ns + (long long)((double)turn.bits *
							    1e6 / bus.khz));
	pthread_mutex_unlock(&lock);
	umockdev_ioctl_client_complete(client, error ? -1 : 0, error);
	return TRUE;
}

static void add_bus(UMockdevTestbed *bed)
{
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	char text[256], path[64];
	GError *error = NULL;

	(void)snprintf(text, sizeof(text),
		       "P: /devices/platform/i2c-%d/i2c-dev/i2c-%d\n"
		       "N: i2c-%d\nE: DEVNAME=/dev/i2c-%d\n"
		       "E: SUBSYSTEM=i2c-dev\n\n",
		       bus.number, bus.number, bus.number, bus.number);
	(void)snprintf(path, sizeof(path), "/dev/i2c-%d", bus.number);
	if (!umockdev_testbed_add_from_string(bed, text, &error))
		testbed_fail(path, error->message);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	if (!umockdev_testbed_attach_ioctl(bed, path, handler, &error))
		testbed_fail(path, error->message);
}

static void bind_driver(const char *root, int address)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/sys/bus/i2c/devices/%d-%04x",
		       root, bus.number, (unsigned)address);
	if (g_mkdir_with_parents(path, 0755) < 0)
		testbed_fail(path, strerror(errno));
	(void)snprintf(path, sizeof(path),
		       "%s/sys/bus/i2c/devices/%d-%04x/driver", root,
		       bus.number, (unsigned)address);
	if (symlink("../../drivers/ina2xx", path) < 0)
		testbed_fail(path, strerror(errno));
}

/* The adapter is unplugged, and back. */
static void show_bus(void *root)
{
	const int gone = i2c_bus_has(&bus, I2C_GONE, now_s());
	static int is_gone;
	char at[2][512];

	if (gone == is_gone)
		return;
	is_gone = gone;
	(void)snprintf(at[0], sizeof(at[0]), "%s/dev/i2c-%d", (char *)root,
		       bus.number);
	(void)snprintf(at[1], sizeof(at[1]), "%s/dev/gone-%d", (char *)root,
		       bus.number);
	(void)rename(at[!gone], at[gone]);
}

int main(int argc, char **argv)
{
	UMockdevTestbed *bed;
	gchar *root;
	int status;

	testbed_preload(argv);
	epoch_ns = ep_clock_monotonic_ns();
	if (i2c_bus_parse(&bus, argc, argv) < 0) {
		fputs("usage: i2c [OPTION...] -- COMMAND...\n", stderr);
		return 2;
	}
	testbed_write_epoch(bus.epoch_file, epoch_ns);
	bed = umockdev_testbed_new();
	root = umockdev_testbed_get_root_dir(bed);
	if (!testbed_is_there())
		return NO_UMOCKDEV;
	add_bus(bed);
	for (int i = 0; i < bus.chip_count; i++)
		if (bus.chips[i].is_owned)
			bind_driver(root, bus.chips[i].address);
	status = testbed_run(argv + optind, show_bus, root, 2000000);
	if (i2c_bus_write_files(&bus) < 0)
		status = 2;
	g_free(root);
	g_object_unref(bed);
	return status;
}
#else
int main(void)
{
	fputs("i2c: built without umockdev\n", stderr);
	return NO_UMOCKDEV;
}
#endif

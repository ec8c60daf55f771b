/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcio [OPTION...] -- COMMAND...: runs a command on a machine that looks like a
 * Raspberry Pi, with a firmware that answers /dev/vcio_gencmd and /dev/vcio
 * through umockdev.
 *
 *   --profile TEXT       power of all rails (support/profile.h); constant 3
 *   --epoch NS           its time 0; without it the simulator's start
 *   --epoch-file FILE    where that is written
 *   --tree DIR           its /sys and /proc (see make_tree); default: none
 *   --nodes gencmd|vcio|both|none
 *   --deny               only root may open the nodes
 *   --cost-full US, --cost-single US   what a call takes
 *   --refresh MS         how often the converter makes new values
 *   --exact              values are not rounded to its counts
 *   --unpadded, --no-single, --pi4
 *   --fault KIND:FROM_S:FOR_S          support/firmware.h
 *
 * 77: umockdev is not there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/sim/support/firmware.h"
#include "tests/sim/support/testbed.h"
#include "tests/sim/support/tree.h"

#if __has_include(<umockdev.h>)
#include <umockdev.h>

#define IOCTL_PROPERTY _IOWR(100, 0, char *)
#define WORDS (4096 / 4 + 7)
#define TAG_GENCMD_RESULT 0x00030080u

static struct firmware firmware = { .profile = { .a = 3 } };
static long long epoch_ns;
static const char *tree, *epoch_file, *nodes = "both";
static int deny;

static double now_s(void)
{
	return (double)(ep_clock_monotonic_ns() - epoch_ns) * 1e-9;
}

/* One request at a time, as the firmware itself. */
static gboolean on_ioctl(UMockdevIoctlBase *handler,
			 UMockdevIoctlClient *client, gpointer ctx)
{
	long long begin_ns = ep_clock_monotonic_ns();
	double t_s = now_s();
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
	UMockdevIoctlData *buffer;
	uint32_t words[WORDS];
	char *text = (char *)&words[6];
	long long cost_ns;

	(void)handler;
	(void)ctx;
	if (umockdev_ioctl_client_get_request(client) != IOCTL_PROPERTY) {
		umockdev_ioctl_client_complete(client, -1, ENOTTY);
		return TRUE;
	}
	buffer = umockdev_ioctl_data_resolve(arg, 0, sizeof(words), NULL);
	if (!buffer) {
		umockdev_ioctl_client_complete(client, -1, EFAULT);
		return TRUE;
	}
	memcpy(words, buffer->data, sizeof(words));
	text[4095] = '\0';
	cost_ns = (long long)(firmware_cost_s(&firmware, text, t_s) * 1e9);
	if (words[0] != sizeof(words) || words[1] != 0 ||
	    words[2] != TAG_GENCMD_RESULT || words[3] != 4096) {
		words[1] = 0x80000001u;
	} else {
		char command[4096];

		memcpy(command, text, sizeof(command));
		memset(text, 0, 4096);
		firmware_answer(&firmware, command, t_s, text);
		words[1] = 0x80000000u;
		words[5] = strncmp(text, "error=2", 7) == 0 ? 2 : 0;
	}
	ep_clock_sleep_until(begin_ns + cost_ns);
	if (firmware_has(&firmware, FAULT_VANISH, t_s)) {
		umockdev_ioctl_client_complete(client, -1, ENODEV);
	} else if (firmware_has(&firmware, FAULT_EIO, t_s)) {
		umockdev_ioctl_client_complete(client, -1, EIO);
	} else {
		umockdev_ioctl_data_update(buffer, 0, (guint8 *)words,
					   (gint)sizeof(words));
		umockdev_ioctl_client_complete(client, 0, 0);
	}
	umockdev_ioctl_data_unref(buffer);
	return TRUE;
}

static void add_node(UMockdevTestbed *bed, const char *name)
{
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	char text[256], path[64];
	gchar *root = umockdev_testbed_get_root_dir(bed), *file;
	GError *error = NULL;

	(void)snprintf(text, sizeof(text),
		       "P: /devices/virtual/misc/%s\nN: %s\n"
		       "E: DEVNAME=/dev/%s\nE: SUBSYSTEM=misc\n\n",
		       name, name, name);
	(void)snprintf(path, sizeof(path), "/dev/%s", name);
	if (!umockdev_testbed_add_from_string(bed, text, &error))
		testbed_fail(path, error->message);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	if (!umockdev_testbed_attach_ioctl(bed, path, handler, &error))
		testbed_fail(path, error->message);
	file = g_strconcat(root, path, NULL);
	if (deny && chmod(file, 0) < 0)
		testbed_fail(file, strerror(errno));
	g_free(file);
	g_free(root);
}

/* The nodes go and come back under another name, as if unplugged. */
static void show_nodes(void *root)
{
	static const char *const names[] = { "vcio_gencmd", "vcio" };
	const int gone = firmware_has(&firmware, FAULT_VANISH, now_s());
	static int are_gone;
	char at[2][256];

	if (gone == are_gone)
		return;
	are_gone = gone;
	for (int i = 0; i < 2; i++) {
		(void)snprintf(at[0], sizeof(at[0]), "%s/dev/%s", (char *)root,
			       names[i]);
		(void)snprintf(at[1], sizeof(at[1]), "%s/dev/gone-%s",
			       (char *)root, names[i]);
		(void)rename(at[!gone], at[gone]);
	}
}

/* What DIR/PART holds, below the root of the testbed. */
static void take_tree(const char *root, const char *part)
{
	char from[512], to[512];
	struct dirent *entry;
	DIR *dir;
	int r = 0, folder;

	(void)snprintf(from, sizeof(from), "%s/%s", tree, part);
	(void)snprintf(to, sizeof(to), "%s/%s", root, part);
	(void)mkdir(to, 0755);
	dir = opendir(from);
	folder = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		testbed_fail(to, strerror(errno));
	while (dir && r == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		/* The testbed begins with an empty folder or two. */
		(void)unlinkat(folder, entry->d_name, AT_REMOVEDIR);
		r = tree_copy(dirfd(dir), entry->d_name, folder, entry->d_name);
	}
	if (r < 0)
		testbed_fail(from, strerror(-r));
	close(folder);
	if (dir)
		closedir(dir);
}

static int take_flag(int c)
{
	deny |= c == 'd';
	firmware.exact |= c == 'x';
	firmware.unpadded |= c == 'u';
	firmware.no_single |= c == 's';
	firmware.pi4 |= c == '4';
	return strchr("dxus4", c) ? 0 : -1;
}

static int parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "profile", 1, NULL, 'p' },	{ "epoch", 1, NULL, 'e' },
		{ "epoch-file", 1, NULL, 'E' }, { "tree", 1, NULL, 't' },
		{ "nodes", 1, NULL, 'n' },	{ "deny", 0, NULL, 'd' },
		{ "cost-full", 1, NULL, 'F' },	{ "cost-single", 1, NULL, 'S' },
		{ "refresh", 1, NULL, 'r' },	{ "exact", 0, NULL, 'x' },
		{ "unpadded", 0, NULL, 'u' },	{ "no-single", 0, NULL, 's' },
		{ "pi4", 0, NULL, '4' },	{ "fault", 1, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			bad |= profile_parse(optarg, &firmware.profile);
			break;
		case 'e':
			epoch_ns = strtoll(optarg, NULL, 10);
			break;
		case 'E':
			epoch_file = optarg;
			break;
		case 't':
			tree = optarg;
			break;
		case 'n':
			nodes = optarg;
			break;
		case 'F':
			firmware.full_s = strtod(optarg, NULL) * 1e-6;
			break;
		case 'S':
			firmware.single_s = strtod(optarg, NULL) * 1e-6;
			break;
		case 'r':
			firmware.refresh_s = strtod(optarg, NULL) * 1e-3;
			break;
		case 'f':
			bad |= firmware_add_fault(&firmware, optarg);
			break;
		default:
			bad |= take_flag(c);
		}
	}
	return bad || optind == argc ? -1 : 0;
}

int main(int argc, char **argv)
{
	UMockdevTestbed *bed;
	gchar *root;
	int status;

	testbed_preload(argv);
	epoch_ns = ep_clock_monotonic_ns();
	if (parse(argc, argv) < 0) {
		fputs("usage: vcio [OPTION...] -- COMMAND...\n", stderr);
		return 2;
	}
	testbed_write_epoch(epoch_file, epoch_ns);
	bed = umockdev_testbed_new();
	root = umockdev_testbed_get_root_dir(bed);
	if (!testbed_is_there())
		return NO_UMOCKDEV;
	if (tree) {
		take_tree(root, "sys");
		take_tree(root, "proc");
	}
	if (strcmp(nodes, "gencmd") == 0 || strcmp(nodes, "both") == 0)
		add_node(bed, "vcio_gencmd");
	if (strcmp(nodes, "vcio") == 0 || strcmp(nodes, "both") == 0)
		add_node(bed, "vcio");
	status = testbed_run(argv + optind, show_nodes, root, 2000000);
	g_free(root);
	g_object_unref(bed);
	return status;
}
#else
int main(void)
{
	fputs("vcio: built without umockdev\n", stderr);
	return NO_UMOCKDEV;
}
#endif

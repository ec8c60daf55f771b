/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/manifest_machine.h"

#include "drivers/firmware.h"
#include "drivers/host.h"
#include "drivers/vcio.h"

/* The firmware of a Raspberry Pi's VideoCore, which only its mailbox tells. */
static void ask_videocore(const struct ep_root *root, char *ret, size_t size)
{
	struct ep_err err = { 0 };
	struct ep_vcio v;
	const char *text = "";

	ret[0] = '\0';
	if (ep_vcio_open(&v, root, NULL, &err) < 0)
		return;
	if (ep_vcio_command(&v, "version", &text, &err) > 0)
		ep_firmware_parse_videocore(text, ret, size);
	ep_vcio_close(&v);
}

static void add_firmware(const struct ep_root *root, json_t *board)
{
	struct ep_firmware f;
	char videocore[200];
	const struct {
		const char *key, *text;
	} parts[] = {
		{ "bootloader", f.bootloader },
		{ "videocore", videocore },
		{ "l4t", f.l4t },
		{ "bios", f.bios },
	};
	json_t *o = json_object();

	ep_firmware_read(root, &f);
	ask_videocore(root, videocore, sizeof(videocore));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].text[0])
			json_object_set_new(o, parts[i].key,
					    json_string(parts[i].text));
	if (json_object_size(o) > 0) {
		json_object_set_new(board, "firmware", o);
		return;
	}
	json_decref(o);
	json_object_set_new(board, "firmware", json_null());
	json_object_set_new(board, "firmware_reason",
			    json_string("neither the device tree, the firmware "
					"mailbox, Jetson Linux nor DMI tells a "
					"version here"));
}

void ep_manifest_add_machine(const struct ep_root *root, json_t *board)
{
	char hash[EP_HOST_SERIAL_HASH_BYTES];

	if (ep_host_serial_hash(root, hash) == 0) {
		json_object_set_new(board, "serial_hash", json_string(hash));
	} else {
		json_object_set_new(board, "serial_hash", json_null());
		json_object_set_new(board, "serial_reason",
				    json_string("neither the device tree nor "
						"DMI (which only root may "
						"read) tells a serial number"));
	}
	add_firmware(root, board);
}

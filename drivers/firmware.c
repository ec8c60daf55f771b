/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/firmware.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define BOOTLOADER_DIR "/proc/device-tree/chosen/bootloader"
#define DMI_DIR "/sys/class/dmi/id"

/* A cell of the device tree: 32 bits, the highest first. */
static bool read_cell(const struct ep_root *root, const char *path,
		      uint32_t *ret)
{
	uint8_t b[4];
	int fd = ep_root_openat(root, path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, b, sizeof(b));

	if (fd >= 0)
		(void)close(fd);
	if (n != (ssize_t)sizeof(b))
		return false;
	*ret = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
	return true;
}

/* An empty file, and one that cannot be read, tell nothing. */
static void read_line(const struct ep_root *root, const char *path, char *ret,
		      size_t size)
{
	if (ep_root_read_text(root, path, ret, size) < 0)
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	ep_str_printable(ret);
}

static void add(char *to, size_t size, const char *text)
{
	size_t used = strlen(to);

	if (text[0])
		(void)ep_str_format(to + used, size - used, "%s%s",
				    used ? " " : "", text);
}

/* Boards of before the EEPROM (Raspberry Pi 3) have no such node. */
static void read_bootloader(const struct ep_root *root, char *ret, size_t size)
{
	char version[100], when[40] = "";
	uint32_t seconds = 0;
	struct tm utc;
	time_t t;

	read_line(root, BOOTLOADER_DIR "/version", version, sizeof(version));
	if (read_cell(root, BOOTLOADER_DIR "/build-timestamp", &seconds)) {
		t = (time_t)seconds;
		if (!gmtime_r(&t, &utc) ||
		    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc) ==
			    0)
			when[0] = '\0';
	}
	ret[0] = '\0';
	add(ret, size, when);
	add(ret, size, version);
}

static void read_bios(const struct ep_root *root, char *ret, size_t size)
{
	static const char *const names[] = { DMI_DIR "/bios_vendor",
					     DMI_DIR "/bios_version",
					     DMI_DIR "/bios_date" };
	char text[60];

	ret[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		read_line(root, names[i], text, sizeof(text));
		add(ret, size, text);
	}
}

void ep_firmware_parse_l4t(const char *text, char *ret, size_t size)
{
	static const char begin[] = "# R", revision[] = "REVISION: ";
	const char *at = strstr(text, revision);
	int64_t release = 0;
	int n;

	ret[0] = '\0';
	if (!ep_str_starts(text, begin) || !at ||
	    at > text + strcspn(text, "\n"))
		return;
	text += strlen(begin);
	at += strlen(revision);
	n = ep_num_scan_i64(text, strcspn(text, " \n"), &release);
	if (n > 0)
		(void)ep_str_format(ret, size, "%.*s.%.*s", n, text,
				    (int)strcspn(at, ",\n"), at);
	ep_str_printable(ret);
}

void ep_firmware_parse_videocore(const char *text, char *ret, size_t size)
{
	char line[160];

	ret[0] = '\0';
	while (*text) {
		size_t len = strcspn(text, "\n");

		(void)ep_str_format(line, sizeof(line), "%.*s", (int)len, text);
		ep_str_printable(ep_str_chomp(line));
		if (!ep_str_starts(line, "Copyright"))
			add(ret, size, line);
		text += len + (text[len] == '\n');
	}
}

void ep_firmware_read(const struct ep_root *root, struct ep_firmware *ret)
{
	char line[256];

	read_bootloader(root, ret->bootloader, sizeof(ret->bootloader));
	read_bios(root, ret->bios, sizeof(ret->bios));
	read_line(root, "/etc/nv_tegra_release", line, sizeof(line));
	ep_firmware_parse_l4t(line, ret->l4t, sizeof(ret->l4t));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_FIRMWARE_H
#define EP_TESTS_UNIT_SUPPORT_FIRMWARE_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/support_sensor.h"

/*
 * Stands in for the kernel's mailbox driver: defines ioctl(), which a program
 * finds before libc's, so this is for one file of a program and no other
 * driver.  An ordinary file is the node.
 */
#define FAKE_COMMANDS_MAX 64

static struct fake_firmware {
	/* What it answers to a command; NULL: a text without an end. */
	const char *(*answer)(const char *command);
	int error;	 /* errno of the call; 0: it answers */
	uint32_t state;	 /* of the reply; 0: success */
	uint32_t result; /* of the command */
	/* What calls take, on ep_rig_time_ns. */
	int64_t full_ns, single_ns;
	/* What it was asked; the count goes on beyond the list. */
	unsigned long request;
	uint32_t words[6];
	char commands[FAKE_COMMANDS_MAX][64];
	unsigned command_count;
} fake_firmware;

static inline void fake_firmware_reset(void)
{
	memset(&fake_firmware, 0, sizeof(fake_firmware));
}

static inline void fake_firmware_note(const char *command)
{
	unsigned n = fake_firmware.command_count++;

	if (n < FAKE_COMMANDS_MAX)
		(void)snprintf(fake_firmware.commands[n],
			       sizeof(fake_firmware.commands[n]), "%.60s",
			       command);
}

int ioctl(int fd, unsigned long request, ...);
int ioctl(int fd, unsigned long request, ...)
{
	char command[4096];
	const char *reply;
	uint32_t *words;
	va_list args;

	(void)fd;
	va_start(args, request);
	words = va_arg(args, uint32_t *);
	va_end(args);
	fake_firmware.request = request;
	memcpy(fake_firmware.words, words, sizeof(fake_firmware.words));
	memcpy(command, &words[6], sizeof(command));
	fake_firmware_note(command);
	ep_rig_time_ns += strchr(command, ' ') ? fake_firmware.single_ns
					       : fake_firmware.full_ns;
	if (fake_firmware.error) {
		errno = fake_firmware.error;
		return -1;
	}
	reply = fake_firmware.answer ? fake_firmware.answer(command) : "";
	memset(&words[6], 0, 4096);
	if (reply)
		memcpy(&words[6], reply, strlen(reply));
	else
		memset(&words[6], 'x', 4096);
	words[1] = fake_firmware.state ? fake_firmware.state : 0x80000000u;
	words[5] = fake_firmware.result;
	return 0;
}

/* A Pi 5 at rest: 2.28221 W. */
static const char fake_firmware_full[] =
	" 3V7_WL_SW_A current(0)=0.09466522A\n"
	"   3V3_SYS_A current(1)=0.08197812A\n"
	"   1V8_SYS_A current(2)=0.15029320A\n"
	"  DDR_VDD2_A current(3)=0.00390372A\n"
	"  DDR_VDDQ_A current(4)=0.00000000A\n"
	"   1V1_SYS_A current(5)=0.20299340A\n"
	"    0V8_SW_A current(6)=0.30546610A\n"
	"  VDD_CORE_A current(7)=1.11625000A\n"
	"   3V3_DAC_A current(17)=0.00000000A\n"
	"   3V3_ADC_A current(18)=0.00018315A\n"
	"   0V8_AON_A current(16)=0.00274725A\n"
	"      HDMI_A current(22)=0.01660560A\n"
	" 3V7_WL_SW_V volt(8)=3.62925200V\n"
	"   3V3_SYS_V volt(9)=3.31652900V\n"
	"   1V8_SYS_V volt(10)=1.79877700V\n"
	"  DDR_VDD2_V volt(11)=1.10146400V\n"
	"  DDR_VDDQ_V volt(12)=0.60622650V\n"
	"   1V1_SYS_V volt(13)=1.10402800V\n"
	"    0V8_SW_V volt(14)=0.79853400V\n"
	"  VDD_CORE_V volt(15)=0.74944980V\n"
	"   3V3_DAC_V volt(20)=3.31043600V\n"
	"   3V3_ADC_V volt(21)=3.31684600V\n"
	"   0V8_AON_V volt(19)=0.79794790V\n"
	"      HDMI_V volt(23)=5.10138000V\n"
	"     EXT5V_V volt(24)=5.08530000V\n"
	"      BATT_V volt(25)=0.00000000V\n";

/* The whole reply, or one line of it. */
static inline const char *fake_firmware_pi5(const char *command)
{
	static char line[64];
	const char *name = strchr(command, ' '), *at = fake_firmware_full;

	if (strcmp(command, "pmic_read_adc") == 0)
		return fake_firmware_full;
	if (!name || strncmp(command, "pmic_read_adc ", 14) != 0)
		return "error=1 error_msg=\"Command not registered\"";
	while ((at = strstr(at, name + 1)) != NULL &&
	       at[strlen(name + 1)] != ' ')
		at++;
	if (!at)
		return "error=2 error_msg=\"Invalid arguments\"";
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

#endif

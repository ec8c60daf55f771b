/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/rpi5_pmic_parts.h"

#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define LINE_BYTES 96
/* A 12-bit converter. */
#define CODE_MAX 4095
/* Values come in 1e-8 A and V. */
#define DECIMALS 9

/* The number in brackets is the channel of the converter; one count of it is
 * worked out from replies of three boards (they lie on it to 0.01 count). */
static const struct wire {
	int64_t index, lsb_n; /* nA, nV */
} wires[EP_PMIC_WIRES] = {
	{ 0, 975930 },	 { 1, 975930 },	 { 2, 975930 },	 { 3, 975930 },
	{ 4, 975930 },	 { 5, 975930 },	 { 6, 975930 },	 { 7, 8930000 },
	{ 17, 366300 },	 { 18, 61050 },	 { 16, 61050 },	 { 22, 488400 },
	{ 8, 927960 },	 { 9, 927960 },	 { 10, 488400 }, { 11, 488400 },
	{ 12, 366300 },	 { 13, 366300 }, { 14, 366300 }, { 15, 268620 },
	{ 20, 915750 },	 { 21, 915750 }, { 19, 293040 }, { 23, 1340000 },
	{ 24, 1340000 }, { 25, 854700 },
};

const char *const ep_pmic_wire_names[EP_PMIC_WIRES] = {
	"3V7_WL_SW_A", "3V3_SYS_A",  "1V8_SYS_A",   "DDR_VDD2_A", "DDR_VDDQ_A",
	"1V1_SYS_A",   "0V8_SW_A",   "VDD_CORE_A",  "3V3_DAC_A",  "3V3_ADC_A",
	"0V8_AON_A",   "HDMI_A",     "3V7_WL_SW_V", "3V3_SYS_V",  "1V8_SYS_V",
	"DDR_VDD2_V",  "DDR_VDDQ_V", "1V1_SYS_V",   "0V8_SW_V",	  "VDD_CORE_V",
	"3V3_DAC_V",   "3V3_ADC_V",  "0V8_AON_V",   "HDMI_V",	  "EXT5V_V",
	"BATT_V",
};

const char *const ep_pmic_rail_names[EP_PMIC_RAILS] = {
	"3v7_wl_sw", "3v3_sys",	 "1v8_sys", "ddr_vdd2", "ddr_vddq", "1v1_sys",
	"0v8_sw",    "vdd_core", "3v3_dac", "3v3_adc",	"0v8_aon",  "hdmi",
};

/* Accuracy is not published: only one count is stated. */
#define AMPS(slug, lsb_ua)                                       \
	{                                                        \
		.name = slug "_amps", .quantity = EP_CURRENT_UA, \
		.shape = EP_GAUGE, .resolution = (lsb_ua)        \
	}
#define VOLTS(slug, lsb_uv)                                       \
	{                                                         \
		.name = slug "_volts", .quantity = EP_VOLTAGE_UV, \
		.shape = EP_GAUGE, .resolution = (lsb_uv)         \
	}
const struct ep_channel ep_pmic_wires[EP_PMIC_WIRES] = {
	AMPS("3v7_wl_sw", 976),	 AMPS("3v3_sys", 976),	 AMPS("1v8_sys", 976),
	AMPS("ddr_vdd2", 976),	 AMPS("ddr_vddq", 976),	 AMPS("1v1_sys", 976),
	AMPS("0v8_sw", 976),	 AMPS("vdd_core", 8930), AMPS("3v3_dac", 366),
	AMPS("3v3_adc", 61),	 AMPS("0v8_aon", 61),	 AMPS("hdmi", 488),
	VOLTS("3v7_wl_sw", 928), VOLTS("3v3_sys", 928),	 VOLTS("1v8_sys", 488),
	VOLTS("ddr_vdd2", 488),	 VOLTS("ddr_vddq", 366), VOLTS("1v1_sys", 366),
	VOLTS("0v8_sw", 366),	 VOLTS("vdd_core", 269), VOLTS("3v3_dac", 916),
	VOLTS("3v3_adc", 916),	 VOLTS("0v8_aon", 293),	 VOLTS("hdmi", 1340),
	VOLTS("ext5v", 1340),	 VOLTS("batt", 855),
};

static bool is_amps(size_t wire)
{
	return wire < EP_PMIC_RAILS;
}

/* Cuts the next word off, white space around it; "" at the end. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	size_t len = strcspn(word, " \t");

	*at = word + len;
	if (word[len] != '\0')
		*(*at)++ = '\0';
	return word;
}

/* "current(7)=1.11625000A" */
static int parse_value(size_t wire, char *text, int64_t *ret)
{
	const char *kind = is_amps(wire) ? "current(" : "volt(";
	char *number = strstr(text, ")="), unit = is_amps(wire) ? 'A' : 'V';
	int64_t index, nano;
	size_t len;
	int r;

	if (!ep_str_starts(text, kind) || !number)
		return -1;
	*number = '\0';
	number += 2;
	r = ep_num_parse_i64(text + strlen(kind), &index);
	len = strlen(number);
	if (r < 0 || index != wires[wire].index || len < 2 ||
	    number[len - 1] != unit)
		return -1;
	number[len - 1] = '\0';
	r = ep_num_parse_scaled(number, DECIMALS, &nano);
	/* Twice the range leaves room for boards of another scale. */
	if (r < 0 || nano < 0 || nano > 2 * CODE_MAX * wires[wire].lsb_n)
		return -1;
	*ret = (nano + 500) / 1000;
	return 0;
}

static size_t find_wire(const char *name)
{
	size_t i = 0;

	while (i < EP_PMIC_WIRES && strcmp(name, ep_pmic_wire_names[i]) != 0)
		i++;
	return i;
}

static void parse_line(char *line, struct ep_pmic_reply *reply)
{
	size_t wire = find_wire(next_word(&line));
	char *value = next_word(&line);
	int64_t micro = 0;
	bool good;

	if (wire == EP_PMIC_WIRES)
		return;
	good = parse_value(wire, value, &micro) == 0 &&
	       next_word(&line)[0] == '\0' &&
	       reply->states[wire] == EP_PMIC_ABSENT;
	/* Said twice: nothing tells which one holds. */
	reply->states[wire] = good ? EP_PMIC_READ : EP_PMIC_ERROR;
	reply->values[wire] = good ? micro : 0;
}

/* One line into a text of its own; what is too long cannot be one of ours. */
static void take_line(const char *text, size_t len, struct ep_pmic_reply *reply)
{
	char line[LINE_BYTES];
	bool cut = len >= sizeof(line);

	if (cut)
		len = sizeof(line) - 1;
	while (len > 0 && text[len - 1] == '\r')
		len--;
	memcpy(line, text, len);
	line[len] = '\0';
	if (cut)
		line[len - 1] = '?';
	parse_line(line, reply);
}

size_t ep_pmic_parse(const char *text, size_t len, struct ep_pmic_reply *ret)
{
	const char *end = text + strnlen(text, len);

	memset(ret, 0, sizeof(*ret));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		take_line(text, (size_t)(stop - text), ret);
		text = newline ? newline + 1 : end;
	}
	for (size_t i = 0; i < EP_PMIC_WIRES; i++) {
		ret->read_count += ret->states[i] == EP_PMIC_READ;
		ret->error_count += ret->states[i] == EP_PMIC_ERROR;
	}
	return ret->read_count + ret->error_count;
}

bool ep_pmic_is_saturated(size_t wire, int64_t value)
{
	return value * 1000 >=
	       wires[wire].lsb_n * CODE_MAX - wires[wire].lsb_n / 2;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/scpi_peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MAINS_S 0.02
#define LATE_NS (3 * EP_NS_PER_S)

static const char *const fault_names[SCPI_FAULT_COUNT] = {
	"silence", "half",  "late",   "text",	  "overload", "turned",
	"off",	   "queue", "hangup", "identity", "twice",
};
static const char *const kind_names[SCPI_KIND_COUNT] = { "dmm", "psu", "smu" };

void scpi_peer_init(struct scpi_peer *p)
{
	memset(p, 0, sizeof(*p));
	(void)profile_parse("constant 5", &p->profile);
	p->volts = p->programmed = 5.1;
	p->output = true;
	p->digits = -1;
	p->random_state = UINT64_C(0x9e3779b97f4a7c15);
	p->epoch_ns = ep_clock_monotonic_ns();
	scpi_peer_power_up(p);
}

void scpi_peer_power_up(struct scpi_peer *p)
{
	memcpy(p->function, "VOLT", 5);
	p->nplc = p->kind == SCPI_DMM ? 10 : 1;
	p->elements = p->both = false;
}

bool scpi_peer_has(const struct scpi_peer *p, enum scpi_fault fault)
{
	double at_s =
		p->first_ns == 0
			? -1
			: (double)(ep_clock_monotonic_ns() - p->first_ns) / 1e9;

	return p->faults[fault].set && at_s >= p->faults[fault].from_s &&
	       at_s < p->faults[fault].to_s;
}

static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fprintf(stderr, "scpi: %s: no such name\n", name);
	return -1;
}

static int set_fault(struct scpi_peer *p, char *text)
{
	char *from = strchr(text, ':'), *to = NULL;
	double from_s = 0, to_s = 1e9;
	int i;

	if (from) {
		*from++ = '\0';
		from_s = strtod(from, &to);
		if (*to == ':')
			to_s = strtod(to + 1, NULL);
	}
	i = find(fault_names, SCPI_FAULT_COUNT, text);
	if (i < 0)
		return -1;
	p->faults[i].from_s = from_s;
	p->faults[i].to_s = to_s;
	p->faults[i].set = true;
	return 0;
}

int scpi_peer_option(struct scpi_peer *p, const char *name, char *value)
{
	if (strcmp(name, "--profile") == 0) {
		profile_done(&p->profile);
		return profile_parse(value, &p->profile);
	}
	if (strcmp(name, "--fault") == 0)
		return set_fault(p, value);
	if (strcmp(name, "--kind") == 0) {
		int kind = find(kind_names, SCPI_KIND_COUNT, value);

		p->kind = kind < 0 ? SCPI_DMM : (enum scpi_kind)kind;
		return kind < 0 ? -1 : 0;
	}
	if (strcmp(name, "--state") == 0)
		p->state = value;
	else if (strcmp(name, "--log") == 0)
		return (p->log = fopen(value, "we")) ? 0 : -1;
	else if (strcmp(name, "--volts") == 0)
		p->volts = strtod(value, NULL);
	else if (strcmp(name, "--programmed") == 0)
		p->programmed = strtod(value, NULL);
	else if (strcmp(name, "--delay") == 0)
		p->delay_ns = (int64_t)(strtod(value, NULL) * 1e6);
	else if (strcmp(name, "--jitter") == 0)
		p->jitter_ns = (int64_t)(strtod(value, NULL) * 1e6);
	else if (strcmp(name, "--chunk") == 0)
		p->chunk = (size_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "--digits") == 0)
		p->digits = (int)strtol(value, NULL, 10);
	else if (strcmp(name, "--errors") == 0)
		p->error_count = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "--output") == 0)
		p->output = strcmp(value, "off") != 0;
	else
		return -1;
	return 0;
}

static int64_t draw_ns(struct scpi_peer *p)
{
	p->random_state ^= p->random_state << 13;
	p->random_state ^= p->random_state >> 7;
	p->random_state ^= p->random_state << 17;
	return p->jitter_ns > 0
		       ? (int64_t)(p->random_state % (uint64_t)p->jitter_ns)
		       : 0;
}

static bool is_turned(const struct scpi_peer *p)
{
	return scpi_peer_has(p, SCPI_TURNED);
}

static bool is_output_on(const struct scpi_peer *p)
{
	return p->output && !scpi_peer_has(p, SCPI_OFF);
}

/* Of a smu: does it measure the volts, and not only the current? */
static bool measures_both(const struct scpi_peer *p)
{
	return p->both && !is_turned(p);
}

/* A conversion that begins now. */
static void read_value(struct scpi_peer *p, const char *line, char *ret,
		       size_t size)
{
	double now_s = (double)(ep_clock_monotonic_ns() - p->epoch_ns) / 1e9;
	double span_s = p->nplc * MAINS_S;
	/* A supply tells the last one that it made. */
	double from_s = p->kind == SCPI_PSU ? now_s - span_s : now_s;
	double amps = profile_j(&p->profile, from_s, from_s + span_s) / span_s /
		      p->volts;
	double told_volts = measures_both(p) ? p->volts : p->programmed;
	bool volts = strcmp(line, "MEAS:VOLT?") == 0 ||
		     (p->kind == SCPI_DMM &&
		      (is_turned(p) || strcmp(p->function, "VOLT") == 0));

	p->reading_count += strcmp(line, "MEAS:CURR?") != 0;
	if (p->first_ns == 0 && p->reading_count > 1)
		p->first_ns = ep_clock_monotonic_ns();
	if (scpi_peer_has(p, SCPI_QUEUE))
		p->error_count++;
	if (scpi_peer_has(p, SCPI_TEXT))
		snprintf(ret, size, "-230,\"Data corrupt or stale\"");
	else if (scpi_peer_has(p, SCPI_OVERLOAD))
		snprintf(ret, size, "+9.90000000E+37");
	else if (p->kind == SCPI_SMU && p->elements)
		snprintf(ret, size, "%+.8E,%+.8E", told_volts, amps);
	else if (p->kind == SCPI_SMU)
		snprintf(ret, size, "%+.8E,%+.8E,+9.91E37,+1.0E0,+2.0E4",
			 told_volts, amps);
	else if (p->digits >= 0)
		snprintf(ret, size, "%.*f", p->digits, volts ? p->volts : amps);
	else
		snprintf(ret, size, "%+.8E", volts ? p->volts : amps);
}

static void answer(struct scpi_peer *p, const char *line, char *ret,
		   size_t size)
{
	static const char *const identities[SCPI_KIND_COUNT] = {
		"KEYSIGHT,34465A,MY12345678,A.02.14",
		"RIGOL TECHNOLOGIES,DP832,DP8C1,00.01.14",
		"KEITHLEY INSTRUMENTS INC.,MODEL 2400,1234567,C30",
	};

	if (strcmp(line, "*IDN?") == 0)
		snprintf(ret, size, "%s",
			 scpi_peer_has(p, SCPI_IDENTITY)
				 ? "SIGLENT,SDM3055,SDM1,1.01"
				 : identities[p->kind]);
	else if (strcmp(line, "SYST:ERR?") == 0 && p->error_count > 0)
		snprintf(ret, size, "-410,\"Query INTERRUPTED %u\"",
			 p->error_count--);
	else if (strcmp(line, "SYST:ERR?") == 0)
		snprintf(ret, size, "+0,\"No error\"");
	else if (strcmp(line, "SENS:FUNC?") == 0 && p->kind == SCPI_DMM)
		snprintf(ret, size, "\"%s\"",
			 is_turned(p) ? "VOLT" : p->function);
	else if (strcmp(line, "SENS:FUNC?") == 0 && p->kind == SCPI_SMU)
		snprintf(ret, size, "%s",
			 measures_both(p) ? "\"VOLT:DC\",\"CURR:DC\""
					  : "\"CURR:DC\"");
	else if (strcmp(line, "OUTP?") == 0 && p->kind != SCPI_DMM)
		snprintf(ret, size, "%d", is_output_on(p));
	else if (strcmp(line, "SOUR:CLE:AUTO?") == 0 && p->kind == SCPI_SMU)
		snprintf(ret, size, "0");
	else if ((strcmp(line, "READ?") == 0 && p->kind != SCPI_PSU) ||
		 (strcmp(line, "MEAS:VOLT?") == 0 && p->kind == SCPI_PSU) ||
		 (strcmp(line, "MEAS:CURR?") == 0 && p->kind == SCPI_PSU))
		read_value(p, line, ret, size);
	else
		p->error_count++;
}

static void obey(struct scpi_peer *p, const char *line)
{
	static const char nplc[] = "SENS:CURR:DC:NPLC ";

	if (p->kind == SCPI_DMM && strcmp(line, "CONF:CURR:DC") == 0)
		memcpy(p->function, "CURR", 5);
	else if (p->kind == SCPI_DMM && strcmp(line, "CONF:VOLT:DC") == 0)
		memcpy(p->function, "VOLT", 5);
	else if (p->kind == SCPI_SMU &&
		 strcmp(line, "FORM:ELEM VOLT,CURR") == 0)
		p->elements = true;
	else if (p->kind == SCPI_SMU &&
		 strcmp(line, "SENS:FUNC \"VOLT\",\"CURR\"") == 0)
		p->both = true;
	else if (strncmp(line, nplc, sizeof(nplc) - 1) == 0)
		p->nplc = strtod(line + sizeof(nplc) - 1, NULL);
	else if (strncmp(line, "SENS:VOLT:DC:NPLC ", 18) == 0)
		p->nplc = strtod(line + 18, NULL);
	else if (strncmp(line, "SENS:CURR:NPLC ", 15) == 0)
		p->nplc = strtod(line + 15, NULL);
	else if (strncmp(line, "OUTP", 4) == 0)
		p->output = strstr(line, "ON") != NULL;
	else if (strcmp(line, "SYST:REM") != 0 &&
		 !(p->kind == SCPI_SMU &&
		   strcmp(line, "SENS:FUNC:CONC ON") == 0))
		p->error_count++;
}

size_t scpi_peer_line(struct scpi_peer *p, const char *line, char *ret,
		      size_t size, int64_t *ret_due_ns)
{
	int64_t due_ns = ep_clock_monotonic_ns() + p->delay_ns + draw_ns(p);
	size_t len;

	if (p->log) {
		fprintf(p->log, "%s\n", line);
		fflush(p->log);
	}
	ret[0] = '\0';
	if (!strchr(line, '?')) {
		obey(p, line);
		return 0;
	}
	answer(p, line, ret, size);
	if (strcmp(line, "READ?") == 0)
		due_ns += (int64_t)(p->nplc * MAINS_S * 1e9);
	if (scpi_peer_has(p, SCPI_LATE))
		due_ns += LATE_NS;
	len = strlen(ret);
	if (len == 0 || scpi_peer_has(p, SCPI_SILENCE))
		return 0;
	if (scpi_peer_has(p, SCPI_HALF))
		len /= 2;
	else
		ret[len++] = '\n';
	if (scpi_peer_has(p, SCPI_TWICE) && 2 * len <= size) {
		memcpy(ret + len, ret, len);
		len *= 2;
	}
	*ret_due_ns = due_ns;
	return len;
}

int scpi_peer_write_state(const struct scpi_peer *p, const char *place)
{
	char draft[512];
	FILE *f;

	if (!p->state)
		return 0;
	snprintf(draft, sizeof(draft), "%s.new", p->state);
	f = fopen(draft, "we");
	if (!f)
		return -1;
	fprintf(f, "%s\nepoch %lld\n", place, (long long)p->epoch_ns);
	return fclose(f) == 0 && rename(draft, p->state) == 0 ? 0 : -1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/account.h"
#include "drivers/perf.h"
#include "drivers/uprobe.h"
#include "drivers/uprobe_publish.h"

#define NAMES_BYTES 400

static void add_name(char *list, const char *name, int len)
{
	size_t used = strlen(list);

	(void)ep_str_format(list + used, NAMES_BYTES - used, "%s%.*s",
			    used ? ", " : "", len, name);
}

void ep_doctor_user(struct ep_doctor *d)
{
	static const struct {
		enum ep_capability capability;
		const char *name;
	} known[] = {
		{ EP_CAP_PERFMON, "CAP_PERFMON" },
		{ EP_CAP_SYS_NICE, "CAP_SYS_NICE" },
		{ EP_CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	};
	char user[64], has[NAMES_BYTES] = "", lacks[NAMES_BYTES] = "";

	ep_account_user(user, sizeof(user));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		add_name(ep_account_can(known[i].capability) ? has : lacks,
			 known[i].name, (int)strlen(known[i].name));
	if (geteuid() == 0)
		ep_doctor_say(d, EP_FINDING_OK, "user",
			      "%s: what an ordinary user may do is not looked "
			      "at%s%s",
			      user,
			      lacks[0] ? "; taken away (a container?): " : "",
			      lacks);
	else
		ep_doctor_say(d, EP_FINDING_OK, "user", "%s%s%s", user,
			      has[0] ? ", with " : "", has);
}

void ep_doctor_counters(struct ep_doctor *d)
{
	struct ep_perf_caps caps;
	struct ep_err err = { 0 };
	int r = ep_perf_probe(&caps, &err);

	if (r < 0) {
		ep_doctor_say(d, EP_FINDING_MISSING, "counters", "%s",
			      err.text);
		ep_doctor_cost("context switches, page faults, cycles and "
			       "cache misses of the program");
		if (r == -EACCES || r == -EPERM)
			ep_doctor_fix("sudo edgeprof setup");
		return;
	}
	if (!caps.user_only) {
		ep_doctor_say(d, EP_FINDING_OK, "counters",
			      "allowed, in programs and in the kernel");
		return;
	}
	ep_doctor_say(d, EP_FINDING_NOTE, "counters",
		      "allowed in programs, not in the kernel "
		      "(kernel.perf_event_paranoid is %d)",
		      caps.paranoid);
	ep_doctor_cost("what the kernel does for the program is not in its "
		       "counts");
	ep_doctor_fix("sudo sysctl kernel.perf_event_paranoid=1");
}

/* Names of the board's list that are not there. */
static void find_absent(const struct ep_perf_pmus *pmus, const char *wanted,
			char *ret)
{
	ret[0] = '\0';
	for (const char *p = wanted; *p; p += strcspn(p, ",")) {
		size_t len, i;

		p += *p == ',';
		len = strcspn(p, ",");
		for (i = 0; i < pmus->core_count; i++)
			if (strlen(pmus->cores[i].name) == len &&
			    strncmp(pmus->cores[i].name, p, len) == 0)
				break;
		if (i == pmus->core_count)
			add_name(ret, p, (int)len);
	}
}

static void say_no_pmu(struct ep_doctor *d)
{
	ep_doctor_say(d, EP_FINDING_MISSING, "PMUs",
		      "the kernel offers no hardware counters%s%s%s",
		      d->board->pmus[0] ? " (" : "", d->board->pmus,
		      d->board->pmus[0] ? " should be here)" : "");
	ep_doctor_cost("cycles, instructions, cache misses and the real clock");
	ep_doctor_note("in a virtual machine: give it the host's processor "
		       "(qemu -cpu host); on a board: a kernel with "
		       "CONFIG_ARM_PMU or CONFIG_ARM_PMUV3 and a pmu node in "
		       "its device tree; see");
	ep_doctor_step("ls /sys/bus/event_source/devices; dmesg | grep -i pmu");
}

void ep_doctor_pmus(struct ep_doctor *d)
{
	struct ep_perf_pmus *pmus = malloc(sizeof(*pmus));
	char absent[NAMES_BYTES], here[NAMES_BYTES] = "";
	struct ep_err err = { 0 };
	int r = pmus ? ep_perf_pmus_load(NULL, pmus, &err) : -ENOMEM;

	if (r < 0) {
		ep_doctor_say(d, EP_FINDING_MISSING, "PMUs", "%s",
			      err.text[0] ? err.text : strerror(-r));
		free(pmus);
		return;
	}
	for (size_t i = 0; i < pmus->core_count; i++)
		add_name(here, pmus->cores[i].name,
			 (int)strlen(pmus->cores[i].name));
	find_absent(pmus, d->board->pmus, absent);
	if (pmus->core_count == 0)
		say_no_pmu(d);
	else if (absent[0])
		ep_doctor_say(d, EP_FINDING_NOTE, "PMUs",
			      "%s; the board file names %s: older kernels call "
			      "theirs armv8_pmuv3, which counts the same",
			      here, absent);
	else
		ep_doctor_say(d, EP_FINDING_OK, "PMUs", "%s", here);
	free(pmus);
}

/* Those that setup has published. */
static int say_published(struct ep_doctor *d, struct ep_err *err)
{
	struct ep_uprobe_published *p = NULL;
	int r = ep_uprobe_published_load(&p, err);

	if (r < 0)
		return r;
	ep_doctor_say(d, EP_FINDING_OK, "probes",
		      "phases of unmodified programs can be found, where they "
		      "use");
	for (size_t i = 0; i < p->count; i++)
		ep_doctor_note("%s", p->libraries[i].path);
	free(p);
	return 0;
}

void ep_doctor_probes(struct ep_doctor *d)
{
	struct ep_uprobe_set *set = NULL;
	struct ep_err err = { 0 };
	int r = ep_uprobe_check(&err);

	if (r == -EACCES && geteuid() != 0) {
		r = say_published(d, &err);
		if (r == 0)
			return;
	}
	if (r == 0)
		r = ep_uprobe_set_open(true, &set, &err);
	if (r == 0 && strcmp(ep_uprobe_set_way(set), "tracefs") != 0) {
		ep_doctor_say(d, EP_FINDING_NOTE, "probes",
			      "phases of unmodified programs are found, but "
			      "without tracefs");
		ep_doctor_cost("a run ends up to a second later");
		ep_doctor_fix("sudo mount -t tracefs "
			      "tracefs /sys/kernel/tracing");
	} else if (r == 0) {
		ep_doctor_say(d, EP_FINDING_OK, "probes",
			      "phases of unmodified programs can be found");
	} else {
		ep_doctor_say(d, EP_FINDING_MISSING, "probes", "%s", err.text);
		ep_doctor_cost("phases and tokens of programs that do not mark "
			       "them");
		if (geteuid() != 0 && r != -ENOTSUP)
			ep_doctor_fix("sudo edgeprof setup");
	}
	if (set)
		ep_uprobe_set_close(set);
}

void ep_doctor_realtime(struct ep_doctor *d)
{
	if (ep_account_realtime()) {
		ep_doctor_say(d, EP_FINDING_OK, "scheduling",
			      "the sampler may run in real time");
		return;
	}
	ep_doctor_say(d, EP_FINDING_NOTE, "scheduling",
		      "the sampler may not run in real time (no CAP_SYS_NICE, "
		      "RLIMIT_RTPRIO too low)");
	ep_doctor_cost("late and missed ticks while all cores are busy; they "
		       "are counted in every report");
	if (geteuid() == 0) {
		ep_doctor_note("root is refused by a container or by real-time "
			       "group scheduling; in a container: --cap-add "
			       "SYS_NICE");
		return;
	}
	ep_doctor_fix("sudo edgeprof setup");
	ep_doctor_note("then log in again");
}

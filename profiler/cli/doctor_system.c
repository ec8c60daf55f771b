/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/cpufreq.h"
#include "drivers/nvml.h"
#include "drivers/procfs.h"
#include "drivers/timekeeping.h"
#include "profiler/record/journal.h"
#include "sensors/table.h"

#define MIB (INT64_C(1) << 20)
/* A run of an hour with a dozen sensors on the grid of 10 ms. */
#define DISK_BYTES_GOOD (1024 * MIB)
#define DISK_BYTES_LOW (64 * MIB)
#define STEAL_PPM_NOTE 1000

void ep_doctor_fix_nvml(void)
{
	ep_doctor_fix("nvidia-smi");
	ep_doctor_note("must work first: it tells what is wrong with the "
		       "driver; where only the library is missing:");
	ep_doctor_step("sudo apt install libnvidia-ml1");
	ep_doctor_note("(Ubuntu: libnvidia-compute- and the driver's version)");
}

/* Where the board's own file reads it, its sensor has said everything. */
void ep_doctor_graphics(struct ep_doctor *d)
{
	struct ep_nvml *nvml = NULL;
	struct ep_err err = { 0 };
	int r;

	for (size_t i = 0; i < d->slots.count; i++)
		if (strcmp(d->slots.slots[i]->ops->name, "nvml_gpu") == 0)
			return;
	if (!ep_nvml_present(&d->env.root))
		return;
	r = ep_nvml_open(&d->env.root, NULL, &nvml, &err);
	if (r < 0) {
		ep_doctor_say(d, EP_FINDING_MISSING, "graphics", "%s",
			      err.text);
		ep_doctor_cost("power, energy, load and clocks of NVIDIA GPUs");
		ep_doctor_fix_nvml();
		return;
	}
	ep_doctor_say(d, EP_FINDING_NOTE, "graphics",
		      "NVIDIA driver %s, GPUs: %u, which this board's file "
		      "does not read; beside its total:",
		      ep_nvml_driver_version(nvml), ep_nvml_count(nvml));
	ep_doctor_step("edgeprof run --sensor nvml_gpu -- ./infer");
	ep_nvml_close(nvml);
}

/* "schedutil, ondemand": each once. */
static void add_once(char *list, size_t size, const char *text)
{
	size_t len = strlen(list);

	if (text[0] && !strstr(list, text))
		(void)ep_str_format(list + len, size - len, "%s%s",
				    len ? ", " : "", text);
}

void ep_doctor_governor(struct ep_doctor *d)
{
	struct ep_cpufreq_policy *policies =
		calloc(EP_CPUFREQ_POLICIES_MAX, sizeof(*policies));
	char governors[200] = "", drivers[200] = "";
	int n = policies ? ep_cpufreq_policies(&d->env.root, policies,
					       EP_CPUFREQ_POLICIES_MAX)
			 : -ENOMEM;
	bool fixed = true;

	for (int i = 0; i < n; i++) {
		add_once(governors, sizeof(governors), policies[i].governor);
		add_once(drivers, sizeof(drivers), policies[i].driver);
		fixed = fixed && policies[i].min_hz == policies[i].max_hz &&
			policies[i].max_hz > 0;
	}
	free(policies);
	if (n <= 0) {
		ep_doctor_say(d, EP_FINDING_NOTE, "governor",
			      "the kernel does not set clocks here (no "
			      "cpufreq)");
		ep_doctor_cost("clocks in reports, and --governor");
		return;
	}
	/* With intel_pstate and amd-pstate powersave follows the load. */
	if (fixed || strcmp(governors, "performance") == 0 ||
	    (strcmp(governors, "powersave") == 0 &&
	     !strstr(drivers, "pstate"))) {
		ep_doctor_say(d, EP_FINDING_OK, "governor", "%s (%s)%s",
			      governors, drivers,
			      fixed ? ", one clock only" : "");
		return;
	}
	ep_doctor_say(d, EP_FINDING_NOTE, "governor", "%s (%s)", governors,
		      drivers);
	ep_doctor_cost("scatter from run to run, as clocks follow the load; "
		       "for the time of a run:");
	ep_doctor_step("sudo edgeprof run --governor performance -- ./infer");
}

void ep_doctor_build(struct ep_doctor *d)
{
	if (!ep_sensor_find("gpio_pulse", NULL)) {
		ep_doctor_say(d, EP_FINDING_NOTE, "pulses",
			      "this edgeprof was built without libgpiod");
		ep_doctor_cost("energy meters with a pulse output (S0)");
		ep_doctor_fix("make WITH_GPIOD=1 && sudo make install");
	}
	if (!EP_WITH_LIBUSB) {
		ep_doctor_say(d, EP_FINDING_NOTE, "meters",
			      "this edgeprof was built without libusb");
		ep_doctor_cost("POWER-Z meters on kernels before 6.7");
		ep_doctor_fix("make WITH_LIBUSB=1 && sudo make install");
	}
	if (ep_sensor_find("plug", NULL))
		return;
	ep_doctor_say(d, EP_FINDING_NOTE, "plugs",
		      "this edgeprof was built without libcurl");
	ep_doctor_cost("plugs that are read over HTTP (Shelly, Tasmota)");
	ep_doctor_fix("make WITH_CURL=1 && sudo make install");
}

void ep_doctor_clock(struct ep_doctor *d)
{
	static const char *const slow[] = { "hpet", "acpi_pm", "jiffies",
					    "refined-jiffies", "pit" };
	char name[64];

	if (ep_clocksource(&d->env.root, name, sizeof(name)) < 0) {
		ep_doctor_say(d, EP_FINDING_OK, "clock",
			      "the kernel does not tell its source");
		return;
	}
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		if (strcmp(name, slow[i]) != 0)
			continue;
		ep_doctor_say(d, EP_FINDING_NOTE, "clock",
			      "the kernel reads its time from %s, which takes "
			      "microseconds",
			      name);
		ep_doctor_cost("time of the measured program, and precision of "
			       "time stamps; see why it took no other:");
		ep_doctor_fix("sudo dmesg | grep -i -e clocksource -e tsc");
		return;
	}
	ep_doctor_say(d, EP_FINDING_OK, "clock", "%s", name);
}

void ep_doctor_steal(struct ep_doctor *d)
{
	int64_t ppm = 0;

	if (ep_cpu_steal_ppm(&ppm) < 0)
		return;
	if (ppm < STEAL_PPM_NOTE) {
		ep_doctor_say(d, EP_FINDING_OK, "CPU time",
			      "nobody takes it away");
		return;
	}
	ep_doctor_say(d, EP_FINDING_NOTE, "CPU time",
		      "this is a virtual machine whose host gave %.1f %% of "
		      "the time it wanted to others, since it started",
		      (double)ppm / 1e4);
	ep_doctor_cost("durations and rates that depend on the neighbours; "
		       "reserve processors for it on the host, or measure on "
		       "the host");
}

void ep_doctor_swap(struct ep_doctor *d)
{
	struct ep_meminfo m = { -1, -1, -1 };
	int fd = ep_meminfo_open();
	int r = fd < 0 ? fd : ep_meminfo_read(fd, &m);
	int64_t used;

	if (fd >= 0)
		close(fd);
	if (r < 0 || m.swap_total_bytes < 0 || m.swap_free_bytes < 0)
		return;
	used = m.swap_total_bytes - m.swap_free_bytes;
	if (used < MIB) {
		ep_doctor_say(d, EP_FINDING_OK, "swap", "%s",
			      m.swap_total_bytes > 0 ? "not in use" : "none");
		return;
	}
	ep_doctor_say(d, EP_FINDING_NOTE, "swap", "in use: %lld MiB",
		      (long long)(used / MIB));
	ep_doctor_cost("time and energy for pages that come back from it; for "
		       "a run, if they fit into memory:");
	ep_doctor_fix("sudo edgeprof run --clear-swap -- ./infer");
}

void ep_doctor_disk(struct ep_doctor *d)
{
	struct statvfs s;
	int64_t bytes;

	if (statvfs(".", &s) < 0) {
		ep_doctor_say(d, EP_FINDING_MISSING, "disk",
			      "this folder cannot be looked at: %s",
			      strerror(errno));
		return;
	}
	bytes = (int64_t)((double)s.f_bavail * (double)s.f_frsize);
	if (access(".", W_OK) < 0 || (s.f_flag & ST_RDONLY)) {
		ep_doctor_say(d, EP_FINDING_NOTE, "disk",
			      "this folder cannot be written to");
		ep_doctor_cost("runs here need a folder elsewhere:");
		ep_doctor_step("edgeprof run -o \"$HOME\"/out -- ./infer");
	} else if (bytes < DISK_BYTES_GOOD) {
		ep_doctor_say(d,
			      bytes < DISK_BYTES_LOW ? EP_FINDING_MISSING
						     : EP_FINDING_NOTE,
			      "disk", "free in this folder: %lld MiB",
			      (long long)(bytes / MIB));
		ep_doctor_cost("a run ends early when the disk is full; it "
			       "writes some MiB a minute");
	} else {
		ep_doctor_say(d, EP_FINDING_OK, "disk",
			      "free in this folder: %lld GiB",
			      (long long)(bytes / (1024 * MIB)));
	}
}

static void say_stale(struct ep_doctor *d, const struct ep_journal *j)
{
	size_t left = 0;

	for (size_t i = 0; i < j->count; i++)
		left += j->entries[i].state == EP_CHANGE_SET ||
			j->entries[i].state == EP_CHANGE_UNRESTORED;
	if (left == 0 && j->damaged_count == 0) {
		ep_doctor_say(d, EP_FINDING_OK, "settings",
			      "nothing is left changed");
		return;
	}
	ep_doctor_say(d, EP_FINDING_MISSING, "settings",
		      "a run that was killed left settings of this board "
		      "changed: %zu",
		      left);
	ep_doctor_cost("figures of a board that is not as you think; the next "
		       "run puts them back, or");
	ep_doctor_fix("%sedgeprof restore", geteuid() == 0 ? "sudo " : "");
}

void ep_doctor_journal(struct ep_doctor *d)
{
	struct ep_journal j;
	struct ep_err err = { 0 };
	int r = ep_journal_open(&j, &d->env, false, 0, &err);

	if (r == -ENOENT || (r == 0 && j.fd < 0)) {
		ep_doctor_say(d, EP_FINDING_OK, "settings",
			      "nothing is left changed");
	} else if (r == -EBUSY) {
		ep_doctor_say(d, EP_FINDING_NOTE, "settings", "%s", err.text);
	} else if (r < 0) {
		ep_doctor_say(d, EP_FINDING_MISSING, "settings", "%s",
			      err.text[0] ? err.text : strerror(-r));
		ep_doctor_fix("%sedgeprof restore",
			      geteuid() == 0 ? "sudo " : "");
	} else {
		say_stale(d, &j);
	}
	ep_journal_close(&j);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <string.h>

#include "base/str.h"
#include "drivers/machine.h"
#include "drivers/nvml.h"
#include "profiler/cli/boards.h"

static void say_unknown(struct ep_doctor *d)
{
	char model[256];

	ep_machine_model(&d->env.root, model, sizeof(model));
	if (!model[0])
		ep_machine_product(&d->env.root, model, sizeof(model));
	ep_doctor_say(d, EP_FINDING_MISSING, "board",
		      "no board file knows this machine (%s); a run takes "
		      "board %s",
		      model[0] ? model : "it does not say what it is",
		      d->board->name);
	ep_doctor_cost("it is not known which sensors feed what, so there is "
		       "no total without --total or a meter");
	ep_doctor_note("write a file for it (docs/adding-a-board.md), or name "
		       "one of");
	ep_doctor_step("edgeprof boards list");
}

void ep_doctor_board(struct ep_doctor *d)
{
	const struct ep_conf *match = NULL;
	char how[300];

	if (ep_board_match_by(d->board, &d->env, &match)) {
		ep_boards_match_text(match, how, sizeof(how));
		ep_doctor_say(d, EP_FINDING_OK, "board", "%s: %s (%s)",
			      d->board->name, d->board->title, how);
	} else if (ep_board_is_fallback(d->board) && !d->asked) {
		say_unknown(d);
	} else if (!d->board->conf || d->board->estimate ||
		   strcmp(d->board->name, d->detected) == 0) {
		ep_doctor_say(d, EP_FINDING_OK, "board", "%s: %s",
			      d->board->name, d->board->title);
	} else {
		ep_doctor_say(d, EP_FINDING_NOTE, "board",
			      "%s: %s, as asked for; but this machine does not "
			      "look like it, it looks like %s",
			      d->board->name, d->board->title, d->detected);
	}
}

bool ep_doctor_in_total(const struct ep_doctor *d, const struct ep_slot *slot)
{
	size_t len = strlen(slot->id);

	for (size_t i = 0; i < d->board->rail_count; i++) {
		const struct ep_board_rail *rail = &d->board->rails[i];
		const char *at = rail->channel ? rail->channel : rail->amps;

		if (rail->role == EP_ROLE_TOTAL && at &&
		    strncmp(at, slot->id, len) == 0 && at[len] == '.')
			return true;
	}
	return false;
}

/* The command against it, where one is known. */
static void fix_closed(const struct ep_doctor *d, const struct ep_slot *slot)
{
	static const struct {
		const char *driver, *command, *then;
	} fixes[] = {
		{ "rapl", "sudo edgeprof setup",
		  "then log in again: group edgeprof alone sees it, as it "
		  "tells of other programs too (CVE-2020-8694); or run "
		  "edgeprof with sudo" },
		{ "rpi5_pmic", "sudo edgeprof setup", "then log in again" },
		{ "rpi_firmware", "sudo edgeprof setup", "then log in again" },
		{ "ina3221",
		  "sudo chmod a+r /sys/class/hwmon/hwmon*/in*_input /sys/class/hwmon/hwmon*/curr*_input",
		  "until the next start; or run edgeprof with sudo" },
		{ "hwmon", "sudo chmod a+r /sys/class/hwmon/hwmon*/*_input",
		  "until the next start; or run edgeprof with sudo" },
		{ "nvml_gpu", "sudo edgeprof setup", "then log in again" },
	};

	if (strcmp(slot->ops->name, "nvml_gpu") == 0 &&
	    ep_nvml_present(&d->env.root))
		ep_doctor_fix_nvml();
	if (!strcasestr(slot->reason, "permission denied"))
		return;
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		if (strcmp(fixes[i].driver, slot->ops->name) == 0) {
			ep_doctor_fix("%s", fixes[i].command);
			ep_doctor_note("%s", fixes[i].then);
		}
}

static void say_closed(struct ep_doctor *d, const struct ep_slot *slot)
{
	bool needed = ep_doctor_in_total(d, slot);

	if (slot->absent && !needed) {
		ep_doctor_say(d, EP_FINDING_NOTE, slot->id, "not here: %s",
			      slot->reason);
		return;
	}
	ep_doctor_say(d, needed ? EP_FINDING_NEEDED : EP_FINDING_MISSING,
		      slot->id, "%s", slot->reason);
	if (needed && d->total.count == 0)
		ep_doctor_cost("the board's total%s%s%s: no energy is measured "
			       "without a meter (--sensor)",
			       d->board->total[0] ? " (" : "", d->board->total,
			       d->board->total[0] ? ")" : "");
	else if (needed)
		ep_doctor_cost("its part of the board's total");
	else
		ep_doctor_cost("what it measures: %s", slot->ops->summary);
	fix_closed(d, slot);
}

static size_t left_out(const struct ep_slot *slot)
{
	size_t count = 0;

	for (size_t i = 0; i < slot->notes.count; i++)
		count += strstr(slot->notes.text[i], "left out") != NULL;
	return count;
}

void ep_doctor_sensors(struct ep_doctor *d)
{
	for (size_t i = 0; i < d->slots.count; i++) {
		const struct ep_slot *slot = d->slots.slots[i];

		if (!slot->sensor) {
			say_closed(d, slot);
			continue;
		}
		if (left_out(slot) > 0)
			ep_doctor_say(d, EP_FINDING_OK, slot->id,
				      "opens; channels: %zu; left out: %zu "
				      "(edgeprof sensors says why)",
				      slot->channel_count, left_out(slot));
		else
			ep_doctor_say(d, EP_FINDING_OK, slot->id,
				      "opens; channels: %zu",
				      slot->channel_count);
	}
	if (d->slots.count == 0)
		ep_doctor_say(d, EP_FINDING_NOTE, "sensors",
			      "the board has none");
}

/* A rail of the total whose sensor opens without it. */
static bool rail_delivers(const struct ep_doctor *d,
			  const struct ep_board_rail *rail,
			  const struct ep_slot **ret_slot)
{
	const char *at = rail->channel ? rail->channel : rail->amps;

	*ret_slot = NULL;
	for (size_t s = 0; s < d->slots.count; s++) {
		const struct ep_slot *slot = d->slots.slots[s];
		size_t len = strlen(slot->id);
		char name[EP_CHANNEL_NAME_BYTES];

		if (!at || strncmp(at, slot->id, len) != 0 || at[len] != '.')
			continue;
		*ret_slot = slot;
		(void)ep_str_copy(name, sizeof(name), rail->name);
		ep_str_slug(name);
		for (size_t c = 0; c < slot->channel_count; c++)
			if (rail->channel
				    ? ep_str_glob(at + len + 1,
						  slot->channels[c].name)
				    : strcmp(name, slot->channels[c].name) == 0)
				return true;
	}
	return false;
}

static bool says_total(const struct ep_doctor *d)
{
	for (size_t i = 0; i < d->board->rail_count; i++)
		if (d->board->rails[i].role == EP_ROLE_TOTAL)
			return true;
	return false;
}

static void say_rails(struct ep_doctor *d)
{
	for (size_t i = 0; i < d->board->rail_count; i++) {
		const struct ep_board_rail *rail = &d->board->rails[i];
		const struct ep_slot *slot;

		if (rail->role != EP_ROLE_TOTAL ||
		    rail_delivers(d, rail, &slot) || !slot || !slot->sensor)
			continue;
		ep_doctor_say(d, EP_FINDING_MISSING, "total",
			      "rail %s has no channel %s here", rail->name,
			      rail->channel ? rail->channel : rail->amps);
	}
}

/* A sensor of the total that does not open. */
static const struct ep_slot *find_gap(const struct ep_doctor *d)
{
	for (size_t i = 0; i < d->slots.count; i++)
		if (!d->slots.slots[i]->sensor &&
		    ep_doctor_in_total(d, d->slots.slots[i]))
			return d->slots.slots[i];
	return NULL;
}

static void say_there(struct ep_doctor *d)
{
	const struct ep_total *t = &d->total;
	const struct ep_slot *gap = find_gap(d);
	char name[160];

	if (t->title[0])
		(void)ep_str_copy(name, sizeof(name), t->title);
	else
		(void)ep_str_format(name, sizeof(name), "%s%s", t->channels[0],
				    t->count > 1 ? " and others, summed" : "");
	if (gap)
		ep_doctor_say(d, EP_FINDING_NEEDED, "total",
			      "%s, not whole: %s is not in it (see above)",
			      name, gap->id);
	else
		ep_doctor_say(d, EP_FINDING_OK, "total", "%s%s", name,
			      d->board->estimate ? " (a model, no measurement)"
						 : "");
	say_rails(d);
}

void ep_doctor_total(struct ep_doctor *d)
{
	const struct ep_slot *gap = find_gap(d);

	if (d->total.count > 0) {
		say_there(d);
		return;
	}
	if (gap) {
		ep_doctor_say(d, EP_FINDING_NEEDED, "total",
			      "none: %s does not open (see above)", gap->id);
	} else if (says_total(d)) {
		ep_doctor_say(d, EP_FINDING_NEEDED, "total", "none: %s",
			      d->total.reason);
	} else {
		ep_doctor_say(d, EP_FINDING_NOTE, "total",
			      "none: this board does not measure its power");
		ep_doctor_cost("energy, unless a meter is attached");
	}
	ep_doctor_note("a meter in the supply helps on any board "
		       "(docs/instruments.md), for example");
	ep_doctor_step("edgeprof run --sensor um34c:/dev/rfcomm0 -- ./infer");
}

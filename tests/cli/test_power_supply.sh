#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Batteries and power inputs, played below EDGEPROF_ROOT.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

quick='--board none --idle 0s --tail 100ms'
cat >"$dir/laptop.tree" <<'E'
/sys/class/power_supply/AC/type = Mains
/sys/class/power_supply/AC/online = 0
/sys/class/power_supply/BAT0/type = Battery
/sys/class/power_supply/BAT0/status = Discharging
/sys/class/power_supply/BAT0/voltage_now = 12000000
/sys/class/power_supply/BAT0/current_now = 1000000
/sys/class/power_supply/BAT0/charge_now = 3000000
/sys/class/power_supply/BAT0/capacity = 80
/sys/class/power_supply/hidpp_battery_0/type = Battery
/sys/class/power_supply/hidpp_battery_0/scope = Device
/sys/class/power_supply/hidpp_battery_0/status = Discharging
/sys/class/power_supply/hidpp_battery_0/voltage_now = 3900000
/sys/class/power_supply/ucsi-source-psy-USBC000:001/type = USB
/sys/class/power_supply/ucsi-source-psy-USBC000:001/online = 0
/sys/class/power_supply/ucsi-source-psy-USBC000:001/voltage_now = 20000000
/sys/class/power_supply/ucsi-source-psy-USBC000:001/current_now = 3250000
E
bat=/sys/class/power_supply/BAT0

# play NAME SCRIPT: a laptop of its own, whose files change
play() {
	out=$dir/$1
	tree=$dir/$1.root
	"$sim/make_tree" "$dir/laptop.tree" "$tree" || exit 1
	printf '%s\n' "$2" >"$dir/$1.script"
	play_tree "$tree" "$dir/$1.script"
}

# measure SECONDS OPTIONS
measure() {
	# shellcheck disable=SC2086
	EDGEPROF_ROOT=$tree "$edgeprof" run $quick -o "$out" --sensor cpu_use \
		--sensor "power_supply$2" -- sleep "$1" \
		>"$dir/out" 2>"$dir/err" 9>&-
	status=$?
}

amps="profile load = ramp 6 18 2
every 2ms $bat/current_now = amps of load at 12.0 unit=ua"
play unplugged "$amps"
measure 2 ",period=20ms"
holds a_laptop_on_its_battery_gives_the_energy power_supply 'ramp 6 18 2' \
	'abs(power - true) <= u95 and u95 < 0.2 * true and empty == 0 and quiet'
holds what_is_agreed_or_a_mouse_is_not_counted power_supply 'ramp 6 18 2' \
	'channels["ucsi_source_psy_USBC000_001_volts"]["flags"] == ["negotiated"] and
	 not any("hidpp" in c for c in channels) and "peripheral" in notes and
	 "agreed" in notes and run["total"]["channels"] == ["power_supply.power"]'
holds nothing_is_declared_that_is_not_known power_supply 'ramp 6 18 2' \
	'channels["power"]["refresh_ns"] == 0 and channels["power"]["role"] == "aside" and
	 channels["energy"]["flags"] == ["check"]'
stop_tree

# Many drivers give one sign for both ways, or the other one.
play other_sign "every 20ms $bat/current_now = values \"-750000\\n\" \"-760000\\n\""
measure 1 ",period=20ms"
holds status_and_not_the_sign_decides power_supply 'constant 9.06' \
	'abs(power - true) <= max(u95, 0.01 * true) and empty == 0'
stop_tree

play full "every 20ms $bat/status = \"Full\\n\"
every 20ms $bat/current_now = \"0\\n\""
measure 0.5 ",period=20ms"
holds a_full_battery_is_not_measured power_supply 'constant 9' \
	'power is None and status == "not_measured" and zero == 0 and empty == len(rows) > 5 and
	 "only while it discharges" in notes and rows[0]["BAT0_volts_uv"] == "12000000"'
stop_tree

play plugged_in "profile load = constant 12
every 20ms $bat/current_now = amps of load at 12.0 unit=ua
at 1500ms write /sys/class/power_supply/AC/online \"1\\n\""
measure 3 ",period=20ms,name=BAT*,role=total"
holds a_charger_ends_the_measurement power_supply 'constant 12' \
	'0 < empty < len(rows) and zero == 0 and rows[-1]["power_uw"] == "" and
	 rows[0]["power_uw"] == "12000000" and status == "low_confidence" and quiet'
stop_tree

play nonsense "every 20ms $bat/current_now = values \"1000000\\n\" \"1000000\\n\" \"nan\\n\" \"1000000\\n\" \"\" \"1000000\\n\" \"0\\n\" \"1000000\\n\""
measure 2 ",period=20ms"
holds nonsense_is_an_error_never_zero power_supply 'constant 12' \
	'10 < empty < 0.6 * len(rows) and zero == 0 and quiet and abs(power - true) <= u95'
stop_tree

mkdir -p "$dir/bare/sys/class"
tree=$dir/bare
out=$dir/none
measure 0 ""
status_is a_machine_without_one_says_so 0 "no battery"
exit "$failed"

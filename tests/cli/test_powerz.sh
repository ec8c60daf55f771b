#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A POWER-Z as files of its kernel driver that change (tests/sim/play_tree.c).
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

quick='--board none --idle 0s --tail 300ms'

# POWER-Z: make_powerz NUMBER PORT
make_powerz() {
	cat <<E
/sys/bus/usb/$2/idProduct = 0063
/sys/bus/usb/$2/$2:1.0/authorized = 1
/sys/class/hwmon/hwmon$1/device -> /sys/bus/usb/$2/$2:1.0
/sys/class/hwmon/hwmon$1/name = powerz
/sys/class/hwmon/hwmon$1/in0_input = 5060
/sys/class/hwmon/hwmon$1/in0_label = VBUS
/sys/class/hwmon/hwmon$1/in1_input = 1650
/sys/class/hwmon/hwmon$1/in1_label = VCC1
/sys/class/hwmon/hwmon$1/curr1_input = 1000
/sys/class/hwmon/hwmon$1/curr1_label = IBUS
E
}

# play NAME SCRIPT: a machine with two of them, whose files change
play() {
	out=$dir/$1
	tree=$dir/$1.root
	{
		make_powerz 3 1-1
		make_powerz 4 2-1
	} >"$dir/two.tree"
	"$sim/make_tree" "$dir/two.tree" "$tree" || exit 1
	printf '%s\n' "$2" >"$dir/$1.script"
	play_tree "$tree" "$dir/$1.script"
}

# powerz SECONDS OPTIONS
powerz() {
	# shellcheck disable=SC2086
	EDGEPROF_ROOT=$tree "$edgeprof" run $quick -o "$out" \
		--sensor "km003c$2" -- sleep "$1" >"$dir/out" 2>"$dir/err" 9>&-
	status=$?
}

hw=/sys/class/hwmon/hwmon3
# Cut off as by the driver, not rounded.
amps="profile load = square 3 7 0.9
every 2ms $hw/curr1_input = amps of load at 5.06 unit=ma start=-0.5"
play energy "$amps"
powerz 2 ":1-1:*,refresh=2ms"
holds a_powerz_gives_the_energy km003c 'square 3 7 0.9' \
	'within and errors == 0 and "1-1:1.0" in notes and "accuracy is not known" in notes and
	 channels["power"]["role"] == "total"'
out=$dir/two
powerz 0 ""
status_is two_of_them_are_named 0 "1-1:1.0, 2-1:1.0" "$out/run.json"
stop_tree

play faults "every 2ms $hw/curr1_input = \"988\\n\"
at 500ms write $hw/in0_input \"188000\\n\"
at 800ms write $hw/in0_input \"\"
at 1100ms write $hw/in0_input \"5060\\n\"
at 1400ms move $hw /sys/class/hwmon/hwmon7
at 1401ms link /sys/class/hwmon/hwmon7/device ../../../bus/usb/1-1/1-1:1.0"
powerz 3 ":1-1:*"
holds what_a_powerz_cannot_tell_is_no_value km003c 'constant 5' \
	'errors > 20 and gaps >= 2 and steady and rows[-1]["voltage_uv"] == "5060500" and
	 "0" not in [r["voltage_uv"] for r in rows] + [r["current_ua"] for r in rows]'
stop_tree
exit "$failed"

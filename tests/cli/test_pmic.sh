#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A Raspberry Pi 5 whose firmware is simulated: tests/sim/vcio.c.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

# A copy, which an ordinary user can reach.
cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
export EDGEPROF_BOARDS
"$sim/make_tree" "$here/../fixtures/rpi5.tree" "$dir/pi5" || exit 1
"$sim/make_tree" "$here/../fixtures/rpi4.tree" "$dir/pi4" || exit 1
needs_umockdev pmic vcio --nodes both

# pi NAME SIM_OPTION... -- RUN_OPTION...: a run on a simulated Pi 5
pi() {
	out=$dir/$1
	shift
	on vcio --tree "$dir/pi5" "$@"
}

# Seconds from the simulator's start to an event.
event_s() { # name
	awk -F, -v name="$1" -v epoch="$(cat "$dir/epoch")" \
		'$3 == name { printf "%.6f\n", ($1 - epoch) / 1e9 }' \
		"$out/events.csv"
}

# measure NAME PROFILE PI_ARGUMENT...: the energy is the profile's, within its
# own uncertainty.  A busy machine makes gaps, which widen it: try again.
measure() {
	name=$1
	profile=$2
	shift 2
	for try in 1 2 3; do
		pi "$name" --profile "$profile" "$@"
		energy_of "$profile"
		awk "BEGIN { exit !(${u95:-9} < 0.1 * $joules) }" && break
	done
	status_is "${name}_runs" 0
	number "${name}_energy ($said +- $u95 J of $joules, try $try)" \
		"${said:-0} > 0 && ${u95:-0} > 0 &&
		 ($said - $joules) ^ 2 <= $u95 ^ 2"
}

noted() { # NAME TEXT: run.json has it
	check "$1" grep -q -e "$2" "$out/run.json"
}

short='--idle 1s --tail 0s'
quick='--idle 0s --tail 0s'
# shellcheck disable=SC2086
{
	measure constant "constant 3" --cost-full 4000 --cost-single 1000 -- \
		$short sleep 1.5
	noted the_board_is_found '"name": *"rpi5"'
	noted full_sweeps 'schedule: all channels every'
	measure ramp "ramp 1.5 7 4" --cost-full 4000 --cost-single 1000 \
		--unpadded -- --board rpi5 $short sleep 1.5
	measure square_by_the_older_node "square 2 6 0.7" --cost-full 3000 \
		--refresh 5 --nodes vcio -- --board rpi5 $short sleep 2
	measure mixed "ramp 1.5 7 4" --cost-full 20000 --cost-single 300 \
		--exact -- --board rpi5 $short sleep 2
	noted mixed_rates 'VDD_CORE and DDR every'
}
# Of a mixed schedule the core is read in every line, another rail in few.
number others_take_turns "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	NR > 2 { n++; core += $at["vdd_core_amps_ua"] != ""
		other += $at["1v8_sys_amps_ua"] != "" }
	END { print (n > 20 && core == n && other > 2 && other < n / 3) }' \
	"$out/sensors/pmic.csv")"

# Faults one after another, and what became of each in the raw lines: no value
# at all (or none of the core) while it lasts, then values again.
column() { # FROM_S FOR_S COLUMN
	# A call that began before may end inside.
	# shellcheck disable=SC2046 # two words
	cells pmic "$3" $(awk "BEGIN { print $1 + 0.05, $1 + $2 - 0.05 }")
}

set --
from=2.0
for fault in garbage truncated nan missing spike error empty eio; do
	set -- "$@" --fault "$fault:$from:0.4"
	from=$(echo "$from" | awk '{ print $1 + 0.65 }')
done
# shellcheck disable=SC2086
pi faults --cost-full 3000 "$@" -- \
	--board rpi5 --idle 0.5s --tail 0s sleep 6.8
status_is faults_do_not_end_the_run 0
from=2.0
for fault in garbage truncated nan missing spike error empty eio; do
	amps=vdd_core_amps_ua
	# The currents come first in the text: they are whole.
	[ "$fault" = truncated ] && amps=ext5v_volts_uv
	column "$from" 0.4 "$amps" >"$dir/count"
	read -r lines given zero _ <"$dir/count"
	number "$fault" "$lines >= 1 && $given == 0 && $zero == 0"
	from=$(echo "$from" | awk '{ print $1 + 0.65 }')
done
column 2.4 0.25 vdd_core_amps_ua >"$dir/count"
read -r lines given zero _ <"$dir/count"
number values_come_again "$lines >= 1 && $given == $lines && $zero == 0"
column 3.3 0.4 ext5v_volts_uv >"$dir/count"
read -r lines given zero _ <"$dir/count"
number nan_currents_leave_voltages "$lines >= 1 && $given == $lines"
# shellcheck disable=SC2016
check gaps_and_errors_are_told awk '
	$1 == "pmic.vdd_core" && $(NF - 1) >= 7 && $NF >= 8 { good = 1 }
	END { exit !good }' "$dir/out" "$dir/err"
number no_zero_at_all "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "vdd_core_amps_ua") at = i }
	$at == "0" { bad = 1 } END { print !bad }' "$out/sensors/pmic.csv")"

# The node goes and comes back; calls hang longer than a tick; values stand
# still; the supply is weak.
# shellcheck disable=SC2086
pi vanish --profile "ramp 2 8 8" --cost-full 3000 --fault vanish:2:0.7 \
	--fault slow:3.5:0.9 --fault stuck:5.4:0.5 --fault throttled:2.5:1.2 -- \
	--board rpi5 --idle 0.5s --tail 0s sleep 5.5
status_is vanished_node 0
column 2 0.7 vdd_core_amps_ua >"$dir/count"
read -r lines given zero _ <"$dir/count"
number gone_is_no_value "$given == 0 && $zero == 0"
column 2.7 1.0 vdd_core_amps_ua >"$dir/count"
read -r lines given zero _ <"$dir/count"
number it_is_found_again "$given > 0"
column 5.4 0.5 vdd_core_amps_ua >"$dir/count"
read -r lines given zero _ <"$dir/count"
number stuck_values_are_recorded "$lines >= 2 && $given == $lines"
length=$(awk "BEGIN { print $(event_s end) - $(event_s start) }")
number grid_goes_on "$(awk -F, -v long="$length" '
	NR > 1 { n++ } END { print (n > 0.8 * 100 * (long - 0.3)) }' \
	"$out/ticks.csv")"
number other_sensors_go_on "$(awk -F, -v long="$length" '
	NR > 1 { n++ } END { print (n > 0.8 * 5 * (long - 0.6)) }' \
	"$out/sensors/thermal.csv")"
number under_voltage_is_seen "$(awk -F, '
	NR > 1 && $4 == 1 && $6 == 1 && $5 == 0 { seen = 1 }
	END { print seen + 0 }' "$out/sensors/firmware.csv")"

# What cannot be opened says why.
# shellcheck disable=SC2086
{
	pi absent --nodes none -- --board rpi5 $quick true
	status_is without_node 0
	noted absent_node 'there is neither /dev/vcio_gencmd nor'

	"$sim/vcio" --tree "$dir/pi4" --pi4 -- "$edgeprof" run $fast \
		--sensor rpi5_pmic -o "$dir/pi4run" true >"$dir/out" 2>"$dir/err"
	out=$dir/pi4run
	noted pi4_measures_no_power 'only the Pi 5 family measures its power'
}
user_tools
chmod -R a+rX "$dir"
mkdir "$dir/own"
chmod 0777 "$dir/own"
# shellcheck disable=SC2086
as_user env TMPDIR="$dir/own" "$sim/vcio" --tree "$dir/pi5" --deny -- \
	"$edgeprof" run --board rpi5 $quick -o "$dir/own/deny" true >"$dir/out" 2>"$dir/err"
out=$dir/own/deny
noted permission_denied 'usermod -aG video'

exit "$failed"

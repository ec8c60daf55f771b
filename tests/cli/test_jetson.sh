#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Jetson boards whose files are played by tests/sim/play_tree.c.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

user_tools
# A copy, which an ordinary user can reach.
cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
export EDGEPROF_BOARDS
quick='--idle 0s --tail 0s'
out=$dir/run
nano=/sys/devices/platform/bus@0/c240000.i2c/i2c-1/1-0040/hwmon/hwmon3
agx=/sys/devices/platform/c240000.i2c/i2c-1
jp4=/sys/devices/50000000.host1x/546c0000.i2c/i2c-6/6-0040/iio:device0

# play TREE: the tree, changing as $dir/script says, until stop_tree
play() {
	rm -rf "$dir/tree"
	"$sim/make_tree" "$here/../fixtures/$1.tree" "$dir/tree" || exit 1
	play_tree "$dir/tree" "$dir/script"
}

# A library for edgeprof; "" none
preload=

# board_run BOARD RUN_ARGUMENT...: into $dir/run
board_run() {
	rm -rf "$dir/run"
	board=$1
	shift
	EDGEPROF_ROOT=$dir/tree ASAN_OPTIONS=verify_asan_link_order=0 \
		SLOW_READS='*/hwmon3/*_input 7' LD_PRELOAD=$preload \
		"$edgeprof" run --board "$board" -o "$dir/run" "$@" \
		>"$dir/out" 2>"$dir/err"
	status=$?
}

# measure NAME TREE BOARD PROFILE...: the energy of a run is that of the
# profiles, within its own uncertainty.  A busy machine makes gaps, which widen
# it: try again.
measure() {
	name=$1
	tree=$2
	of=$3
	shift 3
	for try in 1 2 3; do
		play "$tree"
		# shellcheck disable=SC2086
		board_run "$of" $quick -- sleep 1.5
		stop_tree
		energy_of "$@"
		awk "BEGIN { exit !(${u95:-9} < 0.1 * $joules) }" &&
			break
	done
	status_is "$name" 0
	number "${name}_energy ($said +- $u95 J of $joules, try $try)" \
		"${said:-0} > 0 && ${u95:-0} > 0 && $joules > 0 &&
		 ${u95:-0} < 0.3 * $joules &&
		 (${said:-0} - $joules) ^ 2 <= ${u95:-0} ^ 2"
}

noted() { # NAME TEXT: run.json has it
	check "$1" grep -q -e "$2" "$dir/run/run.json"
}

# As it is, backslashes too.
line() {
	printf '%s\n' "$1"
}

# rail FOLDER NUMBER PROFILE_NAME VOLTS: two lines of a script; the steps are
# those of the chip with 5 milliohm
rail() {
	echo "every 7ms $1/in$2_input = volts $4 unit=mv step=8"
	echo "every 7ms $1/curr$2_input = amps of $3 at $4 unit=ma step=8"
}

# Reads as a Jetson Orin Nano, whatever it draws.
for profile in "constant 7.3" "ramp 3 12 2" "square 4 10 0.5"; do
	{
		echo "profile in = $profile"
		echo "profile part = constant 1.5"
		rail "$nano" 1 in 5.064
		rail "$nano" 2 part 5.064
	} >"$dir/script"
	measure "orin_nano_${profile%% *}" jetson-orin-nano-jp6 \
		jetson-orin-nano "$profile"
done
noted the_total_is_vdd_in '"ina3221.vdd_in"'
noted clocks_are_there '"gpu_clock"'

# AGX Orin: three rails are the total, the memory's is shown and not added.
{
	echo "profile gpu = ramp 4 9 2"
	echo "profile cpu = constant 6"
	echo "profile sys = square 5 8 0.4"
	echo "profile ddr = constant 50"
	rail "$agx/1-0040/hwmon/hwmon3" 1 gpu 19.824
	rail "$agx/1-0040/hwmon/hwmon3" 2 cpu 19.816
	rail "$agx/1-0040/hwmon/hwmon3" 3 sys 5.040
	rail "$agx/1-0041/hwmon/hwmon4" 2 ddr 5.032
} >"$dir/script"
measure agx_orin jetson-agx-orin-jp5 jetson-agx-orin \
	"ramp 4 9 2" "constant 6" "square 5 8 0.4"
noted nc_is_named "channel 1 NC left out"
check ddr_is_a_part grep -q 'ina3221.vddq_vdd2_1v8ao  *part' "$dir/err"

# Nano with JetPack 4: volts and amps of one conversion.
{
	echo "profile in = ramp 3 12 2"
	echo "every 7ms $jp4/ui_input_0 = pair of in at 5.176"
} >"$dir/script"
measure nano_jetpack_4 jetson-nano-jp4 jetson-nano "ramp 3 12 2"
noted one_conversion "both of one conversion"

# Reads that wait for a conversion: a rail at a time, the grid goes on.
{
	echo "profile in = ramp 3 12 2"
	rail "$nano" 1 in 5.064
} >"$dir/script"
preload=$build/tests/sim/lib/slow_reads.so
measure slow_reads jetson-orin-nano-jp6 jetson-orin-nano "ramp 3 12 2"
preload=
noted slow_reads_are_told "reads wait for the chip"
number slow_reads_leave_the_grid "$(awk -F, '
	NR > 1 { n++; missed += $3 }
	END { print (n > 75 && missed < n) }' "$dir/run/ticks.csv")"

# Faults one after another, beside rails that go on.
{
	echo "profile in = constant 6"
	rail "$nano" 1 in 5.064
	line "at 1000ms write $nano/curr2_input \"12x\\n\""
	line "at 1400ms write $nano/curr2_input \"\""
	line "at 1800ms write $nano/curr2_input \"4000000\\n\""
	line "at 2200ms write $nano/curr2_input \"-160\\n\""
	line "at 2600ms delete $nano"
	line "at 3000ms return $nano"
	line "at 3600ms move $nano ${nano%3}7"
	line "at 3600ms link /sys/class/hwmon/hwmon7 ${nano%3}7"
} >"$dir/script"
play jetson-orin-nano-jp6
# shellcheck disable=SC2086
board_run jetson-orin-nano $quick -- sleep 4.4
stop_tree
status_is faults_do_not_end_the_run 0

cpu=vdd_cpu_gpu_cv_amps_ua
missing() { # NAME FROM_S TO_S COLUMN
	cells ina3221 "$4" "$2" "$3" >"$dir/count"
	read -r lines given _ <"$dir/count"
	number "$1 ($given of $lines)" "$lines > 5 && $given == 0"
}
given() { # NAME FROM_S TO_S COLUMN [VALUE]
	cells ina3221 "$4" "$2" "$3" >"$dir/count"
	read -r lines given _ last <"$dir/count"
	number "$1 ($given of $lines, $last)" \
		"$lines > 5 && $given > 5 && ${last:-0} == ${5:-${last:-0}}"
}
missing garbage_is_no_value 1.050 1.350 $cpu
given other_rails_go_on 1.050 1.350 vdd_in_amps_ua
missing no_data_is_no_value 1.450 1.750 $cpu
missing a_spike_is_no_value 1.850 2.150 $cpu
given negative_current_is_one 2.250 2.550 $cpu -160000
missing vanished 2.650 2.950 vdd_in_amps_ua
given returned 3.250 3.580 vdd_in_amps_ua
given renumbered 3.900 4.250 vdd_in_amps_ua
given a_stuck_value_is_recorded 3.900 4.250 vdd_soc_volts_uv 5064000
check gaps_and_errors_are_shown awk '
	$1 == "ina3221.vdd_in" { found = $(NF - 1) > 0 }
	END { exit !found }' "$dir/err"
check a_value_that_never_changed_is_told \
	grep -q 'ina3221.vdd_soc  .*never changed' "$dir/err"
check other_sensors_are_unharmed awk '
	$1 ~ /^(devfreq|thermal|cpu_clock)$/ && $NF != 0 { bad = 1 }
	END { exit bad }' "$dir/err"
number faults_leave_the_grid "$(awk -F, '
	NR > 1 { n++; missed += $3 }
	END { print (n > 200 && missed < n) }' "$dir/run/ticks.csv")"

# The input's current is refused: no total, and the reason.
if [ "$(id -u)" -eq 0 ]; then
	: >"$dir/script"
	play jetson-orin-nano-jp6
	chmod 0400 "$dir/tree$nano/curr1_input"
	rm -rf "$dir/run"
	mkdir -m 0777 "$dir/user"
	# shellcheck disable=SC2086
	EDGEPROF_ROOT=$dir/tree as_user "$edgeprof" run \
		--board jetson-orin-nano -o "$dir/user/run" $quick -- true \
		>"$dir/out" 2>"$dir/err"
	status=$?
	stop_tree
	status_is refused_is_told 0 "VDD_IN left out: Permission denied"
	check refused_is_not_measured \
		grep -q 'power  *not measured\|no power' "$dir/err"
else
	skip refused_is_told "root is needed to become another user"
fi
exit $failed

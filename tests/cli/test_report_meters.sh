#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Meters side by side: from a run folder made without hardware, and recorded
# from replayed traces; --calibration.
. "$(dirname "$0")/lib.sh"

schema=$here/../../docs/report.schema.json

# value PATH: of $dir/json, as "totals.run.energy_j.value"
value() {
	python3 -c '
import json, sys
at = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    at = at[int(key)] if isinstance(at, list) else at[key]
print("null" if at is None else at)' "$dir/json" "$1"
}

# near NAME PATH NUMBER TOLERANCE
near() {
	got=$(value "$2")
	number "$1 ($got)" "(${got:-0} - $3) ^ 2 <= $4 ^ 2"
}

"$sim/make_meters" "$dir/run" || exit 1
"$edgeprof" report "$dir/run" >"$dir/out" 2>"$dir/err"
status=$?
status_is three_meters 0 'Meters side by side' "$dir/out"
cp "$dir/run/report.json" "$dir/json"
check schema "$sim/validate_json" "$schema" "$dir/json"
check the_total_has_the_boards_name grep -q 'power *PMIC sum' "$dir/out"
# 2 s and 3 s at 3.5 W, 5 s at 7 W, 30 s at 6 W, 2 s at 2.5 W: 230.5 J.
near energy_of_the_total meters.0.energy_j.run.value 230.5 0.1
near energy_of_the_um34c meters.1.energy_j.run.value 287.47 1
near difference_of_the_um34c meters.1.difference_j.run.value 56.97 1
near own_count_of_the_um34c meters.1.own_count_j.value 287.47 4
near energy_of_the_plug meters.2.energy_j.run.value 334.5 5
near calibrated_energy calibrated.energy_j.run.value 287.47 0.2
check calibrated_has_no_interval \
	test "$(value calibrated.energy_j.run.u95)" = null
check the_plug_judges_no_short_phase \
	test "$(value meters.2.energy_j.prefill.status)" = not_measured
for code in alarm out-of-limits calibration sensor-gaps; do
	check "warns_of_$code" grep -q "\"$code\"" "$dir/json"
done
check an_alarm_makes_the_run_invalid grep -q '^  ! INVALID' "$dir/out"
check cells_not_read_are_no_errors \
	test "$(value health.2.errors) $(value health.2.gaps)" = '0 0'
LC_ALL=C.UTF-8 check fits_80_columns fails grep -q '^.\{81\}' "$dir/out"
(cd "$dir/run" && cksum ./*.csv report.json) >"$dir/first"
(cd "$dir/run" && rm trace.csv phases.csv requests.csv tokens.csv report.json)
"$edgeprof" report "$dir/run" >/dev/null 2>&1
(cd "$dir/run" && cksum ./*.csv report.json) >"$dir/second"
check derived_files_are_the_same diff "$dir/first" "$dir/second"

# Recorded: 5 W three times over, as good, coarse and doubled.
"$sim/make_trace" "$dir/a.csv" constant 100 20 >/dev/null || exit 1
"$sim/make_trace" "$dir/b.csv" constant 10 20 >/dev/null || exit 1
sed 's/,\([0-9]*\)$/,1\1/' "$dir/b.csv" >"$dir/c.csv"
run --board none --idle 500ms --tail 300ms -o "$dir/replayed" \
	--sensor "replay:$dir/a.csv,as=good" \
	--sensor "replay:$dir/b.csv,as=coarse" \
	--sensor "replay:$dir/c.csv,as=other" -- sleep 1
status_is replayed_meters 0 'Meters side by side'
cp "$dir/replayed/report.json" "$dir/json"
check the_first_is_the_total test "$(value meters.0.sensor)" = good
near the_second_agrees meters.1.difference_j.run.value 0 0.05
near the_third_is_ten_watts_more meters.2.power_mean_w.run.value 15 0.05

# A calibration that is not there ends before anything is measured.
cat >"$dir/tree.board" <<'B'
name = "tree"
title = "a tree of files"
source = "tests"
status = "untested"
coverage = "one rail"
total = "the one rail"
match { path = "/sys/class/hwmon/hwmon0" }
sensor "hwmon" { driver = "hwmon" }
rail "total" { channel = "hwmon.*" role = "total" }
calibration "plug" { target = "at the plug" gain = "2" offset_w = "1" source = "tests" caveat = "none" }
B
tree=$dir/tree
mkdir -p "$tree/sys/class/hwmon/hwmon0" "$tree/sys/devices/system/cpu"
echo board_power >"$tree/sys/class/hwmon/hwmon0/name"
echo 3000000 >"$tree/sys/class/hwmon/hwmon0/power1_input"
EDGEPROF_ROOT=$tree
export EDGEPROF_ROOT
run --board "$dir/tree.board" --calibration wall --idle 0s -o "$dir/never" -- true
status_is an_unknown_calibration 125 'board tree has no such; it has: plug'
run --board none --calibration plug --idle 0s -o "$dir/never" -- true
status_is a_calibration_without_a_board 125 'board none has none'
check nothing_is_left_behind fails test -e "$dir/never"
run --board "$dir/tree.board" --calibration plug --idle 300ms --tail 100ms \
	-o "$dir/fit" -- sleep 0.5
status_is a_calibrated_run 0 'By calibration'
cp "$dir/fit/report.json" "$dir/json"
near twice_and_one_more calibrated.power_mean_w.run.value 7 0.001
check the_title_names_the_total test "$(value total.name)" = 'the one rail'
run --board "$dir/tree.board" --calibration plug --idle 0s -o "$dir/other" \
	--sensor "replay:$dir/a.csv" --total replay -- true
status_is a_fit_for_another_total 125 'is for the total of board tree'
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run: --duration, --estimate, --total, --jitter, --interval.
. "$(dirname "$0")/lib.sh"

# json FOLDER EXPRESSION: of report.json, as python sees it in r
json() {
	python3 -c 'import json, sys
r = json.load(open(sys.argv[1] + "/report.json"))
print(eval(sys.argv[2]))' "$1" "$2"
}

run --board demo --duration 700ms --idle 200ms --tail 0s -o "$dir/whole"
status_is whole_system_run 0 "the whole system"
number whole_system_lasts_as_asked "($(json "$dir/whole" 'r["totals"]["run"]["duration_s"]["value"]') - 0.7)^2 < 0.2^2"
check whole_system_is_one_phase test "$(json "$dir/whole" 'sorted(set(p["phase"] for p in r["phases"]) - {"idle", "after"})')" = "['other']"
check a_model_says_so_in_json test "$(json "$dir/whole" 'r["totals"]["run"]["energy_j"]["status"]')" = estimated
check a_model_says_so_in_text grep -q "ESTIMATED" "$dir/err"
if [ "$(id -u)" -eq 0 ]; then
	number whole_system_switches_are_counted "$(json "$dir/whole" 'r["totals"]["run"]["context_switches_count"]["value"]') > 0"
fi

env --default-signal=INT "$edgeprof" run --board none --duration 60s --idle 0s --tail 0s -o "$dir/int" >"$dir/out" 2>"$dir/err" &
pid=$!
until grep -q ",gate," "$dir/int/events.csv" 2>/dev/null; do
	sleep 0.05
done
kill -INT $pid
wait $pid
status=$?
status_is an_interrupted_duration_is_a_run 0
check an_interrupted_duration_is_reported test -s "$dir/int/report.json"

run --board none --estimate --idle 200ms --tail 0s -o "$dir/model" -- sleep 0.5
status_is estimate_on_any_board 0 "ESTIMATED"
check the_model_does_not_borrow_the_coverage grep -q "Nothing is measured" "$dir/err"

"$sim/make_trace" "$dir/a.csv" constant 100 9 >/dev/null
"$sim/make_trace" "$dir/b.csv" ramp 100 9 >/dev/null
run --board none --idle 200ms --tail 0s --sensor "replay:$dir/a.csv" --sensor "replay:$dir/b.csv,as=second" -o "$dir/two" -- sleep 0.5
status_is two_sensors_side_by_side 0
check the_first_sensor_is_the_total sh -c "grep -q '\"channels\": \[' '$dir/two/run.json' && grep -A1 '\"total\"' '$dir/two/report.json' | grep -q replay.total"
check each_has_its_own_trace test -s "$dir/two/sensors/second.csv"
number constant_power_comes_out "($(json "$dir/two" 'r["totals"]["run"]["power_mean_w"]["value"]') - 5)^2 < 1e-9"
run --board none --idle 200ms --tail 0s --total second --sensor "replay:$dir/a.csv" --sensor "replay:$dir/b.csv,as=second" -o "$dir/other" -- sleep 0.5
status_is another_total_by_option 0 "second.total"
number the_other_total_is_used "$(json "$dir/other" 'r["totals"]["run"]["power_mean_w"]["value"]') < 4"
run $fast --total nothing -- true
status_is a_total_that_is_not_there 125 "nothing"

run --board demo --idle 0s --tail 0s --jitter --interval 1ms -o "$dir/jitter" -- sleep 0.3
status_is jitter_and_one_millisecond 0
number the_grid_has_a_thousand_ticks_a_second "$(wc -l <"$dir/jitter/ticks.csv") > 100"
run --board demo --idle 0s --tail 0s --interval 1s -o "$dir/slow" -- sleep 0.3
status_is one_second_interval 0
exit $failed

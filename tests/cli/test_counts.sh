#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Counts and energies of whole runs against independent witnesses.
. "$(dirname "$0")/lib.sh"

# metric FOLDER NAME: from the run row of report.json
metric() {
	python3 - "$1/report.json" "$2" <<'P'
import json, sys
value = json.load(open(sys.argv[1]))["totals"]["run"][sys.argv[2]]["value"]
print("" if value is None else value)
P
}

# near NAME A B RELATIVE ABSOLUTE
near() {
	if [ -z "$2" ] || [ -z "$3" ]; then
		not_ok "$1" "a value is missing: '$2' '$3'"
	else
		number "$1" "($2 - $3)^2 <= ($4 * $3 + $5)^2"
	fi
}

run $fast --events context-switches,page-faults,task-clock -o "$dir/s" -- "$sim/churn_switches" 20000
status_is switches_run 0
witness=$(($(fact "$dir/s" child.nvcsw) + $(fact "$dir/s" child.nivcsw)))
near context_switches_agree_with_getrusage "$(metric "$dir/s" context_switches_count)" $witness 0.005 2
number enough_switches_were_made "$witness >= 20000"

run $fast --events page-faults,context-switches -o "$dir/f" -- "$sim/churn_faults" 40000
status_is faults_run 0
witness=$(($(fact "$dir/f" child.minflt) + $(fact "$dir/f" child.majflt)))
near page_faults_agree_with_getrusage "$(metric "$dir/f" page_faults_count)" $witness 0.005 64
number enough_faults_were_made "$witness >= 40000"

for shape in constant ramp square sine; do
	rate=1000
	seconds=3
	"$sim/make_trace" "$dir/$shape.csv" $shape $rate $seconds >/dev/null
	run --board none --idle 200ms --tail 0s --interval 1ms --sensor "replay:$dir/$shape.csv" -o "$dir/r$shape" -- sleep 2
	status_is "replay_${shape}_run" 0
	# The window the program ran in, on the trace's own time.
	python3 - "$dir/r$shape" "$dir/$shape.csv" >"$dir/window" <<'P'
import csv, sys
run, trace = sys.argv[1:3]
first = int(next(csv.DictReader(open(trace)))["t_ns"])
rows = list(csv.DictReader(open(run + "/events.csv")))
gate = next(int(r["t_ns"]) for r in rows if r["event"] == "gate")
exit_ = next(int(r["t_ns"]) for r in rows if r["event"] == "exit")
# Replayed lines keep their spacing, so the first one tells the shift.
played = int(next(csv.DictReader(open(run + "/sensors/replay.csv")))["t_ns"])
print((gate - played + first) / 1e9, (exit_ - played + first) / 1e9)
P
	read -r from to <"$dir/window"
	expected=$("$sim/make_trace" "$dir/$shape.again" $shape $rate $seconds "$from" "$to" | sed 's/.*energy_j":\([0-9.]*\).*/\1/')
	near "replayed_${shape}_energy_is_the_closed_form" "$(metric "$dir/r$shape" energy_j)" "$expected" 0.001 0.001
done
exit $failed

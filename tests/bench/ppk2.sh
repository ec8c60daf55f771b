# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2086,SC2154 # part of run.sh
# A PPK2 at 100 000 samples a second, for a minute: what it costs, whether a
# sample is lost that the device keeps for 20 ms only, and the energy of phases
# that its input D0 marks, against the script.  PPK2_RATE=--full-rate: every
# sample a row.

# ppk2_verdict: lost samples, rows, worst phase in percent, phases
ppk2_verdict() {
	python3 - "$work" "$build/tests/sim/profile_energy" "$1" <<'P'
import csv, json, subprocess, sys
work, tool, profile = sys.argv[1:]
run = work + "/run"
report = json.load(open(run + "/report.json"))
gate = [int(e["t_ns"]) for e in csv.DictReader(open(run + "/events.csv")) if e["event"] == "gate"][0]
state = dict(l.split() for l in open(work + "/ppk2.state"))
worst, count, lost, rows = 0, 0, 0, 0
with open(run + "/sensors/ppk2.csv") as file:
    column = file.readline().rstrip().split(",").index("lost_count")
    for line in file:
        lost = int(line.split(",")[column] or lost)
        rows += 1
for p in report["phases"]:
    if p["phase"] != "work":
        continue
    a, b = (gate + round(p[k] * 1e9) for k in ("start_s", "end_s"))
    exact = float(subprocess.run([tool, profile, state["epoch"], str(a), str(b)],
                                 capture_output=True, text=True).stdout)
    worst = max(worst, abs(p["metrics"]["energy_j"]["value"] / exact - 1) * 100)
    count += 1
print(max(lost, int(state["lost"])), rows, worst if count else "-", count)
P
}

bench_ppk2() {
	seconds=${PPK2_SECONDS:-60}
	rm -rf "$work/run"
	"$build/tests/sim/ppk2" --link "$work/ppk2" --state "$work/ppk2.state" \
		--buffer 20 --ppm 35 --d 0:6 --profile "square 0.4 3.5 0.037" &
	ppk2_pid=$!
	until [ -s "$work/ppk2.state" ]; do sleep 0.05; done
	"$cost" "$work/cost" 2 $((seconds - 1)) $fifo "$edgeprof" run \
		--board none --idle 0s --tail 500ms --quiet ${PPK2_RATE:-} \
		-o "$work/run" \
		--sensor "ppk2:$work/ppk2,d0=work" -- $other sleep $seconds \
		>"$work/log" 2>&1
	kill $ppk2_pid
	echo
	echo "A PPK2 at 100 kS/s for $seconds s, its buffer 20 ms"
	read -r from_ns to_ns cpu_ns _ _ _ _ <"$work/cost" &&
		row "CPU of one core" "$(echo "$cpu_ns $from_ns $to_ns" |
			awk '{ print $1 / ($3 - $2) * 100 }')" % 5
	ppk2_verdict "square 0.4 3.5 0.037" >"$work/verdict"
	read -r lost rows worst count <"$work/verdict"
	row "lost samples" "${lost:--}" "" 0
	row "rows" "${rows:--}" ""
	row "worst of ${count:-0} phases, off the script" "${worst:--}" % 0.1
}

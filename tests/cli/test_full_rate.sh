#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run --full-rate: every sample of a stream is a row, with its own
# time and value; energy, phases and losses are as of 1 ms rows.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

# meter ID PROFILE [OPTION...]: behind $dir/ID
meter() {
	id=$1
	profile=$2
	shift 2
	simulate "$id" "$profile" ppk2 --link "$dir/$id" "$@"
	await "$id"
}

meter good "square 0.4 3.5 0.037" --ppm 80 --d 0:0.8
meter lose "constant 2" --fault lose
run --board none --idle 200ms --tail 200ms --full-rate -o "$dir/run" \
	--sensor "ppk2:$dir/good,as=good,d0=work,spike_filter=no" \
	--sensor "ppk2:$dir/lose,as=lose" -- sleep 2
status_is at_full_rate 0
played "$dir/run" <<'P' >"$dir/verdicts" 2>&1
facts = {e["source"]: e["text"] for e in events if e["event"] == "fact"}
good, lose = rows("good"), rows("lose")
t = [int(x["t_ns"]) for x in good]
steps = [b - a for a, b in zip(t, t[1:])]
watts = [int(x["power_uw"]) / 1e6 for x in good if x["power_uw"]]

run = energy("good")
phases = [p for p in r["phases"] if p["phase"] == "work"]

def check(name, good, seen=""):
    print(f"ok {name}" if good else f"not ok {name}: {seen}")

check("a_row_for_each_sample", sorted(steps)[len(steps) // 2] in range(9900, 10101) and min(steps) > 0,
      (sorted(steps)[len(steps) // 2], min(steps)))
check("none_is_missing", last("good", "lost_count") == 0 and abs((t[-1] - t[0]) / 10000 / (len(t) - 1) - 1) < 0.002,
      (last("good", "lost_count"), t[-1] - t[0], len(t)))
check("none_was_dropped", facts["dropped.samples"] == "0", facts)
check("each_is_one_instant", len(watts) > 150000 and all(min(abs(w - 0.4), abs(w - 3.5)) < 0.02 for w in watts),
      [w for w in watts if min(abs(w - 0.4), abs(w - 3.5)) >= 0.02][:5])
check("columns", list(good[0]) == ["t_ns", "span_ns", "flags", "power_uw", "current_ua", "lost_count",
                                   "damaged_count", "skipped_bytes", "voltage_uv", "work_count"], list(good[0]))
check("energy_is_exact", abs(run["value"] - true("good")) <= run["u95"],
      (run, true("good")))
check("energy_is_within_a_permille", abs(run["value"] / true("good") - 1) < 0.001, run)
check("phases_are_marked", len(phases) >= 1 and all(p["evidence"] == "MARKED" for p in phases), r["phases"])
for p in phases:
    e = p["metrics"]["energy_j"]
    want = true("good", *(at["gate"] + round(p[k] * 1e9) for k in ("start_s", "end_s")))
    check("a_phase_is_within_a_permille", abs(e["value"] / want - 1) < 0.001, (e, want))
check("losses_are_counted", abs(last("lose", "lost_count") - 37 * gaps("lose")) <= 74 and gaps("lose") > 100,
      (last("lose", "lost_count"), gaps("lose")))
check("nothing_stands_for_what_was_lost", all(abs(int(x["power_uw"]) / 1e6 - 2) < 0.02 for x in lose if x["power_uw"]))
check("it_is_in_run_json", made["options"]["full_rate"] is True, made.get("options"))
check("counters_are_read_to_the_end", health("good", "lost")["gaps"] == 0, r["health"])
P
verdicts
grep -q "^ok it_is_in_run_json" "$dir/verdicts" || not_ok judge "$(tail -n 1 "$dir/verdicts")"
check the_note_says_so grep -q "100 000 samples a second, each stored" "$dir/run/run.json"
grep "^edgeprof: --full-rate" "$dir/err" >"$dir/told" && not_ok nothing_to_tell "$(cat "$dir/told")"

cp "$dir/run/report.json" "$dir/before.json"
rm "$dir/run/report.json"
"$edgeprof" report "$dir/run" >"$dir/out" 2>"$dir/err"
check a_report_made_again_is_the_same cmp -s "$dir/before.json" "$dir/run/report.json"

run --board none --idle 0s --tail 0s --full-rate -o "$dir/slow" -- true
status_is without_a_stream 0 "--full-rate has no effect: no sensor here makes more than 1000 samples"
exit $failed

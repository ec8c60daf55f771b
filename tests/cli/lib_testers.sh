# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by test_powerz.sh and test_fnirsi.sh, after lib.sh.

# holds NAME ID PROFILE EXPRESSION: python on the last run; power and u95 are
# joules, true what the profile says, rows the sensor's lines
holds() {
	check "$1" python3 - "$out" "$sim/profile_energy" "$(cat "$dir/epoch")" "$2" "$3" "$4" <<'P'
import csv, json, subprocess, sys
out, program, epoch, id, profile, expression = sys.argv[1:]
report = json.load(open(out + "/report.json"))
run = json.load(open(out + "/run.json"))
events = list(csv.DictReader(open(out + "/events.csv")))
at = {r["event"]: r["t_ns"] for r in events if r["event"] in ("gate", "exit")}
true = float(subprocess.check_output([program, profile, epoch, at["gate"], at["exit"]]))
total = report["totals"]["run"]["energy_j"]
power, u95 = total["value"], total["u95"]
rows = list(csv.DictReader(open(f"{out}/sensors/{id}.csv")))
sensor = next(s for s in run["sensors"] if s["id"] == id)
channels = {c["name"]: c for c in sensor["channels"]}
notes = " | ".join(sensor["notes"])
health = [h for h in report["health"] if h["sensor"] == id and h["channel"] == "power"][0]
errors = sum(int(r["flags"]) & 2 > 0 for r in rows)
gaps = sum(int(r["flags"]) & 4 > 0 for r in rows)
good = [r for r in rows if r["voltage_uv"] and r["current_ua"]]
watts = [int(r["voltage_uv"]) * int(r["current_ua"]) / 1e12 for r in good]
last = lambda c: [int(r[c]) for r in rows if r[c]][-1]
steady = len(watts) > 20 and all(abs(w - 5) < 0.01 for w in watts)
within = power is not None and abs(power - true) <= u95 and 0 < u95 < 0.15 * true
if not eval("(" + expression + ")"):
    print(expression, dict(power=power, u95=u95, true=true, notes=notes, rows=len(rows),
          errors=errors, gaps=gaps, good=len(good), steady=steady, health=health,
          refresh=channels["power"]["refresh_ns"]))
    sys.exit(1)
P
}

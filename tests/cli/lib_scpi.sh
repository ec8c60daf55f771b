# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by test_scpi.sh and test_scpi_faults.sh, after lib.sh.

pids=
trap 'kill $pids 2>/dev/null; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

# meter ID PROFILE [OPTION...]: a SCPI instrument
meter() {
	id=$1
	echo "$2" >"$dir/$id.profile"
	shift 2
	"$sim/scpi" --state "$dir/$id.state" --log "$dir/$id.log" \
		--profile "$(cat "$dir/$id.profile")" "$@" 2>"$dir/$id.err" &
	pids="$pids $!"
}

# await ID...: until they are there, 10 s at most
await() {
	for id; do
		tries=0
		until [ -s "$dir/$id.state" ] || [ $tries -ge 200 ]; do
			sleep 0.05
			tries=$((tries + 1))
		done
	done
}

# tcp ID: its address
tcp() {
	echo "tcp://127.0.0.1:$(sed -n 's/^port //p' "$dir/$1.state")"
}

# judge FOLDER: lines "NAME: EXPRESSION" of Python, each of which must hold
judge() {
	cat >"$dir/lines"
	python3 - "$dir" "$1" "$sim" <<'P' >"$dir/verdicts" 2>&1
import csv, json, os, subprocess, sys
dir, folder, sim = sys.argv[1:]
r = json.load(open(folder + "/report.json"))
at = {e["event"]: e["t_ns"] for e in csv.DictReader(open(folder + "/events.csv"))}

def rows(id):
    return list(csv.DictReader(open(f"{folder}/sensors/{id}.csv")))

def powers(id):
    out = []
    for x in rows(id):
        if x.get("power_uw"):
            out.append(int(x["power_uw"]) / 1e6)
        elif x.get("voltage_uv") and x.get("current_ua"):
            out.append(int(x["voltage_uv"]) * int(x["current_ua"]) / 1e12)
    return out

def steady(id, watts=5):
    return len(powers(id)) > 2 and all(abs(p - watts) < 0.01 for p in powers(id))

def failed(id):
    return sum(int(x["flags"]) & 2 > 0 for x in rows(id))

def gaps(id):
    return sum(int(x["flags"]) & 4 > 0 for x in rows(id))

def proven(id):
    return all(int(x["flags"]) & 1 == 0 for x in rows(id))

def told(id):
    return max(int(x["instrument_errors_count"] or 0) for x in rows(id))

# At the end of the run it is read again.
def back(id):
    return any(x["current_ua"] for x in rows(id)[-4:])

def energy(id, channel="power"):
    return [c["energy_j"]["run"] for c in r["channels"] if c["channel"] == f"{id}.{channel}"][0]

# (reported - exact) / u95
def error(id):
    state = dict(l.split() for l in open(f"{dir}/{id}.state"))
    exact = float(subprocess.run(
        [sim + "/profile_energy", open(f"{dir}/{id}.profile").read().strip(),
         state["epoch"], at["gate"], at["exit"]],
        capture_output=True, text=True).stdout)
    return (energy(id)["value"] - exact) / energy(id)["u95"]

def log(id):
    return open(f"{dir}/{id}.log").read().split("\n")

ALL = "silence half late text overload turned queue hangup identity switched twice echo".split()
notes = json.dumps(json.load(open(folder + "/run.json")), ensure_ascii=False)
for line in open(dir + "/lines"):
    name, expression = line.strip().split(": ", 1)
    try:
        good = eval(expression)
    except Exception as e:
        good = repr(e)
    print(f"ok {name}" if good in (True, []) else f"not ok {name}: {expression}: {good}")
P
	cat "$dir/verdicts"
	grep -v "^ok " "$dir/verdicts" >"$dir/bad" && failed=1
	grep -q "^ok " "$dir/verdicts" || not_ok judge "$(tail -n 1 "$dir/verdicts")"
}

dc=preset=dmm-dc-current,assume_v=5.1,assume_percent=0.1,gain_percent=0.1

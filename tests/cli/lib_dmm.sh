# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by test_dmm.sh and test_dmm_faults.sh, after lib.sh.

pids=
trap 'kill $pids 2>/dev/null; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

# meter ID PROGRAM KIND PROFILE [OPTION...]: behind $dir/ID
meter() {
	id=$1
	program=$2
	kind=$3
	echo "$4" >"$dir/$id.profile"
	shift 4
	"$sim/$program" "$kind" --link "$dir/$id" --state "$dir/$id.state" \
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

# stop: ends the meters
stop() {
	# shellcheck disable=SC2086 # one word for each
	kill $pids 2>/dev/null
	pids=
}

# judge FOLDER: lines "NAME: EXPRESSION" of Python, each of which must hold
judge() {
	cat >"$dir/lines"
	python3 - "$dir" "$1" "$sim" <<'P' >"$dir/verdicts" 2>&1
import csv, json, subprocess, sys
dir, folder, sim = sys.argv[1:]
r = json.load(open(folder + "/report.json"))
at = {e["event"]: e["t_ns"] for e in csv.DictReader(open(folder + "/events.csv"))}

def rows(id):
    return list(csv.DictReader(open(f"{folder}/sensors/{id}.csv")))

def powers(id):
    return [int(x["power_uw"]) / 1e6 for x in rows(id) if x["power_uw"]]

def steady(id):
    return len(powers(id)) > 2 and all(abs(p - 5) < 0.01 for p in powers(id))

def amps(id):
    return [int(x["current_ua"]) for x in rows(id) if x["current_ua"]]

def failed(id):
    return sum(int(x["flags"]) & 2 > 0 for x in rows(id))

def skipped(id):
    return max(int(x["skipped_bytes"] or 0) for x in rows(id))

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

def health(id, channel="power"):
    return [h for h in r["health"] if h["sensor"] == id and h["channel"] == channel][0]

ALL = "silence half noise model spike checksum hangup fs_half fs_spike fs_hangup metex_silence metex_half".split()
notes = json.dumps(json.load(open(folder + "/run.json")), ensure_ascii=False)
for line in open(dir + "/lines"):
    name, expression = line.strip().split(": ", 1)
    try:
        good = eval(expression)
    except Exception as e:
        good = repr(e)
    print(f"ok {name}" if good is True else f"not ok {name}: {expression}: {good}")
P
	cat "$dir/verdicts"
	grep -v "^ok " "$dir/verdicts" >"$dir/bad" && failed=1
	grep -q "^ok " "$dir/verdicts" || not_ok judge "$(tail -n 1 "$dir/verdicts")"
}

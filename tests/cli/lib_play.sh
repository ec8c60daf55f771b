# SPDX-License-Identifier: GPL-3.0-or-later
# Of tests that compare what edgeprof says with what a simulator played, after
# lib.sh: tests/run.sh lets them run beside each other only.

out=
pids=
player=
finish() {
	exec 9>&-
	# shellcheck disable=SC2086 # one word for each
	kill $pids $player 2>/dev/null
	chmod -R u+rwX "$dir" 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT

# needs SENSOR LIBRARY: ends the test of a build without it
needs() {
	# shellcheck disable=SC2086 # one word for each
	"$edgeprof" run $fast -o "$dir/probe" --sensor "$1" -- true \
		>"$dir/out" 2>&1
	grep -q 'unknown sensor' "$dir/out" || return 0
	skip "$1" "built without $2"
	exit 0
}

# needs_umockdev NAME PROGRAM [OPTION...]: ends the test without it
needs_umockdev() {
	what=$1
	program=$2
	shift 2
	"$sim/$program" "$@" -- true 2>"$dir/err"
	[ $? -eq 77 ] || return 0
	skip "$what" "umockdev is not installed"
	exit "$failed"
}

# await_line FILE [TEXT]: until the file has it, 10 s at most
await_line() {
	tries=0
	until grep -q -e "${2:-.}" "$1" 2>/dev/null || [ $tries -ge 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# simulate ID PROFILE PROGRAM [ARGUMENT...]: in the background; await tells when
simulate() {
	id=$1
	program=$3
	echo "$2" >"$dir/$id.profile"
	shift 3
	"$sim/$program" "$@" --state "$dir/$id.state" \
		--profile "$(cat "$dir/$id.profile")" 2>"$dir/$id.err" &
	pids="$pids $!"
}

# await ID...: until they are there
await() {
	for id; do
		await_line "$dir/$id.state"
	done
}

# serve PROGRAM [OPTION...]: one that tells its $port and $epoch
serve() {
	program=$1
	shift
	: >"$dir/server"
	"$sim/$program" --refresh 0.05 "$@" >"$dir/server" &
	pids="$pids $!"
	await_line "$dir/server" port
	port=$(sed -n 's/^port \([0-9]*\).*/\1/p' "$dir/server")
	epoch=$(sed -n 's/.*epoch \([0-9]*\).*/\1/p' "$dir/server")
	echo "$epoch" >"$dir/epoch"
}

# stop: ends them
stop() {
	# shellcheck disable=SC2086 # one word for each
	kill $pids 2>/dev/null
	# shellcheck disable=SC2086
	[ -z "$pids" ] || wait $pids 2>/dev/null
	pids=
}

# play_tree TREE SCRIPT: its files change until stop_tree; close 9 in what else
# outlives that
play_tree() {
	rm -f "$dir/epoch" "$dir/hold"
	mkfifo "$dir/hold"
	"$sim/play_tree" "$1" "$2" "$dir/epoch" <"$dir/hold" \
		2>"$dir/player.err" &
	player=$!
	exec 9>"$dir/hold"
	tries=0
	until [ -s "$dir/epoch" ] || [ $tries -ge 500 ]; do
		kill -0 "$player" 2>/dev/null || break
		tries=$((tries + 1))
		sleep 0.02
	done
	[ -s "$dir/epoch" ] || cat "$dir/player.err"
}

stop_tree() {
	exec 9>&-
	wait "$player" || not_ok player "$(tail -n 1 "$dir/player.err")"
	player=
}

# on PROGRAM [OPTION...] -- RUN_OPTION...: a run into $out on the machine that
# the program plays, with $run_options
run_options=
on() {
	program=$1
	shift
	count=$#
	while [ "$count" -gt 0 ]; do
		set -- "$@" "$1"
		# shellcheck disable=SC2086 # one word for each
		[ "$1" = -- ] && set -- "$@" "$edgeprof" run -o "$out" $run_options
		shift
		count=$((count - 1))
	done
	rm -rf "${out:?}"
	"$sim/$program" --epoch-file "$dir/epoch" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

event_ns() {
	awk -F, -v name="$1" '$3 == name { print $1 }' "$out/events.csv"
}

# A column of the whole run's row of phases.csv.
phase() {
	awk -F, -v name="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		$2 == "other" { print $at }' "$out/phases.csv"
}

# energy_of PROFILE...: $joules of all of them in the run, and what edgeprof
# says of it, $said and $u95
energy_of() {
	joules=$(for profile; do
		"$sim/profile_energy" "$profile" "$(cat "$dir/epoch")" \
			"$(event_ns gate)" "$(event_ns exit)"
	done | awk '{ sum += $1 } END { printf "%.9f\n", sum }')
	said=$(phase energy_j)
	u95=$(phase energy_j_u95)
}

# cells SENSOR COLUMN FROM_S TO_S: its lines of that time, those with a value,
# those with 0, and the last value
cells() {
	awk -F, -v epoch="$(cat "$dir/epoch")" -v name="$2" -v from="$3" \
		-v to="$4" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		NR > 1 { t = ($1 - epoch) / 1e9 }
		NR > 1 && t > from && t < to {
			n++; given += $at != ""; zero += $at == "0"
			if ($at != "") last = $at
		}
		END { print n + 0, given + 0, zero + 0, last }' \
		"$out/sensors/$1.csv"
}

# What every judgement in Python begins with.
cat >"$dir/played.py" <<'P'
import csv, json, subprocess, sys
dir, sim, folder = sys.argv[1:4]
r = json.load(open(folder + "/report.json"))
made = json.load(open(folder + "/run.json"))
events = list(csv.DictReader(open(folder + "/events.csv")))
at = {e["event"]: int(e["t_ns"]) for e in events}
notes = json.dumps(made, ensure_ascii=False)
tables = {}

def rows(id):
    if id not in tables:
        tables[id] = list(csv.DictReader(open(f"{folder}/sensors/{id}.csv")))
    return tables[id]

def last(id, column):
    return int([x for x in rows(id) if x[column]][-1][column])

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

def skipped(id):
    return last(id, "skipped_bytes")

def energy(id, channel="power"):
    return [c["energy_j"]["run"] for c in r["channels"] if c["channel"] == f"{id}.{channel}"][0]

def health(id, channel="power"):
    return [h for h in r["health"] if h["sensor"] == id and h.get("channel") == channel][0]

# Joules of a profile, of the run if nothing else is said.
def exact(profile, epoch, begin=None, end=None):
    begin, end = at["gate"] if begin is None else begin, at["exit"] if end is None else end
    return float(subprocess.check_output(
        [sim + "/profile_energy", profile, str(epoch), str(begin), str(end)]))

def state(id):
    return dict(l.split() for l in open(f"{dir}/{id}.state"))

def true(id, begin=None, end=None):
    return exact(open(f"{dir}/{id}.profile").read().strip(), state(id)["epoch"], begin, end)

# (reported - exact) / u95
def error(id):
    return (energy(id)["value"] - true(id)) / energy(id)["u95"]

P

# played FOLDER [ARGUMENT...]: runs what it reads, after that and $helpers
helpers=
played() {
	{
		cat "$dir/played.py"
		printf '%s\n' "$helpers"
		cat
	} >"$dir/judging.py"
	python3 "$dir/judging.py" "$dir" "$sim" "$@"
}

# judge FOLDER: lines "NAME: EXPRESSION", each of which must hold: True, or an
# empty list
judge() {
	cat >"$dir/lines"
	played "$1" <<'P' >"$dir/verdicts" 2>&1
for line in open(dir + "/lines"):
    name, expression = line.strip().split(": ", 1)
    try:
        good = eval(expression)
    except Exception as e:
        good = repr(e)
    print(f"ok {name}" if good is True or good == [] else f"not ok {name}: {expression}: {good}")
P
	verdicts
}

# verdicts: the lines of such a judgement
verdicts() {
	cat "$dir/verdicts"
	grep -v "^ok " "$dir/verdicts" >"$dir/bad" && failed=1
	grep -q "^ok " "$dir/verdicts" || not_ok judge "$(tail -n 1 "$dir/verdicts")"
}

# holds NAME ID PROFILE EXPRESSION: of the run in $out; power and u95 are its
# joules, true what the profile says, rows the sensor's lines, other cpu_use's
holds() {
	check "$1" holding "$2" "$3" "$4"
}

holding() {
	played "$out" "$@" <<'P'
id, profile, expression = sys.argv[4:]
epoch = open(dir + "/epoch").read().strip()
true, table = exact(profile, epoch), rows(id)
total = r["totals"]["run"]["energy_j"]
power, u95, status = total["value"], total["u95"], total["status"]
sensor = next(s for s in made["sensors"] if s["id"] == id)
channels = {c["name"]: c for c in sensor["channels"]}
notes = " | ".join(sensor["notes"])
health = ([h for h in r["health"] if h["sensor"] == id and h.get("channel") == "power"] or [None])[0]
errors, gaps = failed(id), gaps(id)
proven = sum(int(x["flags"]) & 3 == 0 for x in table)
good = [x for x in table if x.get("voltage_uv") and x.get("current_ua")]
watts = [int(x["voltage_uv"]) * int(x["current_ua"]) / 1e12 for x in good]
steady = len(watts) > 20 and all(abs(w - 5) < 0.01 for w in watts)
column = next((c for c in ("power_uw", "energy_uj") if table and c in table[0]), "flags")
empty = sum(x[column] == "" for x in table)
zero = sum(x[c] == "0" for x in table for c in x if c.endswith(("_uw", "_uv")))
values = [int(x[column]) for x in table if x[column]]
counted = [int(x["energy_uj"]) for x in table if x.get("energy_uj")]
energy = (counted[-1] - counted[0]) / 1e6 if counted else float("nan") if "energy" in channels else None
other = rows("cpu_use") if "cpu_use" in [s["id"] for s in made["sensors"]] else []
quiet = all(int(x["flags"]) & 2 == 0 for x in other)
run, rows, last = made, table, lambda c: [int(x[c]) for x in table if x[c]][-1]
within = power is not None and abs(power - true) <= u95 and 0 < u95 < 0.15 * true
if not eval("(" + expression + ")"):
    print(expression, dict(
        power=power, u95=u95, true=true, status=status, notes=notes, rows=len(rows), errors=errors,
        gaps=gaps, empty=empty, zero=zero, proven=proven, good=len(good), steady=steady, energy=energy,
        quiet=quiet, health=health, channels=channels))
    sys.exit(1)
P
}

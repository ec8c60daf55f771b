#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs and studies for other programs: files, and receivers with their faults.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

receiver_pid=
quit() {
	[ -n "$receiver_pid" ] && kill "$receiver_pid" 2>/dev/null
	chmod -R u+rwX "$dir" 2>/dev/null
	rm -rf "$dir"
}
trap quit EXIT

# export_to ARGUMENT...: edgeprof export; status, $dir/out and $dir/err tell
export_to() {
	"$edgeprof" export "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

run --board demo --idle 200ms --tail 0s --label 'odd=a "b\c", d=e' -o "$dir/r1" \
	-- "$build/infer" -n 10
status_is "a run to export" 0
find "$dir/r1" -type f -exec cksum {} + | sort >"$dir/before"

# Usage.
export_to "$dir/r1"
status_is "no format" 2 'give --to FORMAT'
export_to "$dir/r1" --to prefetto
status_is "a misspelt format" 2 "'perfetto'; did you mean it"
export_to --to perfetto
status_is "no folder" 2 'which run'
export_to "$dir/r1" --to perfetto --url http://127.0.0.1:1
status_is "a file is not sent" 2 'is a file'
export_to "$dir/none" --to perfetto
status_is "no such folder" 2 'No such file'
export_to "$dir" --to perfetto
status_is "no run folder" 2 'run.json'
export_to "$dir/r1" --to influx --retry-for 5s
status_is "an option of --url" 2 'says nothing without --url'
export_to "$dir/r1" --to influx --timeout 5
status_is "a time without its unit" 2 'such as 10s'
export_to "$dir/r1" --to perfetto -o "$dir/none/x.json"
status_is "no folder for the output" 2 'cannot write'
if [ -c /dev/full ]; then
	export_to "$dir/r1" --to influx -o /dev/full
	status_is "a full disk" 125 'cannot write'
fi

# Files.
for format in perfetto influx prometheus otlp; do
	export_to "$dir/r1" --to $format -o "$dir/f.prom"
	status_is "$format to a file" 0
	mv "$dir/f.prom" "$dir/file.$format"
	export_to "$dir/r1" --to $format
	check "$format to standard output is the same" \
		cmp "$dir/out" "$dir/file.$format"
	check "$format: nothing that is no number" \
		fails grep -qiE '[=: ](nan|-?inf|null)([, }]|$)' "$dir/file.$format"
	check "$format: no output is left half" \
		test -z "$(find "$dir" -maxdepth 1 -name '.f.prom*')"
done
find "$dir/r1" -type f -exec cksum {} + | sort >"$dir/after"
check "the folder is as it was" cmp "$dir/before" "$dir/after"

check "influx: labels are escaped" \
	grep -q '^edgeprof_trace,run=r1,board=demo,.*odd=a\\ "b/c"\\,\\ d\\=e,phase=' \
	"$dir/file.influx"
check "prometheus: labels are escaped" \
	grep -q 'odd="a \\"b\\\\c\\", d=e"' "$dir/file.prometheus"
check "prometheus: each metric once" test "$(grep -c '^# TYPE ' "$dir/file.prometheus")" \
	-eq "$(grep '^# TYPE ' "$dir/file.prometheus" | sort -u | wc -l)"
cat >"$dir/figures.py" <<'EOF'
# figures.py DIR: what was exported is what the report and trace.csv have
import csv, json, re, sys
d = sys.argv[1]
report = json.load(open(d + "/r1/report.json"))
totals = report["totals"]
gen = totals["generation"]

def near(a, b):
    assert abs(a - b) <= 1e-9 * max(abs(a), abs(b)), (a, b)

prom = {}
for line in open(d + "/file.prometheus"):
    m = re.match(r'(\w+)\{.*phase="(\w+)".*\} (\S+)$', line)
    if m:
        prom[m[1], m[2]] = float(m[3])
near(prom["edgeprof_energy_joules", "generation"], gen["energy_j"]["value"])
near(prom["edgeprof_energy_joules_u95", "generation"], gen["energy_j"]["u95"])
near(prom["edgeprof_joules_per_token", "generation"], gen["j_per_token"]["value"])
known = {"energy_j": "edgeprof_energy_joules", "power_mean_w": "edgeprof_power_mean_watts",
         "tokens_per_s": "edgeprof_tokens_per_seconds"}
for phase, metrics in totals.items():
    for name, prom_name in known.items():
        if phase != "client" and name in metrics:
            has = (prom_name, phase) in prom
            assert has == (metrics[name]["value"] is not None), (phase, name)

trace = list(csv.DictReader(open(d + "/r1/trace.csv")))
power = [float(r["power_w"]) for r in trace if r["power_w"]]
lines = open(d + "/file.influx").read().splitlines()
points = [l for l in lines if l.startswith("edgeprof_trace,")]
sent = [float(m[1]) for m in (re.search(r"[ ,]power_w=([^, ]+)", p) for p in points) if m]
assert sent == power, (len(sent), len(power))
times = [int(p.rsplit(" ", 1)[1]) for p in points]
assert times == sorted(set(times))
run = json.load(open(d + "/r1/run.json"))
assert 0 <= times[0] - run["started_real_ns"] + 10**9 <= 60 * 10**9
tokens = [l for l in lines if l.startswith("edgeprof_token,")]
assert len(tokens) == 10, len(tokens)

events = json.load(open(d + "/file.perfetto"))["traceEvents"]
phases = [e for e in events if e["ph"] == "X" and e["cat"] == "phase"]
assert [p["name"] for p in phases] == [p["phase"] for p in report["phases"]]
one = [p for p in phases if p["name"] == "generation"][0]
near(one["args"]["energy_j"], [p for p in report["phases"] if p["phase"] == "generation"]
     [0]["metrics"]["energy_j"]["value"])
assert len([e for e in events if e["name"] == "token"]) == 10
counters = [e for e in events if e["ph"] == "C" and e["name"].startswith("power")]
assert all(set(c["args"]) == {"W"} for c in counters)
assert {c["args"]["W"] for c in counters} == set(power)

spans, points, sums = {}, 0, {}
for line in open(d + "/file.otlp"):
    o = json.loads(line)
    for r in o.get("resourceSpans", []):
        for s in r["scopeSpans"][0]["spans"]:
            spans[s["spanId"]] = s
    for r in o.get("resourceMetrics", []):
        for m in r["scopeMetrics"][0]["metrics"]:
            if "sum" in m:
                assert m["sum"]["aggregationTemporality"] == 1
                for p in m["sum"]["dataPoints"]:
                    sums[m["name"]] = sums.get(m["name"], 0) + p["asDouble"]
assert len({s["traceId"] for s in spans.values()}) == 1
roots = [s for s in spans.values() if "parentSpanId" not in s]
assert len(roots) == 1 and roots[0]["name"] == "run"
assert all(s["parentSpanId"] in spans for s in spans.values() if s is not roots[0])
assert sum(len(s.get("events", [])) for s in spans.values()) == 10
column = "context_switches_count"
near(sums["edgeprof.trace.context_switches"], sum(float(r[column]) for r in trace if r[column]))
EOF
check "what is exported is what was measured" python3 "$dir/figures.py" "$dir"

# For the textfile collector: replaced whole, and readable by its user.
(umask 022 && "$edgeprof" export "$dir/r1" --to prometheus -o "$dir/e.prom")
check "prometheus: others may read it" \
	test "$(stat -c %a "$dir/e.prom")" = 644
export_to "$dir/r1" --to prometheus -o "$dir/e.txt"
status_is "a name that the collector does not read" 0 'ends in .prom'

# Not a word of whose machine it was.
cp -r "$dir/r1" "$dir/marys-laptop"
sed -i '/"host"/,/}/ s/"name": *"[^"]*"/"name": "marys-host"/' \
	"$dir/marys-laptop/run.json"
export_to "$dir/marys-laptop" --to influx
check "the host is told" grep -q ',host=marys-host,' "$dir/out"
for format in perfetto influx prometheus otlp; do
	export_to "$dir/marys-laptop" --to $format --anonymous
	check "anonymous $format" fails grep -q marys "$dir/out"
done

# Without its derived files, and where nothing can be written.
cp -r "$dir/r1" "$dir/bare"
rm "$dir/bare/trace.csv" "$dir/bare/report.json" "$dir/bare/phases.csv"
chmod -R a-w "$dir/bare"
export_to "$dir/bare" --to perfetto
status_is "a folder without derived files" 0
sed 's/"bare"/"r1"/' "$dir/out" >"$dir/bare.json"
check "... says the same" cmp "$dir/bare.json" "$dir/file.perfetto"
check "... and gets none" test ! -e "$dir/bare/trace.csv"
chmod -R u+w "$dir/bare"

# A run that knows no wall clock.
sed -i '/,clock,/d; /,step,/d' "$dir/bare/events.csv"
sed -i 's/"started_real_ns": *[0-9]*/"started_real_ns": 0/' "$dir/bare/run.json"
for format in influx otlp; do
	export_to "$dir/bare" --to $format -o "$dir/none.$format"
	status_is "$format without a wall clock" 2 'knows no wall clock'
	check "... leaves no file" test ! -e "$dir/none.$format"
done
export_to "$dir/bare" --to perfetto
status_is "perfetto needs none" 0
check "... and claims none" fails grep -q unix_ns "$dir/out"
export_to "$dir/bare" --to prometheus
check "prometheus has no time then" fails grep -q timestamp "$dir/out"

# A study: every run that counts, with its factors.
"$edgeprof" sweep --board none --idle 0s --tail 0s --max-background-cpu 100% \
	--set n=1,2 --runs 2 --warmup 1 -q -o "$dir/st" -- sh -c 'exit 0' {n} \
	>"$dir/sweep" 2>&1
if grep -q WITH_SQLITE "$dir/sweep" || [ ! -d "$dir/st" ]; then
	skip "a study" "built without SQLite"
else
	export_to "$dir/st" --to prometheus -o "$dir/st.prom"
	status_is "a study" 0 '4 runs; 2 left out'
	check "... by run, configuration and factor" test "$(sed -n \
		's/^edgeprof_run_valid{.*study="\([^"]*\)".*config="\([0-9]*\)",repetition="\([0-9]*\)",n="\([0-9]*\)"} 1$/\2 \3 \4/p' \
		"$dir/st.prom" | sort | tr '\n' ';')" = '1 1 1;1 2 1;2 1 2;2 2 2;'
	export_to "$dir/st" --to perfetto
	check "... one process for each" test "$(grep -c process_name "$dir/out")" -eq 4
	rm "$dir/st/results.csv"
	export_to "$dir/st" --to prometheus
	status_is "a study without results.csv" 2 'results.csv'
fi

if ! "$edgeprof" export --help | grep -q -- --url; then
	export_to "$dir/r1" --to influx --url http://127.0.0.1:1 --db lab
	status_is "no receivers without libcurl" 2 'WITH_CURL=0'
	skip receivers "built without libcurl"
	exit $failed
fi

# receive OPTION...: starts a receiver; $url, $dir/got and $dir/saved
receive() {
	[ -n "$receiver_pid" ] && kill "$receiver_pid" && wait "$receiver_pid" 2>/dev/null
	: >"$dir/got"
	"$sim/receiver" --save "$dir/saved" "$@" >"$dir/got" &
	receiver_pid=$!
	tries=0
	until grep -q port "$dir/got"; do
		tries=$((tries + 1))
		[ "$tries" -gt 3000 ] && break
	done
	url=http://127.0.0.1:$(sed -n 's/^port //p' "$dir/got")
}

# push ARGUMENT...: of the run, quickly given up
push() {
	export_to "$dir/r1" --to influx --url "$url" --db 'a lab' --timeout 2s "$@"
}

# posts: how many requests came
posts() {
	grep -c '^POST' "$dir/got"
}

unset EDGEPROF_EXPORT_TOKEN
export_to "$dir/r1" --to influx --url http://127.0.0.1:1
status_is "which database" 2 'give --db NAME'
export_to "$dir/r1" --to influx --url http://me:secret@127.0.0.1:1 --db lab
status_is "no password in the address" 2
check "... nor in the message" fails grep -q secret "$dir/err"

receive
push
status_is "sent" 0 'points sent (requests'
check "what came is what the file has" cmp "$dir/saved" "$dir/file.influx"
check "... at its database" grep -q '^POST /write?db=a%20lab&precision=ns ' "$dir/got"
first=$(posts)
points=$(wc -l <"$dir/file.influx")
check "... and all was counted" grep -q " $points points sent (requests: $first," "$dir/err"

receive --answers 503,503,ok
push
status_is "busy twice, then not" 0 'repeated: 2'
check "... nothing is lost or doubled" cmp "$dir/saved" "$dir/file.influx"
check "... and it is said" grep -q 'HTTP status 503.*trying again' "$dir/err"

receive --answers drop,reset,ok
push
status_is "connections that break" 0 'repeated: 2'
check "... nothing is lost" cmp "$dir/saved" "$dir/file.influx"

receive --answers 429:1,ok
push
status_is "asked to wait a second" 0
check "... and does" awk '/^POST/ { t[++n] = $NF } END { exit !(t[2] - t[1] >= 1) }' "$dir/got"
receive --answers 429:3000
push --retry-for 2s
status_is "asked to wait too long" 1 'asks for a longer pause'
check "... asks once" test "$(posts)" -eq 1

receive --answers hang
push --timeout 200ms --retry-for 300ms
status_is "a receiver that hangs" 1 'no whole answer within 200 ms; given up'
receive --answers huge
push
status_is "a large answer" 0
for code in 400 404 413 302; do
	receive --answers $code
	push
	status_is "status $code is final" 1 "HTTP status $code"
	check "... asks once" test "$(posts)" -eq 1
	check "... and says what was not sent" grep -q 'refused.*not sent' "$dir/err"
done
receive --answers partial:3,ok
push
status_is "three points were not taken" 1 '; 3 refused: partial write'
check "... the others were" cmp "$dir/saved" "$dir/file.influx"

kill "$receiver_pid"
wait "$receiver_pid" 2>/dev/null
receiver_pid=
push --retry-for 300ms
status_is "nobody there" 1 'no connection.*given up after [2-9] tries'
push --retry-for 0s
status_is "... nor asked again" 1 'given up after 1 tries'
check "... and nobody asked for a pause" fails grep -q 'longer pause' "$dir/err"

# Tokens: of a file or the environment, never shown.
umask 077
printf 'open-sesame\n' >"$dir/token"
printf 'wrong\n' >"$dir/wrong"
receive --authorization 'Token open-sesame'
push
status_is "no token" 1 'it wants a token'
push --token-file "$dir/wrong"
status_is "a wrong token" 1 'HTTP status 401'
check "... is not shown" fails grep -q wrong "$dir/err"
push --token-file "$dir/token"
status_is "a token" 0 'http:// does not encrypt'
check "... is not shown" fails grep -q sesame "$dir/err" "$dir/got"
EDGEPROF_EXPORT_TOKEN=open-sesame push
status_is "a token of the environment" 0
chmod 644 "$dir/token"
push --token-file "$dir/token"
status_is "a token that everybody can read" 2 'chmod 600'
chmod 600 "$dir/token"
receive --authorization "Basic $(printf 'me:open-sesame' | base64)"
push --user me --token-file "$dir/token"
status_is "a user and password" 0
push --user me
status_is "a user without password" 2 'without a password'
receive --authorization 'Token open-sesame'
export_to "$dir/r1" --to influx --url "$url/db" --org o --bucket b/c \
	--token-file "$dir/token"
status_is "InfluxDB 2" 0
check "... at its bucket" \
	grep -q '^POST /db/api/v2/write?org=o&bucket=b%2Fc&precision=ns ' "$dir/got"

# OpenTelemetry.
receive --authorization 'Bearer open-sesame' --answers json
export_to "$dir/r1" --to otlp --url "$url" --token-file "$dir/token"
status_is "otlp is sent" 0
check "... as in the file" cmp "$dir/saved" "$dir/file.otlp"
check "... to traces and metrics" test "$(sed -n 's/^POST \([^ ]*\) .*/\1/p' "$dir/got" |
	uniq | tr '\n' ' ')" = '/v1/traces /v1/metrics '
receive --answers json,rejected:2,json
export_to "$dir/r1" --to otlp --url "$url"
status_is "two points were not taken" 1 '; 2 refused: too many series'
exit $failed

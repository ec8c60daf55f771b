#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A client program of somebody else against the measured server: what each of the
# two costs, when it connected, whose phases.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

server=
mkdir "$dir/own"
cp "$sim/llm_server" "$dir/own/ollama"
cp "$sim/llm_server" "$dir/own/llama-server"

start() { # NAME: a server; $server, $port and $url tell
	: >"$dir/port"
	"$dir/own/$1" --prefill 60 --token 4 >"$dir/port" &
	server=$!
	tries=0
	until grep -q port "$dir/port"; do
		tries=$((tries + 1))
		[ "$tries" -gt 20000 ] && break
	done
	port=$(sed -n 's/^port //p' "$dir/port")
	url=http://127.0.0.1:$port
}

leave() {
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
	server=
}
trap 'leave; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

"$edgeprof" run --runner nobody -- true >"$dir/out" 2>"$dir/err"
if ! grep -q openai "$dir/err"; then
	skip client "built without libcurl"
	exit 0
fi

cat >"$dir/client.py" <<'P'
import json, sys, urllib.request
body = json.dumps({"prompt": "a", "n_predict": 6, "stream": True}).encode()
answer = urllib.request.urlopen(sys.argv[1] + "/completion", body).read()
print(answer.count(b"data: "))
P

start llama-server
run --runner llama-server --url "$url" --client --idle 0s --tail 0s --board none --events page-faults \
	-o "$dir/py.run" -- python3 "$dir/client.py" "$url"
status_is a_client_runs 0 "llama-server ($server), attached"
check its_output_is_its_own grep -qx "[0-9]*" "$dir/out"
check two_blocks python3 - "$dir/py.run" "$server" "$url" <<'P'
import json, sys
r = json.load(open(sys.argv[1] + "/report.json"))
a, c = r["run"]["attach"], r["totals"]["client"]
assert a["client"] is True and a["pid"] == int(sys.argv[2]) and a["url"] == sys.argv[3], a
assert a["runner"] == "llama-server" and a["asked"] is None, a
assert c["cpu_s"]["status"] == "ok" and c["cpu_s"]["value"] > 0.005, c
assert c["rss_peak_bytes"]["value"] > 4e6, c
assert 0 < c["startup_s"]["value"] < r["run"]["duration_s"] - 0.05, c
assert c["startup_s"]["u95"] > 0, c
assert c["context_switches_count"]["status"] == "ok", c
assert "client" not in [x["phase"] for x in r["phases"]], r["phases"]
sensors = {s["id"]: s for s in r["sensors"]}
assert sensors["client-counters"]["scope"] == "client", sensors
P
if [ -e "$dir/py.run/sensors/client-counters.csv" ] && [ -e "$dir/py.run/sensors/counters.csv" ]; then
	check counters_stand_apart python3 - "$dir/py.run/report.json" <<'P'
import json, sys
t = json.load(open(sys.argv[1]))["totals"]
client, server = (t[k]["page_faults_count"]["value"] for k in ("client", "run"))
# A Python interpreter against a server that mostly waits.
assert client > 5 * server >= 0, (client, server)
P
else
	skip counters_stand_apart "counters are refused here"
fi

# The client's own marks are the phases.
cat >"$dir/marks.sh" <<P
"$edgeprof" mark prefill 7
python3 "$dir/client.py" $url
"$edgeprof" mark end
P
run --runner llama-server --url "$url" --client $fast -o "$dir/marks.run" -- sh "$dir/marks.sh"
status_is marks_of_the_client_are_phases 0
check marks_are_marked grep -q ",prefill,MARKED,.*,7," "$dir/marks.run/phases.csv"

run --runner llama-server --url "$url" --client --json -q $fast -o "$dir/json.run" -- sh -c 'exit 9'
status_is the_status_is_the_clients 9
check json_is_on_stdout python3 -c '
import json, sys
c = json.load(open(sys.argv[1]))["totals"]["client"]
assert c["startup_s"]["status"] == "not_measured" and c["startup_s"]["reason"], c
assert c["cpu_s"]["status"] == "ok", c' "$dir/out"

# Ctrl-C is for the client.
env --default-signal=INT "$edgeprof" run --runner llama-server --url "$url" --client $fast \
	-o "$dir/int.run" -- sleep 100 >"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
until grep -q ",gate," "$dir/int.run/events.csv" 2>/dev/null; do
	tries=$((tries + 1))
	[ "$tries" -gt 20000 ] && break
done
kill -INT $pid
wait $pid
status=$?
status_is an_interrupt_ends_the_client 130 "signal 2"
check the_server_outlives_it python3 "$dir/client.py" "$url"

# Servers that cannot be measured: told, and the run goes on.
run --runner ollama --url "$url" --client $fast -o "$dir/other.run" -- true
status_is another_program_is_not_measured 0 "served by 'llama-server', not by ollama"
check another_program_has_no_counters test ! -e "$dir/other.run/sensors/counters.csv"
check the_client_is_measured_still grep -q "fact,.*client.maxrss_bytes" "$dir/other.run/events.csv"
run --runner openai --url http://192.0.2.1:8000/v1 --client $fast -o "$dir/remote.run" -- true
status_is a_remote_server_is_not_measured 0 "runs on another machine"
check it_is_a_warning grep -q "warning,.*server-unseen" "$dir/remote.run/events.csv"
leave

# Asked wrongly.
run --client $fast -o "$dir/x" -- true
status_is whose_client 125 "client needs --runner"
run --runner openai --client $fast -o "$dir/x" -- true
status_is openai_needs_a_url 125 "--url for openai"
run --runner ollama --client $fast -o "$dir/x"
status_is a_client_is_a_command 125 "needs the client's command"
run --runner ollama --client --prompts p.csv $fast -o "$dir/x" -- true
status_is the_command_sends_the_requests 125 "only --url means something"
run --runner ollama --client --attach 1 $fast -o "$dir/x" -- true
status_is one_of_the_two 125 "leave one of them out"
run --runner ollama --client --url ftp://x/ $fast -o "$dir/x" -- true
status_is a_url_is_http 125 "write it like http"
run --runner ollama --client --url http://no-such-host.invalid $fast -o "$dir/x" -- true
status_is a_host_that_is_none 125 "no-such-host.invalid"
check a_refusal_leaves_no_folder test ! -e "$dir/x"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Measuring a process that was there before the run: who is found, what is said
# of it, and that nothing is done to it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_npm.sh
. "$here/lib_npm.sh"

user_tools
chmod 0777 "$dir"
server=
# Names that no other process of this machine has.
program=serve-$$
twin=twin-$$
tree=tree-$$
mkdir "$dir/own"
cp "$sim/llm_server" "$dir/own/$program"
cp "$sim/llm_server" "$dir/own/$twin"
cp /bin/sh "$dir/own/$tree"
chmod -R a+rX "$dir/own"

wait_for() { # TEXT FILE
	tries=0
	until grep -q -e "$1" "$2" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -gt 20000 ] && break
	done
}

start() { # PREFIX... : a server; $server and $port tell
	: >"$dir/port"
	"$@" --prefill 60 --token 4 >"$dir/port" &
	server=$!
	wait_for port "$dir/port"
	port=$(sed -n 's/^port //p' "$dir/port")
}

leave() {
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
	server=
}
trap 'leave; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

attach='{"prompt":"a","n_predict":5,"stream":true}'
post() { # a client that waits for its answer
	printf 'import urllib.request\nurllib.request.urlopen("http://127.0.0.1:%s/completion", %s).read()\n' \
		"$port" "b'$attach'" >"$dir/post.py"
}

# By port, with a command: its own cost stands apart.
start "$dir/own/$program"
post
run --attach ":$port" --idle 0s --tail 0s --board none --events task-clock -o "$dir/port.run" \
	-- sh -c "python3 '$dir/post.py'; exit 7"
status_is the_status_is_the_commands 7
events=$dir/port.run/events.csv
check it_is_named grep -q "fact,.*attached,$program ($server)" "$events"
check it_says_how grep -q "listens on port $port" "$dir/err"
check cost_of_the_command_stands_apart grep -q "fact,.*client.maxrss_bytes" "$events"
check no_cost_of_a_child fails grep -q "fact,.*,child\." "$events"
check first_connection_is_seen grep -q "fact,.*client.startup_ns" "$events"
check run_json_tells python3 - "$dir/port.run/run.json" "$server" "$port" "$program" <<'P'
import json, sys
a = json.load(open(sys.argv[1]))["attach"]
assert a["asked"] == ":" + sys.argv[3] and a["pid"] == int(sys.argv[2]), a
assert a["exe"] == sys.argv[4] and a["port"] == int(sys.argv[3]), a
assert a["how"] == "listens on port " + sys.argv[3] and not a["client"], a
P
check report_json_tells python3 - "$dir/port.run/report.json" <<'P'
import json, sys
r = json.load(open(sys.argv[1]))
c = r["totals"]["client"]
assert c["cpu_s"]["value"] > 0 and c["rss_peak_bytes"]["value"] > 1e6, c
assert c["startup_s"]["status"] == "ok" and 0 <= c["startup_s"]["value"] <= r["run"]["duration_s"], c
assert c["startup_s"]["u95"] > 0, c
P
if [ -e "$dir/port.run/sensors/counters.csv" ]; then
	check counters_are_the_servers python3 - "$dir/port.run" <<'P'
import csv, json, sys
last = list(csv.DictReader(open(sys.argv[1] + "/sensors/counters.csv")))[-1]
assert int(last["task_clock_ns"]) > 0, last
own = list(csv.DictReader(open(sys.argv[1] + "/sensors/client-counters.csv")))[-1]
# A Python interpreter against a server that mostly waits.
assert int(own["task_clock_ns"]) > 5 * int(last["task_clock_ns"]), (own, last)
P
else
	skip counters_are_the_servers "counters are refused here"
fi
cp "$dir/port.run/report.json" "$dir/before.json"
check report_runs_again "$edgeprof" report "$dir/port.run"
check report_is_recomputed_equal cmp "$dir/before.json" "$dir/port.run/report.json"

# Alone: for a time, until Ctrl-C.
run --attach "$program" --duration 700ms --idle 0s --tail 0s --board x86 -o "$dir/name.run"
status_is alone_for_a_time 0 "none beside it"
check marks_cannot_come grep -q "without EDGEPROF_SOCKET" "$dir/err"
check no_block_of_a_client fails grep -q "The client" "$dir/err"
check memory_is_measured python3 - "$dir/name.run/sensors/memory.csv" "$server" <<'P'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
rss = int(next(row["rss_bytes"] for row in rows if row["rss_bytes"]))
now = int(open(f"/proc/{sys.argv[2]}/statm").read().split()[1]) * 4096
assert abs(rss - now) < 4 << 20, (rss, now)
P
env --default-signal=INT "$edgeprof" run --attach "$server" $fast -o "$dir/int.run" \
	>"$dir/out" 2>"$dir/err" &
pid=$!
wait_for ",gate," "$dir/int.run/events.csv"
kill -INT $pid
wait $pid
status=$?
status_is an_interrupt_ends_it_well 0 "named by its number"
check an_interrupted_report_is_valid grep -q '"valid": *true' "$dir/int.run/report.json"
check it_outlives_the_interrupt kill -0 "$server"

# Nothing is done to it: pinning and killing are for the command.
before=$(grep -e Cpus_allowed_list -e SigIgn "/proc/$server/status")
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
run --attach ":$port" --pin "$cpu" $fast -o "$dir/pin.run" -- \
	sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/self/status
check the_command_is_pinned test "$(cat "$dir/out")" = "$cpu"
check it_is_not_pinned test "$(grep -e Cpus_allowed_list -e SigIgn "/proc/$server/status")" = "$before"
"$edgeprof" run --attach ":$port" $fast -o "$dir/kill.run" -- \
	sh -c 'echo $$; exec sleep 100' >"$dir/out" 2>"$dir/err" &
pid=$!
wait_for "[0-9]" "$dir/out"
command=$(cat "$dir/out")
kill -KILL $pid
wait $pid 2>/dev/null
tries=0
while [ -e "/proc/$command/exe" ] && [ $tries -lt 1000000 ]; do
	tries=$((tries + 1))
done
check the_command_dies_with_edgeprof test ! -e "/proc/$command/exe"
check it_outlives_a_killed_edgeprof python3 "$dir/post.py"

# Whom one may not mean.
run --attach "$server" --duration 1s $fast -o "$dir/x" -- true
status_is duration_is_for_alone 125 "leave one of them out"
run --attach "$server" --pin 0 $fast -o "$dir/x"
status_is pin_is_for_a_command 125 "what --attach measures stays as it is"
run --attach "${program}x" $fast -o "$dir/x" -- true
status_is near_names_are_told 125 "did you mean '$program'?"
run --attach ":1" $fast -o "$dir/x" -- true
status_is nobody_listens 125 "listens on port 1: what answers there, if anything"
run --attach ":x" $fast -o "$dir/x" -- true
status_is a_port_is_a_number 125 "a port is a number"
run --attach 4194304 $fast -o "$dir/x" -- true
status_is nobody_has_the_number 125 "there is no process"
run --attach container:no-such-thing $fast -o "$dir/x" -- true
status_is no_such_container 125 "attach container:no-such-thing"
run --attach "$server" --model x $fast -o "$dir/x" -- true
status_is options_of_requests_are_refused 125 "are for --runner"
run --attach $$ --duration 50ms $fast -o "$dir/shell.run"
status_is a_shell_above_us_is_measured_and_told 0 "has started edgeprof"
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	run --attach 2 $fast -o "$dir/x" -- true
	status_is the_kernel_is_refused 125 "a thread of the kernel"
else
	skip the_kernel_is_refused "no thread of the kernel is visible"
fi
above=$$
while [ "$above" -gt 1 ]; do
	above=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$above/status")
done
if [ "$above" -eq 1 ]; then
	run --attach 1 $fast -o "$dir/x" -- true
	status_is the_first_process_is_refused 125 "has started everything"
else
	skip the_first_process_is_refused "it has not started this shell"
fi
check a_refusal_leaves_no_folder test ! -e "$dir/x"

# It ends while the command runs.
run --attach ":$port" $fast -o "$dir/gone.run" -- sh -c \
	"kill $server; until grep -qs 'State:.Z' /proc/$server/status; do
		[ -e /proc/$server ] || break
	done; exit 3"
status_is it_may_end_before_the_command 3 "ended before the command"
check its_end_is_an_event grep -q "warning,.*attached-ended" "$dir/gone.run/events.csv"
leave

# Several of one name; a tree is one.
start "$dir/own/$twin"
one=$server
start "$dir/own/$twin"
run --attach "$twin" $fast -o "$dir/x" -- true
status_is twins_are_refused 125 "2 processes are called '$twin'.*$one, $server\|$server, $one"
leave
kill "$one"
wait "$one" 2>/dev/null
mkfifo "$dir/hold"
"$dir/own/$tree" -c "'$dir/own/$tree' -c 'echo ready; read x'; :" <"$dir/hold" >"$dir/ready" &
family=$!
exec 8>"$dir/hold"
wait_for ready "$dir/ready"
# Until it ends by itself.
"$edgeprof" run --attach "$tree" $fast -o "$dir/family.run" >"$dir/out" 2>"$dir/err" 8>&- &
pid=$!
wait_for ",gate," "$dir/family.run/events.csv"
exec 8>&-
wait $pid
status=$?
status_is a_tree_is_one_and_its_end_ends_it 0 "$tree ($family), attached"
wait $family

# Who passes connections on is not measured, unless somebody else is named.
cp "$sim/llm_server" "$dir/own/docker-proxy"
start "$dir/own/docker-proxy"
run --attach ":$port" $fast -o "$dir/x" -- true
status_is a_proxy_is_refused 125 "only passes connections on"
if "$edgeprof" run --runner nobody -- true 2>&1 | grep -q openai; then
	run --runner openai --url "http://127.0.0.1:$port/v1" --model llama3.2:1b --attach "$server" $fast \
		-o "$dir/proxy.run"
	status_is who_does_the_work_can_be_named 0
	check the_named_one_is_measured grep -q "attached,docker-proxy ($server)" "$dir/proxy.run/events.csv"
else
	skip who_does_the_work_can_be_named "built without libcurl"
fi

# Ordinary users: their own, not others'.
if [ "$(id -u)" -eq 0 ]; then
	as_user "$edgeprof" run --attach "$server" $fast -o "$dir/other.run" -- true >"$dir/out" 2>"$dir/err"
	status=$?
	status_is others_need_sudo 125 "run edgeprof with sudo"
	leave
	start setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/own/$program"
else
	leave
	start "$dir/own/$program"
fi
as_user "$edgeprof" run --attach ":$port" --idle 0s --tail 0s --board x86 -o "$dir/user.run" -- true \
	>"$dir/out" 2>"$dir/err"
status=$?
status_is ones_own_is_measured 0 "attached: listens on port"
leave

# A real libllama in a server: phases by probes that were set while it ran.
if [ "$(id -u)" -ne 0 ]; then
	skip a_running_llama_server "probes in other programs need root"
	exit $failed
fi
npm_packages a_running_llama_server || exit $failed
cp "$here/../npm/serve.mjs" "$npm/"
check writes_a_model "$sim/make_gguf" "$dir/tiny.gguf" --embd 384 --layers 6
: >"$dir/port"
"$node" "$npm/serve.mjs" "$dir/tiny.gguf" >"$dir/port" &
server=$!
wait_for port "$dir/port"
port=$(sed -n 's/^port //p' "$dir/port")
cat >"$dir/two.py" <<P
import urllib.request
for path in "50/12", "70/20":
    print(urllib.request.urlopen("http://127.0.0.1:$port/" + path).read())
P
run --attach ":$port" $fast -o "$dir/node.run" -- python3 "$dir/two.py"
status_is a_running_llama_server 0 "PROBED"
check probes_find_what_is_mapped grep -q "fact.*,0,[^,]*,llama.library,.*libllama" "$dir/node.run/events.csv"
check its_requests_are_told_apart test \
	"$(cut -d, -f1-3,7,8 "$dir/node.run/phases.csv" | grep '^[1-9]' | tr '\n' ' ')" = \
	"1,prefill,PROBED,50, 1,generation,PROBED,12,11 2,prefill,PROBED,70, 2,generation,PROBED,20,19 "
check what_was_loaded_is_no_phase fails grep -q ",load," "$dir/node.run/phases.csv"
# One that is under way at the gate is nobody's prefill.
cat >"$dir/long.py" <<P
import urllib.request
print("asked", flush=True)
urllib.request.urlopen("http://127.0.0.1:$port/50/1200").read()
print("answered", flush=True)
P
cat >"$dir/after.py" <<P
import time, urllib.request
while "answered" not in open("$dir/long.out").read():
    time.sleep(0.01)
urllib.request.urlopen("http://127.0.0.1:$port/70/20").read()
P
python3 "$dir/long.py" >"$dir/long.out" &
long=$!
wait_for asked "$dir/long.out"
run --attach ":$port" $fast -o "$dir/cut.run" -- python3 "$dir/after.py"
wait $long
check what_is_under_way_is_not_guessed test \
	"$(cut -d, -f2,3,7,8 "$dir/cut.run/phases.csv" | grep PROBED |
		grep -v '^mixed' | tr '\n' ' ')" = \
	"prefill,PROBED,70, generation,PROBED,20,19 "
check the_server_is_whole python3 "$dir/two.py"
exit $failed

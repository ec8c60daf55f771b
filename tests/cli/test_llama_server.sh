#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# llama-server started for the run (tests/sim/llama_server.c): load, requests,
# stop, and every way in which a server or the person ends it early.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

user_tools
"$edgeprof" run --runner llama-server --model "$dir/none.gguf" $fast -o "$dir/x" \
	>"$dir/out" 2>"$dir/err"
if grep -q 'no runner is called' "$dir/err"; then
	skip llama_server "built without libcurl"
	exit 0
fi
mkdir -p "$dir/programs" "$dir/runs"
chmod 0777 "$dir/runs"
server=$dir/programs/llama-server
cp "$sim/llama_server" "$server"
bare=$PATH
PATH=$dir/programs:$PATH
printf 'id,prompt,max_tokens\na,hello,5\nb,world,\n' >"$dir/suite.csv"

# model NAME WORD...: a model file, which is the server's script
model() {
	file=$dir/$1.gguf
	shift
	echo "$*" >"$file"
}

# start NAME OPTION...: a run in $out
start() {
	out=$dir/runs/$1
	shift
	run --runner llama-server --model "$file" --prompts "$dir/suite.csv" $fast -o "$out" "$@"
}

phases() {
	grep -e load -e prefill -e generation -e failed "$out/phases.csv" |
		cut -d, -f1-3,7,8 | tr '\n' ' '
}

# Of this test's servers.
none_is_left() {
	! ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q " $server\$"
}

# until_in FILE TEXT: waits for it
until_in() {
	tries=0
	until grep -q -e "$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -gt 20000 ] && return 1
	done
}

# begin NAME OPTION...: the same in the background; a shell lets its background
# jobs ignore SIGINT
begin() {
	out=$dir/runs/$1
	shift
	env --default-signal=INT "$edgeprof" run --runner llama-server --model "$file" \
		--prompts "$dir/suite.csv" $fast -o "$out" "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
}

finish() {
	wait $pid
	status=$?
}

said='PROBED PROBED'
[ "$(id -u)" -eq 0 ] || said='STREAMED STREAMED'

# The whole of it.
model good load=60 loading=4
start whole --threads 2 --ctx 512 --gpu-layers 0
status_is runs 0
check load_begins_at_the_gate grep -q "^0,load,[A-Z]*,0,0\.[0-9]*," "$out/phases.csv"
check phases_and_counts test "$(phases)" = "$(
	# shellcheck disable=SC2086
	set -- $said
	echo "0,load,$1,, 1,prefill,$2,30, 1,generation,$2,5,4 2,prefill,$2,30, 2,generation,$2,8,7 "
)"
load=$(sed -n 's/^0,load,[A-Z]*,0,\([0-9.]*\),.*/\1/p' "$out/phases.csv")
number load_lasts_as_long_as_the_server_needs "$load >= 0.06"
check every_request_is_in_requests_csv test "$(tail -n +2 "$out/requests.csv" | cut -d, -f3,8,10 | tr '\n' ' ')" = "a,30,5 b,30,8 "
command=$(tr -d ' \n' <"$out/run.json" | sed 's/.*"command":\(\[[^]]*\]\).*/\1/')
port=$(echo "$command" | sed 's/.*"--port","\([0-9]*\)".*/\1/')
check run_json_has_the_command test "$command" = \
	"[\"llama-server\",\"-m\",\"$file\",\"--host\",\"127.0.0.1\",\"--port\",\"$port\",\"-t\",\"2\",\"-c\",\"512\",\"-ngl\",\"0\"]"
check run_json_says_who_started_it grep -q '"starts_server": true' "$out/run.json"
check server_s_end_is_recorded test "$(fact "$out" server.exit)" = "exit 0"
check costs_are_apart test -n "$(fact "$out" child.utime_ns)" -a -n "$(fact "$out" client.utime_ns)"
check server_s_words_are_in_the_log grep -q "server is listening" "$out/stderr.log"
check server_s_words_are_not_shown fails grep -q "server is listening" "$dir/err"
check answers_are_in_the_log grep -q "== request 2 (b) ==" "$out/stdout.log"
check whole_leaves_none none_is_left
cp "$out/report.json" "$dir/before.json"
check report_runs_again "$edgeprof" report "$out"
check report_is_recomputed_equal cmp "$dir/before.json" "$out/report.json"

# A person's own command, as an ordinary user, with nothing of ours open.
cat >"$dir/programs/own" <<'S'
#!/bin/sh
echo "descriptors:" >&2
ls /proc/$$/fd >&2
echo "input: $(readlink /proc/$$/fd/0)" >&2
"$@"
S
chmod +x "$dir/programs/own"
out=$dir/runs/own
as_user env PATH="$PATH" "$edgeprof" run --runner llama-server --model "$file" \
	--prompts "$dir/suite.csv" $fast -o "$out" -- own llama-server --mlock -t 3 \
	>"$dir/out" 2>"$dir/err"
status=$?
status_is own_command_runs 0
check own_command_is_appended_to test "$(tr -d ' \n' <"$out/run.json" |
	sed 's/.*"command":\["\(.*\)","--port".*/\1/')" = \
	"own\",\"llama-server\",\"--mlock\",\"-t\",\"3\",\"-m\",\"$file\",\"--host\",\"127.0.0.1"
"$dir/programs/own" true 2>"$dir/bare"
for name in "$out/stderr.log" "$dir/bare"; do
	sed -n '/^descriptors/,/^input/p' "$name" | grep '^[0-9]' >"$name.fds"
done
check nothing_of_ours_is_open cmp "$out/stderr.log.fds" "$dir/bare.fds"
check its_own_are_open grep -q '^2$' "$dir/bare.fds"
check server_reads_no_terminal grep -q "^input: /dev/null" "$out/stderr.log"
check own_is_streamed grep -q "^2,generation,STREAMED,.*,8,7," "$out/phases.csv"
check own_leaves_none none_is_left

# What the probes and the server disagree about stays with the stream.
model liar miscount
start liar
if [ "$(id -u)" -eq 0 ]; then
	check a_disagreement_keeps_the_stream test "$(phases)" = "0,load,PROBED,, 1,prefill,STREAMED,30, 1,generation,STREAMED,5,4 2,prefill,STREAMED,30, 2,generation,STREAMED,8,7 "
	check a_disagreement_is_told grep -q "2 of 2 requests have the stream's" "$out/report.json"
else
	skip a_disagreement_keeps_the_stream "probes in other programs need root"
fi

# Asked wrongly: nothing is started.
model good
refused() { # NAME STATUS SENTENCE OPTION...
	name=$1
	want=$2
	text=$3
	shift 3
	start "refused-$name" "$@"
	status_is "$name" "$want" "$text"
	check "${name}_leaves_no_folder" test ! -e "$out"
}
refused unix_socket 125 "requests are sent over TCP" -- llama-server --host /tmp/s.sock
refused bad_port 125 "give one from 1 to 65535" -- llama-server --port 0
refused two_contexts 125 "says 512; leave one" --ctx 512 -- llama-server -c 1024
refused up_and_started 125 "leave --url away" --url http://127.0.0.1:1 -- llama-server
refused no_such_program 127 "was not found: install it" -- /nowhere/llama-server
PATH=$bare refused not_in_path 127 "'llama-server' was not found.* after --"
file=$dir/none.gguf
refused no_model 125 "none.gguf: No such file"
mkdir -p "$dir/folder.gguf"
file=$dir/folder.gguf
refused folder_as_model 125 "folder.gguf is not a file"
model locked
chmod 000 "$file"
if as_user test -r "$file"; then
	skip locked_model "files are readable whatever their mode"
else
	as_user "$edgeprof" run --runner llama-server --model "$file" $fast -o "$dir/runs/locked" \
		>"$dir/out" 2>"$dir/err"
	status=$?
	status_is locked_model 125 "locked.gguf: Permission denied"
fi
model good
: >"$dir/port"
"$sim/llm_server" >"$dir/port" &
other=$!
until_in "$dir/port" port
port=$(sed -n 's/^port //p' "$dir/port")
refused port_in_use 125 "port $port is in use" -- llama-server --port "$port"
# One that takes other people's answers for its own: it does not listen at all.
cat >"$dir/programs/lazy" <<'S'
#!/bin/sh
exec sleep 60
S
chmod +x "$dir/programs/lazy"
start lazy --request-timeout 300ms -- lazy
status_is never_ready 1 "no prompt was sent: the server was not ready within 300 ms"
check never_ready_is_reported test -s "$out/report.json"
check never_ready_is_ended test "$(fact "$out" server.exit)" = "signal 15"
kill $other
wait $other 2>/dev/null
cat >"$dir/programs/away" <<'S'
#!/bin/sh
llama-server "$@" &
echo $! >"${0%/*}/away.pid"
S
chmod +x "$dir/programs/away"
start away -- away
status_is put_in_the_background 1 "the server ended early with status 0"
kill "$(cat "$dir/programs/away.pid")" 2>/dev/null || echo "it has ended already"
check put_in_the_background_is_named grep -q "survivors.*llama-server" "$out/events.csv"
tries=0
until none_is_left || [ "$tries" -gt 200 ]; do tries=$((tries + 1)); done

# The server ends by itself.
model bad bad
start bad
status_is bad_model 1 "ended early with status 1; the last line of its stderr: main: exiting due to model loading error"
check bad_model_is_reported test -s "$out/report.json"
check bad_model_is_a_warning grep -q ",warning,.*,server-died," "$out/events.csv"
model exits exit=1
start exits
status_is dies_in_a_request 1 "ended early with status 3; the last line of its stderr: ggml: out of memory"
check dies_in_a_request_is_failed grep -q "^1,failed,STREAMED," "$out/phases.csv"
check the_next_one_too grep -q "^2,failed,STREAMED," "$out/phases.csv"
model aborts abort=2
start aborts
status_is killed_by_a_signal 1 "ended early by signal 6"
check the_request_before_is_whole grep -q "^1,generation,.*,5,4," "$out/phases.csv"

# Ended by the person: while it loads, within a request, while it is stopped.
model loads loading=100000
begin sigint-load
until_in "$out/stderr.log" "listening"
kill -INT $pid
finish
status_is interrupted_load 130
check interrupted_load_is_reported test -s "$out/report.json"
check interrupted_load_leaves_none none_is_left
check interrupted_is_no_fault fails grep -q "server-died" "$out/events.csv"
begin sigterm-load
until_in "$out/stderr.log" "listening"
kill -TERM $pid
finish
status_is ended_load 143
check ended_load_leaves_none none_is_left
model stalls stall=1
begin sigint-request
until_in "$out/events.csv" ",piece,1,"
kill -INT $pid
finish
status_is interrupted_request 130 "interrupted"
check interrupted_request_is_reported test -s "$out/report.json"
check interrupted_request_leaves_none none_is_left
model deaf deaf
begin sigint-stop --prompts "$dir/suite.csv"
until_in "$out/events.csv" ",reply,2,"
kill -INT $pid
sleep 0.1
kill -INT $pid
sleep 0.1
kill -INT $pid
finish
# The first may still have met the client.
check interrupted_stop_ends test "$status" -eq 0 -o "$status" -eq 130
check interrupted_stop_killed_it test "$(fact "$out" server.exit)" = "signal 9"
check interrupted_stop_is_reported test -s "$out/report.json"
start deaf
status_is deaf_server_is_killed 0
check deaf_server_is_told grep -q "warning,.*server-killed,the server did not end within 10 s" "$out/events.csv"
check deaf_leaves_none none_is_left

# edgeprof itself is killed: the guardian ends both.
model stalls stall=1
begin killed
until_in "$out/events.csv" ",piece,1,"
kill -KILL $pid
finish
both_are_gone() {
	# The bracket keeps grep from finding itself.
	none_is_left && ! cat /proc/[0-9]*/cmdline 2>/dev/null |
		grep -aq "${dir##*/}/runs/[k]illed"
}
tries=0
until both_are_gone || [ "$tries" -gt 500 ]; do
	tries=$((tries + 1))
done
check guardian_ends_server_and_client both_are_gone

# SIGTERM while a server that is up still loads.
: >"$dir/port"
"$sim/llm_server" --loading 1000000 >"$dir/port" &
other=$!
until_in "$dir/port" port
"$edgeprof" run --runner llama-server --url "http://127.0.0.1:$(sed -n 's/^port //p' "$dir/port")" \
	$fast -o "$dir/runs/preflight" >"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
# The one it listens on, its client's, and what it was given by our caller.
given=$(ls -l /proc/$$/fd | grep -c socket:)
until [ "$(ls -l /proc/$other/fd | grep -c socket:)" -ge $((given + 2)) ] || [ "$tries" -gt 2000 ]; do
	tries=$((tries + 1))
done
begun=$(date +%s)
kill -TERM $pid
finish
status_is preflight_ends_at_once 143 "interrupted before the first request"
number preflight_does_not_wait "$(date +%s) - $begun < 20"
check preflight_leaves_no_folder test ! -e "$dir/runs/preflight"
kill $other
wait $other 2>/dev/null
exit $failed

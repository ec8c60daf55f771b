#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run: SIGINT, SIGTERM and SIGKILL to edgeprof itself.
. "$(dirname "$0")/lib.sh"

# start NAME COMMAND...: in the background, until the program said "ready"
start() {
	folder=$dir/$1
	shift
	# A shell lets its background jobs ignore SIGINT, and what is ignored
	# at the start cannot be trapped.
	env --default-signal=INT "$edgeprof" run $fast -o "$folder" -- "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	n=0
	until grep -q ready "$folder/stdout.log" 2>/dev/null; do
		n=$((n + 1))
		[ $n -gt 600 ] && break
		sleep 0.05
	done
}

# gone PID: until the process has ended
gone() {
	n=0
	while kill -0 "$1" 2>/dev/null; do
		n=$((n + 1))
		[ $n -gt 400 ] && return 1
		sleep 0.05
	done
}

stoic='trap "" INT; echo ready; while :; do sleep 0.05; done'
meek='trap "echo bye; exit 5" INT; echo ready; while :; do sleep 0.05; done'

start term sh -c 'echo ready; exec sleep 60'
kill -TERM $pid
wait $pid
status=$?
status_is sigterm_exits_128_plus_15 143
check sigterm_leaves_a_whole_run grep -q ",end," "$dir/term/events.csv"
check sigterm_leaves_a_report test -s "$dir/term/report.json"
check sigterm_reached_the_program grep -q "exit,.*signal 15" "$dir/term/events.csv"

start int sh -c "$meek"
kill -INT $pid
wait $pid
status=$?
status_is the_first_sigint_is_the_programs 5
check the_program_could_say_bye grep -q bye "$dir/int/stdout.log"

start int2 sh -c "$stoic"
kill -INT $pid
sleep 0.2
kill -INT $pid
wait $pid
status=$?
status_is the_second_sigint_is_a_sigterm 143

start kill sh -c 'echo $$ >'"$dir"'/child; dirname "$EDGEPROF_SOCKET" >'"$dir"'/socket; echo ready; exec sleep 60'
child=$(cat "$dir/child")
# What is lost is at most the last second: so let one pass.
until [ "$(wc -l <"$dir/kill/ticks.csv")" -gt 50 ]; do
	sleep 0.1
done
kill -KILL $pid
wait $pid 2>/dev/null
check the_program_ends_with_edgeprof gone "$child"
sleep 1.2
"$edgeprof" report "$dir/kill" >"$dir/out" 2>"$dir/err"
status=$?
status_is a_killed_run_can_be_reported 0
run $fast -q -o "$dir/next" -- true
check the_next_run_removes_the_mark_socket_of_a_killed_one test ! -e "$(cat "$dir/socket")"
check a_killed_run_is_incomplete grep -q '"complete": *false' "$dir/kill/report.json"

# held NAME: a run whose program waits at the gate; helpers are the guardian
# and the program
held() {
	# What the run before said must not be taken for this one's.
	rm -f "$dir/err"
	"$edgeprof" run --board none --idle 60s --tail 0s -o "$dir/$1" -- sleep 60 >"$dir/out" 2>"$dir/err" &
	pid=$!
	n=0
	until grep -q "idle baseline" "$dir/err" 2>/dev/null || [ $n -gt 600 ]; do
		n=$((n + 1))
		sleep 0.05
	done
	helpers=$(ps -o pid= --ppid $pid)
}

held baseline
kill -KILL $pid
wait $pid 2>/dev/null
# shellcheck disable=SC2086
set -- $helpers
check there_are_a_guardian_and_a_held_program test $# -eq 2
check the_guardian_ends_with_edgeprof gone "$1"
check the_held_program_ends_with_edgeprof gone "$2"

held shot
for helper in $helpers; do
	grep -q edgeprof-guard "/proc/$helper/comm" || kill -KILL "$helper"
done
wait $pid
status=$?
status_is a_program_killed_at_the_gate_is_told_at_once 125 "killed before it could start"

start unguarded sh -c 'echo ready; sleep 1; for i in 1 2 3; do (sleep 0.1 &) ; sleep 0.2; done; ps -o stat= --ppid $PPID >'"$dir/stats"
kill -KILL "$(ps -o pid=,comm= --ppid $pid | sed -n 's/ *\([0-9]*\) edgeprof-guard.*/\1/p')"
wait $pid
status=$?
status_is a_killed_guardian_is_told 0 "guardian process was killed"
check without_it_orphans_are_still_collected test "$(grep -c Z "$dir/stats")" -le 1

"$edgeprof" run --board none --idle 0s --tail 60s -o "$dir/tail" -- true >"$dir/out" 2>"$dir/err" &
pid=$!
until grep -q "program ended" "$dir/err"; do sleep 0.05; done
kill -TERM $pid
wait $pid
status=$?
status_is sigterm_after_the_program_exits_128_plus_15 143
check and_leaves_a_whole_run grep -q ",end," "$dir/tail/events.csv"

# A meter that never answers is waited for; nobody has to wait that long.
"$sim/um_meter" --link "$dir/um" --state "$dir/um.state" --fault silence 2>"$dir/um.err" &
meter=$!
n=0
until [ -s "$dir/um.state" ] || [ $n -ge 200 ]; do
	n=$((n + 1))
	sleep 0.05
done
begin=$(date +%s)
env --default-signal=INT "$edgeprof" run $fast --sensor "um34c:$dir/um,connect=50s" \
	--sensor "um34c:$dir/um,connect=50s" -o "$dir/slow" -- sleep 60 >"$dir/out" 2>"$dir/err" &
pid=$!
n=0
until ps -o comm= --ppid $pid | grep -q edgeprof-guard || [ $n -ge 400 ]; do
	n=$((n + 1))
	sleep 0.05
done
kill -INT $pid
wait $pid
status=$?
status_is sigint_while_a_meter_is_awaited 130 "interrupted before the program started"
number and_it_does_not_take_long "$(date +%s) - $begin < 20"
check and_no_folder_is_left test ! -e "$dir/slow"
kill $meter

env --ignore-signal=HUP "$edgeprof" run --board none --idle 0s --duration 1s -o "$dir/nohup" >"$dir/out" 2>"$dir/err" &
pid=$!
until [ -s "$dir/nohup/run.json" ]; do sleep 0.05; done
kill -HUP $pid
wait $pid
status=$?
status_is nohup_holds 0

# terminal ACTION LOG COMMAND...: edgeprof leads the session of a terminal;
# once LOG says "ready" a Ctrl-C is typed or the terminal goes away
terminal() {
	python3 - "$@" <<'P'
import os, pty, signal, sys, time
action, log, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(20)
while not os.path.exists(log) or b"ready" not in open(log, "rb").read():
    time.sleep(0.02)
if action == "hangup":
    os.close(terminal)
else:
    os.write(terminal, b"\x03")
while action != "hangup":
    try:
        if not os.read(terminal, 4096):
            break
    except OSError:
        break
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
}
bye='trap "exit 9" INT; echo ready; while :; do sleep 0.05; done'
terminal ctrl-c "$dir/key/stdout.log" "$edgeprof" run $fast -o "$dir/key" -- sh -c "$bye" >"$dir/out" 2>"$dir/err"
check ctrl_c_reaches_the_program test "$(cat "$dir/out")" = 9
terminal ctrl-c "$dir/other/stdout.log" "$edgeprof" run $fast -o "$dir/other" -- setsid sh -c "$bye" >"$dir/out" 2>"$dir/err"
check ctrl_c_reaches_a_program_that_left_the_group test "$(cat "$dir/out")" = 9
terminal hangup "$dir/hangup/stdout.log" "$edgeprof" run $fast -o "$dir/hangup" -- sh -c 'echo ready; exec sleep 60' >"$dir/out" 2>"$dir/err"
check a_terminal_that_goes_away_ends_the_run test "$(cat "$dir/out")" = 129
check and_leaves_a_report test -s "$dir/hangup/report.json"
exit $failed

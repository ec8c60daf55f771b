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

start kill sh -c 'echo $$ >'"$dir"'/child; echo ready; exec sleep 60'
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
check a_killed_run_is_incomplete grep -q '"complete": *false' "$dir/kill/report.json"
exit $failed

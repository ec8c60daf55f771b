#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run: the measured program's streams, ends, signals and inheritance.
. "$(dirname "$0")/lib.sh"

# events FOLDER: the names of the events in order, without the counted ones
events() {
	cut -d, -f3 "$1/events.csv" | grep -v -e event -e clock -e fact |
		uniq | tr '\n' ' '
}

run $fast -o "$dir/a" -- sh -c 'echo out; echo err >&2; exit 3'
status_is exit_status_is_the_childs 3 "^err$"
check stdout_belongs_to_the_program test "$(cat "$dir/out")" = out
check stdout_is_logged test "$(cat "$dir/a/stdout.log")" = out
check stderr_is_logged test "$(cat "$dir/a/stderr.log")" = err
check events_in_order test "$(events "$dir/a")" = "start gate exit end "

run $fast -o "$dir/k" -- "$sim/killed_self" 9
status_is killed_by_a_signal 137
check the_signal_is_recorded grep -q ",exit,.*signal 9" "$dir/k/events.csv"

echo text | "$edgeprof" run $fast -q -o "$dir/i" -- cat >"$dir/out" 2>"$dir/err"
check stdin_reaches_the_program test "$(cat "$dir/out")" = text

run $fast --json -o "$dir/j" -- echo hello
check json_keeps_stdout_for_the_report sh -c "! grep -q '^hello' '$dir/out'"
check json_still_logs_the_program test "$(cat "$dir/j/stdout.log")" = hello
check json_is_the_report_of_the_folder cmp "$dir/out" "$dir/j/report.json"

run $fast -q -o "$dir/q" -- true
check quiet_prints_nothing test ! -s "$dir/err"

run $fast --stdio inherit -o "$dir/n" -- echo hello
check inherited_streams_are_not_logged test ! -e "$dir/n/stdout.log"
check inherited_streams_arrive test "$(cat "$dir/out")" = hello

run $fast --stdio pty -o "$dir/t" -- sh -c 'test -t 1 && echo terminal'
check a_pty_is_a_terminal grep -q terminal "$dir/out"

run $fast -o "$dir/o" -- "$sim/orphan" 30
status_is ends_with_the_direct_child 7
check survivors_are_named grep -q "survivors.*left-behind" "$dir/o/events.csv"
pkill left-behind

run $fast -o "$dir/c" -- "$sim/close_fds" 0
status_is child_closes_descriptors 0

run $fast -q -o "$dir/f" -- "$sim/flood" 100
check a_flood_arrives_whole test "$(wc -c <"$dir/out")" -ge 100000000
check the_log_is_capped test "$(wc -c <"$dir/f/stdout.log")" -le 67108864
number what_the_cap_cut_is_counted "$(fact "$dir/f" stdout.dropped_bytes) > 30000000"

"$edgeprof" run $fast -q -o "$dir/h" -- "$sim/flood" 100 2>"$dir/err" | head -n 1 >"$dir/out"
check a_closed_pipe_ends_the_program grep -q ",exit,.*signal 13" "$dir/h/events.csv"

"$sim/print_env" >"$dir/plain.json" 2>/dev/null
"$edgeprof" run $fast -q --stdio inherit -o "$dir/e" -- "$sim/print_env" >"$dir/profiled.json" 2>/dev/null
# The observer's variable is the one thing the program may see of us.
python3 - "$dir/plain.json" "$dir/profiled.json" >"$dir/diff" 2>&1 <<'P'
import json, sys
a, b = (json.load(open(p)) for p in sys.argv[1:3])
b["env"].pop("EDGEPROF_SOCKET", None)
skip = {"pid", "ppid", "session", "process_group"}
for key in sorted(set(a) | set(b)):
    if key not in skip and a.get(key) != b.get(key):
        print(key, a.get(key), b.get(key))
P
check the_program_inherits_what_it_would_without_us test ! -s "$dir/diff"
[ -s "$dir/diff" ] && sed 's/^/# /' "$dir/diff"

run $fast -o "$dir/m" -- "$sim/many_threads" 10000
status_is ten_thousand_threads 0
exit $failed

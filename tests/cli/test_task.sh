#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The far end of a study on several machines: edgeprof sweep --task.
. "$(dirname "$0")/lib.sh"

nonce=df03237de0747385
version=$("$edgeprof" --version)
version=${version#edgeprof }
work() { # seconds that a run takes
	sed -e "s|\"command\":\[[^]]*\]|\"command\":[\"sleep\",\"$1\"]|" \
		-e "s|\"version\":\"[^\"]*\"|\"version\":\"$version\"|" \
		"$here/../fuzz/corpus/courier/work" >"$dir/work.json"
}
task() { # arguments
	timeout 60 "$edgeprof" sweep --task "$dir/work.json" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
mkdir "$dir/tmp" "$dir/arrived"
export TMPDIR="$dir/tmp"
runs() { # how many runs the task made
	grep -c '^edgeprof: runs ' "$dir/err"
}

work 0.01
task --task-number 0 --task-output "$dir/arrived"
status_is a_task 0
check its_runs_arrive test "$(ls "$dir/arrived" | wc -l)" -eq 8
check they_are_whole test -f "$dir/arrived/c0001-r1-a1/report.json"
check they_say_where_they_were_made grep -q '"node"' \
	"$dir/arrived/c0001-r1-a1/run.json"
check nothing_stays test -z "$(ls "$dir/tmp")"

# --- put back into the queue
rm -rf "$dir/arrived/c0003-r1-a1" "$dir/arrived/c0002-r1-a1"
touch "$dir/arrived/c0002-r1-a1.taken"
task --task-number 0 --task-output "$dir/arrived"
status_is again 0
check only_what_is_missing_is_made test "$(runs)" -eq 1
check which_is_there_now test -f "$dir/arrived/c0003-r1-a1/report.json"
check and_what_was_taken_is_not test ! -e "$dir/arrived/c0002-r1-a1"
task --task-number 1 --task-output "$dir/arrived"
status_is another_task 0 'warms up c'
check what_warms_up_is_thrown_away test "$(ls -d "$dir/arrived"/c*-w1-a1 |
	wc -l)" -eq 4

# --- killed in the middle of a run
wait_for() { # file, text
	left=300
	while ! grep -q -e "$2" "$1" 2>/dev/null && [ "$left" -gt 0 ]; do
		left=$((left - 1))
		sleep 0.05
	done
}
work 20
rm -rf "$dir/arrived"
mkdir "$dir/arrived"
"$edgeprof" sweep --task "$dir/work.json" --task-number 0 \
	--task-output "$dir/arrived" >"$dir/out" 2>"$dir/err" &
pid=$!
wait_for "$dir/err" 'runs c'
left=300
while [ -z "$(find "$dir/tmp" -name ticks.csv)" ] && [ "$left" -gt 0 ]; do
	left=$((left - 1))
	sleep 0.05
done
kill -9 "$pid"
wait "$pid" 2>/dev/null
check killed_leaves_nothing_that_arrived test -z "$(ls "$dir/arrived")"
work 0.01
task --task-number 0 --task-output "$dir/arrived"
status_is the_next_one_makes_all 0
check and_discards_what_was_begun test "$(runs)" -eq 8 -a \
	-z "$(ls "$dir/tmp")"

# --- stopped
work 20
rm -rf "$dir/arrived"
mkdir "$dir/arrived"
"$edgeprof" sweep --task "$dir/work.json" --task-number 0 \
	--task-output "$dir/arrived" >"$dir/out" 2>"$dir/err" &
pid=$!
wait_for "$dir/err" 'runs c'
left=300
while [ -z "$(find "$dir/tmp" -name ticks.csv)" ] && [ "$left" -gt 0 ]; do
	left=$((left - 1))
	sleep 0.05
done
kill -TERM "$pid"
wait "$pid"
status=$?
status_is stopped 143 stopped
check stopped_leaves_nothing test -z "$(ls "$dir/arrived" "$dir/tmp" |
	grep -v :)"

# --- a program that is not there
work 0.01
sed -i 's|"sleep"|"/none/x"|' "$dir/work.json"
task --task-number 0 --task-output "$dir/arrived"
status_is lost_runs 0 'lost c0001-r1-a1: .*/none/x'
check lost_runs_say_so grep -q '"failed": *true' \
	"$dir/arrived/c0001-r1-a1/lost.json"

# --- refused
work 0.01
task --task-number 99 --task-output "$dir/arrived"
status_is no_such_task 2 'has no task 99'
task --task-number 0 --task-output "$dir/none"
status_is no_such_output 1 'shared names a folder'
sed -i 's|"version":"[^"]*"|"version":"0.0.9"|' "$dir/work.json"
task --task-number 1 --task-output "$dir/arrived"
status_is another_version 1 "has edgeprof $version, the study is made with 0.0.9"
sed -i 's|"mixed_versions":false|"mixed_versions":true|' "$dir/work.json"
task --task-number 1 --task-output "$dir/arrived"
status_is another_version_that_is_meant 0
echo '{}' >"$dir/work.json"
task --task-number 0 --task-output "$dir/arrived"
status_is no_work 2 'no work for this edgeprof'
"$edgeprof" sweep --task >"$dir/out" 2>"$dir/err"
status=$?
status_is half_a_command 2 'for edgeprof itself'

# --- by its own stdout
work 0.01
"$edgeprof" sweep --task - --task-number 0 <"$dir/work.json" >"$dir/out" \
	2>"$dir/err"
status=$?
status_is as_a_stream 0 "^EDGEPROF-$nonce hello $version " "$dir/out"
check it_holds_all_runs test "$(grep -ac "^EDGEPROF-$nonce ends c" \
	"$dir/out")" -eq 8
check it_has_an_end grep -aq "^EDGEPROF-$nonce done" "$dir/out"
work 20
mkfifo "$dir/fifo"
"$edgeprof" sweep --task - --task-number 0 <"$dir/work.json" >"$dir/fifo" \
	2>"$dir/err" &
pid=$!
head -c 40 "$dir/fifo" >/dev/null
wait "$pid"
status=$?
status_is nobody_reads 1 'nobody listens'

# --- a full disk
if [ "$(id -u)" -ne 0 ] || ! unshare -m mount -t tmpfs none "$dir/tmp" 2>/dev/null; then
	skip a_full_disk "a small disk cannot be mounted here"
else
	rm -rf "$dir/arrived"
	mkdir "$dir/arrived"
	export edgeprof dir
	unshare -m sh -c 'mount -t tmpfs -o size=20m none "$dir/tmp" &&
		"$edgeprof" sweep --task "$dir/work.json" --task-number 0 \
			--task-output "$dir/arrived"' >"$dir/out" 2>"$dir/err"
	status=$?
	status_is a_full_disk 1 'less than 64 MiB left in'
	check no_run_is_blamed_for_it test -z "$(ls "$dir/arrived")"
fi

# --- what a machine is
"$edgeprof" sweep --host-check abcd --board demo --models "$dir/none" \
	>"$dir/out" 2>"$dir/err"
status=$?
status_is a_host 0 '^EDGEPROF-abcd host {.*"problem":"models: .*none' "$dir/out"
check its_board_is_named grep -q '"board":"[a-z0-9]' "$dir/out"

exit $failed

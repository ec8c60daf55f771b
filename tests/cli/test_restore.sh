#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Settings of the board come back however a run ends; edgeprof restore.
. "$(dirname "$0")/lib.sh"

user_tools
cpufreq=sys/devices/system/cpu/cpufreq
export EDGEPROF_ROOT="$dir/board"

# board [OWNER]: a fresh one, with its governor at ondemand
board() {
	rm -rf "$dir/board"
	mkdir -p "$dir/board/$cpufreq/policy0" "$dir/board/$cpufreq/ondemand" \
		"$dir/board/proc/sys/kernel/random"
	cd "$dir/board/$cpufreq/policy0" || exit 1
	echo ondemand >scaling_governor
	echo "ondemand powersave performance" >scaling_available_governors
	echo 1500000 >scaling_min_freq
	echo 2400000 >scaling_max_freq
	echo 0 >affected_cpus
	echo 50 >../ondemand/up_threshold
	echo first >"$dir/board/proc/sys/kernel/random/boot_id"
	cd "$dir" || exit 1
	[ $# -eq 0 ] || chown -R "$1" "$dir/board"
}

governor() {
	cat "$dir/board/$cpufreq/policy0/scaling_governor"
}

# until COMMAND...: waits for it, at most 20 s
until_true() {
	n=0
	until "$@" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 400 ] || return 1
		sleep 0.05
	done
}

is_governor() {
	[ "$(governor)" = "$1" ]
}

gone() {
	! kill -0 "$1"
}

# start [OPTION...]: a run with --governor powersave, in the background; $pid
# and $guardian are its processes
start() {
	rm -f "$dir/started"
	"$edgeprof" run $fast -q -o "$dir/$1" --governor powersave -- \
		sh -c 'echo $$ >"$0"; exec sleep 60' "$dir/started" \
		>"$dir/bg.out" 2>"$dir/bg.err" &
	pid=$!
	until_true test -s "$dir/started"
	program=$(cat "$dir/started")
	guardian=
	for child in /proc/[0-9]*; do
		case $(cat "$child/stat" 2>/dev/null) in
		*" (edgeprof-guard) "?" $pid "*) guardian=${child#/proc/} ;;
		esac
	done
}

kill_both() {
	kill -9 "$guardian" "$pid"
	wait "$pid" 2>/dev/null
	kill -9 "$program" 2>/dev/null
}

# restore NAME STATUS TEXT [OPTION...]
restore() {
	name=$1 want=$2 text=$3
	shift 3
	"$edgeprof" restore "$@" >"$dir/out" 2>&1
	status=$?
	if [ $status -eq "$want" ] && grep -q -e "$text" "$dir/out"; then
		ok "$name"
	else
		not_ok "$name" "status $status: $(tr '\n' ' ' <"$dir/out")"
	fi
}

board
run $fast -o "$dir/run" --governor powersave -- cat "$dir/board/$cpufreq/policy0/scaling_governor"
status_is the_program_sees_the_governor 0 '^powersave$' "$dir/out"
check and_then_it_is_back is_governor ondemand
check events_say_both eval 'grep -q ",setting,.*,was=ondemand asked=powersave is=powersave" "$dir/run/events.csv" && grep -q ",restore,.*,restored: ondemand" "$dir/run/events.csv"'
check no_journal_is_left eval '! ls "$dir/board/var/lib/edgeprof" | grep -q journal'

start killed
kill -9 "$pid"
wait "$pid" 2>/dev/null
check back_when_edgeprof_is_killed until_true is_governor ondemand
check the_program_is_ended_too until_true gone "$program"
check the_guardian_leaves until_true gone "$guardian"
restore nothing_is_left_to_put_back 0 '^nothing '

start storm
n=0
while [ $n -lt 100 ]; do
	kill -TERM "$pid" 2>/dev/null
	kill -TERM "$guardian" 2>/dev/null
	n=$((n + 1))
done
wait "$pid" 2>/dev/null
status=$?
check back_after_a_storm_of_sigterm is_governor ondemand
number a_storm_ends_as_one_signal_does "$status == 143"

start unguarded
kill -9 "$guardian"
until_true grep -q 'guardian-lost' "$dir/unguarded/events.csv"
kill -TERM "$pid"
wait "$pid" 2>/dev/null
check back_without_a_guardian is_governor ondemand

start both
kill_both
check both_killed_leaves_it_changed is_governor powersave
restore restore_puts_it_back 0 'governor of policy0 is back to ondemand'
check restore_did is_governor ondemand

start next
kill_both
run $fast -o "$dir/after" -- true
status_is the_next_run_restores_first 0 'is back to ondemand'
check and_says_so_in_its_events grep -q ',warning,.*,environment-stale,' "$dir/after/events.csv"

start reboot
kill_both
echo second >"$dir/board/proc/sys/kernel/random/boot_id"
restore after_a_reboot_nothing_is_touched 0 'reset when the board was restarted'
check it_was_not is_governor powersave

board
start outside
kill_both
echo performance >"$dir/board/$cpufreq/policy0/scaling_governor"
restore what_someone_else_set_stays 1 'someone else'
check it_does is_governor performance

board
start first
run $fast -o "$dir/second" --governor performance -- true
status_is a_second_is_refused 125 "process $pid (edgeprof run -- sh)"
check no_folder_is_left_of_it test ! -e "$dir/second"
run $fast -o "$dir/plain" -- true
status_is a_plain_run_is_warned 0 'measured with its settings'
restore restore_waits_for_a_living_one 1 "process $pid" --wait 0s
"$edgeprof" run $fast -q -o "$dir/waits" --governor performance --wait 20s -- true >"$dir/out" 2>"$dir/err" &
second=$!
kill -TERM "$pid"
wait "$pid" 2>/dev/null
wait "$second"
status=$?
status_is a_second_that_waits_gets_the_board 0
check both_are_back is_governor ondemand

start damaged
kill_both
for journal in "$dir"/board/var/lib/edgeprof/journal-*; do
	sed 's/^set 2 governor/set 2 governer/' "$journal" >"$dir/journal"
	cat "$dir/journal" >"$journal"
done
restore a_damaged_line_is_told 1 'damaged'
run $fast -o "$dir/refused" --governor performance -- true
status_is and_stops_a_run_that_changes 125 'damaged'
restore it_can_be_given_up 1 'given up' --forget
restore and_then_there_is_nothing 0 '^nothing '

restore help 0 '^Example: sudo edgeprof restore' --help
restore unknown_option 2 'unknown option' --what
restore wrong_time 2 'not a time' --wait soon
restore too_much 2 'too many' now

board
mkdir -p "$dir/board/var/lib"
ln -s /tmp "$dir/board/var/lib/edgeprof"
run $fast -o "$dir/link" --governor performance -- true
status_is a_link_as_state_folder_is_refused 125 'symbolic link'
check nothing_was_changed is_governor ondemand

if [ "$(id -u)" -ne 0 ]; then
	skip as_another_user "needs root"
	exit $failed
fi
board 65534:65534
mkdir -m 0777 "$dir/user"
as_user "$edgeprof" run $fast -o "$dir/user/run" --governor powersave -- cat "$dir/board/$cpufreq/policy0/scaling_governor" >"$dir/out" 2>"$dir/err"
status=$?
status_is an_ordinary_user_may_have_the_right 0 '^powersave$' "$dir/out"
check his_journal_is_his test "$(stat -c %u:%a "$dir/board/var/lib/edgeprof")" = 65534:700
check his_board_is_back is_governor ondemand
chown 0:0 "$dir/board/$cpufreq/policy0/scaling_governor"
as_user "$edgeprof" run $fast -o "$dir/user/refused" --governor powersave -- true >"$dir/out" 2>"$dir/err"
status=$?
status_is or_not_and_then_it_is_said 125 'scaling_governor.*sudo'
board
# Who has taken another's ids cannot be looked at for leaks.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 SUDO_UID=65534 SUDO_GID=65534 \
	"$edgeprof" run $fast -o "$dir/user/sudo" --governor powersave -- id -u >"$dir/out" 2>"$dir/err"
status=$?
status_is from_sudo_the_settings_are_roots 0 '^65534$' "$dir/out"
check from_sudo_the_journal_is_roots test "$(stat -c %u "$dir/board/var/lib/edgeprof")" = 0
check from_sudo_it_is_back is_governor ondemand
exit $failed

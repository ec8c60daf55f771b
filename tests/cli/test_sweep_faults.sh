#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof sweep when things go wrong: bad input, programs that fail, signals,
# crashes, two at once, databases, disks, users; and cooling down.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

user_tools
cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
export EDGEPROF_BOARDS
unset EDGEPROF_ROOT
cd "$dir" || exit 1
# Other programs may keep this machine busy.
quick='--board none --idle 0s --tail 0s --max-missed-ticks 100%'

# sweep ARGUMENT...: status, $dir/out and $dir/err tell
sweep() {
	"$edgeprof" sweep "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# refused NAME TEXT ARGUMENT...: exit 2, and nothing is made
refused() {
	name=$1
	text=$2
	shift 2
	sweep -o nothing "$@"
	status_is "$name" 2 "$text"
	[ ! -e nothing ] || not_ok "$name" 'it left something'
}

# table DIR COLUMN...: those columns of results.csv
table() {
	python3 - "$@" <<'P'
import csv, sys
for row in csv.DictReader(open(sys.argv[1] + "/results.csv")):
    print(*(row[c] for c in sys.argv[2:]))
P
}

until_true() {
	n=0
	until "$@" >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 600 ] || return 1
		sleep 0.02
	done
}

# Background programs of a script ignore Ctrl-C; this one does not.
cat >front.py <<'P'
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
P

# --- bad input
refused an_empty_factor 'factor n: nothing between two commas' --set n=1,,2 -- echo '{n}'
refused an_empty_list 'n' --set n= -- echo '{n}'
refused an_unknown_name "'{quant}' in the command has no factor" --set n=1,2 -- echo '{n} {quant}'
refused a_factor_twice 'factor n is there twice' --set n=1,2 --set n=3,4 -- echo '{n}'
refused a_level_twice "the level '1' twice" --set n=1,1 -- echo '{n}'
refused a_factor_that_changes_nothing 'has no {n}' --set n=1,2 -- echo
refused a_taken_name "cannot be called 'valid'" --set valid=1,2 -- echo '{valid}'
refused an_option_that_is_none 'edgeprof\|no option\|unknown' --nosuch 3 -- true
refused a_level_that_run_refuses 'interval' --interval 10ms,10parsec -- true
refused neither_file_nor_command 'no command' --runs 2
many=$(seq -s, 1000)
refused a_million_configurations '1000000 configurations: .* --yes' --set "a=$many" --set "b=$many" -- echo '{a} {b}'
sweep --plan --set "a=$many" --set "b=$many" -o nothing -- echo '{a} {b}'
status_is a_plan_says_so_too 0 '1000000 configurations' "$dir/out"
check and_what_it_wants grep -q -e '--yes' out
printf 'runs = 3\n\nfactor "n" {\n\tlevels = "1,,2"\n}\n' >bad.conf
sweep bad.conf
status_is a_study_file_names_its_line 2 'bad.conf:3: factor n'
printf 'runs = 3\nrunz = 4\n' >bad.conf
sweep bad.conf
status_is a_misspelled_key 2 'bad.conf:2: .*runz.*runs'
sweep nowhere.conf
status_is a_file_that_is_not_there 2 'nowhere.conf'
sweep nowhere --resume
status_is a_folder_that_is_not_there 2 'nowhere'
mkdir empty
sweep empty --resume
status_is a_folder_without_a_study 2 'empty holds no study'

# --- programs that fail: the others go on
touch model-a
# shellcheck disable=SC2086
sweep $quick --set model=a,b --retries 1 -o models -- sh -c 'test -e model-{model}'
status_is a_model_that_is_missing 1 'run rejected: the program ended with exit 1'
check the_other_one_ran grep -q -E '^ +1 +1 +0 .*model=a' out
check it_was_tried_again test "$(table models model valid phase | grep -c '^b 0 run$')" -eq 2
check rejected_runs_are_kept test "$(echo models/runs/*/report.json | wc -w)" -eq 3
# shellcheck disable=SC2086
sweep $quick --set program=true,nowhere-at-all -o programs -- '{program}'
status_is a_program_that_is_missing 1 'run lost: .*nowhere-at-all'
check it_is_not_tried_again test "$(table programs program | grep -c nowhere)" -eq 1
check it_cannot_run grep -q 'program=nowhere-at-all  (cannot run)' out
cp programs/results.csv before.csv
sweep programs --rebuild
check a_rebuilt_study_knows_what_cannot_run cmp before.csv programs/results.csv

# --- what makes a run invalid
# shellcheck disable=SC2086
sweep $quick --runs 3 --retries 0 --same-output yes -o differ -- sh -c 'ls runs >/dev/null 2>&1; date +%N'
status_is different_answers 1 'its output differs'
cat >tokens.sh <<S
"$edgeprof" mark generation 2>/dev/null
"$edgeprof" mark token 2>/dev/null
"$edgeprof" mark token 2>/dev/null
"$edgeprof" mark end 2>/dev/null
S
# shellcheck disable=SC2086
sweep $quick --retries 0 --expect-tokens 3 -o tokens -- sh tokens.sh
status_is a_wrong_number_of_tokens 1 '2 tokens came, 3 were wanted'
# shellcheck disable=SC2086
sweep $quick --retries 0 --expect-tokens 2 -o tokens2 -- sh tokens.sh
status_is the_right_number 0
# shellcheck disable=SC2086
sweep $quick --retries 0 --expect-tokens 2 -o tokens3 -- true
status_is no_number_at_all 1 'how many tokens came is not known'
awk 'BEGIN {
	print "t_ns,span_ns,flags,power_uw"
	for (i = 0; i < 40; i++) printf "%d,0,0,5000000\n", i * 10000000
	for (i = 90; i < 200; i++) printf "%d,0,0,5000000\n", i * 10000000
}' >gap.csv
# shellcheck disable=SC2086
sweep $quick --sensor replay:gap.csv --retries 0 -o gaps -- sleep 1.2
status_is a_sensor_with_a_gap 1 'replay.power was silent for'

# --- Ctrl-C, and on
cat >slow.sh <<'S'
echo "$1 begins" >>"$2"
n=0
while [ ! -e "$3" ] && [ $n -lt 250 ]; do
	sleep 0.02
	n=$((n + 1))
done
echo "$1 ends" >>"$2"
S
# begin DIR [OPTION...]: a sweep in the background, in its first run
begin() {
	folder=$1
	shift
	rm -f go log
	# shellcheck disable=SC2086
	python3 front.py "$edgeprof" sweep $quick --set n=1,2 --runs 2 --order-seed 5 \
		-o "$folder" "$@" -- sh slow.sh '{n}' "$dir/log" "$dir/go" >out 2>err &
	sweeper=$!
	until_true grep -q begins log || not_ok "begin_$folder" 'no run began'
}
finish() { # NAME STATUS
	wait "$sweeper"
	status=$?
	status_is "$1" "$2"
}
begin whole
touch go
finish nobody_disturbs_it 0
# same NAME DIR: as if nobody had disturbed it
same() {
	table whole config run order valid reasons phase host n >expected
	table "$2" config run order valid reasons phase host n >found
	check "$1" diff expected found
}

begin once
kill -INT "$sweeper"
until_true grep -q 'Ctrl-C again' err
touch go
finish ctrl_c_lets_the_run_end 130
check that_run_counts test "$(table once valid phase | grep -c '^1 run$')" -eq 1
check nothing_more_began test "$(grep -c begins log)" -eq 1
check it_tells_how_to_go_on grep -q 'edgeprof sweep once --resume goes on' err
sweep once --resume
status_is it_goes_on 0
same after_ctrl_c_all_is_as_without once

begin twice
kill -INT "$sweeper"
until_true grep -q 'Ctrl-C again' err
kill -INT "$sweeper"
finish ctrl_c_twice_ends_the_run 130
check the_run_was_ended fails grep -q ends log
check it_is_in_no_table test "$(table twice phase | grep -c .)" -eq 0
touch go
sweep twice --resume
status_is it_goes_on_after_two 0
same after_two_all_is_as_without twice
check no_try_is_used_up fails grep -q try err

begin term
kill -TERM "$sweeper"
finish sigterm_ends_the_run 143
touch go
sweep term --resume
same after_sigterm_all_is_as_without term

begin killed
kill -KILL "$sweeper"
wait "$sweeper" 2>/dev/null
touch go
sweep killed --resume
status_is it_goes_on_after_kill_9 0
same after_kill_9_all_is_as_without killed
begin killed2
touch go
until_true test -e killed2/runs/0002/report.json
kill -KILL "$sweeper" 2>/dev/null
wait "$sweeper" 2>/dev/null
sweep killed2 --resume
same after_kill_9_between_runs_too killed2
mkdir elsewhere
begin moved
kill -KILL "$sweeper"
wait "$sweeper" 2>/dev/null
touch go
(cd elsewhere && exec "$edgeprof" sweep ../moved --resume >"$dir/out" 2>"$dir/err")
status=$?
status_is paths_start_where_it_began 0
same from_another_folder_too moved

# --- two at once
begin two
"$edgeprof" sweep two --resume >out2 2>err2 &
second=$!
sleep 0.3
touch go
finish the_first_of_two 0
wait "$second"
status=$?
status_is the_second_waits_and_finds_it_done 0
same two_at_once_count_nothing_twice two

# --- somebody holds the folder, or the database: ten seconds, then a name
cat >hold.py <<'P'
import fcntl, os, sqlite3, sys, time
what = sys.argv[1]
start = open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]
lock = open(f"{what}/study.lock", "w")
lock.write(f"{os.getpid()} {start} 0 0\n")
lock.flush()
fcntl.flock(lock, fcntl.LOCK_EX)
open(f"{what}.held", "w").close()
time.sleep(60)
P
cat >occupy.py <<'P'
import sqlite3, sys, time
db = sqlite3.connect(f"{sys.argv[1]}/study.db")
db.execute("BEGIN EXCLUSIVE")
open(f"{sys.argv[1]}.held", "w").close()
time.sleep(60)
P
begin locked
kill -KILL "$sweeper"
wait "$sweeper" 2>/dev/null
touch go
python3 hold.py two &
holder=$!
python3 occupy.py locked &
occupier=$!
until_true test -e two.held -a -e locked.held
"$edgeprof" sweep two --resume >out2 2>err2 &
second=$!
sqlite_begin=$(date +%s)
"$edgeprof" sweep locked --resume >out 2>err
status=$?
status_is a_locked_database_is_told 125 'in use by another program'
wait "$second"
status=$?
check who_holds_the_folder_is_named grep -q "two is being worked on by process $holder" err2
number it_waits_ten_seconds "$(date +%s) - $sqlite_begin >= 9"
[ $status -eq 125 ] || not_ok a_held_folder "status $status"
kill "$holder" "$occupier"
wait "$holder" "$occupier" 2>/dev/null
sweep two --resume
status_is afterwards_it_is_free 0
sweep locked --resume
same and_the_database_too locked

# --- disks and users
if [ "$(id -u)" -ne 0 ] || ! mkdir small || ! mount -t tmpfs -o size=4m tmpfs small 2>/dev/null; then
	skip disk_full "needs root and a tmpfs"
else
	# shellcheck disable=SC2086
	sweep $quick --set n=1,2 --runs 2 --order given -o small/st -- \
		sh -c 'test -e filled || { touch filled; head -c 8m /dev/zero >small/filler; }; echo {n}'
	status_is disk_full 125 'the disk is full.*--resume'
	rm small/filler
	sweep small/st --resume
	status_is with_room_it_goes_on 0
	check nothing_was_rejected test "$(table small/st valid phase | grep -c '^1 run$')" -eq 4
	rm -rf small/st
	umount small
fi
mkdir shared
chmod 0777 shared
# shellcheck disable=SC2086
as_user "$edgeprof" sweep $quick --set n=1,2 -o shared/own -- echo '{n}' >out 2>err
status=$?
status_is an_ordinary_user 0
chmod a-w shared/own shared/own/runs
as_user "$edgeprof" sweep shared/own --resume >out 2>err
status=$?
status_is a_folder_that_cannot_be_written 125 'ermission denied\|no permission'
as_user "$edgeprof" report shared/own >out 2>err
status=$?
status_is can_be_reported_all_the_same 0 'factors   n' "$dir/out"
if [ "$(id -u)" -ne 0 ]; then
	skip from_sudo "needs root"
else
	# shellcheck disable=SC2086
	SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody "$edgeprof" sweep $quick --set n=1,2 -o shared/sudo -- sh -c 'id -u {n} >/dev/null; id -u' >out 2>err
	check from_sudo_all_files_are_the_callers test "$(find shared/sudo ! -user 65534 | wc -l)" -eq 0
	check and_there_are_some test "$(find shared/sudo -user 65534 -name report.json | wc -l)" -ge 2
	check the_program_is_his_too grep -q -x 65534 shared/sudo/runs/0001/stdout.log
fi

# --- cooling down
cat >warm.tree <<'T'
/sys/class/thermal/thermal_zone0/type = cpu-thermal
/sys/class/thermal/thermal_zone0/temp = 61000
/sys/class/thermal/thermal_zone1/type = gpu-thermal
/sys/class/thermal/thermal_zone1/temp = 45000
/sys/devices/system/cpu/online = 0-1
T
"$sim/make_tree" warm.tree tree || exit 1
chmod -R a+rwX tree
# cooled NAME OPTION...: two runs in the tree
cooled() {
	# shellcheck disable=SC2086
	EDGEPROF_ROOT=$dir/tree "$edgeprof" run $quick --runs 2 "$@" \
		-- true >out 2>err
	status=$?
}
cooled --cooldown to:50C --cooldown-limit 300ms -o hot
status_is a_limit_of_cooling 0 'it is still hotter than 50 .C after 0.3 s; going on'
printf 'at 600ms write /sys/class/thermal/thermal_zone0/temp "49500\\n"\n' >script
mkfifo hold
"$sim/play_tree" "$dir/tree" script epoch <hold 2>player.err &
player=$!
exec 9>hold
until_true test -s epoch
begin_ms=$(date +%s%3N)
cooled --cooldown to:50C --cooldown-limit 20s -o cool
status_is cooled_down 0
number it_waited_for_that "$(date +%s%3N) - $begin_ms >= 400"
check without_a_warning fails grep -q hotter err
exec 9>&-
wait "$player"
rm -r tree/sys/class/thermal
cooled --cooldown to:50C -o none
status_is nothing_to_wait_for 0 'no thermal zone tells a temperature'
begin_ms=$(date +%s%3N)
cooled --cooldown 500ms -o pause
number a_pause_of_a_length "$(date +%s%3N) - $begin_ms >= 500"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof sweep: factors, order, warm-ups, validity, results.csv, --resume,
# --rebuild, and edgeprof run --runs.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

EDGEPROF_BOARDS=$here/../../boards
export EDGEPROF_BOARDS
unset EDGEPROF_ROOT
cd "$dir" || exit 1

# A program with phases, tokens and an answer; $1 is what it is asked.
cat >story.sh <<S
#!/bin/sh
mark() { "$edgeprof" mark "\$@" 2>/dev/null; }
mark load
mark prefill 8
sleep 0.05
mark generation
for token in 1 2 3; do
	mark token
	sleep 0.02
done
mark end
echo "an answer to \$1"
S
# A meter that always says 5 W.
awk 'BEGIN {
	print "t_ns,span_ns,flags,power_uw"
	for (i = 0; i < 1000; i++) printf "%d,0,0,5000000\n", i * 10000000
}' >meter.csv
meter=$dir/meter.csv
# Other programs may keep this machine busy.
busy='--max-missed-ticks 100% --max-sensor-gaps 1000%'
quick="--board none --idle 0s --tail 0s $busy --sensor replay:$meter"

# sweep ARGUMENT...: status, $dir/out and $dir/err tell
sweep() {
	"$edgeprof" sweep "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# table DIR COLUMN...: those columns of results.csv
table() {
	python3 - "$@" <<'P'
import csv, sys
for row in csv.DictReader(open(sys.argv[1] + "/results.csv")):
    print(*(row[c] for c in sys.argv[2:]))
P
}

# says NAME TEXT FILE
says() {
	check "$1" grep -q -e "$2" "$dir/$3"
}

# --- a sweep over options of run and names in the command
# shellcheck disable=SC2086
sweep $quick --threads 1-2 --set 'n=red,"blue, green"' --runs 2 --warmup 1 --order-seed 7 \
	-o st -- sh story.sh '{n} {threads}'
status_is a_sweep 0
check every_run_has_a_folder test "$(echo st/runs/*/report.json | wc -w)" -eq 12
check each_configuration_ran_as_often_as_asked test \
	"$(table st config run phase | grep -c ' run$')" -eq 12
check warm_ups_do_not_count test "$(table st run valid phase | grep -c '^w1 0 run$')" -eq 4
check the_others_do test "$(table st valid phase | grep -c '^1 run$')" -eq 8
check phases_are_rows test "$(table st phase | sort -u | tr '\n' ' ')" = \
	'generation idle load prefill request run tail '
check the_meter_is_in_the_table test \
	"$(table st phase power_mean_w | grep '^run ' | sort -u)" = 'run 5'
check tokens_are_in_the_table test \
	"$(table st phase tokens | grep '^generation ' | sort -u)" = 'generation 3'
check levels_may_hold_commas test "$(table st n | grep -c '^blue, green$')" -gt 0
check names_are_filled_in grep -rq 'an answer to blue, green 2' st/runs --include stdout.log
says the_table_is_printed 'threads=2 n=blue, green' out
check every_configuration_is_valid_twice test "$(grep -c -E '^ +[1-4] +2 +0 ' out)" -eq 4
says progress_when_piped '^edgeprof: 1 of 12: configuration . of 4, warm-up 1 of 1 (' err
says progress_tells_what_is_left '^edgeprof: 12 of 12: .* run 2 of 2, .* to go, .* J/token so far' err
check piped_lines_hold_no_escapes fails grep -q "$(printf '\033')" err
check nobody_is_a_block_ahead python3 - <<'P'
import csv
runs = {}
for row in csv.DictReader(open("st/results.csv")):
    runs[int(row["order"])] = (row["run"], row["config"])
order = [runs[i] for i in range(1, 13)]
for k, name in enumerate(("w1", "1", "2")):
    block = order[4 * k:4 * k + 4]
    assert [r for r, _ in block] == [name] * 4, order
    assert sorted(c for _, c in block) == list("1234"), order
# Interleaved, and not always in one order.
assert len({tuple(c for _, c in order[4 * k:4 * k + 4]) for k in range(3)}) > 1
P

# --- the same study again has the same order; the seed is what makes it
# shellcheck disable=SC2086
"$edgeprof" sweep $quick --threads 1-2 --set 'n=red,"blue, green"' --runs 2 --warmup 1 --order-seed 7 \
	--plan -o other -- sh story.sh '{n} {threads}' >plan
check a_plan_touches_nothing test ! -e other
sed -n 's/^ *[0-9]*  configuration \([0-9]*\) .*/\1/p' plan | tr '\n' ' ' >planned
check the_plan_is_what_ran test "$(cat planned)" = \
	"$(table st order phase config | awk '$2 == "run" && $1 <= 4' | sort -n | awk '{ printf "%s ", $3 }')"
says the_plan_shows_a_command 'edgeprof run --board none .*--set n=red -- sh story.sh' plan
"$edgeprof" sweep --set n=1,2 --idle 3s --tail 2s --cooldown 10s --runs 2 --plan -o other -- echo '{n}' >plan
says the_plan_tells_time 'baselines and pauses take 60 s' plan

# --- order given, one configuration after the other
# shellcheck disable=SC2086
sweep --board none --idle 0s --tail 0s $busy --set n=2,1 --runs 2 --order given -o given -- sh -c 'echo {n}'
check order_given test "$(table given order n phase | awk '$3 == "run" { printf "%s ", $2 }')" = '2 2 1 1 '

# --- a study file, kept with the results; --resume wants it unchanged
cat >lamps.conf <<'C'
title = "lamps"
runs = 2
options = "--board none --idle 0s --tail 0s"
command = "sh -c 'echo {lamp}'"
factor "lamp" { levels = "on, off" }
limits { max-missed-ticks = "100%" }
C
sweep lamps.conf
status_is a_study_file 0
check it_is_kept_with_the_results cmp lamps.conf lamps/study.conf
check it_says_what_it_is grep -q '"study_id\|"id"' lamps/study.json
sweep lamps.conf
status_is a_study_is_not_begun_twice 2 'holds a study already'
sweep lamps.conf --resume
status_is nothing_is_left_to_do 0
check nothing_ran_again test "$(echo lamps/runs/* | wc -w)" -eq 4
sed 's/runs = 2/runs = 3/' lamps.conf >changed.conf
sweep changed.conf -o lamps --resume
status_is a_changed_file_is_refused 2 'runs was 2, is 3'
sed 's/on, off/on, off, dim/' lamps.conf >changed.conf
sweep changed.conf -o lamps --resume
status_is a_changed_factor_is_refused 2 'factors was .*"off".* is .*"dim"'
sweep lamps --resume
status_is the_folder_alone_will_do 0

# --- a new database from the folders
cp lamps/results.csv before.csv
rm lamps/study.db
sweep lamps --rebuild
status_is rebuild 0 'from 4 run folders' "$dir/out"
check rebuilt_results_are_the_same cmp before.csv lamps/results.csv
rm lamps/study.db
sweep lamps --resume
status_is a_missing_database_is_made_again 0
check then_results_are_the_same_too cmp before.csv lamps/results.csv
echo 'not a database, and long enough to be looked at as one' >lamps/study.db
sweep lamps --resume
status_is a_damaged_database_names_the_cure 125 'sweep lamps --rebuild'
sweep lamps --rebuild
check the_cure_works cmp before.csv lamps/results.csv
cp -R lamps/runs/0002 lamps/runs/0077
sweep lamps --rebuild
check a_copied_folder_counts_once cmp before.csv lamps/results.csv
sweep lamps --resume
check now_and_later cmp before.csv lamps/results.csv
"$edgeprof" report lamps >out
status=$?
status_is report_knows_a_study 0 'study report: lamps' "$dir/out"
says report_of_a_study_has_the_table '^ *1 *2 *0 *0 *on$' out
check a_run_of_it_is_an_ordinary_one "$edgeprof" report lamps/runs/0001

# --- the example of the documents
sed -n '/^<!-- test: study -->/,/^```$/p' "$here/../../docs/studies.md" |
	sed '1,/^```conf/d; /^```/d' >threads.conf
sweep threads.conf --plan
status_is the_documented_example 0 '4 configurations, 3 runs and 1 warm-up of each: 16 runs' "$dir/out"
sed -n '/^Study threads/,/threads=1 length=50$/p' "$here/../../docs/studies.md" >documented
sed -n '/^Study threads/,/configuration 1 /p' out >printed
check its_plan_is_as_documented diff documented printed

# --- until the interval is narrow enough
# shellcheck disable=SC2086
sweep $quick --runs 3 --until-ci run.power_mean_w=1% --max-runs 6 -o until -- sleep 0.1
status_is until_ci 0
check it_stops_when_it_is_narrow test "$(table until phase | grep -c '^run$')" -eq 3
# shellcheck disable=SC2086
sweep $quick --runs 3 --until-ci run.duration_s=0.0001% --max-runs 4 -o until2 -- sleep 0.1
check it_stops_at_the_most test "$(table until2 phase | grep -c '^run$')" -eq 4

# --- killed and gone on with, it says the same but for time
cat >values.py <<'P'
import csv, re, sys
# What depends on how long things took, or on what else the machine did.
time = re.compile("study_id|_s$|_s_|energy|_j_|j_per|tokens_per|action|edp|_per_token|"
                  "rss|_count|cpu|_u95|phase_evidence|folder|_status")
for row in csv.DictReader(open(sys.argv[1] + "/results.csv")):
    if row["phase"] in ("generation", "run"):
        print({k: v for k, v in row.items() if not time.search(k)})
P
for folder in calm killed; do
	# shellcheck disable=SC2086
	"$edgeprof" sweep $quick --set n=1,2,3 --runs 2 --warmup 1 --order-seed 11 \
		-o $folder -- sh story.sh '{n}' >out 2>err &
	sweeper=$!
	tries=0
	while [ $folder = killed ] && [ ! -e killed/runs/0005/run.json ] &&
		[ $tries -lt 500 ]; do
		tries=$((tries + 1))
		sleep 0.01
	done
	[ $folder = calm ] || kill -9 $sweeper
	wait $sweeper 2>/dev/null
done
check kill_9_was_in_time test "$(table killed order | sort -un | tail -n 1)" -lt 6
sweep killed --resume
status_is killed_and_gone_on_with 0
python3 values.py calm >calm.values
python3 values.py killed >killed.values
check it_says_the_same diff calm.values killed.values
check of_many_values grep -q "'power_mean_w': '5'" calm.values

# --- run --runs
# shellcheck disable=SC2086
run --board none --idle 0s --tail 0s $busy --runs 3 --warmup 1 -o rep -- sh -c 'echo out'
status_is run_repeats 0 '3 *0 .*the only one'
check run_leaves_stdout_alone test ! -s out
check its_folders_are_below test "$(echo rep/runs/*/report.json | wc -w)" -eq 4
check and_results_beside_them test "$(table rep valid phase | grep -c '^1 run$')" -eq 3
# shellcheck disable=SC2086
run --board none --idle 0s --tail 0s $busy --runs 2 --retries 1 -o rep2 -- sh -c 'exit 7'
status_is its_status_is_the_first_that_failed 7 'ended with exit 7'
# shellcheck disable=SC2086
run --board none --idle 0s --tail 0s $busy --runs 2 -o rep3 -- "$dir/nowhere"
status_is a_program_that_is_not_there 127
run --runs 0 -- true
status_is wrong_use_of_run 125 "runs: '0' is not a whole number"
run --runs 2 --json -o rep4 -- true
status_is one_report_only 125 'of one run'
run --runs 2 --help
check help_of_run grep -q -e --runs out

# --- on a terminal
cat >terminal.py <<'P'
import os, pty, struct, fcntl, termios, sys
pid, master = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
text = b""
while True:
    try:
        block = os.read(master, 65536)
    except OSError:
        break
    if not block:
        break
    text += block
sys.stdout.buffer.write(text)
sys.exit(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
P
# shellcheck disable=SC2086
python3 terminal.py "$edgeprof" sweep $quick --set n=1,2 --runs 2 --cooldown 700ms -o tty -- sh story.sh '{n}' >screen
status=$?
status_is a_sweep_on_a_terminal 0 '' "$dir/screen"
says the_line_is_redrawn "$(printf '\r\033\\[K')1 of 4: configuration . of 2, run 1 of 2; next pause: 1 s (n=" screen
says the_pause_is_shown '; pause, 1 s left' screen
says joules_are_shown 'J/token so far' screen
check no_line_is_wider_than_the_terminal python3 - <<'P'
import re
text = open("screen", encoding="utf-8", newline="").read()
for line in re.split("[\r\n]", text):
    assert len(re.sub("\033\\[[0-9;]*[A-Za-z]", "", line)) <= 100, line
P
exit $failed

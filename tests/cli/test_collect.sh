#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Run folders that other machines made, into a study.
. "$(dirname "$0")/lib.sh"

loose='--max-background-cpu 1000% --max-missed-ticks 1000%
	--max-sensor-gaps 1000% --max-frequency-shortfall 1000%'
sweep() {
	timeout 60 "$edgeprof" sweep "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
columns() { # folder
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ print $at["config"], $at["run"], $at["order"], $at["valid"],
		$at["reasons"], $at["n"], $at["energy_j"] }' "$1/results.csv" |
		sort
}
# The same study without a run: what a coordinator has before others worked.
empty() { # folder
	rm -rf "$1"
	mkdir -p "$1/runs"
	cp "$dir/one/study.json" "$1/"
	"$edgeprof" sweep "$1" --rebuild >/dev/null 2>&1
}
count() { # folder: runs in it
	ls "$1/runs" | wc -l
}

sweep $fast $loose --set n=1,2 --runs 2 --order-seed 3 -o "$dir/one" -- \
	sleep '0.0{n}'
status_is a_study 0

# --- what is asked wrongly
sweep "$dir/one" --collect
status_is from_where 2 'collect from where'
sweep "$dir/one" --collect "$dir/none"
status_is no_such_folder 2 'none: No such file'
mkdir "$dir/bare"
sweep "$dir/one" --collect "$dir/bare"
status_is no_run_in_it 2 'holds no run'
sweep "$dir/one" --mixed-versions --resume
status_is mixed_versions_of_what 2 'belongs to --executor and --collect'
sweep "$dir/one" --collect "$dir/one" --resume
status_is one_thing_at_a_time 2 'goes with none of the others'

# --- a study's folder, a folder of runs, a run
empty "$dir/two"
sweep "$dir/two" --collect "$dir/one"
status_is of_a_study 0 'collected 4 runs (4 valid, 0 rejected, 0 lost), 0 there'
columns "$dir/one" >"$dir/one.columns"
columns "$dir/two" >"$dir/two.columns"
check same_results diff "$dir/one.columns" "$dir/two.columns"
check numbered test -f "$dir/two/runs/0004/report.json"
sweep "$dir/two" --collect "$dir/one/runs" "$dir/one/runs/0001"
status_is twice 0 'collected 0 runs .* 5 there already, 0 left out'
check twice_changes_nothing test "$(count "$dir/two")" -eq 4
empty "$dir/two"
sweep "$dir/two" --collect "$dir/one/runs/0002"
status_is of_one_run 0 'collected 1 run (1 valid'
sweep "$dir/two" --resume
status_is the_rest_can_be_run 0
check it_is_complete test "$(count "$dir/two")" -eq 4

# --- what is left out, each with its reason
spoilt() { # name, sed expression for run.json
	rm -rf "$dir/spoilt"
	cp -r "$dir/one/runs/0001" "$dir/spoilt"
	sed -i "$1" "$dir/spoilt/run.json"
}
version=$("$edgeprof" --version)
empty "$dir/two"
spoilt 's/"version": *"[^"]*"/"version":"0.0.9"/'
sweep "$dir/two" --collect "$dir/spoilt"
status_is another_version 1 "has edgeprof 0.0.9, this is ${version#edgeprof }: "
check another_version_is_not_taken test "$(count "$dir/two")" -eq 0
sweep "$dir/two" --mixed-versions --collect "$dir/spoilt"
status_is unless_that_is_meant 0 'collected 1 run'
empty "$dir/two"
spoilt 's/"study.id": *"[^"]*"/"study.id":"ffffffffffffffffffffffffffffffff"/'
sweep "$dir/two" --collect "$dir/spoilt"
status_is another_study 1 'of another study: it belongs to study ffffffff'
spoilt 's/"study.config": *"[^"]*"/"study.config":"12"/'
sweep "$dir/two" --collect "$dir/spoilt"
status_is another_configuration 1 'another configuration'
spoilt 's,"schema": *"edgeprof.run/1","schema":"edgeprof.run/2",'
sweep "$dir/two" --collect "$dir/spoilt"
status_is another_schema 1 "damaged: run.json has schema edgeprof.run/2"
spoilt ''
head -c 300 "$dir/one/runs/0001/report.json" >"$dir/spoilt/report.json"
sweep "$dir/two" --collect "$dir/spoilt"
status_is half_a_report 1 'damaged'
rm "$dir/spoilt/report.json"
sweep "$dir/two" --collect "$dir/spoilt"
status_is no_report 1 'not finished: it has no report'
ln -s /etc/passwd "$dir/spoilt/notes.txt"
cp "$dir/one/runs/0001/report.json" "$dir/spoilt/"
sweep "$dir/two" --collect "$dir/spoilt"
status_is a_link_in_it 1 'damaged: it holds what is neither file nor folder'
check nothing_of_all_was_taken test -z "$(ls -A "$dir/two/runs")"

# --- a folder that is being written
rm -rf "$dir/spoilt"
cp -r "$dir/one/runs/0001" "$dir/spoilt"
# Large enough that the writer has its turn while it is copied.
head -c 33554432 /dev/zero >"$dir/spoilt/large"
(while [ ! -e "$dir/stop" ]; do echo x; done >>"$dir/spoilt/stderr.log") &
writer=$!
left=500
while [ ! -s "$dir/spoilt/stderr.log" ] && [ "$left" -gt 0 ]; do
	left=$((left - 1))
	sleep 0.02
done
sweep "$dir/two" --collect "$dir/spoilt"
touch "$dir/stop"
wait "$writer"
status_is being_written 1 'not finished: somebody writes to it'
sweep "$dir/two" --collect "$dir/spoilt" "$dir/one"
status_is later_it_is_taken 0 'collected 4 runs'

exit $failed

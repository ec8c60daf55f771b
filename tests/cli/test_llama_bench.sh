#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --runner llama-bench: its tests as requests, in each output format.
. "$(dirname "$0")/lib.sh"

# tests FOLDER: request,phase,evidence,tokens,steps of prefill and generation
tests() {
	cut -d, -f1-3,7,8 "$1/phases.csv" | grep -e prefill -e generation |
		tr '\n' ' '
}

user_tools
chmod 0777 "$dir"
for format in csv old-csv json jsonl sql md old-md; do
	as_user "$edgeprof" run $fast -q --runner llama-bench -o "$dir/u-$format" \
		-- "$sim/bench_llama" bench $format 32 8 5 >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "${format}_runs" 0
	check "${format}_alone_gives_durations" test "$(tests "$dir/u-$format")" = \
		'1,prefill,INFERRED,160, 2,generation,INFERRED,40,40 '
done
as_user "$edgeprof" run --board none --idle 1s --tail 0s -q --runner llama-bench \
	-o "$dir/idle" -- "$sim/bench_llama" bench jsonl 32 8 5 >"$dir/out" 2>"$dir/err"
number nothing_is_older_than_the_gate "$(awk -F, '$1 == 1 && $2 == "prefill" {
	print $6 }' "$dir/idle/phases.csv") < 1"
told=$(sed -n 's/.*"n_gen": 8.*"samples_ns": \[\(.*\)\].*/\1/p' "$dir/u-jsonl/stdout.log" |
	tr -d ' ' | tr , +)
# A test whose line was read late starts where the one before ended, and is short.
number duration_is_the_sum_of_the_samples "$(awk -F, '
	$2 == "prefill" { before = $5 }
	$2 == "generation" { short = ('"$told"') / 1e9 - ($5 - $4); joins = $4 == before }
	END { print (short < 1e-6 && short > -1e-6) || (joins && short > 0) }
	' "$dir/u-jsonl/phases.csv") == 1"
check rates_are_named grep -q -e '-o jsonl tells times' \
	"$dir/u-md/report.json"
as_user "$edgeprof" run $fast --runner llama-bench -o "$dir/u-none" -- \
	"$sim/bench_llama" bench none 32 8 1 >"$dir/out" 2>"$dir/err"
status=$?
tr '\n' ' ' <"$dir/err" | tr -s ' ' >"$dir/words"
status_is nothing_told_says_what_to_add 0 'add -o jsonl' "$dir/words"
check other_runners_do_not_read_tests sh -c \
	"'$edgeprof' run $fast -q -o '$dir/plain' -- '$sim/bench_llama' bench jsonl 32 8 1 >/dev/null 2>&1 &&
	! grep -q ',bench,' '$dir/plain/events.csv'"

[ "$(id -u)" -eq 0 ] || {
	skip tests_by_probes "probes in other programs need root"
	exit $failed
}
edgeprof=$build/edgeprof
sim=$build/tests/sim
first=
chrt -f 1 true 2>/dev/null && first='chrt -f 1'

# probed ARGUMENT...: as run, in front of other tests
probed() {
	$first "$edgeprof" run "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
for format in csv json sql md; do
	probed $fast -o "$dir/r-$format" --runner llama-bench -- \
		"$sim/bench_llama" bench $format 40 8 5
	status_is "${format}_is_probed" 0 'by llama-bench (PROBED): tests 1 pp40, 2 tg8'
	check "${format}_warm_up_is_left_out" test "$(tests "$dir/r-$format")" = \
		"$(for i in 1 2 3 4 5; do printf '1,prefill,PROBED,40, '; done
		for i in 1 2 3 4 5; do printf '2,generation,PROBED,8,8 '; done)"
done
probed $fast -o "$dir/reps" --runner llama-bench -- "$sim/bench_llama" bench json 40 8 2
check repetitions_are_counted test "$(grep -c '^1,prefill' "$dir/reps/phases.csv")" = 2
check tests_are_requests test "$(sed 1d "$dir/reps/requests.csv" | wc -l)" = 2
probed $fast -o "$dir/lie" --runner llama-bench -- "$sim/bench_llama" bench json 40 8 2 90
tr '\n' ' ' <"$dir/err" | tr -s ' ' >"$dir/words"
status_is a_difference_is_named 0 \
	'test 1: llama-bench tells [0-9.]* ms for a repetition, but' "$dir/words"
exit $failed

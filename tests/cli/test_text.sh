#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a program prints of its own timings: phases where nothing else tells them,
# and a check of those that probes or marks told.
. "$(dirname "$0")/lib.sh"

# phases FOLDER: request,phase,evidence,tokens,steps of what is no gap
phases() {
	cut -d, -f1-3,7,8 "$1/phases.csv" | grep -e load -e prefill \
		-e generation | tr '\n' ' '
}

# seconds FOLDER PHASE: how long it lasted
seconds() {
	awk -F, -v p="$2" '$2 == p { s += $5 - $4 } END { print s }' \
		"$1/phases.csv"
}

# Without probes: as an ordinary user.  What is printed is what was spent.
user_tools
chmod 0777 "$dir"
for era in timings context common server bare; do
	as_user "$edgeprof" run $fast -q -o "$dir/u-$era" -- \
		"$sim/bench_llama" log $era 32 8 >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "${era}_runs" 0
	check "${era}_alone_gives_inferred_phases" test \
		"$(phases "$dir/u-$era" | sed 's/1,load,INFERRED,, //')" = \
		'1,prefill,INFERRED,32, 1,generation,INFERRED,8,7 '
	told=$(sed -n 's/.*prompt eval time = *\([0-9.]*\) ms.*/\1/p' \
		"$dir/u-$era/stderr.log")
	number "${era}_prefill_lasts_as_told" \
		"($(seconds "$dir/u-$era" prefill) * 1000 - $told) ^ 2 < 0.0001"
done
check load_is_told_by_the_library grep -q '^1,load,INFERRED,' \
	"$dir/u-context/phases.csv"
check note_names_the_log sh -c \
	"'$edgeprof' report '$dir/u-context' | grep -q 'by text (INFERRED)'"

as_user "$edgeprof" run $fast -q -o "$dir/u-zeros" -- \
	"$sim/bench_llama" log no-perf 32 8 >"$dir/out" 2>"$dir/err"
check no_perf_is_no_time test "$(phases "$dir/u-zeros")" = ''
check no_perf_is_named sh -c \
	"'$edgeprof' report '$dir/u-zeros' --format json | grep -q 'counts but no times'"
as_user "$edgeprof" run $fast -q -o "$dir/u-cli" -- \
	"$sim/bench_llama" log cli 32 8 >"$dir/out" 2>"$dir/err"
check rates_alone_are_no_phases sh -c \
	"'$edgeprof' report '$dir/u-cli' --format json | grep -q 'rates only'"

# ExecuTorch tells borders by the wall clock.
cat >"$dir/llama_main" <<'END'
#!/bin/sh
t0=$(date +%s%3N)
sleep 0.1
t1=$(date +%s%3N)
sleep 0.2
t2=$(date +%s%3N)
printf 'PyTorchObserver {"prompt_tokens":7,"generated_tokens":20,'
printf '"model_load_start_ms":%s,"model_load_end_ms":%s,' "$t0" "$t0"
printf '"inference_start_ms":%s,"inference_end_ms":%s,' "$t0" "$t2"
printf '"prompt_eval_end_ms":%s,"first_token_ms":%s,' "$t1" "$t1"
printf '"SCALING_FACTOR_UNITS_PER_SECOND":1000}\n'
END
chmod 0755 "$dir/llama_main"
as_user "$edgeprof" run $fast -q -o "$dir/torch" -- "$dir/llama_main" \
	>"$dir/out" 2>"$dir/err"
status=$?
status_is executorch_runs 0
check executorch_borders_are_reported test "$(phases "$dir/torch")" = \
	'1,prefill,REPORTED,7, 1,generation,REPORTED,20,19 '
number executorch_times_are_those_of_the_clock \
	"$(seconds "$dir/torch" prefill) > 0.095 && \
	$(seconds "$dir/torch" generation) > 0.195"

# Marks and a log that lies: both numbers are named.
cat >"$dir/marked" <<END
#!/bin/sh
"$edgeprof" mark prefill 7
sleep 0.2
"$edgeprof" mark end
echo 'llama_print_timings: prompt eval time =  9000.00 ms /     7 tokens' >&2
head -c 3000000 /dev/zero >&2
printf '\377\376\n' >&2
END
chmod 0755 "$dir/marked"
run $fast -o "$dir/marked.d" -- "$dir/marked"
tr '\n' ' ' <"$dir/err" | tr -s ' ' >"$dir/words"
status_is difference_is_a_warning 0 'tells prompt 9000.00 ms, but' "$dir/words"
check huge_line_is_counted test "$(fact "$dir/marked.d" stderr.long_lines)" = 1
"$edgeprof" report "$dir/marked.d" --format json >"$dir/one.json"
check warning_has_a_code grep -q '"log-differs"' "$dir/one.json"
check marks_come_before_the_log grep -q '^1,prefill,MARKED' \
	"$dir/marked.d/phases.csv"

[ "$(id -u)" -eq 0 ] || {
	skip log_beside_probes "probes in other programs need root"
	exit $failed
}
edgeprof=$build/edgeprof
sim=$build/tests/sim
# Other tests run meanwhile: neither the program's own stamps nor its probes may
# wait for them.
first=
chrt -f 1 true 2>/dev/null && first='chrt -f 1'

# probed ARGUMENT...: as run, in front of all others
probed() {
	$first "$edgeprof" run "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
for era in timings context common server bare cli no-perf; do
	probed $fast -o "$dir/r-$era" -- "$sim/bench_llama" log $era 32 8
	tr '\n' ' ' <"$dir/err" | tr -s ' ' >"$dir/words"
	status_is "${era}_agrees_with_the_probes" 0 ' log agrees: prompt ' \
		"$dir/words"
	check "${era}_is_no_warning" fails grep -q 'log-differs' \
		"$dir/r-$era/report.json"
	check "${era}_leaves_the_probes_first" grep -q \
		'^1,generation,PROBED,.*,8,7,' "$dir/r-$era/phases.csv"
done
probed $fast -o "$dir/lie" -- "$sim/bench_llama" log context 32 8 110
tr '\n' ' ' <"$dir/err" | tr -s ' ' >"$dir/words"
status_is ten_percent_more_is_named 0 \
	'tells prompt [0-9.]* ms, but [0-9.]* ms was observed.*tells generation [0-9.]* ms, but' \
	"$dir/words"
exit $failed

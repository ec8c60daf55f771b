#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --phase-rule: lines of a program's output as borders.
. "$(dirname "$0")/lib.sh"

user_tools
chmod 0777 "$dir"
cat >"$dir/my-infer" <<'END'
#!/bin/sh
echo starting
sleep 0.2
printf '\033[1mprompt'
sleep 0.05
printf ' done\033[0m 17\r\n'
sleep 0.3
echo 'wrote 30 tokens'
echo 'prompt done 4' >&2
END
chmod 0755 "$dir/my-infer"

# row FOLDER PHASE: evidence,tokens,steps
row() {
	awk -F, -v p="$2" '$2 == p { print $3 "," $7 "," $8 }' "$1/phases.csv"
}

# cell FOLDER PHASE COLUMN
cell() {
	awk -F, -v p="$2" -v c="$3" '$2 == p { print $c }' "$1/phases.csv"
}

prefill='prefill:end=/^prompt done ([0-9]+)/'
as_user "$edgeprof" run $fast -q -o "$dir/one" --phase-rule "$prefill" -- \
	"$dir/my-infer" >"$dir/out" 2>"$dir/err"
status=$?
status_is rule_runs 0
check end_rule_makes_a_phase test "$(row "$dir/one" prefill)" = INFERRED,17,
number it_ends_at_the_line "$(cell "$dir/one" prefill 5) > 0.25 && \
	$(cell "$dir/one" tail 5) - $(cell "$dir/one" prefill 5) > 0.29"
number slack_is_that_of_a_line "$(cell "$dir/one" prefill 6) >= 0.001 && \
	$(cell "$dir/one" prefill 6) < 0.2"
check output_passes_as_it_is grep -q 'prompt.* done' "$dir/out"
check stdout_is_a_terminal test "$(fact "$dir/one" stdout.timing)" = terminal
check rule_is_in_run_json grep -q 'prefill:end=/^prompt done' \
	"$dir/one/run.json"

run $fast -o "$dir/two" --phase-rule "$prefill" \
	--phase-rule 'generation:end=/^wrote ([0-9]+) tokens/' -- "$dir/my-infer"
status_is two_rules_run 0 'by rules (INFERRED)'
check second_begins_where_the_first_ended test \
	"$(cell "$dir/two" generation 4)" = "$(cell "$dir/two" prefill 5)"
check generation_has_steps test "$(row "$dir/two" generation)" = INFERRED,30,29
cp "$dir/two/phases.csv" "$dir/phases.csv"
rm "$dir/two/phases.csv" "$dir/two/report.json"
check report_makes_them_again "$edgeprof" report "$dir/two"
check they_are_the_same cmp "$dir/phases.csv" "$dir/two/phases.csv"

run $fast -q -o "$dir/err-rule" --phase-rule "$prefill@stderr" -- \
	"$dir/my-infer"
check stderr_is_another_stream test "$(row "$dir/err-rule" prefill)" = \
	INFERRED,4,
check stdout_stays_as_it_was test \
	"$(fact "$dir/err-rule" stdout.timing)" = ''

run $fast -q -o "$dir/starts" --phase-rule 'load=/^starting/' \
	--phase-rule 'search:start=/^prompt/' --phase-rule 'search:end=/^wrote/' \
	-- "$dir/my-infer"
check start_lasts_to_the_next test "$(cell "$dir/starts" load 5)" = \
	"$(cell "$dir/starts" search 4)"
number custom_phase_is_timed "$(cell "$dir/starts" search 5) - \
	$(cell "$dir/starts" search 4) > 0.29"

# A C program on a pipe writes when its buffer is full: here, at its end.
cat >"$dir/late" <<'END'
#!/bin/sh
{ echo 'prompt done 5'; sleep 0.3; echo end; } | { cat >"$1"; cat "$1"; }
END
chmod 0755 "$dir/late"
run $fast -o "$dir/pipe" --stdio pipe --phase-rule "$prefill" -- \
	"$dir/late" "$dir/late.txt"
status_is pipe_is_warned_of 0 'unknown (buffering)'
number pipe_has_a_large_slack "$(cell "$dir/pipe" prefill 6) > 0.3"
check pipe_is_in_the_report grep -q 'unknown buffering' \
	"$dir/pipe/report.json"

run $fast -o "$dir/none" --phase-rule 'prefill:end=/^never/' -- "$dir/my-infer"
tr '\n' ' ' <"$dir/err" | tr -s ' ' >"$dir/words"
status_is no_match_is_named 0 'no line matched prefill:end' "$dir/words"

# Many lines, long lines, NULs: nothing is lost and nothing hangs.
run $fast -q -o "$dir/flood" --phase-rule 'x:start=/(a*)*b/' -- sh -c \
	'head -c 5000000 /dev/zero | tr "\0" a; echo; yes ab | head -n 3000'
status_is flood_runs 0
check flood_is_passed_on test "$(wc -c <"$dir/out")" -eq 5009001
check flood_is_cut test "$(fact "$dir/flood" stdout.long_lines)" = 1
number every_line_is_seen "$(grep -c ',line,' "$dir/flood/events.csv") == 3000"

# usage NAME TEXT ARGUMENT...
usage() {
	name=$1
	text=$2
	shift 2
	run --board none "$@" -- true
	status_is "$name" 125 "$text"
}
usage open_group_is_refused 'at character 3 of the expression' \
	--phase-rule 'a=/xy(/'
usage no_expression_is_refused 'no =/EXPRESSION/' --phase-rule prefill
usage back_reference_is_refused 'back references' --phase-rule 'a=/(b)\1/'
usage inherit_is_refused 'with --stdio inherit nobody does' \
	--phase-rule 'a=/b/' --stdio inherit
run --board none --duration 1s --phase-rule 'a=/b/'
status_is whole_system_has_no_lines 125 'there is none'
exit $failed

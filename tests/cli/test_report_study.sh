#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof report of a study folder: figures by configuration in every format,
# what is asked beside them, the best configuration, bad results.
# shellcheck disable=SC2034 # status is for lib.sh
. "$(dirname "$0")/lib.sh"

report() {
	"$edgeprof" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# at PATH: a value in the JSON of the last report
at() {
	python3 - "$dir/out" "$1" <<'P'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("/"):
    value = value[int(key) if isinstance(value, list) else key]
print(value)
P
}

says() {
	name=$1
	shift
	check "$name" grep -q -e "$@"
}

# study NAME RUNS: a folder of that name with results from stdin
study() {
	mkdir "$dir/$1" || exit 1
	printf '{"study": {"title": "%s", "runs": %s, "factors": [{"levels": ["a", "b", "c"]}]}}\n' \
		"$1" "$2" >"$dir/$1/study.json"
	cat >"$dir/$1/results.csv"
}

head='study_id,config,run,order,valid,reasons,host,board_serial,clock,phase,folder'
figures='tokens,requests,duration_s,energy_j,energy_j_u95,energy_j_u_common,energy_j_status,j_per_token,tokens_per_s,power_mean_w,rss_peak_bytes'
# line CONFIG RUN ORDER CLOCK E J RATE: the lines of a run that counts
line() {
	start="s,$1,$2,$3,1,,h,b,$4"
	echo "$start,idle,000$3,,,,,,,,,,2,"
	echo "$start,generation,000$3,20,,2,$5,0.2,0.05,ok,$6,$7,5,1048576"
	echo "$start,run,000$3,20,1,10,$5,0.2,0.05,ok,,,1,2097152"
}
{
	echo "$head,$figures"
	line 1 1 1 slow 10 2 4
	line 1 2 2 slow 12 2.2 4.2
	line 2 1 3 mid 14 2.4 8
	line 2 2 4 mid 14.2 2.6 8.2
	echo 's,2,3,5,0,"rejected: other ""programs"" ran",h,b,mid,run,0005,,,10,,,,,,,,'
	line 3 1 6 fast 40 7 9
	line 3 2 7 fast 42 7.2 9.2
	echo 's,3,w1,8,0,warm-up,h,b,fast,run,0008,,,10,,,,,,,,'
} | study st 2

report "$dir/st"
status_is text 0
cp "$dir/out" "$dir/text"
says title '^edgeprof study report: st$' "$dir/text"
says value_and_interval '1 · slow .*2.1 ± 1.3' "$dir/text"
says counts '^ *2 *2 *1 *0 *mid$' "$dir/text"
says rejected 'configuration 2, run 3 (runs/0005): rejected: other "programs"' \
	"$dir/text"
says memory_in_mib '^  1 · slow *2.000' "$dir/text"
number eighty_columns "$(awk '{ gsub(/[\200-\277]/, ""); if (length > n) n = length }
	END { print n }' "$dir/text") <= 80"
for format in md csv latex; do
	report "$dir/st" --format $format --battery 1Wh --price 0.3/kWh \
		--best generation.j_per_token
	status_is "format_$format" 0
	cp "$dir/out" "$dir/$format"
done
says md_has_a_table '^| *3 | *2 | *0 | *1 |' "$dir/md"
says md_has_the_best '^## Best' "$dir/md"
says csv_head '^config,clock,metric,value,u95,comparison_u95,sd,n,' "$dir/csv"
says csv_cell '^2,mid,generation.j_per_token,2.5,.*,2,2,1,0,ok,.*,runs/0003 runs/0004$' \
	"$dir/csv"
says csv_sections '^section,scope,metric,value,u95,status,reason,verdict$' "$dir/csv"

report "$dir/st" --format json
status_is json 0
cell=configurations/1/figures/generation/j_per_token
number json_value "$(at $cell/value) == 2.5"
number json_n "$(at $cell/n) == 2"
number json_interval "$(at $cell/comparison_u95) > 1.27 && $(at $cell/comparison_u95) < 1.271"
check json_status test "$(at $cell/status)" = ok
check json_runs test "$(at $cell/runs)" = "['runs/0003', 'runs/0004']"
check json_left_out test "$(at configurations/1/runs_left_out/0/run)" = runs/0005
number json_warmup "$(at configurations/2/warmup) == 1"
# 0.1 J of spread and 0.05 J that all share.
cell=configurations/1/figures/run/energy_j
number json_common "$(at $cell/u_common) == 0.05"
number json_absolute_is_wider_than_nothing "$(at $cell/u95) > 0.5"

# 11 J a run: 3600 J last for 327; idle 2 W, 60 runs of 10 s an hour.
report "$dir/st" --format json --battery 1Wh --duty 60/h --price 0.36/kWh \
	--api-price 1,2 --supply-efficiency 50% --against "$dir/st" \
	--device-price 10,20 --io-ratio 1 --utilisation 50%
status_is asked 0
number inferences "$(at battery_run/configurations/1/inferences_per_charge/value) == 327"
number duty "$(at battery_run/configurations/1/duty_hours_per_charge/value) * 6660 / 3600 > 0.999999"
number cost "$(at cost_output/configurations/2/cost_per_million_tokens/value) == 0.5"
number against_itself "$(at against_run_energy_j/configurations/3/ratio/value) == 1"
check against_says_whom test "$(at against_run_energy_j/configurations/3/verdict)" = \
	'against its 3 (fast)'
check every_cell_names_its_runs test "$(at cost_output/configurations/1/runs)" = \
	"['runs/0001', 'runs/0002']"
report "$dir/st" --battery 1Wh --duty 361/h
status_is impossible_duty 2 'in every configuration'
"$sim/make_run" "$dir/run" || exit 1
report "$dir/st" --against "$dir/run" --format json
status_is against_a_run 0
check against_a_run_has_rows at against_generation_j_per_token/configurations/1
report "$dir/run" --against "$dir/st"
status_is a_run_against_a_study 2 'give one of its runs'
report "$dir/run" --best generation.j_per_token
status_is best_of_a_run 2 'is a run'
report "$dir/st" --price=-1/kWh
status_is negative_price 2 'below zero'

report "$dir/st" --best generation.j_per_token --floor generation.tokens_per_s=5.33
status_is best 0
cp "$dir/out" "$dir/best"
says best_is_named 'best *configuration 2: mid' "$dir/best"
says outside_is_told 'outside the bounds; on the front' "$dir/best"
says knee_is_marked 'knee' "$dir/best"
report "$dir/st" --best generation.j_per_token --format json
check tie test "$(at best/configurations/2/verdict)" = \
	'cannot tell from the best; knee of the front'
report "$dir/st" --best generation.j_per_token --ceiling generation.j_per_token=1
status_is nothing_within 2 'configuration 1 has the least, 2.1'
report "$dir/st" --best generation.j_per_tokn
status_is best_misspelt 2 "did you mean 'generation.j_per_token'"
report "$dir/st" --best run.energy_j --floor generation.token_per_s=3
status_is floor_misspelt 2 "did you mean 'generation.tokens_per_s'"
report "$dir/st" --floor run.energy_j=3
status_is floor_alone 2 'says nothing without --best'
report "$dir/st" --best run.energy_j --floor run.energy_j=3J
status_is floor_with_a_unit 2 'without a unit'
report "$dir/st" --best run.energy_j --floor 3
status_is floor_without_a_name 2 'generation.tokens_per_s=5.33'

report "$dir/st" --metric run.energy_j,generation.tokens_per_s --format csv
status_is metric 0
number metric_alone "$(wc -l <"$dir/out") == 7"
report "$dir/st" --metric run.energy
status_is metric_misspelt 2 "did you mean 'run.energy_j'"
report "$dir/st" --metric energy_j
status_is metric_without_phase 2 "did you mean 'generation.energy_j'"

# --- results that are not as they should be
{
	echo "$head,$figures"
	line 1 1 1 slow nan inf 4
	line 1 2 2 slow 12 1e999 4.2
} | study numbers 2
report "$dir/numbers" --format json
status_is no_numbers 0
check no_numbers_counted grep -q 'cells are no finite numbers (the first in line 3)' "$dir/out"
check no_value test "$(at configurations/0/figures/run/energy_j/n)" = 1
check never_zero fails grep -q '"value": 0[,}]' "$dir/out"

{
	echo "$head,$figures"
	echo 's,1,1,1,0,lost: gone,,,slow,,0001,,,,,,,,,,,'
} | study none 2
report "$dir/none"
status_is no_valid_run 0 '1 of 1 configuration has no run that counts' "$dir/out"
report "$dir/none" --battery 1Wh --best run.energy_j
status_is nothing_to_choose 2 "no figure 'run.energy_j'"
echo "$head,$figures" | study empty 2
report "$dir/empty" --format json
status_is no_run 0 'no run has been made yet' "$dir/out"

# As an older edgeprof wrote it, of two boards, one run each.
study older 2 <<'END'
study_id,config,run,order,valid,reasons,host,board_serial,clock,phase,duration_s,energy_j,energy_j_u95
s,1,1,1,1,,h,A,slow,run,1,10,1
s,2,1,2,1,,h,B,fast,prefill,1,1,0.1
s,2,1,2,1,,h,B,fast,run,1,12,1
END
report "$dir/older" --format json
status_is older 0 'of an older edgeprof' "$dir/out"
check two_boards grep -q 'runs of 2 machines' "$dir/out"
check phase_missing grep -q 'no phase ..prefill.. in configuration 1' "$dir/out"
check unfinished grep -q 'not finished: 0 of 3 configurations' "$dir/out"
check one_run grep -q 'one run: run-to-run spread unknown' "$dir/out"
check runs_unknown test "$(at configurations/0/figures/run/energy_j/runs)" = None
echo 's,1' >>"$dir/older/results.csv"
report "$dir/older"
status_is damaged 2 'line 5'
rm "$dir/older/results.csv"
report "$dir/older"
status_is no_results 2 'results.csv'

# Text of others cannot drive a terminal.
printf '%s\n' "$head,duration_s" >"$dir/results"
printf 's,1,1,1,0,"\033[31mred",h,,\033]0;x\007,run,0001,1\n' >>"$dir/results"
study rude 1 <"$dir/results"
report "$dir/rude"
status_is rude 0
check no_escapes fails grep -q "$(printf '\033')" "$dir/out"

exit $failed

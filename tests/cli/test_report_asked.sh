#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof report with batteries, prices and another run beside it.
. "$(dirname "$0")/lib.sh"

validate=$sim/validate_json
schema=$here/../../docs/report.schema.json
derived='trace.csv phases.csv tokens.csv requests.csv report.json'

report() {
	"$edgeprof" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# at PATH: the value of a figure in the JSON of the last report
at() {
	python3 - "$dir/out" "$1" <<'P'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("/"):
    value = value[key]
print(value)
P
}

"$sim/make_run" "$dir/run" || exit 1
"$sim/make_run" "$dir/other" || exit 1
report "$dir/run"
(cd "$dir/run" && cksum $derived) >"$dir/first"

# 51 J in 3.4 s, 4 J of them load, for 2 requests and 42 tokens; idle 5 W.
report "$dir/run" --battery 18.84Wh --duty 30/h --price 0.20/kWh \
	--supply-efficiency 80% --api-price 0.15,0.60 --include load,idle \
	--against "$dir/other" --device-price 97,598.80 --io-ratio 8 \
	--utilisation 0.5,100% --years 5 --format json
status_is json 0
check json_is_valid "$validate" "$schema" "$dir/out"
number charge "$(at battery/charge_j) == 67824"
number inferences "$(at battery/figures/run/inferences_per_charge/value) == 1329"
number hours "$(at battery/figures/run/hours_per_charge/value) > 1.25 &&
	$(at battery/figures/run/hours_per_charge/value) < 1.26"
number request_has_no_load "$(at battery/figures/request/energy_j/value) < 23.6 &&
	$(at battery/figures/request/energy_j/value) > 22.9"
number output "$(at cost/figures/output/j_per_token/value) / 3.6 * 0.2 / 0.8 / \
	$(at cost/figures/output/cost_per_million_tokens/value) > 0.999999"
number ratio "$(at against/figures/generation.j_per_token/ratio/value) == 1"
check verdict test "$(at 'break_even/figures/8:1 at 50 %/what')" = \
	'cannot tell: within the uncertainty'
(cd "$dir/run" && cksum $derived) >"$dir/second"
check files_of_the_folder_are_the_same diff "$dir/first" "$dir/second"

for format in text md csv; do
	report "$dir/run" --format "$format" --battery edge-study \
		--price 0.20/kWh --against "$dir/other"
	status_is "format_$format" 0
	cp "$dir/out" "$dir/$format"
done
check text_has_battery grep -q '18.84 Wh' "$dir/text"
check text_has_its_source grep -q 'Jetson Orin Nano' "$dir/text"
number text_fits "$(awk 'length > n { n = length } END { print n }' \
	"$dir/text") <= 96"
check md_has_cost grep -q '^#* *Cost of energy' "$dir/md"
report "$dir/run" --format csv
lines=$(wc -l <"$dir/out")
head -n "$lines" "$dir/csv" >"$dir/head"
check csv_begins_as_before diff "$dir/out" "$dir/head"
check csv_has_a_second_table grep -q \
	'^section,scope,metric,value,u95,status,reason$' "$dir/csv"
check csv_has_the_charge grep -q '^battery,,charge_j,67824,,,$' "$dir/csv"
check csv_has_figures grep -q \
	'^battery,run,inferences_per_charge,1329,[0-9.]*,ok,$' "$dir/csv"

# Single figures, for scripts.
report "$dir/run" --metric generation.j_per_token,run.energy_j
status_is metric 0 '^generation.j_per_token  0.750 . 0.0[0-9]* J/token$' "$dir/out"
number metrics_are_lines "$(wc -l <"$dir/out") == 2"
report "$dir/run" --metric prefill.cache_misses_per_token --format csv
status_is metric_csv 0 \
	'^prefill.cache_misses_per_token,,,not_measured,no hardware PMU$' \
	"$dir/out"
report "$dir/run" --metric generation.tokens_per_j --format json
number metric_json "$(at generation.tokens_per_j/value) > 1.33"

mkdir "$dir/study"
: >"$dir/study/study.json"
report "$dir/study" --battery 18.84Wh
status_is study_without_results 2 'results.csv'

report "$dir/run" --battery 18840mAh@3.7V --format json
number charge_at_a_voltage "$(at battery/energy_wh) == 69.708"

report --battery list
status_is list 0 edge-study "$dir/out"
check list_names_sources grep -q 'source:' "$dir/out"

# A file of one's own adds to the list and comes first.
mkdir "$dir/boards"
cat >"$dir/boards/batteries.conf" <<'E2'
battery "edge-study" {
	title = "mine"
	energy = "5000mAh@4V"
	usable = "50%"
	source = "me"
}
E2
EDGEPROF_BOARDS="$dir/boards"
export EDGEPROF_BOARDS
report "$dir/run" --battery edge-study --format json
number own_file_comes_first "$(at battery/charge_j) == 36000"
report "$dir/run" --battery edge-study --usable 100% --efficiency 0.5 \
	--format json
number options_come_before_the_file "$(at battery/charge_j) == 36000"
report --battery list
check own_file_adds grep -q pisugar3 "$dir/out"
sed 's/5000mAh@4V/5000mAh/' "$dir/boards/batteries.conf" >"$dir/bad"
cat "$dir/bad" >"$dir/boards/batteries.conf"
report --battery list
status_is broken_file 2 'batteries.conf:3: energy: 5000mAh at which voltage'
unset EDGEPROF_BOARDS

# refused NAME TEXT ARGUMENTS...: exit 2, TEXT is said, nothing is printed
refused() {
	name=$1
	text=$2
	shift 2
	report "$dir/run" "$@"
	status_is "$name" 2 "$text"
	check "${name}_prints_nothing" test ! -s "$dir/out"
}
refused no_unit '18.84 of what? give 18.84Wh' --battery 18.84
refused no_voltage 'at which voltage' --battery 18840mAh
refused misspelt "did you mean 'pisugar3-plus'" --battery pisugar3-pls
refused unknown_battery 'list shows' --battery zzzzzzzzzzzz
refused negative_price 'below zero' --price -0.2/kWh
refused price_unit 'give 0.2/kWh' --price 0.2
refused wrong_price_unit 'give 0.2/kWh' --price 0.2/Wh
refused api_negative 'below zero' --price 1/kWh --api-price 1,-1
refused api_one 'give 2 numbers' --price 1/kWh --api-price 1
refused duty_unit 'give 30/h' --battery 5Wh --duty 30
refused duty_zero 'above zero' --battery 5Wh --duty 0/h
refused duty_impossible '5000 inferences of 1.4 s take 7000 s' \
	--battery 5Wh --duty 5000/h
refused usable_over 'at most 100%' --battery 5Wh --usable 120%
refused usable_unit '80 of what' --battery 5Wh --usable 80
refused alone '--usable says nothing without --battery' --usable 80%
refused include "did you mean 'load'" --price 1/kWh --include lod
refused idle_needs_duty 'without --duty' --price 1/kWh --include idle
refused devices_need_price '--device-price says nothing without --price' \
	--against "$dir/other" --device-price 1,2
refused other_missing 'No such file' --against "$dir/nowhere"
refused metric "did you mean 'generation.j_per_token'" \
	--metric generation.j_per_tokn
refused metric_without_phase "did you mean '[a-z]*.rss_peak_bytes'" \
	--metric rss_peak_bytes
refused option "did you mean '--battery'" --batery 5Wh

exit $failed

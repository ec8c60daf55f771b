#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof compare on CSV files, run folders and studies made here.
. "$(dirname "$0")/lib.sh"

make_run=$sim/make_run
cd "$dir" || exit 1

compare() {
	timeout 60 "$edgeprof" compare "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# says NAME TEXT [FILE]: of the last comparison, lines joined
says() {
	if tr -s '\n ' '  ' <"${3:-$dir/out}" | grep -q -e "$2"; then
		ok "$1"
	else
		not_ok "$1" "no \"$2\" in: $(head -n 12 "$dir/out" "$dir/err" | tr '\n' ' ')"
	fi
}

# value EXPRESSION: of the JSON in out, c being its first contrast
value() {
	python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
m = o["metrics"]
c = m[0]["contrasts"][0]
print(eval(sys.argv[2]))' "$dir/out" "$1"
}

# A log of two clients, twenty prompts each: the second 5 % faster.
awk 'BEGIN {
	print "prompt_id,client,total_ms,load_duration_ms,eval_count,text"
	for (i = 1; i <= 20; i++) {
		base = 1000 + 137 * (i * 7 % 20)
		printf "p%d,python,%.3f,%d,100,\"a, \"\"b\"\"\"\n", i, base, 250 + i
		printf "p%d,rust,%.3f,%d,100,c\n", i, base * 0.95 + i % 3, 251 + i
	}
}' >log.csv

compare --csv log.csv --group client --metric total_ms --pair prompt_id
status_is pairs 0
says pairs_differ 'different: B is lower than A by 4\.'
says pairs_are_counted '20 pairs of rust with python'
compare --csv log.csv --group client --metric total_ms
says without_pairs_nobody_can_tell 'cannot tell: .*no sign of equality'
says it_says_how_many 'runs per group would bring the interval to +-2 %'
compare --csv log.csv --group client --metric total_ms --baseline rust --pair prompt_id
says the_other_way_round 'different: B is higher than A by 5\.'
compare --csv log.csv --group client --metric total_ms --pair prompt_id --margin 8%
says within_the_margin_too 'different: .*yet within the margin'

# JSON has every statistic; a second time the same bytes.
compare --csv log.csv --group client --metric total_ms,load_duration_ms --margin 5% --format json
status_is json 0
cp out first
number welch "$(value 'c["tests"]["welch"]["p"]') > 0.5"
for test in welch student mann-whitney brunner-munzel ks permutation levene \
	shapiro_baseline shapiro_group; do
	check "json_$test" test "$(value "isinstance(c['tests']['$test']['p'], float)")" = True
done
check json_pairs_are_null test "$(value 'c["tests"]["paired-t"]["p"]')" = None
check json_says_why test "$(value 'c["tests"]["paired-t"]["reason"]')" = 'there are no pairs'
number json_range "$(value 'c["a"]["min"] <= c["a"]["mean"] <= c["a"]["max"] and 1 or 0')"
number json_family "$(value 'c["verdict"]["family"]') == 2"
number json_spearman "$(value 'abs(o["spearman"][0]["rho"])') <= 1"
check no_nan_in_json fails grep -q -i -e nan -e infinity out
compare --csv log.csv --group client --metric total_ms,load_duration_ms --margin 5% --format json
check seeded diff first out
compare --csv log.csv --group client --metric total_ms --format json --seed 2
check another_seed fails test "$(value 'c["bootstrap"]["low"]')" = \
	"$(cp first out && value 'c["bootstrap"]["low"]')"
compare --csv log.csv --group client --metric total_ms --format csv
check csv_has_a_line test "$(wc -l <out)" -eq 2
compare --csv log.csv --group client --format md -o table.md
check to_a_file grep -q '^| total' table.md
check and_not_to_the_screen test ! -s out

# Cold starts are set apart: one is no ratio.
sed 's/^p4,rust,\([0-9.]*\),[0-9]*/p4,rust,29790,19790/' log.csv >cold.csv
compare --csv cold.csv --group client --metric total_ms --pair prompt_id
says cold_is_apart 'rust: 1 of 20; a ratio of cold to warm needs 3 cold starts'
says cold_does_not_decide 'different: B is lower than A'
says its_pair_is_told 'only in python: 1 (p4)'
compare --csv cold.csv --group client --metric total_ms,load_duration_ms --keep-cold
says one_carries_it 'cannot tell: one of 20 observations carries it'

# Holes: NaN, Inf and nothing are missing values and told; keys on one side.
awk -F, 'NR == 2 { $3 = "NaN" } NR == 5 { $3 = "inf" } NR == 8 { $3 = "" }
	NR != 11 || NR == 1 { print $1 "," $2 "," $3 "," $5 }' log.csv |
	awk -F, 'NR != 15' >holes.csv
compare --csv holes.csv --group client --metric total_ms
says bad_cells_are_told "total_ms: 2 cells are no finite numbers, the first 'NaN' in row 1"
says missing_is_counted 'missing'
compare --csv holes.csv --group client
says holes_hide_no_column "total_ms: 2 cells are no finite numbers"
compare --csv holes.csv --group client --metric total_ms --pair prompt_id
says lonely_keys 'only in'
printf 'id,g,x\n1,a,1\n2,a,2\n3,b,1\n4,b,5\n' >lonely.csv
compare --csv lonely.csv --group g --metric x --pair id
status_is no_common_key 2 'no value of id is in both a and b'
printf 'g,x\r\na,1\r\na,2\r\nb,"3"\r\nb,4' >crlf.csv
compare --csv crlf.csv --group g
status_is carriage_returns 0
printf 'g,x\na,1\nb,3\nb,4\n' >one.csv
compare --csv one.csv --group g
says one_run 'cannot tell: one run says nothing of the spread'
says own_interval 'b  *mean 3.50 +- 6.35, sd'
printf 'g,x,y\na,1,1\na,2,2\nb,,3\nb,,4\n' >hole.csv
compare --csv hole.csv --group g --metric x
says empty_group 'cannot tell: one group has no value'
check empty_group_has_no_tests fails grep -q 'also:' out
awk 'BEGIN { print "g,x,y"; for (i = 0; i < 6000; i++)
	print (i % 2 ? "a" : "b") "," i * 7919 % 1000 "," i }' >rows.csv
compare --csv rows.csv --group g --metric x --resamples 500
status_is thousands_of_rows 0

# Wrong questions.
compare
status_is nothing 2 'what shall be compared'
compare a
status_is one_group 2 'with what?'
compare no-such-folder -- neither
status_is no_folder 2 'no-such-folder: No such file'
compare log.csv -- log.csv
status_is a_file 2 'compared with --csv'
compare --csv log.csv
status_is no_group 2 'needs --group COLUMN'
compare --csv log.csv --group clint
status_is misspelt_group 2 "did you mean 'client'"
compare --csv log.csv --group client --metric totl_ms
status_is misspelt_metric 2 "did you mean 'total_ms'"
compare --csv log.csv --group client --pair prompt
status_is misspelt_key 2 "no column 'prompt'"
compare --csv log.csv --group client --metric text
status_is text_is_no_metric 2 'text has no number'
compare --csv log.csv --group client --margin 2
status_is margin_without_unit 2 'such as 2%'
compare --csv log.csv --group client --margin -2%
status_is negative_margin 2 'percentage between'
compare --csv log.csv --group client --test welsh
status_is misspelt_test 2 "did you mean 'welch'"
compare --csv log.csv --group client --test wilcoxon
status_is pairs_are_needed 2 'needs --pair'
compare --csv log.csv --group client --test welch --pair prompt_id
status_is pairs_are_not_known 2 'knows no pairs'
compare --csv log.csv --group client --bseline rust
status_is misspelt_option 2 "did you mean '--baseline'"
compare --csv log.csv --group client --baseline ruby
status_is misspelt_baseline 2 "no group 'ruby'"
compare --csv log.csv --group client --format pdf
status_is no_format 2 "there is no format 'pdf'; there are text, "
compare --csv log.csv --group prompt_id --metric total_ms --where client=ruby
status_is where_nothing 2 'no row has that'
printf 'g;x\na;1\n' >semicolons.csv
compare --csv semicolons.csv --group g
status_is semicolons 2 'separated by commas'
printf 'g,x\na,1\nb\n' >short.csv
compare --csv short.csv --group g
status_is short_line 2 'near line 3: 1 fields, the first line has 2'
printf 'g,x\na,"1\nb,2\n' >quote.csv
compare --csv quote.csv --group g
status_is open_quote 2 'a quote is not closed'
printf 'g,g\na,1\n' >twice.csv
compare --csv twice.csv --group g
status_is column_twice 2 "two columns are called 'g'"
: >empty.csv
compare --csv empty.csv --group g
status_is empty_file 2 'is empty'
printf 'g,x\na,1\0\n' >bytes.csv
compare --csv bytes.csv --group g
status_is no_text 2 'is no text'
compare --help
status_is help 0 'cannot tell and how many' "$dir/out"

# Run folders: the same run with other watts.  scale FOLDER ENERGY [KERNEL]
scale() {
	cp -R plain "$1"
	python3 -c '
import json, sys
path = sys.argv[1] + "/report.json"
o = json.load(open(path))
for phase in o["totals"].values():
    for name, m in phase.get("metrics", phase).items():
        if isinstance(m, dict) and ("_j" in name or "j_per" in name) and m["value"]:
            m["value"] *= float(sys.argv[2])
            for t in m.get("budget", {}):
                m["budget"][t] *= float(sys.argv[2])
if sys.argv[3:]:
    o["run"]["host"]["kernel"] = sys.argv[3]
    o["run"]["version"] = "0.0.9"
json.dump(o, open(path, "w"))' "$@"
}
"$make_run" plain && "$edgeprof" report plain >/dev/null || exit 1
i=0
for by in 0.99 1.00 1.01; do
	i=$((i + 1))
	scale "a$i" "$by"
	scale "b$i" "$(awk "BEGIN { print 0.9 * $by }")"
	scale "c$i" "$(awk "BEGIN { print 0.9 * $by }")" 6.6.1
done
compare a1 a2 a3 -- b1 b2 b3 --metric generation.j_per_token
status_is runs 0
says runs_differ 'different: B is lower than A by 10.0 %'
says comparison_uncertainty 'B / A = 0.9000, comparison +- 0.02'
compare a1 a2 a3 -- b1 b2 b3 --metric generation.j_per_token --format json
# The gain of one sensor cancels in the ratio, and not in the figure.
number gain_cancels "$(value 'c["ratio_comparison_u95"]') / 0.9 < $(value \
	'm[0]["groups"][0]["absolute_u95"] / m[0]["groups"][0]["mean"]')"
check no_warning test "$(value 'o["warnings"]')" = '[]'
compare a1 a2 a3 -- c1 c2 c3 --metric generation.j_per_token
says other_things_differ 'the groups differ in kernel, version of edgeprof: what made'
compare a1 a2 a3 --margin 5% -- b1 b2 b3 -- c1 c2 c3 --metric run.energy_j,run.duration_s
status_is three_groups 0
says tukey_sign 'b1 and 2 more is lower than a1 and 2 more by'
says success 'of 2 beat the baseline'
says options_anywhere 'run.energy_j'
compare a1 -- b1 --metric generation.j_per_tokn
status_is misspelt_figure 2 "did you mean 'generation.j_per_token'"
compare a1 a2 -- a1 a2
status_is twice 2 'is in two groups'
python3 -c '
import json
o = json.load(open("b2/report.json"))
o["validity"] = {"valid": False, "complete": True, "reasons": ["it was throttled"]}
json.dump(o, open("b2/report.json", "w"))'
compare a1 a2 a3 -- b2 b3 --metric generation.j_per_token
says invalid_is_left_out 'b2 is left out: it was throttled'
compare a1 a2 a3 -- b2 --metric generation.j_per_token
status_is none_valid 2 'b2 has nothing that could be compared: b2 is left out'

# What is asked for beside the metrics one by one.
awk 'function noise() {
	seed = seed * 16807 % 2147483647
	return seed / 2147483647 - 0.5
}
BEGIN {
	seed = 7
	print "client,a,b,both,place,corner"
	for (i = 0; i < 60; i++) {
		a = 100 + noise(); b = 50 + noise() + (i >= 36 ? 8 : 0)
		printf "%s,%.6f,%.6f,%.9f,%.3f,%.3f\n", i % 2 ? "rust" : "python",
			a, b, a + b, noise() + 40 * (i % 3),
			noise() + 40 * (i % 3 == 1)
	}
}' >many.csv
compare --csv many.csv --group client
says nothing_more_unasked 'place'
check no_manova_unasked fails grep -q -e MANOVA -e Clusters -e 'Change points' out
compare --csv many.csv --group client --together --clusters --change-points
status_is together 0
says together_is_told 'All metrics together (MANOVA): - 4 metrics, 60 rows: '
says dependent_by_name 'without both: tells nothing that the others do not'
says change_point 'b: +15.* from row 37 on'
says no_change_point 'none in [123] of 5 metrics'
compare --csv many.csv --group client --metric place,corner --clusters
says clusters 'k-means: 3 clusters, silhouette 0\.[5-9].*; rows 20, 20 and 20'
says clusters_by_group 'cluster 1 of k-means: 10 of python; 10 of rust'
cp out first
compare --csv many.csv --group client --metric place,corner --clusters
check clusters_again diff first out
for format in md latex csv; do
	compare --csv many.csv --group client --together --change-points --format $format
	says "$format"_tells_too 'b: +15.* from row 37 on'
	says "$format"_has_manova 'Wilks.* lambda 0[.]'
done
check csv_is_rectangular python3 -c '
import csv, sys
rows = list(csv.reader(open("out")))
sys.exit(len({len(r) for r in rows}) != 1 or rows[-1][-3] != "change_points")'
compare --csv many.csv --group client --format json --clusters
number json_wilks "$(value 'o["together"]["wilks"]["p"]') > 0.05"
number json_mckeon "$(value 'o["together"]["mckeon"]["df"]') == 4"
check json_left_out test "$(value 'o["together"]["left_out_metrics"][0]["metric"]')" = both
number json_shift "$(value 'm[1]["change_points"]["shifts"][0]["at"]') == 37"
number json_start "$(value 'm[1]["change_points"]["starts"][0]') == 37"
number json_clusters "$(value 'len(o["clusters"]["k-means"]["silhouettes"])') == 12"
check json_is_finite fails grep -q -i -e nan -e infinity out
awk 'BEGIN { print "g,x,y"; for (i = 0; i < 2002; i++) print i % 2 "," i * 7 % 13 "," i * 5 % 17 }' >rows.csv
compare --csv rows.csv --group g --clusters --resamples 100
says too_many_rows '2002 rows of 2 metrics are more than 2000 rows or 40000 values'
printf 'g,x,y\na,1,2\nb,2,nan\n' >one.csv
compare --csv one.csv --group g --metric x,y --together --clusters --change-points
status_is one_run_each 0
says one_run_together 'not computed: it takes two metrics'
says one_run_clusters 'not looked for: 2 rows have all metrics, and it takes 8'
says one_run_changes 'not looked for in x and 1 more: there are fewer than 8 values'
compare --csv many.csv --group client --cluster
status_is misspelt_option 0
compare --csv many.csv --group client --changepoints
status_is unknown_option 2 "did you mean '--change-points'"

# A study, from its results.csv.
mkdir study && echo '{}' >study/study.json
awk 'BEGIN {
	print "study_id,config,run,order,valid,reasons,host,board_serial,governor,threads,phase,j_per_token,j_per_token_u95,tokens"
	for (g = 0; g < 2; g++) for (t = 1; t <= 2; t++) for (r = 0; r <= 5; r++) {
		order++
		printf "s,%d,%s,%d,%d,,h,,%s,%d,generation,%.4f,0.1,%d\n", 2 * g + t,
			r ? r : "w1", order, (r > 0), g ? "powersave" : "performance", t,
			2 + g - 0.5 * (t - 1) + 0.01 * (r * 3 % 5), 100 + 20 * g
	}
}' >study/results.csv
compare study --by governor --where threads=2 --metric generation.j_per_token
status_is study 0
says levels 'A performance: 5 observations B powersave: 5 observations'
says study_differs 'different: B is higher than A by'
says warm_ups 'study: 4 warm-up runs are left out'
says token_counts 'generation.tokens: 100 in performance, 120 in powersave'
compare study --by governor --metric generation.j_per_token
says other_factors 'threads varies too; --where threads=1'
compare study --by govenor
status_is misspelt_factor 2 "did you mean 'governor'"
# Two configurations in turns; from run 25 on everything takes more.
awk 'BEGIN {
	seed = 3
	print "study_id,config,run,order,valid,reasons,host,board_serial,governor,phase,j_per_token"
	for (c = 1; c <= 2; c++) for (r = 1; r <= 20; r++) {
		order = 2 * r - (c == 1)
		seed = seed * 16807 % 2147483647
		printf "s,%d,%d,%d,1,,h,,%s,generation,%.4f\n", c, r, order,
			c == 1 ? "performance" : "powersave",
			2 * c + seed / 2147483647 / 20 + (order >= 25 ? 0.3 : 0)
	}
}' >study/results.csv
compare study --by governor --metric generation.j_per_token
says drift_is_a_warning 'Careful: - generation.j_per_token shifted in the course of the study: +9\.[0-9]* % from run 25 on'
awk 'BEGIN { FS = OFS = "," } NR > 1 && $4 >= 25 { $11 -= 0.3 } { print }' study/results.csv >steady
mv steady study/results.csv
compare study --by governor --metric generation.j_per_token
check configurations_are_no_drift fails grep -q shifted out
compare study --by governor --metric generation.j_per_token --change-points
says asked_it_says_none 'none in 1 of 1 metrics'
rm study/results.csv
compare study --by governor
status_is no_results 2 'study without results.csv'
exit "$failed"

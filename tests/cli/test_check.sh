#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof check on run folders and a study that an ordinary user makes here, and
# on runs that are always the same.
. "$(dirname "$0")/lib.sh"

make_run=$sim/make_run
user_tools
infer=$dir/infer
cp "$build/infer" "$infer" && chmod 0755 "$infer"
board=$dir/demo.board
cp "$here/../../boards/demo.board" "$board" && chmod 0644 "$board"
mkdir "$dir/user" && chmod 0777 "$dir/user"
cd "$dir/user" || exit 1

# judge ARGUMENT...: edgeprof check as an ordinary user
judge() {
	as_user timeout 60 "$edgeprof" check "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# says NAME STATUS [TEXT]...: of the last check; each TEXT in its output
says() {
	name=$1
	wanted=$2
	shift 2
	if [ "$status" -ne "$wanted" ]; then
		not_ok "$name" "status $status: $(cat "$dir/out" "$dir/err" | head -n 8 | tr '\n' ' ')"
		return
	fi
	for text; do
		grep -q -e "$text" "$dir/out" && continue
		not_ok "$name" "no \"$text\" in: $(head -n 12 "$dir/out" | tr '\n' ' ')"
		return
	done
	ok "$name"
}

# xml NAME FILE EXPRESSION: well formed, and true of the list c of its cases
xml() {
	if command -v xmllint >/dev/null 2>&1 &&
		! xmllint --noout "$2" >"$dir/xml.err" 2>&1; then
		not_ok "$1" "$(head -n 2 "$dir/xml.err" | tr '\n' ' ')"
		return
	fi
	check "$1" python3 -c '
import sys, xml.etree.ElementTree as et
root = et.parse(sys.argv[1]).getroot()
suite = root.find("testsuite")
c = root.findall("testsuite/testcase")
assert root.tag == "testsuites" and int(suite.get("tests")) == len(c)
for tag, key in ("failure", "failures"), ("error", "errors"), ("skipped",) * 2:
    assert int(suite.get(key)) == len(root.findall(".//" + tag)), key
assert eval("(" + sys.argv[2] + ")"), [et.tostring(x) for x in c]' "$2" "$3"
}

# Real runs of the demo program.
as_user "$infer" --make-model model.bin >/dev/null 2>&1 || exit 1
ask="$infer -m model.bin -t 1 -p Hello"
for i in 1 2 3; do
	as_user "$edgeprof" run --board $board --idle 0s --tail 0s -o "r$i" -- \
		$ask -n 20 >/dev/null 2>"$dir/err" || cat "$dir/err"
done
as_user "$edgeprof" run $fast -o dark -- $ask -n 20 >/dev/null 2>&1
# However busy this machine is, these runs count.
quick="--board $board --idle 0s --tail 0s --max-background-cpu 100%
	--max-missed-ticks 100% --max-sensor-gaps 100% --max-frequency-shortfall 100%"
quick=$(echo $quick)
as_user "$edgeprof" sweep $quick --set n=20,40 --runs 2 -o study -- $ask -n '{n}' \
	>/dev/null 2>"$dir/err" || cat "$dir/err"

judge r1 r2 r3 --max generation.duration_s=1000 --min generation.tokens_per_s=1e-3
says three_runs 0 '^r1 and 2 more$' '3 runs) is not above 1000 s' '^pass: 2 of 2'
judge r1 r2 r3 --max generation.tokens=19
says over_the_limit 1 'FAIL: generation.tokens <= 19: mean 20 (95 %: 20 to 20; 3 runs) is above 19, by 5.26 %' \
	'^fail: 1 failed, 0 of 1'
judge r1 r2 r3 --max generation.tokens=20 --min generation.tokens=20
says on_the_limit 0 '^pass: 2 of 2'
judge r1 --max generation.duration_s=1000s
says one_run 0 'one run: run-to-run spread unknown'
judge r1 --min generation.duration_s=9ks --max generation.duration_s=10ks
says units_are_known 1 'generation.duration_s >= 9000 s' 'generation.duration_s <= 10000 s'
judge r1 r2 --max generation.j_per_token=1000000
says estimates_are_not_judged 2 'cannot be judged: .*estimated.*--allow estimated'
judge r1 r2 --max generation.j_per_token=1000000 --allow estimated,low-confidence
says unless_that_is_allowed 0 '; estimated$'
judge dark --max generation.j_per_token=1000000
says missing_is_not_judged 2 'not measured in 1 of 1 runs: .*--allow missing'
judge dark --max generation.j_per_token=1000000 --min generation.tokens=20 --allow missing
says unless_missing_is_allowed 0 'skipped: ' '1 skipped, 1 of 2 passed'
judge r1 dark --max generation.tokens=20
says boards_differ 0 'not the same board in all runs, "demo" and "none"'
judge r1 r2 r3 --min generation.tokens=21 --max generation.j_per_token=1
says a_failure_is_a_failure 1 '1 failed, 1 cannot be judged, 0 of 2'

judge study --max generation.tokens=20
says every_configuration 1 '^study: n=20$' '^study: n=40$' 'pass: generation.tokens' \
	'mean 40 (95 %: 40 to 40; 2 runs) is above 20, by 100 %' '1 failed, 1 of 2'
judge study --max generation.tokens=40
says all_of_them_pass 0 '2 of 2 passed'
judge study --max generation.j_per_token=1000000
says estimates_of_a_study 2 'estimated in 2 of 2 runs'
cp -R study before && chmod -R a+rX before
judge study --baseline before --metric generation.tokens
says study_against_study 0 '40 against 40, 2 and 2 runs: +0 % (95 %: +0 to +0 %)' '2 of 2 passed'
judge study --baseline r1 --metric generation.tokens
says another_configuration 2
status_is another_configuration_is_named 2 'nothing to compare with study: n=20; it has r1'
judge r1 r2 r3 --baseline study --metric generation.tokens
status_is which_configuration 2 'nothing to compare with r1 and 2 more'
judge study/runs/0001 --baseline study/runs/0002 --baseline study/runs/0003 --metric run.duration_s
says runs_of_a_study_are_runs 0 'pass, cannot tell: .*one run: run-to-run spread unknown'

# The same run with other watts.  scale FOLDER FACTOR [BOARD]
scale() {
	cp -R plain "$1" && python3 - "$@" <<'P'
import json, sys
path = sys.argv[1] + "/report.json"
o = json.load(open(path))
for phase in o["totals"].values():
    for name, m in phase.items():
        if isinstance(m, dict) and ("_j" in name or "j_per" in name) and m.get("value"):
            by = float(sys.argv[2])
            by = 1 / by if "tokens_per_j" in name else by
            m["value"] *= by
            if m.get("u95"):
                m["u95"] *= by
            for t in m.get("budget", {}):
                m["budget"][t] *= by
if sys.argv[3:]:
    o["run"]["board"]["name"] = sys.argv[3]
json.dump(o, open(path, "w"))
P
}
"$make_run" plain && "$edgeprof" report plain >/dev/null || exit 1
i=0
for by in 0.998 1.000 1.002; do
	i=$((i + 1))
	scale "old$i" "$by"
	scale "same$i" "$(awk "BEGIN { print 1.0005 * $by }")"
	scale "worse$i" "$(awk "BEGIN { print 1.10 * $by }")"
	scale "near$i" "$(awk "BEGIN { print 1.05 * $by }")"
	scale "other$i" "$by" another
done
chmod -R a+rX .
old='--baseline old1 --baseline old2 --baseline old3'
judge worse1 worse2 worse3 $old --max generation.j_per_token=1000
says worse 1 'pass: generation.j_per_token <= 1000' \
	'FAIL: generation.j_per_token not worse by more than 5 %: .*: +10 % (95 %: +[0-9.]* to +[0-9.]* %), worse by more than 5 %$' \
	'1 failed, 1 of 2'
judge worse1 worse2 worse3 $old --metric generation.j_per_token --margin 20%
says within_the_margin 0 'not worse by more than 20 %$'
judge worse1 worse2 worse3 $old --metric generation.tokens_per_j --margin 5%
says a_yield_the_other_way 1 ': -9\.[0-9]* % .*worse by more than 5 %$'
judge old1 old2 old3 --baseline worse1 --baseline worse2 --baseline worse3 \
	--metric generation.j_per_token,generation.tokens_per_j --strict
says better_is_no_harm 0 '2 of 2 passed$'
judge same1 same2 same3 $old --metric generation.j_per_token --strict
says the_same 0 '1 of 1 passed$'
judge near1 near2 near3 $old --metric generation.j_per_token
says near_the_margin 0 'pass, cannot tell: .*cannot tell whether it is worse by more than 5 %' \
	'1 of 1 passed (of 1 nobody can tell)'
judge near1 near2 near3 $old --metric generation.j_per_token --strict
says strict 1 'FAIL, cannot tell: '
judge worse1 $old --metric generation.j_per_token
says one_run_cannot_tell 0 '+9.78 %, cannot tell: one run: run-to-run spread unknown'
judge worse1 $old --metric generation.j_per_token --strict
says one_run_strict 1
judge other1 other2 other3 $old --metric generation.j_per_token
says another_board 0 "not the same board as the baseline's, \"x86\" there and \"another\" here"

# Figures that are no numbers, and runs that do not count.
python3 - <<'P'
import json
for name, value in ("odd1", None), ("odd2", "x"), ("odd3", [1]):
    import shutil
    shutil.copytree("old1", name)
    o = json.load(open(name + "/report.json"))
    o["totals"]["generation"]["j_per_token"]["value"] = value
    json.dump(o, open(name + "/report.json", "w"))
shutil.copytree("old1", "bad")
o = json.load(open("bad/report.json"))
o["validity"] = {"valid": False, "complete": True, "reasons": ["it was throttled"]}
json.dump(o, open("bad/report.json", "w"))
P
chmod -R a+rX odd1 odd2 odd3 bad
judge odd1 odd2 odd3 --max generation.j_per_token=1000
says no_numbers 2 'not measured in 3 of 3 runs'
judge old1 odd1 --max generation.j_per_token=1000 --allow missing
says half_of_them 0 'missing in 1 of 2 runs'
judge old1 bad --max generation.j_per_token=1000
says not_valid_is_left_out 0 'one run:' 'bad is left out: it was throttled'
judge bad --max generation.j_per_token=1000 --allow missing
says no_valid_run 2 'there is no valid run' 'bad is left out'
judge old1 --baseline bad --metric generation.j_per_token
says no_valid_baseline 2 'in the baseline there is no valid run'
python3 - <<'P'
lines = open("study/results.csv").read().split("\n")
head = lines[0].split(",")
at, phase, value = head.index("config"), head.index("phase"), head.index("duration_s")
for i, line in enumerate(lines):
    cells = line.split(",")
    if i and len(cells) > value and cells[at] == "2" and cells[phase] == "generation":
        cells[value] = "NaN" if i % 2 else "inf"
        lines[i] = ",".join(cells)
import shutil
shutil.copytree("study", "holes")
open("holes/results.csv", "w").write("\n".join(lines))
P
chmod -R a+rX holes
judge holes --max generation.duration_s=1000
says nan_in_a_study 2 'pass: generation.duration_s' 'not measured in 2 of 2 runs'

# JUnit and Markdown, whatever a folder is called.
odd=$(printf 'we<i>rd &"]]>\001|`x`\303')
cp -R worse1 "$odd" && chmod -R a+rX "$odd"
judge "$odd" worse2 worse3 $old --max generation.j_per_token=1000 \
	--min generation.tokens_per_s=1e9 --format junit
says junit 1
cp "$dir/out" "$dir/junit.xml"
xml junit_is_xml "$dir/junit.xml" \
	'len(c) == 4 and c[0].get("classname") == "we<i>rd &\"]]>?|`x`? and 2 more" and
	c[1].find("failure").get("message").startswith("mean 20 tokens/s") and
	c[0].find("failure") is None and c[2].find("failure") is not None'
judge "$odd" --max generation.j_per_token=0.5 --format md -o "$dir/user/out.md"
status_is md_tells_on_the_console 1 'FAIL: generation.j_per_token <= 0.5 J/token: mean'
check md_is_escaped grep -q -F -e '| **FAIL** | we\<i\>rd \&"\]\]\>?\|\`x\`? |' out.md
check md_leaves_the_screen test ! -s "$dir/out"
judge dark --max generation.j_per_token=1 --min generation.tokens=1 --allow missing \
	--format junit -o "$dir/user/out.xml"
says junit_of_skipped 0
xml skipped_is_xml out.xml 'len(c) == 2 and c[0].find("skipped") is not None'
judge r1 --max generation.j_per_token=1 --format junit
says junit_of_an_error 2
cp "$dir/out" "$dir/junit.xml"
xml error_is_xml "$dir/junit.xml" 'c[0].find("error").get("type") == "cannot be judged"'

# The script of docs/ci.md, with a program and a board that are here: a first
# time without a baseline, then against what it made.
mkdir job && chmod 0777 job
awk '/^<!-- test: ci\/energy.sh -->/ { found = 1 } /^```$/ { inside = 0 }
	found && inside { print } found && /^```sh/ { inside = 1 }' \
	"$here/../../docs/ci.md" >job/documented
sed -e "s|\./infer -m model.gguf -n 100|$ask -n 20|; s|-m model.bin|-m ../model.bin|" \
	-e "s|--runs 10 --warmup 1|--runs 2 $quick|" \
	-e 's/j_per_token=2.1/j_per_token=1000 --allow estimated,low-confidence/; s/per_s=5$/per_s=0.001/; s/--margin 5%/--margin 900%/' \
	job/documented >job/energy.sh
# job NAME: runs it; status, $dir/err
job() {
	(cd job && as_user env PATH="${edgeprof%/*}:$PATH" BASELINE="$PWD/last" \
		timeout 120 sh energy.sh) >"$dir/out" 2>"$dir/err"
	status=$?
}
check documented_script_was_found grep -q 'edgeprof check energy/runs' job/energy.sh
job
status_is documented_script 0 '2 of 2 passed'
xml documented_xml job/energy/check.xml 'len(c) == 2'
check documented_md grep -q '| pass |' job/energy/check.md
as_user mv job/energy/runs job/last
sed -i 's/per_s=0.001/per_s=1e9/' job/energy.sh
job
status_is documented_script_says_no 1 'FAIL: generation.tokens_per_s >= 1e+09'
xml documented_xml_with_baseline job/energy/check.xml 'len(c) == 4'

# A program that served nothing: its figures are missing, not misspelt.
as_user timeout 60 "$edgeprof" run -q --board "$board" --idle 200ms --tail 0s \
	-o silent -- sleep 0.2 >/dev/null 2>&1
judge silent --max generation.j_per_token=1
says no_tokens 2 'not measured in 1 of 1 runs'
judge silent --max generation.j_per_token=1 --allow missing
says no_tokens_allowed 0 'skipped'
judge silent --max generation.j_per_tokn=1 --allow missing
says no_tokens_and_misspelt 2
rm -r silent

# Wrong questions.
# refused NAME TEXT ARGUMENT...
refused() {
	name=$1
	text=$2
	shift 2
	judge "$@"
	status_is "$name" 2 "$text"
	check "${name}_prints_nothing" test ! -s "$dir/out"
}
refused nothing 'what shall be checked' --max run.energy_j=1
refused no_limit 'for what?' r1
refused no_folder 'no-such: No such file' no-such --max run.energy_j=1
refused a_file 'is no folder' model.bin --max run.energy_j=1
refused no_run '\.: there is no run.json; name a folder' . --max run.energy_j=1
cp -r r1 newer
sed -i 's#edgeprof.report/1#edgeprof.report/9#' newer/report.json
refused newer_report 'report.json has schema edgeprof.report/9, this edgeprof reads edgeprof.report/1' \
	newer --max run.energy_j=1
cp r1/report.json newer/
sed -i 's#edgeprof.run/1#edgeprof.run/9#' newer/run.json
refused newer_run 'run.json has schema edgeprof.run/9' newer --max run.energy_j=1
rm newer/report.json
cp r1/run.json newer/
refused no_report 'there is no report.json; edgeprof report makes it' newer --max run.energy_j=1
rm -r newer
refused twice 'there twice' r1 r2 ./r1 --max run.energy_j=1
refused with_itself 'compared with themselves' r1 --baseline r1 --metric run.duration_s
refused misspelt_metric "did you mean 'generation.j_per_token'" r1 --max generation.j_per_tokn=1
refused misspelt_phase "did you mean 'generation.tokens_per_s'" study --max genration.tokens_per_s=1
refused no_phase 'generation.j_per_token' r1 --max j_per_token=1
refused wrong_unit 'is in J/token, not in' r1 --max generation.j_per_token=2.1Wh
refused no_value 'METRIC=VALUE' r1 --max generation.j_per_token
refused no_number 'is no number' r1 --max generation.j_per_token=nan
refused limit_twice 'twice' r1 --max run.energy_j=1 --max run.energy_j=2
refused impossible 'nothing is below --max' r1 --max run.energy_j=1 --min run.energy_j=2
refused margin_alone 'nothing without --baseline' r1 --max run.energy_j=1 --margin 5%
refused strict_alone 'nothing without --baseline' r1 --max run.energy_j=1 --strict
refused margin_without_unit 'such as 5%' r1 --baseline r2 --max run.energy_j=1 --margin 5
refused negative_margin 'such as 5%' r1 --baseline r2 --max run.energy_j=1 --margin -5%
refused what_to_compare 'which figures' r1 --baseline r2
refused allow_what "did you mean 'estimated'" r1 --max run.energy_j=1 --allow estimate
refused format "did you mean 'junit'" r1 --max run.energy_j=1 --format junt
refused option "did you mean '--baseline'" r1 --max run.energy_j=1 --bseline r2
refused unwritable 'cannot write' r1 --max generation.tokens=20 -o no/such/file
mkdir empty && printf '{}' >empty/study.json && : >empty/results.csv
refused empty_study 'empty: results.csv' empty --max run.energy_j=1
judge --help
status_is help 0 'exit status: 0 all passed, 1 something failed' "$dir/out"
check help_is_one_screen test "$(wc -l <"$dir/out")" -le 40
exit "$failed"

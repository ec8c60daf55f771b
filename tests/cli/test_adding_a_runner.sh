#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Follows docs/adding-a-runner.md to the letter: its files go into a copy of the
# sources, its commands run there.  The comment before a block says what it is:
# "file: PATH" the next piece of that file, "file: PATH before LINE" text that
# belongs there, "run: NAME" commands.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

page=$PWD/docs/adding-a-runner.md
tree=$dir/tree
simulator=
trap 'kill $simulator 2>/dev/null; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

compiler=${CC:-gcc}
for tool in make "${compiler%% *}"; do
	command -v "$tool" >/dev/null && continue
	skip everything "not installed: $tool"
	exit 0
done
if [ ! -f "$build/drivers/http_stream.o" ]; then
	skip everything "built without libcurl"
	exit 0
fi

# What was compiled is taken over, under the names that a fresh checkout gives
# it, so that only what is new or differs is compiled.
mkdir -p "$tree/build/release"
cp -R -p Makefile .clang-format base boards docs drivers profiler runners \
	sensors tests "$tree/" || exit 1
(cd "$build" && find . -name '*.[od]' ! -name '*.pic.*' ! -path './tests/bench/*' \
	-o -name build_id -o -name share_dir | tar -cf - -T -) |
	tar -xf - -C "$tree/build/release"
cd "$tree/build/release" || exit 1
find . -name '*.d' | sed 's|^\./||; s|\.d$||' | while IFS= read -r object; do
	sed -i "1s|^[^:]*:|build/release/$object.o:|" "$object.d"
done
check objects_are_taken_over test -s base/num.o -a -s base/num.d

cd "$tree" || exit 1
variant=release
grep -q __asan_init "$edgeprof" && variant=san
# As if typed behind each make of the page.
MAKEFLAGS="VARIANT=$variant B=build/release"
export MAKEFLAGS
unset MFLAGS MAKELEVEL

# Pieces of one file are put together with an empty line between them.
sed -n 's/^<!-- file: \([^ ]*\).*/\1/p' "$page" | sort -u >"$dir/files"
while read -r file; do
	mkdir -p "$(dirname "$file")"
done <"$dir/files"
cp -R runners "$dir/before"
awk -v dir="$dir" '
/^<!-- file: / {
	path = $3
	before = ""
	if ($4 == "before") {
		before = $0
		sub(/^<!-- file: [^ ]* before /, "", before)
		sub(/ -->$/, "", before)
		print path > (dir "/places")
		print before > (dir "/places")
		path = dir "/insert"
	}
	next
}
/^<!-- run: / {
	path = $0
	gsub(/^<!-- run: | -->$/, "", path)
	path = dir "/run_" path
	next
}
/^```/ && inside { inside = 0; path = ""; next }
/^```/ && path != "" {
	inside = 1
	if (seen[path]++)
		print "" >> path
	next
}
inside { print >> path }' "$page"
{
	read -r file
	read -r line
} <"$dir/places"
awk -v line="$line" -v insert="$dir/insert" '
$0 == line { while ((getline text < insert) > 0) print text }
{ print }' "$file" >"$dir/whole"
cp "$dir/whole" "$file"
diff -r "$dir/before" runners >"$dir/changes"
check it_is_one_file_and_one_line test "$(grep -c '^Only in runners:' "$dir/changes") $(grep -c '^[<>]' \
	"$dir/changes") $(grep '^>' "$dir/changes")" = '1 1 > EP_DIALECT(tinyserve, "tinyserve")'
number the_page_names_files "$(wc -l <"$dir/files") == 5"
number the_page_has_commands "$(find "$dir" -maxdepth 1 -name 'run_*' | wc -l) == 3"

# The style is checked for the new files alone.
lint=$dir/lint
mkdir -p "$lint/runners" "$lint/tests/sim"
ln -s "$tree/base" "$tree/drivers" "$tree/.clang-format" "$lint/"
ln -s "$tree"/runners/*.h "$tree/runners/list.def" "$lint/runners/"
ln -s "$tree/tests/lint" "$lint/tests/"
ln -s "$tree/tests/sim/support" "$lint/tests/sim/"
cp runners/dialect_tinyserve.c "$lint/runners/"
cp tests/sim/tinyserve.c "$lint/tests/sim/"
(cd "$lint" && sh tests/lint/run.sh format spdx floors sizes bans paths) >"$dir/lint.out" 2>&1
while read -r verdict name rest; do
	case $verdict in
	ok) ok "example_keeps_to_$name" ;;
	skip) skip "example_keeps_to_${name%:}" "$rest" ;;
	not) not_ok "example_keeps_to_${rest%% *}" "$(tr '\n' ' ' <"$dir/lint.out")" ;;
	esac
done <"$dir/lint.out"
grep -q '^[1-6] passed, 0 failed' "$dir/lint.out" ||
	not_ok example_keeps_to_the_style "$(tail -n 1 "$dir/lint.out")"

sh -e "$dir/run_build" >"$dir/build.log" 2>&1
status=$?
if [ $status -ne 0 ]; then
	not_ok builds_and_passes_its_tests \
		"status $status: $(grep -v '^gcc' "$dir/build.log" | tail -n 12 | tr '\n' ' ')"
	exit 1
fi
ok builds_and_passes_its_tests
sed -i 's/telling_ms":4/telling_ms":5/' tests/golden/requests/tinyserve-two-words.txt
check golden_answers_matter fails build/release/tests/unit/test_dialects

# In this shell, whose end is the simulator's.
# shellcheck disable=SC1091
. "$dir/run_serve" 2>"$dir/err"
simulator=$!
tries=0
until grep -q port build/port || [ $tries -ge 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
check simulator_is_there grep -q port build/port

sh -e "$dir/run_measure" >"$dir/out" 2>"$dir/err" </dev/null
status=$?
status_is it_measures 0 "Requests as the server tells them" "$dir/out"
python3 - edgeprof-*Z <<'P' >"$dir/verdicts" 2>&1
import csv, json, sys
folder = sys.argv[1]
rows = list(csv.DictReader(open(folder + "/requests.csv")))
tokens = list(csv.DictReader(open(folder + "/tokens.csv")))
events = open(folder + "/events.csv").read()

def verdict(name, good, what):
    print(f"ok {name}" if good else f"not ok {name}: {what}")

verdict("its_requests_are_told", [r["prompt_id"] for r in rows] == ["greet", "ask"], rows)
verdict("its_tokens_are_counted", [r["eval_count"] for r in rows] == ["20", "30"], rows)
verdict("its_tokens_are_stamped", len(tokens) == 50, len(tokens))
verdict("its_prompts_are_counted", [r["prompt_eval_count"] for r in rows] == ["7", "7"], rows)
verdict("its_own_durations_stand_beside", [(r["server_prefill_ms"], r["server_generation_ms"])
    for r in rows] == [("20", "95"), ("20", "145")], rows)
verdict("its_times_are_true", all(0.004 < float(r["itl_p50_s"]) < 0.02 for r in rows), rows)
verdict("its_process_is_measured", ",server,tinyserve (" in events, "no fact")
P
cat "$dir/verdicts"
grep -q '^not ok' "$dir/verdicts" && failed=1
[ "$(grep -c '^ok ' "$dir/verdicts")" -eq 7 ] ||
	not_ok report_is_read "$(tail -n 1 "$dir/verdicts")"
exit $failed

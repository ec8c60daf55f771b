#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Follows docs/adding-an-instrument.md to the letter: its files go into a copy of
# the sources, its commands run there.  The comment before a block says what it
# is: "file: PATH" the next piece of that file, "file: PATH before LINE" text that
# belongs there, "run: NAME" commands.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

page=$PWD/docs/adding-an-instrument.md
tree=$dir/tree
simulator=
trap 'kill $simulator 2>/dev/null; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

compiler=${CC:-gcc}
for tool in make "${compiler%% *}"; do
	command -v "$tool" >/dev/null && continue
	skip everything "not installed: $tool"
	exit 0
done

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
curl=1
[ -f "$build/sensors/plug.o" ] || curl=0
gpiod=1
[ -f "$build/sensors/gpio_pulse.o" ] || gpiod=0
# As if typed behind each make of the page.
MAKEFLAGS="VARIANT=$variant WITH_CURL=$curl WITH_GPIOD=$gpiod B=build/release"
export MAKEFLAGS
unset MFLAGS MAKELEVEL

# Pieces of one file are put together with an empty line between them.
sed -n 's/^<!-- file: \([^ ]*\).*/\1/p' "$page" | sort -u >"$dir/files"
while read -r file; do
	mkdir -p "$(dirname "$file")"
done <"$dir/files"
awk -v dir="$dir" '
/^<!-- file: / {
	path = $3
	before = ""
	if ($4 == "before") {
		match($0, /".*"/)
		before = substr($0, RSTART + 1, RLENGTH - 2)
		print path > (dir "/places")
		print before > (dir "/places")
		path = dir "/insert"
	}
	next
}
/^<!-- run: / {
	path = $0
	gsub(/^<!-- run: | -->$/, "", path)
	gsub(/ /, "_", path)
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
number the_page_names_files "$(wc -l <"$dir/files") == 6"
number the_page_has_commands "$(find "$dir" -maxdepth 1 -name 'run_*' | wc -l) == 3"

# The style is checked for the new files alone.
lint=$dir/lint
mkdir -p "$lint/sensors" "$lint/tests/sim"
ln -s "$tree/base" "$tree/drivers" "$tree/.clang-format" "$lint/"
ln -s "$tree"/sensors/*.h "$lint/sensors/"
ln -s "$tree/tests/lint" "$lint/tests/"
ln -s "$tree/tests/sim/support" "$lint/tests/sim/"
cp sensors/tinymeter.c "$lint/sensors/"
cp tests/sim/tinymeter.c "$lint/tests/sim/"
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
golden=build/release/tests/unit/test_golden
"$golden" >"$dir/out" 2>&1
check golden_bytes_are_tried grep -q '^tinymeter: 1 cases' "$dir/out"
sed -i 's/4275000/4275001/' tests/golden/tinymeter/lines.out
check golden_bytes_matter fails "$golden"

# In this shell, whose end is the simulator's.
# shellcheck disable=SC1091
. "$dir/run_plug_in" 2>"$dir/err"
simulator=$!
tries=0
until [ -e build/tiny ] || [ $tries -ge 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
check simulator_is_there test -e build/tiny

sh -e "$dir/run_measure" >"$dir/out" 2>"$dir/err" </dev/null
status=$?
status_is it_measures 0
check sensors_shows_it grep -q '^\* power  *5\.000 W  *100 ms .*±0\.5 % ±3 mW *total' "$dir/out"
check sensors_has_its_note grep -q 'note: it tells no sign' "$dir/out"
check report_names_it grep -q '^  power  *tinymeter\.power' "$dir/err"
python3 - edgeprof-*Z/report.json <<'P' >"$dir/verdicts" 2>&1
import json, sys
r = json.load(open(sys.argv[1]))
power = [c for c in r["channels"] if c["channel"] == "tinymeter.power"][0]
e = power["energy_j"]["run"]
exact = 5 * r["run"]["duration_s"]
health = [h for h in r["health"] if h["channel"] == "power"][0]

def verdict(name, good, what):
    print(f"ok {name}" if good else f"not ok {name}: {what}")

verdict("it_is_the_total", power["primary"], power)
verdict("its_energy_is_true", abs(e["value"] - exact) <= min(e["u95"], 0.1), (e, exact))
verdict("its_accuracy_counts", 0.005 * exact < e["u95"] < 0.1 * exact, e)
verdict("it_lost_nothing", health["errors"] == health["gaps"] == 0, health)
P
cat "$dir/verdicts"
grep -q '^not ok' "$dir/verdicts" && failed=1
[ "$(grep -c '^ok ' "$dir/verdicts")" -eq 4 ] ||
	not_ok report_is_read "$(tail -n 1 "$dir/verdicts")"
exit $failed

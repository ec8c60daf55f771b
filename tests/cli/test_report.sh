#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof report on run folders made without hardware.
. "$(dirname "$0")/lib.sh"

make_run=$sim/make_run
validate=$sim/validate_json
schema=$here/../../docs/report.schema.json
derived='trace.csv phases.csv tokens.csv requests.csv report.json'

report() {
	"$edgeprof" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

sums() {
	(cd "$1" && cksum $derived)
}

"$make_run" "$dir/run" || exit 1
report "$dir/run"
status_is prints_text 0 'Time and energy' "$dir/out"
for f in $derived; do
	check "writes_$f" test -s "$dir/run/$f"
done
LC_ALL=C check no_nan fails grep -i -e 'nan' -e '[^a-z]inf[^aioe]' "$dir/out"

# The folder's power steps give 8 J for a prefill and 15 J for a generation.
energy() {
	awk -F, -v phase="$1" '
	NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	$2 == phase && $1 == 2 { print $column["energy_j"]; exit }
	' "$dir/run/phases.csv"
}
for pair in prefill:8 generation:15; do
	got=$(energy "${pair%:*}")
	number "energy_of_${pair%:*}" \
		"${got:-0} > ${pair#*:} * 0.999 && ${got:-0} < ${pair#*:} * 1.001"
done

sums "$dir/run" >"$dir/first"

# same NAME FOLDER: after a report its derived files are as they were at first
same() {
	report "$2"
	sums "$2" >"$dir/second"
	check "$1" diff "$dir/first" "$dir/second"
}
same second_report_is_byte_identical "$dir/run"
inode=$(ls -i "$dir/run/trace.csv")
report "$dir/run"
check current_trace_is_kept test "$inode" = "$(ls -i "$dir/run/trace.csv")"

cp -R "$dir/run" "$dir/raw"
(cd "$dir/raw" && rm $derived)
same raw_part_alone_gives_the_same_files "$dir/raw"

rm "$dir/run/trace.csv"
same missing_trace_is_made "$dir/run"
echo x >>"$dir/run/trace.csv"
same longer_trace_is_replaced "$dir/run"
sed 's/5/6/' "$dir/run/trace.csv" >"$dir/changed"
cat "$dir/changed" >"$dir/run/trace.csv"
# Times of files are only as fine as the kernel's ticks.
touch -d "now + 10 seconds" "$dir/run/trace.csv"
same changed_trace_of_the_same_size_is_replaced "$dir/run"
sed 's/"build": "/"build": "old-/' "$dir/run/report.json" >"$dir/changed"
cat "$dir/changed" >"$dir/run/report.json"
same files_of_another_build_are_replaced "$dir/run"
: >"$dir/run/phases.csv"
same emptied_phases_are_replaced "$dir/run"

for format in text md csv json; do
	report "$dir/run" --format "$format"
	status_is "format_$format" 0
	check "format_${format}_is_all_that_is_said" \
		test -s "$dir/out" -a ! -s "$dir/err"
done
check json_is_report_json cmp "$dir/out" "$dir/run/report.json"
report "$dir/run" --format=csv -o "$dir/copy.csv"
status_is output_file 0
check output_file_has_it_all cmp "$dir/copy.csv" "$dir/run/phases.csv"
check nothing_else_is_printed test ! -s "$dir/out"
check report_follows_the_schema "$validate" "$schema" "$dir/run/report.json"

"$make_run" "$dir/killed" killed
report "$dir/killed"
status_is killed_run_is_reported 0 'INCOMPLETE' "$dir/out"
check killed_run_is_not_complete \
	grep -q '"complete": false' "$dir/killed/report.json"
check killed_report_follows_the_schema \
	"$validate" "$schema" "$dir/killed/report.json"

if [ "$(id -u)" -eq 0 ] && ! command -v setpriv >/dev/null; then
	skip read_only_folder "setpriv is not installed"
elif ! chmod 755 "$dir" || ! as_user test -x "$edgeprof"; then
	skip read_only_folder "uid 65534 cannot reach the build folder"
else
	"$make_run" "$dir/locked"
	chmod -R a-w,a+rX "$dir/locked"
	as_user "$edgeprof" report "$dir/locked" >"$dir/out" 2>"$dir/err"
	status=$?
	status_is read_only_folder_is_printed 0 'Time and energy' "$dir/out"
	status_is read_only_folder_is_told 0 'read-only'
	check read_only_folder_is_left test ! -e "$dir/locked/trace.csv"
	as_user "$edgeprof" report "$dir/locked" --format json \
		>"$dir/locked.json" 2>"$dir/err"
	check read_only_json_follows_the_schema \
		"$validate" "$schema" "$dir/locked.json"
fi

mkdir "$dir/empty"
report "$dir/empty"
status_is empty_folder 2 'run.json'
report "$dir/none"
status_is missing_folder 2 'No such file'
report "$dir/first"
status_is file_instead_of_folder 2 'not a folder'
report
status_is no_folder 2 'give its folder'
report "$dir/run" "$dir/raw"
status_is two_folders 2 'one run folder at a time'
report "$dir/run" --format jsn
status_is unknown_format_suggests_json 2 "did you mean 'json'"
report "$dir/run" --fromat json
status_is unknown_option_suggests_format 2 "did you mean '--format'"
# A disk that is full after 8 KiB: what was there stays.
cp "$dir/copy.csv" "$dir/kept.html"
(
	trap '' XFSZ
	ulimit -f 16
	"$edgeprof" report "$dir/run" --format html -o "$dir/kept.html"
) >/dev/null 2>"$dir/err"
status=$?
status_is full_disk 125 'cannot write'
check full_disk_keeps_the_old_report cmp -s "$dir/copy.csv" "$dir/kept.html"
report "$dir/run" -o "$dir/no/such/file"
status_is unwritable_output 2 'cannot write'
report --help
status_is help_ends_with_an_example 0 'example: edgeprof report' "$dir/out"
number help_fits_a_screen "$(wc -l <"$dir/out") <= 24"

# damage NAME: whatever the folder holds, a report or a sentence, never a crash
damage() {
	report "$dir/bad"
	if { [ "$status" -eq 0 ] || [ "$status" -eq 2 ]; } &&
		{ [ "$status" -eq 0 ] || [ -s "$dir/err" ]; }; then
		ok "$1"
	else
		not_ok "$1" "status $status: $(head -n 1 "$dir/err")"
	fi
	rm -rf "$dir/bad"
	cp -R "$dir/raw" "$dir/bad"
}
cp -R "$dir/raw" "$dir/bad"
echo '{' >"$dir/bad/run.json"
damage torn_run_json
head -c 300 "$dir/raw/events.csv" >"$dir/bad/events.csv"
damage torn_events
: >"$dir/bad/events.csv"
damage empty_events
: >"$dir/bad/sensors/rapl.csv"
damage empty_sensor_file
rm -r "$dir/bad/sensors"
damage no_sensor_files
head -c 100000 "$edgeprof" >"$dir/bad/events.csv"
damage binary_events
head -c 100000 "$edgeprof" >"$dir/bad/sensors/rapl.csv"
damage binary_sensor_file
head -c 100000 "$edgeprof" >"$dir/bad/report.json"
damage binary_report_json
printf 't_ns,span_ns,flags,package_0_uj\n9223372036854775807,1,0,5\n' \
	>"$dir/bad/sensors/rapl.csv"
damage extreme_times
rm "$dir/bad/ticks.csv"
mkdir "$dir/bad/ticks.csv"
damage folder_instead_of_ticks
rm "$dir/bad/events.csv"
mkfifo "$dir/bad/events.csv"
report "$dir/bad"
status_is fifo_instead_of_events 2 'events.csv is not a regular file'
rm -r "$dir/bad"
cp -R "$dir/raw" "$dir/bad"
sed 's/,prefill,/,run,/; s/,load,/,\o033[2J,/' "$dir/raw/events.csv" \
	>"$dir/bad/events.csv"
report "$dir/bad"
status_is hostile_phase_names 0
LC_ALL=C check nothing_hostile_reaches_the_terminal \
	fails grep "$(printf '\033')" "$dir/out"
check hostile_names_follow_the_schema \
	"$validate" "$schema" "$dir/bad/report.json"

exit $failed

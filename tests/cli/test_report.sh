#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof report on run folders made without hardware.
set -u

build=$1
edgeprof=$build/edgeprof
make_run=$build/tests/sim/make_run
validate=$build/tests/sim/validate_json
dir=$(mktemp -d "${TMPDIR:-/tmp}/report-XXXXXX") || exit 1
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
failed=0
derived='trace.csv phases.csv tokens.csv requests.csv report.json'

ok() {
	echo "ok $1"
}

not_ok() {
	echo "not ok $1: $2"
	failed=1
}

# is NAME WANTED_STATUS TEXT: after report; TEXT must be in $dir/err or $dir/out
is() {
	if [ "$status" -ne "$2" ]; then
		not_ok "$1" "status $status, not $2: $(head -n 1 "$dir/err")"
	elif ! grep -q -e "$3" "$dir/err" "$dir/out"; then
		not_ok "$1" "no \"$3\": $(head -n 1 "$dir/err")"
	else
		ok "$1"
	fi
}

report() {
	"$edgeprof" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

sums() {
	(cd "$1" && cksum $derived)
}

"$make_run" "$dir/run" || exit 1
report "$dir/run"
is prints_text 0 'Time and energy'
for f in $derived; do
	[ -s "$dir/run/$f" ] || not_ok "writes_$f" 'missing or empty'
done
if LC_ALL=C grep -qi -e 'nan' -e '[^a-z]inf[^aioe]' "$dir/out"; then
	not_ok no_nan "$(LC_ALL=C grep -i -m 1 -e nan "$dir/out")"
else
	ok no_nan
fi

# The folder's power steps give 8 J for a prefill and 15 J for a generation.
energy() {
	awk -F, -v phase="$1" '
	NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
	$2 == phase && $1 == 2 { print $column["energy_j"]; exit }
	' "$dir/run/phases.csv"
}
for pair in prefill:8 generation:15; do
	got=$(energy "${pair%:*}")
	if awk -v a="$got" -v b="${pair#*:}" \
		'BEGIN { exit !(a > b * 0.999 && a < b * 1.001) }'; then
		ok "energy_of_${pair%:*}"
	else
		not_ok "energy_of_${pair%:*}" "$got J instead of ${pair#*:}"
	fi
done

sums "$dir/run" >"$dir/first"
report "$dir/run"
sums "$dir/run" >"$dir/second"
if cmp -s "$dir/first" "$dir/second"; then
	ok second_report_is_byte_identical
else
	not_ok second_report_is_byte_identical 'derived files differ'
fi
inode=$(ls -i "$dir/run/trace.csv")
report "$dir/run"
if [ "$inode" = "$(ls -i "$dir/run/trace.csv")" ]; then
	ok current_trace_is_kept
else
	not_ok current_trace_is_kept 'it was written again'
fi

mkdir "$dir/raw"
cp -R "$dir/run/." "$dir/raw"
(cd "$dir/raw" && rm $derived)
report "$dir/raw"
sums "$dir/raw" >"$dir/second"
if cmp -s "$dir/first" "$dir/second"; then
	ok raw_part_alone_gives_the_same_files
else
	not_ok raw_part_alone_gives_the_same_files 'they differ'
fi

# outdated NAME: after a change the trace must be as it was at first.
outdated() {
	report "$dir/run"
	sums "$dir/run" >"$dir/second"
	if cmp -s "$dir/first" "$dir/second"; then
		ok "$1"
	else
		not_ok "$1" 'trace.csv or another file was not made again'
	fi
}
rm "$dir/run/trace.csv"
outdated missing_trace_is_made
echo x >>"$dir/run/trace.csv"
outdated longer_trace_is_replaced
sed 's/5/6/' "$dir/run/trace.csv" >"$dir/changed"
cat "$dir/changed" >"$dir/run/trace.csv"
# Times of files are only as fine as the kernel's ticks.
touch -d "now + 10 seconds" "$dir/run/trace.csv"
outdated changed_trace_of_the_same_size_is_replaced
sed 's/"build": "/"build": "old-/' "$dir/run/report.json" >"$dir/changed"
cat "$dir/changed" >"$dir/run/report.json"
outdated files_of_another_build_are_replaced
: >"$dir/run/phases.csv"
outdated emptied_phases_are_replaced

for format in text md csv json; do
	report "$dir/run" --format "$format"
	if [ "$status" -ne 0 ] || [ ! -s "$dir/out" ] || [ -s "$dir/err" ]; then
		not_ok "format_$format" "status $status: $(cat "$dir/err")"
	else
		ok "format_$format"
	fi
done
if cmp -s "$dir/out" "$dir/run/report.json"; then
	ok json_is_report_json
else
	not_ok json_is_report_json 'the printed bytes differ from the file'
fi
report "$dir/run" --format=csv -o "$dir/copy.csv"
if [ "$status" -eq 0 ] && cmp -s "$dir/copy.csv" "$dir/run/phases.csv" &&
	[ ! -s "$dir/out" ]; then
	ok output_file
else
	not_ok output_file "status $status: $(cat "$dir/err")"
fi
if "$validate" docs/report.schema.json "$dir/run/report.json" >"$dir/out"; then
	ok report_follows_the_schema
else
	not_ok report_follows_the_schema "$(head -n 1 "$dir/out")"
fi

"$make_run" "$dir/killed" killed
report "$dir/killed"
is killed_run_is_reported 0 'INCOMPLETE'
if grep -q '"complete": false' "$dir/killed/report.json"; then
	ok killed_run_is_not_complete
else
	not_ok killed_run_is_not_complete 'validity says complete'
fi
if "$validate" docs/report.schema.json "$dir/killed/report.json" \
	>"$dir/out"; then
	ok killed_report_follows_the_schema
else
	not_ok killed_report_follows_the_schema "$(head -n 1 "$dir/out")"
fi

# as_nobody NAME COMMAND...: as uid 65534 when this is root
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}
if [ "$(id -u)" -eq 0 ] && ! command -v setpriv >/dev/null; then
	echo 'skip read_only_folder: no setpriv'
elif ! chmod 755 "$dir" || ! as_nobody test -x "$edgeprof"; then
	echo 'skip read_only_folder: uid 65534 cannot reach the build folder'
else
	"$make_run" "$dir/locked"
	chmod -R a-w,a+rX "$dir/locked"
	as_nobody "$edgeprof" report "$dir/locked" >"$dir/out" 2>"$dir/err"
	status=$?
	is read_only_folder_is_printed 0 'Time and energy'
	is read_only_folder_is_told 0 'read-only'
	if [ -e "$dir/locked/trace.csv" ]; then
		not_ok read_only_folder_is_left trace.csv
	else
		ok read_only_folder_is_left
	fi
	as_nobody "$edgeprof" report "$dir/locked" --format json \
		>"$dir/locked.json" 2>"$dir/err"
	if "$validate" docs/report.schema.json "$dir/locked.json" \
		>"$dir/out"; then
		ok read_only_json_follows_the_schema
	else
		not_ok read_only_json_follows_the_schema \
			"$(head -n 1 "$dir/out")"
	fi
fi

mkdir "$dir/empty"
report "$dir/empty"
is empty_folder 2 'run.json'
report "$dir/none"
is missing_folder 2 'No such file'
report "$dir/first"
is file_instead_of_folder 2 'not a folder'
report
is no_folder 2 'give its folder'
report "$dir/run" "$dir/raw"
is two_folders 2 'one run folder at a time'
report "$dir/run" --format jsn
is unknown_format_suggests_json 2 "did you mean 'json'"
report "$dir/run" --fromat json
is unknown_option_suggests_format 2 "did you mean '--format'"
report "$dir/run" -o "$dir/no/such/file"
is unwritable_output 2 'cannot write'
report --help
is help_fits_a_screen 0 'example: edgeprof report'
[ "$(wc -l <"$dir/out")" -le 24 ] || not_ok help_fits_a_screen 'too long'

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
sed 's/,prefill,/,run,/; s/,load,/,\o033[2J,/' "$dir/raw/events.csv" \
	>"$dir/bad/events.csv"
report "$dir/bad"
if [ "$status" -eq 0 ] &&
	! LC_ALL=C grep -q "$(printf '\033')" "$dir/out" &&
	"$validate" docs/report.schema.json "$dir/bad/report.json" \
		>"$dir/out"; then
	ok hostile_phase_names
else
	not_ok hostile_phase_names "status $status: $(head -n 1 "$dir/out")"
fi

exit $failed

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154 # part of test_llama_*.sh
# Stories played on a library by tests/sim/drive_llama, and what edgeprof found.

# Probes are there before the gate when the library lies where hints look.
mkdir -p "$dir/app/bin" "$dir/app/lib"
cp "$sim/drive_llama" "$dir/app/bin/drive"
# A sanitiser would find that what is unloaded leaks.
export ASAN_OPTIONS=detect_leaks=0
first=
chrt -f 1 true 2>/dev/null && first='chrt -f 1'

# story NAME WORD...: one run; its log is NAME.log.  With $via before the
# program; "wait:$dir/NAME.go1" waits for the probes of one library.
via=
story() {
	name=$1
	shift
	# shellcheck disable=SC2086 # words
	$first "$edgeprof" run $fast -q -o "$dir/$name" -- $via \
		"$dir/app/bin/drive" "$dir/$name.log" "$@" \
		>"$dir/out" 2>"$dir/err" &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		case "$*" in *"wait:$dir/$name.go"*) ;; *) break ;; esac
		touch "$dir/$name.go$(grep -c "[.]library," \
			"$dir/$name/events.csv" 2>/dev/null)"
		sleep 0.05
	done
	wait $pid
	status=$?
	[ "$status" -eq 0 ] || not_ok "${name}_runs" \
		"status $status: $(tail -n 2 "$dir/err" | tr '\n' ' ')"
}

# told NAME PHASE...: what was found, each as request,phase,tokens,steps
told() {
	name=$1
	shift
	found=$(cut -d, -f1,2,7,8 "$dir/$name/phases.csv" |
		grep -e load -e prefill -e generation -e mixed -e compute |
		tr '\n' ' ')
	want=
	[ $# -eq 0 ] || want=$(printf '%s ' "$@")
	if [ "$found" = "$want" ]; then
		ok "${name}_phases"
	else
		not_ok "${name}_phases" "found $found, not $want"
	fi
}

# lies NAME REQUEST,PHASE FIRST LAST: from the begin of one line of the log to
# the end of another, to 3 ms; calls take 4 ms and more
lies() {
	gate=$(sed -n 's/^\([0-9]*\),[0-9]*,gate,.*/\1/p' "$dir/$1/events.csv")
	awk -v gate="$gate" -v from="$3" -v to="$4" -v what="$2" '
		function apart(a, b) { return a > b ? a - b : b - a }
		FILENAME ~ /[.]log$/ {
			if (FNR == from) start = ($2 - gate) / 1e9
			if (FNR == to) end = ($3 - gate) / 1e9
			next
		}
		{
			split($0, cell, ",")
			if (cell[1] "," cell[2] != what) next
			found = 1
			if (apart(cell[4], start) > 0.003 ||
			    apart(cell[5], end) > 0.003)
				print cell[4] " to " cell[5] ", not " start \
					" to " end
		}
		END { if (!found) print "there is none" }
		' "$dir/$1.log" "$dir/$1/phases.csv" >"$dir/verdict"
	if [ -s "$dir/verdict" ]; then
		not_ok "$1_$(echo "$2" | tr ', ' '__')_where_it_was" \
			"$(cat "$dir/verdict")"
	else
		ok "$1_$(echo "$2" | tr ', ' '__')_where_it_was"
	fi
}

# says NAME TEXT: the report, beside "phases by"
says() {
	check "$1_says_why" grep -q -e "$2" "$dir/$1/report.json"
}

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD_DIR: what edgeprof costs and how well it keeps time, beside
# perf stat in the same run.  Medians of REPS (default 5) interleaved
# repetitions.  Prints figures and targets; never fails on speed.
# shellcheck disable=SC2086 # $fifo and $other are words, or none
set -u

build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd) || exit 2
reps=${REPS:-5}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

edgeprof=$build/edgeprof
busy=$build/tests/sim/busy
barrier=$build/tests/sim/barrier_work
cost=$build/tests/bench/cost
preads=$build/tests/bench/preads
hour=$build/tests/bench/make_hour
decode=$build/tests/bench/decode
golden=$(cd "$(dirname "$0")/../golden" && pwd)
meter=$build/tests/sim/um_meter
llm=$build/tests/sim/llm_server
wakes=$build/tests/bench/wakes
events=context-switches,page-faults,task-clock,cpu-migrations
# The window in which CPU time is counted, and how long loads last, seconds.
from=0.7
to=3.2
lasts=3.6

(
	cd "$(dirname "$0")/../.." &&
		make -s VARIANT="${build##*/}" "build/${build##*/}/tests/sim/busy" \
			"build/${build##*/}/tests/sim/barrier_work" \
			"build/${build##*/}/tests/sim/um_meter" \
			"build/${build##*/}/tests/sim/ppk2" \
			"build/${build##*/}/tests/sim/profile_energy" \
			"build/${build##*/}/tests/sim/lib/llama_empty.so" \
			"build/${build##*/}/tests/sim/llm_server"
) || exit 2
for tool in "$edgeprof" "$busy" "$barrier" "$cost" "$preads" "$decode" "$meter" \
	"$llm" "$wakes"; do
	if [ ! -x "$tool" ]; then
		echo "$tool is not built: use make bench" >&2
		exit 2
	fi
done

have_perf=yes
why_perf=
if ! perf stat -x, -o "$work/p" -e $events -- true >"$work/log" 2>&1; then
	have_perf=no
	why_perf=$(head -n 1 "$work/log")
fi
# The profilers run as real-time threads where that is allowed; their loads
# never do.
fifo="chrt -f 50"
other="chrt -o 0"
if ! $fifo true 2>"$work/log"; then
	echo "without real-time priority: $(head -n 1 "$work/log")"
	fifo=
	other=
fi

# median FILE: of its lines; "-" of none
median() {
	if [ ! -s "$1" ]; then
		echo -
		return
	fi
	sort -g "$1" | awk '{ v[NR] = $1 }
		END { low = v[int((NR + 1) / 2)]; high = v[int(NR / 2) + 1]
			print (low + high) / 2 }'
}

# row TEXT VALUE UNIT [LIMIT]
row() {
	echo "$2 ${4:--}" | awk -v text="$1" -v unit="$3" '{
		if ($1 == "-")
			value = "not measured"
		else
			value = sprintf("%.4g %s", $1, unit)
		verdict = ""
		if ($1 != "-" && $2 != "-")
			verdict = $1 + 0 <= $2 + 0 ? "met" : "missed"
		printf "%-46s %14s  %-8s %s\n", text, value,
			$2 == "-" ? "" : "<= " $2, verdict
	}'
}

# quotient A B
quotient() {
	echo "$1 $2" | awk '{
		if ($1 == "-" || $2 == "-" || $2 + 0 == 0) print "-"
		else print $1 / $2 }'
}

# One profiled run into $work/run; arguments before -- are options of edgeprof,
# the rest the command.
profile() {
	rm -rf "$work/run"
	"$cost" "$work/cost" $from $to $fifo "$edgeprof" run --board none \
		--idle 0s --tail 0s --quiet --events $events -o "$work/run" \
		"$@" >"$work/log" 2>&1 || return 1
	read -r from_ns to_ns cpu_ns total_ns _ rss status \
		<"$work/cost" || return 1
	if [ "$status" -ne 0 ]; then
		echo "edgeprof ended with $status: $(head -n 1 "$work/log")" >&2
		return 1
	fi
}

# perf stat with the same events, every $1 ms; the rest is the command.
perf_stat() {
	every=$1
	shift
	[ $have_perf = yes ] || return 1
	"$cost" "$work/cost" $from $to $fifo perf stat -I "$every" -x, \
		-o "$work/perf.csv" -e $events -- "$@" >"$work/log" 2>&1 ||
		return 1
	read -r from_ns to_ns cpu_ns total_ns _ rss status <"$work/cost"
}

# Ticks of the run, or rows of perf, within the window.
ticks_in_window() {
	awk -F, -v a="$from_ns" -v b="$to_ns" \
		'NR > 1 && $1 >= a && $1 < b { n++ } END { print n + 0 }' \
		"$work/run/ticks.csv"
}
rows_in_window() {
	awk -F, -v a=$from -v b=$to '/context-switches/ && $1 >= a && $1 < b {
		n++ } END { print n + 0 }' "$work/perf.csv"
}

# add FILE NAME COUNT: microseconds of CPU per interval
add() {
	echo "$cpu_ns $2" |
		awk '$2 > 0 { print $1 / 1000 / $2 }' >>"$work/$1"
}

# ticks FILE INTERVAL_MS: adds rate error in percent, p99 lateness in us and
# missed ticks to FILE.error, FILE.late and FILE.missed
ticks() {
	awk -F, 'NR > 1 { print $2 / 1000 }' "$work/run/ticks.csv" |
		sort -g | awk '{ v[NR] = $1 }
			END { if (NR) print v[int(NR * 0.99 + 0.5)] }' \
		>>"$work/$1.late"
	awk -F, -v ms="$2" 'NR > 1 {
			t = $1 + $2 - first
			if (NR == 2) { first = $1 + $2; t = 0 }
			n++; last = t; missed += $3 }
		END { if (n > 1) {
			e = 100 * (last / (n - 1) / (ms * 1e6) - 1)
			print e < 0 ? -e : e
			print missed >missed_file } }' \
		missed_file="$work/$1.one" "$work/run/ticks.csv" \
		>>"$work/$1.error"
	cat "$work/$1.one" >>"$work/$1.missed"
}

# rows FILE INTERVAL_MS: rate error of perf; its last row is a partial one
rows() {
	awk -F, -v ms="$2" '/context-switches/ { t[++n] = $1 }
		END { if (n > 2) {
			e = 100 * ((t[n - 1] - t[1]) / (n - 2) / (ms / 1e3) - 1)
			print e < 0 ? -e : e } }' "$work/perf.csv" \
		>>"$work/$1.error"
}

# A board with twenty power attributes.  Where mounting is allowed they are
# attributes of the real sysfs under other names.
make_board() {
	mkdir -p "$work/root/sys/class/hwmon/hwmon0"
	cd "$work/root/sys/class/hwmon/hwmon0" || return
	echo bench >name
	: >"$work/mounts"
	attributes=
	i=1
	for file in /sys/class/net/lo/statistics/*; do
		[ $i -le 20 ] || break
		echo 1000000 >power${i}_input
		echo "mount --bind $file $PWD/power${i}_input" >>"$work/mounts"
		attributes="$attributes $file"
		i=$((i + 1))
	done
	board_files=sysfs
	inside="unshare -m"
	if ! $inside sh -e "$work/mounts" 2>/dev/null; then
		board_files="plain files"
		attributes=$(echo "$PWD"/power*_input)
		inside=
	fi
	cd "$OLDPWD" || return
}

# What reading the attributes costs by itself.
read_alone() {
	$other "$busy" 2 3 &
	$fifo "$preads" 250 $attributes >>"$work/preads" 2>"$work/log"
	wait
}

# The same as profile, with the board's attributes.
profile_board() {
	rm -rf "$work/run"
	: >"$work/inside"
	[ -z "$inside" ] || cat "$work/mounts" >"$work/inside"
	cat >>"$work/inside" <<-END
		export EDGEPROF_ROOT="$work/root"
		exec $fifo "$edgeprof" run --board none --sensor hwmon \
			--idle 0s --tail 0s --quiet --events $events \
			-o "$work/run" -- $other "$busy" 2 $lasts
	END
	"$cost" "$work/cost" $from $to $inside sh -e "$work/inside" >"$work/log" 2>&1 || return 1
	read -r from_ns to_ns cpu_ns total_ns _ rss status \
		<"$work/cost" || return 1
	files=$(head -n 1 "$work/run/sensors/hwmon.csv" 2>/dev/null |
		tr ',' '\n' | grep -c _uw)
	if [ "$status" -ne 0 ] || [ "$files" -lt 20 ]; then
		echo "hwmon: $files of 20 attributes, status $status:" \
			"$(head -n 1 "$work/log")" >&2
		return 1
	fi
}

bench_cost() {
	make_board
	for i in $(seq "$reps"); do
		profile -- $other "$busy" 2 $lasts &&
			add edgeprof "$(ticks_in_window)" &&
			awk -F, -v n="$(awk 'END { print NR - 1 }' \
				"$work/run/ticks.csv")" '
				$3 == "fact" && $8 == "self.cpu_ns" && n > 0 {
				print ($6 == "" || $6 < 0 ? $9 : $6) / 1000 / n
				}' "$work/run/events.csv" >>"$work/self"
		perf_stat 10 $other "$busy" 2 $lasts &&
			add perf "$(rows_in_window)"
		profile_board && add board "$(ticks_in_window)"
		read_alone
	done
	own=$(median "$work/edgeprof")
	theirs=$(median "$work/perf")
	board=$(median "$work/board")
	echo
	echo "CPU per 10 ms interval, the same four events, both cores busy"
	row "edgeprof run" "$own" us
	row "  its own count (self.cpu_ns, whole run)" \
		"$(median "$work/self")" us
	row "perf stat -I 10 -x," "$theirs" us
	row "edgeprof, and 20 attributes ($board_files)" "$board" us
	row "  reading the 20 alone, without a sampler" \
		"$(median "$work/preads")" us
	row "edgeprof / perf stat" "$(quotient "$own" "$theirs")" "" 0.45
	row "edgeprof and 20 attributes / perf stat" \
		"$(quotient "$board" "$theirs")" "" 0.70
	[ $have_perf = yes ] || echo "perf stat not measured: $why_perf"
}

bench_clock() {
	for i in $(seq "$reps"); do
		profile -- $other "$busy" 4 $lasts && ticks slow 10
		perf_stat 10 $other "$busy" 4 $lasts && rows slow_perf 10
		profile --interval 1ms -- $other "$busy" 2 $lasts &&
			ticks fast 1
		perf_stat 1 $other "$busy" 2 $lasts && rows fast_perf 1
	done
	echo
	echo "Keeping time"
	row "10 ms, 4 busy loops: rate error" \
		"$(median "$work/slow.error")" % 0.01
	row "  perf stat -I 10" "$(median "$work/slow_perf.error")" %
	row "  p99 lateness" "$(median "$work/slow.late")" us 100
	row "  missed ticks" "$(median "$work/slow.missed")" ""
	row "1 ms, 2 busy loops: rate error" \
		"$(median "$work/fast.error")" % 0.2
	row "  perf stat -I 1" "$(median "$work/fast_perf.error")" %
	row "  p99 lateness" "$(median "$work/fast.late")" us
	row "  missed ticks" "$(median "$work/fast.missed")" ""
}

# speed: products per second, as barrier_work just printed them
speed() {
	sed -n 's/.*"per_s":\([0-9.]*\).*/\1/p' "$work/log" | tail -n 1
}

# slower FILE SPEED: adds percent below the plain runs before and after it
slower() {
	echo "$before $after ${2:-0}" | awk '$1 > 0 && $2 > 0 && $3 > 0 {
		print 100 * (1 - $3 / (($1 + $2) / 2)) }' >>"$work/$1"
}

bench_barrier() {
	keep=$fifo
	fifo=
	# Twice as many: the machine's own spread is what limits this one.
	"$barrier" 2 >"$work/log"
	after=$(speed)
	for i in $(seq $((reps * 2))); do
		before=$after
		with=0
		with_perf=0
		profile -- "$barrier" 2 && with=$(speed)
		"$barrier" 2 >"$work/log"
		plain=$(speed)
		perf_stat 10 "$barrier" 2 && with_perf=$(speed)
		"$barrier" 2 >"$work/log"
		after=$(speed)
		slower nothing "$plain"
		slower with "$with"
		slower with_perf "$with_perf"
	done
	fifo=$keep
	echo
	echo "Slow-down of two threads that meet every 85 us, at 10 ms"
	row "edgeprof run" "$(median "$work/with")" % 1
	row "  perf stat -I 10" "$(median "$work/with_perf")" %
	row "  nothing (what this machine can tell apart)" \
		"$(median "$work/nothing")" %
}

# report FILE [FORMAT]: CPU seconds and MiB of one report
report() {
	"$cost" "$work/cost" 0 0 "$edgeprof" report --format "${2:-json}" \
		"$work/hour" >"$work/json" 2>"$work/log" || return 1
	read -r from_ns to_ns cpu_ns total_ns _ rss status <"$work/cost"
	if [ "$status" -ne 0 ]; then
		echo "report ended with $status: $(head -n 1 "$work/log")" >&2
		return 1
	fi
	echo "$total_ns" | awk '{ print $1 / 1e9 }' >>"$work/$1.cpu"
	echo "$rss" | awk '{ print $1 / 1024 }' >>"$work/$1.rss"
}

bench_report() {
	echo
	echo "edgeprof report --format json: one hour, 32 channels, 100 Hz"
	if [ ! -x "$hour" ]; then
		echo "not measured: $hour is not built"
		return
	fi
	if ! "$hour" "$work/hour" >"$work/log" 2>&1; then
		echo "not measured: $(head -n 1 "$work/log")"
		return
	fi
	report first || echo "the first report failed"
	for i in $(seq "$reps"); do
		report current
		report page html
		rm -f "$work/hour/trace.csv"
		report rewritten
	done
	row "derived files current: CPU" "$(median "$work/current.cpu")" s 0.3
	row "  peak memory" "$(median "$work/current.rss")" MiB 64
	# MB of trace.csv for each second that the page takes more than JSON does.
	row "as a page: seconds for each 50 MB of trace.csv" "$(
		wc -c <"$work/hour/trace.csv" | awk \
			-v page="$(median "$work/page.cpu")" \
			-v json="$(median "$work/current.cpu")" \
			'{ print (page - json) / ($1 / 50e6) }')" s 1
	row "trace.csv rewritten: CPU" "$(median "$work/rewritten.cpu")" s 0.8
	row "  peak memory" "$(median "$work/rewritten.rss")" MiB 64
}

. "$(dirname "$0")/meters.sh"
. "$(dirname "$0")/probes.sh"
. "$(dirname "$0")/http.sh"
. "$(dirname "$0")/ppk2.sh"

echo "$(uname -srm), $(nproc) CPUs, load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "medians of $reps interleaved repetitions; $(perf --version 2>/dev/null)"
bench_decode
bench_probes
bench_cost
bench_clock
bench_slow_sensor
bench_ppk2
bench_barrier
bench_report
bench_http
echo

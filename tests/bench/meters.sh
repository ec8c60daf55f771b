# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2086,SC2154 # part of run.sh
# How fast wire formats decode, and what a slow meter does to the grid.

# least TEXT VALUE UNIT LIMIT: the same where more is better
least() {
	echo "$2 $4" | awk -v text="$1" -v unit="$3" '{
		value = sprintf("%.4g %s", $1, unit)
		verdict = ($1 + 0 >= $2 + 0) ? "met" : "missed"
		printf "%-46s %14s  %-8s %s\n", text, value, ">= " $2, verdict
	}'
}

bench_decode() {
	echo
	echo "Wire formats, through the resync loop, one core"
	if ! "$decode" "$golden" 1 >"$work/decode"; then
		echo "not measured: $decode does not run"
		return
	fi
	while read -r name rate bytes; do
		least "$name, $bytes bytes a frame" \
			"$(echo "$rate" | awk '{ print $1 / 1e6 }')" \
			"M/s" 1
	done <"$work/decode"
}

# A meter that takes 200 ms for each answer, beside none.
bench_slow_sensor() {
	"$meter" --link "$work/meter" --state "$work/meter.state" --delay 200 &
	meter_pid=$!
	until [ -s "$work/meter.state" ]; do sleep 0.05; done
	for i in $(seq "$reps"); do
		profile -- $other "$busy" 2 $lasts && ticks without 10
		profile --sensor "um34c:$work/meter" -- $other "$busy" 2 \
			$lasts && ticks beside 10
	done
	kill $meter_pid
	echo
	echo "A meter with answers after 200 ms, both cores busy, at 10 ms"
	row "p99 lateness beside it" "$(median "$work/beside.late")" us
	row "  without it" "$(median "$work/without.late")" us
	row "beside / without" "$(quotient "$(median "$work/beside.late")" \
		"$(median "$work/without.late")")" "" 1.2
	row "missed ticks beside it" "$(median "$work/beside.missed")" ""
	row "  without it" "$(median "$work/without.missed")" ""
}

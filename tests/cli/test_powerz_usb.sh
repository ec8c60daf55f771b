#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A POWER-Z without the kernel's driver: libusb against usbfs and a KM003C that
# tests/sim/powerz.c plays.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

quick='--board none --idle 0s --tail 300ms'

# usb NAME SECONDS OPTIONS [SIMULATOR_OPTION...]
usb() {
	out=$dir/$1
	seconds=$2
	options=$3
	shift 3
	rm -f "$dir/epoch"
	# shellcheck disable=SC2086
	"$sim/powerz" --epoch-file "$dir/epoch" --count "$dir/count" "$@" -- \
		"$edgeprof" run $quick -o "$out" --sensor "km003c$options" -- \
		sleep "$seconds" >"$dir/out" 2>"$dir/err"
	status=$?
}

"$sim/powerz" -- true 2>"$dir/err"
if [ $? -eq 77 ]; then
	skip powerz_usb "umockdev is not there"
	exit "$failed"
fi

usb energy 2 ':1-1:*,refresh=1ms' --second --profile 'square 3 7 0.9'
if grep -q 'built without libusb' "$out/run.json"; then
	skip powerz_usb "built without libusb"
	exit "$failed"
fi
holds usb_gives_the_energy km003c 'square 3 7 0.9' \
	'within and len(good) > 50 and
	 "1-1:1.0 is asked over USB" in notes and "one instant" in notes and
	 "do not tell" not in notes and "negative" not in notes and
	 rows[-1]["temperature_mc"] == "31500" and
	 channels["power"]["role"] == "total" and
	 channels["voltage"]["resolution"] == 1'
check one_question_for_each_row awk -v rows="$(sed 1d "$out/sensors/km003c.csv" | wc -l)" \
	'{ exit !($1 >= rows && $1 <= rows + 3) }' "$dir/count"

usb reversed 0.7 ,reverse=yes --profile 'constant 5' --reversed --unnumbered
holds the_other_way_round km003c 'constant 5' \
	'within and steady and "do not tell which question" in notes and
	 "negative" not in notes'

# Errors, never 0 and never another question's answer; then values again.
usb faults 2.9 '' --profile 'constant 5' --fault silence:0.2:0.2 \
	--fault short:0.5:0.15 --fault garbage:0.75:0.15 --fault late:1:0.25 \
	--fault stall:1.4:0.15 --fault gone:1.7:0.2
holds faults_are_errors_and_gaps km003c 'constant 5' \
	'errors > 20 and gaps >= 3 and steady and
	 len(good) + errors == len(rows) and int(rows[-1]["flags"]) & 2 == 0 and
	 "0" not in [r["voltage_uv"] for r in rows] + [r["current_ua"] for r in rows]'
says_gaps() { grep -q 'km003c: its samples have [0-9]* gaps' "$dir/err"; }
check the_gaps_are_told says_gaps

# What a late answer would do is seen where the power moves.
for numbered in '' --unnumbered; do
	# shellcheck disable=SC2086
	usb "late$numbered" 1.3 ,refresh=1ms --profile 'ramp 2 12 1.5' \
		--fault late:0.2:0.6 $numbered
	holds "late_answers_are_dropped$numbered" km003c 'ramp 2 12 1.5' \
		'errors >= 2 and len(good) > 30 and all(abs(
		 int(r["voltage_uv"]) * int(r["current_ua"]) / 1e12 -
		 min(12, 2 + 10 / 1.5 * (int(r["t_ns"]) - int(epoch)) / 1e9)) < 0.3 for r in good)'
done

# told NAME TEXT OPTIONS SIMULATOR_OPTION...: all at once
told() {
	name=$1
	options=$3
	printf '%s\n' "$2" >"$dir/$name.text"
	shift 3
	# shellcheck disable=SC2086
	"$sim/powerz" "$@" -- "$edgeprof" run $quick -o "$dir/$name.run" \
		--sensor "powerz$options" -- true >"$dir/$name.out" 2>&1 &
}
told silence_from_the_start 'at 1-1:1.0 gives no values (Connection timed out)' \
	'' --fault silence:0:9
told not_understood '1-1:1.0 answers is not understood: 52 bytes, 41 01 a5' \
	'' --fault garbage:0:9
told in_use 'in use; end the other program (fuser -v /dev/bus/usb/001/004' '' --busy
told never_detached "the kernel's driver cdc_acm holds 1-1:1.0" '' --driver cdc_acm
told one_is_to_be_named '2 of them, at 1-1:1.0, 2-1:1.0; name one' '' --second
told a_negative_current_is_told 'negative: it flows from plug to socket; reverse=yes' \
	'' --reversed
told another_model '5fc9:0061 is a KM002C' ,model=km002c
wait
for text in "$dir"/*.text; do
	name=${text%.text}
	check "${name##*/}" grep -q -F -f "$text" "$name.run/run.json"
done
exit "$failed"

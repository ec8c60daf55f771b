#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# FNIRSI's USB meters at a simulated /dev/hidraw0 (tests/sim/fnirsi.c).
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

quick='--board none --idle 0s --tail 300ms'

needs_umockdev fnirsi fnirsi

# measure NAME SENSOR SECONDS SIM_OPTION...: a run of its own in the background
measure() {
	out=$dir/$1
	sensor=$2
	seconds=$3
	shift 3
	# shellcheck disable=SC2086
	"$sim/fnirsi" --epoch-file "$out.epoch" --after "$out.began" "$@" -- \
		"$edgeprof" run $quick -o "$out" --sensor "$sensor,as=usb" -- \
		sh -c ": >'$out.began'; exec sleep $seconds" \
		>"$out.out" 2>"$out.err" &
}

# of NAME: the run that status_is and holds judge
of() {
	out=$dir/$1
	cp "$out.epoch" "$dir/epoch"
	cp "$out.err" "$dir/err"
}

measure fnb58 fnb58 2 --profile 'square 3 7 0.6'
first=$!
measure fnb48 fnirsi:/dev/hidraw0,gain_percent=0.5 1.6 --model fnb48 --rate 92 \
	--profile 'ramp 2 8 3'
measure fnb48s fnb48s 2 --model fnb48s --interpolate --profile 'square 4 6 0.35'
measure c1 fnirsi,model=c1 1 --model c1
measure freezes fnb58 2 --freezes
wait
wait $first
status=$?
measure silence fnb58 2 --fault silence:0.5:1
measure mixed fnb58 2 --fault checksum:0.3:0.6 --fault spike:0.9:1.2 \
	--fault noise:1.3:1.6 --fault other:0.1:1.1
measure hangup fnb58 3 --fault hangup:0.5:1
measure mute fnb58,connect=1s 0 --after / --fault silence
measure wrong fnb48 0 --model fnb58
measure none fnb58:/dev/null 0
wait

of fnb58
status_is a_fnb58_is_found_by_its_ids 0
holds a_fnb58_gives_the_energy usb 'square 3 7 0.6' \
	'within and errors == 0 and gaps == 0 and len(rows) > 200 and last("restarts_count") == 0 and
	 "all four of a report are measured" in notes and channels["power"]["role"] == "total" and
	 abs(channels["power"]["refresh_ns"] - 10e6) < 1e6'
of fnb48
holds a_fnb48_at_its_own_pace_gives_the_energy usb 'ramp 2 8 3' \
	'within and errors == 0 and gaps == 0 and "is a FNB48" in notes and
	 channels["power"]["gain_ppm"] == 5000 and
	 any(f"{x / 10:.1f} samples a second" in notes for x in range(900, 940))'
of fnb48s
holds what_is_interpolated_is_seen usb 'square 4 6 0.35' \
	'"one in four is new" in notes and abs(channels["power"]["refresh_ns"] - 40e6) < 4e6 and
	 abs(power - true) <= u95'
of c1
holds what_is_steady_is_not_believed usb 'constant 5' \
	'within and steady and "could not be seen" in notes and
	 abs(channels["power"]["refresh_ns"] - 40e6) < 4e6'
# Told once a second it would give 20 rows for each.
of freezes
holds a_meter_that_stops_is_started_and_told_more_often usb 'constant 5' \
	'steady and last("restarts_count") >= 1 and len(rows) > 120'
of silence
holds silence_is_a_gap usb 'constant 5' \
	'steady and gaps >= 1 and errors >= 1 and last("restarts_count") == 0 and
	 health["max_gap_s"] > 0.3 and rows[-1]["current_ua"] != ""'
of mixed
holds damage_is_an_error_never_a_value usb 'constant 5' \
	'steady and errors > 40 and gaps >= 1 and last("skipped_bytes") > 64 * 10 and
	 "188000000" not in [r["voltage_uv"] for r in rows]'
of hangup
holds unplugged_and_back_it_goes_on usb 'constant 5' \
	'steady and gaps >= 1 and errors >= 1 and rows[-1]["current_ua"] != "" and health["max_gap_s"] > 0.3'
status=0
of mute
status_is a_mute_meter_is_told 0 "sends no values within 1000 ms" "$out/run.json"
of wrong
status_is another_model_is_not_taken 0 "no FNB48 is plugged in" "$out/run.json"
of none
status_is another_node_is_told 0 "is no hidraw device" "$out/run.json"
run $fast -o "$dir/never" --sensor fnb58,keepalive=0s -- true
status_is a_wrong_key_is_told 125 "keepalive"
exit "$failed"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Home Assistant, simulated by tests/sim/homeassistant.c: energy in each unit,
# the token, and what a state can be that is no number.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

needs homeassistant libcurl
# What it tells of the end of a run comes up to two refreshes later.
quick='--board none --idle 0s --tail 200ms'
umask 077
printf 'sesame.open-1\n' >"$dir/token"
printf 'wrong\n' >"$dir/wrong"

# home SIM_OPTION...: one with a new value every 50 ms
home() {
	serve homeassistant --token sesame.open-1 "$@"
	at=http://127.0.0.1:$port/sensor.plug_power
}

# measure NAME SECONDS OPTIONS
measure() {
	out=$dir/$1
	# shellcheck disable=SC2086
	run $quick -o "$out" --sensor cpu_use --total home --sensor \
		"homeassistant:$at,as=home,token_file=$dir/token,refresh=50ms,period=25ms$3" \
		-- sleep "$2"
}

good='abs(power - true) <= u95 and 0 < u95 < 0.15 * true and errors == 0 and quiet'
square='square 5 25 0.8'
home --profile "$square"
measure watts 2 ""
holds watts_give_the_energy home "$square" \
	"$good and channels['power']['role'] == 'total' and
	 channels['power']['resolution'] == 100000 and 'in W' in notes and 'clear' in notes"
holds a_new_time_stamp_is_a_new_value home "$square" '15 < proven < len(rows)'
check no_token_is_in_the_folder fails grep -rq sesame "$dir/watts" "$dir/out" "$dir/err"
"$edgeprof" run $fast --duration 2s -o "$dir/ps" --sensor \
	"homeassistant:$at,token_file=$dir/token" >"$dir/out" 2>&1 &
pid=$!
tries=0
until [ -d "$dir/ps" ] || [ "$tries" -gt 20000 ]; do
	tries=$((tries + 1))
done
check no_token_is_in_ps fails grep -aq sesame "/proc/$pid/cmdline" "/proc/$pid/environ"
wait "$pid"
measure short 0.5 ""
holds less_than_20_refreshes_are_not_judged home "$square" \
	'power is None and status == "not_measured"'
stop

home --profile 'ramp 50 300 2' --unit kW --step 0.001
measure kilowatts 1.5 ",gain_percent=1"
holds kilowatts_give_the_energy home 'ramp 50 300 2' \
	"$good and channels['power']['resolution'] == 1000000 and
	 channels['power']['gain_ppm'] == 10000 and 'gain_percent' not in notes"
stop
home --profile 'constant 3600' --unit kWh --step 0.00001
measure energy 2 ""
holds an_energy_count_gives_the_energy home 'constant 3600' \
	"abs(power - true) <= u95 and 0 < u95 < 0.15 * true and errors == 0 and
	 channels['energy']['shape'] == 'counter' and channels['energy']['resolution'] == 36000000"
stop

home --profile 'constant 12.5' --fault 401@6-7 --fault 500@12-13 --fault redirect@16-17 \
	--fault truncated@20-21 --fault html@24-25 --fault reset@28-29 --fault gone@32-33 \
	--fault unavailable@36-39 --fault unknown@44-45 --fault text@50-51 --fault other@54-55 \
	--fault unit@60-61
measure faults 2.5 ""
status_is what_fails_does_not_fail_the_run 0
holds no_number_is_an_error_never_zero home 'constant 12.5' \
	'errors == empty and 20 <= errors <= 30 and gaps >= 8 and quiet and
	 set(values) == {12500000} and abs(power - true) <= u95'
stop
home --profile 'constant 12.5' --fault timeout@20 --fault stuck@40-2000
measure late 3 ",timeout=200ms,stale=500ms"
holds what_is_no_more_updated_is_not_measured home 'constant 12.5' \
	'rows[-1]["power_uw"] == "" and errors > 10 and set(values) == {12500000}'
stop

# Sentences.
home --fault unit@1 --fault 404@2 --fault unavailable@3
said() {
	status_is "$1" "$2" "$3" "$4"
	rm -rf "$out"
}
measure unit 0 ""
said another_unit_is_told 125 'tells "V", which is no power' "$dir/err"
measure absent 0 ""
said no_entity_is_told 125 'no entity sensor.plug_power' "$dir/err"
measure away 0 ""
said unavailable_at_the_start_is_told 0 'it was \\"unavailable\\"' "$out/run.json"
out=$dir/refused
run $quick -o "$out" --sensor "homeassistant:$at,token_file=$dir/wrong" -- true
said a_wrong_token_is_told 0 "refuses the token in" "$out/run.json"
chmod 0644 "$dir/token"
run $quick -o "$out" --sensor "homeassistant:$at,token_file=$dir/token" -- true
said a_token_for_all_to_read_is_refused 0 "chmod" "$out/run.json"
stop
run $fast --sensor "homeassistant:$at" -- true
status_is a_token_is_needed 125 "token_file"
run $fast --sensor "homeassistant:http://127.0.0.1:$port,token_file=x" -- true
status_is an_entity_is_needed 125 "an entity"
exit "$failed"

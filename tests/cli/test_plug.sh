#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Plugs over HTTP, simulated by tests/sim/plug.c: energy, log-ins and faults.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

needs plug libcurl
# What a plug tells of the end of a run comes up to two refreshes later.
quick='--board none --idle 0s --tail 200ms'
umask 077
printf 'open sesame&1\n' >"$dir/password"
printf 'wrong\n' >"$dir/wrong"

# plug SIM_OPTION...: one that makes a value every 50 ms
plug() {
	serve plug "$@"
}

# measure NAME SECONDS OPTIONS: a run beside another sensor
measure() {
	out=$dir/$1
	# shellcheck disable=SC2086
	run $quick -o "$out" --sensor cpu_use \
		--sensor "plug:http://127.0.0.1:$port,refresh=50ms$3" \
		--total plug -- sleep "$2"
}

good='abs(power - true) <= u95 and 0 < u95 < 0.15 * true'

# Each kind with its way of asking for the password.
square='square 5 25 0.8'
plug --kind gen1 --profile "$square" --password 'open sesame&1'
measure gen1 2 ",password-file=$dir/password"
holds gen1_gives_the_energy plug "$square" "$good and health['errors'] == 0 and zero == 0"
stop
plug --kind gen2 --profile 'ramp 5 30 2' --password 'open sesame&1'
measure gen2 2 ",kind=shelly,password-file=$dir/password"
holds gen2_gives_the_energy plug 'ramp 5 30 2' \
	"$good and health['errors'] == 0 and zero == 0 and abs(energy - true) < 0.25 * true"
holds gen2_tells_its_resolution plug 'ramp 5 30 2' \
	'channels["power"]["resolution"] == 100000 and channels["power"]["role"] == "total" and
	 channels["energy"]["flags"] == ["check"] and channels["energy"]["resolution"] == 3600000'
stop
check digest_keeps_one_connection grep -q 'connections 1 ' "$dir/server"
plug --kind tasmota --profile "$square" --channels 2 --password 'open sesame&1'
measure tasmota 2 ",channel=1,kind=tasmota,password-file=$dir/password"
holds tasmota_gives_the_energy_of_a_channel plug "$square" \
	'abs(power - 2 * true) <= u95 < 0.3 * true and health["errors"] == 0'
check no_secret_is_in_the_folders fails grep -rq -e sesame "$dir/gen1" \
	"$dir/gen2" "$dir/tasmota"
stop
plug --kind em1 --profile 'constant 12.5'
measure em1 1.5 ""
holds em1_gives_the_energy plug 'constant 12.5' \
	"$good and energy is None and abs(power - true) < 0.01 * true"
measure short 0.5 ""
holds less_than_20_refreshes_are_not_judged plug 'constant 12.5' \
	'power is None and status == "not_measured" and channels["power"]["min_window_ns"] == 1000000000'
stop

# Every fault leaves the run, the other sensor and the figures whole.
plug --kind gen2 --profile 'constant 12.5' --fault 401@4-5 --fault 500@8-9 \
	--fault redirect@12-13 --fault truncated@16-17 --fault html@20-21 \
	--fault huge@24-25 --fault reset@28-29 --fault gone@32-33
measure faults1 2.5 ""
status_is replies_that_fail_do_not_fail_the_run 0
holds replies_that_fail_are_errors_never_zero plug 'constant 12.5' \
	'12 <= health["errors"] == empty <= 16 and zero == 0 and health["gaps"] >= 7 and quiet and abs(power - true) <= u95'
stop
plug --kind gen1 --profile 'constant 12.5' --fault wrong-type@4-5 \
	--fault nan@8-9 --fault null@12-13 --fault negative@16-17 \
	--fault spike@20-21 --fault invalid@24-25 --fault counter-reset@30
measure faults2 2 ""
holds values_that_cannot_be_are_errors_never_zero plug 'constant 12.5' \
	'health["errors"] == empty == 12 and zero == 0 and quiet and abs(power - true) <= u95'
stop
plug --kind gen2 --profile 'constant 12.5' --fault timeout@6-8
measure silent 2.5 ",timeout=150ms"
holds silence_is_a_counted_gap plug 'constant 12.5' \
	'health["errors"] == empty == 3 and health["gaps"] >= 1 and zero == 0 and quiet and abs(power - true) <= u95'
stop
plug --kind gen2 --profile 'constant 12.5' --fault slow
measure slow 2 ""
holds slow_replies_hold_nobody_up plug 'constant 12.5' \
	'health["errors"] == 0 and len(other) > 3 * len(rows) and quiet and int(rows[2]["span_ns"]) >= 2e8 and abs(power - true) <= u95'
stop

# It vanishes and comes back at the same address.
plug --kind gen2 --profile 'constant 12.5'
out=$dir/back
# shellcheck disable=SC2086
"$edgeprof" run $quick -o "$out" --sensor cpu_use --total plug \
	--sensor "plug:http://127.0.0.1:$port,refresh=50ms" -- sleep 4 \
	>"$dir/out" 2>"$dir/err" &
run_pid=$!
lines() {
	grep -c "$1" "$out/sensors/plug.csv" 2>/dev/null || :
}
wait_lines() { # pattern, count
	tries=0
	until [ "$(lines "$1")" -ge "$2" ] 2>/dev/null || [ "$tries" -gt 3000 ]; do
		tries=$((tries + 1))
	done
}
wait_lines ',1,1' 5
stop
wait_lines ',2,,' 3
plug --kind gen2 --profile 'constant 12.5' --port "$port" --epoch "$epoch"
wait "$run_pid"
holds a_plug_that_vanished_is_found_again plug 'constant 12.5' \
	'health["errors"] >= 3 and health["gaps"] >= 1 and rows[-1]["power_uw"] == "12500000" and zero == 0 and quiet and
	 abs(power - true) <= u95 and any(int(r["flags"]) & 4 for r in rows)'
stop

# What cannot work is said at the start, with what to do.
# says NAME TEXT OPTIONS
says() {
	measure "say_$1" 0 "$3"
	status_is "$1" 125 "$2"
}
plug --kind gen2 --password secret
says asks_for_a_password 'password-file=FILE' ""
says refuses_a_password "refuses the password in $dir/wrong" \
	",password-file=$dir/wrong"
chmod 644 "$dir/password"
says file_must_be_protected 'chmod 600' ",password-file=$dir/password"
says file_must_be_there 'No such file' ",password-file=$dir/none"
stop
says nobody_answers 'Connection refused' ""
plug --kind gen1
says no_such_meter 'channel=N' ",channel=7"
stop
run $fast -o "$dir/in_url" --sensor plug:http://admin:hunter2@192.0.2.7 -- true
status_is a_password_in_the_url_is_refused 125 'password-file=FILE'
check and_not_repeated fails grep -q hunter2 "$dir/err"
exit "$failed"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run with instruments that speak SCPI, over TCP and a serial line:
# exact energy of scripted power, and what is never sent.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_scpi.sh
. "$(dirname "$0")/lib_scpi.sh"

# Scripts, side by side; "volts" stands beside "amps".
meter dmm "constant 5" --delay 5 --jitter 5 --errors 3
meter ramp "ramp 2 8 4" --chunk 4
meter square "square 3 7 1.7"
meter amps "ramp 2 8 4"
meter volts "ramp 2 8 4"
meter psu "ramp 2 8 4" --kind psu
meter smu "square 3 7 1.7" --kind smu
# Limits its current: its volts are not what it was set to.
meter limited "constant 5" --kind smu --volts 3 --programmed 5.1
# Prints 5.10 V and 0.98 A.
meter coarse "constant 5" --kind psu --digits 2
meter line "constant 5" --link "$dir/tty"
meter alone "constant 5"
await dmm ramp square amps volts psu smu limited coarse line alone
run --board none --idle 300ms --tail 700ms -o "$dir/all" \
	--sensor "scpi:$(tcp dmm),as=dmm,preset=dmm-dc-current,assume_v=5.1" \
	--sensor "scpi:$(tcp ramp),as=ramp,$dc" \
	--sensor "scpi:$(tcp square),as=square,$dc,nplc=0.2,period=20ms" \
	--sensor "scpi:$(tcp amps),as=amps,preset=dmm-dc-current,volts=$(tcp volts),gain_percent=0.1" \
	--sensor "scpi:$(tcp psu),as=psu,preset=psu,gain_percent=0.1" \
	--sensor "scpi:$(tcp smu),as=smu,preset=smu-2400,gain_percent=0.1" \
	--sensor "scpi:$(tcp limited),as=limited,preset=smu-2400,gain_percent=0.1" \
	--sensor "scpi:$(tcp coarse),as=coarse,preset=psu,offset_a=0.01,offset_v=0.02,gain_percent=0.1" \
	--sensor "scpi:$dir/tty,as=line,preset=dmm-dc-current,setup=SYST:REM,assume_v=5.1" \
	--sensor "scpi:$(tcp alone),as=alone,preset=dmm-dc-voltage" -- sleep 4
status_is instruments_side_by_side 0
judge "$dir/all" <<'END'
energy_of_dmm: abs(error("dmm")) <= 1
energy_of_ramp: abs(error("ramp")) <= 1
energy_of_square: abs(error("square")) <= 1
energy_of_two_dmms: abs(error("amps")) <= 1
energy_of_psu: abs(error("psu")) <= 1
energy_of_smu: abs(error("smu")) <= 1
energy_of_a_smu_in_compliance: abs(error("limited")) <= 1 and {x["voltage_uv"] for x in rows("limited")} == {"3000000"}
energy_in_coarse_digits: abs(error("coarse")) <= 1
a_digit_is_the_resolution: limits("coarse", "resolution") == {"voltage": 10000, "current": 10000} or limits("coarse", "resolution")
and_else_a_micro: limits("dmm", "resolution") == {"current": 1, "power": 5} and limits("smu", "resolution") == {"voltage": 1, "current": 1}
offsets_are_the_channels: limits("coarse", "offset") == {"voltage": 20000, "current": 10000} and limits("psu", "offset") == {}
offsets_are_in_the_u95: 0.2 < energy("coarse")["u95"] < 1 or energy("coarse")
energy_over_a_line: abs(error("line")) <= 1
they_are_close: (far := [(i, energy(i)["u95"]) for i in ("ramp", "amps", "psu") if energy(i)["u95"] > 0.04 * 20]) == [] or far
an_assumed_voltage_is_in_the_u95: 0.045 * 20 < energy("dmm")["u95"] < 0.07 * 20 and "5.1 V, which is assumed" in notes
unknown_accuracy_is_told: "how accurate the instrument is is not known" in notes
old_errors_are_told: "had 3 errors in its queue" in notes
identities_are_told: "KEYSIGHT,34465A" in notes and "MODEL 2400" in notes
each_reading_began_a_conversion: proven("dmm") and proven("smu") and not proven("psu")
a_voltage_makes_no_power: "a voltage alone makes no power" in notes and not [c for c in r["channels"] if c["channel"].startswith("alone.power")] and {x["voltage_uv"] for x in rows("alone")} == {"5100000"}
nothing_was_lost: [i for i in "dmm ramp square amps psu smu limited coarse line alone".split() if failed(i) or told(i)] == []
nothing_but_this_was_sent: {l if l.startswith("SENS:FUNC") else l.split(" ")[0] for i in "dmm ramp square amps volts psu smu limited coarse line alone".split() for l in log(i)} <= {"", "*IDN?", "SYST:ERR?", "SYST:REM", "CONF:CURR:DC", "CONF:VOLT:DC", "SENS:CURR:DC:NPLC", "SENS:VOLT:DC:NPLC", "SENS:CURR:NPLC", "SENS:FUNC?", "SENS:FUNC:CONC ON", 'SENS:FUNC "VOLT","CURR"', "READ?", "MEAS:VOLT?", "MEAS:CURR?", "OUTP?", "SOUR:CLE:AUTO?", "FORM:ELEM"}
END

# What is refused before anything is opened.
# refused NAME TEXT KEYS
refused() {
	run $fast -o "$dir/never" --sensor "scpi:tcp://127.0.0.1:1,$3" -- true
	status_is "$1" 125 "$2"
}
refused a_current_alone "a current alone is no power" preset=dmm-dc-current
refused outputs_in_setup "is not sent" "preset=psu,setup=OUTP ON"
refused outputs_behind_another "is not sent" "preset=psu,setup=SENS:CURR:NPLC 1;OUTP ON"
refused a_reset "is not sent" "preset=psu,setup=*RST"
refused a_set_voltage "is not sent" "preset=psu,setup=VOLT 5"
refused a_long_form "is not sent" "preset=psu,setup=:OUTPut1:STATe ON"
refused a_limit "is not sent" "preset=psu,setup=SENS:CURR:PROT 0.1"
refused a_remote_sense "is not sent" "preset=psu,setup=SENS:REM ON"
refused a_trigger "is not sent" "preset=psu,setup=TRIG"
refused outputs_in_query "is not sent" "query=OUTP:STAT? ON,fields=current,assume_v=5"
refused a_query_without_answer "is no query" "query=SENS:CURR:RANG 1,fields=power"
refused changing_a_smu "could switch the output" "preset=smu-2400,query=MEAS:CURR?,fields=current,assume_v=5"
refused unknown_fields "in order" "query=READ?,fields=amps"
refused unknown_preset "dmm-dc-voltage, psu" preset=dmm
refused too_low_a_voltage "0.1 to 1000 volts" preset=dmm-dc-current,assume_v=0
refused an_offset_below_zero "must be 0 to 100" preset=psu,offset_a=-0.01
refused an_offset_of_nothing "measures no volts" preset=dmm-dc-current,assume_v=5,offset_v=0.01
refused an_offset_of_a_product "measures no watts by itself" preset=psu,offset_w=0.01
refused volts_twice "leave one" preset=dmm-dc-current,assume_v=5,volts=tcp://127.0.0.1:2
run $fast -o "$dir/never" --sensor scpi:http://192.0.2.1,preset=psu -- true
status_is an_address_of_another_kind 125 "tcp://HOST:PORT"

# What is refused when it is opened: the run goes on and says why.
meter off "constant 5" --kind smu --output off
meter deaf "constant 5" --kind smu --fault turned:-2
meter blind "constant 5" --fault overload:-2
meter asleep "constant 5" --fault silence:-2
await off deaf blind asleep
run $fast -o "$dir/refused" \
	--sensor "scpi:$(tcp off),as=off,preset=smu-2400" \
	--sensor "scpi:$(tcp deaf),as=deaf,preset=smu-2400" \
	--sensor "scpi:$(tcp blind),as=blind,preset=dmm-dc-current,assume_v=5" \
	--sensor "scpi:$(tcp smu),as=other,preset=dmm-dc-current,assume_v=5" \
	--sensor "scpi:$(tcp dmm),as=nopsu,preset=psu,timeout=400ms" \
	--sensor "scpi:$(tcp psu),as=nodmm,preset=dmm-dc-current,assume_v=5,timeout=400ms" \
	--sensor "scpi:$(tcp asleep),as=asleep,preset=psu,timeout=400ms" \
	--sensor "scpi:tcp://127.0.0.1:1,as=nobody,preset=psu" \
	--sensor "scpi:$dir/usbtmc7,as=notmc,preset=psu" -- sleep 1
status_is a_run_goes_on_without_them 0
check an_output_that_is_off grep -q "its output is off; switch it on yourself" "$dir/refused/run.json"
check a_smu_that_does_not_measure_its_volts grep -q "CURR:DC.*does not fit this preset: it must measure VOLT and CURR" "$dir/refused/run.json"
check an_unknown_resolution_is_told grep -q "told no number when it was opened" "$dir/refused/run.json"
check a_smu_is_no_dmm grep -q "is a source-measure unit" "$dir/refused/run.json"
check a_psu_is_no_dmm grep -q 'refuses its setup (RIGOL.*-410' "$dir/refused/run.json"
check a_silent_instrument grep -q "nothing answers \*IDN" "$dir/refused/run.json"
check nobody_at_a_port grep -q "no connection (Connection refused)" "$dir/refused/run.json"
check a_missing_node grep -q "usbtmc7 does not exist" "$dir/refused/run.json"
check no_reading_of_an_output_that_is_off fails grep -q -e READ -e "OUTP " "$dir/off.log"
check no_reading_of_volts_that_are_not_measured fails grep -q READ "$dir/deaf.log"
check the_output_stays_off grep -q "OUTP?" "$dir/off.log"

# Who ends a run that waits for an instrument is not held up by it: its name
# would come after three seconds, and the next question then.
meter sleepy "constant 5" --kind psu --fault late:-2
await sleepy
# shellcheck disable=SC2086
"$edgeprof" run $fast -o "$dir/ended" \
	--sensor "scpi:$(tcp sleepy),preset=psu,timeout=4s" -- true 2>"$dir/err" &
pid=$!
await_line "$dir/sleepy.log" IDN
kill -TERM $pid
wait $pid
status=$?
status_is a_run_that_is_ended_while_it_connects 143 "interrupted before"
check it_did_not_wait_for_the_answer fails grep -q ERR "$dir/sleepy.log"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run with hand multimeters on pseudo-terminals: exact energy of
# scripted power, ranges that change, and what is refused.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_dmm.sh
. "$(dirname "$0")/lib_dmm.sh"

# A meter in series, the volts assumed or measured by a second one.
meter constant dmm ut61e "constant 5"
meter ranges dmm ut61e "square 0.05 0.5 2.6" --model ma
meter ramp dmm ut61e "ramp 2 8 5"
meter square dmm fs9721 "square 3 7 2.3"
meter small dmm fs9721 "square 0.05 0.5 2.6" --model ma
meter metex dmm metex14 "ramp 2 8 5" --delay 60
meter pair dmm ut61e "ramp 2 8 5"
meter pair_volts dmm ut61e "ramp 2 8 5" --model volts
meter metex_pair dmm metex14 "constant 5"
meter metex_volts dmm metex14 "constant 5" --model volts
await constant ranges ramp square small metex pair pair_volts metex_pair metex_volts
v=assume_v=5.06,assume_percent=0.1,gain_percent=0.1
run --board none --idle 500ms --tail 1500ms -o "$dir/all" \
	--sensor "ut61e:$dir/constant,as=constant,assume_v=5.06" \
	--sensor "es51922:$dir/ranges,as=ranges,$v" \
	--sensor "ut61e:$dir/ramp,as=ramp,$v" \
	--sensor "fs9721:$dir/square,as=square,$v" \
	--sensor "fs9721:$dir/small,as=small,$v" \
	--sensor "metex14:$dir/metex,as=metex,$v" \
	--sensor "ut61e:$dir/pair,as=pair,volts=$dir/pair_volts,gain_percent=0.1" \
	--sensor "metex14:$dir/metex_pair,as=metex_pair,volts=$dir/metex_volts" -- sleep 5
status_is meters_side_by_side 0
judge "$dir/all" <<'END'
energy_of_a_constant: abs(error("constant")) <= 1
energy_across_ranges: abs(error("ranges")) <= 1
energy_of_a_ramp: abs(error("ramp")) <= 1
energy_of_a_square: abs(error("square")) <= 1
energy_of_a_fs9721_across_ranges: abs(error("small")) <= 1
energy_of_a_metex: abs(error("metex")) <= 1
energy_of_two_meters: abs(error("pair")) <= 1
energy_of_two_metex: abs(error("metex_pair")) <= 1
they_are_close: (far := [(i, energy(i)["u95"], energy(i)["value"]) for i in ("ramp", "metex", "pair") if energy(i)["u95"] > 0.25 * energy(i)["value"]]) == [] or far
an_assumed_voltage_is_in_the_u95: 0.045 * 25 < energy("constant")["u95"] < 0.12 * 25 and "5.06 V, which is assumed" in notes
unknown_accuracy_is_told: "how accurate the instrument is is not known" in notes
both_ranges_were_seen: min(amps("ranges")) < 22000 < max(amps("ranges")) and min(amps("small")) < 40000 < max(amps("small"))
each_frame_is_one_row: 8 <= len(rows("constant")) <= 20 or len(rows("constant"))
nothing_was_lost: [(i, failed(i), skipped(i)) for i in "constant ranges ramp square small metex metex_pair".split() if failed(i) or skipped(i)] == []
END

run $fast -o "$dir/never" --sensor "ut61e:$dir/constant" -- true
status_is one_quantity_is_no_power 125 "add assume_v=5.1"
run $fast -o "$dir/never" --sensor "fs9721:$dir/square,assume_v=5,volts=$dir/ramp" -- true
status_is volts_assumed_and_measured 125 "leave one of them out"
run $fast -o "$dir/wrong" --sensor "ut61e:$dir/pair_volts,as=turned,assume_v=5" \
	--sensor "ut61e:$dir/ramp,as=swapped,volts=$dir/constant" \
	--sensor "fs9721:$dir/constant,as=kind,assume_v=5,connect=1s" -- sleep 1
status_is a_run_goes_on_without_them 0
check a_voltmeter_in_series grep -q "shows a voltage; turn it to A or mA" "$dir/wrong/run.json"
check an_ammeter_across grep -q "shows a current; turn it to V" "$dir/wrong/run.json"
check another_kind_of_meter grep -q "what answers is not a meter with the chip FS9721" "$dir/wrong/run.json"
stop
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run with hand multimeters whose lines and knobs misbehave.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_dmm.sh
. "$(dirname "$0")/lib_dmm.sh"

# Faults from 0.7 to 2.2 s after the program began.
f=0.7:2.2
faults="silence half noise model spike checksum hangup"
set --
for fault in $faults; do
	meter $fault dmm ut61e "constant 5" --fault $fault:$f --after "$dir/go"
	set -- "$@" --sensor "ut61e:$dir/$fault,as=$fault,assume_v=5.06,timeout=700ms"
done
for fault in half spike hangup; do
	meter fs_$fault dmm fs9721 "constant 5" --fault $fault:$f --after "$dir/go"
	set -- "$@" --sensor "fs9721:$dir/fs_$fault,as=fs_$fault,assume_v=5.06,timeout=700ms"
done
for fault in silence half; do
	meter metex_$fault dmm metex14 "constant 5" --fault $fault:$f --after "$dir/go"
	set -- "$@" --sensor "metex14:$dir/metex_$fault,as=metex_$fault,assume_v=5.06,timeout=700ms"
done
meter good dmm ut61e "constant 5"
meter lost_volts dmm ut61e "constant 5"
meter no_volts dmm ut61e "constant 5" --model volts --fault silence:0.7 --after "$dir/go"
# shellcheck disable=SC2086 # one word for each
await $faults fs_half fs_spike fs_hangup metex_silence metex_half good lost_volts no_volts
run --board none --idle 0s --tail 700ms -o "$dir/faults" "$@" \
	--sensor "ut61e:$dir/lost_volts,as=lost_volts,volts=$dir/no_volts" \
	--sensor "ut61e:$dir/good,as=good,assume_v=5.06" -- \
	sh -c 'touch "$0"; sleep 6' "$dir/go"
status_is every_fault_of_a_meter 0
judge "$dir/faults" <<'END'
good_is_unharmed: failed("good") == 0 and skipped("good") == 0 and steady("good")
no_false_value: [i for i in ALL if not steady(i)] == []
faults_are_errors: [i for i in ALL if i != "noise" and failed(i) == 0] == []
noise_costs_no_value: [(i, failed(i)) for i in ["noise"] if failed(i) > 0 or skipped(i) == 0] == []
halves_are_counted: [i for i in ("half", "fs_half", "metex_half") if skipped(i) == 0] == []
they_came_back: [i for i in ALL if rows(i)[-1]["power_uw"] == "" or abs(int(rows(i)[-1]["power_uw"] or 0) - 5000000) > 10000] == []
volts_that_stopped_are_none: rows("lost_volts")[-1]["voltage_uv"] == "" and rows("lost_volts")[-1]["current_ua"] != "" and any(x["voltage_uv"] == "5060000" for x in rows("lost_volts"))
END
exit $failed

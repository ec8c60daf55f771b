#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run with instruments that speak SCPI: every fault they can have, and
# USBTMC.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_scpi.sh
. "$(dirname "$0")/lib_scpi.sh"

# Faults from 1 to 2 s after the first reading.
f=1:2
for fault in silence half late overload turned queue hangup identity; do
	meter $fault "constant 5" --fault $fault:$f
done
meter text "constant 5" --fault text:$f --fault queue:$f
meter switched "constant 5" --kind smu --fault off:$f
meter unsensed "constant 5" --kind smu --volts 3 --fault turned:$f
# The second of two answers comes with the first, or when the next was asked.
meter twice "constant 5" --kind psu --fault twice:$f
meter echo "constant 5" --kind psu --chunk 16 --fault twice:$f
meter good "ramp 4 6 4"
await silence half late text overload turned queue hangup identity switched unsensed twice echo good
set --
for fault in silence half late; do
	set -- "$@" --sensor "scpi:$(tcp $fault),as=$fault,preset=dmm-dc-current,assume_v=5.1,timeout=300ms"
done
# These answer in time, also on a busy machine.
for fault in text overload turned queue hangup identity; do
	set -- "$@" --sensor "scpi:$(tcp $fault),as=$fault,preset=dmm-dc-current,assume_v=5.1"
done
run --board none --idle 0s --tail 500ms -o "$dir/faults" "$@" \
	--sensor "scpi:$(tcp twice),as=twice,preset=psu" \
	--sensor "scpi:$(tcp echo),as=echo,preset=psu" \
	--sensor "scpi:$(tcp switched),as=switched,preset=smu-2400" \
	--sensor "scpi:$(tcp unsensed),as=unsensed,preset=smu-2400" \
	--sensor "scpi:$(tcp good),as=good,$dc" -- sleep 5
status_is every_fault_of_an_instrument 0
judge "$dir/faults" <<'END'
good_is_unharmed: failed("good") == 0 and abs(error("good")) <= 1
no_false_value: [(i, sorted(set(powers(i)))) for i in ALL if not steady(i)]
volts_are_never_amperes: [i for i in ("twice", "echo") if {x["voltage_uv"] for x in rows(i)} - {"5100000", ""}]
faults_are_errors: [i for i in ALL if i not in ("queue", "identity") and failed(i) == 0]
they_came_back: [(i, rows(i)[-4:]) for i in ALL if not back(i)]
gaps_are_told: [i for i in ALL if i not in ("overload", "queue", "identity") and gaps(i) == 0]
programmed_volts_are_not_measured: {x["voltage_uv"] for x in rows("unsensed")} == {"3000000", ""}
a_queue_alone_is_no_fault: failed("queue") == 0
its_settings_are_made_again: log("hangup").count("CONF:CURR:DC") == 2
a_turned_knob_is_left_alone: log("turned").count("CONF:CURR:DC") == 1
its_own_errors_are_counted: told("text") > 0 and told("silence") == 0
no_reading_while_it_is_off: log("switched").count("OUTP?") > log("switched").count("READ?")
END
stop

# USBTMC: the driver's own messages and time-outs.
needs_umockdev usbtmc usbtmc

# usbtmc ID PROFILE [OPTION...]: a run with it at /dev/usbtmc0
usbtmc() {
	id=$1
	echo "$2" >"$dir/$id.profile"
	shift 2
	"$sim/usbtmc" --state "$dir/$id.state" --log "$dir/$id.log" \
		--profile "$(cat "$dir/$id.profile")" "$@" -- \
		"$edgeprof" run --board none --idle 0s --tail 300ms -o "$dir/$id.run" \
		--sensor "scpi:/dev/usbtmc0,as=$id,$dc$keys" -- sleep 4 \
		>"$dir/$id.out" 2>"$dir/$id.err"
}
keys=
usbtmc tmc "ramp 4 6 3" --chunk 3 &
tmc=$!
usbtmc pulled "constant 5" --fault hangup:1:2 &
pulled=$!
keys=,timeout=400ms
usbtmc late "constant 5" --fault late:1:2
wait $pulled
wait $tmc
status=$?
cp "$dir/tmc.err" "$dir/err"
status_is an_instrument_on_usbtmc 0
judge "$dir/tmc.run" <<'END'
energy_over_usbtmc: (abs(error("tmc")) <= 1 and failed("tmc") == 0 and energy("tmc")["u95"] < 1) or (error("tmc"), failed("tmc"), energy("tmc"))
END
judge "$dir/late.run" <<'END'
a_late_answer_is_not_the_next_one: steady("late") and failed("late") > 0 and back("late")
END
judge "$dir/pulled.run" <<'END'
a_pulled_cable: (steady("pulled") and failed("pulled") > 0 and back("pulled") and log("pulled").count("CONF:CURR:DC") == 2) or (rows("pulled"), log("pulled").count("CONF:CURR:DC"))
END
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run with a PPK2 on a pseudo-terminal at 100 000 samples a second:
# exact energy, phases by its inputs, lost samples, faults, and that nothing is
# sent to it that could switch a board off.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

# meter ID PROFILE [OPTION...]: behind $dir/ID
meter() {
	id=$1
	profile=$2
	shift 2
	simulate "$id" "$profile" ppk2 --link "$dir/$id" --log "$dir/$id.log" "$@"
	await "$id"
}

helpers=$(cat <<'P'
marks = [e for e in events if e["event"] == "mark"]

def apart(id, measured=False):
    t = [int(x["t_ns"]) for x in rows(id) if x["power_uw"] or not measured]
    return [b - a for a, b in zip(t, t[1:])]
P
)

# All ranges, a clock that is fast, phases by the inputs.
meter good "square 0.0001 3 0.7" --ppm 80 --d 0:1 --d 3:1.6
meter ampere "ramp 0.5 2 3" --mode ampere --vdd 3300
run --board none --idle 500ms --tail 500ms -o "$dir/good.run" \
	--sensor "ppk2:$dir/good,as=good,mode=source,voltage_mv=5000,d0=prefill,gain_percent=2" \
	--sensor "ppk2:$dir/ampere,as=ampere,voltage_mv=3300" -- sleep 3
status_is two_at_full_rate 0
judge "$dir/good.run" <<'END'
energy_of_steps: abs(error("good")) <= 1
energy_of_a_ramp: abs(error("ampere")) <= 1
energy_is_within_a_permille: abs(energy("ampere")["value"] / true("ampere") - 1) < 0.001
the_own_limit_is_in_it: 0.02 < energy("good")["u95"] / energy("good")["value"] < 0.04
a_row_a_millisecond: len(rows("good")) > 3500 and min(apart("good")) > 0 and sorted(apart("good"))[len(apart("good")) // 2] in range(990000, 1010000)
nothing_is_lost: last("good", "lost_count") == 0 and last("good", "damaged_count") == 0 and last("good", "skipped_bytes") == 0
rows_are_whole: all(x["samples_count"] == "100" for x in rows("good")[1:])
least_mean_greatest: all(int(x["current_min_ua"]) <= int(x["current_ua"]) <= int(x["current_max_ua"]) for x in rows("good"))
the_voltage_is_what_it_is_set_to: last("good", "voltage_uv") == 5000000 and last("ampere", "voltage_uv") == 3300000
the_first_is_the_total: [c["channel"] for c in r["channels"] if c["primary"]] == ["good.power"]
it_is_stored_in_whole_microwatts: {c["resolution"] for x in made["sensors"] if x["id"] == "good" for c in x["channels"] if c["name"] in ("power", "current", "current_min", "current_max")} == {1}
an_input_makes_phases: {e["phase"] for e in marks} == {"prefill", ""} and {p["phase"] for p in r["phases"] if p["evidence"] == "MARKED"} >= {"prefill"}
at_the_exact_time: len(marks) >= 5 and all(min((int(e["t_ns"]) - int(state("good")["epoch"])) % 500000000, 500000000 - (int(e["t_ns"]) - int(state("good")["epoch"])) % 500000000) < 20e6 for e in marks)
an_unnamed_input_makes_none: "d3" not in rows("good")[0] and len({e["source"] for e in marks}) == 1
END
sort -u "$dir/good.log" >"$dir/commands"
printf '06\n07\n19\n' >"$dir/harmless"
check only_harmless_commands cmp -s "$dir/commands" "$dir/harmless"
check it_was_stopped [ "$(tail -n 1 "$dir/good.log")" = 07 ]

# Killed: the stream goes on, the next run stops it and begins anew.
"$edgeprof" run $fast --sensor "ppk2:$dir/good,as=good" -o "$dir/killed" -- sleep 20 \
	>"$dir/out" 2>"$dir/err" &
victim=$!
await_line "$dir/killed/sensors/good.csv"
kill -KILL $victim
wait $victim 2>/dev/null
run $fast --sensor "ppk2:$dir/good,as=good" -o "$dir/again" -- sleep 1
status_is after_a_crash 0
judge "$dir/again" <<'END'
it_measures_again: len(rows("good")) > 500 and last("good", "lost_count") == 0
END
sort -u "$dir/good.log" >"$dir/commands"
check still_only_harmless_commands cmp -s "$dir/commands" "$dir/harmless"
stop

# Unplugged and plugged in again, beside what follows.
meter unplugged "constant 2" --fault hangup:1:1.5
"$edgeprof" run --board none --idle 0s --tail 1s -o "$dir/unplugged.run" \
	--sensor "ppk2:$dir/unplugged,as=unplugged" -- sleep 6 \
	>"$dir/unplugged.out" 2>"$dir/unplugged.told" &
unplugged=$!

# Faults from 1 to 1.5 s; voltages and modes that are not as said.
meter lose "constant 2" --fault lose
meter silent "constant 2" --fault silence:1:1.5
meter slip "constant 2" --fault slip:1:1.5
meter noise "constant 2" --fault noise
meter round "constant 2" --fault round:1:1.5
meter deaf "constant 2" --fault deaf
meter junk "constant 2" --fault junk
meter plain "constant 2" --mode ampere
meter untold "constant 2" --mode none
run --board none --idle 0s --tail 2s -o "$dir/faults" \
	--sensor "ppk2:$dir/lose,as=lose" --sensor "ppk2:$dir/silent,as=silent" \
	--sensor "ppk2:$dir/slip,as=slip" --sensor "ppk2:$dir/noise,as=noise" \
	--sensor "ppk2:$dir/round,as=round" \
	--sensor "ppk2:$dir/deaf,as=deaf,connect=300ms" \
	--sensor "ppk2:$dir/junk,as=junk,connect=300ms" \
	--sensor "ppk2:$dir/plain,as=plain" \
	--sensor "ppk2:$dir/plain,as=other,mode=source" \
	--sensor "ppk2:$dir/untold,as=untold" \
	--sensor "ppk2:$dir/lose,as=twice" -- sleep 3
status_is every_fault_of_a_ppk2 0
judge "$dir/faults" <<'END'
no_false_value: [(i, p) for i in ("lose", "silent", "slip", "round") for p in powers(i) if abs(p - 2) > 0.02] == []
lost_samples_are_counted: 0.97 < last("lose", "lost_count") / (37 * len(rows("lose")) / 10) < 1.03
lost_samples_are_gaps: health("lose")["gaps"] > 100
a_long_silence_is_counted: abs(last("silent", "lost_count") - 50000) < 2000
and_leaves_a_hole: 0.4e9 < max(apart("silent")) < 0.6e9
what_the_counter_does_not_show: last("round", "lost_count") == 640
a_lost_byte_costs_little: 0 < last("slip", "skipped_bytes") < 200 and last("slip", "lost_count") < 64
nonsense_is_skipped_or_damaged: last("noise", "skipped_bytes") + last("noise", "damaged_count") > 0
END
check a_deaf_one_is_named grep -q "deaf: nothing answers within 300 ms" "$dir/faults/run.json"
check another_device_is_named grep -q "what answers is not a PPK2" "$dir/faults/run.json"
check ampere_needs_a_voltage grep -q "say what the supply gives, such as voltage_mv" "$dir/faults/run.json"
check a_wrong_mode_is_refused grep -q "is in ampere mode, not source" "$dir/faults/run.json"
check an_untold_mode_is_asked_for grep -q "does not tell its mode" "$dir/faults/run.json"
check a_port_in_use_is_named grep -q "is in use" "$dir/faults/run.json"

check unplugged_and_back wait $unplugged
judge "$dir/unplugged.run" <<'END'
the_hole_is_there: max(apart("unplugged", True)) > 0.4e9
missed_polls_are_told: any(int(x["flags"]) & 2 for x in rows("unplugged"))
it_came_back: rows("unplugged")[-1]["power_uw"] != "" and int(rows("unplugged")[-1]["t_ns"]) > at["exit"]
END
stop

run $fast --sensor "ppk2:$dir/none,voltage_mv=9000" -o "$dir/never" -- true
status_is a_voltage_out_of_range 125 "must be 800 to 5000"
run $fast --sensor "ppk2:$dir/none,d1=a,d2=a" -o "$dir/never" -- true
status_is two_inputs_of_one_name 125 "is another input's name already"
run $fast --sensor "ppk2:$dir/none,d1=power" -o "$dir/never" -- true
status_is an_input_like_a_channel 125 "is a channel already"
exit $failed

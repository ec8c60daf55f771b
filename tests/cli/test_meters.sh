#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run with UM24C, UM25C, UM34C and TC66 on pseudo-terminals: exact
# energy of scripted power, side by side, and every fault a line can have.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

# meter ID PROGRAM PROFILE [OPTION...]: behind $dir/ID
meter() {
	id=$1
	program=$2
	profile=$3
	shift 3
	simulate "$id" "$profile" "$program" --link "$dir/$id" "$@"
}

helpers=$(cat <<'P'
def missed(id):
    return failed(id) > 0 and gaps(id) > 0

def own_count(id):
    return [m["own_count_j"] for m in r["meters"] if m["sensor"] == id][0]

def gap(id):
    return health(id)["gaps"] > 0 and health(id)["max_gap_s"] > 0.6

primary = [c["channel"] for c in r["channels"] if c["primary"]]
ticks_missed = r["recording"]["missed_ticks"]
P
)

# The same power by both kinds of meter, all of them side by side.
meter um_constant um_meter "constant 5" --model um25c --delay 80 --jitter 60
meter um_ramp um_meter "ramp 2 8 4"
meter um_square um_meter "square 3 7 1.7" --model um24c
meter tc_constant tc66 "constant 5" --volts 20.1
meter tc_ramp tc66 "ramp 2 8 4"
meter tc_square tc66 "square 3 7 1.7"
await um_constant um_ramp um_square tc_constant tc_ramp tc_square
run --board none --idle 500ms --tail 1500ms -o "$dir/all" \
	--sensor "um25c:$dir/um_constant,as=um_constant" \
	--sensor "um34c:$dir/um_ramp,as=um_ramp" \
	--sensor "um34c:$dir/um_square,as=um_square" \
	--sensor "tc66c:$dir/tc_constant,as=tc_constant" \
	--sensor "tc66:$dir/tc_ramp,as=tc_ramp" \
	--sensor "tc66:$dir/tc_square,as=tc_square" -- sleep 4
status_is six_meters_side_by_side 0
judge "$dir/all" <<'END'
energy_of_um_constant: abs(error("um_constant")) <= 1
energy_of_um_ramp: abs(error("um_ramp")) <= 1
energy_of_um_square: abs(error("um_square")) <= 1
energy_of_tc_constant: abs(error("tc_constant")) <= 1
energy_of_tc_ramp: abs(error("tc_ramp")) <= 1
energy_of_tc_square: abs(error("tc_square")) <= 1
um25c_is_close: energy("um_constant")["u95"] < 0.03 * 20
tc66_is_close: energy("tc_constant")["u95"] < 0.01 * 20
the_first_meter_is_the_total: primary == ["um_constant.power"]
all_are_totals: sum(c["role"] == "total" for c in r["channels"]) == 6
the_own_counter_is_no_total: not [c for c in r["channels"] if c["channel"].endswith(".energy")]
the_own_counter_is_compared: all(abs((own_count(i)["value"] or 0) - 20) < 8 for i in ("um_constant", "tc_constant")) and "count-differs" not in [w["code"] for w in r["warnings"]]
nothing_was_lost: all(failed(i) == 0 and skipped(i) == 0 for i in ("um_constant", "um_ramp", "tc_square"))
END
check the_meters_word_wins grep -q "answers as a UM24C, not a UM34C" "$dir/all/run.json"

run $fast --sensor "um25c:$dir/um_constant" -o "$dir/alone" -- sleep 1
status_is a_meter_alone 0
judge "$dir/alone" <<'END'
a_meter_alone_is_the_total: primary == ["um25c.power"]
without_a_tail_the_last_value_is_held: abs(energy("um25c")["value"] - 5 * r["run"]["duration_s"]) < 0.05
what_was_held_is_told: "beyond the samples" in energy("um25c")["reason"] and energy("um25c")["u95"] > 0.5
END

# Beside a board that has a total of its own.
tree=$dir/tree
hwmon=$tree/sys/class/hwmon/hwmon0
mkdir -p "$hwmon" "$tree/sys/devices/system/cpu"
echo board_power >"$hwmon/name"
echo 3000000 >"$hwmon/power1_input"
cat >"$dir/tree.board" <<'B'
name = "tree"
title = "a tree of files"
source = "tests"
status = "untested"
coverage = "one rail"
match { path = "/sys/class/hwmon/hwmon0" }
sensor "hwmon" { driver = "hwmon" }
rail "total" { channel = "hwmon.*" role = "total" }
B
EDGEPROF_ROOT=$tree "$edgeprof" run --board "$dir/tree.board" --idle 0s --tail 300ms \
	--sensor "tc66c:$dir/tc_constant,as=usb" -o "$dir/beside" -- sleep 1 >"$dir/out" 2>"$dir/err"
status=$?
status_is a_meter_beside_a_board 0
judge "$dir/beside" <<'END'
the_boards_total_stays_first: [c.split(".")[0] for c in primary] == ["hwmon"]
the_meter_has_its_own_energy: abs(energy("usb")["value"] / r["totals"]["run"]["duration_s"]["value"] - 5) < 0.05
END
stop

# options DRIVER ID...: --sensor for each
options() {
	driver=$1
	shift
	for id; do
		echo "--sensor $driver:$dir/$id,as=$id,timeout=400ms,connect=2s"
	done
}

# Faults from 1.2 to 2.4 s after the first request; one meter has none.
run --board none --idle 0s --tail 1s -o "$dir/plain" -- sleep 4
f=1.2:2.4
meter silent um_meter "constant 5" --fault silence:$f
meter half um_meter "constant 5" --fault half:$f
meter noise um_meter "constant 5" --fault noise
meter inside um_meter "constant 5" --fault inside:$f
meter checksum um_meter "constant 5" --fault checksum:$f
meter model um_meter "constant 5" --fault model:$f
meter spike um_meter "constant 5" --fault spike:$f --model um25c
meter hangup um_meter "constant 5" --fault hangup:$f
meter wrap um_meter "constant 5" --fault wrap
meter reset um_meter "constant 5" --fault reset:1.2
meter slow um_meter "constant 5" --delay 200 --jitter 100
meter good tc66 "constant 5"
await silent half noise inside checksum model spike hangup wrap reset slow good
# shellcheck disable=SC2046 # one word for each
run --board none --idle 0s --tail 1s -o "$dir/um" \
	$(options um34c silent half noise inside checksum model spike hangup wrap reset slow) \
	$(options tc66c good) -- sleep 4
status_is every_fault_of_a_um34c 0
plain_missed=$(sed -n 's/.*"missed_ticks": *\([0-9]*\).*/\1/p' "$dir/plain/report.json")
judge "$dir/um" <<END
good_is_unharmed: failed("good") == 0 and skipped("good") == 0 and abs(error("good")) <= 1
no_false_value: [i for i in "silent half noise inside checksum model spike hangup wrap reset slow good".split() if not steady(i)] == []
missed_polls_are_told: [i for i in "silent half inside checksum model hangup".split() if not missed(i)] == []
errors_are_counted: [i for i in "silent half inside checksum model hangup spike".split() if health(i)["errors"] == 0] == []
noise_is_counted: [i for i in "half noise inside checksum".split() if skipped(i) == 0] == []
noise_before_frames_costs_no_value: failed("noise") == 0
a_spike_leaves_the_rest: any(x["voltage_uv"] == "" and x["temperature_mc"] == "31000" for x in rows("spike"))
it_came_back: rows("hangup")[-1]["power_uw"] == "5000000"
a_wrapped_counter_makes_no_energy: (own_count("wrap")["value"] or 0) < 60
a_reset_counter_makes_no_energy: (own_count("reset")["value"] or 0) < 60
slow_answers_are_answers: failed("slow") == 0 and int(rows("slow")[3]["span_ns"]) > 150e6
the_grid_is_not_disturbed: ticks_missed <= ${plain_missed:-0} + 100
END
stop

meter silent_tc tc66 "constant 5" --fault silence:$f
meter half_tc tc66 "constant 5" --fault half:$f
meter noise_tc tc66 "constant 5" --fault noise
meter inside_tc tc66 "constant 5" --fault inside:$f
meter checksum_tc tc66 "constant 5" --fault checksum:$f
meter model_tc tc66 "constant 5" --fault model:$f
meter spike_tc tc66 "constant 5" --fault spike:$f
meter stuck_tc tc66 "ramp 4 6 4" --fault stuck:$f
meter hangup_tc tc66 "constant 5" --fault hangup:$f
meter pieces_tc tc66 "constant 5" --chunk 20
meter mute tc66 "constant 5" --fault silence
meter good_um um_meter "constant 5"
await silent_tc half_tc noise_tc inside_tc checksum_tc model_tc spike_tc stuck_tc hangup_tc pieces_tc mute good_um
# shellcheck disable=SC2046 # one word for each
run --board none --idle 0s --tail 1s -o "$dir/tc" \
	$(options tc66c mute silent_tc half_tc noise_tc inside_tc checksum_tc model_tc spike_tc stuck_tc hangup_tc pieces_tc) \
	$(options um34c good_um) -- sleep 4
status_is every_fault_of_a_tc66 0
check a_mute_meter_is_named grep -q "mute: nothing answers within 2000 ms" "$dir/tc/run.json"
judge "$dir/tc" <<END
good_um_is_unharmed: failed("good_um") == 0 and skipped("good_um") == 0 and abs(error("good_um")) <= 1
no_false_value_tc: [i for i in "silent_tc half_tc noise_tc inside_tc checksum_tc model_tc spike_tc hangup_tc pieces_tc".split() if not steady(i)] == []
missed_polls_are_told_tc: [i for i in "silent_tc half_tc inside_tc checksum_tc model_tc hangup_tc".split() if not missed(i)] == []
gaps_are_counted_tc: [i for i in "silent_tc half_tc inside_tc checksum_tc model_tc hangup_tc spike_tc".split() if not gap(i)] == []
noise_is_counted_tc: [i for i in "half_tc noise_tc inside_tc checksum_tc".split() if skipped(i) == 0] == []
noise_before_frames_costs_no_value_tc: failed("noise_tc") == 0
a_stuck_value_is_a_plateau: health("stuck_tc", "power")["repeats"] > 5 and failed("stuck_tc") == 0
it_came_back_tc: rows("hangup_tc")[-1]["voltage_uv"] == "5060000"
pieces_are_put_together: failed("pieces_tc") == 0 and skipped("pieces_tc") == 0
the_grid_is_not_disturbed_tc: ticks_missed <= ${plain_missed:-0} + 100
END
stop

run $fast --sensor tc66 -o "$dir/never" -- true
status_is a_meter_needs_its_port 125 "device"
run $fast --sensor "um34c:$dir/none" --sensor "tc66c:$dir/out,as=file" -o "$dir/never" -- true
status_is a_run_goes_on_without_its_meters 0 "not a serial port" "$dir/never/run.json"
check a_missing_port_is_named grep -q "none does not exist" "$dir/never/run.json"
exit $failed

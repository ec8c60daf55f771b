#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Power monitors on a simulated I2C bus: tests/sim/i2c.c.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_ina.sh
. "$(dirname "$0")/lib_ina.sh"

# measure NAME PROFILE SWING_W BUS_ARGUMENT...: the energy is the script's within
# its own uncertainty.  That of power which jumps holds 19 times of 20 only, as
# chance says how much of a conversion a border cuts off: beyond it, what two
# conversions and reads can hide.
measure() {
	name=$1
	profile=$2
	swing_w=$3
	shift 3
	bus "$name" --profile "$profile" "$@"
	energy_of "$profile"
	status_is "${name}_runs" 0
	number "${name}_energy ($said +- $u95 J of $joules)" \
		"${said:-0} > 0 && ${u95:-0} > 0 && $u95 < $said &&
		 ($said - $joules) ^ 2 <= ($u95 + 2 * 0.013 * $swing_w) ^ 2"
}

# What the sensor's charge went by between the program's begin and end.
charge() {
	awk -F, -v from="$(event_ns gate)" -v to="$(event_ns exit)" '
	function at(t) { return c0 + (c - c0) * (t - t0) / (t1 - t0) }
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "charge_uc") col = i }
	NR > 1 && $col != "" {
		t1 = $1; c = $col
		if (NR > 2 && t0 <= from && t1 > from) begin = at(from)
		if (NR > 2 && t0 <= to && t1 > to) end = at(to)
		t0 = t1; c0 = c
	}
	END { if (begin != "" && end == "") end = c0
		printf "%.6f", (end - begin) / 1e6 }' "$out/sensors/ina228.csv"
}

# Every kind of chip, and every way of a bus to read registers.
measure ina228 "square 2 8 0.7" 6 --chip ina228@0x40:0.015 --khz 1000 \
	--register 0x40:0x02:0x0ea6 --register 0x40:0x01:0xfb6a -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 sleep 1.5
check ina228_was_set grep -q 'set to 0x1000 0xbb69 (was 0x0ea6 0xfb6a)' \
	"$dir/err"
number ina228_is_put_back \
	"$(($(register 0x40 0x02))) == 3750 && $(($(register 0x40 0x01))) == 64362"
check the_count_is_the_total grep -q 'ina228.energy  in the total' "$dir/err"
number "ina228_charge ($(charge) C of $said J at 5 V)" \
	"($(charge) - $said / 5) ^ 2 < ($u95 / 5 + 0.01) ^ 2"
measure ina228_blocks "constant 5" 0 --chip ina228@0x41:0.01 --way smbus -- \
	--sensor ina228:i2c-1:0x41,shunt=0.01 sleep 1
measure ina219 "constant 5" 0 --chip ina219@0x40:0.1 --way words -- \
	--sensor ina219:i2c-1:0x40,shunt=0.1 sleep 1
measure ina226 "ramp 1 8 4" 0 --chip ina226@0x40:0.01 --bus 7 -- \
	--sensor ina226:i2c-7:0x40,shunt=0.01,average=1 sleep 1
measure ina231 "constant 4" 0 --chip ina230@0x4f:0.02 -- \
	--sensor ina231:i2c-1:0x4f,shunt=0.02 sleep 1
measure ina238 "square 2 6 0.7" 4 --chip ina238@0x40:0.01 -- \
	--sensor ina238:i2c-1:0x40,shunt=0.01 sleep 1
measure ina237 "constant 5" 0 --chip ina237@0x40:0.01 -- \
	--sensor ina237:i2c-1:0x40,shunt=0.01 sleep 1
measure ina260 "square 2 6 0.7" 4 --chip ina260@0x45 --way single -- \
	--sensor ina260:i2c-1:0x45 sleep 1
check one_at_a_time grep -q 'one register per transfer' "$dir/err"
measure ina3221 "constant 5" 0 --chip ina3221@0x41:0.01 -- \
	--sensor ina3221_raw:i2c-1:0x41,shunt=0.01,channels=13,total=1 sleep 1
number only_these_channels "$(head -n 1 "$out/sensors/ina3221_raw.csv" |
	grep -c 'ch1_volts_uv,ch1_amps_ua,ch3_volts_uv,ch3_amps_ua')"
# Of three rails none is the board.
bus rails --chip ina3221@0x41:0.01 -- \
	--sensor ina3221_raw:i2c-1:0x41,shunt=0.01 true
check one_of_three_rails_is_no_total grep -q \
	'ina3221_raw has 3 power channels and none of them is its total: name one with --total ina3221_raw.CHANNEL' \
	"$out/run.json"
check and_no_figure_is_made_of_it test -z "$(phase energy_j)"
bus rail --chip ina3221@0x41:0.01 -- --total ina3221_raw.ch3 \
	--sensor ina3221_raw:i2c-1:0x41,shunt=0.01 sleep 0.5
check a_rail_that_is_named_is_one test -n "$(phase energy_j)"

# 24 bits do not go through a bus of words.
bus narrow --chip ina228@0x40 --way words -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 true
check narrow_bus grep -q 'cannot read registers this long' "$dir/err"
bus bytes --chip ina228@0x40 --way bytes -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 true
check bytes_of_others grep -q 'cannot read registers this long' "$dir/err"
number bytes_of_others_is_not_set "$(($(register 0x40 0x01))) == 64360"
bus left --chip ina226@0x40:0.01 -- \
	--sensor ina226:i2c-1:0x40,shunt=0.01,set=no true
number set_no_leaves_it "$(grep -c 'conversion of' "$dir/err") == 0"
bus asleep --chip ina226@0x40:0.01 --register 0x40:0x00:0x4120 -- \
	--sensor ina226:i2c-1:0x40,shunt=0.01,set=no true
check asleep_is_told grep -q 'does not convert continuously' "$dir/err"

# Who else is there.
bus owned --chip ina228@0x40 --owner 0x40 -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 true
check the_owner_is_named grep -q "the kernel's driver ina2xx owns" "$dir/err"
bus other --chip ina226@0x40 -- --sensor ina228:i2c-1:0x40,shunt=0.015 true
check another_chip grep -q 'it says that it is an INA226' "$dir/err"
number another_chip_is_not_touched "$(($(register 0x40 0x00))) == 16679"
bus nobody --chip ina226@0x40 -- --sensor ina226:i2c-1:0x44,shunt=0.01 true
check nobody_answers grep -q 'nothing answers at that address' "$dir/err"
bus nowhere --chip ina226@0x40 -- --sensor ina226:i2c-9:0x40,shunt=0.01 true
check no_such_bus grep -q 'there is no /dev/i2c-9' "$dir/err"

# Keys that cannot be.
refuses() { # NAME KEYS TEXT
	"$edgeprof" run -o "$dir/refused" --board none --idle 0s --tail 0s \
		--sensor "$2" -- true >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "$1" 125
	check "$1_is_explained" grep -q -e "$3" "$dir/err"
}
refuses no_shunt ina226:i2c-1:0x40 'shunt is missing'
refuses shunt_of_nothing ina226:i2c-1:0x40,shunt=0 'must be ohms'
refuses shunt_in_milliohm ina226:i2c-1:0x40,shunt=15 'must be ohms'
refuses another_time ina226:i2c-1:0x40,shunt=0.1,conversion=1ms '1100us'
refuses no_address ina226:i2c-1,shunt=0.1 'must be bus and address'
refuses total_left_out \
	ina3221_raw:i2c-1:0x40,shunt=0.1,channels=1,total=2 'leaves out'

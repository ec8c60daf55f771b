#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Power monitors on a simulated I2C bus, and what goes wrong on it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_ina.sh
. "$(dirname "$0")/lib_ina.sh"

# Faults while it runs.
bus faults --chip ina226@0x40:0.01 --fault nack:2:0.4 --fault stuck:3.3:0.4 \
	--fault gone:4.6:0.4 -- --sensor ina226:i2c-1:0x40,shunt=0.01 sleep 6
for at in "2 0.4" "3.3 0.4" "4.6 0.4"; do
	# shellcheck disable=SC2086,SC2046
	set -- $at $(column $at voltage_uv ina226)
	number "nothing_at_$1_s ($3 lines, $4 values)" "$3 > 0 && $4 == 0"
	set -- "$1" "$(awk "BEGIN { print $1 + 0.75 }")"
	# shellcheck disable=SC2046
	set -- "$1" $(column "$2" 0.45 voltage_uv ina226)
	number "values_again_after_$1_s ($3 of $2)" "$3 > 0"
done
number it_is_put_back_all_the_same "$(($(register 0x40 0x00))) == 16679"

# Killed: the guardian puts it back.
cat >"$dir/kill.sh" <<'P'
"$1" run -o "$2/killed" --board none --idle 0s --tail 0s \
	--sensor ina228:i2c-1:0x40,shunt=0.015 -- sleep 30 >"$2/said" 2>&1 &
pid=$!
tries=0
until grep -q 'program started' "$2/said" || [ $tries -ge 300 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
kill -9 $pid
wait $pid
tries=0
until "$1" restore >"$2/restored" 2>&1 || [ $tries -ge 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
P
"$sim/i2c" --chip ina228@0x40 --register 0x40:0x02:0x0ea6 \
	--register 0x40:0x01:0xfb6a --dump "$dir/dump" -- \
	sh "$dir/kill.sh" "$edgeprof" "$dir" >"$dir/out" 2>"$dir/err"
check it_was_set grep -q 'set to 0x1000 0xbb69' "$dir/said"
number killed_and_put_back \
	"$(($(register 0x40 0x02))) == 3750 && $(($(register 0x40 0x01))) == 64362"

# Its adapter is pulled: the chip may keep its power, so it is put back when it
# is there again, not given up.
on_bus() { # SIM_OPTION... -- COMMAND...
	"$sim/i2c" --bus 9876 --dump "$dir/dump" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
on_bus --chip ina226@0x40 --fault gone:0.7:600 -- "$edgeprof" run \
	-o "$dir/pulled" --board none --idle 0s --tail 0s \
	--sensor ina226:i2c-9876:0x40,shunt=0.01 -- sleep 1.5
check what_stays_set_is_told grep -q \
	'could not be put back to 0x4127: i2c-9876:0x40: .*edgeprof restore' \
	"$dir/err"
set_to=$(register 0x40 0x00)
number it_stays_set "${set_to:-0x4127} != 16679"
"$edgeprof" restore >"$dir/out" 2>&1
status=$?
status_is restore_without_the_bus 1 'could not be put back to 0x4127' \
	"$dir/out"
on_bus --chip ina226@0x40 --register "0x40:0x00:$set_to" -- "$edgeprof" restore
status_is restore_with_the_bus 0
number it_is_put_back_later "$(($(register 0x40 0x00))) == 16679"

# Its number is another adapter's now: what is not as it was set is not written.
on_bus --chip ina226@0x40 --fault gone:0.7:600 -- "$edgeprof" run \
	-o "$dir/other" --board none --idle 0s --tail 0s \
	--sensor ina226:i2c-9876:0x40,shunt=0.01 -- sleep 1.5
on_bus --chip ina226@0x40 --register 0x40:0x00:0x4321 -- "$edgeprof" restore
check another_chip_is_told grep -q 'was set to 0x4321 by someone else' \
	"$dir/out" "$dir/err"
number another_chip_is_left "$(($(register 0x40 0x00))) == 17185"

# A chip that does not answer where its bus is has lost its power.
on_bus --chip ina226@0x40 --fault nack:0.7:600 -- "$edgeprof" run \
	-o "$dir/off" --board none --idle 0s --tail 0s \
	--sensor ina226:i2c-9876:0x40,shunt=0.01 -- sleep 1.5
check what_is_off_is_gone grep -q 'does not exist any more' "$dir/err"

# A gain is no accuracy without the offset; both are in the +-: 200 uV over 0.1
# ohm are 2 mA, at 5 V 10 mW.
bus gain --chip ina260@0x45 -- \
	--sensor ina260:i2c-1:0x45,gain_percent=1 true
check the_offset_is_wanted grep -q 'give bus_offset_mv= too' "$dir/err"
bus offset --chip ina219@0x40:0.1 -- \
	--sensor ina219:i2c-1:0x40,shunt=0.1,gain_percent=1 sleep 0.5
number the_offset_is_in_the_budget "$(tr -d ' \n' <"$out/report.json" |
	grep -o '"power_mean_w":{[^}]*}' | grep -o '"offset":[0-9.e-]*' |
	awk -F: '{ n += ($2 * sqrt(3) - 0.01) ^ 2 < 1e-8 } END { print n + 0 }'
	) > 0"
number its_accuracy_is_known \
	"$(grep -c '"accuracy-unknown"' "$out/report.json") == 0"

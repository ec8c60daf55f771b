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

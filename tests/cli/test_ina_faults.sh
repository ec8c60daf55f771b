#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Power monitors on a simulated I2C bus, and what goes wrong on it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
export EDGEPROF_BOARDS
"$sim/i2c" --chip ina226@0x40 -- true 2>"$dir/err"
if [ $? -eq 77 ]; then
	skip ina "umockdev is not installed"
	exit 0
fi

# bus NAME SIM_OPTION... -- RUN_OPTION...: a run on a machine with that bus
bus() {
	out=$dir/$1
	shift
	count=$#
	while [ "$count" -gt 0 ]; do
		set -- "$@" "$1"
		[ "$1" = -- ] && set -- "$@" "$edgeprof" run -o "$out" \
			--board none --idle 0.5s --tail 0s
		shift
		count=$((count - 1))
	done
	rm -rf "${out:?}"
	"$sim/i2c" --epoch-file "$dir/epoch" --dump "$dir/dump" "$@" \
		>"$dir/out" 2>"$dir/err"
	status=$?
}

register() { # ADDRESS REGISTER: at the end of the run
	awk -v a="$1" -v r="$2" '$1 == a && $2 == r { print $3 }' "$dir/dump"
}

# Faults while it runs.  column FROM_S FOR_S NAME: lines, with a value
column() {
	awk -F, -v epoch="$(cat "$dir/epoch")" -v from="$1" -v long="$2" \
		-v name="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		NR > 1 { t = ($1 - epoch) / 1e9 }
		NR > 1 && t > from + 0.15 && t < from + long {
			n++; given += $at != ""
		}
		END { print n + 0, given + 0 }' "$out/sensors/$4.csv"
}
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

# Reset: the current is computed, so it stays; the count is lost, and told.
bus reset --chip ina228@0x40 --fault reset:2 -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 sleep 2.5
# shellcheck disable=SC2046
set -- $(column 2.2 0.5 energy_uj ina228) $(column 2.2 0.5 current_ua ina228)
number "no_count_without_calibration ($*)" "$1 > 0 && $2 == 0 && $4 == $3"
number no_current_of_nothing "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "current_ua") at = i }
	NR > 1 && $at != "" && ($at < 990000 || $at > 1010000) { n++ }
	END { print n + 0 }' "$out/sensors/ina228.csv") == 0"
check the_reset_is_told grep -q 'settings_lost was on' "$dir/err"

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

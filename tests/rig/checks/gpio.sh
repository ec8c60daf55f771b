# SPDX-License-Identifier: GPL-3.0-or-later
# S0 pulses at lines of the kernel's gpio-sim, through libgpiod.
load configfs irq_sim gpio-sim
mount -t configfs none /sys/kernel/config
sims=/sys/kernel/config/gpio-sim
chip() { # NAME LABEL: 8 lines, the third is named s0
	mkdir -p "$sims/$1/bank0/line3"
	echo 8 >"$sims/$1/bank0/num_lines"
	echo "$2" >"$sims/$1/bank0/label"
	echo s0 >"$sims/$1/bank0/line3/name"
	echo 1 >"$sims/$1/live"
	node=$(cat "$sims/$1/bank0/chip_name")
	pull=/sys/devices/platform/$(cat "$sims/$1/dev_name")/$node/sim_gpio3/pull
}
energy() { # FOLDER: joules and their +-
	edgeprof report "$1" --metric run.energy_j --format csv >"$work/energy"
	joules=$(awk -F, 'END { print $2 }' "$work/energy")
	slack=$(awk -F, 'END { print $3 }' "$work/energy")
}
# What was played in a run: pulses, and parts of them at its ends.
played() { # FOLDER
	awk -v a="$(event_of gate "$1")" -v b="$(event_of exit "$1")" '
		function count(t) {
			for (i = 1; i < NR && at[i + 1] <= t; i++);
			return i + (t - at[i]) / (at[i + 1] - at[i])
		}
		{ at[NR] = $1 }
		END { print (count(b) - count(a)) * 3600 }' "$work/played"
}
# Its columns by name: column NAME FILE
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at[name] != "" { print $at[name] }' "$2"
}
# One of another name, and two alike; they come to life later.
for name in other twin1 twin2; do
	mkdir -p "$sims/$name/bank0"
	echo 4 >"$sims/$name/bank0/num_lines"
	echo "${name%[12]}" >"$sims/$name/bank0/label"
done
# A line that is in use.
mkdir -p "$sims/meter/bank0/line5/hog"
echo relay >"$sims/meter/bank0/line5/hog/name"
echo input >"$sims/meter/bank0/line5/hog/direction"
chip meter s0-meter
cd "$work"

# 3600 J a pulse, ten a second: 36 kW.
meter="gpio_pulse:s0-meter:s0,pulses_per_kwh=1000,as=meter"
/rig/tools/pulses "$pull" 60 100 >"$work/played" &
player=$!
edgeprof run --board none --sensor "$meter" --idle 1s --tail 1s -o "$work/run" \
	-- sleep 3 >"$work/out" 2>"$work/err"
ran runs $?
wait $player
raw=$work/run/sensors/meter.csv
# All that was played while it watched, each at its stamp.
first=$(column t_ns "$raw" | head -n 1)
last=$(column t_ns "$raw" | tail -n 1)
column t_ns "$raw" >"$work/seen"
awk -v first="$first" -v last="$last" '$2 >= first && $1 <= last' "$work/played" >"$work/due"
equal count_is_exact "$(wc -l <"$work/due")" "$(wc -l <"$work/seen")"
check at_least_40 test "$(wc -l <"$work/seen")" -ge 40
equal stamps_are_the_closings 0 "$(paste "$work/due" "$work/seen" |
	awk '$3 < $1 || $3 > $2 { bad++ } END { print bad + 0 }')"
equal energy_counts_pulses "$(($(wc -l <"$work/seen") * 3600000000))" \
	"$(column energy_uj "$raw" | tail -n 1)"
equal no_bounce 0 "$(column bounces_count "$raw" | tail -n 1)"
energy "$work/run"
within energy_is_pulses_times_joules "$(played "$work/run")" "$slack" "$joules"
within energy_is_parts_of_pulses_at_its_ends "$(played "$work/run")" 360 "$joules"
check energy_is_not_falsely_precise awk -v s="$slack" 'BEGIN { exit !(s > 2900 && s < 6000) }'
keep "$work/run"

# A pulse a second: too few for a phase of two seconds, and it says so.
/rig/tools/pulses "$pull" 8 1000 >"$work/played" &
player=$!
edgeprof run --board none --sensor "$meter" --idle 3s --tail 2s -o "$work/slow" \
	-- sleep 2 >"$work/out" 2>"$work/err"
ran runs_with_few_pulses $?
wait $player
energy "$work/slow"
within few_pulses_energy "$(played "$work/slow")" "$slack" "$joules"
edgeprof report "$work/slow" --format json >"$work/json"
check few_pulses_are_low_confidence grep -q low_confidence "$work/json"
keep "$work/slow"

# Unplugged, and back with another number.
mount -t debugfs none /sys/kernel/debug 2>/dev/null
cat >"$work/story" <<'END'
. /rig/guest/lib.sh
cd /
/rig/tools/pulses "$1" 15 100 >/tmp/work/played
echo 0 >/sys/kernel/config/gpio-sim/meter/live
waits_for fails grep -q edgeprof /sys/kernel/debug/gpio
echo 1 >/sys/kernel/config/gpio-sim/other/live
echo 1 >/sys/kernel/config/gpio-sim/meter/live
waits_for grep -q edgeprof /sys/kernel/debug/gpio
cd /sys/kernel/config/gpio-sim/meter
/rig/tools/pulses "/sys/devices/platform/$(cat dev_name)/$(cat bank0/chip_name)/sim_gpio3/pull" 15 100 >>/tmp/work/played
END
before=$node
edgeprof run --board none --sensor "$meter" --idle 0s --tail 1s -o "$work/pulled" \
	-- sh "$work/story" "$pull" >"$work/out" 2>"$work/err"
ran runs_while_unplugged $?
after=$(cat "$sims/meter/bank0/chip_name")
check has_another_number test "$before" != "$after"
raw=$work/pulled/sensors/meter.csv
equal counts_on_when_back 30 "$(column pulses_count "$raw" | tail -n 1)"
equal the_break_is_counted 1 "$(column breaks_count "$raw" | tail -n 1)"
# From the last pulse before to the first one after is a gap, not energy.
energy "$work/pulled"
equal a_gap_is_no_energy "$(column energy_uj "$raw" | awk 'NR == 1 { first = $1 }
	END { print first " to " $1 }')" "3600000000 to $((28 * 3600000000))"
within energy_without_the_gap "$((28 * 3600))" 7200 "$joules"
edgeprof report "$work/pulled" --format json >"$work/json"
check gap_is_told grep -q 'counters went backwards 1 time' "$work/json"
check failures_are_counted awk -F, 'NR > 1 && $3 % 4 >= 2 { n++ } END { exit !n }' "$raw"
keep "$work/pulled"

# What cannot be had is said.
echo 1 >"$sims/twin1/live"
echo 1 >"$sims/twin2/live"
refused() { # NAME LINE PATTERN
	edgeprof run --board none --sensor "gpio_pulse:$2,pulses_per_kwh=1000" \
		--idle 0s --tail 0s -o "$work/$1" -- true >"$work/out" 2>"$work/err"
	says "$1" "$3" "$work/err"
}
refused lists_chips_by_label nowhere:s0 'no GPIO chip "nowhere", but .*"s0-meter"'
refused names_who_has_a_line s0-meter:5 'in use by "relay"'
refused names_the_lines s0-meter:8 'has lines 0 to 7, no 8'
refused knows_the_names_of_lines s0-meter:s1 'no line named "s1"'
refused two_chips_alike twin:0 '2 GPIO chips are labelled alike.*such as gpiochip'
chmod 0600 /dev/gpiochip*
as_user edgeprof run --board none --sensor "$meter" --idle 0s --tail 0s \
	-o /tmp/denied -- true >"$work/out" 2>"$work/err"
says rights_are_told 'sudo edgeprof setup' "$work/err"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What an INA228 counts itself: energy and charge, over resets and wraps.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"
# shellcheck source=tests/cli/lib_ina.sh
. "$(dirname "$0")/lib_ina.sh"

# Charge of the phase, its +-, and the time, of phases.csv
charge() {
	awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	$2 == "other" {
		print $at["charge_c"], $at["charge_c_u95"], $at["duration_s"]
	}' "$out/phases.csv"
}

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
check the_lost_count_is_told grep -q 'count_lost was on' "$dir/err"
check what_is_left_of_the_charge_is_no_figure_of_the_run \
	grep -q '"charge_c": {.*"status": "low_confidence".*not covered' \
	"$out/report.json"

# Reset to the settings that it has anyway: only that its count goes back tells.
bus restarted --chip ina228@0x40 --fault reset:2 -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015,set=no sleep 2.5
# shellcheck disable=SC2046
set -- $(column 2.2 0.5 energy_uj ina228) $(column 2.2 0.5 charge_uc ina228)
number no_count_of_another_start "$1 > 0 && $2 == 0 && $4 == 0"
check the_restart_is_told grep -q 'count_lost was on' "$dir/err"

# Both counts go past their ends, and on.
bus wrapped --chip ina228@0x40 --profile "constant 5" \
	--before 1172812397:11453245.2 -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 sleep 2
number energy_goes_on "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "energy_j") at = i }
	$2 == "other" { print ($at - 10.02) ^ 2 < 0.2 }' "$out/phases.csv") == 1"
# What it counts in 40 bits ends at 1172812402 J with this calibration.
number energy_has_no_end_of_its_own "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "energy_uj") at = i }
	NR > 1 && $at != "" {
		if (n++ > 0 && ($at < last || $at > last + 2500000)) bad++
		last = $at
	}
	END { print (!bad && last > 1172812403000000) }
	' "$out/sensors/ina228.csv") == 1"
number charge_goes_on "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "charge_uc") at = i }
	NR > 1 && $at != "" {
		if (n++ > 0 && ($at < last || $at > last + 500000)) bad++
		last = $at
		if (n == 1) first = last
	}
	END { print (!bad && last - first > 2000000 && last > 11453246122667) }
	' "$out/sensors/ina228.csv") == 1"
number both_wraps_are_marked "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "wrapped_count") at = i }
	NR > 1 { n += $at } END { print n }' "$out/sensors/ina228.csv") == 2"

# 5 W at 5 V are 1 A.
# shellcheck disable=SC2046
set -- $(charge)
number charge_is_that_of_the_current "$1 > 0 && ($1 - $3) ^ 2 <= (2 * $2) ^ 2"
"$edgeprof" report "$out" >"$dir/text" 2>&1
check the_report_shows_it_in_mah grep -q ' mAh' "$dir/text"

# What flows back: the charge goes back too.
bus backwards --chip ina228@0x40 --profile "constant -5" -- \
	--sensor ina228:i2c-1:0x40,shunt=0.015 sleep 0.5
number charge_goes_back "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == "charge_uc") at = i }
	NR > 1 && $at != "" { if (n++ > 0 && $at > last) bad++; last = $at }
	END { print (!bad && last < -400000) }' "$out/sensors/ina228.csv") == 1"
number it_is_no_reset "$(grep -c 'count_lost was on' "$dir/err") == 0"
# shellcheck disable=SC2046
set -- $(charge)
number charge_is_below_zero "$1 < 0 && ($1 + $3) ^ 2 <= (2 * $2) ^ 2"

# SPDX-License-Identifier: GPL-3.0-or-later
# USB meters at ports that are not there (vhci_hcd): POWER-Z through the kernel's
# own driver, an FNB58 through usbhid and hidraw.
load vhci-hcd powerz usbhid hid-generic
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
profile='square 4 9 0.5'
# NAME KIND PORT PROFILE [RATE]: words for it go to $work/NAME
plug() {
	rig_name=$1
	rig_kind=$2
	rig_port=$3
	shift 3
	/rig/tools/usbip "$rig_kind" "$rig_port" "$work/$rig_name" \
		"$work/$rig_name.epoch" "$@" >"$out/$rig_name.log" 2>&1 &
	waits_for test -s "$work/$rig_name.epoch"
}
# USB_PORT: its folder of the driver
chip_at() {
	ls -d "/sys/bus/usb/devices/$1:1.0/hwmon/hwmon"* 2>/dev/null
}
has_chip() {
	[ -n "$(chip_at "$1")" ]
}
# NAME COMMAND...: with the meters of $sensors, played by $player
as=
measure() {
	rig_run=$work/$1
	shift
	cp "$work/$player.epoch" "$work/epoch"
	$as edgeprof run --board none --jitter --idle 0s --tail 0.2s -o "$rig_run" \
		$sensors -- "$@" >"$work/out" 2>"$work/err"
	rig_status=$?
	keep "$rig_run"
	return $rig_status
}
# SENSOR FOLDER: seconds between its new values as they were seen
refresh_of() {
	tr -d ' \n' <"$2/report.json" | tr '{' '\n' |
		sed -n "s/^\"sensor\":\"$1\",\"channel\":\"power\".*\"measured_refresh_s\":\([^,]*\),.*/\1/p" | head -n 1
}
# SENSOR FOLDER: of its lines; error ones with values, errors, gaps
flaws_of() {
	awk -F, 'NR > 1 {
			error = int($3 / 2) % 2
			errors += error
			gaps += int($3 / 4) % 2
			told += error && $4 != "" && $5 != ""
			zeros += $4 == "0" || $5 == "0"
		}
		END { print told + zeros, (errors > 50), (gaps >= 2) }' "$2/sensors/$1.csv"
}
# SENSOR FOLDER: how long a reading took, the middle one
span_of() {
	sed 1d "$2/sensors/$1.csv" | cut -d, -f2 | sort -n |
		awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }'
}
# SENSOR FOLDER: whether its last value is of the run's end
lasts() {
	[ "$(awk -F, '$4 != "" { t = $1 } END { print t }' "$2/sensors/$1.csv")" -gt \
		"$(($(event_of exit "$2") - 200000000))" ]
}

# NAME FOLDER: what was seen of a constant 6 W is 6 W, whatever was not seen
mean_is_6w() {
	within "$1" 6 0.06 "$(figure "$2" run.power_mean_w)"
}
still='constant 6'

plug one km003c 0 "$profile"
waits_for has_chip 1-1
chip=$(chip_at 1-1)
equal has_the_drivers_chip 'powerz VBUS IBUS' \
	"$(cat "$chip/name" "$chip/in0_label" "$chip/curr1_label" | tr '\n' ' ' | sed 's/ $//')"
edgeprof doctor >"$work/doctor" 2>&1
says doctor_sees_it 'a POWER-Z is plugged in' "$work/doctor"
edgeprof sensors --duration 0.2s >"$work/sensors" 2>&1
says sensors_name_it 'POWER-Z is left to --sensor powerz' "$work/sensors"
edgeprof sensors --board none --duration 0.2s --sensor powerz >"$work/sensors" 2>&1
says sensors_list_it '^\* power .* total' "$work/sensors"
player=one sensors='--sensor powerz'
measure km003c edgeprof-demo-infer -m "$work/model" -n 100
ran runs $?
energy_follows energy_is_the_scripts "$work/km003c" "$profile"
within grid_is_its_refresh 0.01 0.002 "$(refresh_of powerz "$work/km003c")"

# Pulled out and plugged in again, then without answers.
echo "$still" >"$work/one"
measure pulled sh -c "sleep 0.5; echo unplug >$work/one; sleep 0.6
	echo plug >$work/one; sleep 1.4
	echo mute >$work/one; sleep 0.6; echo talk >$work/one; sleep 1"
ran runs_through_the_pull $?
says says_the_gaps 'powerz: its samples have [2-9] gaps' "$work/err"
equal lost_ones_are_errors_not_zero '0 1 1' "$(flaws_of powerz "$work/pulled")"
check comes_back lasts powerz "$work/pulled"
energy_follows energy_with_gaps_is_the_scripts "$work/pulled" "$still"
mean_is_6w power_beside_the_gaps "$work/pulled"
echo "$profile" >"$work/one"

# A second one, the other way round, with 50 values a second.
plug two km002c 1 'constant -0.1' 50
waits_for has_chip 1-2
measure both true
says two_must_be_named 'there are 2 of them, at 1-1:1.0, 1-2:1.0; name one' "$work/err"
player=two sensors='--sensor km002c,reverse=yes,refresh=20ms --sensor km003c:1-1:*'
chmod 1777 "$work"
as=as_user
measure km002c sleep 4
as=
ran runs_with_two $?
energy_follows digits_cut_off_are_no_bias "$work/km002c" 'constant 0.1'
# The middle one of 200 distances between readings at times left to chance.
within sees_50_a_second 0.02 0.004 "$(refresh_of km002c "$work/km002c")"
within a_reading_lasts_two_transfers 1400000 200000 "$(span_of km002c "$work/km002c")"
sensors='--sensor km002c'
measure negative sleep 0.5
says negative_current_is_told 'its current is negative' "$work/err"
check negative_it_stays awk -F, 'NR > 1 && $5 >= 0 { bad = 1 } END { exit bad }' \
	"$work/negative/sensors/km002c.csv"

# HID.
plug hid fnb58 2 "$profile"
waits_for test -c /dev/hidraw0
as_user edgeprof doctor >"$work/doctor" 2>&1
says user_may_not 'hidraw0 is a FNB58: permission denied' "$work/doctor"
player=hid sensors='--sensor fnb58'
measure fnb58 edgeprof-demo-infer -m "$work/model" -n 100
ran fnb58_runs $?
energy_follows fnb58_energy_is_the_scripts "$work/fnb58" "$profile"
says fnb58_rate '\(99.9\|100\|100.[01]\) samples a second; all four' "$work/err"
echo "$still" >"$work/hid"
measure fnb58_pulled sh -c "sleep 0.5; echo unplug >$work/hid; sleep 0.5
	echo plug >$work/hid; sleep 2"
ran fnb58_runs_through_the_pull $?
says fnb58_says_the_gap 'fnb58: its samples have [1-9] gap' "$work/err"
check fnb58_comes_back lasts fnb58 "$work/fnb58_pulled"
energy_follows fnb58_energy_with_a_gap "$work/fnb58_pulled" "$still"
mean_is_6w fnb58_power_beside_the_gap "$work/fnb58_pulled"

# Without the kernel's driver, through libusb.
rmmod powerz
has_no_chip() {
	! has_chip "$1"
}
waits_for has_no_chip 1-1
as_user edgeprof doctor >"$work/doctor" 2>&1
says user_may_not_over_usb 'is a POWER-Z: permission denied' "$work/doctor"
player=one sensors='--sensor km003c:1-1:*'
measure usb edgeprof-demo-infer -m "$work/model" -n 100
ran usb_runs $?
says usb_is_told 'asked over USB, without the kernel' "$work/usb/run.json"
energy_follows usb_energy_is_the_scripts "$work/usb" "$profile"
within usb_reading_lasts_one_transfer 700000 400000 "$(span_of km003c "$work/usb")"
echo "$still" >"$work/one"
measure usb_pulled sh -c "sleep 0.5; echo unplug >$work/one; sleep 0.6
	echo plug >$work/one; sleep 1.4
	echo mute >$work/one; sleep 0.6; echo talk >$work/one; sleep 1"
ran usb_runs_through_the_pull $?
says usb_says_the_gaps 'km003c: its samples have [2-9] gaps' "$work/err"
equal usb_lost_ones_are_errors_not_zero '0 1 1' "$(flaws_of km003c "$work/usb_pulled")"
check usb_comes_back lasts km003c "$work/usb_pulled"
energy_follows usb_energy_with_gaps "$work/usb_pulled" "$still"
mean_is_6w usb_power_beside_the_gaps "$work/usb_pulled"

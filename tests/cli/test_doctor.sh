#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof doctor on boards that lack one thing or another.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

user_tools
cp -R "$here/../../boards" "$dir/boards"
chmod -R a+rX "$dir/boards"
export EDGEPROF_BOARDS="$dir/boards" XDG_CONFIG_HOME="$dir/none" HOME="$dir"
cd "$dir" || exit 1

# tree NAME [LINE...]: a fixture with more lines, below EDGEPROF_ROOT
tree() {
	name=$1
	shift
	{
		[ ! -f "$here/../fixtures/$name.tree" ] ||
			cat "$here/../fixtures/$name.tree"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$dir/t.tree"
	chmod -R u+rwX "$dir/tree" 2>/dev/null
	rm -rf "$dir/tree"
	"$sim/make_tree" "$dir/t.tree" "$dir/tree" || exit 1
	export EDGEPROF_ROOT="$dir/tree"
}

# doctor OPTION...: status, $dir/out (in one line each) and $dir/err tell
doctor() {
	"$edgeprof" doctor "$@" >"$dir/raw" 2>"$dir/err"
	status=$?
	joined
}

# What was wrapped in one line again; commands, and what begins with a word at
# the left, are lines of their own.
joined() {
	awk '
	{ command = /^         fix: / || /^              [^ ]/ }
	/^[^ ]/ || command || was_command {
		if (line != "") print line
		sub(/^ +/, "")
		line = $0
		was_command = command
		next
	}
	{ sub(/^ +/, ""); line = line " " $0 }
	END { print line }' "$dir/raw" | tr -s ' ' >"$dir/out"
}

says() { # NAME TEXT
	if grep -q -e "$2" "$dir/out"; then
		ok "$1"
	else
		not_ok "$1" "it does not say \"$2\" but: $(tr '\n' '|' <"$dir/out" | cut -c 1-600)"
	fi
}

says_not() { # NAME TEXT
	check "$1" fails grep -q -e "$2" "$dir/out"
}

# Every fixture is examined to the end; nothing is wider than a terminal but
# commands, which are there to be copied.
for file in "$here"/../fixtures/*.tree; do
	machine=$(basename "$file" .tree)
	tree "$machine"
	doctor
	case $status in
	0 | 1) ok "examines_$machine" ;;
	*) not_ok "examines_$machine" "status $status: $(cat "$dir/err")" ;;
	esac
	check "ends_$machine" grep -q '^[0-9]* ok, .* needed for the total$' \
		"$dir/raw"
	check "fits_$machine" awk '
		/^         fix: / || /^              [^ ]/ { next }
		length($0) > 80 { print; exit 1 }' "$dir/raw"
	number "exit_status_of_$machine" "$status == $(grep -q '^NEEDED' \
		"$dir/out" && echo 1 || echo 0)"
done

# A whole board: nothing its total needs is missing.
tree jetson-orin-nano-jp6
doctor
status_is jetson_is_whole 0
says jetson_total '^ok total ina3221.vdd_in$'
says jetson_pmu 'armv8_cortex_a78\|^ok PMUs'
says jetson_governor '^note governor .*costs: '
says governor_command '^sudo edgeprof run --governor performance'

# Its total is missing.
tree rpi5
doctor
status_is pmic_missing 1
says pmic_reason '^NEEDED pmic there is neither /dev/vcio_gencmd'
says pmic_cost 'costs: the board.s total (PMIC sum)'
says no_total '^NEEDED total none: pmic does not open'
says inline_example '^edgeprof run --sensor um34c:/dev/rfcomm0'
says board_found '^ok board rpi5: Raspberry Pi 5 family (compatible'

# Asked for, and not this machine; no board at all; an unknown machine.
doctor --board x86
status_is another_board 1
says looks_like 'does not look like it, it looks like rpi5'
doctor --board none
status_is none 0
says none_has_none '^note sensors the board has none'
tree nowhere '/proc/sys/kernel/arch = riscv64'
doctor
status_is unknown_board 0
says unknown_board_text '^missing board no board file knows this machine'
says unknown_board_command '^edgeprof boards list$'

# A part of the total is missing.
tree x86-nvidia
doctor
status_is gpu_missing 1
says gpu_needed '^NEEDED nvml_gpu '
says gpu_fix '^fix: nvidia-smi$'
says pstate_follows_the_load '^note governor powersave (intel_pstate)'
says not_whole '^NEEDED total rapl.package_0, not whole: nvml_gpu'

# A voltage below its limit, a slow clock, Bluetooth meters, a TC66.
cat >boards/low.board <<'B'
name = "low"
title = "low"
source = "test, 2026-01-15"
status = "untested"
coverage = "No total."
match { machine = "low" }
sensor "chip" { driver = "hwmon" }
rail "ext5v" { channel = "chip.*ext5v*" role = "none" min = "4.75" }
rail "heat" { channel = "chip.*core*" role = "none" max = "1.5" }
B
tree none '/proc/sys/kernel/arch = low' \
	'/sys/class/hwmon/hwmon0/name = x' \
	'/sys/class/hwmon/hwmon0/in1_input = 4710' \
	'/sys/class/hwmon/hwmon0/in1_label = ext5v' \
	'/sys/class/hwmon/hwmon0/in2_input = 1501' \
	'/sys/class/hwmon/hwmon0/in2_label = core' \
	'/sys/devices/system/clocksource/clocksource0/current_clocksource = hpet' \
	'/sys/class/bluetooth/hci0/address = 0' '/usr/bin/bluetoothctl = x' \
	'/sys/class/tty/rfcomm0/address = 00:15:A6:01:AA:22' '/dev/rfcomm0 = x' \
	'/var/lib/bluetooth/00:11:22:33:44:55/00:15:A6:01:AA:21/info = [General]\nName=UM25C' \
	'/var/lib/bluetooth/00:11:22:33:44:55/00:15:A6:01:AA:22/info = Name=UM34C' \
	'/var/lib/bluetooth/00:11:22:33:44:55/00:15:A6:01:AA:23/info = Name=\x1b[31mHead' \
	'/var/lib/bluetooth/00:11:22:33:44:55/settings = x' \
	'/dev/ttyACM0 = x' '/sys/devices/u/idVendor = 0483' \
	'/sys/devices/u/idProduct = 5740' '/sys/devices/u/i/x = 1' \
	'/sys/class/tty/ttyACM0/device -> /sys/devices/u/i' \
	'/dev/ttyACM1 = x' '/sys/devices/p/idVendor = 1915' \
	'/sys/devices/p/idProduct = c00a' '/sys/devices/p/i/x = 1' \
	'/sys/class/tty/ttyACM1/device -> /sys/devices/p/i' \
	'/dev/hidraw1 = x' '/sys/class/hwmon/hwmon9/name = powerz' \
	'/sys/class/hidraw/hidraw0/device/uevent = HID_ID=0003:0000046D:0000C31C' \
	'/sys/class/hidraw/hidraw1/device/uevent = HID_ID=0003:00002E3C:00005558' \
	'/sys/class/hidraw/hidraw2/device/uevent = HID_ID=0003:00000483:0000003A'
doctor
status_is troubled 0
says low_volts '^missing chip [a-z_0-9]*ext5v[a-z_0-9]* is 4.71 V, below 4.75 V'
says inline_meters 'USB meter in the supply line drops'
says high_volts '^missing chip [a-z_0-9]*core[a-z_0-9]* is 1.501 V, above 1.5 V'
says slow_clock '^note clock .*hpet'
says rfcomm_missing '^note Bluetooth rfcomm is not installed'
says bluez '^fix: sudo apt install bluez$'
says unbound '^missing Bluetooth UM25C 00:15:A6:01:AA:21 is paired but has no'
says bind '^fix: sudo rfcomm bind 1 00:15:A6:01:AA:21$'
says bind_then '^edgeprof run --sensor um25c:/dev/rfcomm1 -- '
says bound '^ok Bluetooth UM34C 00:15:A6:01:AA:22 is at /dev/rfcomm0:'
says_not other_devices Head
says tc66 '^ok serial /dev/ttyACM0 may be a TC66'
says ppk2 '^ok serial /dev/ttyACM1 is a Nordic PPK2:'
says fnb58 '^ok meter /dev/hidraw1 is a FNB58:'
says fnb48_denied '^missing meter /dev/hidraw2 is a FNB48: permission denied'
says fnb48_rule 'ATTRS{idVendor}=="0483", GROUP="plugdev"'
says_not other_hid_devices hidraw0
says powerz '^ok meter a POWER-Z is plugged in:'
check no_escapes fails grep -q "$(printf '\033')" "$dir/raw"
tree none '/proc/sys/kernel/arch = low' '/sys/class/bluetooth/hci0/address = 0' \
	'/sys/bus/usb/devices/1-2/idVendor = 5fc9' \
	'/sys/bus/usb/devices/1-2/idProduct = 0063' \
	'/sys/bus/usb/devices/1-2/busnum = 1' '/sys/bus/usb/devices/1-2/devnum = 9' \
	'/usr/bin/bluetoothctl = x' '/usr/bin/rfcomm = x'
doctor
says powerz_denied '^missing meter /dev/bus/usb/001/009 is a POWER-Z: permission denied'
says powerz_rule 'SUBSYSTEM=="usb", ATTR{idVendor}=="5fc9", GROUP="plugdev"'
says not_paired 'no UM24C, UM25C or UM34C is paired; to use one'
says how_to_pair 'pair 00:15:A6:01:AA:21 (PIN 1234)'

# What a killed run left changed.
tree none '/proc/sys/kernel/arch = low' \
	'/proc/sys/kernel/random/boot_id = first' \
	'/sys/devices/system/cpu/cpufreq/policy0/scaling_governor = ondemand' \
	'/sys/devices/system/cpu/cpufreq/policy0/scaling_available_governors = ondemand powersave' \
	'/sys/devices/system/cpu/cpufreq/policy0/scaling_driver = x' \
	'/sys/devices/system/cpu/cpufreq/policy0/affected_cpus = 0'
rm -f "$dir/started"
# shellcheck disable=SC2086
"$edgeprof" run $fast -q -o "$dir/killed" --governor powersave -- \
	sh -c 'echo $$ >"$0"; exec sleep 60' "$dir/started" 2>"$dir/err" &
pid=$!
n=0
until [ -s "$dir/started" ] || [ $n -gt 400 ]; do
	n=$((n + 1))
	sleep 0.05
done
for child in /proc/[0-9]*; do
	case $(cat "$child/stat" 2>/dev/null) in
	*" (edgeprof-guard) "?" $pid "*) kill -9 "${child#/proc/}" "$pid" ;;
	esac
done
wait "$pid" 2>/dev/null
kill -9 "$(cat "$dir/started")" 2>/dev/null
doctor
says stale_journal '^missing settings a run that was killed left settings of this board changed: [1-9]'
says restore_command '^fix: .*edgeprof restore$'
"$edgeprof" restore >/dev/null
doctor
says restored '^ok settings nothing is left changed'

# An ordinary user, and devices that are not for him.
tree rpi4 '/dev/ttyUSB0 mode 0600 = x' '/dev/ttyUSB1 mode 0600 = x' \
	'/dev/i2c-1 mode 0600 = x' \
	'/sys/class/powercap/intel-rapl:0/name = package-0' \
	'/sys/class/powercap/intel-rapl:0/max_energy_range_uj = 262143328850' \
	'/sys/class/powercap/intel-rapl:0/energy_uj mode 0400 = 1'
chmod 0755 "$dir/tree"
if [ "$(id -u)" -eq 0 ]; then
	as_user "$edgeprof" doctor --board x86 >"$dir/raw" 2>"$dir/err"
	status=$?
	joined
	status_is ordinary_user 1
	says rapl_refused '^NEEDED rapl .*permission denied'
	says rapl_fix '^fix: sudo edgeprof setup$'
	says devices_refused '^missing devices permission denied: /dev/ttyUSB0 /dev/ttyUSB1 '
	says dialout '^fix: sudo usermod -aG dialout "$USER"$'
	says i2c '^note devices permission denied: /dev/i2c-1 .*'
	check setup_is_named test "$(grep -c '^fix: sudo edgeprof setup$' "$dir/out")" -ge 2
	says no_realtime '^note scheduling .*rtprio\|^ok scheduling\|RTPRIO'
	says no_probes '^missing probes '
	says_not root_is_not_meant 'what an ordinary user may do'
else
	skip ordinary_user "needs root to act as another user"
fi

# The firmware of a Pi 5: alarms now, and what reading the chip costs.
tree rpi5
unset EDGEPROF_ROOT
"$sim/vcio" --nodes both -- true 2>"$dir/err"
if [ $? -eq 77 ]; then
	skip doctor_pmic "umockdev is not installed"
else
	"$sim/vcio" --tree "$dir/tree" --cost-full 3000 --fault \
		throttled:0:100 -- "$edgeprof" doctor >"$dir/raw" 2>"$dir/err"
	status=$?
	joined
	status_is pi_is_whole 0
	says pi_total '^ok total PMIC sum$'
	says pi_alarm '^missing firmware the board reports now: under_voltage costs'
	says pi_history '^note firmware the board has reported: throttled_since'
	"$sim/vcio" --tree "$dir/tree" --cost-full 3000 -- \
		"$edgeprof" doctor --pmic --time 1s >"$dir/out" 2>"$dir/err"
	status=$?
	status_is pmic_cost_is_measured 0 'ratio [01]\.[0-9]* while read to without' \
		"$dir/out"
	says pmic_transitions '^  clock changes'
	says pmic_poll '^  a reading  *takes [0-9.]* ms; one every'
fi
doctor --pmic --time 1s
status_is pmic_elsewhere 2 'there is neither /dev/vcio_gencmd nor'

# Wrong usage.
doctor --bord x86
status_is option 2 "did you mean '--board'"
doctor --board
status_is no_value 2 'needs a value'
doctor --board rpi55
status_is no_board 2 "did you mean 'rpi5'"
doctor now
status_is argument 2 'no arguments'
doctor --time 1s
status_is time_alone 2 'belongs to --pmic'
for bad in 1 0s 1h x -1s; do
	doctor --pmic "--time=$bad"
	status_is "time_$bad" 2 'such as 8s'
done
"$edgeprof" doctor --help >"$dir/out" 2>"$dir/err"
status=$?
status_is help 0 '^Example: ' "$dir/out"
check help_fits awk 'length($0) > 80 { exit 1 } END { exit NR > 24 }' "$dir/out"
exit $failed

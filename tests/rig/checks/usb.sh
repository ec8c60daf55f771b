# SPDX-License-Identifier: GPL-3.0-or-later
# A meter at a USB serial adapter of the kernel's own driver, pulled out and
# plugged in again while it is read.  The meter is the host's: no time is checked.
load xhci-pci ftdi_sio
waits_for test -e /dev/ttyUSB0
check has_an_adapter test -c /dev/ttyUSB0
usb=$(ls -d /sys/bus/usb/devices/*/product 2>/dev/null | while read -r product; do
	[ -e "$(dirname "$product")/authorized" ] && grep -qi serial "$product" && dirname "$product"
done | head -n 1)
edgeprof run --board none --sensor um34c:/dev/ttyUSB0 --idle 0s --tail 0s \
	-o "$work/usb" -- sleep 6 >"$work/out" 2>"$work/err"
ran runs_with_the_meter $?
within power_is_the_meters 5 0.1 "$(figure "$work/usb" run.power_mean_w)"
keep "$work/usb"

edgeprof run --board none --sensor um34c:/dev/ttyUSB0 --idle 0s --tail 0s \
	-o "$work/pulled" -- sh -c "sleep 4; echo 0 >$usb/authorized
	sleep 2; echo 1 >$usb/authorized; sleep 8" >"$work/out" 2>"$work/err"
ran runs_through_the_pull $?
keep "$work/pulled"
says says_the_gap 'um34c: its samples have [1-9] gap' "$work/err"
# Three readings after a gap.
check comes_back awk -F, 'NR > 1 && int($3 / 4) % 2 { gap = 1; good = 0 }
	gap && int($3 / 2) % 2 == 0 && $4 != "" { good++ }
	END { exit good < 3 }' "$work/pulled/sensors/um34c.csv"

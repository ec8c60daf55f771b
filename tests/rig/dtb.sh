#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dtb.sh BOARD OUT.dtb: the device tree of QEMU's "virt" machine, dressed as
# boards/BOARD.dtsi says.  A line "// clocks LOW HIGH" there adds clocks.dtsi.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
qemu-system-aarch64 -machine "virt,dumpdtb=$work/virt.dtb" -cpu cortex-a76 \
	-m 1024 -smp 1 -nographic >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
dtc -q -I dtb -O dts "$work/virt.dtb" >"$work/virt.dts"
board=$here/boards/$1.dtsi
cat "$work/virt.dts" "$board" >"$work/board.dts"
clocks=$(sed -n 's|^// clocks \([0-9]* [0-9]*\)$|\1|p' "$board")
[ -z "$clocks" ] || sed -e "s/LOW_HZ/${clocks% *}/g" -e "s/HIGH_HZ/${clocks#* }/g" \
	"$here/boards/clocks.dtsi" >>"$work/board.dts"
dtc -q -I dts -O dtb -o "$2" "$work/board.dts"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# modules.sh CACHE ARCH: what Debian's kernel leaves out, built beside it from
# its own source, and fakerapl, into CACHE/ABI/modules/ARCH.
set -eu
cache=$(cd "$1" && pwd)
arch=$2
here=$(cd "$(dirname "$0")" && pwd)
abi=$(cat "$cache/abi")
top=$cache/$abi
to=$top/modules/$arch
stamp=$(cat "$here/modules.sh" "$here/drivers/fakerapl.c" | sha256sum | cut -c 1-16)
[ "$(cat "$to/stamp" 2>/dev/null)" = "$stamp" ] && exit 0

work=$top/build/$arch
rm -rf "$work" "$to"
mkdir -p "$work" "$to"
find "$top/source" -type f -exec cp {} "$work/" \;
cp "$here/drivers/fakerapl.c" "$work/"
# Not meant to be a module: a licence, and a function that modules may call.
sed -i -e '1,/#include <linux/s|#include <linux|#include <linux/module.h>\n&|' \
	-e 's|handle_simple_irq(irq_to_desc(irqnum));|generic_handle_irq(irqnum);|' \
	"$work/irq_sim.c"
echo 'MODULE_LICENSE("GPL");' >>"$work/irq_sim.c"
# Chips on it may be described in the device tree, below /i2c-stub.
sed -i -e '1,/#include <linux/s|#include <linux|#include <linux/of.h>\n&|' \
	-e 's|^\tret = i2c_add_adapter|\tstub_adapter.dev.of_node = of_find_node_by_path("/i2c-stub");\n&|' \
	"$work/i2c-stub.c"
# Newer than the headers, which lack a name for an alignment, and a const.
powerz=
if [ -f "$work/powerz.c" ]; then
	powerz=powerz.o
	sed -i -e '/__dma_from_device_group_/d' \
		-e 's|^\(static const struct hwmon_channel_info \*\)const |\1|' \
		"$work/powerz.c"
fi
{
	echo "obj-m := irq_sim.o gpio-sim.o ina2xx.o ina3221.o test_power.o fakerapl.o"
	if [ "$arch" = arm64 ]; then
		echo "obj-m += i2c-stub.o powercap_sys.o $powerz"
		echo "ccflags-y := -DCONFIG_POWERCAP=1"
	fi
} >"$work/Kbuild"
cross=
[ "$arch" = amd64 ] || cross="ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-"
# What is meant for our own make (SHELL=1, CC=) is not for the kernel's.
if ! MAKEFLAGS="" make -j2 -C "$top/headers/usr/src/linux-headers-$abi-$arch" $cross \
	"M=$work" modules >"$work/log" 2>&1; then
	tail -n 20 "$work/log" >&2
	echo "rig: the kernel's drivers do not build for $arch" >&2
	exit 1
fi
strip=strip
[ "$arch" = amd64 ] || strip=aarch64-linux-gnu-strip
for ko in "$work"/*.ko; do
	"$strip" --strip-debug -o "$to/$(basename "$ko")" "$ko"
done
echo "$stamp" >"$to/stamp"

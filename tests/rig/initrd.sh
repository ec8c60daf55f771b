#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# initrd.sh CACHE ARCH OUT: OUT/initrd, the whole system of a guest: Debian's
# libraries, busybox, edgeprof as "make install" put it into OUT/image, drivers.
set -eu
cache=$(cd "$1" && pwd)
arch=$2
out=$(cd "$3" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
abi=$(cat "$cache/abi")
top=$cache/$abi
libs=$cache/libs/$arch
root=$out/root
stock=$top/kernel/$arch
# In this order at the start; the rest is there for the checks to load.
first="virtio_pci virtio_console 9pnet_virtio 9p"
later="fuse cuse i2c-dev configfs cpufreq-dt lm75 xhci-pci ftdi_sio i2c-stub
	vhci-hcd usbhid hid-generic
	cpufreq_userspace cpufreq_powersave cpufreq_ondemand cpufreq_conservative"

rm -rf "$root"
mkdir -p "$root/modules" "$root/sbin" "$root/etc"
(cd "$libs" && find . \( -path ./usr/include -o -path ./usr/share -o \
	-path ./usr/lib/python3 -o -name gconv -o -name perl -o -name hwdb.d -o \
	-name '*.a' -o -name '*.pc' -o -name '*.o' -o -path ./sbin \) -prune -o -print0 | cpio -0 -pdlm --quiet "$root")
cp -r "$out/image/." "$root/"
rm -rf "$root/usr/share/man" "$root/usr/share/doc"
for name in $("$root/bin/busybox" --list 2>/dev/null || busybox --list); do
	[ -e "$root/bin/$name" ] || [ -e "$root/sbin/$name" ] ||
		[ -e "$root/usr/bin/$name" ] || [ -e "$root/usr/sbin/$name" ] ||
		ln -s /bin/busybox "$root/bin/$name"
done

add() { # a stock module and what it needs; its names, in order
	modprobe -d "$stock" -S "$abi-$arch" --show-depends "$1" 2>/dev/null |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | while read -r ko; do
		cp "$ko" "$root/modules/"
		basename "$ko" .ko
	done
}
depmod -b "$stock" "$abi-$arch"
for module in $first; do add "$module"; done |
	awk '!seen[$0]++' >"$root/modules/first"
for module in $later; do
	add "$module" | awk '!seen[$0]++' >"$root/needs"
	# Built in, or of our own, it needs none.
	[ ! -s "$root/needs" ] || mv "$root/needs" "$root/modules/$module.needs"
done
rm -f "$root/needs"
cp "$top/modules/$arch"/*.ko "$root/modules/"

printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\ndialout:x:20:\nvideo:x:44:\nuser:x:1000:\n' >"$root/etc/group"
mkdir -p "$root/home/user" "$root/var/lib" "$root/tmp"
printf 'root:*:19000::::::\nuser:*:19000::::::\n' >"$root/etc/shadow"
printf 'root:*::\ndialout:*::\nvideo:*::\nuser:!::\n' >"$root/etc/gshadow"
printf '/usr/lib\n/usr/lib/aarch64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n' >"$root/etc/ld.so.conf"
cc=gcc
[ "$arch" = amd64 ] || cc=aarch64-linux-gnu-gcc
$cc "--sysroot=$libs" -std=gnu11 -O1 -static -o "$root/sbin/rig-exit" "$here/guest/exit.c"
cp "$here/guest/init" "$root/init"
chmod 0755 "$root/init"
(cd "$root" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) >"$out/initrd"

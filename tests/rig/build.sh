#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# build.sh CACHE arm64|amd64 OUT [MAKE_GOAL...]: edgeprof for a guest, built
# against Debian's libraries of its architecture, installed below OUT/image.
set -eu
libs=$(cd "$1" && pwd)/libs/$2
arch=$2
out=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
cc=gcc
ar=ar
triple=x86_64-linux-gnu
if [ "$arch" = arm64 ]; then
	triple=aarch64-linux-gnu
	cc=$triple-gcc
	ar=$triple-ar
fi
export PKG_CONFIG_LIBDIR="$libs/usr/lib/$triple/pkgconfig:$libs/usr/lib/pkgconfig:$libs/usr/share/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$libs"
goals=$#
set -- "CC=$cc --sysroot=$libs" "AR=$ar" "$@"
rm -rf "$out/image"
make --no-print-directory -s -j2 VARIANT=release "B=$out" PREFIX=/usr \
	"DESTDIR=$out/image" "$@" all install
[ "$goals" -eq 0 ] || exit 0
# What plays devices, and knows what it played.
tools="profile_energy fake_llama"
make --no-print-directory -s VARIANT=release "B=$out" "$@" \
	$(for tool in $tools; do echo "$out/tests/sim/$tool"; done)
mkdir -p "$out/tools"
for tool in $tools; do
	cp "$out/tests/sim/$tool" "$out/tools/"
done
cp tests/sim/board/nvpmodel "$out/tools/"
cc="$cc --sysroot=$libs -I$libs/usr/include/fuse3 -D_GNU_SOURCE -std=gnu11
	-Wall -Wextra -O1 -I."
for tool in loop pulses; do
	$cc -static -o "$out/tools/$tool" "tests/rig/guest/$tool.c"
done
if [ "$arch" = arm64 ]; then
	for tool in vcio ina3221; do
		$cc -o "$out/tools/$tool" "tests/rig/guest/$tool.c" \
			tests/sim/support/firmware.c \
			tests/sim/support/profile.c -lfuse3 -lm -lpthread
	done
	$cc -o "$out/tools/usbip" tests/rig/guest/usbip.c \
		tests/rig/guest/usb_powerz.c tests/rig/guest/usb_fnirsi.c \
		tests/sim/support/fnirsi_meter.c tests/sim/support/profile.c -lm
	$cc -o "$out/tools/ina" tests/rig/guest/ina.c \
		tests/sim/support/ina_sim.c tests/sim/support/profile.c -lm
fi

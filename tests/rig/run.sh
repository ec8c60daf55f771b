#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD [arm64|amd64|shell]: edgeprof in virtual machines with real
# kernel interfaces.  BUILD is a release build of this machine, whose simulated
# meter is plugged into a guest.  An architecture picks guests; shell drops into
# one of ARCH.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
build=$(cd "$1" && pwd)
only=${2:-}
# depmod and modprobe
PATH=$PATH:/usr/sbin:/sbin
cache=${RIG_CACHE:-$PWD/build/rig/cache}
passed=0
failed=0
skipped=0

skip() { # reason
	echo "skip rig: $1"
	skipped=1
	tab=$(printf '\t')
	[ "${CI:-}" = true ] && ! grep -q "^rig${tab}" tests/allowed-skips && failed=1
	finish
}
finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$((passed + skipped))" -gt 0 ]
	exit
}
not_ok() {
	echo "not ok $1: $2"
	failed=$((failed + 1))
}

case $only,${ARCH:-} in
, | ,arm64 | ,amd64 | arm64,* | amd64,* | shell, | shell,arm64 | shell,amd64) ;;
*)
	echo "rig: ARCH is arm64 or amd64, not '${ARCH:-$only}'" >&2
	exit 2
	;;
esac
[ "$(uname -m)" = x86_64 ] ||
	skip "the kernel's drivers are built with Debian's tools for x86-64"
for tool in qemu-system-aarch64 qemu-system-x86_64 qemu-aarch64-static \
	aarch64-linux-gnu-gcc dtc cpio xz modprobe busybox python3 apt-get; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
begin=$(date +%s)
mkdir -p "$cache"
sh "$here/fetch.sh" "$cache" || skip "packages cannot be had"
echo "packages: $(($(date +%s) - begin)) s, kernel $(cat "$cache/version")"

# A guest as its architecture's libraries, drivers and edgeprof make it.
prepare() { # arch
	start=$(date +%s)
	mkdir -p "build/rig/$1"
	sh "$here/modules.sh" "$cache" "$1" &&
		sh "$here/build.sh" "$cache" "$1" "$PWD/build/rig/$1" &&
		sh "$here/initrd.sh" "$cache" "$1" "$PWD/build/rig/$1" || {
		not_ok "$1 prepare" "it cannot be built"
		return 1
	}
	echo "    ($1 built: $(($(date +%s) - start)) s)"
}

if [ "$only" = shell ]; then
	prepare "${ARCH:-arm64}" && exec sh "$here/boot.sh" "$cache" \
		"${ARCH:-arm64}" "build/rig/${ARCH:-arm64}" shell
	exit 1
fi
# ARCH NAME [BOARD] of a guest a line, the longest first.
arm64_guests() {
	echo "arm64 i2c"
	echo "arm64 unit"
	echo "arm64 usb"
	if [ -f "$cache/$(cat "$cache/abi")/modules/arm64/powerz.ko" ]; then
		echo "arm64 powerz"
	else
		echo "skip arm64 powerz: the archive has no source of Linux 6.7 or later" >&2
		skipped=$((skipped + 1))
		[ "${CI:-}" != true ] || failed=$((failed + 1))
	fi
	echo "arm64 counters"
	echo "arm64 gpio"
	echo "arm64 jetson jetson-orin-nano"
	echo "arm64 agx jetson-agx-orin"
	echo "arm64 pi5 rpi5"
	echo "arm64 user"
}
mkdir -p build/rig
rm -f build/rig/*.result
: >build/rig/guests
case ${only:-amd64} in
amd64) prepare amd64 && echo "amd64 plain" >>build/rig/guests ;;
esac
case ${only:-arm64} in
arm64) prepare arm64 && arm64_guests >>build/rig/guests ;;
esac
# Each takes one core, and none minds the other: their time is counted in
# instructions, and where it is not no time is checked.
xargs -P 2 -L 1 sh "$here/verdict.sh" "$cache" "$build" <build/rig/guests
while read -r arch name _; do
	result=build/rig/$arch-$name.result
	[ -s "$result" ] || {
		not_ok "$arch $name" "it ended without a result"
		continue
	}
	passed=$((passed + $(grep -ac '^ok ' "$result")))
	failed=$((failed + $(grep -ac '^not ok ' "$result")))
done <build/rig/guests
echo "in all $(($(date +%s) - begin)) s"
finish

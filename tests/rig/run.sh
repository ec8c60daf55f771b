#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD [arm64|amd64|shell]: edgeprof in virtual machines with real
# kernel interfaces.  BUILD is a release build of this machine, whose simulated
# meter is plugged into a guest.  ARCH= picks guests; shell drops into one.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
build=$(cd "$1" && pwd)
only=${2:-}
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
	[ "$failed" -eq 0 ]
	exit
}
not_ok() {
	echo "not ok $1: $2"
	failed=$((failed + 1))
}

[ "$(uname -m)" = x86_64 ] ||
	skip "the kernel's drivers are built with Debian's tools for x86-64"
for tool in qemu-system-aarch64 qemu-system-x86_64 aarch64-linux-gnu-gcc dtc cpio apt-get; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
begin=$(date +%s)
mkdir -p "$cache"
sh "$here/fetch.sh" "$cache" || skip "packages cannot be had"
echo "packages: $(($(date +%s) - begin)) s, kernel $(cat "$cache/version")"

# One guest after the other, its checks as lines of ours.
guest() { # arch, checks
	out=build/rig/$1
	share=$out/${2%.sh}.d
	start=$(date +%s)
	sh "$here/boot.sh" "$cache" "$1" "$out" "$2"
	status=$?
	checks=$share/out/checks
	[ -f "$checks" ] || checks=/dev/null
	sed -n -e "s/^ok /ok $1 ${2%.sh}: /p" -e "s/^not ok /not ok $1 ${2%.sh}: /p" "$checks"
	passed=$((passed + $(grep -c '^ok ' "$checks")))
	failed=$((failed + $(grep -c '^not ok ' "$checks")))
	case $status in
	0) ;;
	1) grep -q '^not ok ' "$checks" || not_ok "$1 ${2%.sh}" "its checks failed" ;;
	2) not_ok "$1 ${2%.sh}" "it hung; see $share/console" ;;
	*) not_ok "$1 ${2%.sh}" "it ended without a verdict; see $share/console" ;;
	esac
	[ "$status" -eq 0 ] || {
		tail -n 15 "$share/console" | sed 's/^/    /'
		echo "    again: sh tests/rig/boot.sh $cache $1 $out $2"
		echo "    console, run folders and QEMU's command are in $share"
	}
	echo "    ($1 ${2%.sh}: $(($(date +%s) - start)) s)"
}

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

board() { # name: the next guest is dressed as it
	RIG_DTB=$PWD/build/rig/arm64/$1.dtb
	export RIG_DTB
	sh "$here/dtb.sh" "$1" "$RIG_DTB"
}

powerz_guest() {
	if [ -f "$cache/$(cat "$cache/abi")/modules/arm64/powerz.ko" ]; then
		guest arm64 powerz.sh
		return
	fi
	echo "skip arm64 powerz: the archive has no source of Linux 6.7 or later"
	skipped=$((skipped + 1))
	[ "${CI:-}" != true ] || failed=$((failed + 1))
}

# The host's simulated meter at a USB serial adapter of the guest.
usb_guest() {
	meter=$PWD/build/rig/arm64/meter
	rm -f "$meter"
	"$build/tests/sim/um_meter" --profile 'constant 5' --link "$meter" \
		>/dev/null 2>&1 &
	player=$!
	tries=0
	until [ -e "$meter" ] || [ "$tries" -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	RIG_REAL_TIME=1 RIG_QEMU="-device qemu-xhci -chardev
		serial,id=meter,path=$(readlink -f "$meter") -device usb-serial,chardev=meter" \
		guest arm64 usb.sh
	kill $player
	wait $player 2>/dev/null
}

if [ "$only" = shell ]; then
	prepare "${ARCH:-arm64}" && exec sh "$here/boot.sh" "$cache" \
		"${ARCH:-arm64}" "build/rig/${ARCH:-arm64}" shell
	exit 1
fi
case ${only:-arm64} in
arm64)
	if prepare arm64; then
		board rpi5 && guest arm64 pi5.sh
		board jetson-orin-nano && guest arm64 jetson.sh
		board jetson-agx-orin && guest arm64 agx.sh
		unset RIG_DTB
		guest arm64 i2c.sh
		guest arm64 counters.sh
		guest arm64 gpio.sh
		powerz_guest
		guest arm64 user.sh
		usb_guest
		sh "$here/unit.sh" "$cache" "$PWD/build/rig/arm64" >build/rig/unit.log 2>&1
		status=$?
		grep -a '^ok \|^not ok \|^    ' build/rig/unit.log
		passed=$((passed + $(grep -ac '^ok ' build/rig/unit.log)))
		failed=$((failed + $(grep -ac '^not ok ' build/rig/unit.log)))
		[ "$status" -eq 0 ] || grep -aq '^not ok ' build/rig/unit.log ||
			not_ok "arm64 unit" "$(tail -n 1 build/rig/unit.log)"
	fi
	;;
esac
case ${only:-amd64} in
amd64) prepare amd64 && guest amd64 plain.sh ;;
esac
echo "in all $(($(date +%s) - begin)) s"
finish

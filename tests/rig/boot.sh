#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# boot.sh CACHE ARCH OUT CHECKS [SECONDS]: one guest, from power-on to its
# verdict: 0 all checks passed, 1 not all, 2 it hung, 3 it ended without one.
# OUT/CHECKS.d then holds console, checks and runs.  Time in the guest is
# counted in instructions: a busy host does not disturb it.
set -u
cache=$(cd "$1" && pwd)
arch=$2
out=$(cd "$3" && pwd)
checks=$4
limit=${5:-180}
here=$(cd "$(dirname "$0")" && pwd)
abi=$(cat "$cache/abi")
kernel=$cache/$abi/kernel/$arch/vmlinuz
share=$out/${checks%.sh}.d
rm -rf "$share"
mkdir -p "$share/out"
cp -r "$here/guest" "$here/checks" "$share/"
cp -r "$out/tools" "$share/"
append="rdinit=/init panic=-1 quiet loglevel=3 rig=$checks ${RIG_APPEND:-}"

set -- -nographic -no-reboot -m 1024 -smp 1 -kernel "$kernel" \
	-initrd "$out/initrd" \
	-fsdev "local,id=rig,path=$share,security_model=none" \
	-device virtio-9p-pci,fsdev=rig,mount_tag=rig ${RIG_QEMU:-}
# What talks to the host has the host's time.
[ -n "${RIG_REAL_TIME:-}" ] || set -- "$@" -icount shift=1,sleep=off
if [ "$arch" = arm64 ]; then
	set -- qemu-system-aarch64 -machine virt -accel tcg -cpu cortex-a76 \
		-semihosting-config enable=on,userspace=on,target=native \
		-append "console=ttyAMA0 $append" "$@"
	[ -z "${RIG_DTB:-}" ] || set -- "$@" -dtb "$RIG_DTB"
	won=10
	lost=11
else
	set -- qemu-system-x86_64 -machine q35 -accel tcg -cpu max \
		-device isa-debug-exit,iobase=0xf4,iosize=4 \
		-append "console=ttyS0 $append" "$@"
	won=21
	lost=23
fi
echo "$*" >"$share/command"
if [ "$checks" = shell ]; then
	exec "$@"
fi
timeout -k 5 "$limit" "$@" </dev/null >"$share/console" 2>&1
status=$?
case $status in
"$won")
	grep -qx end "$share/out/checks" && exit 0
	;;
"$lost") exit 1 ;;
124 | 137) exit 2 ;;
esac
exit 3

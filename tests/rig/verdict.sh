#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# verdict.sh CACHE BUILD ARCH NAME [BOARD]: boots one guest, dressed as BOARD,
# runs checks/NAME.sh in it and says what came of it, a line a check, all at
# once at its end, on the standard output and in build/rig/ARCH-NAME.result.
# BUILD is this machine's own, for what is played outside the guest.
set -u
cache=$1
build=$2
arch=$3
name=$4
board=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
out=build/rig/$arch
share=$out/$name.d
start=$(date +%s)

not_ok() {
	echo "not ok $arch $name: $1"
}

# A simulated meter at a USB serial adapter of the guest, in the host's time.
plug_meter() {
	meter=$PWD/$out/meter
	rm -f "$meter"
	"$build/tests/sim/um_meter" --profile 'constant 5' --link "$meter" \
		>/dev/null 2>&1 &
	player=$!
	tries=0
	until [ -e "$meter" ] || [ "$tries" -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	RIG_REAL_TIME=1
	RIG_QEMU="-device qemu-xhci -chardev
		serial,id=meter,path=$(readlink -f "$meter") -device usb-serial,chardev=meter"
	export RIG_REAL_TIME RIG_QEMU
}

guest() {
	player=
	if [ -n "$board" ]; then
		RIG_DTB=$PWD/$out/$board.dtb
		export RIG_DTB
		sh "$here/dtb.sh" "$board" "$RIG_DTB" || {
			not_ok "its device tree cannot be made"
			return
		}
	fi
	[ "$name" != usb ] || plug_meter
	sh "$here/boot.sh" "$cache" "$arch" "$out" "$name.sh"
	status=$?
	[ -z "$player" ] || {
		kill "$player"
		wait "$player"
	} 2>/dev/null
	checks=$share/out/checks
	[ -f "$checks" ] || checks=/dev/null
	sed -n -e "s/^ok /ok $arch $name: /p" \
		-e "s/^not ok /not ok $arch $name: /p" "$checks"
	case $status in
	0) return ;;
	1) grep -q '^not ok ' "$checks" || not_ok "its checks failed" ;;
	2) not_ok "it hung; see $share/console" ;;
	*) not_ok "it ended without a verdict; see $share/console" ;;
	esac
	tail -n 15 "$share/console" | sed 's/^/    /'
	echo "    console, run folders and QEMU's command are in $share"
}

unit() {
	sh "$here/unit.sh" "$cache" "$PWD/$out" >build/rig/unit.log 2>&1
	status=$?
	grep -a '^ok \|^not ok \|^    ' build/rig/unit.log
	[ "$status" -eq 0 ] || grep -aq '^not ok ' build/rig/unit.log ||
		not_ok "$(tail -n 1 build/rig/unit.log)"
}

result=build/rig/$arch-$name.result
{
	if [ "$name" = unit ]; then unit; else guest; fi
} >"$result" 2>&1
! grep -aq '^not ok ' "$result" || echo "    again: sh tests/rig/verdict.sh $cache" \
	"$build $arch $name $board" >>"$result"
echo "    ($arch $name: $(($(date +%s) - start)) s)" >>"$result"
cat "$result"

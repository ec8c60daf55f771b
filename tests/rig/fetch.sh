#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# fetch.sh CACHE: downloads what the guests are made of and unpacks it, without
# root and without a change to this machine:
#   CACHE/abi              the kernel's ABI, "6.1.0-56"
#   CACHE/ABI/kernel/ARCH  vmlinuz and lib/modules of Debian's own kernel
#   CACHE/ABI/headers      to build modules for both
#   CACHE/ABI/source       of linux-source, the files that modules.sh names
#   CACHE/libs/ARCH        libraries and tools of the guests, and headers
# A cache that holds all of it is used as it is, without a network.
set -eu
cache=$1
here=$(cd "$(dirname "$0")" && pwd)
apt=$cache/apt
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
cache=$(cd "$cache" && pwd)
apt=$cache/apt

# Lists, packages and architectures of its own.
own() {
	"$@" -o Dir::State="$apt/state" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$apt/cache" -o Debug::NoLocking=true \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 \
		-o APT::Architectures::=arm64 -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" \
		-o APT::Install-Recommends=false
}

give_up() {
	echo "rig: $1" >&2
	exit 3
}

runs="libc6 libjansson4 libconfuse2 libpfm4 libcurl4 libnettle8
	libsqlite3-0 r-mathlib libarchive13 libgpiod2 libusb-1.0-0 libudev1 busybox-static passwd i2c-tools libcap2-bin
	util-linux bsdutils"
dev="libjansson-dev libconfuse-dev libpfm4-dev libcurl4-openssl-dev nettle-dev
	libsqlite3-dev r-mathlib libarchive-dev libgpiod-dev libusb-1.0-0-dev libcmocka-dev libfuse3-dev"
sources="drivers/gpio/gpio-sim.c drivers/gpio/gpiolib.h kernel/irq/irq_sim.c
	drivers/hwmon/ina2xx.c drivers/hwmon/ina3221.c drivers/i2c/i2c-stub.c
	drivers/power/supply/test_power.c drivers/powercap/powercap_sys.c"
# Linux 6.7 and later; of the newest source that the archive has.
newer=drivers/hwmon/powerz.c

wants() { # arch: the packages whose files its libs folder holds
	for name in $runs $dev; do echo "$name:$1"; done
}

stamp=$(cat "$here/fetch.sh" | sha256sum | cut -c 1-16)
if [ -f "$cache/abi" ] && [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ] &&
	[ -n "${RIG_OFFLINE:-}" ]; then
	exit 0
fi
if ! own apt-get -q update >"$cache/apt.log" 2>&1; then
	[ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ] && exit 0
	give_up "no package lists: $(grep -m 1 '^E' "$cache/apt.log")"
fi
abi=$(own apt-cache depends linux-image-arm64:arm64 |
	sed -n 's/.*linux-image-\([0-9.-]*\)-arm64.*/\1/p' | head -n 1)
[ -n "$abi" ] || give_up "the archive has no linux-image-arm64"
version=$(own apt-cache show "linux-image-$abi-arm64:arm64" |
	sed -n 's/^Version: //p' | head -n 1)
[ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ] &&
	[ "$(cat "$cache/abi")" = "$abi" ] &&
	[ "$(cat "$cache/version")" = "$version" ] && exit 0
rm -f "$cache/stamp"

series=$(echo "$abi" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
debs=$cache/debs
mkdir -p "$debs"
unpack() { # what, into: the links /lib -> usr/lib stay
	for link in lib bin sbin; do
		[ -e "$2/$link" ] && continue
		mkdir -p "$2/usr/$link"
		ln -s "usr/$link" "$2/$link"
	done
	dpkg-deb --fsys-tarfile "$1" |
		tar -x --keep-directory-symlink --no-same-owner -C "$2"
}
download() { # names
	(cd "$debs" && rm -f ./*.deb &&
		own apt-get -q download "$@" >"$cache/apt.log" 2>&1) ||
		give_up "download: $(grep -m 1 '^E' "$cache/apt.log")"
}

top=$cache/$abi
rm -rf "$top" "$cache/libs"
for arch in arm64 amd64; do
	download "linux-image-$abi-$arch:$arch"
	mkdir -p "$top/kernel/$arch"
	dpkg-deb -x "$debs"/*.deb "$top/kernel/$arch"
	mv "$top/kernel/$arch/boot/vmlinuz-$abi-$arch" "$top/kernel/$arch/vmlinuz"
	rm -rf "$top/kernel/$arch/boot" "$top/kernel/$arch/usr/share"
done
download "linux-headers-$abi-arm64:arm64" "linux-headers-$abi-amd64:amd64" \
	"linux-headers-$abi-common" "linux-kbuild-$series:amd64"
for deb in "$debs"/*.deb; do
	dpkg-deb -x "$deb" "$top/headers"
done
# They are written for /.
for arch in arm64 amd64; do
	sed -i "s|/usr/src|$top/headers/usr/src|g" \
		"$top/headers/usr/src/linux-headers-$abi-$arch/Makefile"
done
take() { # series, files
	download "linux-source-$1"
	dpkg-deb --fsys-tarfile "$debs"/*.deb 2>/dev/null |
		tar -x -O "./usr/src/linux-source-$1.tar.xz" 2>/dev/null |
		tar -x -J -C "$top/source" --occurrence=1 --strip-components=1 \
			$(for f in $2; do echo "linux-source-$1/$f"; done)
}
mkdir -p "$top/source"
take "$series" "$sources"
newest=$(own apt-cache pkgnames linux-source- |
	sed -n 's/^linux-source-\([0-9.]*\)$/\1/p' | sort -V | tail -n 1)
# That there is none is an answer; that it could not be unpacked is none.
case $newest in
6.[7-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) take "$newest" "$newer" ;;
esac

for arch in arm64 amd64; do
	mkdir -p "$cache/libs/$arch"
	own apt-get -q -y --print-uris install $(wants $arch) 2>"$cache/apt.log" |
		sed -n "s/^'[^']*' \([^ ]*\) .*/\1/p" | sed 's/%3a/:/g' |
		awk -F_ '{ name = $1; split($3, a, "."); print name ":" a[1] "=" $2 }' |
		grep -e ":$arch=" -e ':all=' | sed 's/:all=/=/' >"$cache/closure"
	[ -s "$cache/closure" ] ||
		give_up "libraries: $(grep -m 1 '^E' "$cache/apt.log")"
	download $(cat "$cache/closure")
	for deb in "$debs"/*.deb; do
		unpack "$deb" "$cache/libs/$arch"
	done
done
rm -rf "$debs" "$cache/closure"
echo "$abi" >"$cache/abi"
echo "$version" >"$cache/version"
echo "$stamp" >"$cache/stamp"

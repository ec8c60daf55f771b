#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# compile.sh gcc|clang: every C file without a warning.
. tests/lint/flags.sh
if ! command -v "$1" >/dev/null 2>&1; then
	echo "$1 is not installed; make deps-lint installs it"
	exit 77
fi
# gcc sees some faults only when it optimises.
case $1 in
gcc) extra="-O2 -c -o /dev/null -Wlogical-op -Wduplicated-cond -Wformat-overflow=2" ;;
*) extra="-fsyntax-only -Wmissing-variable-declarations" ;;
esac
export COMPILE="$1 $FLAGS -Werror $extra"
# What runs in the rig's guests is built there, with a kernel's headers.
sh tests/lint/files.sh '*.c' | grep -v '^tests/rig/' |
	xargs -P 2 -I FILE sh -c 'eval "$COMPILE FILE" 2>&1' | grep . && exit 1
exit 0

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The text is what clang-format makes of it.  Versions differ in detail; 14 is
# the one that counts.
tool=clang-format
command -v clang-format-14 >/dev/null 2>&1 && tool=clang-format-14
if ! command -v "$tool" >/dev/null 2>&1; then
	echo "clang-format is not installed; make deps-lint installs it"
	exit 77
fi
version=$("$tool" --version | sed 's/.*version \([0-9]*\).*/\1/')
found=$(sh tests/lint/files.sh '*.c' '*.h' |
	xargs "$tool" --dry-run -Werror 2>&1)
[ -z "$found" ] && exit 0
if [ "$version" != 14 ]; then
	echo "clang-format $version formats differently than 14"
	exit 77
fi
echo "$found" | grep 'error:' | sed 's/:[0-9]*: error:.*/: clang-format -i changes this/' |
	sort -u -t: -k1,1
exit 1

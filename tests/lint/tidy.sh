#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# clang-tidy over the product; VERBOSE=1 shows the paths to a finding.  Left
# out: what -Wconversion says already, what wants Annex K, the order of members,
# and what is wrong in version 14 (va_list).
. tests/lint/flags.sh
if ! command -v clang-tidy >/dev/null 2>&1; then
	echo "clang-tidy is not installed; make deps-lint installs it"
	exit 77
fi
CONFIG="{Checks: '-*,clang-analyzer-*,bugprone-*,cert-*,\
-bugprone-easily-swappable-parameters,\
-bugprone-narrowing-conversions,\
-bugprone-implicit-widening-of-multiplication-result,\
-bugprone-reserved-identifier,-cert-dcl37-c,-cert-dcl51-cpp,\
-bugprone-assignment-in-if-condition,\
-bugprone-multi-level-implicit-pointer-conversion,\
-bugprone-sizeof-expression,-bugprone-misplaced-widening-cast,\
-cert-err33-c,-cert-int09-c,\
-clang-analyzer-valist.Uninitialized,\
-clang-analyzer-optin.core.EnumCastOutOfRange,\
-clang-analyzer-optin.performance.Padding,\
-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling',\
WarningsAsErrors: '*', HeaderFilterRegex: '(base|drivers|sensors|runners|profiler)/.*'}"
tidy() { # file
	case $1 in
	base/err.c | runners/demo/*) model= ;;
	*) model='-include tests/lint/model.h' ;;
	esac
	eval "clang-tidy --quiet -config=\"\$CONFIG\" $1 -- $FLAGS -w $model" \
		2>/dev/null
}
if [ $# -eq 1 ]; then
	tidy "$1"
	exit 0
fi
[ "${VERBOSE:-0}" = 1 ] && wanted=. || wanted=': \(error\|warning\): '
sh tests/lint/files.sh '*.c' | grep -v '^tests/' |
	xargs -P 2 -n 1 sh tests/lint/tidy.sh | grep "$wanted" |
	sed "s|^$PWD/||" | sort -u | grep . && exit 1
exit 0

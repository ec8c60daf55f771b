#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh [CHECK...]: all checks, or the named ones; one line for each.
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0
failed=0
skipped=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

check() { # name, script, arguments
	name=$1
	shift
	case " $wanted " in
	'  ' | *" $name "*) ;;
	*) return ;;
	esac
	begin=$(date +%s)
	sh "$@" >"$out" 2>&1
	status=$?
	seconds=$(($(date +%s) - begin))
	case $status in
	0)
		passed=$((passed + 1))
		echo "ok $name (${seconds} s)"
		;;
	77)
		skipped=$((skipped + 1))
		echo "skip $name: $(head -n 1 "$out")"
		;;
	*)
		failed=$((failed + 1))
		echo "not ok $name (${seconds} s):"
		sed 's/^/    /' "$out"
		;;
	esac
}

wanted="$*"
check format tests/lint/format.sh
check spdx tests/lint/spdx.sh
check floors tests/lint/floors.sh
check sizes tests/lint/sizes.sh
check bans tests/lint/bans.sh
check paths tests/lint/paths.sh
check units tests/lint/units.sh
check scripts tests/lint/scripts.sh
check headers tests/lint/headers.sh
check gcc tests/lint/compile.sh gcc
check clang tests/lint/compile.sh clang
check cppcheck tests/lint/cppcheck.sh
check clang-tidy tests/lint/tidy.sh
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

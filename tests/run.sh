#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD_DIR [PROGRAM...]: the unit tests, the command line tests and the
# fuzz corpora, or only the named ones (test_num, test_run.sh, fuzz_csv).
#
# Unit tests are cmocka programs; a skip prints its reason as "SKIP: reason".
# tests/cli/test_*.sh gets BUILD_DIR as its argument and a folder of its own in
# TMPDIR, and prints "ok NAME", "not ok NAME: why" or "skip NAME: reason".
# With CI=true a skip must be listed in tests/allowed-skips.
set -u
UNIT_TIMEOUT=300
CLI_TIMEOUT=240

# One program, its result in files beside it: run.sh --one KIND PROGRAM.
run_one() { # kind, program
	kind=$1
	name=$(basename "$2")
	at=$EP_TEST_TMP/$name
	mkdir -p "$at.tmp"
	export TMPDIR="$at.tmp"
	begin=$(date +%s)
	case $kind in
	unit)
		timeout -k 10 "$UNIT_TIMEOUT" "$2"
		;;
	cli)
		shell=sh
		case $(head -n 1 "$2") in *bash*) shell=bash ;; esac
		timeout -k 10 "$CLI_TIMEOUT" "$shell" "$2" "$EP_TEST_BUILD"
		;;
	fuzz)
		# A fault leaves its input in the folder.
		program=$(realpath "$2")
		corpus=$(realpath "tests/fuzz/corpus/${name#fuzz_}")
		cd "$at.tmp" || exit 1
		FUZZ_SECONDS=2 timeout -k 10 120 "$program" "$corpus"
		;;
	esac </dev/null >"$at.out" 2>"$at.err"
	echo $? >"$at.status"
	cd "$EP_TEST_TOP" || exit 1
	judge "$kind" "$name" "$at" "$(($(date +%s) - begin))"
	chmod -R u+rwX "$at.tmp" 2>/dev/null
	rm -rf "$at.tmp"
}

# "N test(s)" of cmocka's summaries, added up over the groups of a program.
summary() { # word, file
	awk -v word="[  $1" '
		index($0, word) == 1 && match($0, /[0-9]+ test\(s\)/) {
			n += substr($0, RSTART)
		}
		END { print n + 0 }' "$2"
}

# Skips as "program.test<TAB>reason": the n-th reason belongs to the n-th skip.
unit_skips() { # name, at
	grep -h '^SKIP: ' "$2.out" "$2.err" | sed 's/^SKIP: //' >"$2.reasons"
	sed -n 's/^\[  SKIPPED \] \([A-Za-z_][A-Za-z0-9_]*\)$/\1/p' "$2.out" |
		awk -v program="$1" -v reasons="$2.reasons" '{
			if ((getline reason < reasons) <= 0)
				reason = "no reason given"
			print program "." $0 "\t" reason
		}'
}

judge() { # kind, name, at, seconds
	at=$3
	status=$(cat "$at.status")
	: >"$at.skips"
	case $1 in
	unit)
		passed=$(summary PASSED "$at.err")
		failed=$(summary FAILED "$at.err")
		unit_skips "$2" "$at" >"$at.skips"
		;;
	cli)
		passed=$(grep -c '^ok ' "$at.out")
		failed=$(grep -c '^not ok ' "$at.out")
		sed -n 's/^skip \([^:]*\): */\1\t/p' "$at.out" |
			sed "s/^/$2./" >"$at.skips"
		;;
	fuzz)
		passed=$([ "$status" -eq 0 ] && echo 1 || echo 0)
		failed=0
		for input in "$at.tmp"/fuzz-crash-*; do
			[ -f "$input" ] || continue
			cp "$input" "$EP_TEST_BUILD/$2-crash" &&
				echo "the input is kept in $EP_TEST_BUILD/$2-crash" >>"$at.err"
		done
		;;
	esac
	skipped=$(grep -c . "$at.skips")
	# A crash, a time-out, or a program that said nothing at all.
	if [ "$failed" -eq 0 ] &&
		{ [ "$status" -ne 0 ] || [ $((passed + skipped)) -eq 0 ]; }; then
		failed=1
		case $status in
		124 | 137) echo "it took too long and was ended" ;;
		0) echo "it ran no test" ;;
		*) echo "it ended with status $status" ;;
		esac >>"$at.err"
	fi
	echo "$passed $failed $skipped" >"$at.counts"
	line="$2: $passed passed, $failed failed, $skipped skipped ($4 s)"
	if [ "$failed" -gt 0 ]; then
		# In one write, since two programs run side by side.
		{
			echo "not ok $line"
			grep -a -v -e '^\[ RUN  ' -e '^\[       OK' "$at.out" |
				sed 's/^/    /'
			sed 's/^/    /' "$at.err"
		} >"$at.report"
		cat "$at.report"
	else
		echo "ok $line"
	fi
}

if [ "${1:-}" = --one ]; then
	run_one "$2" "$3"
	exit 0
fi

EP_TEST_BUILD=${1:?usage: sh tests/run.sh BUILD_DIR [PROGRAM...]}
shift
only=" $* "
cd "$(dirname "$0")/.." || exit 1
EP_TEST_TOP=$PWD
# Not in BUILD_DIR: ordinary users must reach the folders of their tests.
EP_TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/edgeprof-check-XXXXXX") || exit 1
chmod 0755 "$EP_TEST_TMP"
trap 'rm -rf "$EP_TEST_TMP"' EXIT
trap 'exit 130' INT TERM HUP
export EP_TEST_BUILD EP_TEST_TMP EP_TEST_TOP
: "${UBSAN_OPTIONS:=print_stacktrace=1}"
export UBSAN_OPTIONS
unset EDGEPROF_ROOT EDGEPROF_BOARDS EDGEPROF_SOCKET CMOCKA_MESSAGE_OUTPUT \
	CMOCKA_TEST_FILTER

wanted() { # program
	case $only in '  ' | *" $1 "*) return 0 ;; esac
	return 1
}
# Sources, not binaries: what was removed is not run, what was not built fails.
unit_programs() {
	for source in tests/unit/test_*.c; do
		name=$(basename "$source" .c)
		wanted "$name" && echo "$EP_TEST_BUILD/tests/unit/$name"
	done
}
fuzz_programs() {
	for source in tests/fuzz/fuzz_*.c; do
		name=$(basename "$source" .c)
		wanted "$name" && echo "$EP_TEST_BUILD/tests/fuzz/$name"
	done
}
cli_programs() {
	for script in tests/cli/test_*.sh; do
		[ -f "$script" ] && wanted "$(basename "$script")" && echo "$script"
	done
}
for name; do
	if ! ls "tests/unit/$name.c" "tests/fuzz/$name.c" "tests/cli/$name" \
		2>/dev/null | grep -q .; then
		echo "there is no test $name" >&2
		exit 2
	fi
done
unit_programs | xargs -P 2 -I PROGRAM sh tests/run.sh --one unit PROGRAM
fuzz_programs | xargs -P 2 -I PROGRAM sh tests/run.sh --one fuzz PROGRAM
# Energies of a simulated meter are compared with what it played, which a busy
# machine would play late: these tests keep each other company.
cli_programs >"$EP_TEST_TMP/cli"
play='lib_play[.]sh'
xargs -r grep -lE "$play" <"$EP_TEST_TMP/cli" >"$EP_TEST_TMP/players"
grep -vxFf "$EP_TEST_TMP/players" "$EP_TEST_TMP/cli" >"$EP_TEST_TMP/others"
for part in players others; do
	xargs -P 2 -I SCRIPT sh tests/run.sh --one cli SCRIPT <"$EP_TEST_TMP/$part"
done

cat "$EP_TEST_TMP"/*.counts >"$EP_TEST_TMP/all" 2>/dev/null
cat "$EP_TEST_TMP"/*.skips >"$EP_TEST_TMP/skips" 2>/dev/null
passed=$(awk '{ n += $1 } END { print n + 0 }' "$EP_TEST_TMP/all")
failed=$(awk '{ n += $2 } END { print n + 0 }' "$EP_TEST_TMP/all")
skipped=$(awk '{ n += $3 } END { print n + 0 }' "$EP_TEST_TMP/all")

tab=$(printf '\t')
allowed() { # name, reason
	[ -f tests/allowed-skips ] || return 1
	while IFS=$tab read -r name_glob reason_glob; do
		case $name_glob in '' | \#*) continue ;; esac
		# shellcheck disable=SC2254
		case $1 in
		$name_glob) case $2 in $reason_glob) return 0 ;; esac ;;
		esac
	done <tests/allowed-skips
	return 1
}
if [ "$skipped" -gt 0 ]; then
	echo "skipped:"
	while IFS=$tab read -r name reason; do
		if allowed "$name" "$reason"; then
			echo "    $name: $reason"
		elif [ "${CI:-}" = true ]; then
			echo "    $name: $reason (not in tests/allowed-skips)"
			failed=$((failed + 1))
			skipped=$((skipped - 1))
		else
			echo "    $name: $reason (not listed)"
		fi
	done <"$EP_TEST_TMP/skips"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

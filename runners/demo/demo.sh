#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh BUILD_DIR: profiles the bundled inference program on this machine.
set -eu

build=${1:?usage: demo.sh BUILD_DIR}
edgeprof=$build/edgeprof
infer=$build/infer
model=$build/demo-model.bin
case $edgeprof in
/*) shown=$edgeprof ;;
*) shown=./$edgeprof ;;
esac

for program in "$edgeprof" "$infer"; do
	if [ ! -x "$program" ]; then
		echo "demo: $program is not there; run make first" >&2
		exit 1
	fi
done

probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$infer" --make-model "$model" 2>"$probe/model" || {
	cat "$probe/model" >&2
	exit 1
}

# Does the detected board deliver a total?  One second tells: power_w is the
# fifth column of trace.csv and stays empty where nothing measures it.
echo "demo: looking for a power sensor (1 s)"
detected=
measured=no
if "$edgeprof" run --duration 1s --idle 0s --tail 0s --quiet \
	-o "$probe/run" >"$probe/log" 2>&1; then
	detected=$(sed -n 's/.*"detected": *"\([a-z0-9_-]*\)".*/\1/p' \
		"$probe/run/run.json" | head -n 1)
	if awk -F, 'NR > 1 && $5 != "" { n++ } END { exit n < 10 }' \
		"$probe/run/trace.csv" 2>/dev/null; then
		measured=yes
	fi
else
	cat "$probe/log" >&2
fi

board=${detected:-generic}
if [ $measured = no ]; then
	board=demo
fi

# A name that .gitignore knows.
out=edgeprof-demo-$(date -u +%Y%m%dT%H%M%SZ)
if [ ! -w . ]; then
	out=$(mktemp -d)/$out
fi

echo "demo: board $board; 3 s of idle, then a small transformer with random"
echo "      weights, whose text (in stdout.log) means nothing"
status=0
"$edgeprof" run --board "$board" --idle 3s -o "$out" -- \
	"$infer" --quiet -m "$model" >/dev/null || status=$?
if [ $status -ne 0 ]; then
	echo "demo: edgeprof ended with status $status" >&2
	exit $status
fi

root=
if [ "$(id -u)" -ne 0 ]; then
	root="sudo "
fi
echo
echo "The traces are in $out:"
echo "trace.csv (the 10 ms grid), phases.csv, tokens.csv, report.json.  Again:"
echo "  $shown report $out"
if [ $measured = yes ]; then
	echo "The watts are measured (board $board).  Your own program:"
	echo "  $root$shown run --board $board -- ./your-program"
	exit 0
fi
echo "The watts above are ESTIMATED from CPU use: no power sensor of this"
if [ -n "$root" ]; then
	echo "machine can be read by an ordinary user.  Try as root:"
else
	echo "machine answers.  Everything else is measured.  Your own program:"
fi
echo "  $root$shown run --board ${detected:-generic} -- ./your-program"

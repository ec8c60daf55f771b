# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by tests/cli/test_*.sh: . "$(dirname "$0")/lib.sh"
# Prints "ok NAME", "not ok NAME: why" or "skip NAME: why" for tests/run.sh.

set -u
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
edgeprof=$build/edgeprof
sim=$build/tests/sim
dir=$(mktemp -d "${TMPDIR:-/tmp}/cli-XXXXXX") || exit 1
trap 'chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT
failed=0
# No board, no baseline, no tail: fast.
fast='--board none --idle 0s --tail 0s'

ok() {
	echo "ok $1"
}

not_ok() {
	echo "not ok $1: $2"
	failed=1
}

skip() {
	echo "skip $1: $2"
}

# check NAME COMMAND...: ok when the command succeeds
check() {
	name=$1
	shift
	if "$@" >"$dir/check.out" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "$* failed: $(tail -n 3 "$dir/check.out" | tr '\n' ' ')"
	fi
}

# run ARGUMENT...: edgeprof run; status, $dir/out and $dir/err tell
run() {
	"$edgeprof" run "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# status_is NAME STATUS [TEXT [FILE]]: of the last run; TEXT must be in its
# stderr, or in FILE
status_is() {
	where=${4:-$dir/err}
	if [ "$status" -ne "$2" ]; then
		not_ok "$1" "status $status, not $2: $(tail -n 2 "$dir/err" | tr '\n' ' ')"
	elif [ $# -gt 2 ] && ! grep -q -e "$3" "$where"; then
		not_ok "$1" "${where##*/} does not say \"$3\" but: $(head -n 3 "$where" | tr '\n' ' ')"
	else
		ok "$1"
	fi
}

# fails COMMAND...: the other way round, for check
fails() {
	! "$@"
}

# fact FOLDER NAME: an end fact of events.csv
fact() {
	sed -n "s/^[0-9]*,[0-9]*,fact,,,[^,]*,[^,]*,$2,//p" "$1/events.csv"
}

# as_user COMMAND...: as an ordinary user when we are root
as_user() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# An ordinary user may not be able to reach the build folder (a checkout in
# /root): then he gets copies of the programs.
user_tools() {
	chmod 0755 "$dir"
	as_user test -x "$edgeprof" -a -x "$sim" && return
	mkdir -p "$dir/bin/sim"
	cp "$edgeprof" "$dir/bin/"
	cp "$sim"/* "$dir/bin/sim/" 2>/dev/null
	chmod -R a+rX "$dir/bin"
	edgeprof=$dir/bin/edgeprof
	sim=$dir/bin/sim
}

# number NAME EXPRESSION: ok when the awk expression holds
number() {
	if awk "BEGIN { exit !($2) }"; then
		ok "$1"
	else
		not_ok "$1" "$2 does not hold"
	fi
}

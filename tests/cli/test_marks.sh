#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof.h in other people's compilers, and edgeprof mark in scripts.
. "$(dirname "$0")/lib.sh"

header=$here/../../runners/edgeprof.h
strict='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror'
cat >"$dir/program.c" <<P
#include "edgeprof.h"
int main(void)
{
	edgeprof_phase("load", 0);
	edgeprof_phase("prefill", 12);
	edgeprof_token();
	edgeprof_phase("generation", 0);
	edgeprof_token();
	edgeprof_token();
	edgeprof_phase("", 0);
	return 0;
}
P
cp "$dir/program.c" "$dir/program.cc"
cp "$header" "$dir/edgeprof.h"
for how in 'gcc -std=c99' 'gcc -std=gnu17' 'clang -std=c99' 'clang -std=c17'; do
	command -v ${how%% *} >/dev/null || continue
	check compiles_with_"$(echo "$how" | tr -c 'a-z0-9\n' _)" \
		$how $strict -o "$dir/program" "$dir/program.c"
done
for how in 'g++ -std=c++11' 'g++ -std=c++20' 'clang++ -std=c++17'; do
	command -v ${how%% *} >/dev/null || continue
	echo 'int main() { return 0; }' >"$dir/empty.cc"
	$how -o "$dir/empty" "$dir/empty.cc" 2>/dev/null || continue
	check compiles_with_"$(echo "$how" | tr -c 'a-z0-9\n' _)" \
		$how $strict -o "$dir/program++" "$dir/program.cc"
done

check runs_without_edgeprof "$dir/program"
run $fast -q -o "$dir/c" -- "$dir/program"
status_is runs_with_edgeprof 0
check marks_make_phases test "$(cut -d, -f1-3,7,8 "$dir/c/phases.csv" |
	grep -e prefill -e generation | tr '\n' ' ')" = \
	"1,prefill,MARKED,12, 1,generation,MARKED,3,2 "

PATH=$(dirname "$edgeprof"):$PATH
export PATH
run $fast -q -o "$dir/s" -- sh -c '
	edgeprof mark load && edgeprof mark prefill 9 && sleep 0.05 &&
	edgeprof mark token && edgeprof mark generation && sleep 0.05 &&
	edgeprof mark token && edgeprof mark end'
status_is a_script_marks 0
check a_script_is_one_source test "$(cut -d, -f1-3,7,8 "$dir/s/phases.csv" |
	grep -e prefill -e generation | tr '\n' ' ')" = \
	"1,prefill,MARKED,9, 1,generation,MARKED,2,1 "

if command -v python3 >/dev/null; then
	# The example of the guide.
	sed -n '/^```python$/,/^```$/p' "$here/../../docs/marks.md" | grep -v '^```' >"$dir/mark.py"
	cat >>"$dir/mark.py" <<-'P'

		phase("prefill", 5)
		token()
		phase("generation")
		token()
		phase("")
	P
	run $fast -q -o "$dir/p" -- python3 "$dir/mark.py"
	status_is python_marks 0
	check python_marks_are_understood test \
		"$(cut -d, -f2,3,7 "$dir/p/phases.csv" | grep -e prefill -e generation | tr '\n' ' ')" = \
		"prefill,MARKED,5 generation,MARKED,2 "
fi

unset EDGEPROF_SOCKET
edgeprof mark prefill 2>"$dir/err"
status=$?
status_is not_profiled_is_no_fault 0 "not running under"
for bad in '' 'a,b' 'prefill 0' 'prefill x' 'end 3' 'a 1 2' '--nothing'; do
	# shellcheck disable=SC2086
	edgeprof mark $bad >"$dir/out" 2>"$dir/err"
	status=$?
	status_is usage_of_"$(echo "$bad" | tr -c 'a-z0-9\n' _)" 2 "edgeprof mark: "
done
EDGEPROF_SOCKET=/nowhere edgeprof mark load 2>"$dir/err"
status=$?
status_is unreachable_is_said 125 "/nowhere"
exit $failed

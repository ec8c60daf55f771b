#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An unmodified program that uses libllama: node-llama-cpp from npm with a model
# of our own.  Phases and tokens against the program's own clock and counts.
. "$(dirname "$0")/lib.sh"

all=an_unmodified_llama_program
[ "$(id -u)" -eq 0 ] || {
	skip $all "probes in other programs need root"
	exit 0
}

# The API linked into the program: probes are there before the gate opens.
run $fast -q -o "$dir/static" -- "$sim/fake_llama" 37 10 3
status_is linked_in_runs 0
check linked_in_counts_tokens test "$(cat "$dir/out")" = $((2 + 3 * (37 + 9)))
check linked_in_is_probed_before_the_gate \
	grep -q ",fact,[^,]*,[^,]*,0,[^,]*,llama.library," "$dir/static/events.csv"
check linked_in_phases test "$(cut -d, -f1-3,7,8 "$dir/static/phases.csv" |
	grep -e prefill -e generation | tr '\n' ' ')" = "$(for r in 1 2 3; do
	printf '%s,prefill,PROBED,37, %s,generation,PROBED,10,9 ' $r $r
done)"
check linked_in_load_begins_at_the_gate \
	grep -q "^1,load,PROBED,0," "$dir/static/phases.csv"

. "$here/npm_llama.sh"
node=$npm/node_modules/node-linux-$arch/bin/node
model=$dir/tiny.gguf
check writes_a_model "$sim/make_gguf" "$model" --embd 384 --layers 6

# Other tests run meanwhile.  The program stamps a token when its own thread
# runs again, and that must not wait for them.
first=
chrt -f 1 true 2>/dev/null && first='chrt -f 1'

compare() { # name, command...
	what=$1
	shift
	$first "$edgeprof" run $fast -q -o "$dir/$what" -- "$@" >"$dir/$what.out" 2>"$dir/err"
	status=$?
	if [ $status -ne 0 ]; then
		not_ok "${what}_runs" "status $status: $(tail -n 2 "$dir/err" | tr '\n' ' ')"
	elif "$node" "$npm/check.mjs" "$what" "$dir/$what" "$dir/$what.out" \
		>"$dir/verdict" 2>&1; then
		cat "$dir/verdict"
	else
		not_ok "${what}_is_compared" "$(tail -n 3 "$dir/verdict" | tr '\n' ' ')"
	fi
	check "${what}_names_the_library" \
		grep -q "fact.*llama.library.*libllama" "$dir/$what/events.csv"
}

compare batch_512 "$node" "$npm/chat.mjs" "$model" 7 512
compare batch_32 "$node" "$npm/chat.mjs" "$model" 7 32
# Nothing tells beforehand which library the shell's child will load.
compare loaded_later sh -c "'$node' '$npm/chat.mjs' '$model' 5 512 200 24 1000"
check loaded_later_is_seen_later sh -c \
	"! grep -q ',fact,[^,]*,[^,]*,0,[^,]*,llama.library,' '$dir/loaded_later/events.csv'"
exit $failed

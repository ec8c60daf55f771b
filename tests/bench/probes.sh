# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2086,SC2154 # part of run.sh
# What probes in an unmodified program cost it.

bench_probes() {
	echo
	echo "Probes in libllama"
	if [ "$(id -u)" -ne 0 ]; then
		echo "not measured: probes in other programs need root"
		return
	fi
	mkdir -p "$work/app/bin" "$work/app/lib"
	cp "$build/tests/bench/hits" "$work/app/bin/"
	cp "$build/tests/sim/lib/llama_empty.so" "$work/app/lib/libllama.so"
	for i in $(seq $((reps * 2))); do
		"$work/app/bin/hits" "$work/app/lib/libllama.so" "$work/hits.bare"
		"$edgeprof" run --board none --idle 0s --tail 0s --quiet \
			-o "$work/calls" -- "$work/app/bin/hits" \
			"$work/app/lib/libllama.so" "$work/hits.probed" \
			>"$work/log" 2>&1
		rm -rf "$work/calls"
	done
	for what in decode token; do
		for how in bare probed; do
			awk -v what=$what '$1 == what { print $2 }' \
				"$work/hits.$how" >"$work/$what.$how"
		done
	done
	row "a call that is probed at entry and return" \
		"$(difference "$(median "$work/decode.probed")" \
			"$(median "$work/decode.bare")")" us
	row "  a hit" "$(quotient "$(difference \
		"$(median "$work/decode.probed")" \
		"$(median "$work/decode.bare")")" 2)" us 3
	row "a token: llama_decode, _synchronize, _get_logits_ith" \
		"$(difference "$(median "$work/token.probed")" \
			"$(median "$work/token.bare")")" us 12
}

# difference A B
difference() {
	echo "$1 $2" | awk '{ print $1 == "-" || $2 == "-" ? "-" : $1 - $2 }'
}

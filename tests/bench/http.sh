# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154 # part of run.sh
# What the client of --runner costs, and how well it stamps tokens.

# A simulated Ollama with TOKENS tokens, one every MS.
start_llm() { # MS TOKENS
	rm -f "$work/llm.port"
	"$llm" --loaded --prefill 20 --token "$1" --tokens "$2" \
		--log "$work/llm.log" >"$work/llm.port" &
	llm_pid=$!
	until [ -s "$work/llm.port" ]; do sleep 0.05; done
	llm_port=$(sed -n 's/^port //p' "$work/llm.port")
}

stop_llm() {
	kill $llm_pid
	wait $llm_pid 2>/dev/null
}

# ask_llm TOKENS: into $work/run; microseconds of the client's CPU into $used
ask_llm() {
	rm -rf "$work/run"
	printf '{"prompt":"x","max_tokens":%s}\n' "$1" >"$work/llm.jsonl"
	"$edgeprof" run --runner ollama --url "http://127.0.0.1:$llm_port" \
		--model llama3.2:1b --prompts "$work/llm.jsonl" --quiet \
		--board none --idle 0s --tail 0s -o "$work/run" \
		>"$work/log" 2>&1 || return 1
	used=$(awk -F, '/,client\.[us]time_ns,/ { ns += $NF }
		END { print ns / 1000 }' "$work/run/events.csv")
}

# compare_stamps FILE: microseconds between sending and stamp, of the last request
compare_stamps() {
	request=$(tail -n 1 "$work/llm.log" | cut -d' ' -f1)
	grep "^$request " "$work/llm.log" | cut -d' ' -f2 >"$work/llm.sent"
	awk -F, '$3 == "piece" { print $1 }' "$work/run/events.csv" |
		paste -d' ' - "$work/llm.sent" |
		awk 'NF == 2 { print ($1 - $2) / 1000 }' >>"$work/$1"
}

# quantile FILE Q
quantile() {
	sort -g "$work/$1" | awk -v q="$2" '{ v[NR] = $1 }
		END { i = int(NR * q + 0.999); print NR ? v[i ? i : 1] : "-" }'
}

# One rate: FILE-prefix MS TOKENS
measure_client() {
	for i in $(seq "$reps"); do
		start_llm "$2" "$3"
		"$wakes" "$llm_port" "$3" |
			awk '{ print $2 / 1000 / $1 }' >>"$work/$1.wake"
		ask_llm 1
		before=$used
		ask_llm "$3"
		echo "$used $before" | awk -v n="$3" \
			'{ print ($1 - $2) / (n - 1) }' >>"$work/$1.client"
		grep -c ',piece,' "$work/run/events.csv" >>"$work/$1.pieces"
		# The log is whole when the server has ended.
		stop_llm
		compare_stamps "$1.stamps"
		paste "$work/$1.client" "$work/$1.wake" | tail -n 1 |
			awk '{ print $1 - $2 }' >>"$work/$1.above"
	done
}

show_client() { # PREFIX
	row "client's CPU per token" "$(median "$work/$1.client")" us
	row "  one bare wake-up, poll and read" "$(median "$work/$1.wake")" us
	row "  above it" "$(median "$work/$1.above")" us 20
	row "  as a multiple" "$(quotient "$(median "$work/$1.client")" \
		"$(median "$work/$1.wake")")" x
}

bench_http() {
	echo
	echo "A client of a server that streams 100 tokens/s"
	measure_client slow 10 200
	show_client slow
	row "stamp after the server sends: half" "$(quantile slow.stamps 0.5)" us
	row "  99 %" "$(quantile slow.stamps 0.99)" us 1000
	row "  worst" "$(quantile slow.stamps 1)" us
	echo
	echo "and 10000 tokens/s"
	measure_client fast 0.1 10000
	show_client fast
	row "tokens that were not stamped, of $((10000 * reps))" \
		"$(awk '{ n += 10000 - $1 } END { print n + 0 }' "$work/fast.pieces")" "" 0
}

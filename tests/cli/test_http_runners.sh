#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests to servers that speak Ollama's, llama-server's and OpenAI's protocols
# (tests/sim/llm_server.c): phases, tokens, faults, cold starts, whom is measured.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

"$edgeprof" run --runner ollama --model x --url http://127.0.0.1:1 $fast -o "$dir/probe" \
	>"$dir/out" 2>"$dir/err"
if grep -q 'no runner is called' "$dir/err"; then
	skip http_runners "built without libcurl"
	exit 0
fi
check nobody_listens_is_told_before_anything_runs grep -q "no connection" "$dir/err"
check nobody_listens_leaves_no_folder test ! -e "$dir/probe"
server=
mkdir "$dir/bin"
# A server is confirmed by the name of its program.
for name in ollama llama-server docker-proxy; do
	cp "$sim/llm_server" "$dir/bin/$name"
done

# serve NAME SIM_OPTION...: a server with quick tokens
serve() {
	: >"$dir/port"
	what=$1
	shift
	"$dir/bin/$what" --load 60 --prefill 20 --token 4 "$@" >"$dir/port" &
	server=$!
	tries=0
	until grep -q port "$dir/port"; do
		tries=$((tries + 1))
		[ "$tries" -gt 3000 ] && break
	done
	port=$(sed -n 's/^port //p' "$dir/port")
	url=http://127.0.0.1:$port
}

leave() {
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
	server=
}
trap 'leave; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

cat >"$dir/suite.csv" <<'P'
id,prompt,temperature,max_tokens,tag
a,"Hello, world",0.2,10,greeting
b,"two ""quoted""
lines",0.9,15,
c,plain,,,
P
printf '%s\n' '{"id":"x","prompt":"Hi","max_tokens":12,"temperature":0.5}' \
	'' '{"prompt":"Second"}' >"$dir/suite.jsonl"

# ask FOLDER RUNNER OPTION...: a run; $dir/out has the report
ask() {
	out=$dir/$1
	runner=$2
	shift 2
	run --runner "$runner" $fast -o "$out" "$@"
}

# column FILE NAME [REQUEST]: cells of a derived file, one line
column() {
	python3 - "$out/$1" "$2" "${3:-}" <<'P'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
if sys.argv[3]:
    rows = [r for r in rows if r.get("request") == sys.argv[3]]
print(" ".join(r[sys.argv[2]] or "-" for r in rows))
P
}

# phases: "REQUEST,PHASE,EVIDENCE,TOKENS,STEPS,CACHED ..." of requests
phases() {
	cut -d, -f1-3,7-9 "$out/phases.csv" | grep '^[1-9]' | tr '\n' ' '
}

# Ollama: cold starts, durations of the server, what is asked.
serve ollama --eos
ask cold ollama --url "$url" --model llama3.2:1b --prompts "$dir/suite.csv" \
	--cold --seed 7 --pause 20ms --events task-clock
status_is ollama_runs 0 "Requests as the server tells them" "$dir/out"
check times_are_told fails grep -q "the server tells no times" "$dir/out"
check ollama_cold_phases test "$(phases)" = "$(for r in 1,11,10 2,16,15 3,21,20; do
	printf '%s,load,REPORTED,,, %s,prefill,STREAMED,30,, ' "${r%%,*}" "${r%%,*}"
	printf '%s,generation,STREAMED,%s, ' "${r%%,*}" "${r#*,}"
done)"
check prompts_are_named test "$(column requests.csv prompt_id)" = "a b c"
check temperature_is_told test "$(column requests.csv temperature)" = "0.2 0.9 -"
check seed_is_told test "$(column requests.csv seed)" = "7 7 7"
check model_is_told test "$(column requests.csv model)" = "llama3.2:1b llama3.2:1b llama3.2:1b"
# The header that others rely on, then what is told of requests alone.
check columns_are_fixed test "$(head -n 1 "$out/requests.csv")" = "$(tr -d '\n' <<'H'
timestamp,model,prompt_id,temperature,seed,total_duration_ms,load_duration_ms,
prompt_eval_count,prompt_eval_duration_ms,eval_count,eval_duration_ms,
tokens_per_second,energy_j,action_j_s_per_token,ttft_s,cached_tokens,evidence,
itl_p50_s,itl_p90_s,itl_p99_s,start,tag,retries,server_total_ms,server_load_ms,
server_prefill_ms,server_generation_ms,server_difference_ms,asked_prompt_tokens,
asked_output_tokens,error
H
)"
check no_retries_are_told test "$(column requests.csv retries)" = "0 0 0"
check observed_loads_are_the_servers test "$(column requests.csv load_duration_ms)" = "60 60 60"
number difference_is_told "$(column requests.csv server_difference_ms |
	awk '{ print ($1 > 0 && $1 < 100 && $3 > 0 && $3 < 100) }') == 1"
number latencies_are_told "$(column requests.csv itl_p50_s |
	awk '{ print ($1 > 0.002 && $1 < 0.02 && $3 > 0.002 && $3 < 0.02) }') == 1"
check p99_wants_a_hundred test "$(column requests.csv itl_p99_s)" = "- - -"
check cold_is_told test "$(column requests.csv start)" = "cold cold cold"
check tag_is_told test "$(column requests.csv tag)" = "greeting - -"
check server_tells_load test "$(column requests.csv server_load_ms)" = "60 60 60"
check server_tells_generation test "$(column requests.csv server_generation_ms)" = "40 60 80"
check tokens_are_stamped test "$(tail -n +2 "$out/tokens.csv" | cut -d, -f1 | uniq -c | tr -s ' \n' ' ')" = " 10 1 15 2 20 3 "
check server_is_named grep -q "fact,.*server,ollama ($server)" "$out/events.csv"
if [ -e "$out/sensors/counters.csv" ]; then
	number counters_follow_the_server "$(column sensors/counters.csv task_clock_ns |
		tr ' ' '\n' | tail -n 1) > 0"
else
	skip counters_follow_the_server "counters are refused here"
fi
check answers_are_logged grep -q "w1 caf" "$out/stdout.log"
check client_cost_stands_apart grep -q "fact,.*client.maxrss_bytes" "$out/events.csv"
check client_cost_is_a_line grep -q \
	"^ *cost  *[0-9.]* ms of CPU time, [0-9.]* MiB at most, first request after [0-9.e-]*" "$dir/out"
python3 - "$out/report.json" <<'P' >"$dir/verdict"
import json, sys
c = {k: v["value"] for k, v in json.load(open(sys.argv[1]))["totals"]["client"].items() if v}
print(int(0 < c["cpu_s"] < 5 and 0 < c["startup_s"] < 5 and 1e6 < c["rss_peak_bytes"] < 1e9))
P
number client_cost_is_in_json "$(cat "$dir/verdict") == 1"
check no_cost_of_a_child fails grep -q "fact,.*child\." "$out/events.csv"
cp "$out/report.json" "$dir/before.json"
check report_runs_again "$edgeprof" report "$out"
check report_is_recomputed_equal cmp "$dir/before.json" "$out/report.json"
ask warm ollama --url "$url" --model llama3.2:1b --prompts "$dir/suite.jsonl" --chat
check warm_has_no_load test "$(phases)" = "1,prefill,STREAMED,30,, 1,generation,STREAMED,13,12, 2,prefill,STREAMED,30,, 2,generation,STREAMED,21,20, "
check warm_is_told test "$(column requests.csv start)" = "warm warm"
# An ordinary user's view of a server: what the kernel counts is refused him.
if [ "$(cat /proc/sys/kernel/perf_event_paranoid 2>/dev/null || echo 9)" -eq 2 ] &&
	[ "$(id -u)" -eq 0 ]; then
	mkdir -m 0777 "$dir/user"
	mkdir "$dir/tools"
	cp "$edgeprof" "$dir/bin/ollama" "$dir/tools/"
	chmod 0755 "$dir" "$dir/tools" "$dir/tools"/*
	# In its own place, so that it is the one that is killed.
	(
		[ "$(id -u)" -ne 0 ] || exec setpriv --reuid=65534 --regid=65534 \
			--clear-groups "$dir/tools/ollama" --token 4 --loaded
		exec "$dir/tools/ollama" --token 4 --loaded
	) >"$dir/port2" &
	other=$!
	tries=0
	until grep -q port "$dir/port2" || [ "$tries" -gt 3000 ]; do
		tries=$((tries + 1))
	done
	as_user "$dir/tools/edgeprof" run --runner ollama $fast -o "$dir/user/run" \
		--model llama3.2:1b --url "http://127.0.0.1:$(sed -n 's/^port //p' "$dir/port2")" \
		--events task-clock,context-switches >"$dir/out" 2>"$dir/err"
	status=$?
	kill $other
	wait $other 2>/dev/null
	status_is a_user_measures_his_server 0
	check his_servers_time_is_counted test -e "$dir/user/run/sensors/counters.csv"
	check his_servers_switches_are_refused_with_a_reason \
		grep -q "context-switches.*perf_event_paranoid" "$dir/out"
fi
ask own ollama --url "$url/" --model llama3.2:1b
check own_prompt test "$(column requests.csv prompt_id)" = "built-in"
ask missing ollama --url "$url" --model nope
status_is unknown_model 125 "ollama pull nope"
check unknown_model_leaves_no_folder test ! -e "$out"
leave

# llama-server: progress is no token, cached prompts, loading.
serve llama-server --cached 12 --loading 2
ask llama llama-server --url "$url" --prompts "$dir/suite.jsonl"
status_is llama_server_runs 0
check llama_server_phases test "$(phases)" = "1,prefill,STREAMED,18,,12 1,generation,STREAMED,12,11, 2,prefill,STREAMED,18,,12 2,generation,STREAMED,20,19, "
check llama_server_timings test "$(column requests.csv server_prefill_ms)" = "20 20"
ask llama_chat llama-server --url "$url" --prompts "$dir/suite.jsonl" --chat --max-tokens 5
check llama_server_chat test "$(phases)" = "1,prefill,STREAMED,18,,12 1,generation,STREAMED,12,11, 2,prefill,STREAMED,18,,12 2,generation,STREAMED,5,4, "
ask refused llama-server --url "$url" --cold
status_is cold_needs_ollama 125 "only --runner ollama does"
ask wrong ollama --url "$url" --model llama3.2:1b
status_is another_program_is_not_measured 0 "is served by 'llama-server', not by ollama"
check another_program_is_a_warning grep -q "warning,.*server-unseen" "$out/events.csv"
check another_program_has_no_counters test ! -e "$out/sensors/counters.csv"
leave

# OpenAI: a key, usage, chunks that are no tokens.
printf 'sesame\n' >"$dir/key"
chmod 600 "$dir/key"
serve llama-server --key sesame --thinking 3
ask nokey openai --url "$url/v1" --model llama3.2:1b
status_is key_is_wanted 125 "wants a key"
ask keyed openai --url "$url/v1" --model llama3.2:1b --key-file "$dir/key"
status_is key_is_sent 0
check thoughts_are_tokens test "$(phases)" = "1,prefill,STREAMED,30,,0 1,generation,STREAMED,20,19, "
check key_is_nowhere fails grep -rq sesame "$out"
leave
serve llama-server --per-chunk 4
ask chunks openai --url "$url/v1" --model llama3.2:1b
check chunks_are_not_tokens test "$(phases)" = "1,prefill,STREAMED,30,,0 1,generation,STREAMED,20,19, "
check chunks_have_no_token_times test "$(wc -l <"$out/tokens.csv")" -eq 1
check chunks_are_told grep -q "not single tokens" "$dir/out"
leave
serve docker-proxy --no-usage
ask uncounted openai --url "$url/v1" --model llama3.2:1b
check uncounted_has_no_count test "$(column requests.csv eval_count)" = "-"
check uncounted_has_no_rate test "$(column requests.csv tokens_per_second)" = "-"
check no_times_are_told grep -q "the server tells no times" "$dir/out"
check uncounted_is_told grep -q "figures per token are estimated from chunks" "$out/report.json"
python3 - "$out/report.json" <<'P' >"$dir/verdict"
import json, sys
rows = json.load(open(sys.argv[1]))["phases"]
g = [r for r in rows if r["phase"] == "generation"][0]
m = g["metrics"]["tokens_per_s"]
print(int(g["tokens"] is None and m["status"] == "estimated" and "chunks" in m["reason"]
    and abs(m["value"] - 19 / (g["end_s"] - g["start_s"])) < 1e-6))
P
number uncounted_is_an_estimate "$(cat "$dir/verdict") == 1"
# The estimate of watts does not hide that of tokens.
ask twice openai --url "$url/v1" --model llama3.2:1b --estimate
check uncounted_prints_no_count grep -q "in generation the output tokens" "$dir/out"
check uncounted_is_in_no_csv test "$(column phases.csv tokens_per_s 1 | tr -d ' -')$(
	column phases.csv j_per_token 1 | tr -d ' -')$(
	column requests.csv action_j_s_per_token | tr -d ' -')" = ""
check uncounted_has_energy test "$(column requests.csv energy_j)" != "-"
check uncounted_is_not_guessed test "$(phases)" = "1,prefill,STREAMED,,, 1,generation,STREAMED,,, "
check a_proxy_is_not_measured grep -q "only passes connections on" "$dir/err"
leave

# What the server is asked for, word for word.
asked() { # WORD: in the last request
	tail -n 1 "$dir/asked" | grep -q "$1"
}
serve ollama --loaded --asked "$dir/asked"
ask options ollama --url "$url" --model llama3.2:1b --gpu-layers 0 --threads 3 --ctx 512 \
	--output-tokens 6 --max-tokens 9
status_is ollama_takes_options 0
for word in '"num_gpu":0' '"num_thread":3' '"num_ctx":512' '"num_predict":6'; do
	check "ollama_is_asked_$word" asked "$word"
done
check fixed_output test "$(column requests.csv eval_count)" = 6
run --runner ollama --url "$url" --model llama3.2:1b --ignore-eos --output-tokens 6 $fast -o "$dir/x"
status_is ollama_has_no_ignore_eos 125 "--ignore-eos cannot be sent: the API that --runner ollama speaks"
leave
serve llama-server --asked "$dir/asked"
for where in "llama-server" "llama-server --chat" "openai"; do
	runner=${where% *} chat=
	[ "$runner" = "$where" ] || chat=--chat
	path=
	[ "$runner" = openai ] && path=/v1
	ask "fixed-$runner$chat" "$runner" --url "$url$path" --model llama3.2:1b --ignore-eos \
		--output-tokens 30 --prompts "$dir/suite.csv" $chat
	check "fixed_length:$where" test "$(column requests.csv eval_count)" = "30 30 30"
	check "ignore_eos:$where" asked '"ignore_eos":true'
	run --runner "$runner" --url "$url$path" --model x --threads 3 $fast -o "$dir/x" $chat
	status_is "no_threads:$where" 125 "--threads cannot be sent to a server that --runner $runner asks"
	run --runner "$runner" --url "$url$path" --model x --gpu-layers 3 $fast -o "$dir/x" $chat
	status_is "no_gpu_layers:$where" 125 "--gpu-layers cannot be sent"
	run --runner "$runner" --url "$url$path" --model x --ignore-eos $fast -o "$dir/x" $chat
	status_is "endless:$where" 125 "add --output-tokens N"
done
leave

# Faults: the first of two requests; the second one is whole.
two() { # NAME SENTENCE RUNNER PATH
	ask "fault-$3-$1" "$3" --url "$url$4" --model llama3.2:1b --prompts "$dir/suite.jsonl" \
		--request-timeout 300ms
	status_is "${3}_$1_fails" 1 "request 1 .*: $2"
	check "${3}_$1_is_a_phase" test "$(phases | tr ' ' '\n' | grep . | cut -d, -f1-3 | tr '\n' ' ')" = \
		"1,failed,STREAMED 2,prefill,STREAMED 2,generation,STREAMED "
}
while read -r fault sentence; do
	serve ollama --loaded --fault "$fault@1"
	two "$fault" "$sentence" ollama ""
	leave
	[ "$fault" = stall ] && continue
	serve llama-server --fault "$fault@1"
	two "$fault" "$sentence" openai /v1
	leave
done <<'F'
404 HTTP status 404: model
500 HTTP status 500: llama runner
html the server sends a web page
stall no whole answer within 300 ms
reset the answer broke off
truncated the answer broke off
midstream an error was encountered
cut the answer broke off
F
serve ollama --loaded --fault huge@1 --fault negative@1 --fault long@2 --fault utf8@2
ask odd ollama --url "$url" --model llama3.2:1b --prompts "$dir/suite.jsonl"
status_is odd_numbers_run 0 "1 came with numbers out of range" "$dir/out"
check odd_numbers_are_left_out test "$(column requests.csv server_total_ms)" = "64 96"
leave
serve llama-server --fault dupusage@1 --fault nodone@2 --fault crlf@2 --running
ask loose openai --url "$url/v1" --model llama3.2:1b --prompts "$dir/suite.jsonl"
status_is loose_protocols_run 0
check loose_protocols_count test \
	"$(phases)" = "1,prefill,STREAMED,30,,0 1,generation,STREAMED,12,11, 2,prefill,STREAMED,30,,0 2,generation,STREAMED,20,19, "
leave

# Ctrl-C ends the request that waits, and the report is written.
serve ollama --loaded --fault stall
# A shell lets its background jobs ignore SIGINT.
env --default-signal=INT "$edgeprof" run --runner ollama $fast -o "$dir/cut" --url "$url" --model llama3.2:1b \
	>"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
until grep -q ",piece,1," "$dir/cut/events.csv" 2>/dev/null; do
	tries=$((tries + 1))
	[ "$tries" -gt 20000 ] && break
done
kill -INT $pid
wait $pid
status=$?
status_is interrupt_ends_it 130 "interrupted"
check interrupted_is_reported test -s "$dir/cut/report.json"
check server_outlives_it kill -0 "$server"
leave

# The server dies: what was not sent is told.
serve ollama --loaded --fault stall
"$edgeprof" run --runner ollama $fast -o "$dir/gone" --url "$url" --model llama3.2:1b \
	--prompts "$dir/suite.csv" >"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
until grep -q ",piece,1," "$dir/gone/events.csv" 2>/dev/null; do
	tries=$((tries + 1))
	[ "$tries" -gt 20000 ] && break
done
leave
wait $pid
status=$?
status_is a_dead_server_fails_the_run 1 "1 of 3 prompts were not sent"
check a_dead_server_is_a_warning grep -q "prompts-left" "$dir/gone/events.csv"

# What is asked wrongly.
run --runner ollama $fast -o "$dir/x"
status_is model_is_needed 125 "needs --model"
run --runner openai --model x $fast -o "$dir/x"
status_is url_is_needed 125 "needs --url"
run --runner ollama --model x $fast -o "$dir/x" -- true
status_is takes_no_command 125 "takes no command"
run --model x $fast -o "$dir/x" -- true
status_is commands_take_no_model 125 "are for --runner"
run --runner openai --url http://me:secret@h/v1 --model x $fast -o "$dir/x"
status_is url_without_password 125 "must not hold"
printf 'id,prompt,heat\na,b,1\n' >"$dir/bad.csv"
run --runner ollama --model x --prompts "$dir/bad.csv" $fast -o "$dir/x"
status_is suite_errors_name_file_and_line 125 "bad.csv:1: unknown column"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Prompt suites: what is built in, prompts and answers of a fixed length and how
# the server's count of tokens is used for them, files that are refused.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

"$edgeprof" run --runner ollama --model x --url http://127.0.0.1:1 $fast -o "$dir/probe" \
	>"$dir/out" 2>"$dir/err"
if grep -q 'no runner is called' "$dir/err"; then
	skip suites "built without libcurl"
	exit 0
fi
server=
mkdir "$dir/bin"
for name in ollama llama-server; do
	cp "$sim/llm_server" "$dir/bin/$name"
done

# serve NAME SIM_OPTION...: what it is asked goes to $dir/asked
serve() {
	: >"$dir/port"
	: >"$dir/asked"
	seen=0
	what=$1
	shift
	"$dir/bin/$what" --load 20 --prefill 5 --token 1 --asked "$dir/asked" "$@" >"$dir/port" &
	server=$!
	tries=0
	until grep -q port "$dir/port"; do
		tries=$((tries + 1))
		[ "$tries" -gt 3000 ] && break
	done
	url=http://127.0.0.1:$(sed -n 's/^port //p' "$dir/port")
}

leave() {
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
	server=
}
trap 'leave; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

# What was asked so far is of no interest.
forget() {
	seen=$(wc -l <"$dir/asked")
}

# ask FOLDER RUNNER OPTION...: a run; $dir/out has the report
ask() {
	out=$dir/$1
	runner=$2
	shift 2
	run --runner "$runner" --url "$url" $fast -o "$out" "$@"
}

# column NAME: cells of requests.csv, one line
column() {
	python3 - "$out/requests.csv" "$1" <<'P'
import csv, sys
print(" ".join(r[sys.argv[2]] or "-" for r in csv.DictReader(open(sys.argv[1]))))
P
}

# bodies EXPRESSION: of the requests the server was sent, b each; one line
bodies() {
	tail -n +$((seen + 1)) "$dir/asked" >"$dir/asked.new"
	python3 - "$dir/asked.new" "$1" <<'P'
import json, sys
print(" ".join(str(eval(sys.argv[2], {"b": json.loads(l)})) for l in open(sys.argv[1])))
P
}

# The built-in suites.
serve ollama --loaded --tokens 500
ask short ollama --model llama3.2:1b --prompts suite:short --max-tokens 3
status_is short_runs 0 "suite:short" "$dir/out"
check short_has_20 test "$(column prompt_id | wc -w)" -eq 20
check short_has_five_tags test "$(column tag | tr ' ' '\n' | sort | uniq -c | tr -s ' \n' ' ')" = \
	" 4 arithmetic 4 code 4 creative 4 recall 4 translation "
check short_has_temperatures test "$(column temperature | tr ' ' '\n' | sort -u | tr '\n' ' ')" = \
	"0.2 0.3 0.4 0.5 0.7 0.8 0.9 "
check short_has_limits_of_its_own test "$(bodies 'b["options"]["num_predict"]' | tr ' ' '\n' |
	sort -nu | tr '\n' ' ')" = "48 64 96 128 "
check short_is_sent_as_it_is test "$(bodies 'b["prompt"] == "What is 17 times 24? Show the steps." and "raw" not in b' |
	tr ' ' '\n' | grep -c True)" -eq 1
ask nosuch ollama --model llama3.2:1b --prompts suite:long
status_is unknown_suite 125 "suite:short and suite:ladder are built in"
check the_example_is_the_suite cmp "$here/../../runners/suites/short.csv" \
	"$here/../../docs/examples/api-client.csv"
check help_lists_the_suites sh -c '"$1" run --help | grep -q "suite:short|suite:ladder"' sh "$edgeprof"
cp "$here/../../docs/examples/api-client.csv" "$dir/suite:mine"
(cd "$dir" && "$edgeprof" run --runner ollama --url "$url" --model llama3.2:1b $fast \
	--prompts ./suite:mine -o "$dir/mine" >"$dir/out" 2>"$dir/err")
status=$?
status_is a_file_may_be_called_so 0
printf 'id,prompt,temperature\na,x,\nb,y,0.5\n' >"$dir/some.csv"
ask warmer ollama --model llama3.2:1b --prompts "$dir/some.csv" --temperature 0.75
check temperature_of_those_that_say_none test "$(column temperature)" = "0.75 0.5"
ask hot ollama --model llama3.2:1b --temperature 11
status_is temperature_out_of_range 125 "not a number from 0 to 10"
leave

# llama-server: lengths by /tokenize, nothing cached.
serve llama-server --count-prompt 5
ask ladder llama-server --prompts suite:ladder --max-tokens 4
status_is ladder_runs 0 "6 of 6 requests exactly as long as asked" "$dir/out"
check ladder_is_exact test "$(column prompt_eval_count)" = "128 256 512 1024 2048 4096"
check ladder_is_not_cached test "$(column cached_tokens)" = "0 0 0 0 0 0"
check ladder_tells_what_was_asked test "$(column asked_prompt_tokens)" = "128 256 512 1024 2048 4096"
check ladder_sends_tokens test "$(bodies 'len(b["prompt"]), b["cache_prompt"], b["n_predict"]')" = \
	"(128, False, 4) (256, False, 4) (512, False, 4) (1024, False, 4) (2048, False, 4) (4096, False, 4)"
check ladder_begins_differently test \
	"$(bodies 'b["prompt"][1]' | tr ' ' '\n' | sort -u | wc -l)" -eq 6
ask own llama-server --prompts suite:ladder
check ladder_has_a_limit_of_its_own test "$(bodies 'b["n_predict"]')" = "4 4 4 4 4 4 64 64 64 64 64 64"
forget
ask fixed llama-server --prompt-tokens 80 --output-tokens 10 --ignore-eos
status_is fixed_length_runs 0 "1 of 1 requests exactly" "$dir/out"
check fixed_length_is_sent test "$(tail -n 1 "$dir/asked" | python3 -c '
import json, sys
b = json.load(sys.stdin)
print(len(b["prompt"]), b["n_predict"], b["ignore_eos"])')" = "80 10 True"
check fixed_length_is_reached test "$(column prompt_eval_count) $(column eval_count)" = "80 10"
ask both llama-server --prompts suite:ladder --prompt-tokens 5
status_is ladder_has_its_own_lengths 125 "lengths of its own"
leave

# No /tokenize, or a chat template: by small requests before the start.
serve llama-server --count-prompt 7 --no-tokenize
ask chat llama-server --chat --prompts suite:ladder --max-tokens 4
status_is chat_ladder_runs 0 "6 of 6 requests exactly" "$dir/out"
check calibration_is_told grep -q "fact,.*prompts.fitted,10 requests of at most 10[0-9] prompt" "$out/events.csv"
check calibration_is_before_the_gate test "$(column prompt_id | wc -w)" -eq 6
check calibration_asks_for_one_token test "$(bodies 'b["max_tokens"]')" = "1 1 1 1 1 1 1 1 1 1 4 4 4 4 4 4"
ask plain llama-server --prompts suite:ladder --max-tokens 4
check without_tokenize_it_is_as_exact test "$(column prompt_eval_count)" = "128 256 512 1024 2048 4096"
leave

# Ollama: no template, its count of prompt tokens; it cannot leave out an end.
serve ollama --count-prompt 9 --eos --tokens 12
ask ollama ollama --model llama3.2:1b --prompt-tokens 80 --output-tokens 100
status_is ollama_fixed_length 0 "request 1: output tokens asked 100, got 13" "$dir/out"
check short_answers_are_a_warning grep -q \
	"warning,.*wrong-token-count,.*request 1 (built-in): asked 100 output tokens" "$out/events.csv"
check short_answers_are_printed grep -q "wrong token count: request 1" "$dir/err"
check ollama_prompt_is_exact test "$(column prompt_eval_count)" = 80
check ollama_sends_no_template test "$(tail -n 1 "$dir/asked" | python3 -c '
import json, sys
b = json.load(sys.stdin)
print(b["raw"], b["options"]["num_predict"])')" = "True 100"
cp "$out/report.json" "$dir/before.json"
check report_runs_again "$edgeprof" report "$out"
check report_is_recomputed_equal cmp "$dir/before.json" "$out/report.json"
ask eos ollama --model llama3.2:1b --output-tokens 100 --ignore-eos
status_is ollama_cannot_ignore_eos 125 "has no such field"
leave
serve ollama --loaded --no-usage --fault 500@1
ask broken ollama --model llama3.2:1b --prompt-tokens 80
status_is a_failed_calibration_is_told 125 "HTTP status 500"
check a_failed_calibration_leaves_no_folder test ! -e "$out"
leave
serve llama-server --no-usage
ask uncounted openai --url "$url/v1" --model llama3.2:1b --prompt-tokens 80
status_is without_a_count_there_is_no_length 125 "tells no count of prompt tokens"
leave

# Files that are refused, before anything runs: no server is needed.
refused() { # NAME FILE SENTENCE
	run --runner ollama --url http://127.0.0.1:1 --model x $fast --prompts "$2" -o "$dir/x"
	status_is "$1" 125 "$3"
}
: >"$dir/empty.csv"
refused empty_file "$dir/empty.csv" "empty.csv: no prompts: the file is empty"
printf 'prompt\nok\na\0b\n' >"$dir/nul.csv"
refused nul_byte "$dir/nul.csv" "nul.csv:3: a NUL byte"
printf 'prompt\nok\ncaf\351\n' >"$dir/latin1.csv"
refused latin1 "$dir/latin1.csv" "latin1.csv:3: this is not UTF-8"
printf 'id,prompt\na,x\na,y\n' >"$dir/twice.csv"
refused twice "$dir/twice.csv" "twice.csv:3: two prompts have this id: 'a'"
printf '{"prompt":"a","temperature":"hot"}\n' >"$dir/type.jsonl"
refused wrong_type "$dir/type.jsonl" "type.jsonl:1: not a text or a number"
printf 'prompt\n"cut\n' >"$dir/cut.csv"
refused truncated "$dir/cut.csv" "cut.csv:3: a quote is never closed"
{
	echo prompt
	yes x | head -n 1000000
} >"$dir/million.csv"
refused a_million_lines "$dir/million.csv" "million.csv:10002: too many prompts"
refused a_folder "$dir" "Is a directory"
refused no_file "$dir/none.csv" "No such file"
run --prompts suite:short $fast -o "$dir/x" -- true
status_is commands_take_no_suite 125 "are for --runner"
exit $failed

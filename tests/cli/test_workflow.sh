#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Workflows: dependent calls and what is read between them, against
# tests/sim/llm_server: what is asked, phases, failures, Ctrl-C.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

"$edgeprof" run --runner ollama --model x --url http://127.0.0.1:1 $fast -o "$dir/probe" \
	>"$dir/out" 2>"$dir/err"
if grep -q 'no runner is called' "$dir/err"; then
	skip workflow "built without libcurl"
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
	"$dir/bin/$what" --load 20 --prefill 5 --token 2 --asked "$dir/asked" "$@" >"$dir/port" &
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

ask() {
	out=$dir/$1
	runner=$2
	shift 2
	run --runner "$runner" --url "$url" $fast -o "$out" "$@"
}

column() {
	python3 - "$out/requests.csv" "$1" <<'P'
import csv, sys
print(" ".join((r[sys.argv[2]] or "-").replace(" ", "_") for r in csv.DictReader(open(sys.argv[1]))))
P
}

bodies() { # EXPRESSION of b: one line for each request
	tail -n +$((seen + 1)) "$dir/asked" >"$dir/asked.new"
	python3 - "$dir/asked.new" "$1" <<'P'
import json, sys
for l in open(sys.argv[1]):
    print(eval(sys.argv[2], {"b": json.loads(l), "json": json}))
P
}

# ingests: "STEP,TEXT" of what was read, in order
ingests() {
	python3 - "$out/events.csv" <<'P'
import csv, sys
for r in csv.DictReader(open(sys.argv[1])):
    if r["event"] == "ingest":
        print(r["source"] + "," + r["text"])
P
}

printf 'cold $(touch %s/pwned) {plan.answer}\n' "$dir" >"$dir/data.txt"
cat >"$dir/agent.conf" <<'W'
model = "llama3.2:1b"
temperature = 0.4
seed = 11

file "report" { path = "data.txt" }
pause "think" { time = 40ms }
call "plan" { prompt = "Plan: {report.text}" max_tokens = 3 }
command "tool" { run = "sort -r" input = "{plan.answer}\nzz\naa\n" }
call "final" {
	prompt = "Use {plan.answer}, {tool.text}and {{x}."
	temperature = 0.9
	max_tokens = 2
}
W

# What is asked, and the phases.
serve ollama --loaded --also other:7b
ask agent ollama --workflow "$dir/agent.conf"
status_is it_runs_without_model 0 "model llama3.2:1b, workflow" "$dir/out"
bodies 'json.dumps([b["model"], b["prompt"], b["options"]], ensure_ascii=False)' >"$dir/golden"
cat >"$dir/wanted" <<W
["llama3.2:1b", "Plan: cold \$(touch $dir/pwned) {plan.answer}\\n", {"temperature": 0.4, "num_predict": 3, "seed": 11}]
["llama3.2:1b", "Use w1 café2 w3 , zz\\nw1 café2 w3 \\naa\\nand {x}.", {"temperature": 0.9, "num_predict": 2, "seed": 11}]
W
check requests_are_as_written cmp "$dir/golden" "$dir/wanted"
check no_shell_saw_it test ! -e "$dir/pwned"
check requests_are_named test "$(column prompt_id)" = "plan final"
check temperatures_are_told test "$(column temperature)" = "0.4 0.9"
check what_was_read_is_told test "$(ingests | tr '\n' ';')" = \
	"report,file, $(wc -c <"$dir/data.txt") bytes;think,pause, 0 bytes;tool,command, 20 bytes;"
check phases_are_in_order test "$(cut -d, -f1,2 "$out/phases.csv" | grep -e '^[0-9]*,ingest' -e '^[1-9]' |
	grep -v other | tr '\n' ' ')" = "0,ingest 0,ingest 1,prefill 1,generation 0,ingest 2,prefill 2,generation "
number the_pause_is_ingestion "$(cut -d, -f2,10 "$out/phases.csv" | sed -n 's/^ingest,//p' |
	sort -g | tail -n 1) >= 0.04"
check the_total_of_ingestion_is_shown grep -q "^  ingest " "$dir/out"
check the_file_is_in_the_manifest grep -q '"workflow": *"'"$dir/agent.conf" "$out/run.json"
cp "$out/report.json" "$dir/before.json"
check report_runs_again "$edgeprof" report "$out"
check report_is_recomputed_equal cmp "$dir/before.json" "$out/report.json"
forget
ask said ollama --workflow "$dir/agent.conf" --model other:7b --seed 5
check the_command_line_comes_first test "$(bodies '(b["model"], b["options"]["seed"])' | sort -u)" = "('other:7b', 5)"
leave

# The page and the example are what they say.
here_top=$here/../..
for key in $(sed -n 's/^\t{ "\([a-z_]*\)", .*/\1/p' "$here_top/runners/workflow.c" | sort -u); do
	check "the_page_has_$key" grep -q "^\*.*$key\*" "$here_top/docs/edgeprof-workflow.5.scd"
done
serve ollama --loaded
ask example ollama --workflow "$here_top/docs/examples/agent.conf" --max-tokens 5
status_is the_example_runs 0
check the_example_asks_twice_in_each_round test "$(column prompt_id)" = \
	"findings message findings message findings message"
check the_example_reads_its_data test "$(bodies '"08:40,cellar,16.2,63,open" in b["prompt"]' | head -n 1)" = True
check the_second_call_has_the_answer test "$(bodies '"are:" in b["prompt"] and "caf" in b["prompt"]' |
	tail -n 1)" = True
check the_guide_has_the_example python3 -c '
import sys
a, b = (open(f).read() for f in sys.argv[1:])
sys.exit(a not in b)' "$here_top/docs/examples/agent.conf" "$here_top/docs/workflows.md"
forget
ask warmer ollama --workflow "$dir/agent.conf" --temperature 0.75
check temperature_of_all_comes_from_outside test "$(column temperature)" = "0.75 0.9"
ask hot ollama --workflow "$dir/agent.conf" --temperature hot
status_is a_wrong_number_is_told 125 "not a number from 0 to 10"
leave

# Rounds, repeated calls, a model for one call, cold starts.
cat >"$dir/rounds.conf" <<'W'
repeat = 2
call "first" { prompt = "one" model = "llama3.2:1b" max_tokens = 2 }
call "second" { prompt = "two {first.answer}" model = "other:7b" repeat = 2 max_tokens = 2 }
W
serve ollama --also other:7b
ask rounds ollama --workflow "$dir/rounds.conf"
status_is rounds_run 0
check rounds_are_tagged test "$(column tag)" = \
	"round_1 round_1,_call_1 round_1,_call_2 round_2 round_2,_call_1 round_2,_call_2"
check each_call_has_its_model test "$(column model)" = \
	"llama3.2:1b other:7b other:7b llama3.2:1b other:7b other:7b"
sed 's/other:7b/none:1b/' "$dir/rounds.conf" >"$dir/none.conf"
ask none ollama --workflow "$dir/none.conf"
status_is a_missing_model_is_told_first 125 "ollama pull none:1b"
leave

# The other servers; thoughts are no part of an answer.
serve llama-server --thinking 2
ask llama llama-server --workflow "$dir/agent.conf"
status_is llama_server_runs 0
check llama_server_is_asked test "$(bodies 'b["prompt"][:8]' | tr '\n' ';')" = "Plan: co;Use w1 c;"
forget
ask openai openai --url "$url/v1" --workflow "$dir/agent.conf"
status_is openai_runs 0
check thoughts_are_no_answer test "$(bodies 'b["messages"][0]["content"]' | head -n 3 | tail -n 1 | cut -c1-9)" = "Use w3 , "
leave

# A step that fails ends its round; the rest is told.
serve ollama --loaded --also other:7b --fault midstream@1
ask failed ollama --workflow "$dir/rounds.conf"
status_is a_failed_call_fails_the_run 1 "round 1 of 2 of the workflow ended at step 'first'; not run: second"
check the_next_round_runs test "$(column prompt_id)" = "first first second second"
leave
cat >"$dir/ingest.conf" <<'W'
model = "llama3.2:1b"
call "a" { prompt = "x" max_tokens = 2 }
command "bad" { run = "false" }
call "b" { prompt = "y {bad.text}" }
pause "p" { time = 1s }
W
serve ollama --loaded
ask ingest ollama --workflow "$dir/ingest.conf"
status_is a_failed_command_ends_it 1 "ended at step 'bad': false ended with status 1; not run: b, p"
check its_request_is_kept test "$(column prompt_id)" = a
check its_failure_is_an_event test "$(ingests)" = "bad,command, failed: false ended with status 1"
sed 's/"false"/"no-such-program-x"/' "$dir/ingest.conf" >"$dir/program.conf"
ask program ollama --workflow "$dir/program.conf"
status_is a_missing_program_is_told 1 "no-such-program-x"
sed 's/command "bad" .*/file "bad" { path = "none.txt" }/' "$dir/ingest.conf" >"$dir/file.conf"
ask file ollama --workflow "$dir/file.conf"
status_is a_missing_file_is_told 1 "none.txt: No such file"
sed 's/run = "false"/run = "sleep 30" timeout = 100ms/' "$dir/ingest.conf" >"$dir/late.conf"
ask late ollama --workflow "$dir/late.conf"
status_is a_late_command_is_ended 1 "sleep did not end within 0.1 s"

# Ctrl-C during a command.
sed 's/run = "false"/run = "sleep 30"/' "$dir/ingest.conf" >"$dir/long.conf"
env --default-signal=INT "$edgeprof" run --runner ollama $fast -o "$dir/cut" --url "$url" \
	--workflow "$dir/long.conf" >"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
until grep -q ",reply,1," "$dir/cut/events.csv" 2>/dev/null; do
	tries=$((tries + 1))
	[ "$tries" -gt 20000 ] && break
done
kill -INT $pid
wait $pid
status=$?
status_is interrupt_ends_it 130 "not run: b, p"
check interrupted_is_reported test -s "$dir/cut/report.json"
check no_command_is_left fails pgrep -f "^sleep 30$"

# As an ordinary user the client reads what the user may, no more.
if [ "$(id -u)" -eq 0 ]; then
	user_tools
	install -d -m 0777 "$dir/user"
	echo secret >"$dir/user/secret.txt"
	chmod 600 "$dir/user/secret.txt"
	cat >"$dir/user/w.conf" <<'W'
model = "llama3.2:1b"
file "f" { path = "secret.txt" }
call "a" { prompt = "x {f.text}" }
W
	SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody "$edgeprof" run --runner ollama \
		--url "$url" $fast -o "$dir/user/run" --workflow "$dir/user/w.conf" \
		>"$dir/out" 2>"$dir/err"
	status=$?
	status_is the_caller_reads_the_file 1 "secret.txt: Permission denied"
else
	skip the_caller_reads_the_file "only root can be called by sudo"
fi
leave

# What is written wrongly.
wrong() { # NAME SENTENCE TEXT...
	what=$1
	says=$2
	shift 2
	printf '%s\n' "$@" >"$dir/wrong.conf"
	run --runner ollama --url http://127.0.0.1:1 $fast --workflow "$dir/wrong.conf" -o "$dir/x"
	status_is "$what" 125 "$says"
}
wrong unknown_name 'wrong.conf:2: prompt: {c.answer} is nothing' \
	'call "a" { prompt = "x" }' 'call "b" { prompt = "{c.answer}" }'
wrong a_cycle 'wrong.conf:1: prompt: {b.answer} is nothing that an earlier step gives' \
	'call "a" { prompt = "{b.answer}" }' 'call "b" { prompt = "{a.answer}" }'
wrong unknown_section 'wrong.conf:1: unknown section' 'cal "a" { prompt = "x" }'
wrong no_call 'no call: nothing is asked' 'model = m'
wrong no_model 'needs --model' 'call "a" { prompt = "x" }'
run --runner ollama --url http://127.0.0.1:1 $fast --workflow "$dir/agent.conf" \
	--prompts suite:short -o "$dir/x"
status_is not_both 125 "leave out --prompts"
run --runner ollama --url http://127.0.0.1:1 $fast --workflow "$dir/agent.conf" \
	--output-tokens 5 -o "$dir/x"
status_is lengths_are_the_files 125 "leave out --output-tokens"
run --workflow "$dir/agent.conf" $fast -o "$dir/x" -- true
status_is commands_take_no_workflow 125 "are for --runner"
run --runner ollama $fast --workflow "$dir/none" -o "$dir/x"
status_is a_missing_workflow 125 "No such file"
exit $failed

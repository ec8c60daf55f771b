#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The studies of docs/studies, each as it stands in its plan, and run in a short
# form: on the demo board, with the demo program in place of llama.cpp, simulated
# meters and servers, and the settings of a tree of files.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

pids=
# shellcheck disable=SC2086 # one word for each
trap 'kill $pids 2>/dev/null; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

if ! "$edgeprof" sweep --help >/dev/null 2>&1; then
	skip studies "built without SQLite"
	exit 0
fi
cp -R "$here/../../docs/studies" "$dir/studies"
cp -R "$here/../../docs/examples" "$dir/examples"
mkdir "$dir/bin" "$dir/studies/models" "$dir/short"
cd "$dir/studies" || exit 1
PATH=$dir/bin:$PATH
if "$edgeprof" sweep tune.conf --plan 2>&1 | grep -q 'needs libRmath'; then
	skip studies "built without libRmath"
	exit 0
fi

# The demo program, called as llama.cpp's is; an option that it would not know
# ends it.
"$build/infer" --make-model "$dir/tiny.bin" --tiny || exit 1
cat >"$dir/bin/llama-completion" <<P
#!/bin/sh
while [ \$# -gt 0 ]; do
	case \$1 in
	-m) model=\$2 ;;
	-f) prompt=\$(cat "\$2") || exit 1 ;;
	-t) threads=\$2 ;;
	-n) tokens=\$2 ;;
	-c | -ngl | --temp | --seed) ;;
	--ignore-eos | -no-cnv) shift && continue ;;
	*) echo "no such option: \$1" >&2 && exit 1 ;;
	esac
	shift 2
done
[ -e "\$model" ] || { echo "no such model: \$model" >&2; exit 1; }
exec "$build/infer" -m "$dir/tiny.bin" -t "\$threads" -n "\$tokens" -p "\$prompt" --temp 0
P
chmod +x "$dir/bin/llama-completion"

# short NAME EDIT...: the file of that name with sed's edits, each of which must
# change it, as $dir/short/NAME.conf.  A busy test machine makes a run invalid for
# as few reasons as can be, and then it runs again.
short() {
	conf=$dir/short/$1.conf
	sed '/^title/i retries = 50' "$1.conf" >"$conf"
	shift
	for edit; do
		sed "$edit" "$conf" >"$conf.new"
		cmp -s "$conf" "$conf.new" && not_ok "${conf##*/}" "'$edit' changes nothing"
		mv "$conf.new" "$conf"
	done
	grep -q '^limits {' "$conf" || printf 'limits {\n}\n' >>"$conf"
	sed 's/^limits {/&\nmax-background-cpu = "1000%"\nmax-frequency-shortfall = "1000%"\nmax-missed-ticks = "1000%"\nmax-sensor-gaps = "1000%"/' \
		"$conf" >"$conf.new" && mv "$conf.new" "$conf"
}

# study NAME: the short form of it, into $dir/NAME
study() {
	"$edgeprof" sweep "$dir/short/$1.conf" -o "$dir/$1" >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "$1_runs" 0
	[ "$status" -eq 0 ] || tail -n 20 "$dir/err"
}

# plan NAME CONFIGURATIONS: what the whole file would run
plan() {
	"$edgeprof" sweep "$1.conf" --plan >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "$1_has_its_plan" 0 "  $2 configurations, " "$dir/out"
}

# judge NAME: lines "NAME: EXPRESSION" of Python, each of which must hold.  rows
# are those of results.csv, run(number) is run.json, requests(number) its table.
judge() {
	cat >"$dir/lines"
	python3 - "$dir" "$1" <<'P' >"$dir/verdicts" 2>&1
import csv, json, sys
dir, name = sys.argv[1:]
folder = f"{dir}/{name}"
rows = list(csv.DictReader(open(folder + "/results.csv")))

def run(number):
    return json.load(open(f"{folder}/runs/{number:04d}/run.json"))

def report(number):
    return json.load(open(f"{folder}/runs/{number:04d}/report.json"))

def requests(number):
    return list(csv.DictReader(open(f"{folder}/runs/{number:04d}/requests.csv")))

def valid(phase=None):
    return [r for r in rows if r["valid"] == "1" and phase in (None, r["phase"])]

def orders():
    return sorted({int(r["order"]): r for r in rows
                   if r["reasons"] in ("", "warm-up")}.items())

def setting(number, name):
    for e in csv.DictReader(open(f"{folder}/runs/{number:04d}/events.csv")):
        if e["event"] == "setting" and e["source"] == name:
            return e["text"].split("asked=")[1].split(" is=")[0]
    return ""

def asked():
    return [json.loads(l) for l in open(f"{dir}/{name}/asked") if l.strip()]

def levels(factor):
    return sorted({r[factor] for r in rows})

for line in open(dir + "/lines"):
    what, expression = line.strip().split(": ", 1)
    try:
        good = eval(expression)
    except Exception as e:
        good = repr(e)
    print(f"ok {name}_{what}" if good is True else f"not ok {name}_{what}: {expression}: {good}")
P
	cat "$dir/verdicts"
	grep -v "^ok " "$dir/verdicts" >"$dir/bad" && failed=1
	grep -q "^ok " "$dir/verdicts" || not_ok "judge_$1" "$(tail -n 1 "$dir/verdicts")"
}

# A llama-completion whose rate depends on governor and threads, to the
# nanosecond but for half a percent, and that needs no arithmetic for it.
cat >"$dir/bin/scripted" <<P
#!/usr/bin/env python3
import os, socket, sys, time
governor = open("$dir/tree/sys/devices/system/cpu/cpufreq/policy0/scaling_governor").read().strip()
rates = {"powersave": [30, 36, 40, 42], "ondemand": [38, 100, 125, 111], "performance": [40, 105, 140, 120]}
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
rate = rates[governor][int(options["-t"]) - 1] * (1 + (os.getpid() % 11 - 5) / 1000)
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
at = time.monotonic_ns()
def mark(number, what):
    time.sleep(max(0, at - time.monotonic_ns()) / 1e9)
    to.sendto(b"ep1 1 %d %d %s" % (number, at, what), os.environ["EDGEPROF_SOCKET"])
mark(1, b"phase prefill 80")
at += 5000000
mark(2, b"phase generation -1")
for i in range(int(options["-n"])):
    mark(3 + i, b"token")
    at += int(1e9 / rate)
P
chmod +x "$dir/bin/scripted"

# --- A: edge study, on the tree of a Raspberry Pi 5 ---
"$sim/make_tree" "$here/../fixtures/rpi5.tree" "$dir/tree" || exit 1
mkdir -p "$dir/tree/usr/sbin" "$dir/tree/run"
cp "$here/../sim/board/swapoff" "$dir/tree/usr/sbin/swapoff"
cp "$here/../sim/board/swapoff" "$dir/tree/usr/sbin/swapon"
touch models/qwen2.5-0.5b-Q4_0.gguf models/qwen2.5-0.5b-Q4_K_M.gguf
quick='--board demo --idle 0s --tail 0s'
plan edge-study 96
plan edge-study-orin 192
short edge-study "s/--board rpi5/$quick/" 's/^runs = 4/runs = 1/' 's/30s/10ms/' \
	's/"qwen.*mini"/"qwen2.5-0.5b"/' 's/powersave, ondemand/powersave/' 's/1-4/1-2/'
EDGEPROF_ROOT=$dir/tree
export EDGEPROF_ROOT
study edge-study
unset EDGEPROF_ROOT
judge edge-study <<'J'
every_configuration_ran: len({r["order"] for r in valid() if r["run"] == "1"}) == 8
and_was_warmed_up: len({r["config"] for r in rows if r["run"] == "w1"}) == 8 and not any(r["run"] == "w1" for r in valid())
has_its_factors: levels("quant") == ["Q4_0", "Q4_K_M"] and levels("threads") == ["1", "2"]
sets_the_governor: all(setting(o, "governor of policy0") == r["governor"] for o, r in orders())
runs_the_fan: all(setting(o, "fan pwmfan duty (of 255)") == "255" for o, r in orders())
drops_caches_before_the_first: all((setting(o, "page cache") == "dropped") == (r["run"] == "w1") for o, r in orders())
clears_swap_before_the_first: all((setting(o, "swap /var/swap") == "clear") == (r["run"] == "w1") for o, r in orders())
is_in_the_order_given: [int(r["config"]) for o, r in orders()] == sorted(int(r["config"]) for o, r in orders())
generates_100_tokens: all(r["tokens"] == "100" for r in valid("generation"))
has_its_figures: all(float(r[c]) > 0 for r in valid("generation") for c in ("tokens_per_s", "j_per_token", "action_j_s_per_token"))
has_its_memory: all(float(r["rss_peak_bytes"]) > 1e6 for r in valid("run"))
J

# The same with power modes: the prompt, the command and the names are good.
short edge-study-orin "s/--board jetson-orin-nano/$quick/" 's/^runs = 4/runs = 1/' 's/30s/0s/' \
	's/"qwen.*mini"/"qwen2.5-0.5b"/' 's/1-6/1/' 's/^warmup = 1//' \
	's/^clear-swap.*//' 's/"Q4_0, Q4_K_M"/"Q4_0"/' 's/MAXN_SUPER/25W/'
rm -rf "$dir/orin"
"$sim/make_tree" "$here/../fixtures/jetson-orin-nano-jp6.tree" "$dir/orin" || exit 1
mkdir -p "$dir/orin/usr/sbin" "$dir/orin/usr/bin" "$dir/orin/run"
cp "$here/../sim/board/nvpmodel" "$dir/orin/usr/sbin/nvpmodel"
EDGEPROF_ROOT=$dir/orin
export EDGEPROF_ROOT
study edge-study-orin
unset EDGEPROF_ROOT
judge edge-study-orin <<'J'
every_configuration_ran: len({r["order"] for r in valid() if r["run"] == "1"}) == 4
sets_the_mode: all(r["power-mode"] in setting(o, "power mode") for o, r in orders())
generates_100_tokens: all(r["tokens"] == "100" for r in valid("generation"))
J

# --- B: LLMPi, with a meter ---
"$sim/um_meter" --link "$dir/meter" --state "$dir/meter.state" --profile "ramp 4.9 5.1 3" 2>"$dir/meter.err" &
pids="$pids $!"
touch models/llama-3.2-1b-Q2_K.gguf models/llama-3.2-1b-Q8_0.gguf
plan llmpi 7
short llmpi "s/--board rpi5/--board demo --tail 1s/" "s,/dev/rfcomm0,$dir/meter," 's/--idle 3m --fan full/--idle 1500ms/' \
	's/for.sh 180/for.sh 4/' 's/^runs = 3/runs = 1/' 's/30s/0s/' 's/"Q2_K.*Q8_0"/"Q2_K, Q8_0"/'
tries=0
until [ -s "$dir/meter.state" ] || [ $tries -ge 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
study llmpi
judge llmpi <<'J'
both_ran: sorted(r["quant"] for r in valid("run")) == ["Q2_K", "Q8_0"]
has_the_meter_s_power: all(abs(float(r["power_mean_w"]) - 5) < 0.2 for r in valid("run"))
was_active_as_long: all(3 <= float(r["duration_s"]) < 20 for r in valid("run"))
answers_again_and_again: all(len(report(int(o))["requests"]) > 1 for o, r in orders())
has_no_net_energy: all(abs(float(r["energy_net_j"])) < 0.1 * float(r["energy_j"]) for r in valid("run"))
has_rates: all(float(r["tokens_per_s"]) > 0 for r in valid("generation"))
J
check repeat_for_tells_failures fails sh repeat-for.sh 5 false
check repeat_for_repeats test "$(sh repeat-for.sh 1 echo x | wc -l)" -gt 3

# --- tune: governor and threads, by halving ---
"$sim/make_trace" "$dir/5w.csv" constant 100 9 >/dev/null || exit 1
cp "$dir/bin/scripted" "$dir/bin/llama-completion"
plan tune 12
status_is tune_tells_what_it_saves 0 'about 96 runs that count; all configurations with as many as that need 288' "$dir/out"
short tune "s,--board rpi5,$quick --sensor replay:$dir/5w.csv --total replay," 's/=5.33/=53.3/' 's/-n 100/-n 5/' \
	's/^runs = 3/runs = 2/' 's/^max-runs = 24/max-runs = 6/' 's/^warmup = 1//' \
	's/-c 512 //' 's/ --ignore-eos.*-no-cnv//'
EDGEPROF_ROOT=$dir/tree
export EDGEPROF_ROOT
# Killed on its way, it decides what it would have decided.
"$edgeprof" sweep "$dir/short/tune.conf" -o "$dir/tune" >"$dir/out" 2>"$dir/err" &
killed=$!
tries=0
until [ -d "$dir/tune/runs/0015" ] || [ $tries -ge 600 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
kill -9 $killed
wait $killed 2>/dev/null
check tune_was_killed_on_its_way test ! -d "$dir/tune/runs/0030"
"$edgeprof" sweep "$dir/tune" --resume >"$dir/out" 2>"$dir/err"
status=$?
status_is tune_goes_on 0
found() {
	sed -n '/^Search for/,$p' "$1"
}
found "$dir/out" >"$dir/search"
check tune_finds_the_best grep -q '^  best: governor=performance threads=3$' "$dir/search"
check tune_names_the_next grep -q '^  next: governor=ondemand threads=3$' "$dir/search"
check tune_says_how_sure_it_is grep -q '^  The best is better than the next by 1[01] % (95 % interval [0-9.]* to 1[1-3] %)\.$' "$dir/search"
check tune_tells_who_is_too_slow test "$(grep -c 'below the floor: ' "$dir/search")" -eq 6
check tune_tells_who_was_worse test "$(grep -c 'place [4-6] of 6, .* worse than the best by ' "$dir/search")" -eq 3
check tune_gives_the_better_half_more test "$(grep -c 'runs: place 3 of 3' "$dir/search")" -eq 1
judge tune <<'J'
made_fewer_runs_than_the_grid: len({r["order"] for r in valid()}) == 6 * 2 + 3 * 2 + 1 * 4 + 2 * 6
has_the_scripted_energy: all(abs(float(r["j_per_token"]) * float(r["tokens_per_s"]) - 5) < 0.01 for r in valid("generation"))
J
"$edgeprof" sweep "$dir/tune" --resume >"$dir/again" 2>"$dir/err"
found "$dir/again" >"$dir/search2"
check tune_says_the_same_later cmp "$dir/search" "$dir/search2"
check tune_is_rebuilt "$edgeprof" sweep "$dir/tune" --rebuild
"$edgeprof" sweep "$dir/tune" --resume >"$dir/again" 2>"$dir/err"
found "$dir/again" >"$dir/search2"
check tune_says_the_same_from_its_folders cmp "$dir/search" "$dir/search2"
unset EDGEPROF_ROOT

# --- C and D: with a simulated Ollama ---
run --runner ollama --model x --url http://127.0.0.1:1 $fast -o "$dir/probe"
if grep -q 'no runner is called' "$dir/err"; then
	skip studies_of_servers "built without libcurl"
	exit $failed
fi
cp "$sim/llm_server" "$dir/bin/ollama"
: >"$dir/port"
"$dir/bin/ollama" --load 20 --prefill 5 --token 1 --asked "$dir/asked" >"$dir/port" &
pids="$pids $!"
tries=0
until grep -q port "$dir/port" || [ $tries -ge 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
url=http://127.0.0.1:$(sed -n 's/^port //p' "$dir/port")
plan api-client 2
short api-client "s,--runner ollama,& --url $url $quick," 's/--pause 2s/--pause 5ms/' 's/^runs = 3/runs = 1/' 's/10s/0s/'
study api-client
cp "$dir/asked" "$dir/api-client/asked"
judge api-client <<'J'
has_cold_and_warm: levels("cold") == ["no", "yes"] and len(orders()) == 2
asks_20_prompts: all(len(requests(int(o))) == 20 for o, r in orders())
with_their_temperatures: all(len({q["temperature"] for q in requests(int(o))}) > 5 for o, r in orders())
is_cold_where_it_shall_be: all(q["start"] == "cold" for o, r in orders() if r["cold"] == "yes" for q in requests(int(o)))
is_warm_where_it_shall_be: all(q["start"] == "warm" for o, r in orders() if r["cold"] == "no" for q in requests(int(o))[1:])
has_the_server_s_durations: all(float(q[c]) > 0 for o, r in orders() for q in requests(int(o)) for c in ("server_total_ms", "server_prefill_ms", "server_generation_ms"))
sends_the_seed: {b["options"]["seed"] for b in asked() if b.get("prompt")} == {42}
J

plan agent 18
short agent "s,--runner ollama,& --url $url $quick," 's/^runs = 3/runs = 1/' 's/10s/0s/'
seen=$(wc -l <"$dir/asked")
study agent
tail -n "+$((seen + 1))" "$dir/asked" >"$dir/agent/asked"
judge agent <<'J'
every_configuration_ran: len(valid("run")) == 18
asks_what_the_factors_say: {(b["options"]["num_gpu"], b["options"]["num_ctx"], b["options"]["temperature"]) for b in asked()} == {(g, c, t) for g in (0, 8, 99) for c in (512, 2048, 8192) for t in (0.2, 0.8)}
asks_twice_in_each: all([q["prompt_id"] for q in requests(int(o))] == ["findings", "message"] for o, r in orders())
reads_before_it_asks: all("08:40,cellar" in b["prompt"] for b in asked()[0::2])
has_the_client: all(report(int(o))["totals"]["client"] for o, r in orders())
has_rates_and_first_tokens: all(float(q["ttft_s"]) > 0 for o, r in orders() for q in requests(int(o)))
J
exit $failed

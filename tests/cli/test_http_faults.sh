#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that goes wrong between a client and a server, for each of the
# protocols: one run of many requests, each of which meets its own fault.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

"$edgeprof" run --runner ollama --model x --url http://127.0.0.1:1 $fast -o "$dir/probe" \
	>"$dir/out" 2>"$dir/err"
if grep -q 'no runner is called' "$dir/err"; then
	skip http_faults "built without libcurl"
	exit 0
fi
server=
front=
leave() {
	for pid in $server $front; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	server=
	front=
}
trap 'leave; chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT

# wait_line TEXT FILE: until the file has it
wait_line() {
	tries=0
	until grep -q "$1" "$2" 2>/dev/null || [ "$tries" -gt 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# serve NAME OPTION...: a server with quick tokens
mkdir "$dir/bin"
serve() {
	cp "$sim/llm_server" "$dir/bin/$1" 2>/dev/null
	: >"$dir/port"
	what=$1
	shift
	"$dir/bin/$what" --loaded --prefill 20 --token 4 "$@" >"$dir/port" &
	server=$!
	wait_line port "$dir/port"
	port=$(sed -n 's/^port //p' "$dir/port")
	url=http://127.0.0.1:$port
}

# Request, fault, and what is said of it; "-": it is answered all the same.
cat >"$dir/faults" <<'F'
1 404 HTTP status 404: model
2 500 HTTP status 500: llama runner
3 html the server sends a web page
4 stall no whole answer within 1500 ms
5 reset the answer broke off
6 truncated the answer broke off
7 midstream an error was encountered
8 cut the answer broke off
9 redirect HTTP status 307: it sends elsewhere
10 slow -
11 long -
12 utf8 -
13 crlf -
14 dupusage -
15 nodone -
16 huge -
17 negative -
19 exit the answer broke off
F
for i in $(seq 22); do
	printf '{"id":"p%s","prompt":"Hi","max_tokens":10}\n' "$i"
done >"$dir/many.jsonl"
faults=$(awk '{ print "--fault", $2 "@" $1 }' "$dir/faults")

# all NAME RUNNER PROGRAM PATH COUNT OPTION...: COUNT output tokens are known of
# a request whose count is negative ("" where nothing else tells it)
all() {
	which=$1 runner=$2 path=$4 known=$5
	# shellcheck disable=SC2086 # words
	serve "$3" $faults
	shift 5
	out=$dir/$which
	run --runner "$runner" --url "$url$path" --prompts "$dir/many.jsonl" \
		--request-timeout 1500ms $fast -o "$out" "$@"
	status_is "${which}_fails" 1 "2 of 22 prompts were not sent"
	while read -r number fault sentence; do
		[ "$sentence" = - ] && continue
		check "${which}_$fault" grep -q "request $number (p$number): $sentence" "$dir/err"
	done <"$dir/faults"
	check "${which}_nobody_there" grep -q "request 20 (p20): no connection" "$dir/err"
	cut -d, -f1,2,7 "$out/phases.csv" | grep '^[1-9]' >"$dir/phases"
	for i in $(seq 20); do
		case $i in
		[1-9] | 19 | 20) echo "$i,failed," ;;
		*)
			echo "$i,prefill"
			echo "$i,generation,$([ "$i" = 17 ] && echo "$known" || echo 10)"
			;;
		esac
	done >"$dir/wanted"
	sed -i 's/\(,prefill\),.*/\1/' "$dir/phases"
	if cmp -s "$dir/phases" "$dir/wanted"; then
		ok "${which}_phases"
	else
		not_ok "${which}_phases" "$(diff "$dir/phases" "$dir/wanted" | head -n 6 | tr '\n' ' ')"
	fi
	check "${which}_odd_numbers_are_told" grep -q "2 came with numbers out of range" "$dir/out"
	check "${which}_characters_are_whole" grep -q "w1 café2 w3" "$out/stdout.log"
	number "${which}_long_lines_are_whole" "$(awk '{ if (length > n) n = length } END { print n + 0 }' \
		"$out/stdout.log") > 102400"
	# A header 300 ms late is time to the first token.
	number "${which}_slow_header_counts" "$(python3 - "$out/requests.csv" <<'P'
import csv, sys
print([float(r["ttft_s"]) for r in csv.DictReader(open(sys.argv[1])) if r["prompt_id"] == "p10"][0])
P
) >= 0.319"
	leave
}
all generate ollama ollama "" "" --model llama3.2:1b
all chat ollama ollama "" "" --model llama3.2:1b --chat
all completion llama-server llama-server "" 10
all llama_chat llama-server llama-server "" "" --chat
all openai openai llama-server /v1 "" --model llama3.2:1b

# cells FILE NAME: one line
cells() {
	python3 - "$out/$1" "$2" <<'P'
import csv, sys
print(" ".join(r[sys.argv[2]] or "-" for r in csv.DictReader(open(sys.argv[1]))))
P
}

# ask NAME OPTION...: two short requests of Ollama's
printf '{"id":"a","prompt":"Hi","max_tokens":10}\n{"id":"b","prompt":"Hi","max_tokens":10}\n' \
	>"$dir/two.jsonl"
ask() {
	out=$dir/$1
	shift
	run --runner ollama --url "$url" --model llama3.2:1b --prompts "$dir/two.jsonl" \
		$fast -o "$out" "$@"
}
phases() {
	cut -d, -f1,2,7 "$out/phases.csv" | grep '^[0-9]' | grep -v ',other,\|,tail,\|,after,' | tr '\n' ' '
}

# Retries: what failed is in no figure of the request.
serve ollama --fault 500@1 --fault cut@2
ask none
status_is without_retries_it_fails 1 "request 1 (a): HTTP status 500"
leave
serve ollama --fault 500@1 --fault cut@2 --asked "$dir/asked"
ask retried --request-retries 2
status_is retries_help 0 "request 1 (a): HTTP status 500.*sent again in 0.5 s, 1 of 2 times"
check the_wait_grows grep -q "broke off; sent again in 1 s, 2 of 2 times" "$dir/err"
check tries_belong_to_no_request test "$(phases)" = \
	"0,failed, 0,failed, 1,prefill,30 1,generation,10 2,prefill,30 2,generation,10 "
check every_try_was_sent test "$(wc -l <"$dir/asked")" -eq 4
check retries_are_in_the_table test "$(cells requests.csv retries)" = "2 0"
check retries_are_in_the_report grep -q "2 failed tries were sent again" "$dir/out"
check retried_tokens_are_its_own test "$(tail -n +2 "$out/tokens.csv" | cut -d, -f1 | sort | uniq -c | tr -s ' \n' ' ')" = " 10 1 10 2 "
number the_request_takes_its_own_time "$(cells requests.csv total_duration_ms | cut -d' ' -f1) < 450"
cp "$out/report.json" "$dir/before.json"
check retries_are_read_again "$edgeprof" report "$out"
check retries_are_recomputed_equal cmp "$dir/before.json" "$out/report.json"
leave
serve ollama --fault 404@1 --fault busy@2 --asked "$dir/asked"
ask refused --request-retries 2
status_is a_refusal_is_not_sent_again 1 "request 1 (a): HTTP status 404: model 'llama3.2:1b' not found$"
check a_busy_server_is_asked_again grep -q "request 2 (b): HTTP status 503: server busy; sent again" "$dir/err"
check refusals_are_sent_once test "$(wc -l <"$dir/asked")" -eq 3
leave
serve ollama --fault 500
ask hopeless --request-retries 1
status_is retries_end 1 "request 2 (b): HTTP status 500"
check hopeless_tries test "$(phases)" = "0,failed, 1,failed, 0,failed, 2,failed, "
leave

# A certificate that nobody signed.
if ! command -v openssl >/dev/null; then
	skip tls "openssl is not installed"
	exit $failed
fi
cat >"$dir/front.py" <<'P'
import socket, ssl, sys, threading

def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0))
print("front", listener.getsockname()[1], flush=True)
while True:
    plain, _ = listener.accept()
    try:
        client = context.wrap_socket(plain, server_side=True)
    except (ssl.SSLError, OSError):
        continue
    server = socket.create_connection(("127.0.0.1", int(sys.argv[3])))
    for pair in ((client, server), (server, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
P
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl" ||
	not_ok a_key_is_made "$(tail -n 1 "$dir/openssl")"
serve docker-proxy
python3 "$dir/front.py" "$dir/cert.pem" "$dir/key.pem" "$port" >"$dir/front" 2>"$dir/front.err" &
front=$!
wait_line front "$dir/front"
secure=https://127.0.0.1:$(sed -n 's/^front //p' "$dir/front")
while read -r runner path; do
	run --runner "$runner" --url "$secure$path" --model llama3.2:1b $fast -o "$dir/tls"
	status_is "${runner}_distrusts" 125 "certificate is not trusted (.*[sS]elf.signed.*): --ca-file FILE names one"
	check "${runner}_leaves_no_folder" test ! -e "$dir/tls"
	run --runner "$runner" --url "$secure$path" --model llama3.2:1b --ca-file "$dir/cert.pem" \
		$fast -o "$dir/tls-$runner"
	status_is "${runner}_trusts_a_file" 0
	run --runner "$runner" --url "http://${secure#https://}$path" --model llama3.2:1b \
		$fast -o "$dir/tls"
	status_is "${runner}_speaks_plain_to_tls" 125 "http://"
done <<'R'
ollama
llama-server
openai /v1
R
run --runner ollama --url "https://127.0.0.1:$port" --model x $fast -o "$dir/tls"
status_is tls_to_a_plain_server 125 "no TLS connection (.*): does the server speak https"
run --runner ollama --url "$secure" --model x --ca-file "$dir/no-such.pem" $fast -o "$dir/tls"
status_is ca_file_must_be_there 125 "ca-file .*no-such.pem cannot be read: No such file"
run --runner ollama --url "$secure" --model x --ca-file "$dir/key.pem" $fast -o "$dir/tls"
status_is ca_file_must_hold_a_certificate 125 "ca-file holds no certificate"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# export --to archive --anonymous: whose machine it was is in none of its files,
# and the figures are the same; of a run and of a study. The recorded runs of
# every schema are read and give their figures again.
. "$(dirname "$0")/lib.sh"

called() {
	"$edgeprof" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

for fixture in "$here"/../fixtures/schema-*; do
	called report "$fixture" --verify
	status_is "figures_of_${fixture##*/}" 0 'figures: 0 of' "$dir/out"
	check "files_of_${fixture##*/}" grep -q '^files: all' "$dir/out"
	cp -r "$fixture" "$dir/copy"
	chmod -R u+w "$dir/copy"
	called report "$dir/copy" --format csv
	status_is "report_of_${fixture##*/}" 0 generation "$dir/out"
	rm -rf "$dir/copy"
done

if ! "$edgeprof" export --help | grep -q '^  archive '; then
	skip anonymous_archives "built without libarchive"
	exit $failed
fi

# told RUN: as if it had been recorded on somebody's machine
cat >"$dir/told.py" <<'EOF'
import json, os, sys
folder = sys.argv[1]
path = os.path.join(folder, "run.json")
run = json.load(open(path))
run["host"]["name"] = "hosthilda.example.org"
run["board"]["serial"] = "10000000badc0ffe"
run["board"]["serial_hash"] = "feedfacecafe"
run["user"] = {"uid": 1234, "via": "sudo", "name": "hermengilde"}
run["boot_id"] = "12345678-9abc-4def-8123-456789abcdef"
run["command"] += ["--model", "/home/hermengilde/models/tiny.gguf",
                   "--url", "http://hermengilde:pw@gpubox.lab.example:8080/v1?key=geheim",
                   "hermengilde@sshbox"]
run["labels"] = {**run.get("labels", {}), "note": "on hosthilda, at /home/hermengilde/x"}
run["unheardof"] = {"owner": "hermengilde", "free": "geheim"}
run["sensors"][0]["notes"] += [
    "/dev/serial/by-id/usb-RuiDeng_TC66_ABC123-if00 is the meter of serial number 47110815",
    "at http://192.168.7.9/rpc, 02:42:ac:11:00:02 and fe80::42:acff:fe11:2"]
json.dump(run, open(path, "w"), indent=1)
events = os.path.join(folder, "events.csv")
lines = open(events).read().splitlines(True)
at = lines[-1].split(",")[0]
lines.insert(len(lines) - 1, at + ',0,warning,,,,,output-undelivered,"'
             "hosthilda: cannot reach gpubox.lab.example, 10.20.30.40 or printer.local: "
             'ask hermengilde, see /home/hermengilde/log"\n')
lines.insert(len(lines) - 1, at + ",0,unheardof,,,,,x,geheim\n")
open(events, "w").writelines(lines)
EOF
told() {
	python3 "$dir/told.py" "$1" && "$edgeprof" report "$1" >"$dir/out" 2>&1
}
secrets='hosthilda hermengilde badc0ffe feedfacecafe 12345678-9abc geheim gpubox sshbox
	/home 192.168.7.9 10.20.30.40 02:42:ac fe80: printer.local 47110815 ABC123 example.org'
# tells_nobody NAME FOLDER: nothing of it stands in any file or name
tells_nobody() {
	for secret in $secrets "$dir" "$(id -un)@" "$(uname -n).local"; do
		if grep -raniF -e "$secret" "$2" >"$dir/found"; then
			not_ok "$1" "$secret: $(head -n 1 "$dir/found" | cut -c 1-300)"
			return
		fi
	done
	if find "$2" | sed "s|^$2||" | grep -iF -e hermengilde -e hosthilda; then
		not_ok "$1" "a file is called so"
		return
	fi
	ok "$1"
}
# unpacked ARCHIVE: in $dir/un
unpacked() {
	rm -rf "$dir/un"
	mkdir "$dir/un"
	tar -C "$dir/un" -xzf "$1"
}

run --board demo --idle 0s --tail 0s -o "$dir/hermengilde" -- "$build/infer" -n 6
status_is recorded 0
check told_run told "$dir/hermengilde"
"$edgeprof" report "$dir/hermengilde" --format json >"$dir/json1"
called export "$dir/hermengilde" --to archive --anonymous -o "$dir/an.tar.gz"
status_is anonymous_run 0 'with-output packs it'
unpacked "$dir/an.tar.gz"
tells_nobody run_tells_nobody "$dir/un"
check no_output fails test -e "$dir/un/run/stdout.log"
check sha256sum_agrees sh -c "cd '$dir/un/run' && sha256sum --quiet --strict -c MANIFEST"
check model_is_still_named grep -q 'PATH/tiny.gguf' "$dir/un/run/run.json"
check host_is_numbered grep -q '"name": "host[0-9]*"' "$dir/un/run/run.json"
check warning_is_still_there grep -q 'warning.*cannot reach host' "$dir/un/run/events.csv"
called report "$dir/an.tar.gz" --verify
status_is anonymous_verified 0 'figures: 0 of' "$dir/out"
called report "$dir/an.tar.gz" --metric generation.j_per_token,run.energy_j --format csv
cp "$dir/out" "$dir/figures"
called report "$dir/hermengilde" --metric generation.j_per_token,run.energy_j --format csv
check the_same_figures cmp "$dir/out" "$dir/figures"
called export "$dir/hermengilde" --to archive --anonymous -o "$dir/an2.tar.gz"
check the_same_bytes_twice cmp "$dir/an.tar.gz" "$dir/an2.tar.gz"

printf 'hello hermengilde at /home/hermengilde\n' >>"$dir/hermengilde/stdout.log"
called export "$dir/hermengilde" --to archive --anonymous --with-output -o "$dir/an.tar.gz"
unpacked "$dir/an.tar.gz"
tells_nobody output_tells_nobody "$dir/un"
check output_is_there grep -q 'hello user at PATH/user' "$dir/un/run/stdout.log"

cp -r "$dir/hermengilde" "$dir/odd"
sed -i '3s/[0-9]/x/' "$dir/odd/ticks.csv"
called export "$dir/odd" --to archive --anonymous -o "$dir/odd.tar.gz"
status_is odd_numbers 2 'ticks.csv: it holds more than numbers'
cp "$dir/hermengilde/ticks.csv" "$dir/odd/ticks.csv"
sed -i 's/"interval_ns": 10000000/"interval_ns": 20000000/' "$dir/odd/run.json"
called export "$dir/odd" --to archive --anonymous -o "$dir/odd.tar.gz"
status_is other_figures 2 'figures are not the same'
check nothing_is_packed_then fails test -e "$dir/odd.tar.gz"

if ! "$edgeprof" sweep --help >/dev/null 2>&1; then
	skip anonymous_study "built without studies"
	exit $failed
fi
"$edgeprof" sweep --board demo --idle 0s --tail 0s --max-background-cpu 100% --set n=2,3 --runs 1 \
	--max-missed-ticks 100% -o "$dir/study" -- "$build/infer" -n '{n}' >"$dir/out" 2>"$dir/err"
status=$?
status_is study 0
for number in 0001 0002; do
	check "told_$number" told "$dir/study/runs/$number"
done
check told_study "$edgeprof" sweep "$dir/study" --rebuild
called export "$dir/study" --to archive --anonymous -o "$dir/study.tar.gz"
status_is anonymous_study 0
unpacked "$dir/study.tar.gz"
tells_nobody study_tells_nobody "$dir/un"
check results_are_there grep -q 'host[0-9]' "$dir/un/study/results.csv"
called report "$dir/study.tar.gz" --verify
status_is study_verified 0 '(2 runs)' "$dir/out"
called report "$dir/study.tar.gz"
status_is study_reported 0 '' "$dir/out"
called sweep "$dir/un/study" --rebuild
status_is study_made_again 0
exit $failed

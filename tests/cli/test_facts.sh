#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a report tells of the machine and the model, so that runs can be compared.
. "$(dirname "$0")/lib.sh"

export XDG_CACHE_HOME="$dir/cache"
mkdir "$dir/cache"

# told FOLDER EXPRESSION: of report.json, r being its run
told() {
	python3 -c '
import json, sys
r = json.load(open(sys.argv[1] + "/report.json"))["run"]
print(eval(sys.argv[2]))' "$1" "$2"
}

# is NAME FOLDER EXPRESSION VALUE
is() {
	got=$(told "$2" "$3" 2>&1)
	if [ "$got" = "$4" ]; then
		ok "$1"
	else
		not_ok "$1" "$3 is '$got', not '$4'"
	fi
}

# on TREE FOLDER: a short run on a machine that looks like that
on() {
	[ -d "$dir/tree-$1" ] ||
		"$sim/make_tree" "$here/../fixtures/$1.tree" "$dir/tree-$1" || exit 1
	EDGEPROF_ROOT="$dir/tree-$1" "$edgeprof" run $fast -o "$dir/$2" -- true \
		>"$dir/out" 2>"$dir/err"
	status=$?
}

on rpi5 pi1
status_is run 0
on rpi5 pi2
serial=$(told "$dir/pi1" "r['board']['serial_hash']")
check serial_is_short test "${#serial}" -eq 6
is serial_is_the_same_in_every_run "$dir/pi2" "r['board']['serial_hash']" "$serial"
check serial_is_not_told fails grep -rq 10000000abcdef01 "$dir/pi1"
is bootloader "$dir/pi1" "r['board']['firmware']['bootloader']" \
	'2025-02-12T10:51:52Z 0123456789abcdef0123456789abcdef01234567'
is kernel "$dir/pi1" "r['host']['kernel']" "$(uname -r)"
is governor "$dir/pi1" "r['governor']" ondemand
is version "$dir/pi1" "r['version']" "$("$edgeprof" --version | awk '{ print $NF }')"
is command "$dir/pi1" "r['command']" "['true']"
is no_model "$dir/pi1" "'model_files' in r" False
on jetson-orin-nano-jp6 jetson
is jetson_linux "$dir/jetson" "r['board']['firmware']['l4t']" 36.4.3
is no_serial "$dir/jetson" "r['board']['serial_hash']" None
is and_why "$dir/jetson" "'serial number' in r['board']['serial_reason']" True
on x86 pc
is bios "$dir/pc" "r['board']['firmware']['bios']" 'Dell Inc. 1.21.0 08/25/2023'
on orange-pi-5 orange
is no_firmware "$dir/orange" "r['board']['firmware']" None
is why_no_firmware "$dir/orange" "'version' in r['board']['firmware_reason']" True

# A model: hashed after the run, and once.
model=$dir/tiny.gguf
dd if=/dev/zero bs=65536 count=70 2>/dev/null | tr '\0' 'm' >"$model"
touch -d '2024-01-01' "$model"
wanted=$(sha256sum <"$model" | cut -c 1-64)
run $fast -o "$dir/m1" -- sh -c 'exit 0' infer "--model=$model" "$model"
status_is with_model 0
check hash_is_shown grep -q "SHA-256 $(echo "$wanted" | cut -c 1-16)\$" "$dir/err"
is one_file "$dir/m1" "len(r['model_files'])" 1
is hash "$dir/m1" "r['model_files'][0]['sha256']" "$wanted"
is bytes "$dir/m1" "r['model_files'][0]['bytes']" 4587520
check hash_is_a_fact test "$(fact "$dir/m1" model.0.sha256)" = "$wanted"
check after_the_end test "$(awk -F, '$3 == "end" { e = NR } $8 == "model.0.sha256" { h = NR }
	END { print (h > e) }' "$dir/m1/events.csv")" = 1
cp "$dir/m1/report.json" "$dir/before"
rm "$dir/m1/report.json" "$dir/m1/trace.csv"
"$edgeprof" report "$dir/m1" >/dev/null 2>&1
check made_again_the_same cmp "$dir/before" "$dir/m1/report.json"

# What is kept is used, as long as the file is the same: the kept hash is made
# another one, which no hashing would give.
i=0
while [ ! -s "$(ls "$dir"/cache/edgeprof/model-* 2>/dev/null)" ] && [ "$i" -lt 4 ]; do
	i=$((i + 1))
	run $fast -o "$dir/again$i" -- sh -c 'sleep 1' infer "$model"
done
entry=$(ls "$dir"/cache/edgeprof/model-*)
check kept grep -q "^4587520 [0-9]* [0-9]* $wanted\$" "$entry"
check only_for_its_user test "$(stat -c %a "$dir/cache/edgeprof")" = 700
other=$(printf x | sha256sum | cut -c 1-64)
sed -i "s/$wanted/$other/" "$entry"
run $fast -o "$dir/m2" -- sh -c 'exit 0' infer "$model"
is kept_is_used "$dir/m2" "r['model_files'][0]['sha256']" "$other"
touch -d '2024-01-02' "$model"
run $fast -o "$dir/m3" -- sh -c 'exit 0' infer "$model"
is another_time_is_another_file "$dir/m3" "r['model_files'][0]['sha256']" "$wanted"
run $fast -o "$dir/m4" -- sh -c 'echo more >>"$1"' infer "$model"
is changed_meanwhile "$dir/m4" "r['model_files'][0]" \
	"{'path': '$model', 'bytes': 4587520, 'sha256': None, 'reason': 'the file changed while it ran'}"
run $fast -o "$dir/m5" -- sh -c 'rm "$1"' infer "$model"
is gone_meanwhile "$dir/m5" "r['model_files'][0]['reason']" 'No such file or directory'

# Comparing: the same command, another file under the same name.
"$edgeprof" compare "$dir/m2" -- "$dir/m3" --metric run.duration_s >"$dir/out" 2>&1
check another_model_is_told grep -q 'the content of a model' "$dir/out"
"$edgeprof" compare "$dir/m1" -- "$dir/m3" --metric run.duration_s >"$dir/out" 2>&1
check the_same_model_is_not fails grep -q 'the content of a model' "$dir/out"
"$edgeprof" compare "$dir/pi1" -- "$dir/pi2" --metric run.duration_s >"$dir/out" 2>&1
check one_board_is_one fails grep -q 'the groups differ' "$dir/out"
# Two machines are one difference; what was done to them is another.
"$edgeprof" compare "$dir/pi1" -- "$dir/pc" --metric run.duration_s >"$dir/out" 2>&1
check machines_and_governor grep -q 'the groups differ in firmware, governor: ' "$dir/out"

# vary FOLDER CODE: pi1 with something else in its report, r being its run
vary() {
	cp -R "$dir/pi1" "$dir/$1"
	python3 -c '
import json, sys
path = sys.argv[1] + "/report.json"
o = json.load(open(path))
r = o["run"]
exec(sys.argv[2])
json.dump(o, open(path, "w"))' "$dir/$1" "$2"
}
# differs NAME FOLDER TEXT: "" nothing is said
differs() {
	"$edgeprof" compare "$dir/pi1" -- "$dir/$2" --metric run.duration_s >"$dir/out" 2>&1
	got=$(tr -s '\n ' '  ' <"$dir/out" | sed -n 's/.*the groups differ in \(.*\): what made.*/\1/p')
	if [ "$got" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "differ in '$got', not '$3': $(head -n 3 "$dir/out")"
	fi
}
vary kernel 'r["host"]["kernel"] = "5.10"'
differs one_difference_is_the_thing_under_test kernel ''
vary machine 'r["board"]["serial_hash"] = "000000"; r["host"]["name"] = "b"; r["board"]["firmware"] = {"l4t": "36.4.3"}'
differs another_machine_is_one_difference machine ''
vary both 'r["board"]["serial_hash"] = "000000"; r["host"]["kernel"] = "5.10"'
differs and_its_kernel_another both 'serial number of the board, kernel'
vary fan 'r["environment"] = [{"what": "fan of pwmfan", "asked": "255"}]; r["command"] = ["false"]'
differs settings_count fan 'command, fan of pwmfan'
vary silent 'r["board"]["serial_hash"] = None; r["board"]["firmware"] = None; r["governor"] = None'
differs what_is_not_told_is_no_difference silent ''
vary old 'del r["board"]["serial_hash"]; del r["board"]["firmware"]; r["board"]["serial"] = "10000000abcdef01"'
differs older_folders_are_readable old ''

# A study tells boards apart by the same hash.
EDGEPROF_ROOT="$dir/tree-rpi5" "$edgeprof" sweep $fast --max-background-cpu 100% --set n=1,2 \
	--runs 1 -o "$dir/study" -- sh -c 'sleep 0.0{n}' >"$dir/out" 2>&1
check in_results test "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "board_serial") c = i }
	NR == 2 { print $c }' "$dir/study/results.csv")" = "$serial"
exit "$failed"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof sensors: the table, --json and --watch, on played trees.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

user_tools
cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
LC_ALL=C.UTF-8
export EDGEPROF_BOARDS LC_ALL
unset EDGEPROF_ROOT NO_COLOR
nano=/sys/devices/platform/bus@0/c240000.i2c/i2c-1/1-0040/hwmon/hwmon3

# tree NAME: of the fixtures, as $dir/tree
tree() {
	rm -rf "$dir/tree"
	"$sim/make_tree" "$here/../fixtures/$1.tree" "$dir/tree" || exit 1
}

# play LINE...: $dir/tree changes so, until unplay
play() {
	printf '%s\n' "$@" >"$dir/script"
	rm -f "$dir/epoch" "$dir/hold"
	mkfifo "$dir/hold"
	"$sim/play_tree" "$dir/tree" "$dir/script" "$dir/epoch" \
		<"$dir/hold" 2>"$dir/player.err" &
	player=$!
	exec 9>"$dir/hold"
	tries=0
	while [ ! -s "$dir/epoch" ] && [ "$tries" -lt 200 ] &&
		kill -0 "$player" 2>/dev/null; do
		tries=$((tries + 1))
		sleep 0.02
	done
}
unplay() {
	exec 9>&-
	wait "$player" || not_ok player "$(tail -n 1 "$dir/player.err")"
}

# sensors OPTION...: below $dir/tree
sensors() {
	EDGEPROF_ROOT=$dir/tree "$edgeprof" sensors "$@" \
		>"$dir/out" 2>"$dir/err" 9>&-
	status=$?
}
shows() { # NAME PATTERN
	status_is "$1" 0 "$2" "$dir/out"
}
says() { # NAME PATTERN: the same, over lines that were wrapped
	tr -s '\n ' ' ' <"$dir/out" >"$dir/flat"
	status_is "$1" 0 "$2" "$dir/flat"
}
# figure EXPRESSION: of the JSON j; c(NAME) is the channel SENSOR.NAME
figure() {
	python3 - "$dir/out" "$2" <<'P' >"$dir/figure" 2>&1
import json, sys
j = json.load(open(sys.argv[1]))
s = {one["id"]: one for one in j["sensors"]}
def c(name):
    sensor, channel = name.split(".")
    return {one["name"]: one for one in s[sensor]["channels"]}[channel]
holds = eval("(" + sys.argv[2] + ")")
print(holds)
sys.exit(not holds)
P
	if [ $? -eq 0 ]; then
		ok "$1"
	else
		not_ok "$1" "$2: $(tail -n 1 "$dir/figure")"
	fi
}

# A board as it stands: values, roles, accuracy, what the total would be.
tree jetson-orin-nano-jp6
play 'profile in = constant 7.3' \
	"every 7ms $nano/in1_input = volts 5.064 unit=mv step=8" \
	"every 7ms $nano/curr1_input = amps of in at 5.064 unit=ma step=8" \
	"every 60ms $nano/curr2_input = values \"160\\n\" \"320\\n\""
sensors --duration 1s
says the_board '^board jetson-orin-nano: .* detected; status: untested; read for [1-9]'
shows the_total '^\* total of a run: ina3221.vdd_in = 7\.[23]'
shows its_coverage 'Left out: the carrier board'
shows the_rail '^\* vdd_in  *7\.[23][0-9]* W  *7 ms .* ±1\.5 % .* total$'
shows a_part '^  vdd_soc  *1\.458 W  *7 ms unchanged .* part$'
shows volts '^  vdd_in_volts  *5\.0[0-9]* V  *7 ms'
shows amps '^  vdd_soc_amps  *288\.0 mA '
shows a_clock '^  gpu_clock  *306\.0 MHz  unknown unchanged '
shows a_temperature '^  cpu_thermal  *46\.8 °C '
shows a_note 'note: cv0-thermal left out: No data available'
shows the_programs_own 'follows the program'
shows with_what_they_give '^  memory: rss, '
number eighty_columns "$(python3 - "$dir/out" <<'P'
import sys
print(int(max(len(l.rstrip("\n")) for l in open(sys.argv[1])) <= 80))
P
)"
sensors --duration 1s --json
status_is json 0
figure the_measured_refresh \
	'0.055 <= c("ina3221.vdd_cpu_gpu_cv_amps")["refresh_measured_s"] <= 0.075'
figure the_declared_refresh \
	'c("ina3221.vdd_cpu_gpu_cv_amps")["refresh_declared_s"] == 0.007'
figure min_and_max 'c("ina3221.vdd_cpu_gpu_cv_amps")["min"] == 0.16 and
	c("ina3221.vdd_cpu_gpu_cv_amps")["max"] == 0.32'
figure joules 'abs(c("ina3221.vdd_in")["energy_j"] -
	7.3 * c("ina3221.vdd_in")["covered_s"]) < 0.1'
figure a_total 'abs(j["total"]["power_w"] - 7.3) < 0.1 and
	j["total"]["channels"] == ["ina3221.vdd_in"] and
	c("ina3221.vdd_in")["primary"] and not c("ina3221.vdd_soc")["primary"]'
figure schema 'j["schema"] == "edgeprof.sensors/1" and
	j["board"]["detected"] == "jetson-orin-nano" and j["dropped"] == 0'
figure statuses 's["ina3221"]["status"] == "ok" and
	s["memory"]["status"] == "follows_program" and
	"value" not in s["memory"]["channels"][0]'
figure never_changed \
	'c("ina3221.vdd_soc_volts")["refresh_measured_s"] is None and
	c("ina3221.vdd_soc_volts")["value"] == 5.064'
unplay

# An ordinary user, from a folder that he cannot write; nothing is written.
chmod -R a+rX "$dir"
(cd / && EDGEPROF_ROOT=$dir/tree as_user "$edgeprof" sensors \
	--duration 200ms >"$dir/out" 2>"$dir/err")
status=$?
shows ordinary_user '^\* vdd_in '

# Totals of several rails are added; failing reads are told, and no zero.
tree jetson-agx-orin-jp5
sensors --duration 300ms
says a_sum 'a run: ina3221.[a-z0-9_]* + ina3221.[a-z0-9_]* + ina3221.[a-z0-9_]* = [0-9.]* W'
tree jetson-orin-nano-jp6
play "at 600ms write $nano/curr1_input \"12x\\n\""
sensors --duration 1200ms
shows failing_reads 'vdd_in_amps: [0-9]* of [0-9]* reads failed'
shows no_value '^\* vdd_in  *\(read fails\|no value now\) '
says no_total 'total of a run: ina3221.vdd_in = not measured (ina3221.vdd_in: '
unplay
tree jetson-orin-nano-jp6
play "at 600ms write $nano/curr1_input \"12x\\n\""
sensors --duration 1200ms --json
figure null_not_zero 'c("ina3221.vdd_in")["value"] is None and
	j["total"]["power_w"] is None and c("ina3221.vdd_in")["errors"] > 3'
unplay

tree x86
sensors --duration 300ms
shows stands_still '^\* package_0  *stands still  *1 ms unchanged  ±5 %'
# Its owner may only read it.
chmod u+w "$dir"/tree/sys/class/powercap/intel-rapl:0/energy_uj
play 'profile p = constant 20' \
	'every 5ms /sys/class/powercap/intel-rapl:0/energy_uj = energy of p unit=uj start=262143000000 wrap=262143328850'
sensors --duration 2s
shows watts_of_a_counter '^\* package_0  *\(19\.[5-9]\|20\.\)[0-9]* W '
unplay

# What cannot be opened says why and what to do.
tree rpi5
sensors --duration 200ms
shows a_reason 'pmic: there is neither /dev/vcio_gencmd nor /dev/vcio'
shows nothing_measured 'total of a run: none: '
sensors --duration 200ms --json
figure failed_in_json 's["pmic"]["status"] in ("failed", "absent") and
	"vcio" in s["pmic"]["reason"] and j["total"]["channels"] == []'
sensors --duration 200ms --board x86 --sensor um25c:/dev/no_such_port
status_is another_board 0 'this machine does not look like board x86'
shows asked_for 'asked for; this machine looks like rpi5'
shows a_port '^  um25c: /dev/no_such_port does not exist'
sensors --duration 300ms --estimate
shows estimated '^\* total .* guess ±30 % '

# Agreed values, and alarms.
mkdir -p "$dir/tree/sys/class/power_supply/ucsi-source-psy-USBC000:001"
for pair in type=USB online=1 voltage_now=20000000 current_now=3250000; do
	echo "${pair#*=}" >"$dir/tree/sys/class/power_supply/ucsi-source-psy-USBC000:001/${pair%=*}"
done
sensors --duration 500ms --sensor power_supply
shows agreed 'agreed, not measured$'
"$sim/vcio" --nodes both -- true 2>"$dir/err"
if [ $? -eq 77 ]; then
	skip alarms "umockdev is not installed"
else
	tree rpi5
	"$sim/vcio" --tree "$dir/tree" --profile "constant 3" \
		--fault throttled:0:60 -- "$edgeprof" sensors --duration 1s \
		>"$dir/out" 2>"$dir/err"
	status=$?
	shows alarms 'under_voltage  *on .* alarm$'
	says pmic_sum 'total of a run (PMIC sum): .* = \(2\.9\|3\.\)'
fi

# Wrong use.
refused() { # NAME TEXT OPTION...
	name=$1
	text=$2
	shift 2
	sensors "$@"
	status_is "$name" 2 "$text"
}
refused unknown_sensor "did you mean 'um25c'" --sensor um25
refused unknown_board "there is no board 'nope'" --board nope
refused unknown_key "unknown key 'bogus'" --sensor hwmon,bogus=1
refused unknown_option 'did you mean --sensor' --sensr hwmon
refused no_duration 'more than 0s' --duration 0s
refused bare_duration 'is not a time' --duration 0
refused no_value_given '--board needs a value' --board
refused an_argument 'too many arguments' hwmon
refused watch_without_a_terminal 'stdout is none' --watch
refused watch_or_json 'leave one of them out' --watch --json
sensors --help
shows help '^Example: edgeprof sensors '
number help_fits_a_screen "$(wc -l <"$dir/out") < 24"
"$edgeprof" sensors --duration 100ms >/dev/full 2>"$dir/err"
status=$?
status_is full_disk 125 'cannot write to stdout'

# A signal ends it as it ends any program.
cat >"$dir/ended.py" <<'P'
import signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "sensors", "--duration", "60s"])
deadline = time.monotonic() + 20
# Started when its threads are there.
while time.monotonic() < deadline:
    with open(f"/proc/{p.pid}/status") as f:
        threads = [l for l in f if l.startswith("Threads:")]
    if threads and int(threads[0].split()[1]) > 1:
        break
    time.sleep(0.01)
p.send_signal(signal.SIGTERM)
sys.exit(p.wait(20) != -signal.SIGTERM)
P
check a_signal_ends_it python3 "$dir/ended.py" "$edgeprof"
exit $failed

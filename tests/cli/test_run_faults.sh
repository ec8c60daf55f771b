#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run: sensors, disks and boards that fail while it runs.
. "$(dirname "$0")/lib.sh"

# A board with one power sensor, as a tree of files.
tree=$dir/tree
hwmon=$tree/sys/class/hwmon/hwmon0
mkdir -p "$hwmon" "$tree/sys/devices/system/cpu"
echo board_power >"$hwmon/name"
echo 3000000 >"$hwmon/power1_input"
echo INPUT >"$hwmon/power1_label"
echo 0-3 >"$tree/sys/devices/system/cpu/online"
cat >"$dir/tree.board" <<'B'
name = "tree"
title = "a tree of files"
source = "tests"
status = "untested"
coverage = "one rail"
match { path = "/sys/class/hwmon/hwmon0" }
sensor "hwmon" { driver = "hwmon" }
rail "total" { channel = "hwmon.*" role = "total" }
B

# tree_run NAME ARGUMENT...
tree_run() {
	name=$1
	shift
	EDGEPROF_ROOT=$tree "$edgeprof" run --board "$dir/tree.board" --idle 100ms \
		--tail 0s -o "$dir/$name" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# value FOLDER METRIC: of the run
value() {
	python3 - "$1/report.json" "$2" <<'P'
import json, sys
v = json.load(open(sys.argv[1]))["totals"]["run"][sys.argv[2]]
print(v["value"] if v["value"] is not None else v["status"])
P
}

tree_run steady -- sleep 0.5
status_is steady_power_run 0
number steady_power_is_exact "($(value "$dir/steady" power_mean_w) - 3)^2 < 1e-12"

tree_run garbage -- sh -c "sleep 0.2; echo rubbish >'$hwmon/power1_input'; sleep 0.2; echo 3000000 >'$hwmon/power1_input'; sleep 0.2"
status_is garbage_mid_run 0
check garbage_is_an_empty_cell grep -q ",$" "$dir/garbage/sensors/hwmon.csv"
check garbage_is_counted_and_shown grep -q '"errors": *[1-9]' "$dir/garbage/report.json"

tree_run vanish -- sh -c "sleep 0.2; : >'$hwmon/power1_input'; sleep 0.3"
status_is sensor_goes_silent_mid_run 0
echo 3000000 >"$hwmon/power1_input"

tree_run offline -- sh -c "sleep 0.3; echo 0-2 >'$tree/sys/devices/system/cpu/online'; sleep 1.5"
status_is cpu_goes_offline_mid_run 0 "CPU"
check cpu_change_is_an_event grep -q ",cpu," "$dir/offline/events.csv"

rm "$hwmon/power1_input" "$hwmon/power1_label"
tree_run nopower -- sh -c 'exit 6'
status_is no_power_sensor_keeps_the_exit_status 6 "not measured"
check no_power_is_null_not_zero test "$(value "$dir/nopower" energy_j)" = not_measured

"$edgeprof" run --board "$dir/tree.board" --idle 0s --tail 0s -o "$dir/other" -- true >"$dir/out" 2>"$dir/err"
status=$?
status_is a_board_that_is_not_this_one_goes_on 0 "does not look like"
check one_warning_for_the_wrong_board test "$(grep -c '^edgeprof: warning: this machine' "$dir/err")" -eq 1

if [ "$(id -u)" -ne 0 ] || ! mkdir "$dir/small" || ! mount -t tmpfs -o size=2m tmpfs "$dir/small" 2>/dev/null; then
	skip disk_full "needs root and a tmpfs"
else
	"$edgeprof" run $fast --interval 1ms --events page-faults,context-switches -o "$dir/small/run" -- \
		sh -c "dd if=/dev/zero of='$dir/small/filler' bs=1k count=4000 2>/dev/null; sleep 2.5; rm '$dir/small/filler'; sleep 1.5; exit 0" >"$dir/out" 2>"$dir/err"
	status=$?
	status_is disk_full_mid_run 125 "No space left"
	check disk_full_is_incomplete grep -q '"complete": *false' "$dir/small/run/report.json"
	umount "$dir/small"
fi

mkdir "$dir/empty"
for bad in empty nothing; do
	"$edgeprof" report "$dir/$bad" >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "report_of_$bad" 2 "$dir/$bad"
done

# ulimit -f counts blocks of 512 bytes.
(ulimit -f 1 && exec "$edgeprof" run $fast --interval 1ms -o "$dir/fsize" -- sleep 0.5) >"$dir/out" 2>"$dir/err"
status=$?
status_is file_size_limit_is_an_error_of_writing 125 "File too large"

(ulimit -n 9 && exec "$edgeprof" run $fast -o "$dir/nofile" -- true) >"$dir/out" 2>"$dir/err"
status=$?
status_is out_of_descriptors_names_the_limit 125 "ulimit -n"
(ulimit -n 4 && exec "$edgeprof" run $fast -o "$dir/nofile" -- true) >"$dir/out" 2>"$dir/err"
check out_of_descriptors_leaves_nothing test ! -e "$dir/nofile"

# Wherever memory ends, it is said: from "does not start" to "is enough".
# Below that it is the loader's, or the sanitizer's, to fail.
crashed=0
for kib in 8000 10000 12000 14000 16000 20000 24000 32000 48000; do
	(ulimit -v $kib && exec "$edgeprof" --version) >"$dir/out" 2>&1 || continue
	(ulimit -v $kib && exec "$edgeprof" run $fast -q -o "$dir/memory$kib" -- true) >"$dir/out" 2>"$dir/err"
	[ $? -ge 128 ] && crashed=$((crashed + 1))
done
check out_of_memory_is_no_crash test $crashed -eq 0

mkdir "$dir/same" && cd "$dir/same" || exit 1
for i in 1 2 3; do
	"$edgeprof" run $fast -q -- sleep 0.2 >/dev/null 2>&1 &
done
wait
check runs_of_one_second_get_folders_of_their_own test "$(ls -d edgeprof-*/report.json | wc -l)" -eq 3
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run: stdin, stdout and stderr that are closed, full or not read.
. "$(dirname "$0")/lib.sh"

"$edgeprof" run $fast -o "$dir/closed" -- sh -c 'echo hello; echo oops >&2; exit 3' <&- >&- 2>&-
status=$?
: >"$dir/err"
status_is all_three_closed 3
check closed_streams_are_still_logged grep -q oops "$dir/closed/stderr.log"
check nothing_strays_into_the_data test "$(cat "$dir"/closed/*.csv | grep -c -e edgeprof -e hello -e oops)" -eq 0

"$edgeprof" run $fast -o "$dir/full" -- sh -c 'echo hello; exit 3' >/dev/full 2>"$dir/err"
status=$?
status_is what_a_full_disk_refuses_is_told 3 "6 bytes of the program's stdout are only in stdout.log: No space left"
check and_is_in_the_report grep -q "only in stdout.log" "$dir/full/report.json"

"$edgeprof" run $fast --json -o "$dir/json" -- sh -c 'exit 3' >/dev/full 2>"$dir/err"
status=$?
status_is json_that_cannot_be_printed_is_an_error 125 "cannot write the report to stdout: No space left"

"$edgeprof" run $fast -o "$dir/quiet" -- sh -c 'exit 3' >"$dir/out" 2>/dev/full
status=$?
status_is without_stderr_the_status_stands 3

"$edgeprof" run $fast -q -o "$dir/flood" -- sh -c 'yes & exit 4' >"$dir/out" 2>"$dir/err"
status=$?
status_is a_survivor_that_writes_on_does_not_hold_us 4

# What a shell cannot make: a non-blocking stdout, and one nobody reads.
python3 - "$edgeprof" run $fast -q -o "$dir/nonblock" -- sh -c 'head -c 300000 /dev/zero' >"$dir/out" 2>"$dir/err" <<'P'
import os, subprocess, sys, time
read, write = os.pipe()
os.set_blocking(write, False)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=write)
os.close(write)
log = sys.argv[sys.argv.index("-o") + 1] + "/stdout.log"
while not os.path.exists(log) or os.path.getsize(log) < 65536:
    time.sleep(0.01)
count = 0
while data := os.read(read, 65536):
    count += len(data)
print(count, child.wait())
P
check a_non_blocking_stdout_loses_nothing test "$(cat "$dir/out")" = "300000 0"

python3 - "$edgeprof" run $fast -q -o "$dir/stuck" -- sh -c 'head -c 300000 /dev/zero' >"$dir/out" 2>"$dir/err" <<'P'
import os, subprocess, sys, time
read, write = os.pipe()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=write)
os.close(write)
log = sys.argv[sys.argv.index("-o") + 1] + "/stdout.log"
while not os.path.exists(log) or os.path.getsize(log) < 65536:
    time.sleep(0.01)
child.terminate()
try:
    print(child.wait(30))
except subprocess.TimeoutExpired:
    child.kill()
    print("hangs")
P
check sigterm_does_not_wait_for_a_stuck_reader test "$(cat "$dir/out")" = 143
check what_was_not_read_is_told grep -q "only in stdout.log: nobody read them" "$dir/err" "$dir/stuck/report.json"

python3 - "$edgeprof" run $fast -q -o "$dir/many" -- sh -c 'ls /proc/self/fd | wc -l' >"$dir/out" 2>"$dir/err" <<'P'
import os, subprocess, sys
null = os.open("/dev/null", os.O_RDONLY)
mine = [os.dup(null) for _ in range(100)]
subprocess.run(sys.argv[1:], stdin=null, pass_fds=mine)
P
check a_hundred_inherited_descriptors_go_on test "$(cat "$dir/out")" -ge 100
exit $failed

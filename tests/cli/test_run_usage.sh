#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run: what is refused before anything starts, and how.
. "$(dirname "$0")/lib.sh"

run --board rpi9 -- true
status_is unknown_board 125 "rpi9"
run --bord x86 -- true
status_is mistyped_option 125 "did you mean --board"
run --board x8 -- true
status_is nearest_board 125 "x86"
run --runner comand $fast -- true
status_is nearest_runner 125 "command"
run $fast --sensor raplx -- true
status_is nearest_sensor 125 "rapl"
run $fast --sensor replay,colour=red -- true
status_is unknown_sensor_key 125 "colour"
run $fast --events page-fualts -- true
status_is nearest_event 125 "page-faults"
run $fast --interval 0 -- true
status_is interval_zero 125 "interval"
run $fast --interval 10us -- true
status_is interval_too_small 125 "1ms to 1s"
run $fast --interval fast -- true
status_is interval_garbage 125 "fast"
run $fast
status_is no_command 125 "no command"
run $fast -- no-such-program-anywhere
status_is command_not_found 127 "no-such-program-anywhere"
run $fast -- ./no-such-file
status_is file_not_found 127 "no-such-file"
touch "$dir/plain"
run $fast -- "$dir/plain"
status_is not_executable 126 "chmod +x"
run $fast -- "$dir"
status_is a_folder_is_no_program 126 "folder"
printf '#!/no/such/interpreter\n' >"$dir/script"
chmod +x "$dir/script"
run $fast -o "$dir/o1" -- "$dir/script"
status_is interpreter_missing 127 "the interpreter in its first line"
check nothing_left_behind test ! -e "$dir/o1"
run $fast -o "$dir/no/such/folder" -- true
status_is folder_cannot_be_made 125 "$dir/no/such/folder"
run $fast -o "$dir/run" -- true
status_is a_good_run 0
run $fast -o "$dir/run" -- true
status_is folder_holds_a_run 125 "already holds a run"
check the_first_run_is_untouched test -s "$dir/run/run.json"
user_tools
mkdir "$dir/locked"
chmod 0700 "$dir/locked"
as_user "$edgeprof" run $fast -o "$dir/locked/x" -- true >"$dir/out" 2>"$dir/err"
status=$?
if [ "$(id -u)" -eq 0 ]; then
	status_is unwritable_folder 125 "ermission denied"
else
	skip unwritable_folder "needs root to act as another user"
fi
as_user env PATH="$dir/locked:$PATH" "$edgeprof" run $fast -o "$dir/x" -- no-such-program >"$dir/out" 2>"$dir/err"
status=$?
status_is a_locked_folder_in_path_hides_nothing 127 "not found in PATH"
head='name = "x" title = "t" source = "s" status = "untested" coverage = "c"'
wrong=0
for text in "$head
sensor rapl { driver = rapl gain_percent = \"1,5\" }" "$head
speed = 9" "$head
name = x" 'name = "${HOME}"' 'name = '; do
	printf '%s\n' "$text" >"$dir/bad.board"
	run $fast --board "$dir/bad.board" -- true
	grep -q "bad.board:[0-9]" "$dir/err" || wrong=$((wrong + 1))
done
check board_errors_name_file_and_line test $wrong -eq 0
run --help
check help_fits_a_screen test "$(wc -l <"$dir/out")" -le 40
check help_ends_with_an_example grep -q "^Example" "$dir/out"
exit $failed

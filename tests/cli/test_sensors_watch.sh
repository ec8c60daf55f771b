#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof sensors --watch, on terminals of its own (terminal.py).
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

EDGEPROF_BOARDS=$here/../../boards
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

# watch NAME ACTION STATUS [ROWS COLUMNS [OPTION...]]: the terminal is as before
watch() {
	name=$1
	action=$2
	wanted=$3
	rows=${4:-40}
	columns=${5:-80}
	[ $# -gt 5 ] && shift 5 || shift $#
	rm -f "$dir/pid" "$dir/stopped" "$dir/resume"
	EDGEPROF_ROOT=$dir/tree python3 "$here/terminal.py" "$dir" "$action" \
		"$rows" "$columns" "$edgeprof" sensors --watch "$@" \
		>"$dir/out" 2>&1 9>&-
	for text in 'quiet True' "status $wanted" 'restored True' 'fits True'; do
		grep -q "^$text\$" "$dir/out" && continue
		not_ok "$name" "not \"$text\": $(tail -n 4 "$dir/out" | tr '\n' ' ')"
		return
	done
	ok "$name"
}
pictured() { # NAME PATTERN
	check "$1" grep -q -e "$2" "$dir/picture"
}

tree jetson-orin-nano-jp6
play 'profile in = square 5 9 0.6' \
	"every 7ms $nano/curr1_input = amps of in at 5.064 unit=ma step=8"
watch watch_ends_with_q q 0
pictured joules_so_far '^\* total: [0-9.]* W, [0-9.]* [mk]*J so far   ina3221.vdd_in'
pictured a_rail_live '^\* vdd_in  *[0-9.]* W .* [0-9.]* m*J'
pictured blocks '[▁▂▃▄▅▆▇█]'
watch watch_ends_with_ctrl_c interrupt 0
watch watch_ends_with_a_term TERM 143
watch watch_ends_with_a_hangup HUP 129
watch watch_ends_with_quit QUIT 131
watch a_stuck_terminal stuck 143
watch a_smaller_terminal resize 0
pictured what_does_not_fit_is_counted '[0-9]* of [0-9]* channels do not fit'
watch watch_ends_by_itself none 0 40 80 --duration 1s
watch a_wide_terminal q 0 40 200
watch a_tiny_terminal q 0 5 40
watch watch_stops_and_goes_on stop 0
check the_terminal_is_free_meanwhile grep -q '^stopped True True' "$dir/out"
check it_is_drawn_again grep -q '^resumed True' "$dir/out"
LC_ALL=C watch without_utf8 q 0
check ascii_only fails grep -q '[^ -~]' "$dir/picture"
unplay

# Hundreds of channels.
for chip in 0 1 2 3; do
	mkdir -p "$dir/many/sys/class/hwmon/hwmon$chip"
	echo "chip$chip" >"$dir/many/sys/class/hwmon/hwmon$chip/name"
	seq 1 125 | while read -r i; do
		echo "${i}000" >"$dir/many/sys/class/hwmon/hwmon$chip/power${i}_input"
	done
done
rm -rf "$dir/tree"
mv "$dir/many" "$dir/tree"
watch hundreds_of_channels q 0 24 80 --board generic
pictured they_are_counted '[0-9]* of 50[0-9] channels do not fit'
EDGEPROF_ROOT=$dir/tree "$edgeprof" sensors --duration 300ms \
	--board generic >"$dir/out" 2>"$dir/err"
number all_are_printed "$(grep -c '^  chip[0-3]_power[0-9]* ' "$dir/out") == 500"

env TERM=dumb python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' \
	"$edgeprof" sensors --watch >"$dir/err" 2>&1 </dev/null
status=$?
status_is a_dumb_terminal 2 'TERM=dumb'
exit $failed

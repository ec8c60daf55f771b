#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof boards: list, show, detect, check.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

user_tools
cp -R "$here/../../boards" "$dir/boards"
chmod -R a+rX "$dir/boards"
export EDGEPROF_BOARDS="$dir/boards" XDG_CONFIG_HOME="$dir/none"
cd "$dir" || exit 1

# boards ARGUMENT...: status, $dir/out and $dir/err tell
boards() {
	"$edgeprof" boards "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

out_has() { # NAME TEXT
	check "$1" grep -q -e "$2" "$dir/out"
}

narrow() { # NAME: nothing is wider than a terminal, but paths and lists
	check "$1" awk '
		{ gsub(/…/, "."); sub(/^ *(file)? */, "") }
		length($0) > 80 && / / { print; exit 1 }' "$dir/out"
}

# Every fixture: recognised, listed with its star, shown whole.
for tree in "$here"/../fixtures/*.tree; do
	machine=$(basename "$tree" .tree)
	"$sim/make_tree" "$tree" "$dir/$machine" || exit 1
	EDGEPROF_ROOT="$dir/$machine" boards detect
	board=$(head -n 1 "$dir/out")
	case $status:$machine in
	0:"$board"*) ok "detects_$machine" ;;
	*) not_ok "detects_$machine" "as $board, status $status" ;;
	esac
done
for file in boards/*.board; do
	board=$(basename "$file" .board)
	boards show "$board"
	status_is "shows_$board" 0 "^$board: " "$dir/out"
	narrow "fits_$board"
	boards check "$file"
	status_is "checks_$board" 0 'ok (sensors: [0-9]*, rails: [0-9]*, hints: 0)$' \
		"$dir/out"
	check "page_has_$board" grep -q "^| .*\`$board\`.* |" \
		"$here/../../docs/boards.md"
done

export EDGEPROF_ROOT="$dir/rpi5"
boards detect
status_is detect 0 'recognised by compatible = brcm,bcm2712$' "$dir/out"
check detect_name_alone test "$(head -n 1 "$dir/out")" = rpi5
out_has detect_machine_text 'model  *Raspberry Pi 5 Model B Rev 1.0$'
out_has detect_compatibles 'compatible  *raspberrypi,5-model-b, brcm,bcm2712$'
out_has detect_file "^file .*rpi5.board$"
boards list
status_is list 0 '^\* rpi5  *Raspberry Pi 5 family  *untested$' "$dir/out"
check list_one_star test "$(grep -c '^\* [a-z0-9-]* ' "$dir/out")" = 2
check list_is_whole test "$(grep -c '^[ *] [a-z]' "$dir/out")" -gt 17
narrow list_fits
boards show
status_is show_default 0 '^rpi5: ' "$dir/out"
for text in 'file .*/rpi5.board' 'status  *untested' \
	'compatible = brcm,bcm2712  (this machine)' 'coverage  *PMIC sum' \
	'^  total  *PMIC sum' 'rpi5_pmic: ' 'pmic_budget = 20' \
	'vdd_core   total  pmic.vdd_core: ' \
	'(a warning below 4.75 and above 5.5)\|below 4.75 and above 5.5)' \
	'PMUs  *armv8_cortex_a76' 'task-clock, context-switches' \
	'= 1.1451 x total + 0.5879 W' 'caveat: One board'; do
	out_has "shows: $text" "$text"
done
boards show ./boards/x86.board
status_is show_path 0 '^x86: ' "$dir/out"
boards show none
status_is show_none 0 'built in' "$dir/out"

# An unknown machine.
mkdir "$dir/empty"
export EDGEPROF_ROOT="$dir/empty"
boards detect
status_is unknown_is_1 1 'no board file knows this machine' "$dir/out"
check unknown_takes_generic test "$(head -n 1 "$dir/out")" = generic
boards list
status_is unknown_list 0 'what a run takes here: no file knows' "$dir/out"

# Of two that match the higher priority; a broken one is left out and named.
mkdir mine
cat >mine/mine.board <<'B'
name = "mine"
title = "my board"
source = "Jo, 2026-01-15"
status = "tested: my board, 6.6, 2026-01-15"
coverage = "Nothing is measured."
priority = 5
match { compatible = "brcm,bcm2712" }
sensor "counters" { }
B
printf 'name = "odd"\nbattery = "12"\n' >mine/odd.board
EDGEPROF_BOARDS=$dir/mine:$dir/boards
export EDGEPROF_ROOT="$dir/rpi5"
boards detect
status_is priority 0 'later name: rpi5' "$dir/out"
check priority_name test "$(head -n 1 "$dir/out")" = mine
out_has broken_is_named 'have mistakes.*\|tells where): odd'
boards list
status_is broken_in_list 0 'odd  *left out:' "$dir/out"
out_has status_of_tested '^\* mine  *my board  *tested: '
boards show odd
status_is broken_show 2 'odd.board:'

# Every mistake, with its line, in any number of files.
cat >bad.board <<'B'
name = "bda"
title = ""
source = "me"
status = "fine"
coverage = "x"
colour = "red"
match { }
sensor "a b" { driver = "rapl" }
sensor "pmic" { driver = "rpi5_pmik" }
sensor "rapl" { driver = "rapl" gain_percent = "1,5" }
rail "x" { channel = "rapll.a" role = "total" }
rail "y" { channel = "rapl.a" role = "totl" }
counters { pmus = "a, b" }
battery = "12"
calibration "c" { target = "t" gain = "nan" source = "s" caveat = "c" }
B
boards check bad.board
status_is mistakes 1 '^./bad.board: 12 mistakes$' "$dir/out"
for line in 1 2 6 7 8 9 10 11 12 13 14 15; do
	out_has "mistake_in_line_$line" "^./bad.board:$line: "
done
out_has did_you_mean "did you mean 'rpi5_pmic'?"
printf 'name = "cut\n' >cut.board
boards check cut.board rpi5
status_is syntax 1 'cut.board:1: ' "$dir/out"
out_has goes_on 'rpi5.board: ok'
boards check bad.board missing.board
status_is unreadable_is_2 2 'missing.board: '
out_has goes_on_to_2 '12 mistakes'
cat >soft.board <<'B'
name = "soft"
title = "t"
source = "me"
status = "fine"
coverage = "All of it."
sensor "rapl" { }
rail "x" { channel = "rapl.a" role = "total" }
counters { events = "cycles" }
B
boards check soft.board
status_is hints_are_no_mistakes 0 'hints: 5)$' "$dir/out"
for text in ':4: hint: status is' ':3: hint: nobody has tested' \
	'hint: it has no match' ':5: hint: the coverage' \
	'hint: it has a counters'; do
	out_has "hint $text" "$text"
done
printf 'name = "esc"\ntitle = "a\033[31mred"\n' >esc.board
boards check esc.board
check no_escapes fails grep -q "$(printf '\033')" "$dir/out" "$dir/err"

# Wrong usage, an ordinary user, a full disk.
boards
status_is nothing 2 'say what'
boards lsit
status_is nearest 2 "did you mean 'edgeprof boards list'"
boards show a b
status_is too_many 2 'too many'
boards list --all
status_is option 2 "unknown option '--all'"
boards check
status_is no_file 2 'which file'
boards show rpi55
status_is no_board 2 "did you mean 'rpi5'"
boards check "$dir"
status_is a_folder 2 'Is a directory'
boards --help
status_is help 0 'Example: ' "$dir/out"
narrow help_fits
check help_is_a_screen test "$(wc -l <"$dir/out")" -le 24
as_user "$edgeprof" boards list >"$dir/out" 2>"$dir/err"
status=$?
status_is ordinary_user 0 '^\* mine ' "$dir/out"
if [ -c /dev/full ]; then
	"$edgeprof" boards list >/dev/full 2>"$dir/err"
	status=$?
	status_is full_disk 125 'cannot write'
fi
exit $failed

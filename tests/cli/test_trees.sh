#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The programs that make trees of fixtures, and make them change.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# tree LINE...: made of these lines, below $dir/tree
tree() {
	rm -rf "$dir/tree"
	printf '%s\n' "$@" >"$dir/t.tree"
	"$sim/make_tree" "$dir/t.tree" "$dir/tree" 2>"$dir/err"
	status=$?
}

holds() { # NAME FILE OCTETS
	printf "$3" >"$dir/wanted"
	check "$1" cmp "$dir/wanted" "$dir/tree$2"
}

tree '# comment' '' '/a/b/text = x = y -> z' '/a/none = \c' '/a/nl =' \
	'/a/odd = \x41\\b\t#\0\c' '/a/secret mode 0400 = 1' '/d/e/' \
	'/link -> /a/b' '/l/up -> ../a/b/text'
status_is tree_is_made 0
holds a_newline_is_added /a/b/text 'x = y -> z\n'
holds no_newline_after_c /a/none ''
holds an_empty_line /a/nl '\n'
holds octets_as_escapes /a/odd 'A\\b\t#\000'
holds links_to_files /l/up 'x = y -> z\n'
holds absolute_links_stay_inside /link/text 'x = y -> z\n'
check an_empty_folder test -d "$dir/tree/d/e"
check a_mode test "$(stat -c %a "$dir/tree/a/secret")" = 400

refused() { # NAME TEXT LINE...
	name=$1
	text=$2
	shift 2
	tree "$@"
	status_is "$name" 1 "$text"
}
refused dots 't.tree:1: /a/../b: no absolute path' '/a/../b = 1'
refused relative 't.tree:1: a: no absolute path' 'a = 1'
refused escape 't.tree:2: /a: unknown escape' '' '/a = \q'
refused half_an_octet 'unknown escape' '/a = \x4'
refused twice 't.tree:2: /a: is there already' '/a = 1' '/a = 2'
refused out_of_it 'the link leaves the folder' '/a/b -> ../../c'
refused through_a_link 'not through a link' '/a/b = 1' '/c -> a' '/c/d = 2'
refused below_a_file 'no folder' '/a = 1' '/a/b = 2'
refused odd_mode 'no mode like 0400' '/a mode 8 = 1'
refused nothing_said "neither '= value'" '/a'

# play LINE...: a script with these lines, until descriptor 9 is closed
play() {
	printf '%s\n' "$@" >"$dir/script"
	rm -f "$dir/epoch" "$dir/hold"
	mkfifo "$dir/hold"
	"$sim/play_tree" "$dir/tree" "$dir/script" "$dir/epoch" \
		<"$dir/hold" 2>"$dir/err" &
	player=$!
	exec 9>"$dir/hold"
}
comes() { # NAME COMMAND...: succeeds within 5 s
	name=$1
	shift
	tries=0
	while ! "$@" 2>/dev/null && [ "$tries" -lt 250 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	check "$name" "$@"
}
reads() { # FILE TEXT
	[ "$(cat "$dir/tree$1")" = "$2" ]
}
mode_is() { # FILE MODE
	[ "$(stat -c %a "$dir/tree$1")" = "$2" ]
}

tree '/dev/h3/in = 0' '/dev/h3/name = x' '/class/h3 -> /dev/h3' '/v = 0' \
	'/pair = 0' '/amps = 0'
play 'profile p = constant 10' 'every 5ms /dev/h3/in = volts 5 unit=mv' \
	'every 5ms /pair = pair of p at 5' \
	'every 5ms /amps = amps of p at 3 unit=ma step=8' \
	'at 100ms move /dev/h3 /dev/h5' 'at 100ms delete /class/h3' \
	'at 100ms link /class/h5 ../dev/h5' 'at 150ms delete /v' \
	'at 150ms write /new "a\\b\n"' 'at 400ms return /v' \
	'at 400ms chmod 0400 /v'
exec 8<"$dir/tree/dev/h3/in"
comes an_epoch test -s "$dir/epoch"
comes volts_and_amps_in_one_text reads /pair '5000 2000'
comes steps reads /amps 3336
comes moved test -e "$dir/tree/class/h5/name"
check moved_away fails test -e "$dir/tree/dev/h3"
comes goes_on_elsewhere reads /class/h5/in 5000
check kept_descriptors_read_nothing test -z "$(cat <&8)"
comes written reads /new 'a\b'
comes deleted_and_returned mode_is /v 400
exec 8<&- 9>&-
wait "$player"
status=$?
status_is ends_with_its_input 0

while IFS= read -r bad; do
	printf '%s\n' "$bad" >"$dir/script"
	"$sim/play_tree" "$dir/tree" "$dir/script" "$dir/epoch" \
		</dev/null >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "refused: $bad" 1 'script:1: '
done <<'LINES'
at 1s eat /x
every 0s /x = "1"
every 1ms x = "1"
every 1ms /x = power of q unit=w
every 1ms /x = volts 5
every 1ms /x = "a
at 1s chmod 999 /x
LINES
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Libraries that nobody could know of beforehand: loaded while the program runs,
# from anywhere, several, deleted, replaced, in a mount namespace of their own.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || {
	skip libraries_loaded_late "probes in other programs need root"
	exit 0
}
. "$here/stories.sh"
# late NAME: the library's fact says that it was mapped before its probes came
late() {
	check "$1_was_late" grep -q \
		",fact,[^,]*,[^,]*,[1-9][0-9]*,[^,]*,llama.library," \
		"$dir/$1/events.csv"
}
mkdir "$dir/x"
cp "$sim/lib/llama.so" "$dir/x/a"
cp "$sim/lib/llama.so" "$dir/x/b"

story odd "lib:$dir/x/a" "wait:$dir/odd.go1" model:x ctx:512 15 L 1 L 1 L
told odd 1,load,, 1,prefill,15, 1,generation,3,2
late odd
lies odd 1,prefill 5 6

# The probes come in the middle of an answer: it is not taken for a prompt, and
# the next request is whole again.
story middle stop "lib:$dir/x/a" model:x ctx:512 20 L 1 L 1 L cont \
	"wait:$dir/middle.go1" 1 L 1 L 1 L clear 15 L 1 L 1 L
told middle 0,mixed,, 1,prefill,15, 1,generation,3,2
lies middle 0,mixed 13 17
lies middle 1,prefill 20 21
says middle 'mixed: begun before the probes; probes were in place [0-9]* ms after'
# In the middle of a prompt: what is left of it is no prompt either.
story torn stop "lib:$dir/x/a" model:x ctx:512 20 cont \
	"wait:$dir/torn.go1" 20 L 1 L 1 L clear 15 L 1 L
told torn 0,mixed,, 1,prefill,15, 1,generation,2,1

story both "lib:$dir/x/a" "lib:$dir/x/b" "wait:$dir/both.go2" model:x ctx:512 15 L 1 L \
	"lib:$dir/x/a" model:x ctx:512 9 L 1 L
told both 1,load,, 1,prefill,15, 1,generation,2,1 2,load,, 2,prefill,9, 2,generation,2,1
check both_are_named test \
	"$(grep -c ',llama.library,.*/x/[ab]$' "$dir/both/events.csv")" -eq 2

story gone stop "lib:$dir/x/a" "rename:$dir/x/a=" cont "wait:$dir/gone.go1" \
	model:x ctx:512 15 L 1 L
told gone 1,load,, 1,prefill,15, 1,generation,2,1
late gone
# Another file under the same name.
cp "$sim/lib/llama.so" "$dir/x/a"
story replaced "lib:$dir/x/a" "wait:$dir/replaced.go1" model:x ctx:512 15 L 1 L F \
	"rename:$dir/x/b=$dir/x/a" "lib:$dir/x/./a" \
	"wait:$dir/replaced.go2" model:x ctx:512 9 L 1 L
check replaced_is_probed_too test \
	"$(grep -c ',llama.library,.*/x/a$' "$dir/replaced/events.csv")" -eq 2
told replaced 1,load,, 1,prefill,15, 1,generation,2,1 2,load,, 2,prefill,9, \
	2,generation,2,1

mkdir "$dir/private"
cat >"$dir/inside" <<-END
	mount -t tmpfs none "$dir/private" || exit 77
	cp "$sim/lib/llama.so" "$dir/private/lib"
	exec "\$@"
END
if unshare -m sh "$dir/inside" true 2>/dev/null; then
	via="unshare -m sh $dir/inside"
	story namespace "lib:$dir/private/lib" "wait:$dir/namespace.go1" \
		model:x ctx:512 15 L 1 L
	via=
	told namespace 1,load,, 1,prefill,15, 1,generation,2,1
	late namespace
else
	skip a_library_in_another_mount_namespace "mounting is not allowed here"
fi
exit $failed

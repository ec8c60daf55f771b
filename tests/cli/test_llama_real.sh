#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Probes in the real libllama, whose calls are counted by the program that makes
# them: prompts and batches of many sizes, several requests and contexts.
. "$(dirname "$0")/lib.sh"

all=the_real_libllama
[ "$(id -u)" -eq 0 ] || {
	skip $all "probes in other programs need root"
	exit 0
}
. "$here/npm_llama.sh"
. "$here/stories.sh"
real=$(find "$bins" -name 'libllama.v*.so')
check the_package_has_its_library test -f "$real"
ln -s "$real" "$dir/app/lib/some_llama"
model=$dir/tiny.gguf
"$sim/make_gguf" "$model" --embd 128 --layers 2 || exit 1
start="lib:$real backends:$bins model:$model"

# shellcheck disable=SC2086 # words
for batch in 512 32 6 1; do
	answer='4*{ 1 s L }'
	set -f
	story "batch_$batch" $start "ctx:512,$batch" 1 s L $answer \
		clear 7/$batch s L $answer clear 55/$batch s L $answer \
		clear 300/$batch s L $answer F
	set +f
	told "batch_$batch" 1,load,, 1,prefill,1, 1,generation,5,4 \
		2,prefill,7, 2,generation,5,4 3,prefill,55, 3,generation,5,4 \
		4,prefill,300, 4,generation,5,4
	lies "batch_$batch" 1,prefill 5 7
	lies "batch_$batch" 4,prefill 53 55
	lies "batch_$batch" 4,generation 56 67
	check "batch_${batch}_stamps_every_token" test \
		"$(grep -c '^[1-4],[1-5],' "$dir/batch_$batch/tokens.csv")" -eq 20
done
# shellcheck disable=SC2086 # words
{
# Two requests in one process without anything between them.
story two $start ctx:512 20 L 1 L 1 L 30 L 1 L
told two 1,load,, 1,prefill,20, 1,generation,3,2 2,prefill,30, 2,generation,2,1
story beside $start ctx:512 ctx:512 @1 30 L @2 20 L @1 1 L @2 1 L @1 1 L
told beside 0,load,, 0,mixed,,
says beside 'mixed: contexts ran at the same time'
# Stopped after two tokens, with the third evaluated and never read.
story stopped $start ctx:512 20 L 1 L 1 F
told stopped 1,load,, 1,prefill,20, 1,generation,3,2
# A token that is none: refused (-1).  300 more than 300 find no room (1).
story errors $start ctx:512 20 L 1 L bad 1 L clear 300 L 300 1 L
told errors 1,load,, 1,prefill,20, 1,generation,3,2 2,prefill,300, 2,generation,2,1
check errors_came_from_the_library sh -c \
	"grep -q '^bad .* -1\$' '$dir/errors.log' && grep -q '^300 .* 1\$' '$dir/errors.log'"
story again $start ctx:512 60 L 1 L 1 L cut:40 20 L 1 L cut:60 1 L 1 L
told again 1,load,, 1,prefill,60, 1,generation,3,2 2,prefill,20, 2,generation,2,1 \
	0,mixed,,
check again_tells_what_was_cached sh -c \
	"cut -d, -f1,2,9 '$dir/again/phases.csv' | grep -q '^2,prefill,40'"
story reversed $start ctx:512 60 L 1 L cut:4 add:24 1 L 1 L
told reversed 1,load,, 1,prefill,60, 1,generation,4,3
}
exit $failed

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Probes in a library with libllama's functions, whose calls are scripted, under
# a program that loads it while it runs: phases against the program's own log.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || {
	skip stories_of_libllama "probes in other programs need root"
	exit 0
}
. "$here/stories.sh"
cp "$sim/lib/llama.so" "$dir/app/lib/not_libllama_at_all.so.7"
lib=lib:$dir/app/lib/not_libllama_at_all.so.7

start="$lib model:x ctx:512"
# shellcheck disable=SC2086 # words
{
story plain $start 2 s R 15 s L '4*{' 1 s L '}' F
told plain 1,load,, 1,prefill,15, 1,generation,5,4
lies plain 1,prefill 7 9
lies plain 1,generation 10 20
check plain_is_found_by_its_symbols grep -q \
	',fact,[^,]*,[^,]*,0,[^,]*,llama.library,.*not_libllama' "$dir/plain/events.csv"

# The model is loaded twice, and what warms up belongs to it.
story twice $lib model:x ctx:512 F model:x ctx:512 2 clear s R 55 s L '3*{' 1 s L '}'
told twice 1,load,, 1,prefill,55, 1,generation,4,3
lies twice 1,prefill 10 12

# An evaluation that returns at once is done when somebody waits for it.
export FAKE_LLAMA_ASYNC=1
story gpu $start 40 L '3*{' 1 L '}' 30 s L '2*{' 1 s L '}'
unset FAKE_LLAMA_ASYNC
told gpu 1,load,, 1,prefill,40, 1,generation,4,3 2,prefill,30, 2,generation,3,2
lies gpu 1,prefill 4 5
lies gpu 1,generation 6 11
lies gpu 2,prefill 12 14

# 1: no room, tried again with less; -1: the request fails.
export FAKE_LLAMA_RETURNS='1 0 0 0 1 0 -1'
story refused $start 24 12 12 s L 1 s L 1 1 s L 1 s L
unset FAKE_LLAMA_RETURNS
told refused 1,load,, 1,prefill,24, 1,generation,3,2
lies refused 1,prefill 5 8
lies refused 1,generation 9 14

story pieces $start '9*{' 6 '}' 1 s L '3*{' 1 s L '}'
told pieces 1,load,, 1,prefill,55, 1,generation,4,3
story one_by_one $start '15*{' 1 '}' s L '3*{' 1 s L '}'
told one_by_one 1,load,, 1,prefill,15, 1,generation,4,3
story threads $start thread 12 s L '5*{' 1 s L '}'
told threads 1,load,, 1,prefill,12, 1,generation,6,5
story encoder $start enc:40 1 L '3*{' 1 L '}' clear enc:20 1 L 1 L
told encoder 1,load,, 1,prefill,41, 1,generation,4,3 2,prefill,21, 2,generation,2,1

# Texts whose embeddings are read have no answer, even those of one token.
story embeddings $start 12 V clear 1 V clear 7 V clear 1 V
told embeddings 1,load,, 1,prefill,12, 2,prefill,1, 3,prefill,7, 4,prefill,1,
check embeddings_are_no_tokens test "$(wc -l <"$dir/embeddings/tokens.csv")" -eq 1

# The window moves on within an answer: cut, shifted, on it goes.
story shift $start 30 L '3*{' 1 L '}' cut:4 add:19 '3*{' 1 L '}'
told shift 1,load,, 1,prefill,30, 1,generation,7,6
# A cut that removes nothing is no border; one that removes all is.
story cuts $start 9 L cut:9 1 L cut:10 1 L cut:0 1 L 1 L 1 L
told cuts 1,load,, 1,prefill,9, 1,generation,3,2 2,prefill,1, 2,generation,3,2

# A server's second request: 20 tokens are used again; then all but one.
story cached $start 25 L 1 L 1 L cut:20 5 L 1 L 1 L cut:24 1 L 1 L clear 7 L 1 L
told cached 1,load,, 1,prefill,25, 1,generation,3,2 2,prefill,5, \
	2,generation,3,2 0,mixed,, 3,prefill,7, 3,generation,2,1
check cached_tokens_are_told sh -c \
	"cut -d, -f1,2,9 '$dir/cached/phases.csv' | grep -q '^2,prefill,20'"
says cached 'mixed: the prompt may have been cached'
lies cached 0,mixed 18 21

# Guesses of a small model, checked by the large one.
story drafts $start ctx:512 @1 20 L @2 20 L '3*{' @2 1 L 1 L 1 L @1 4 L0 L1 L2 '}'
told drafts 0,load,, 0,mixed,,
says drafts 'mixed: .*sequences share evaluations'
# Two slots of a server: the first one alone, both, the second one alone.
story slots $start 10 L 1 L cut:0,1 9 L0 L8 2 L0 L1 2 L0 L1 1 L clear 8 L 1 L
told slots 0,load,, 0,mixed,, 1,prefill,8, 1,generation,2,1
says slots 'parallel slots or speculative decoding'
story contexts $start ctx:512 @1 30 L @2 20 L @1 1 L @2 1 L @1 1 L F @2 F
told contexts 0,load,, 0,mixed,,
says contexts 'mixed: contexts ran at the same time'
story turns $start ctx:512 @1 30 L 1 L 1 L @2 20 L 1 L
told turns 1,load,, 1,prefill,30, 1,generation,3,2 2,prefill,20, 2,generation,2,1

# Nobody waits and nobody reads: what is prompt and what is answer?
story blind $start 12 1 1 1 1
told blind 0,load,, 0,mixed,,
says blind 'nothing reads the results'

# Other versions of the library: no phases rather than wrong ones.
story moved $start 2000000000 L 15 L 1 L
told moved
check moved_is_a_warning grep -q '"probes-implausible"' "$dir/moved/report.json"
says moved 'batch of 2000000000 tokens'
story unreturned $start jump 15 L 1 L 1 L
told unreturned
says unreturned 'never returned'
cp "$sim/lib/llama_strange.so" "$dir/app/lib/libllama.so.99"
story strange "lib:$dir/app/lib/libllama.so.99"
rm "$dir/app/lib/libllama.so.99"
check strange_is_named grep -q 'warning.*probes-unknown.*libllama.so.99.*without llama_decode' \
	"$dir/strange/events.csv"
}
exit $failed

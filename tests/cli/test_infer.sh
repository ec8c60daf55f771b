#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The bundled inference program on its own.
. "$(dirname "$0")/lib.sh"

tiny=$dir/tiny.bin

infer() {
	"$build/infer" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# says NAME STATUS TEXT ARGUMENT...
says() {
	name=$1
	wanted=$2
	text=$3
	shift 3
	infer "$@"
	status_is "$name" "$wanted" "$text"
}

# text FILE ARGUMENT...: what the model writes
text() {
	file=$1
	shift
	"$build/infer" -m "$tiny" --quiet -p 'Once upon a time' "$@" >"$file" 2>&1
}

says model_is_made 0 'making the model' --make-model "$tiny" --tiny
cp "$tiny" "$dir/first.bin"
says good_model_is_kept 0 'there and good' --make-model "$tiny" --tiny
rm "$tiny"
infer --make-model "$tiny" --tiny
check model_is_the_same_every_time cmp "$tiny" "$dir/first.bin"

infer --self-check -m "$tiny"
cat "$dir/out"
grep -q '^not ok' "$dir/out" && failed=1
status_is self_check_passes 0 '^ok' "$dir/out"

text "$dir/one" -n 60 -t 1
text "$dir/two" -n 60 -t 2
text "$dir/five" -n 60 -t 5
check two_threads_write_what_one_writes cmp "$dir/one" "$dir/two"
check more_threads_than_cores_write_the_same cmp "$dir/one" "$dir/five"
check every_token_is_one_byte test "$(wc -c <"$dir/one")" -eq 61
LC_ALL=C check only_printable_text fails grep '[^ -~]' "$dir/one"
text "$dir/seeded" -n 60 -s 2
check seed_changes_the_text fails cmp "$dir/one" "$dir/seeded"
text "$dir/greedy1" -n 60 --temp 0 -s 1
text "$dir/greedy2" -n 60 --temp 0 -s 2
check likeliest_tokens_need_no_seed cmp "$dir/greedy1" "$dir/greedy2"
text "$dir/twice" -n 60 -r 2
cat "$dir/one" "$dir/one" >"$dir/both"
check second_request_repeats_the_first cmp "$dir/both" "$dir/twice"

says counts_are_printed 0 'prefill 6 tokens.*generation 7 tokens, 6 steps' \
	-m "$tiny" -p Hello -n 7
infer -m "$tiny" --quiet --times -p Hello -n 7 -r 2
check times_are_complete_and_in_order \
	awk '$2 < last { exit 1 } { last = $2; n[$1]++ }
	END { exit !(n["load"] == 1 && n["prefill"] == 2 &&
	n["token"] == 14 && n["end"] == 2) }' "$dir/err"

head -c 5000 "$tiny" >"$dir/short.bin"
says cut_model_is_refused 1 'belong.*writes it anew' -m "$dir/short.bin" -n 1
says cut_model_is_written_anew 0 'written anew' \
	--make-model "$dir/short.bin" --tiny
check anew_is_the_same cmp "$dir/short.bin" "$tiny"
printf x | dd of="$dir/short.bin" bs=1 seek=500000 conv=notrunc 2>/dev/null
says damaged_model_is_refused 1 'checksum' -m "$dir/short.bin" -n 1
printf x | dd of="$dir/short.bin" bs=1 seek=30 conv=notrunc 2>/dev/null
says damaged_header_is_refused 1 'header is damaged' -m "$dir/short.bin" -n 1
: >"$dir/empty.bin"
says empty_model_is_refused 1 'empty file' -m "$dir/empty.bin" -n 1
echo 'a letter to my mother' >"$dir/letter"
cp "$dir/letter" "$dir/kept"
says foreign_file_is_refused 1 'not a model' -m "$dir/letter" -n 1
says foreign_file_is_not_overwritten 1 'not a model' --make-model "$dir/letter"
check foreign_file_is_untouched cmp "$dir/letter" "$dir/kept"
says missing_model_is_named 1 "$dir/nothing" -m "$dir/nothing"
says folder_is_no_model 1 'not a regular file' -m "$dir"
says unwritable_place_is_named 1 'cannot be written' \
	--make-model "$dir/nowhere/model.bin" --tiny
"$build/infer" -m "$tiny" -n 3 >/dev/full 2>"$dir/err"
status=$?
status_is full_output_is_an_error 1 'cannot be written'

says zero_threads 2 'whole number from 1' -t 0
says threads_with_rubbish 2 'whole number from 1' -t 2x
says negative_tokens 2 'whole number from 1' -n -5
says temperature_nan 2 'from 0 to 1000' --temp nan
says unknown_option 2 'unknown' --bogus
says missing_value 2 'missing' -n
says stray_word 2 'not an option' hello
says tiny_alone 2 'goes with' --tiny
long=$(head -c 4090 /dev/zero | tr '\0' x)
says too_long_together 1 'shorten' -m "$tiny" -p "$long" -n 100
infer --help
status_is help_ends_with_an_example 0 '^Example: ' "$dir/out"

# Without a home the model is made for one run and removed again; the cache
# holds it otherwise.  Both cost a second or two for the 90 MB.
unset HOME XDG_CACHE_HOME
outer=${TMPDIR:-/tmp}
export TMPDIR="$dir"
says no_home_uses_a_passing_folder 0 'making the model' -n 1 -p x --quiet
check passing_folder_is_removed fails ls -d "$dir"/edgeprof-demo-*
export TMPDIR="$outer" XDG_CACHE_HOME="$dir/cache"
says cache_folder_is_made 0 'making the model' -n 1 -p x --quiet
truncate -s 9000 "$dir/cache/edgeprof/demo-model.bin"
says damaged_cache_is_made_again 0 'written anew' -n 1 -p x --quiet

exit $failed

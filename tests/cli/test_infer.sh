#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The bundled inference program on its own.
set -u

infer=$1/infer
dir=$(mktemp -d "${TMPDIR:-/tmp}/infer-XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
tiny=$dir/tiny.bin
failed=0

ok() {
	echo "ok $1"
}

not_ok() {
	echo "not ok $1: $2"
	failed=1
}

# is NAME STATUS WANTED TEXT: the status, and TEXT in $dir/err
is() {
	if [ "$2" -ne "$3" ]; then
		not_ok "$1" "status $2 instead of $3: $(head -n 1 "$dir/err")"
	elif ! grep -q -- "$4" "$dir/err"; then
		not_ok "$1" "\"$4\" is not in: $(head -n 1 "$dir/err")"
	else
		ok "$1"
	fi
}

# same NAME FILE FILE
same() {
	if cmp -s "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "the outputs differ"
	fi
}

# run NAME STATUS TEXT ARGUMENT...
run() {
	name=$1
	wanted=$2
	text=$3
	shift 3
	"$infer" "$@" >"$dir/out" 2>"$dir/err"
	is "$name" $? "$wanted" "$text"
}

# text FILE ARGUMENT...: what the model writes
text() {
	file=$1
	shift
	"$infer" -m "$tiny" --quiet -p 'Once upon a time' "$@" >"$file" 2>&1
}

run model_is_made 0 'making the model' --make-model "$tiny" --tiny
cp "$tiny" "$dir/first.bin"
run good_model_is_kept 0 'there and good' --make-model "$tiny" --tiny
rm "$tiny"
"$infer" --make-model "$tiny" --tiny 2>"$dir/err"
same model_is_the_same_every_time "$tiny" "$dir/first.bin"

"$infer" --self-check -m "$tiny" >"$dir/out" 2>"$dir/err"
status=$?
cat "$dir/out"
grep -q '^not ok' "$dir/out" && failed=1
if [ $status -eq 0 ] && grep -q '^ok' "$dir/out"; then
	ok self_check_passes
else
	not_ok self_check_passes "status $status: $(head -n 1 "$dir/err")"
fi

text "$dir/one" -n 60 -t 1
text "$dir/two" -n 60 -t 2
text "$dir/five" -n 60 -t 5
same two_threads_write_what_one_writes "$dir/one" "$dir/two"
same more_threads_than_cores_write_the_same "$dir/one" "$dir/five"
bytes=$(wc -c <"$dir/one")
if [ "$bytes" -eq 61 ]; then
	ok every_token_is_one_byte
else
	not_ok every_token_is_one_byte "$bytes bytes for 60 tokens and a line"
fi
if LC_ALL=C grep -q '[^ -~]' "$dir/one"; then
	not_ok only_printable_text "control bytes in the output"
else
	ok only_printable_text
fi
text "$dir/seeded" -n 60 -s 2
if cmp -s "$dir/one" "$dir/seeded"; then
	not_ok seed_changes_the_text "seed 1 and 2 give the same"
else
	ok seed_changes_the_text
fi
text "$dir/greedy1" -n 60 --temp 0 -s 1
text "$dir/greedy2" -n 60 --temp 0 -s 2
same likeliest_tokens_need_no_seed "$dir/greedy1" "$dir/greedy2"
text "$dir/twice" -n 60 -r 2
cat "$dir/one" "$dir/one" >"$dir/both"
same second_request_repeats_the_first "$dir/both" "$dir/twice"

run counts_are_printed 0 'prefill 6 tokens.*generation 7 tokens, 6 steps' \
	-m "$tiny" -p Hello -n 7
"$infer" -m "$tiny" --quiet --times -p Hello -n 7 -r 2 >"$dir/out" \
	2>"$dir/times"
if awk '$2 < last { exit 1 } { last = $2; n[$1]++ }
	END { exit !(n["load"] == 1 && n["prefill"] == 2 &&
	n["token"] == 14 && n["end"] == 2) }' "$dir/times"; then
	ok times_are_complete_and_in_order
else
	not_ok times_are_complete_and_in_order "see --times"
fi

head -c 5000 "$tiny" >"$dir/short.bin"
run cut_model_is_refused 1 'belong.*writes it anew' -m "$dir/short.bin" -n 1
run cut_model_is_written_anew 0 'written anew' \
	--make-model "$dir/short.bin" --tiny
same anew_is_the_same "$dir/short.bin" "$tiny"
printf x | dd of="$dir/short.bin" bs=1 seek=500000 conv=notrunc 2>/dev/null
run damaged_model_is_refused 1 'checksum' -m "$dir/short.bin" -n 1
printf x | dd of="$dir/short.bin" bs=1 seek=30 conv=notrunc 2>/dev/null
run damaged_header_is_refused 1 'header is damaged' -m "$dir/short.bin" -n 1
: >"$dir/empty.bin"
run empty_model_is_refused 1 'empty file' -m "$dir/empty.bin" -n 1
echo 'a letter to my mother' >"$dir/letter"
cp "$dir/letter" "$dir/kept"
run foreign_file_is_refused 1 'not a model' -m "$dir/letter" -n 1
run foreign_file_is_not_overwritten 1 'not a model' --make-model "$dir/letter"
same foreign_file_is_untouched "$dir/letter" "$dir/kept"
run missing_model_is_named 1 "$dir/nothing" -m "$dir/nothing"
run folder_is_no_model 1 'not a regular file' -m "$dir"
run unwritable_place_is_named 1 'cannot be written' \
	--make-model "$dir/nowhere/model.bin" --tiny
"$infer" -m "$tiny" -n 3 >/dev/full 2>"$dir/err"
is full_output_is_an_error $? 1 'cannot be written'

run zero_threads 2 'whole number from 1' -t 0
run threads_with_rubbish 2 'whole number from 1' -t 2x
run negative_tokens 2 'whole number from 1' -n -5
run temperature_nan 2 'from 0 to 1000' --temp nan
run unknown_option 2 'unknown' --bogus
run missing_value 2 'missing' -n
run stray_word 2 'not an option' hello
run tiny_alone 2 'goes with' --tiny
long=$(head -c 4090 /dev/zero | tr '\0' x)
run too_long_together 1 'shorten' -m "$tiny" -p "$long" -n 100
"$infer" --help >"$dir/err"
is help_ends_with_an_example $? 0 '^Example: '

# Without a home the model is made for one run and removed again; the cache
# holds it otherwise.  Both cost a second or two for the 90 MB.
(
	unset HOME XDG_CACHE_HOME
	TMPDIR=$dir "$infer" -n 1 -p x --quiet >"$dir/out" 2>"$dir/err"
)
is no_home_uses_a_passing_folder $? 0 'making the model'
if ls -d "$dir"/edgeprof-demo-* >/dev/null 2>&1; then
	not_ok passing_folder_is_removed "$(ls -d "$dir"/edgeprof-demo-*)"
else
	ok passing_folder_is_removed
fi
XDG_CACHE_HOME=$dir/cache "$infer" -n 1 -p x --quiet >"$dir/out" 2>"$dir/err"
is cache_folder_is_made $? 0 'making the model'
truncate -s 9000 "$dir/cache/edgeprof/demo-model.bin"
XDG_CACHE_HOME=$dir/cache "$infer" -n 1 -p x --quiet >"$dir/out" 2>"$dir/err"
is damaged_cache_is_made_again $? 0 'written anew'

exit $failed

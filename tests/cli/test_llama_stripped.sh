#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A libllama linked into a program that is stripped: its functions are found by
# their texts, exactly where the symbols of the same build are, or not at all.
. "$(dirname "$0")/lib.sh"

for tool in strip nm readelf; do
	command -v $tool >/dev/null || {
		skip stripped_programs "$tool is not installed"
		exit 0
	}
done
case $(uname -m) in
x86_64 | aarch64) ;;
*)
	skip stripped_programs "the code of $(uname -m) is not read"
	exit 0
	;;
esac

# symbols FILE NAME=FUNCTION...: "NAME OFFSET" of each, as find_llama prints it.
# The file's code lies at its own offsets, as gcc's and ld's position
# independent programs and libraries have it.
symbols() {
	file=$1
	shift
	for pair; do
		nm "$file" | sed -n "s/^0*\([0-9a-f]*\) [tT] ${pair#*=}\$/${pair%%=*} \1/p"
	done | sort
}

strip -o "$dir/stripped" "$sim/stripped_llama"
check a_stripped_program_is_searched "$sim/find_llama" program "$dir/stripped"
symbols "$sim/stripped_llama" llama_decode=llama_decode \
	llama_get_logits_ith=get_logits_ith \
	llama_model_load_from_file=llama_model_load_from_file_impl \
	llama_init_from_model=llama_init_from_model \
	llama_set_warmup=set_warmup >"$dir/symbols"
check five_functions test "$(wc -l <"$dir/symbols")" -eq 5
"$sim/find_llama" program "$dir/stripped" | sort >"$dir/found"
check found_where_the_symbols_are cmp "$dir/symbols" "$dir/found"
"$sim/find_llama" program "$sim/fake_llama" >"$dir/none" 2>&1
check another_program_has_none test "$(cat "$dir/none")" = "0 "
head -c 30000 "$dir/stripped" >"$dir/cut"
check a_cut_file_has_none fails "$sim/find_llama" program "$dir/cut"

# Small programs of both processors: what it takes to find llama_decode there.
corpus=$here/../fuzz/corpus/llama_find
"$sim/find_llama" program "$corpus/x86_64" >"$dir/found" 2>&1
check small_x86_64 test "$(head -n 1 "$dir/found")" = "llama_decode 110"
"$sim/find_llama" program "$corpus/aarch64" >"$dir/found" 2>&1
check small_aarch64 test "$(head -n 1 "$dir/found")" = "llama_decode 360"

# Other ways to build it.
source=$here/../sim/stripped_llama.c
build_as() { # name, options
	name=$1
	shift
	cc -std=c11 -D_GNU_SOURCE -O2 "$@" "$source" -o "$dir/$name.full" \
		2>"$dir/cc.log" && strip -o "$dir/$name" "$dir/$name.full"
}
if build_as copied -DCOPIED; then
	"$sim/find_llama" program "$dir/copied" >"$dir/none" 2>&1
	check copied_code_is_not_found grep -q "^-2 holds a libllama without symbols" "$dir/none"
	build_as static -static || rm -f "$dir/static"
	build_as fixed -no-pie -O3 || rm -f "$dir/fixed"
else
	skip copied_code "no C compiler: $(head -n 1 "$dir/cc.log")"
fi

# What it is for.
[ "$(id -u)" -eq 0 ] || skip stripped_runs "probes in other programs need root"
phases() { # folder
	cut -d, -f1-3,7,8 "$1/phases.csv" | grep -e prefill -e generation | tr '\n' ' '
}
wanted=$(for r in 1 2 3; do
	printf '%s,prefill,PROBED,37, %s,generation,PROBED,10,9 ' $r $r
done)
for kind in stripped static fixed; do
	[ "$(id -u)" -eq 0 ] && [ -f "$dir/$kind" ] || continue
	run $fast -q -o "$dir/run_$kind" -- "$dir/$kind" 37 10 3
	status_is ${kind}_runs 0
	check ${kind}_counts_tokens test "$(cat "$dir/out")" = $((2 + 3 * (37 + 9)))
	check ${kind}_has_its_phases test "$(phases "$dir/run_$kind")" = "$wanted"
	check ${kind}_loads_and_warms_up_first \
		grep -q "^1,load,PROBED,0," "$dir/run_$kind/phases.csv"
	check ${kind}_says_how_it_is_known \
		grep -q "found by their texts" "$dir/run_$kind/report.json"
done
if [ "$(id -u)" -eq 0 ] && [ -f "$dir/copied" ]; then
	run $fast -q -o "$dir/run_copied" -- "$dir/copied" 37 10 1
	status_is copied_runs 0
	check copied_has_no_phases fails grep -q PROBED "$dir/run_copied/phases.csv"
	check copied_is_a_named_warning \
		grep -q ",warning,.*probes-unknown,.*llama_decode" "$dir/run_copied/events.csv"
fi

# The real library, of both processors; read, never run.
command -v npm >/dev/null || {
	skip real_libraries "npm is not installed"
	exit 0
}
store=$(dirname "$build")/npm-libraries
mkdir -p "$store" && [ -w "$store" ] || {
	store=$dir/libraries
	mkdir "$store"
}
exec 9>"$store/.lock"
flock 9
fetch() { # arch, lock file; prints the library's path
	at=$store/$1
	hash=$(sed -n "/node_modules\/@node-llama-cpp\/linux-$1\"/,/}/s/.*\"integrity\": \"sha512-\(.*\)\".*/\1/p" "$2")
	if [ "$(cat "$at/.hash" 2>/dev/null)" != "$hash" ]; then
		rm -rf "$at"
		mkdir -p "$at"
		version=$(sed -n "s/.*\"@node-llama-cpp\/linux-$1\": \"\(.*\)\".*/\1/p" "$2" | head -n 1)
		(cd "$at" && npm pack --silent "@node-llama-cpp/linux-$1@$version") \
			>"$dir/npm.log" 2>&1 || return 1
		[ "$(sha512sum "$at"/*.tgz | cut -d' ' -f1)" = "$(printf '%s' "$hash" |
			base64 -d | od -An -v -tx1 | tr -d ' \n')" ] || return 1
		(cd "$at" && tar -xzf ./*.tgz && rm ./*.tgz) || return 1
		printf '%s\n' "$hash" >"$at/.hash"
	fi
	echo "$at"/package/bins/linux-"$1"/libllama.v*.so
}
for arch in x64 arm64; do
	lock=$here/../npm/package-lock.json
	[ $arch = x64 ] || lock=$here/../npm/arm64/package-lock.json
	library=$(fetch $arch "$lock") || {
		skip real_library_$arch "npm cannot fetch it: $(tail -n 1 "$dir/npm.log")"
		continue
	}
	symbols "$library" llama_decode=llama_decode llama_encode=llama_encode \
		llama_init_from_model=llama_init_from_model \
		llama_model_load_from_file='_ZL31llama_model_load_from_file_impl.*' \
		llama_get_logits_ith=_ZN13llama_context14get_logits_ithEi \
		llama_get_embeddings_ith=_ZN13llama_context18get_embeddings_ithEi \
		>"$dir/symbols"
	# Of arm64 there are two copies, and a library calls neither.
	[ $arch = arm64 ] || symbols "$library" \
		llama_set_warmup=_ZN13llama_context10set_warmupEb >>"$dir/symbols"
	"$sim/find_llama" library "$library" 2>&1 | sort >"$dir/found"
	check real_${arch}_has_them test "$(wc -l <"$dir/symbols")" -ge 6
	check real_${arch}_found_where_the_symbols_are cmp "$dir/symbols" "$dir/found"
	strip -o "$dir/library" "$library" 2>/dev/null ||
		cp "$library" "$dir/library" # of another processor
	"$sim/find_llama" library "$dir/library" 2>&1 | sort >"$dir/found"
	check real_${arch}_stripped cmp "$dir/symbols" "$dir/found"
done
exit $failed

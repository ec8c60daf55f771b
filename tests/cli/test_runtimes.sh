#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Probes in other libraries than libllama: libraries with the functions' names,
# whose phases are compared with their own logs.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || {
	skip other_libraries "probes in other programs need root"
	exit 0
}
. "$here/stories.sh"
# Those that no hint finds: loaded, then waited for.
runtime() { # NAME
	name=$1
	cp "$sim/run_library" "$dir/app/bin/drive"
	$first "$edgeprof" run $fast -q -o "$dir/$name" -- \
		"$dir/app/bin/drive" "$dir/$name.log" "$sim/lib/$name.so" \
		"$dir/$name.go" >"$dir/out" 2>"$dir/err" &
	pid=$!
	while kill -0 $pid 2>/dev/null &&
		! grep -q ",$name[.]library," "$dir/$name/events.csv" 2>/dev/null; do
		sleep 0.05
	done
	touch "$dir/$name.go"
	wait $pid
	status=$?
	check "${name}_runs" test $status -eq 0
}

# Its own count of tokens in every figure; a prompt that is given as sequences
# has no count, and a failed token is none.
runtime genai
told genai 1,load,, 1,prefill,55, 1,generation,5,4 2,prefill,12, \
	2,generation,3,2 3,prefill,, 3,generation,2,1 0,mixed,,
lies genai 1,prefill 3 4
lies genai 1,generation 5 9
lies genai 2,prefill 11 11
lies genai 3,generation 16 17
lies genai 0,mixed 18 23
check genai_stamps_tokens test "$(grep -c '^[123],' "$dir/genai/tokens.csv")" -eq 10
says genai 'phases by probes (PROBED): mixed: .*; ONNX Runtime GenAI'

# Tokens are told to a function of the program.  1 init, 2 run, then its tokens
# and the end, async, its own, and a run that tells nothing.
runtime rkllm
told rkllm 1,load,, 1,prefill,, 1,generation,5,4 2,prefill,, \
	2,generation,4,3 0,mixed,,
lies rkllm 1,prefill 2 3
lies rkllm 1,generation 3 8
lies rkllm 2,prefill 9 10
lies rkllm 2,generation 10 14
lies rkllm 0,mixed 15 15
check rkllm_stamps_tokens test "$(grep -c '^[12],' "$dir/rkllm/tokens.csv")" -eq 9
says rkllm 'mixed: tokens were not seen; rknn-llm'

runtime whisper
told whisper 0,load,, 0,compute,, 0,compute,,
check whisper_is_as_long_as_it_worked awk -F, '$2 == "compute" {
	n++; if ($5 - $4 < 0.021 || $5 - $4 > 0.024) wrong = 1 }
	END { exit wrong || n != 2 }' "$dir/whisper/phases.csv"
says whisper 'whisper.cpp, which tells no tokens'

runtime ggml
told ggml 0,compute,, 0,compute,,
says ggml 'ggml.s graphs, which tell no tokens'
# It gets no probes where a library is that says more.
cp "$sim/drive_llama" "$dir/app/bin/drive"
cp "$sim/lib/llama.so" "$dir/app/lib/libllama.so"
story beside "lib:$sim/lib/ggml.so" "lib:$dir/app/lib/libllama.so" \
	model:x ctx:512 15 L '60*{' 1 L '}'
told beside 1,load,, 1,prefill,15, 1,generation,61,60
check beside_leaves_ggml_alone fails grep -q ggml.library "$dir/beside/events.csv"
exit $failed

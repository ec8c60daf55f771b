#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh [T]: T seconds (default 60) for every libFuzzer target in build/fuzz/.
# What libFuzzer learns stays in build/fuzz/corpus/, faults in build/fuzz/.
set -u
seconds=${1:-60}
passed=0
failed=0
for target in build/fuzz/fuzz_*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=${target#build/fuzz/fuzz_}
	seeds=tests/fuzz/corpus/$name
	learnt=build/fuzz/corpus/$name
	mkdir -p "$learnt" "$seeds"
	log=build/fuzz/$name.log
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="build/fuzz/$name-" "$learnt" "$seeds" \
		>"$log" 2>&1; then
		passed=$((passed + 1))
		echo "ok $name: $(grep -a '^Done' "$log" || echo done)"
	else
		failed=$((failed + 1))
		echo "not ok $name: see $log"
		tail -n 40 "$log"
	fi
done
if [ $((passed + failed)) -eq 0 ]; then
	echo "no target in build/fuzz/; run make fuzz"
	exit 1
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

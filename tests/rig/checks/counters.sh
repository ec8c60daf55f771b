# SPDX-License-Identifier: GPL-3.0-or-later
# The emulated PMUv3 counts instructions exactly; the grid, when time is counted
# in instructions, too; probes in functions.
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
record() { # folder, options, --, command
	rig_to=$1
	shift
	edgeprof run -q --idle 0s --tail 0s -o "$rig_to" "$@" >"$work/out" 2>"$work/err" ||
		not_ok "records_$(basename "$rig_to")" "$(head -n 2 "$work/err")"
}
count() { # folder column: of all phases, from phases.csv
	awk -F, -v name="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
		at && $at != "" && $2 != "after" && $2 != "idle" { n += $at; any = 1 }
		END { if (any) printf "%.0f\n", n }' "$1/phases.csv"
}

# A known loop: four instructions a turn, the same every time.
user="--events instructions:u"
record "$work/loop1" $user -- /rig/tools/loop 1000000
record "$work/loop1again" $user -- /rig/tools/loop 1000000
record "$work/loop3" $user -- /rig/tools/loop 3000000
one=$(count "$work/loop1" instructions_u_count)
equal the_same_every_time "$one" "$(count "$work/loop1again" instructions_u_count)"
equal loop_is_counted_exactly 8000000 \
	"$(($(count "$work/loop3" instructions_u_count) - one))"
keep "$work/loop1"

# What this PMU has not is not measured, whatever it reads.
record "$work/lacks" --events instructions,cache-misses,l2d_cache_refill,r17 \
	-- /rig/tools/loop 1000
edgeprof report "$work/lacks" >"$work/lacks.txt" 2>&1
keep "$work/lacks"
for name in cache_misses l2d_cache_refill r17; do
	equal "no_${name}" "" "$(count "$work/lacks" ${name}_count)"
done

tr '\n' ' ' <"$work/lacks.txt" | tr -s ' ' >"$work/lacks.line"
says what_it_has_not_in_words 'counters: cache-misses, l2d_cache_refill, r17: not measured: this processor' "$work/lacks.line"

# More events than the PMU has counters: shared, and said so.
record "$work/many" --events "instructions:u,r8:u,r11:u,cycles:u,r8,r11,cycles,instructions:k,r8:k" \
	-- edgeprof-demo-infer -m "$work/model" -n 200
edgeprof report "$work/many" >"$work/many.txt" 2>&1
keep "$work/many"
says groups_share_the_pmu 'share the PMU' "$work/many.txt"
tr '\n' ' ' <"$work/many.txt" | tr -s ' ' >"$work/many.line"
says share_of_each_phase 'scaled to all of it: prefill 3[0-9] .*generation 3[0-9] .*run 3[0-9]' "$work/many.line"
within shared_counts_agree "$(count "$work/many" instructions_u_count)" \
	"$(($(count "$work/many" instructions_u_count) / 10))" \
	"$(count "$work/many" r8_u_count)"

# Instructions of the phases add up to those of the whole program.
record "$work/phases" $user -- edgeprof-demo-infer -m "$work/model" -n 100
raw=$(awk -F, 'END { print $6 }' "$work/phases/sensors/counters.csv")
slack=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "instructions_u_count_u95") at = i; next }
	{ n += $at } END { print n }' "$work/phases/phases.csv")
within phases_add_up "$raw" "$slack" "$(count "$work/phases" instructions_u_count)"

# Every 10 ms and every millisecond, none missed.
grid() { # name, interval, the ticks it has at least
	record "$work/$1" --idle 1s --interval "$2" -- sleep 2
	tail -n +2 "$work/$1/ticks.csv" | cut -d, -f 2 | sort -n >"$work/late"
	equal "$1_misses_none" 0 "$(tail -n +2 "$work/$1/ticks.csv" | awk -F, '{ n += $3 } END { print n + 0 }')"
	ticks=$(wc -l <"$work/late")
	check "$1_ticks" test "$ticks" -ge "$3"
	check "$1_is_on_time" test "$(sed -n "$((ticks * 99 / 100))p" "$work/late")" -le 100000
}
grid grid_10ms 10ms 290
grid grid_1ms 1ms 2900
keep "$work/grid_1ms"
keep "$work/phases"

# Probes in the functions of a program that was not told: every token of 3
# requests with 37 tokens of prompt and 10 of answer.
edgeprof run -q --idle 0s --tail 0s -o "$work/probed" -- /rig/tools/fake_llama 37 10 3 \
	>"$work/out" 2>"$work/err"
ran probed_runs $?
equal probes_see_every_token 30 "$(tail -n +2 "$work/probed/tokens.csv" | wc -l)"
equal probes_see_every_prompt 3 "$(grep -c '^[123],prefill,PROBED,[^,]*,[^,]*,[^,]*,37,' "$work/probed/phases.csv")"
keep "$work/probed"

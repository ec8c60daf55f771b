# SPDX-License-Identifier: GPL-3.0-or-later
# x86-64 without any PMU, sensor or clock control: words, no zeros, no failure.
# Then with energy counters of the kernel's own powercap.
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
edgeprof run --idle 0s --tail 0s -o "$work/plain" -- edgeprof-demo-infer \
	-m "$work/model" -n 100 >"$work/out" 2>"$work/err"
ran runs_without_anything $?
says says_no_power 'energy is not measured' "$work/err"
says has_phases 'generation' "$work/err"
edgeprof report "$work/plain" >"$work/plain.txt" 2>&1
says says_no_counters 'cannot count it\|no hardware PMU' "$work/plain.txt"
for name in cycles_count instructions_count cache_misses_count energy_j; do
	equal "no_$name" "" "$(awk -F, -v name=$name '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
		at && $at != "" { print $at; exit }' "$work/plain/phases.csv")"
done
edgeprof doctor >"$work/doctor" 2>&1
check doctor_looks test -s "$work/doctor"
edgeprof sensors >"$work/sensors" 2>&1
ran sensors_lists $?

# 5 W, in a counter that starts over every 20 J.
load 'fakerapl:range_uj=20000000;start_uj=18000000'
edgeprof run --board x86 --idle 2s --tail 0s -o "$work/rapl" -- sleep 9 \
	>"$work/out" 2>"$work/err"
ran runs_with_energy_counters $?
says energy_is_of_the_package 'package' "$work/err"
energy_is energy_through_wraps "$work/rapl" \
	"$(awk "BEGIN { print 5 * $(figure "$work/rapl" run.duration_s) }")"
keep "$work/rapl"

# The kernel lets only root read it.
chmod 1777 "$work"
cd "$work"
as_user edgeprof run --board x86 --idle 0s \
	--tail 0s -o "$work/user" -- sleep 1 >"$work/out" 2>"$work/err"
ran runs_as_a_user $?
says says_who_may_read 'only root\|may not\|ermission' "$work/err"

# Somebody sets the counter back in the middle of a run.
cat >"$work/reset.sh" <<'END'
at=/sys/class/powercap/intel-rapl:0/energy_uj
usleep 500000
# Not where it could be a wrap.
count=0
until [ "$count" -gt 5000000 ] && [ "$count" -lt 8000000 ]; do
	usleep 50000
	count=$(cat $at)
done
echo 0 >$at
sleep 2
END
edgeprof run --board x86 --idle 0s --tail 0s -o "$work/reset" -- sh "$work/reset.sh" \
	>"$work/out" 2>"$work/err"
ran runs_through_a_reset $?
says says_it_went_back 'counters went backwards 1 time' "$work/err"
keep "$work/reset"

# A battery that is discharged at 3.7 V and 1.2 A.
load test_power
cd /sys/module/test_power/parameters
echo 3700000 >battery_voltage
echo -1200000 >battery_current
echo discharging >battery_status
echo off >ac_online
echo off >usb_online
cd "$work"
edgeprof run --board none --sensor power_supply --idle 0s --tail 0s \
	-o "$work/battery" -- sleep 5 >"$work/out" 2>"$work/err"
ran runs_on_a_battery $?
within power_of_the_battery 4.44 0.001 "$(figure "$work/battery" run.power_mean_w)"
keep "$work/battery"

# Probes in the functions of a program that was not told: every token of 3
# requests with 37 tokens of prompt and 10 of answer.
edgeprof run -q --idle 0s --tail 0s -o "$work/probed" -- /rig/tools/fake_llama 37 10 3 \
	>"$work/out" 2>"$work/err"
ran probed_runs $?
equal probes_see_every_token 30 "$(tail -n +2 "$work/probed/tokens.csv" | wc -l)"
equal probes_see_every_prompt 3 "$(grep -c '^[123],prefill,PROBED,[^,]*,[^,]*,[^,]*,37,' "$work/probed/phases.csv")"
keep "$work/probed"

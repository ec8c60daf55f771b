#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Threads asked for, and the CPUs of the program and of edgeprof.
. "$(dirname "$0")/lib.sh"

run $fast -o "$dir/threads" --threads 3 -- sh -c 'echo "$0 $OMP_NUM_THREADS"' 't{threads} {other} {{threads}'
status_is threads_go_into_arguments_and_environment 0 '^t3 {other} {threads} 3$' "$dir/out"

status_is threads_asked_and_seen 0 'threads  *asked 3; how many were busy is not measured'

run $fast -o "$dir/braces" -- printf '%s\n' '{{threads} {threads}'
status_is without_threads_braces_stay 0 '^{{threads} {threads}$' "$dir/out"

for n in 0 -1 two 1.5 5000; do
	run $fast -o "$dir/never" --threads "$n" -- true
	status_is "threads_${n}_is_refused" 125 "'$n' is not a whole number from 1 to 4096"
done

cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
first=${cpus%%[-,]*}
last=${cpus##*[-,]}
if [ "$first" = "$last" ]; then
	skip pin_and_sampler_cpu "only one CPU may be used here"
else
	# The program looks at itself and at edgeprof, its parent.
	look='sed -n "s/^Cpus_allowed_list:[[:space:]]*//p" /proc/self/status /proc/$PPID/status'
	run $fast -o "$dir/pin" --pin "$first" --sampler-cpu auto -- sh -c "$look"
	status_is the_program_gets_its_cpus 0
	check program_on_the_pinned_cpu [ "$(sed -n 1p "$dir/out")" = "$first" ]
	check edgeprof_on_another [ "$(sed -n 2p "$dir/out")" = "$last" ]
	run $fast -o "$dir/own" --sampler-cpu "$last" -- sh -c "$look"
	check edgeprofs_cpu_alone_leaves_the_program_all \
		[ "$(tr '\n' ' ' <"$dir/out")" = "$cpus $last " ]
	run $fast -o "$dir/full" --pin "$cpus" --sampler-cpu auto -- sh -c "$look"
	status_is no_cpu_left_is_said 0 'leaves no CPU free'
fi
run $fast -o "$dir/auto" --sampler-cpu auto -- true
status_is auto_without_pin_is_said 0 'without --pin the program may use every CPU'
run $fast -o "$dir/never" --pin 0-1023 -- true
status_is a_cpu_that_is_not_there 125 'not every CPU of 0-1023 is there'
run $fast -o "$dir/never" --pin a -- true
status_is rubbish_for_a_list 125 "'a' is not a list of CPUs"
check refused_options_leave_no_folder fails test -e "$dir/never"

exit "$failed"

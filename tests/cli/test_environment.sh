#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The board as it is asked for, on the trees of tests/fixtures with the vendors'
# programs of tests/sim/board: what is asked, what came of it, and all back.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

user_tools
# Copies, which an ordinary user can reach.
cp -R "$here/../../boards" "$dir/boards"
cp -R "$here/../sim/board" "$dir/programs"
EDGEPROF_BOARDS=$dir/boards
export EDGEPROF_BOARDS
export EDGEPROF_ROOT="$dir/tree"
cpu=$dir/tree/sys/devices/system/cpu
quick='--idle 0s --tail 0s'

# state: every setting of the tree, as text
state() {
	(cd "$dir/tree" && find . -path ./var/lib/edgeprof -prune -o \
		-path ./proc/sys/vm -prune -o -name swaps -prune -o \
		-type f -print | sort | while read -r file; do
		echo "$file: $(tr '\0' ' ' <"$file" | tr '\n' ' ')"
	done)
}

# tree NAME: a fresh one with its programs
tree() {
	chmod -R u+rwX "$dir/tree" 2>/dev/null
	rm -rf "$dir/tree"
	"$sim/make_tree" "$here/../fixtures/$1.tree" "$dir/tree" || exit 1
	mkdir -p "$dir/tree/usr/bin" "$dir/tree/usr/sbin" "$dir/tree/run"
	for program in nvpmodel jetson_clocks systemctl; do
		case $program:$1 in
		systemctl:* | *:jetson*)
			cp "$dir/programs/$program" "$dir/tree/usr/bin/"
			;;
		esac
	done
	cp "$dir/programs/swapoff" "$dir/tree/usr/sbin/swapoff"
	cp "$dir/programs/swapoff" "$dir/tree/usr/sbin/swapon"
	state >"$dir/before"
}

is_back() {
	state >"$dir/after"
	diff "$dir/before" "$dir/after"
}

until_true() {
	n=0
	until "$@" >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 400 ] || return 1
		sleep 0.05
	done
}

count=0
# on NAME BOARD OPTION...: a run whose program looks at $look, into $dir/out
look=true
on() {
	name=$1
	board=$2
	shift 2
	count=$((count + 1))
	folder=$dir/run$count
	# shellcheck disable=SC2086
	run --board "$board" $quick -o "$folder" "$@" -- sh -c "$look"
}

# sees NAME TEXT: the program saw it, the run went well, all is back
sees() {
	status_is "$1" 0 "$2" "$dir/out"
	check "$1_and_then_all_is_back" is_back
}

# tells NAME WHAT WAS ASKED IS WORD: the report's line of a setting, which a
# narrow terminal gets in parts
tells() {
	check "$1" awk -v what="  $2 " -v wanted="|$3|$4|$5|$6" '
		index($0, what) == 1 {
			rest = substr($0, length(what) + 1)
			gsub(/^ +| +$/, "", rest)
			gsub(/  +/, "|", rest)
			seen = seen "|" rest
		}
		END { exit seen != wanted }' "$dir/err"
}

# refused NAME TEXT: nothing was started, nothing is changed
refused() {
	status_is "$1" 125 "$2"
	check "$1_and_nothing_is_changed" is_back
	check "$1_leaves_no_folder" test ! -e "$folder"
}

first=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)

# --- Raspberry Pi 5 ---
tree rpi5
look="cat $cpu/cpufreq/policy0/scaling_governor"
on pi5 rpi5 --governor powersave
sees pi5_governor '^powersave$'
tells pi5_governor_is_told 'governor of policy0' ondemand powersave powersave back

look="cd $dir/tree/sys; cat class/hwmon/hwmon2/pwm1 class/thermal/thermal_zone0/mode $cpu/cpufreq/policy0/scaling_m[ai]*_freq | tr '\\n' ' '; echo \$OMP_NUM_THREADS"
count=$((count + 1))
# shellcheck disable=SC2086
run --board rpi5 $quick -o "$dir/run$count" --governor performance --threads 2 \
	--freq 1.5GHz --drop-caches --fan full --pin "$first" \
	--sampler-cpu auto -- sh -c "$look; echo \$0" '-t{threads}'
sees pi5_second_command '^255 disabled 1500000 1500000 2$'
status_is pi5_threads_are_filled_in 0 '^-t2$' "$dir/out"
tells pi5_clocks_are_told 'clock range of policy0 (kHz)' '1500000 2400000' '1500000 1500000' '1500000 1500000' back
tells pi5_fan_is_told 'fan pwmfan duty (of 255)' 0 255 255 back
status_is pi5_zone_is_told 0 'cpu-thermal does not drive the fan during this run'
check pi5_caches_were_dropped grep -q '^3' "$dir/tree/proc/sys/vm/drop_caches"

on unknown rpi5 --governor powersafe
refused unknown_governor 'it has: conservative ondemand userspace powersave performance schedutil; did you mean powersave?'
on range rpi5 --freq 3GHz
refused clock_out_of_range 'no such clock.*2300000 2400000'
on mode rpi5 --power-mode 15W
refused power_mode_of_a_pi 'has no nvpmodel'
on crossed rpi5 --freq-min 2GHz --freq-max 1.5GHz
refused minimum_above_maximum 'is above --freq-max'
on wrongly rpi5 --epp power --jetson-clocks --fan 30% --best-effort
sees best_effort_goes_on ''
status_is best_effort_says_what_is_left_out 0 'left out: --epp: policy0'
status_is best_effort_notes_what_fails 0 'this board has no jetson_clocks'
check best_effort_is_in_the_events grep -q ',warning,.*,environment-failed,' "$folder/events.csv"

# What cannot be read as a setting, and what vanishes while the program runs.
mv "$cpu/cpufreq/policy0/scaling_governor" "$dir/governor"
mkdir "$cpu/cpufreq/policy0/scaling_governor"
on folder rpi5 --governor performance
status_is a_folder_in_its_place 125 'scaling_governor: cannot be read'
rmdir "$cpu/cpufreq/policy0/scaling_governor"
mv "$dir/governor" "$cpu/cpufreq/policy0/scaling_governor"
look="mv $cpu/cpufreq/policy0 $dir/policy0"
on vanish rpi5 --governor performance
status_is a_policy_that_vanishes 0 'does not exist any more'
check its_event grep -q ',restore,.*,"gone: ' "$folder/events.csv"
mv "$dir/policy0" "$cpu/cpufreq/policy0"

# --- RK3588: three policies, GPU, NPU and memory clocks ---
tree orange-pi-5
look="cat $cpu/cpufreq/policy[046]/scaling_governor $dir/tree/sys/class/devfreq/fb*/governor | tr '\\n' ' '"
on rk orange-pi-5 --governor policy4=performance --devfreq gpu=performance
sees rk3588_policies_differ '^ondemand performance ondemand performance'
on rk orange-pi-5 --governor powersave,policy6=performance --devfreq npu=powersave --devfreq dmc=performance --clear-swap
sees rk3588_a_general_value_and_one_more '^powersave powersave performance simple_ondemand'
tells rk3588_memory_clock 'governor of dmc' dmc_ondemand performance performance back
on rk orange-pi-5 --devfreq vpu=performance
refused no_such_device 'there is: dmc, fb000000.gpu, fdab0000.npu'
on rk orange-pi-5 --devfreq gpu=fast
refused no_such_devfreq_governor 'it has: simple_ondemand performance'
look="cat $cpu/cpu[4567]/online | tr '\\n' ' '"
on rk orange-pi-5 --cpus 0-3 --governor performance
sees rk3588_only_little_cores '^0 0 0 0'
status_is policies_without_cpus_are_left_out 0 'leaves policy6 out'
# The kernel's thermal control moves the fan: that stays.
look="echo 125 >$dir/tree/sys/class/hwmon/hwmon9/pwm1"
on rk orange-pi-5 --fan full
status_is a_fan_that_was_moved 0 'fan pwmfan duty (of 255) was set to 125'
check is_kept grep -q ',restore,.*fan pwmfan duty.*,"*kept: ' "$folder/events.csv"

# --- x86: preferences, turbo, noisy services ---
tree x86
look="cat $cpu/cpufreq/policy3/energy_performance_preference $cpu/intel_pstate/no_turbo $dir/tree/run/units/* | tr '\\n' ' '"
on x86 x86 --governor powersave --epp power --boost off --quiesce noisy
sees x86_preference_turbo_and_services '^power 1 inactive inactive inactive'
on x86 x86 --governor powersave
status_is powersave_is_a_hint_only 0 'does not hold clocks down; --epp power does'
on x86 x86 --governor performance --epp power
refused performance_takes_no_preference 'add --governor powersave'
look="cat $cpu/cpu7/online $dir/tree/sys/class/hwmon/hwmon1/pwm1* | tr '\\n' ' '"
on x86 x86 --cpus 0-6 --freq-max 2GHz --fan 50%
sees x86_hotplug_and_fan '^0 128 1'
on x86 x86 --freq 6GHz
refused x86_clock_out_of_range 'goes from 800 to 4800 MHz'
on x86 x86 --quiesce crond
refused no_such_service 'there is no service crond'
echo stubborn >"$dir/tree/run/units/cron"
on x86 x86 --governor performance --quiesce cron
status_is a_service_that_does_not_stop 125 'cannot set service cron to inactive: .* reads back active'

# --- Jetson Orin Nano ---
tree jetson-orin-nano-jp6
look="cat $cpu/cpufreq/policy4/scaling_m[ai]*_freq $dir/tree/sys/class/devfreq/*/governor | tr '\\n' ' '; $dir/tree/usr/bin/nvpmodel -q"
on orin jetson-orin-nano --power-mode 15W --jetson-clocks --devfreq gpu=performance
sees orin_third_command '^1497600 1497600 performance NV Power Mode: 15W'
tells orin_mode_is_told 'power mode' '2 MAXN_SUPER' '0 15W' '0 15W' back
tells orin_clocks_are_told 'jetson_clocks' off on on back
look="cd $dir/tree/sys/class/hwmon; cat hwmon3/samples hwmon3/update_interval hwmon0/pwm1 $dir/tree/run/units/nvfancontrol | tr '\\n' ' '"
on orin jetson-orin-nano --fast-ina --fan 80%
sees orin_fast_ina_and_fan '^1 0 204 inactive'
on orin jetson-orin-nano --power-mode MAXN
refused no_such_mode 'it has: 15W (0), 25W (1), MAXN_SUPER (2), 7W (3)'
on orin jetson-orin-nano --governor performance --power-mode 7W
refused a_mode_that_needs_a_reboot 'power mode 7W needs a reboot'
echo warn fail >"$dir/tree/etc/nvpmodel.fake"
state >"$dir/before"
on orin jetson-orin-nano --power-mode 25W
refused nvpmodel_fails 'Error writing 1 to /sys/devices/gpu.0'
echo live vanish late warn >"$dir/tree/etc/nvpmodel.fake"
mkdir -p "$dir/tree/run/policies"
state >"$dir/before"
on orin jetson-orin-nano --power-mode 7W --governor performance
refused a_policy_goes_away_with_its_mode 'policy4.scaling_governor does not exist'
look="ls $cpu/cpufreq"
on orin jetson-orin-nano --power-mode 3
sees a_mode_that_takes_cpus_away '^policy0$'
check its_policy_was_gone fails grep -q '^policy4$' "$dir/out"
rm -f "$dir/tree/etc/nvpmodel.fake"
rm "$dir/tree/usr/bin/jetson_clocks"
state >"$dir/before"
on orin jetson-orin-nano --power-mode 15W --jetson-clocks
refused no_jetson_clocks 'this board has no jetson_clocks'

# --- whatever ends edgeprof, the programs put things back too ---
# start NAME: a run in the background; $pid and $guardian
start() {
	rm -f "$dir/started"
	# shellcheck disable=SC2086
	"$edgeprof" run --board jetson-orin-nano $quick -q -o "$dir/$1" \
		--power-mode 15W --jetson-clocks --quiesce cron -- \
		sh -c ': >"$0"; exec sleep 60' "$dir/started" \
		>"$dir/bg.out" 2>"$dir/bg.err" &
	pid=$!
	until_true test -e "$dir/started"
	guardian=$(grep -l "^PPid:[[:space:]]*$pid\$" /proc/[0-9]*/status 2>/dev/null |
		xargs grep -l '^Name:[[:space:]]*edgeprof-guard' 2>/dev/null |
		sed 's|/proc/\([0-9]*\)/.*|\1|')
}

kill_both() {
	program=$(sed -n 's/^\([0-9]*\).*/\1/p' "/proc/$pid/task/$pid/children" 2>/dev/null)
	kill -9 "$guardian" "$pid"
	wait "$pid" 2>/dev/null
	# shellcheck disable=SC2086
	kill -9 $program 2>/dev/null
}

tree jetson-orin-nano-jp6
start killed
check the_mode_is_set grep -q 0000 "$dir/tree/var/lib/nvpmodel/status"
kill -9 "$pid"
wait "$pid" 2>/dev/null
check back_after_sigkill until_true is_back
start ended
kill -TERM "$pid"
wait "$pid"
number sigterm_is_told "$? == 143"
check back_after_sigterm is_back
start both
kill_both
check changed_while_nobody_is_there fails is_back
"$edgeprof" restore >"$dir/out" 2>&1
status=$?
status_is edgeprof_restore 0 'power mode is back to 2 MAXN_SUPER' "$dir/out"
check back_by_restore is_back
start reboot
kill_both
echo another >"$dir/tree/proc/sys/kernel/random/boot_id"
on stale jetson-orin-nano --governor powersave
status_is a_restart_leaves_modes_and_services 0 'service cron is back to active'
check mode_after_restart grep -q 0002 "$dir/tree/var/lib/nvpmodel/status"
status_is clocks_are_left_after_a_restart 0 'need not be put back: the board was restarted'

# Killed between swapoff and swapon.
tree x86
: >"$dir/tree/run/swap-wait"
state >"$dir/before"
# shellcheck disable=SC2086
"$edgeprof" run --board none $quick -q -o "$dir/swap" --clear-swap -- true >"$dir/bg.out" 2>&1 &
pid=$!
until_true test -e "$dir/tree/run/swap-off"
check swap_is_off fails grep -q swap.img "$dir/tree/proc/swaps"
kill -9 "$pid"
wait "$pid" 2>/dev/null
rm -f "$dir/tree/run/swap-wait" "$dir/tree/run/swap-off"
check swap_comes_back until_true grep -q swap.img "$dir/tree/proc/swaps"

# --- ordinary users ---
if [ "$(id -u)" -eq 0 ]; then
	tree rpi5
	chmod -R a+rX "$dir/tree" "$dir/boards"
	mkdir -p "$dir/tree/var/lib"
	chmod 0777 "$dir/tree/var/lib"
	mkdir -m 0777 "$dir/user"
	# shellcheck disable=SC2086
	as_user "$edgeprof" run --board rpi5 $quick -o "$dir/user/no" --governor powersave -- true >"$dir/out" 2>"$dir/err"
	status=$?
	folder=$dir/user/no
	refused no_permission 'scaling_governor: cannot be set: Permission denied: run edgeprof with sudo'
else
	skip no_permission "needs root"
fi

# --- the first command of the README, as it stands there ---
unset EDGEPROF_ROOT
"$sim/vcio" --nodes both -- true 2>"$dir/err"
if [ $? -eq 77 ]; then
	skip headline "umockdev is not installed"
	exit "$failed"
fi
rm -rf "$dir/tree"
"$sim/make_tree" "$here/../fixtures/rpi5.tree" "$dir/tree"
mkdir -m 0777 "$dir/work" "$dir/work/state"
cat >"$dir/work/infer" <<'END'
#!/bin/sh
cat /sys/devices/system/cpu/cpufreq/policy0/scaling_governor
exec sleep 1
END
cat >"$dir/work/all" <<'END'
cd "$1" || exit 1
edgeprof run --board rpi5 --governor powersave -- ./infer
status=$?
cat /sys/devices/system/cpu/cpufreq/policy0/scaling_governor
exit $status
END
chmod 0755 "$dir/work/infer"
chmod -R a+rX "$dir/tree" "$dir/boards"
as_user env TMPDIR="$dir/work" XDG_STATE_HOME="$dir/work/state" \
	PATH="${edgeprof%/*}:$PATH" ASAN_OPTIONS=verify_asan_link_order=0 \
	"$sim/vcio" --tree "$dir/tree" --profile "constant 3" -- \
	sh "$dir/work/all" "$dir/work" >"$dir/out" 2>"$dir/err"
status=$?
status_is headline 0 '^powersave$' "$dir/out"
check headline_all_is_back test "$(tail -n 1 "$dir/out")" = ondemand
tells headline_is_told 'governor of policy0' ondemand powersave powersave back
check headline_has_energy grep -q '^  run  *[0-9.]*  *-  *3[.]' "$dir/err"
check headline_has_a_folder test -s "$(echo "$dir"/work/edgeprof-*Z/report.json)"

exit "$failed"

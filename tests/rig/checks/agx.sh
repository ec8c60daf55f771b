# SPDX-License-Identifier: GPL-3.0-or-later
# Jetson AGX Orin: two power monitors, inputs that are not connected, and
# monitors that are numbered the other way round than at the last boot.
load i2c-dev test_power i2c-stub:chip_addr=0x40,0x41 ina3221
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
bus=/dev/$(ls /sys/class/i2c-dev | head -n 1)
profile='ramp 6 12 8'
/rig/tools/ina3221 "$bus" 0x40 2 "$work/epoch" "1:$profile" "2:constant 3" \
	"3:constant 4" >"$work/ina.log" 2>&1 &
/rig/tools/ina3221 "$bus" 0x41 2 "$work/epoch2" "2:constant 1.5" >>"$work/ina.log" 2>&1 &
waits_for test -s "$work/epoch"
waits_for test -s "$work/epoch2"
edgeprof boards detect >"$work/detect" 2>&1
says detects_an_agx_orin jetson-agx-orin "$work/detect"
edgeprof run --jitter --idle 1s --tail 0s -o "$work/first" -- edgeprof-demo-infer \
	-m "$work/model" -n 300 >"$work/out" 2>"$work/err"
ran runs $?
says names_the_three_rails 'vdd_gpu_soc + ina3221.vdd_cpu_cv + ina3221.vin_sys_5v0' "$work/err"
check leaves_out_what_is_not_connected fails grep -q -i '_nc\|\.nc' "$work/err"
power_is() { # name folder: gpu_soc follows the ramp, the others are constant
	energy_is "$1" "$2" "$(awk "BEGIN { print $(played "$2" "$profile") + 7 * $(figure "$2" run.duration_s) }")"
}
power_is energy_is_the_sum "$work/first"
equal the_fourth_is_recorded "5000000 300000" \
	"$(awk -F, 'END { print $10, $11 }' "$work/first/sensors/ina3221.csv")"
keep "$work/first"

# The same monitors under other numbers.
numbers() {
	for chip in 0040 0041; do
		basename "/sys/bus/i2c/devices/$number-$chip/hwmon/"hwmon*
	done | xargs
}
number=${bus#/dev/i2c-}
before=$(numbers)
cd /sys/bus/i2c/drivers/ina3221
echo "$number-0040" >unbind
echo "$number-0041" >unbind
echo "$number-0041" >bind
echo "$number-0040" >bind
cd "$work"
equal numbers_are_the_other_way_round "$before" "$(numbers | awk '{ print $2, $1 }')"
edgeprof run --jitter --idle 1s --tail 0s -o "$work/second" -- edgeprof-demo-infer \
	-m "$work/model" -n 300 >"$work/out" 2>"$work/err"
ran runs_renumbered $?
power_is energy_after_renumbering "$work/second"
keep "$work/second"

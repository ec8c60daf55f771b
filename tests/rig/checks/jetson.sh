# SPDX-License-Identifier: GPL-3.0-or-later
# Jetson Orin Nano: the kernel's own ina3221 driver, with labels and shunts from
# the device tree, over registers that follow a script.
load i2c-dev i2c-stub:chip_addr=0x40 ina3221
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
hwmon=$(dirname "$(grep -l ina3221 /sys/class/hwmon/hwmon*/name)")
equal has_labels VDD_IN "$(cat "$hwmon/in1_label")"
bus=/dev/$(ls /sys/class/i2c-dev | head -n 1)
profile='square 4 9 0.5'
/rig/tools/ina3221 "$bus" 0x40 5 "$work/epoch" "1:$profile" "2:constant 2" \
	"3:constant 1" >"$work/ina.log" 2>&1 &
waits_for test -s "$work/epoch"

edgeprof boards detect >"$work/detect" 2>&1
says detects_an_orin_nano jetson-orin-nano "$work/detect"
edgeprof run --jitter -o "$work/jetson" -- edgeprof-demo-infer -m "$work/model" -n 400 >"$work/out" 2>"$work/err"
ran runs $?
energy_follows energy_is_the_scripts "$work/jetson" "$profile"
says power_is_of_the_module 'ina3221.vdd_in' "$work/err"
says says_untested 'untested' "$work/err"
keep "$work/jetson"

# A power mode, by what stands for nvpmodel.  (cpufreq-dt leaves this chip to a
# driver of its own, so there are no clocks for a mode to limit.)
cp /rig/tools/nvpmodel /usr/sbin/nvpmodel
mkdir -p /var/lib/nvpmodel
echo 'pmode:0000 fmode:quiet' >/var/lib/nvpmodel/status
cat >/etc/nvpmodel.conf <<'END'
< POWER_MODEL ID=0 NAME=15W >
< POWER_MODEL ID=1 NAME=7W >
< PM_CONFIG DEFAULT=0 >
END
edgeprof run --power-mode 7W --idle 0s --tail 0s -o "$work/mode" -- sh -c \
	"nvpmodel -q >$work/inside" >"$work/out" 2>"$work/err"
ran runs_in_a_power_mode $?
equal mode_inside "NV Power Mode: 7W" "$(head -n 1 "$work/inside")"
equal mode_is_back "NV Power Mode: 15W" "$(nvpmodel -q | head -n 1)"

# Without its labels, as an older device tree leaves it: no rail is guessed.
echo "${bus#/dev/i2c-}-0040" >/sys/bus/i2c/drivers/ina3221/unbind
edgeprof run --idle 0s --tail 0s -o "$work/unbound" -- sleep 1 >"$work/out" 2>"$work/err"
ran runs_without_the_driver $?
says says_the_driver_is_gone 'no ina3221 with a kernel' "$work/err"

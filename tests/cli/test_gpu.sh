#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run on x86 with graphics: NVIDIA's by a library that stands for
# NVML, AMD's and Intel's by hwmon.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/lib_play.sh
. "$(dirname "$0")/lib_play.sh"

tree=$dir/tree
mkdir "$tree"
check fixture_nvidia "$sim/make_tree" "$here/../fixtures/x86-nvidia.tree" "$tree"
mkdir -p "$tree/usr/lib/x86_64-linux-gnu"
cp "$sim/lib/nvml.so" "$tree/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"

# The package's energy counter moves; the pipe's end ends it with this test.
package='square 20 60 0.4'
cat >"$dir/play" <<P
profile package = $package
every 1ms /sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj = energy of package unit=uj start=262143000000 wrap=262143328850
P
play_tree "$tree" "$dir/play"
check package_plays test -s "$dir/epoch"
package_epoch=$(cat "$dir/epoch")

# gpu_run NAME SCRIPT ARGUMENT...: the GPUs' time begins now
gpu_run() {
	name=$1
	gpu_epoch=$(python3 -c 'import time; print(time.monotonic_ns())')
	printf 'epoch %s\n%b\n' "$gpu_epoch" "$2" >"$dir/$name.nvml"
	shift 2
	EP_SIM_NVML=$dir/$name.nvml EDGEPROF_ROOT=$tree "$edgeprof" run -o "$dir/$name" "$@" \
		>"$dir/out" 2>"$dir/err"
	status=$?
}

helpers=$(cat <<'P'
report, channels = r, {c["channel"]: c for c in r["channels"]}
codes = [w["code"] for w in r["warnings"]]
health_of = health

# Of a channel
def pick(c): return channels[c]["energy_j"]["run"]
def energy(c): return pick(c)["value"]
def u95(c): return pick(c)["u95"]
def role(c): return channels[c]["role"], channels[c].get("primary")
def health(c): return health_of(*c.split(".", 1))

def total(): return r["totals"]["run"]["energy_j"]["value"]
def total_u95(): return r["totals"]["run"]["energy_j"]["u95"]
def cells(sensor, column): return [x[column] for x in rows(sensor)]
def near(a, b, u): return a is not None and abs(a - b) <= u
P
)

# holds NAME FOLDER EXPRESSION: in Python; exact(profile, epoch) are the joules
# from the gate to the exit
holds() {
	check "$1" holding "$dir/$2" "$3"
}
holding() {
	played "$@" <<'P'
if not eval(sys.argv[4]):
    print("does not hold:", sys.argv[4], "channels:", {c: pick(c) for c in channels},
          "total:", total(), total_u95(), codes)
    sys.exit(1)
P
}

gpu_run both "gpus 2\nslow 0.0024\nprofile0 square 30 120 0.9\nprofile1 ramp 20 60 5" \
	--board x86-nvidia --idle 1s --tail 300ms -- sleep 2.5
status_is gpus_and_package 0
check board_is_recognised grep -q '"detected": *"x86-nvidia"' "$dir/both/run.json"
p="exact('$package', $package_epoch)"
g0="exact('square 30 120 0.9', $gpu_epoch)"
g1="exact('ramp 20 60 5', $gpu_epoch)"
holds energy_of_gpu0_is_the_profiles both "near(energy('nvml_gpu.gpu0'), $g0, u95('nvml_gpu.gpu0'))"
holds energy_of_gpu1_is_the_profiles both "near(energy('nvml_gpu.gpu1'), $g1, u95('nvml_gpu.gpu1'))"
holds uncertainty_is_no_excuse both "u95('nvml_gpu.gpu0') < 0.2 * energy('nvml_gpu.gpu0')"
holds instant_power_agrees both "near(energy('nvml_gpu.gpu1_power_instant'), $g1, u95('nvml_gpu.gpu1_power_instant'))"
holds total_is_package_and_gpus both "near(total(), $p + $g0 + $g1, total_u95())"
holds nothing_is_added_twice both "near(total(), energy('rapl.package_0') + energy('nvml_gpu.gpu0') + energy('nvml_gpu.gpu1'), 1e-6 * total())"
holds other_views_stay_beside both "role('nvml_gpu.gpu0_power_instant')[0] == 'none' and role('nvml_gpu.gpu0_power_average')[0] == 'none' and role('rapl.core_0')[0] == 'part'"
holds refresh_is_measured both "0.04 < health('nvml_gpu.gpu0')['measured_refresh_s'] < 0.25"
holds nothing_was_lost both "health('nvml_gpu.gpu0')['errors'] == 0 and health('rapl.package_0')['errors'] == 0"
check columns_of_the_trace grep -q 'nvml_gpu.gpu0_j,nvml_gpu.gpu0_power_instant_w,nvml_gpu.gpu0_power_average_w,nvml_gpu.gpu0_use_ratio' "$dir/both/trace.csv"
check the_gpu_is_named grep -q 'Simulated GPU 0, GPU-00000000' "$dir/both/run.json"

# One of two falls off the bus; powers and a counter that are none.
gpu_run faults "gpus 2\nprofile constant 80\nlost 1 1.5 2.4\ngarbage 1.0 1.2\nzero 1.2 1.4\nthrottle 76 1 2" \
	--board x86-nvidia --idle 500ms --tail 0s -- sleep 3.4
status_is faults_do_not_end_the_run 0 "gap"
holds errors_are_counted faults "health('nvml_gpu.gpu1')['errors'] > 3 and health('nvml_gpu.gpu0')['errors'] > 0"
holds the_gap_is_counted_and_shown faults "health('nvml_gpu.gpu1')['gaps'] > 0 and 'sensor-gaps' in codes"
holds no_zero_was_written faults "not [c for c in cells('nvml_gpu', 'gpu1_uj') + cells('nvml_gpu', 'gpu0_power_instant_uw') if c and int(c) == 0]"
holds an_error_is_an_empty_cell faults "'' in cells('nvml_gpu', 'gpu1_uj') and '' in cells('nvml_gpu', 'gpu0_power_instant_uw')"
holds the_other_gpu_went_on faults "near(energy('nvml_gpu.gpu0'), exact('constant 80', $gpu_epoch), u95('nvml_gpu.gpu0'))"
holds what_the_counter_counted_unseen_is_in_it faults "near(energy('nvml_gpu.gpu1'), exact('constant 80', $gpu_epoch), u95('nvml_gpu.gpu1'))"
holds rapl_is_unharmed faults "health('rapl.package_0')['errors'] == 0 and near(energy('rapl.package_0'), $p, u95('rapl.package_0'))"
holds the_grid_is_undisturbed faults "report['recording']['missed_ticks'] * 20 < report['recording']['ticks']"
holds slowing_down_is_on_record faults "'1' in cells('nvml_gpu', 'gpu0_slowed_by_heat_count') and '0' in cells('nvml_gpu', 'gpu0_slowed_by_heat_count')"

gpu_run reload "gpus 2\nprofile constant 80\nunload 1.5 2.2" \
	--board x86-nvidia --idle 500ms --tail 0s -- sleep 3.4
status_is a_reloaded_driver_does_not_end_the_run 0 "went backwards"
holds the_lost_time_is_in_the_uncertainty reload "near(energy('nvml_gpu.gpu0'), exact('constant 80', $gpu_epoch), u95('nvml_gpu.gpu0')) and u95('nvml_gpu.gpu0') > 0.1 * energy('nvml_gpu.gpu0')"

gpu_run instant "unsupported energy\nprofile ramp 40 160 4" \
	--board x86-nvidia --total nvml_gpu --idle 500ms --tail 100ms -- sleep 1.7
status_is without_a_counter 0 "its total is its instant power" "$dir/instant/run.json"
holds instant_power_is_integrated instant "near(total(), exact('ramp 40 160 4', $gpu_epoch), total_u95()) and total_u95() < 0.2 * total()"

gpu_run average "unsupported energy\nunsupported instant\nprofile constant 90" \
	--board x86-nvidia --total nvml_gpu --idle 1s --tail 700ms -- sleep 1.5
status_is averages_alone 0 "its total is its averaged power" "$dir/average/run.json"
holds averaged_power_is_integrated average "near(total(), exact('constant 90', $gpu_epoch), total_u95())"

gpu_run nothing "unsupported energy\nunsupported instant\nunsupported average\nunsupported usage" \
	--board x86-nvidia --total nvml_gpu --idle 0s --tail 0s -- true
status_is a_gpu_without_power_is_no_total 125 "nvml_gpu"

gpu_run stands "energy_fixed" --board x86-nvidia --total nvml_gpu.gpu0 --idle 200ms --tail 0s -- sleep 1.2
status_is a_counter_that_stands_still 0 "counter stands still"
holds it_is_not_zero stands "total() is None"

rm "$tree/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"
gpu_run missing "" --board x86-nvidia --idle 100ms --tail 0s -- sh -c 'exit 7'
status_is without_the_library_the_run_goes_on 7 "nvml_gpu: not measured"

# The linker finds it, as it does NVIDIA's; no root, no board.
mkdir "$dir/lib"
ln -s "$sim/lib/nvml.so" "$dir/lib/libnvidia-ml.so.1"
gpu_epoch=0
echo 'profile constant 33' >"$dir/plain.nvml"
LD_LIBRARY_PATH=$dir/lib EP_SIM_NVML=$dir/plain.nvml "$edgeprof" run --board none --sensor nvml_gpu,period=20ms \
	--idle 300ms --tail 100ms -o "$dir/plain" -- sleep 1 >"$dir/out" 2>"$dir/err"
status=$?
status_is the_linker_finds_the_library 0
holds its_energy_is_the_profiles plain "near(total(), exact('constant 33', 0), total_u95())"
# Typed, it is taken as it is, below another root too.
EDGEPROF_ROOT=$tree "$edgeprof" run --board none --sensor "nvml_gpu:all,library=$sim/lib/nvml_old.so" \
	--idle 0s --tail 0s -o "$dir/old" -- sleep 0.3 >"$dir/out" 2>"$dir/err"
status=$?
status_is an_old_library 0 "its total is its instant power" "$dir/old/run.json"
check no_control_bytes fails grep -q "$(printf '\033')" "$dir/err"

# The real one.  docs/accuracy.md says on which GPU this was last run.
if [ ! -e /proc/driver/nvidia/version ]; then
	skip a_real_gpu "this machine has no NVIDIA driver"
else
	"$edgeprof" run --board none --sensor nvml_gpu:0 --idle 3s --tail 2s -o "$dir/real" -- sleep 10 >"$dir/out" 2>"$dir/err"
	status=$?
	status_is a_real_gpu 0
	cat "$dir/err" >&2
	holds a_real_gpu_draws_power real "total() is not None and total() > 0"
	holds its_counter_agrees_with_its_power real "all(near(energy('nvml_gpu.gpu0'), energy(c), u95('nvml_gpu.gpu0') + u95(c)) for c in channels if c.startswith('nvml_gpu.gpu0_power_'))"
fi

mkdir "$dir/amd"
check fixture_amdgpu "$sim/make_tree" "$here/../fixtures/x86-amdgpu.tree" "$dir/amd"
EDGEPROF_ROOT=$dir/amd "$edgeprof" run --idle 0s --tail 0s -o "$dir/hwmon" -- sleep 0.3 >"$dir/out" 2>"$dir/err"
status=$?
status_is amd_and_intel_graphics 0 "amdgpu_2 is device 0000:c5:00.0" "$dir/hwmon/run.json"
holds graphics_are_beside_the_total hwmon "role('hwmon.amdgpu_PPT_average') == ('aside', False) and role('hwmon.xe_card_energy') == ('aside', False)"
holds limits_are_no_channels hwmon "not [c for c in channels if 'cap' in c or 'crit' in c or 'max' in c]"
exit $failed

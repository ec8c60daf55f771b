# SPDX-License-Identifier: GPL-3.0-or-later
# Raspberry Pi 5: names from the device tree, power from /dev/vcio, a clock that
# the kernel's own cpufreq switches, a thermal zone.
load cuse cpufreq_powersave cpufreq_userspace cpufreq-dt i2c-dev i2c-stub:chip_addr=0x48 lm75
bus=$(ls /sys/class/i2c-dev | head -n 1)
# HALF_DEGREES: the command that makes the processor so warm, in an LM75's bits,
# high byte first
warm() { printf 'i2cset -y -f %d 0x48 0 0x%02x%02x w\n' "${bus#i2c-}" "$(($1 % 2 * 128))" "$(($1 / 2))"; }
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
profile='square 3 5 0.4'
/rig/tools/vcio vcio --profile "$profile" --epoch-file "$work/epoch" \
	--cost-full 900 --cost-single 120 --refresh 25 >"$work/vcio.log" 2>&1 &
waits_for test -e /dev/vcio
policy=/sys/devices/system/cpu/cpufreq/policy0
speed() { cat "$policy/scaling_governor" "$policy/scaling_cur_freq"; }

edgeprof boards detect >"$work/detect" 2>&1
says detects_a_pi5 rpi5 "$work/detect"
echo performance >"$policy/scaling_governor"
equal starts_fast "performance 2400000" "$(speed | xargs)"

# The README's command, whose program leaves behind what it found.
cat >"$work/infer" <<'END'
#!/bin/sh
cat /sys/devices/system/cpu/cpufreq/policy0/scaling_governor \
	/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq >/tmp/work/inside
. /tmp/work/warm
exec edgeprof-demo-infer -m /tmp/work/model -n 400
END
chmod 0755 "$work/infer"
warm 101 | sh
equal is_a_zone "cpu-thermal 50500" "$(cat /sys/class/thermal/thermal_zone0/type \
	/sys/class/thermal/thermal_zone0/temp | xargs)"
warm 124 >"$work/warm"
cd "$work"
edgeprof run --board rpi5 --governor powersave -o "$work/pi5" -- ./infer \
	>"$work/out" 2>"$work/err"
ran runs $?
equal inside_it_is_slow "powersave 1500000" "$(xargs <"$work/inside")"
equal afterwards_it_is_fast "performance 2400000" "$(speed | xargs)"
says reports_the_governor 'powersave' "$work/err"
says reports_what_is_covered 'twelve rails' "$work/err"
says says_untested 'untested' "$work/err"

energy_follows energy_is_the_scripts "$work/pi5" "$profile"
keep "$work/pi5"
equal temperatures_are_the_zones "50500 62000" "$(sed 1d "$work/pi5/sensors/thermal.csv" |
	cut -d, -f4 | sort -nu | xargs)"

# Whoever is killed, the governor comes back.
killed() { # name, which: a word of edgeprof's command line, or guardian
	rm -f "$work/inside"
	edgeprof run --board rpi5 --governor powersave --idle 0s --tail 0s -q \
		-o "$work/$1" -- sh -c 'cat /sys/devices/system/cpu/cpufreq/policy0/scaling_governor >/tmp/work/inside; exec sleep 60' \
		>/dev/null 2>&1 &
	run=$!
	waits_for test -s "$work/inside"
	equal "$1_was_slow" "powersave 1500000" "$(speed | xargs)"
	$2
	waits_for governor_is performance
	equal "$1_is_restored" "performance 2400000" "$(speed | xargs)"
	wait $run 2>/dev/null
}
governor_is() { [ "$(cat "$policy/scaling_governor")" = "$1" ]; }
kill_edgeprof() { kill -KILL $run; }
# The guardian too, as when all of a session is killed: what undoes the change
# then is the next command.
kill_all() {
	for exe in /proc/[0-9]*/exe; do
		[ "$(readlink "$exe")" = /usr/bin/edgeprof ] || continue
		pid=${exe#/proc/}
		kill -KILL "${pid%/exe}"
	done
	edgeprof restore >"$work/restore" 2>&1
}
killed sigkill kill_edgeprof
killed sigkill_of_all kill_all

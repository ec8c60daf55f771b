# SPDX-License-Identifier: GPL-3.0-or-later
# Power monitors on a real /dev/i2c-N without a kernel driver.  The bus is
# i2c-stub, which has SMBus transfers only and does not know what is read.
load i2c-dev i2c-stub:chip_addr=0x40,0x41,0x42,0x43 ina3221
echo 'i2c:x:46:' >>/etc/group
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
bus=$(ls /sys/class/i2c-dev | head -n 1)
profile='square 4 9 0.5'
# ADDRESS REGISTER [VALUE]: as the chip has it, high byte first
register() {
	if [ -n "${3:-}" ]; then
		i2cset -y -f "${bus#i2c-}" "$1" "$2" "$(swap "$3")" w
	else
		swap "$(i2cget -y -f "${bus#i2c-}" "$1" "$2" w)"
	fi
}
swap() { echo "$1" | sed 's/^0x\(..\)\(..\)$/0x\2\1/'; }
has() { [ "$(register "$1" "$2")" = "$3" ]; }
# NAME SENSOR COMMAND...
measure() {
	rig_run=$work/$1
	rig_sensor=$2
	shift 2
	edgeprof run --jitter --idle 0.2s --tail 0.2s -o "$rig_run" --sensor "$rig_sensor" \
		-- "$@" >"$work/out" 2>"$work/err"
}

# Nobody has answered yet, or who should not.
measure zeros "ina226:$bus:0x40,shunt=0.01" true
says no_identity 'is not an INA226: its identity is not that of one' "$work/err"
measure nobody "ina226:$bus:0x4f,shunt=0.01" true
says nobody_answers '0x4f: nothing answers at that address' "$work/err"
measure nowhere ina226:i2c-99:0x40,shunt=0.01 true
says no_such_bus 'there is no /dev/i2c-99' "$work/err"
register 0x42 0x3e 0x5449
register 0x42 0x3f 0x2281
register 0x42 0x01 0xfb68
measure long "ina228:$bus:0x42,shunt=0.015" true
says ina228_does_not_fit '0x42: the bus cannot read registers this long' "$work/err"
equal ina228_is_not_touched 0xfb68 "$(register 0x42 0x01)"
register 0x43 0xfe 0x5449
register 0x43 0xff 0x3220
echo ina3221 0x43 >"/sys/bus/i2c/devices/$bus/new_device"
register 0x43 0x00 0x7127
measure owned "ina3221_raw:$bus:0x43,shunt=0.01" true
says the_owner_is_named "0x43: the kernel's driver ina3221 owns this chip" "$work/err"
equal an_owned_chip_is_not_touched 0x7127 "$(register 0x43 0x00)"
# What the sentence advises, literally.
sed -n 's/.* as root: \(echo [^ ]* > [^ ]*\).*/\1/p' "$work/err" | head -n 1 >"$work/advice"
check unbinds sh -e "$work/advice"
measure unbound "ina3221_raw:$bus:0x43,shunt=0.01,total=1" true
says unbound_is_read 'every 6.6 ms' "$work/err"

/rig/tools/ina "/dev/$bus" 0x41 ina3221 0.01 "$work/epoch3" "$profile" >"$work/ina3.log" 2>&1 &
/rig/tools/ina "/dev/$bus" 0x40 ina226 0.01 "$work/epoch" "$profile" >"$work/ina.log" 2>&1 &
waits_for test -s "$work/epoch"
waits_for test -s "$work/epoch3"
measure other "ina226:$bus:0x41,shunt=0.01" true
says another_chip 'it says that it is an INA3221' "$work/err"
equal another_chip_is_not_touched 0x7127 "$(register 0x41 0x00)"

measure ina226 "ina226:$bus:0x40,shunt=0.01" edgeprof-demo-infer -m "$work/model" -n 400
ran runs $?
energy_follows energy_is_the_scripts "$work/ina226" "$profile"
says by_words 'read by SMBus words' "$work/err"
says flag_proves_nothing 'does not clear its conversion-ready flag' "$work/err"
says it_was_set 'set to 0x4327 (was 0x4127)' "$work/err"
equal it_is_put_back 0x4127 "$(register 0x40 0x00)"
keep "$work/ina226"

cp "$work/epoch" "$work/epoch226"
cp "$work/epoch3" "$work/epoch"
measure ina3221 "ina3221_raw:$bus:0x41,shunt=0.01,channels=12,total=1" \
	edgeprof-demo-infer -m "$work/model" -n 400
ran three_channels_run $?
energy_follows energy_of_the_first_is_the_scripts "$work/ina3221" "$profile"
says the_third_was_switched_off 'set to 0x6127 (was 0x7127)' "$work/err"
equal it_is_on_again 0x7127 "$(register 0x41 0x00)"
keep "$work/ina3221"

# Killed: the guardian puts it back.
edgeprof run -q --idle 0s --tail 0s -o "$work/killed" --sensor \
	"ina226:$bus:0x40,shunt=0.01,average=16" -- sleep 60 >/dev/null 2>&1 &
run=$!
waits_for has 0x40 0x00 0x4527
equal killed_was_set 0x4527 "$(register 0x40 0x00)"
kill -KILL $run
waits_for has 0x40 0x00 0x4127
equal killed_and_put_back 0x4127 "$(register 0x40 0x00)"
wait $run 2>/dev/null

# An ordinary user, without rights and with what doctor advises.
chmod 1777 "$work"
chown 1000:1000 /home/user
cd "$work"
as_user env HOME=/home/user edgeprof run --idle 0s --tail 0s -o "$work/u1" --sensor \
	"ina226:$bus:0x40,shunt=0.01" -- true >"$work/out" 2>"$work/err"
says user_may_not "cannot open /dev/$bus: permission denied; it is for root and group i2c" "$work/err"
as_user edgeprof doctor >"$work/doctor" 2>&1
cp "$work/doctor" "$out/doctor"
sed -n "/denied: .dev.$bus/,/fix:/s/^ *fix: sudo \(.*\)/\1/p" "$work/doctor" >"$work/advice"
equal doctor_advises_setup "edgeprof setup" "$(cat "$work/advice")"
echo y | SUDO_UID=1000 SUDO_GID=1000 /usr/bin/script -qec "$(cat "$work/advice")" \
	/dev/null >"$work/setup" 2>&1
as_user env HOME=/home/user edgeprof run -q --jitter --idle 0s --tail 0s -o "$work/u2" --sensor \
	"ina226:$bus:0x40,shunt=0.01" -- edgeprof-demo-infer -m "$work/model" -n 50 >"$work/out" 2>"$work/err"
ran user_may $?
cp "$work/setup" "$work/err" "$out/"
cp "$work/epoch226" "$work/epoch"
energy_follows user_measures "$work/u2" "$profile"
keep "$work/u2"
equal user_put_it_back 0x4127 "$(register 0x40 0x00)"

# SPDX-License-Identifier: GPL-3.0-or-later
# Of the tests of power monitors on a simulated I2C bus: tests/sim/i2c.c; after
# lib_play.sh.
cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
# With a journal of its own: what is changed there is nobody else's.  The bus is
# typed, so it is the machine's, which umockdev plays.
EDGEPROF_ROOT=$dir/root
mkdir -p "$EDGEPROF_ROOT/var/lib"
export EDGEPROF_BOARDS EDGEPROF_ROOT
needs_umockdev ina i2c --chip ina226@0x40
# shellcheck disable=SC2034 # of lib_play.sh
run_options='--board none --idle 0.3s --tail 0s'

# bus NAME SIM_OPTION... -- RUN_OPTION...: a run on a machine with that bus
bus() {
	out=$dir/$1
	shift
	on i2c --dump "$dir/dump" "$@"
}

register() { # ADDRESS REGISTER: at the end of the run
	awk -v a="$1" -v r="$2" '$1 == a && $2 == r { print $3 }' "$dir/dump"
}

# FROM_S FOR_S NAME SENSOR: lines of that time, those with a value
column() {
	# shellcheck disable=SC2046 # two words
	cells "$4" "$3" $(awk "BEGIN { print $1 + 0.15, $1 + $2 }") |
		cut -d ' ' -f 1,2
}

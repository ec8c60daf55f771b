# SPDX-License-Identifier: GPL-3.0-or-later
# Of the tests of power monitors on a simulated I2C bus: tests/sim/i2c.c.
cp -R "$here/../../boards" "$dir/boards"
EDGEPROF_BOARDS=$dir/boards
# With a journal of its own: what is changed there is nobody else's.  The bus is
# typed, so it is the machine's, which umockdev plays.
EDGEPROF_ROOT=$dir/root
mkdir -p "$EDGEPROF_ROOT/var/lib"
export EDGEPROF_BOARDS EDGEPROF_ROOT
"$sim/i2c" --chip ina226@0x40 -- true 2>"$dir/err"
if [ $? -eq 77 ]; then
	skip ina "umockdev is not installed"
	exit 0
fi

# bus NAME SIM_OPTION... -- RUN_OPTION...: a run on a machine with that bus
bus() {
	out=$dir/$1
	shift
	count=$#
	while [ "$count" -gt 0 ]; do
		set -- "$@" "$1"
		[ "$1" = -- ] && set -- "$@" "$edgeprof" run -o "$out" \
			--board none --idle 0.3s --tail 0s
		shift
		count=$((count - 1))
	done
	rm -rf "${out:?}"
	"$sim/i2c" --epoch-file "$dir/epoch" --dump "$dir/dump" "$@" \
		>"$dir/out" 2>"$dir/err"
	status=$?
}

event_ns() {
	awk -F, -v name="$1" '$3 == name { print $1 }' "$out/events.csv"
}

register() { # ADDRESS REGISTER: at the end of the run
	awk -v a="$1" -v r="$2" '$1 == a && $2 == r { print $3 }' "$dir/dump"
}

# FROM_S FOR_S NAME SENSOR: lines of that time, those with a value
column() {
	awk -F, -v epoch="$(cat "$dir/epoch")" -v from="$1" -v long="$2" \
		-v name="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		NR > 1 { t = ($1 - epoch) / 1e9 }
		NR > 1 && t > from + 0.15 && t < from + long {
			n++; given += $at != ""
		}
		END { print n + 0, given + 0 }' "$out/sensors/$4.csv"
}

# SPDX-License-Identifier: GPL-3.0-or-later
# What the checks of a guest are written with; /rig is a folder of the host.
rig_failed=0
out=/rig/out
work=/tmp/work
mkdir -p "$out" "$work"

say() {
	echo "$*"
	echo "$*" >>"$out/checks"
}
ok() {
	say "ok $1"
}
not_ok() { # name, why
	say "not ok $1: $2"
	rig_failed=1
}
# NAME COMMAND...
check() {
	rig_name=$1
	shift
	if [ $# -eq 0 ]; then
		not_ok "$rig_name" "nothing to check"
	elif "$@" >"$work/check.out" 2>&1; then
		ok "$rig_name"
	else
		not_ok "$rig_name" "$* failed: $(tail -n 1 "$work/check.out")"
	fi
}
fails() {
	! "$@"
}
# NAME WANTED GOT
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "'$3', not '$2'"
	fi
}
# NAME STATUS: of a command that left what it said in $work/err
ran() {
	if [ "$2" -eq 0 ]; then
		ok "$1"
	else
		not_ok "$1" "status $2: $(tail -n 3 "$work/err" | tr '\n' ' ' | cut -c 1-400)"
	fi
}
# NAME WANTED SLACK GOT: numbers
within() {
	if awk -v w="$2" -v s="$3" -v g="$4" 'BEGIN {
			exit !(g != "" && g + 0 >= w - s && g + 0 <= w + s) }'; then
		ok "$1"
	else
		not_ok "$1" "$4, not $2 +- $3"
	fi
}
# NAME PATTERN FILE
says() {
	if grep -q -e "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "$3 does not say '$2' but: $(head -n 3 "$3" | tr '\n' ' ' | cut -c 1-400)"
	fi
}
# By its path: the shell takes its own of that name first, which cannot.
as_user() {
	/usr/bin/setpriv --reuid=1000 --regid=1000 --init-groups "$@"
}
# COMMAND...: until it is true, ten seconds at most
waits_for() {
	rig_tries=0
	until "$@" >/dev/null 2>&1 || [ "$rig_tries" -ge 500 ]; do
		rig_tries=$((rig_tries + 1))
		usleep 20000
	done
}
# Drivers of this boot with what they need: NAME or NAME:PARAMETER;PARAMETER
load() {
	for rig_module; do
		rig_name=${rig_module%%:*}
		for rig_part in $(cat "/modules/$rig_name.needs" 2>/dev/null || echo "$rig_name"); do
			grep -q "^$(echo "$rig_part" | tr - _) " /proc/modules && continue
			rig_given=
			[ "$rig_part" != "$rig_name" ] || rig_given=$(echo "$rig_module" | sed -n 's/^[^:]*://p' | tr ';' ' ')
			insmod "/modules/$rig_part.ko" $rig_given ||
				not_ok "load_$rig_part" "it does not load"
		done
	done
}
# EVENT FOLDER: when it was, in nanoseconds
event_of() {
	awk -F, -v name="$1" '$3 == name { print $1 }' "$2/events.csv"
}
# FOLDER METRIC: its value as the report gives it
figure() {
	edgeprof report "$1" --metric "$2" --format csv | awk -F, 'END { print $2 }'
}
# FOLDER PROFILE: joules that were played while its program ran
played() {
	/rig/tools/profile_energy "$2" "$(cat "$work/epoch")" \
		"$(event_of gate "$1")" "$(event_of exit "$1")"
}
# NAME FOLDER JOULES: they are what the run says of its energy, within its +-
energy_is() {
	edgeprof report "$2" --metric run.energy_j --format csv >"$work/energy"
	within "$1" "$3" "$(awk -F, 'END { print $3 }' "$work/energy")" \
		"$(awk -F, 'END { print $2 }' "$work/energy")"
}
# NAME FOLDER PROFILE: the same of what was played
energy_follows() {
	energy_is "$1" "$2" "$(played "$2" "$3")"
}
# What was recorded goes back to the host.
keep() { # folder
	mkdir -p "$out/runs"
	cp -r "$1" "$out/runs/" 2>/dev/null
}
rig_end() {
	say end
	[ "$rig_failed" -eq 0 ] || cp -r "$work" "$out/" 2>/dev/null
	[ "$rig_failed" -eq 0 ] && exec /sbin/rig-exit 10
	exec /sbin/rig-exit 11
}

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof setup: on a fixture, and where root may make mounts of its own on
# this machine, with real groups, probes and an ordinary user.
. "$(dirname "$0")/lib.sh"

user_tools
export HOME="$dir"
unset SUDO_UID SUDO_GID SUDO_USER DOAS_USER PKEXEC_UID
caller=
[ "$(id -u)" -ne 0 ] || caller=$(getent passwd 65534 | cut -d: -f1)

# setup OPTION...: status, $dir/out (lines joined) and $dir/err tell
setup() {
	if [ -n "$caller" ]; then
		SUDO_UID=65534 SUDO_GID=65534 "$edgeprof" setup "$@"
	else
		"$edgeprof" setup "$@"
	fi >"$dir/raw" 2>"$dir/err" </dev/null
	status=$?
	tr '\n' ' ' <"$dir/raw" | tr -s ' ' >"$dir/out"
}

says() { # NAME TEXT
	if grep -q -e "$2" "$dir/out"; then
		ok "$1"
	else
		not_ok "$1" "it does not say \"$2\" but: $(cut -c 1-900 "$dir/out")"
	fi
}

# What there is, less what the fakes wrote about themselves.
snapshot() {
	(cd "$dir/tree" && find . -path ./run -prune -o -printf '%p %y %m %U %G %l\n' | sort
	find . -path ./run -prune -o -type f -exec cksum {} + | sort) >"$1"
}

fixture() {
	rm -rf "$dir/tree"
	t=$dir/tree
	mkdir -p "$t/etc/sysctl.d" "$t/etc/security/limits.d" "$t/run" \
		"$t/usr/sbin" "$t/usr/bin" "$t/var/lib" "$t/proc/sys/kernel" \
		"$t/sys/class/powercap/intel-rapl" "$t/dev" \
		"$t/sys/class/powercap/intel-rapl:0"
	chmod -R go-w "$t"
	for name in groupadd groupdel usermod udevadm; do
		cp "$here/../sim/board/accounts" "$t/usr/sbin/$name"
	done
	cp "$here/../sim/board/accounts" "$t/usr/bin/gpasswd"
	printf 'root:x:0:\ndialout:x:20:alice\nvideo:x:44:\n' >"$t/etc/group"
	echo 4 >"$t/proc/sys/kernel/perf_event_paranoid"
	echo 1234 >"$t/sys/class/powercap/intel-rapl:0/energy_uj"
	chmod 0400 "$t/sys/class/powercap/intel-rapl:0/energy_uj"
	: >"$t/dev/i2c-1"
	chmod 0600 "$t/dev/i2c-1"
	: >"$t/dev/i2c-dev"
	export EDGEPROF_ROOT="$t"
	snapshot "$dir/before"
}

same_as_before() { # NAME
	snapshot "$dir/after"
	check "$1" diff "$dir/before" "$dir/after"
}

on_a_fixture() {
	fixture
	setup --dry-run
	status_is dry_run 0
	same_as_before dry_run_changes_nothing
	for step in group counters realtime energy devices probes; do
		check "dry_run_tells_of_$step" grep -q "^$step " "$dir/raw"
	done
	check dry_run_shows_contents grep -q '^ *kernel.perf_event_paranoid = 2$' "$dir/raw"
	check dry_run_leaves_caps_out fails grep -q '^caps ' "$dir/raw"
	setup
	status_is nobody_to_ask 2 "no terminal: add --yes"
	same_as_before nobody_to_ask_changes_nothing

	setup --yes
	status_is applies 0
	check lowers_paranoid test "$(cat "$t/proc/sys/kernel/perf_event_paranoid")" = 2
	check keeps_paranoid grep -qx 'kernel.perf_event_paranoid = 2' "$t/etc/sysctl.d/60-edgeprof.conf"
	check makes_the_group grep -q "^edgeprof:x:$(id -g):$caller\$" "$t/etc/group"
	[ -z "$caller" ] || check joins_dialout grep -qx "dialout:x:20:alice,$caller" "$t/etc/group"
	[ -n "$caller" ] || says no_caller 'no user to add'
	check allows_realtime grep -qx '@edgeprof - rtprio 60' "$t/etc/security/limits.d/60-edgeprof.conf"
	check opens_energy test "$(stat -c %a:%g "$t/sys/class/powercap/intel-rapl:0/energy_uj")" = "440:$(id -g)"
	check keeps_energy grep -q 'powercap.*chgrp edgeprof' "$t/etc/udev/rules.d/60-edgeprof-energy.rules"
	check opens_nodes test "$(stat -c %a "$t/dev/i2c-1")" = 660
	check only_nodes test "$(stat -c %a "$t/dev/i2c-dev")" != 660
	check rules_name_groups_that_are_there sh -c "
		grep -q '\"vcio\", GROUP=\"video\"' '$t/etc/udev/rules.d/60-edgeprof-devices.rules' &&
		grep -q 'i2c-dev\", GROUP=\"edgeprof\"' '$t/etc/udev/rules.d/60-edgeprof-devices.rules'"
	check tells_udev grep -qx 'udevadm control --reload' "$t/run/calls"
	check files_for_all test "$(stat -c %a "$t/etc/sysctl.d/60-edgeprof.conf")" = 644
	check notes_for_root test "$(stat -c %a "$t/var/lib/edgeprof/setup")" = 600
	says probes_are_the_kernels 'EDGEPROF_ROOT is set: the kernel.s probes'
	snapshot "$dir/applied"
	setup
	status_is again 0
	check again_says_so test "$(grep -c 'already so' "$dir/raw")" -ge 5
	check again_does_nothing fails grep -q '^ *+ \|^done' "$dir/raw"
	snapshot "$dir/after"
	check again_changes_nothing diff "$dir/applied" "$dir/after"
	# Someone took a part of it away: it is made again.
	rm "$t/etc/sysctl.d/60-edgeprof.conf"
	setup --yes --only counters
	says what_is_left_alone 'it is 2: left alone'
	setup --undo
	status_is undo_has_nobody_to_ask 2 "add --yes"
	setup --undo --dry-run
	status_is undo_dry_run 0
	check undo_dry_run_names grep -q '^- group edgeprof' "$dir/raw"
	snapshot "$dir/now"
	setup --undo --yes
	status_is undo 0
	check undo_dry_run_changed_nothing grep -q edgeprof "$dir/now"
	same_as_before undo_leaves_nothing
	setup --undo --yes
	status_is undo_again 0 'nothing to undo' "$dir/out"
	same_as_before undo_again_changes_nothing
}

# answer TEXT OPTION...: setup on a terminal
answer() {
	text=$1
	shift
	printf '%s\n' "$text" | timeout 30 script -qec "'$edgeprof' setup $*" \
		/dev/null >"$dir/out" 2>"$dir/err"
	status=$?
}

on_a_terminal() {
	fixture
	answer n --only counters
	status_is said_no 1 'Do this? \[y/N\]' "$dir/out"
	same_as_before said_no_changes_nothing
	answer y --only counters
	status_is said_yes 0 'done: /etc/sysctl.d/60-edgeprof.conf' "$dir/out"
	answer '' --undo
	status_is undo_said_nothing 1 'Take this back? \[y/N\]' "$dir/out"
	check undo_said_nothing_changes_nothing test -e "$t/etc/sysctl.d/60-edgeprof.conf"
	answer y --undo
	status_is undo_said_yes 0 'undone: ' "$dir/out"
	same_as_before undo_on_a_terminal
}

of_others() {
	fixture
	setup --yes
	status_is others_apply 0
	echo 'alice - rtprio 1' >>"$t/etc/security/limits.d/60-edgeprof.conf"
	echo 1 >"$t/proc/sys/kernel/perf_event_paranoid"
	chmod 0444 "$t/sys/class/powercap/intel-rapl:0/energy_uj"
	: >"$t/etc/udev/rules.d/99-alice.rules"
	sed -i 's/^\(edgeprof:.*\)$/\1,alice/;s/:,/:/' "$t/etc/group"
	setup --undo --yes
	status_is others_undo 1
	for what in limits.d/60-edgeprof.conf perf_event_paranoid energy_uj \
		etc/udev/rules.d/ 'group edgeprof'; do
		check "names_$(echo "$what" | tr -c 'a-z\n' _)" grep -q "^left: .*$what" "$dir/raw"
	done
	check keeps_their_file grep -q alice "$t/etc/security/limits.d/60-edgeprof.conf"
	check keeps_their_value test "$(cat "$t/proc/sys/kernel/perf_event_paranoid")" = 1
	check keeps_their_mode test "$(stat -c %a "$t/sys/class/powercap/intel-rapl:0/energy_uj")" = 444
	check keeps_their_group grep -q '^edgeprof:.*:alice$' "$t/etc/group"
	check removes_the_rest fails test -e "$t/etc/udev/rules.d/60-edgeprof-devices.rules"
	check keeps_no_notes fails test -e "$t/var/lib/edgeprof"

	fixture
	echo mine >"$t/etc/security/limits.d/60-edgeprof.conf"
	snapshot "$dir/before"
	setup --yes
	status_is another_file 1 '^failed: .*limits.d/60-edgeprof.conf' "$dir/raw"
	check another_file_stays grep -qx mine "$t/etc/security/limits.d/60-edgeprof.conf"
	setup --undo --yes
	status_is another_file_undo 0
	same_as_before another_file_is_no_ones_of_ours

	fixture
	chmod g+w "$t/etc/sysctl.d"
	snapshot "$dir/before"
	setup --yes --only counters
	status_is unsafe_folder 1 'others than root may write' "$dir/out"
	setup --undo --yes
	same_as_before unsafe_folder_untouched

	fixture
	echo fail-groupadd >"$t/run/fake"
	setup --yes
	status_is a_tool_fails 1 'groupadd failed with status 10: groupadd: cannot lock' "$dir/out"
	setup --undo --yes
	status_is a_tool_fails_undo 0
	same_as_before a_tool_fails_and_nothing_is_left
}

killed() {
	for what in kill-groupadd after-groupadd kill-usermod after-usermod kill-udevadm; do
		case $what-$caller in *usermod-) continue ;; esac
		fixture
		echo $what >"$t/run/fake"
		setup --yes
		check "dies_at_$what" test $status -eq 137
		# The program that it called may still be at work.
		flock "$t/run/lock" true
		: >"$t/run/fake"
		setup --undo --yes
		status_is "undo_after_$what" 0
		same_as_before "nothing_is_left_after_$what"
	done
	fixture
	setup --yes
	echo after-groupdel >"$t/run/fake"
	setup --undo --yes
	check dies_in_undo test $status -eq 137
	: >"$t/run/fake"
	setup --undo --yes
	same_as_before undo_goes_on_after_a_kill
	# Anywhere else; without programs that would go on alone.
	fixture
	echo "edgeprof:x:$(id -g):" >>"$t/etc/group"
	snapshot "$dir/before"
	worst=ok
	for n in 01 02 03 04 05 06 08 10 12 15 20 30; do
		timeout --foreground -s KILL 0.0$n "$edgeprof" setup --yes \
			--only counters,realtime,energy,devices >/dev/null 2>&1
		setup --undo --yes
		snapshot "$dir/after"
		[ $status -eq 0 ] && cmp -s "$dir/before" "$dir/after" || worst="after 0.0$n s: $(diff "$dir/before" "$dir/after" | tr '\n' ' ' | cut -c 1-300)"
	done
	if [ "$worst" = ok ]; then ok killed_anywhere; else not_ok killed_anywhere "$worst"; fi
}

usage() {
	unset EDGEPROF_ROOT
	as_user "$edgeprof" setup --yes >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	status_is not_root 2 'this needs root: sudo edgeprof setup'
	as_user "$edgeprof" setup --dry-run >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	status_is anyone_may_look 0 '^counters' "$dir/out"
	setup --only nonsense
	status_is unknown_step 2 "there is no step 'nonsense'"
	setup --frobnicate
	status_is unknown_option 2 "unknown option '--frobnicate'"
	setup --undo --caps
	status_is undo_is_whole 2 "--undo"
	setup --only counters --lib /nowhere
	status_is lib_is_for_probes 2 "--lib is for the step probes"
	setup --help
	status_is help 0 'sudo edgeprof setup --lib' "$dir/raw"
	check help_fits_a_screen test "$(wc -l <"$dir/raw")" -le 24
}

if [ "${EP_SETUP_INSIDE:-}" != 1 ]; then
	on_a_fixture
	on_a_terminal
	of_others
	killed
	usage
	if [ "$(id -u)" -ne 0 ]; then
		skip this_machine "needs root"
	elif [ -e /run/edgeprof ] || [ -e /etc/edgeprof/libraries ]; then
		skip this_machine "edgeprof setup was run on this machine"
	elif ! unshare -m sh -c "mkdir '$dir/o' && mount -t tmpfs none '$dir/o' &&
		mkdir '$dir/o/u' '$dir/o/w' && mount -t overlay -o \
		'lowerdir=/etc,upperdir=$dir/o/u,workdir=$dir/o/w' none /etc" \
		>"$dir/mount.out" 2>&1; then
		skip this_machine "no mounts of one's own: $(head -n 1 "$dir/mount.out")"
	else
		EP_SETUP_INSIDE=1 unshare -m sh "$0" "$build" || failed=1
	fi
	exit $failed
fi

# Below here /etc, /run and /var/lib are ours alone; the kernel's probes are not.
mkdir "$dir/o" && mount -t tmpfs none "$dir/o" && mkdir "$dir/o/u" "$dir/o/w" &&
	mount -t overlay -o "lowerdir=/etc,upperdir=$dir/o/u,workdir=$dir/o/w" none /etc &&
	mount -t tmpfs -o mode=0755 none /run &&
	mount -t tmpfs -o mode=0755 none /var/lib &&
	mount -t tmpfs -o mode=0755 none /usr/local/sbin || exit 1
trap 'cd /; "$edgeprof" setup --undo --yes >/dev/null 2>&1; umount /etc "$dir/o" 2>/dev/null; rm -rf "$dir"' EXIT

. "$here/setup_probes.sh"
exit $failed

# SPDX-License-Identifier: GPL-3.0-or-later
# An ordinary user, from the kernel's own paranoid default: told what is
# missing, helped by what doctor says, and afterwards nothing is left of it.
edgeprof-demo-infer --make-model "$work/model" --tiny 2>/dev/null
chmod 1777 "$work"
echo 3 >/proc/sys/kernel/perf_event_paranoid
listing() {
	(cd / && find dev etc run var usr/bin usr/sbin -xdev ! -name '*-' ! -name .pwd.lock ! -path 'run/rig*' -exec stat -c '%A %U %G %N' {} + | sort)
	cat /proc/sys/kernel/perf_event_paranoid /etc/group
}
listing >"$work/before"
cd "$work"
as_user edgeprof run -q --idle 0s --tail 0s -o "$work/u1" -- edgeprof-demo-infer -m "$work/model" -n 50 >"$work/out" 2>"$work/err"
ran runs_before $?
edgeprof report "$work/u1" >"$work/u1.txt"
says says_what_is_missing 'perf_event_paranoid' "$work/u1.txt"
as_user edgeprof doctor >"$work/doctor" 2>&1
# Literally: the commands that it shows, as root.
sed -n 's/^ *fix: sudo \(.*\)/\1/p' "$work/doctor" | sort -u >"$work/advice"
equal doctor_advises_setup "edgeprof setup" "$(cat "$work/advice")"
echo y | SUDO_UID=1000 SUDO_GID=1000 /usr/bin/script -qec "$(cat "$work/advice")" \
	/dev/null >"$work/setup" 2>&1
ran setup_works $?
as_user edgeprof run -q --idle 0s --tail 0s -o "$work/u2" -- edgeprof-demo-infer -m "$work/model" -n 50 >"$work/out" 2>"$work/err"
ran runs_after $?
check counts_after grep -q instructions_count "$work/u2/phases.csv"
edgeprof setup --undo --yes >"$work/undo" 2>&1
ran undo_works $?
listing >"$work/after"
check nothing_is_left diff "$work/before" "$work/after"
keep "$work/u1"
keep "$work/u2"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# edgeprof run as an ordinary user, behind a filter that refuses perf, and from
# sudo.
. "$(dirname "$0")/lib.sh"

perf='--events context-switches,page-faults,task-clock'
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid 2>/dev/null || echo none)
user_tools
mkdir -m 0777 "$dir/user"

if [ "$paranoid" = none ]; then
	skip ordinary_user "this kernel has no perf"
elif [ "$paranoid" -gt 2 ]; then
	skip ordinary_user "kernel.perf_event_paranoid is $paranoid here"
else
	as_user "$edgeprof" run $fast $perf -o "$dir/user/run" -- "$sim/churn_switches" 4000 >"$dir/out" 2>"$dir/err"
	status=$?
	status_is ordinary_user_run 0
	witness=$(($(fact "$dir/user/run" child.nvcsw) + $(fact "$dir/user/run" child.nivcsw)))
	counted=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "context_switches_count") c = i } NR > 1 && $c != "" { v = $c } END { print v }' "$dir/user/run/sensors/counters.csv")
	number ordinary_user_counts_context_switches "(${counted:-0} - $witness)^2 <= (0.005 * $witness + 2)^2"
fi

for code in EACCES EPERM ENOSYS; do
	"$sim/deny_perf" $code -- "$edgeprof" run $fast $perf -o "$dir/deny$code" -- sh -c 'exit 4' >"$dir/out" 2>"$dir/err"
	status=$?
	status_is "run_goes_on_when_perf_says_$code" 4
done
check eacces_names_the_sysctl grep -q "perf_event_paranoid" "$dir/denyEACCES/report.json"
check eperm_names_the_container grep -qi -e seccomp -e container "$dir/denyEPERM/report.json"

if [ "$(id -u)" -ne 0 ]; then
	skip from_sudo "needs root"
	exit $failed
fi
# sudo itself where it is there, and the variables it sets in any case.
SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody "$edgeprof" run $fast -q -o "$dir/user/sudo" -- \
	sh -c 'id -u; id -g; id -G; echo $HOME; echo $USER' >"$dir/out" 2>"$dir/err"
check from_sudo_the_program_is_the_callers test "$(head -n 3 "$dir/out" | tr '\n' ' ')" = "65534 65534 65534 "
check from_sudo_home_and_user_are_the_callers test "$(tail -n 2 "$dir/out" | tr '\n' ' ')" = "$(getent passwd 65534 | awk -F: '{ print $6, $1, "" }')"
check from_sudo_everything_belongs_to_the_caller test -z "$(find "$dir/user/sudo" ! -user 65534)"
SUDO_UID=rubbish "$edgeprof" run $fast -q -o "$dir/user/bad" -- true >"$dir/out" 2>"$dir/err"
status=$?
status_is rubbish_in_sudo_uid_is_refused 125 SUDO_UID
SUDO_UID=65534 SUDO_GID=65534 "$edgeprof" run $fast -q -o /root/ep-not-allowed -- true >"$dir/out" 2>"$dir/err"
status=$?
status_is from_sudo_no_folder_where_the_caller_may_not 125 "ermission denied"
if command -v sudo >/dev/null 2>&1; then
	setpriv --reuid=65534 --regid=65534 --clear-groups true
	sudo -n -u root SUDO_UID=65534 SUDO_GID=65534 "$edgeprof" run $fast -q -o "$dir/user/real" -- id -u >"$dir/out" 2>"$dir/err"
	check a_root_login_through_sudo_stays_root test "$(cat "$dir/out")" = 65534 -o "$(cat "$dir/out")" = 0
fi
exit $failed

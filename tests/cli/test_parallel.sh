#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A study over several hosts by GNU parallel; ssh is one of ours that runs the
# command here, in the folder of the host.
. "$(dirname "$0")/lib.sh"

rack=$dir/rack
mkdir -p "$rack" "$dir/path"
cat >"$dir/path/ssh" <<'EOF'
#!/bin/sh
# ssh [-T] [-o X]... -- HOST COMMAND
while [ "$1" != -- ]; do shift; done
host=$FAKE_RACK/$2
[ -f "$host/down" ] && {
	echo "ssh: connect to host $2 port 22: No route to host" >&2
	exit 255
}
# A login that talks, and leaves its line open.
printf 'Welcome to %s!\nEDGEPROF-0000 host {}\nlast login: ' "$2"
cd "$host/home" || exit 1
export HOME="$host/home" TMPDIR="$host/tmp" EDGEPROF_ROOT="$host/root"
echo "$3" >>"$host/calls"
# It dies, once, while the first run of a task goes on.
if [ -f "$host/dies" ] && echo "$3" | grep -q -e '--task '; then
	rm "$host/dies"
	sh -c "$3" | sed '/ folder /q' &
	wait
	exit 255
fi
if [ -f "$host/hangs" ] && echo "$3" | grep -q -e '--task '; then
	exec sleep 60
fi
# Killed, it leaves the other end alone, as a link that is cut does.
exec 4<&0
sh -c "$3" <&4 4<&- &
exec 4<&- <&- >&-
wait $!
EOF
cat >"$dir/plug" <<'EOF'
#!/bin/sh
echo cycled >>"$FAKE_RACK/$1/power"
rm -f "$FAKE_RACK/$1/hangs"
EOF
chmod +x "$dir/path/ssh" "$dir/plug"
export FAKE_RACK="$rack" PATH="$dir/path:$PATH"

host() { # name, serial
	mkdir -p "$rack/$1/home" "$rack/$1/tmp" \
		"$rack/$1/root/proc/device-tree"
	printf '%s' "$2" >"$rack/$1/root/proc/device-tree/serial-number"
}
host pi1 1000000000000001
host pi2 1000000000000002
host pi3 1000000000000003
host old 1000000000000004
cat >"$dir/old-edgeprof" <<'EOF'
#!/bin/sh
[ "$1" = --version ] && echo "edgeprof 0.0.9" && exit
exit 2
EOF
chmod +x "$dir/old-edgeprof"

section() { # name, further keys
	echo "host \"$1\" { edgeprof = \"$edgeprof\" ${2:-} }"
}
loose='--max-background-cpu 1000% --max-missed-ticks 1000%
	--max-sensor-gaps 1000% --max-frequency-shortfall 1000%'
study="--board demo --idle 0s --tail 0s --set n=1,2 --runs 3 --warmup 1
	--order-seed 7 $loose"
sweep() {
	timeout 100 "$edgeprof" sweep "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
# The columns that other machines leave as they are.
columns() { # folder
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ print $at["config"], $at["run"], $at["order"], $at["valid"],
		$at["reasons"], $at["n"] }' "$1/results.csv" | sort -u
}

# --- what is asked wrongly
sweep $study --executor parallel -o "$dir/x" -- sleep '0.{n}'
status_is needs_hosts 2 'needs --hosts'
sweep $study --hosts "$dir/r.conf" -o "$dir/x" -- sleep '0.{n}'
status_is hosts_needs_executor 2 'belongs to --executor parallel'
sweep $study --executor pbs -o "$dir/x" -- sleep '0.{n}'
status_is unknown_executor 2 "'pbs' is neither slurm nor parallel"
printf 'host "a b" { }\n' >"$dir/r.conf"
sweep $study --executor parallel --hosts "$dir/r.conf" -o "$dir/x" -- sleep '0.{n}'
status_is bad_host_name 2 'r.conf:1: .*a b'
printf 'host "a" {\n\trun-timeout = "soon"\n}\n' >"$dir/r.conf"
sweep $study --executor parallel --hosts "$dir/r.conf" -o "$dir/x" -- sleep '0.{n}'
status_is bad_timeout 2 'r.conf:2: run-timeout'
printf 'host "a" {\n\tplugs = "x"\n}\n' >"$dir/r.conf"
sweep $study --executor parallel --hosts "$dir/r.conf" -o "$dir/x" -- sleep '0.{n}'
status_is unknown_key 2 'r.conf:2: .*plugs'

# --- the plan looks at every host
touch "$rack/pi3/down"
{
	section pi1
	section pi2
	section pi3
	echo "host \"old\" { edgeprof = \"$dir/old-edgeprof\" }"
	echo "host \"bare\" { ssh = \"pi1\" edgeprof = \"/none/edgeprof\" }"
	echo "host \"jetson\" { ssh = \"pi1\" board = \"orin\" edgeprof = \"$edgeprof\" }"
} >"$dir/rack.conf"
sweep $study --executor parallel --hosts "$dir/rack.conf" --plan -o "$dir/x" \
	-- sleep '0.{n}'
status_is plan_with_hosts 0 'Tasks: 3, each one repetition of 2' "$dir/out"
check plan_names_a_good_host grep -q \
	'pi1: edgeprof [0-9.]*, board .*, serial 1000000000000001, .*sensors' "$dir/out"
check plan_names_one_that_is_down grep -q \
	'pi3: left out: it cannot be reached.*No route to host' "$dir/out"
check plan_names_both_versions grep -q \
	'old: left out: it has edgeprof 0.0.9, this is [0-9.]*: ' "$dir/out"
check plan_names_one_without_edgeprof grep -q \
	'bare: left out: no edgeprof there' "$dir/out"
check plan_touches_nothing test ! -e "$dir/x"
rm "$rack/pi3/down"
printf 'host "old" { edgeprof = "%s" }\n' "$dir/old-edgeprof" >"$dir/r.conf"
sweep $study --executor parallel --hosts "$dir/r.conf" -o "$dir/y" -- sleep '0.{n}'
status_is no_host_can_be_used 2 'no host of .* can be used'

if ! command -v parallel >/dev/null; then
	skip studies_over_hosts "GNU parallel is not installed"
	exit $failed
fi

# --- one machine, then three, of which one dies and one hangs
sweep $study -o "$dir/one" -- sleep '0.{n}'
status_is one_machine 0
{
	section pi1 "run-timeout = \"30s\""
	section pi2
	section pi3 "run-timeout = \"4s\" boot-timeout = \"10s\" plug = \"$dir/plug pi3\""
	section old
} >"$dir/rack.conf"
sed -i "s|^host \"old\".*|host \"old\" { edgeprof = \"$dir/old-edgeprof\" }|" \
	"$dir/rack.conf"
touch "$rack/pi2/dies" "$rack/pi3/hangs"
sweep $study --executor parallel --hosts "$dir/rack.conf" -o "$dir/many" -- \
	sleep '0.{n}'
status_is three_hosts 0
columns "$dir/one" >"$dir/one.columns"
columns "$dir/many" >"$dir/many.columns"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "board_serial") at = i; next }
	{ print $at }' "$dir/many/results.csv" >"$dir/serials"
check same_plan_and_validity diff "$dir/one.columns" "$dir/many.columns"
check every_run_once test "$(ls "$dir/many/runs" | wc -l)" -eq 8
check a_dead_host_is_told grep -q 'pi2: the link is lost' "$dir/err"
check a_hang_is_told grep -q 'pi3: no word for 4 s: it hangs' "$dir/err"
check its_power_is_cycled test "$(cat "$rack/pi3/power")" = cycled
check it_comes_back grep -q 'pi3: it is back' "$dir/err"
check the_old_one_does_nothing test "$(grep -c -e --task "$rack/old/calls")" -eq 0
check progress_is_told grep -q \
	'[1-8] of 8.*configuration [12] (n=[12]), run [123], on .*: valid' "$dir/err"
# Of whichever hosts ran it, and not the numbers themselves.
check the_boards_serial_is_a_column fails grep -v '^[0-9a-f]\{6\}$' "$dir/serials"
check nothing_stays_on_the_hosts test -z "$(ls -A "$rack/pi1/tmp")"
check nothing_waits test -z "$(find "$dir/many/tasks/arrived" -mindepth 1 \
	! -name '*.taken')"
sweep "$dir/many" --resume --executor parallel --hosts "$dir/rack.conf"
status_is nothing_is_left_to_do 0
check and_nothing_was_done test "$(ls "$dir/many/runs" | wc -l)" -eq 8

# --- a program that is not there fails once and for all, told by every host
sweep $study --executor parallel --hosts "$dir/rack.conf" -o "$dir/fails" -- \
	"$dir/none-{n}"
status_is a_missing_program 1 'lost: .*none-'
check a_missing_program_ends test "$(ls "$dir/fails/runs" | wc -l)" -le 8

# --- SIGTERM, kill -9
wait_for() { # file, text
	left=400
	while ! grep -q -e "$2" "$1" 2>/dev/null && [ "$left" -gt 0 ]; do
		left=$((left - 1))
		sleep 0.05
	done
}
start() { # folder, seconds of a run
	"$edgeprof" sweep --board demo --idle 0s --tail 0s --set n=1,2 --runs 2 \
		$loose --executor parallel --hosts "$dir/rack.conf" -o "$1" -- \
		sleep "$2.{n}" >"$dir/out" 2>"$dir/err" </dev/null &
	pid=$!
}
# Runs in progress on any host.
recording() {
	find "$rack"/*/tmp -name ticks.csv | grep -q .
}
wait_recording() {
	left=400
	while ! recording && [ "$left" -gt 0 ]; do
		left=$((left - 1))
		sleep 0.05
	done
}
sed -i '/^host "old"/d; s/run-timeout = "[^"]*"/run-timeout = "60s"/' "$dir/rack.conf"
start "$dir/stops" 30
wait_recording
kill -TERM "$pid"
wait "$pid"
status=$?
status_is interrupted 143 'stopped; edgeprof sweep .* --resume goes on'
left=400
while recording && [ "$left" -gt 0 ]; do
	left=$((left - 1))
	sleep 0.05
done
check interrupted_ends_the_tasks fails recording
start "$dir/killed" 1
wait_recording
kill -9 "$pid"
wait "$pid" 2>/dev/null
sweep "$dir/killed" --resume --executor parallel --hosts "$dir/rack.conf"
status_is after_a_kill 0 'tasks of an earlier start still go on'
check after_a_kill_all_is_there_once test "$(ls "$dir/killed/runs" | wc -l)" -eq 4

# --- the example of edgeprof-hosts(5)
sed -n '/^```/,/^```/p' "$here/../../docs/edgeprof-hosts.5.scd" | grep -v '^```' \
	>"$dir/example.conf"
sweep $study --executor parallel --hosts "$dir/example.conf" --plan -o "$dir/x" \
	-- sleep '0.{n}'
status_is the_example_is_read 2 'no host of .*example.conf can be used'

exit $failed

# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by test_setup.sh as root, with /etc, /run, /var/lib and
# /usr/local/sbin of its own.

# Other tests run meanwhile; what the program stamps must not wait for them.
first=
chrt -f 1 true 2>/dev/null && first='chrt -f 1'

# own NAME ARGUMENT...: edgeprof run of an ordinary user; status
own() {
	to=$dir/user/$1
	shift
	$first setpriv --reuid=65534 --regid=65534 --clear-groups "$edgeprof" run $fast -q -o "$to" "$@" >"$to.out" 2>"$dir/err"
	status=$?
}

reason() { # NAME TEXT: why the last run has no probes
	if grep -q -e "$2" "$to/run.json" "$to/events.csv"; then
		ok "$1"
	else
		not_ok "$1" "$(grep -A 4 '"llama"' "$to/run.json" | tr '\n' ' ') $(grep ,warning, "$to/events.csv")"
	fi
}

phases() { # FOLDER: what the probes told, less its times
	cut -d, -f1-3,7,8 "$1/phases.csv"
}

# The kernel's list of probes; tracefs is mounted for this one look.
traced() {
	mkdir -p "$dir/t"
	mount -t tracefs none "$dir/t" && grep -c '[pr][0-9]*:edgeprof/' "$dir/t/uprobe_events"
	umount "$dir/t"
}

mkdir -m 0777 "$dir/user"
fake=$dir/bin-fake
cp "$build/tests/sim/fake_llama" "$fake"
chmod 0755 "$fake"
( cd /etc && find . ! -name '*shadow*' -type f | sort ) >"$dir/etc-before"
cp /etc/group "$dir/group-before"

# Before: it is said what is missing.
if [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ]; then
	own refused -- "$fake" 5 3 1
else
	to=$dir/user/refused
	as_user "$sim/deny_perf" EACCES -- "$edgeprof" run $fast -q -o "$to" -- "$fake" 5 3 1 >/dev/null 2>"$dir/err"
	status=$?
fi
status_is a_paranoid_kernel_is_no_obstacle 0
reason a_paranoid_kernel_names_setup 'sudo edgeprof setup'
own missing -- "$fake" 5 3 1
reason before_setup_names_it 'or once .*sudo edgeprof setup'

setup --yes --lib "$fake"
status_is sets_up_this_machine 0
check a_real_group grep -q "^edgeprof:.*:$caller\$" /etc/group
check all_may_read_the_probes test "$(stat -c %a:%u /run/edgeprof/probes)" = 644:0
check probes_are_defined test "$(traced)" -ge 8
if command -v readelf >/dev/null 2>&1; then
	check the_build_id_is_told grep -q " $(readelf -n "$fake" | sed -n 's/.*Build ID: //p') $fake\$" /run/edgeprof/probes
fi
setup
status_is a_second_time 0
check a_second_time_all_is_so fails grep -q '^ *+ ' "$dir/raw"

# The same events and the same timeline as root sees.
own with -- "$fake" 37 10 3
"$edgeprof" run $fast -q -o "$dir/as-root" -- "$fake" 37 10 3 >/dev/null 2>&1
check an_ordinary_user_has_phases grep -q PROBED "$dir/user/with/phases.csv"
phases "$dir/as-root" >"$dir/a"
phases "$dir/user/with" >"$dir/b"
check the_same_phases_as_root diff "$dir/a" "$dir/b"
for who in as-root user/with; do
	awk -F, '$3 == "probe" { print $6, $9 }' "$dir/$who/events.csv" >"$dir/$(basename $who).probes"
done
check the_same_hits_as_root diff "$dir/as-root.probes" "$dir/with.probes"
to=$dir/user/denied
as_user "$sim/deny_perf" EACCES -- "$edgeprof" run $fast -q -o "$to" -- "$fake" 5 3 1 >/dev/null 2>&1
reason refused_even_so 'kernel.perf_event_paranoid above 2'

# Built again; another library; after a reboot.
cp "$fake" "$fake.new" && mv "$fake.new" "$fake"
own rebuilt -- "$fake" 37 10 3
reason rebuilt "libllama rebuilt since setup: sudo edgeprof setup --lib $fake"
check rebuilt_has_no_phases fails grep -q PROBED "$dir/user/rebuilt/phases.csv"
cp "$fake" "$dir/other"
own other -- "$dir/other" 5 3 1
reason another_library "not set up for ordinary users: sudo edgeprof setup --lib $dir/other"
setup --yes --lib "$fake"
status_is set_up_again 0
check old_probes_are_gone test "$(traced)" -le 12
own with2 -- "$fake" 37 10 3
check phases_again grep -q PROBED "$dir/user/with2/phases.csv"
sed -i 's/^boot .*/boot 0/' /run/edgeprof/probes
own rebooted -- "$fake" 5 3 1
reason another_boot 'before the last reboot: run sudo edgeprof setup again'
rm /run/edgeprof/probes
own rebooted2 -- "$fake" 5 3 1
reason no_file_after_a_boot 'before the last reboot'
"$edgeprof" setup --at-boot >"$dir/out" 2>"$dir/err"
status=$?
status_is at_boot 0
own with3 -- "$fake" 37 10 3
check phases_after_boot grep -q PROBED "$dir/user/with3/phases.csv"
chmod 0666 /run/edgeprof/probes
own unsafe -- "$fake" 5 3 1
reason anyones_file_is_not_read 'not a file that root alone may write'

# Whose library, and what it is.
chmod 0777 "$dir/other"
setup --yes --lib "$dir/other"
status_is writable_by_others 2 'can be written to by others'
chmod 0755 "$dir/other"
chown 1234 "$dir/other"
setup --yes --lib "$dir/other"
status_is of_another_user 2 'belongs to user id 1234'
setup --yes --lib /bin/sh
status_is no_libllama 2 'no libllama in it'
setup --yes --lib "$dir/nowhere"
status_is no_file 2 'No such file'

# Capabilities: only for a program in a folder of root's.
mkdir "$dir/open" && chmod 0777 "$dir/open" && cp "$edgeprof" "$dir/open/"
"$dir/open/edgeprof" setup --yes --only caps >"$dir/out" 2>"$dir/err" </dev/null
status=$?
status_is caps_need_a_safe_folder 2 'others than root may write'
rm -r "$dir/open"
cp "$edgeprof" /usr/local/sbin/edgeprof
/usr/local/sbin/edgeprof setup --yes --only group,caps,probes >"$dir/out" 2>&1 </dev/null
status=$?
status_is caps 0 '' "$dir/out"
check caps_are_two test "$(getcap /usr/local/sbin/edgeprof 2>/dev/null | sed 's/.* //')" = 'cap_sys_nice,cap_perfmon=ep'
check caps_are_the_groups test "$(stat -c %a:%U:%G /usr/local/sbin/edgeprof)" = 750:root:edgeprof
if [ -d /etc/systemd/system ]; then
	check boots_again grep -q '^ExecStart=/usr/local/sbin/edgeprof setup --at-boot$' /etc/systemd/system/edgeprof-probes.service
	check boots_by_a_link test -e /etc/systemd/system/multi-user.target.wants/edgeprof-probes.service
fi

# The real library in an unmodified program.
npm=$(dirname "$build")/npm
node=$(ls -d "$npm"/node_modules/node-linux-*/bin/node 2>/dev/null)
library=$(ls "$npm"/node_modules/@node-llama-cpp/linux-*/bins/*/libllama.v*.so 2>/dev/null | head -n 1)
if [ -z "$node" ] || [ -z "$library" ]; then
	skip real_library "test_llama.sh has not fetched it"
elif ! as_user test -r "$library" -a -x "$node"; then
	skip real_library "uid 65534 cannot reach the build folder"
else
	cp "$here/../npm/chat.mjs" "$here/../npm/check.mjs" "$npm/"
	"$sim/make_gguf" "$dir/tiny.gguf" --embd 384 --layers 6
	own node_before -- "$node" "$npm/chat.mjs" "$dir/tiny.gguf" 5 512
	reason real_library_before 'not set up for ordinary users: sudo edgeprof setup --lib'
	setup --yes --only probes --lib "$library"
	status_is real_library_set_up 0
	own node -- "$node" "$npm/chat.mjs" "$dir/tiny.gguf" 7 512
	status_is real_library_runs 0
	"$node" "$npm/check.mjs" real_library "$dir/user/node" "$dir/user/node.out" >"$dir/verdict" 2>&1
	verdict=$?
	cat "$dir/verdict"
	check real_library_is_right test $verdict -eq 0
fi

setup --undo --yes
status_is undo_on_this_machine 0
check no_probes_are_left test "$(traced)" -eq 0
check no_file_is_left fails test -e /run/edgeprof -o -e /etc/edgeprof -o -e /var/lib/edgeprof
check caps_are_gone test -z "$(getcap /usr/local/sbin/edgeprof 2>/dev/null)" -a "$(stat -c %a:%G /usr/local/sbin/edgeprof)" = 755:root
( cd /etc && find . ! -name '*shadow*' -type f | sort ) | grep -v -e '-$' -e '\.pwd\.lock' >"$dir/etc-after"
grep -v -e '-$' -e '\.pwd\.lock' "$dir/etc-before" >"$dir/etc-b"
check nothing_is_left_in_etc diff "$dir/etc-b" "$dir/etc-after"
check groups_are_as_before diff "$dir/group-before" /etc/group
own after -- "$fake" 5 3 1
reason after_undo_names_it 'or once .*sudo edgeprof setup'

/usr/local/sbin/edgeprof setup --yes --only caps >"$dir/raw" 2>&1 </dev/null
status=$?
tr -s '\n ' ' ' <"$dir/raw" >"$dir/out"
status_is caps_need_the_group 1 'there is no group edgeprof' "$dir/out"
/usr/local/sbin/edgeprof setup --undo --yes >"$dir/out" 2>&1 </dev/null

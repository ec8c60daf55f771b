#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Containers: clients of an engine are told from what they ask for, and a
# running container is measured by its name.  The engine is simulated; the
# namespaces and the control group are real.
. "$(dirname "$0")/lib.sh"

id=$(printf '%08x' $$)f0e1d2c3b4a5968778695a4b3c2d1e0f00112233445566778899aabb
engine=
inside=
leave() {
	[ -z "$engine" ] || kill "$engine" 2>/dev/null
	[ -z "$inside" ] || kill -9 "$inside" 2>/dev/null
	[ ! -d "$dir/groups" ] || {
		tries=0
		while [ -d "$dir/groups/docker-$id.scope" ] && [ $tries -lt 2000 ]; do
			rmdir "$dir/groups/docker-$id.scope" 2>/dev/null
			tries=$((tries + 1))
		done
		umount "$dir/groups" 2>/dev/null
	}
	rm -rf "$dir"
}
trap leave EXIT

mkdir "$dir/bin" "$dir/podman"
printf '#!/bin/sh\nexit 0\n' >"$dir/bin/docker"
printf '#!/bin/sh\nexec podman "$@"\n' >"$dir/podman/docker"
cp "$dir/bin/docker" "$dir/bin/podman"
chmod +x "$dir/bin/"* "$dir/podman/docker"
PATH=$dir/bin:$PATH

run $fast -o "$dir/client" -- docker run --rm --name web image
status_is a_client_runs 0 "saw only the docker client"
check the_client_is_a_named_warning \
	grep -q ",warning,.*container-client,.*--attach container:web" "$dir/client/events.csv"
check the_report_says_so grep -q "energy is the board's" "$dir/client/report.json"
run $fast -q -o "$dir/other" -- docker ps
check another_verb_is_nothing_special fails grep -q container-client "$dir/other/events.csv"
run $fast -q -o "$dir/podman_run" -- podman run image
check podman_is_followed fails grep -q container-client "$dir/podman_run/events.csv"
run $fast -q -o "$dir/podman_docker" -- "$dir/podman/docker" run image
check podman_as_docker_too fails grep -q container-client "$dir/podman_docker/events.csv"

# Names.
DOCKER_HOST=unix://$dir/engine.sock
XDG_DATA_HOME=$dir
export DOCKER_HOST XDG_DATA_HOME
run $fast --attach container:web --duration 1s -o "$dir/no"
status_is nobody_is_called_so 125 "no running container is called 'web'"

if [ "$(id -u)" -ne 0 ]; then
	skip a_container "making one needs root"
	exit $failed
fi
mkdir "$dir/groups" "$dir/image"
if ! mount -t cgroup2 none "$dir/groups" 2>"$dir/why" ||
	! mkdir "$dir/groups/docker-$id.scope" 2>"$dir/why"; then
	skip a_container "no control groups here: $(tail -n 1 "$dir/why")"
	exit $failed
fi
strip -o "$dir/image/llm" "$sim/stripped_llama"
mkfifo "$dir/go"
# Its program is on a file system that nobody else sees, and its processes have
# numbers of their own.
sh -c "echo \$\$ >'$dir/groups/docker-$id.scope/cgroup.procs' && exec unshare -m sh -c '
	mount --make-rprivate / && mount -t tmpfs none $dir/bin &&
	cp $dir/image/llm $dir/bin/llm && umount -l $dir/groups &&
	exec unshare -pf --kill-child sh -c \"read line <$dir/go; $dir/bin/llm 37 10 20; :\"'" \
	>"$dir/inside.out" 2>&1 &
inside=$!
tries=0
until grep -q "docker-$id.scope" "/proc/$inside/cgroup" 2>/dev/null || [ $tries -gt 20000 ]; do
	tries=$((tries + 1))
done
"$sim/docker_engine" "$dir/engine.sock" web "$id" "$inside" &
engine=$!
until [ -S "$dir/engine.sock" ] || [ $tries -gt 40000 ]; do
	tries=$((tries + 1))
done
(
	tries=0
	until grep -q "fact,.*attached" "$dir/web/events.csv" 2>/dev/null || [ $tries -gt 20000 ]; do
		tries=$((tries + 1))
	done
	echo >"$dir/go"
) &
run $fast --attach container:web --duration 3s -o "$dir/web"
status_is a_container_is_measured_by_name 0
check it_is_that_process grep -q "fact,.*attached,[^,]*($inside)" "$dir/web/events.csv"
check it_says_which grep -q "first process of container web" "$dir/err"
check its_own_files_are_probed grep -q "llama.library,$dir/bin/llm" "$dir/web/events.csv"
check its_phases_are_seen grep -q "prefill,PROBED,.*,37," "$dir/web/phases.csv"
exit $failed

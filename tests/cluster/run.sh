#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD: a study on a real Slurm with nodes of its own, one of which
# loses its power in the middle of a run.  Needs root, for munge and slurmd.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$(dirname "$0")/slurm.sh"

passed=0
failures=0
skips=0
ok() {
	echo "ok $1"
	passed=$((passed + 1))
}
not_ok() {
	echo "not ok $1: $2"
	failures=$((failures + 1))
}
finish() {
	slurm_stop
	chmod -R u+rwX "$dir" 2>/dev/null
	rm -rf "$dir"
	echo "$passed passed, $failures failed, $skips skipped"
	[ "$failures" -eq 0 ]
}
give_up() { # reason: what cannot run here
	echo "skip cluster.slurm: $1"
	skips=1
	slurm_stop() { :; }
	grep -q "^cluster\.slurm	$1\$" "$here/../allowed-skips" ||
		[ "${CI:-}" != true ] || failures=1
	exit
}
trap 'finish; exit $?' EXIT

[ "$(id -u)" -eq 0 ] || give_up "needs root"
for tool in slurmctld slurmd munged; do
	[ -x "/usr/sbin/$tool" ] || command -v "$tool" >/dev/null ||
		give_up "$tool is not installed"
done
chmod 0755 "$dir"
# What a dead node leaves behind goes with the rest.
mkdir "$dir/tmp"
export TMPDIR="$dir/tmp"
infer=$build/infer

# The nodes share the CPUs of one machine: they disturb each other.
study='--board demo --idle 0s --tail 0s --threads 1,2 --runs 3 --warmup 1
	--order-seed 7 --max-background-cpu 1000% --max-missed-ticks 1000%
	--max-sensor-gaps 1000% --max-frequency-shortfall 1000%'

# What a study is, without what differs from time to time.
columns() { # folder: config,run,order,valid,reasons,threads
	awk -F, 'NR == 1 {
		for (i = 1; i <= NF; i++) at[$i] = i
		next
	}
	{ print $at["config"], $at["run"], $at["order"], $at["valid"],
		$at["reasons"], $at["threads"] }' "$1/results.csv" | sort -u
}

echo "# a study on one machine"
check "a study on one machine" timeout 120 "$edgeprof" sweep $study \
	-o "$dir/one" -- "$infer" -t '{threads}' -n 6

echo "# the cluster starts"
if ! slurm_start "$dir/slurm" 3; then
	not_ok "Slurm starts" "$(tail -n 2 "$dir"/slurm/*.log "$dir"/slurm/*.out \
		"$dir/slurm/munge.err" 2>/dev/null | tr '\n' ' ')"
	exit
fi
ok "Slurm starts"

"$edgeprof" sweep $study --executor slurm --plan -o "$dir/none" -- \
	"$infer" -t '{threads}' -n 6 >"$dir/plan" 2>&1
check "a plan names all nodes, their version and board" \
	grep -q "pi3: idle, edgeprof [0-9.]*, board .*set up" "$dir/plan"
check "a plan makes no folder" test ! -e "$dir/none"

cat >"$dir/old" <<-'EOF'
	#!/bin/sh
	echo "edgeprof 0.0.9"
EOF
chmod +x "$dir/old"
"$edgeprof" sweep $study --executor slurm --plan --node-edgeprof "$dir/old" \
	-o "$dir/none" -- "$infer" -t '{threads}' -n 6 >"$dir/plan" 2>&1
check "a plan names the version of a node that has another" \
	grep -q "pi1: idle, left out: it has edgeprof 0.0.9, this is " "$dir/plan"

echo "# a study on three nodes; one of them dies"
mkdir "$dir/shared"
timeout 170 "$edgeprof" sweep $study --executor slurm --shared "$dir/shared" \
	-o "$dir/many" -- "$infer" -t '{threads}' -n 6 \
	>"$dir/many.out" 2>"$dir/many.err" &
sweep=$!
logs=$dir/shared/edgeprof-*/round-001
# Its warm-ups are through and delivered, and a run is in progress.
victim_runs() {
	for log in $logs/task-*.log; do
		[ "$(grep -c 'runs c' "$log")" -ge 2 ] || continue
		number=${log##*task-}
		node=$(squeue -h -r -n "edgeprof-$(basename "$(dirname \
			"$(dirname "$log")")" | cut -d- -f2)" \
			-o '%K %N' | awk -v n="${number%.log}" '$1 == n { print $2 }')
		[ -n "$node" ] && victim=$node && victim_log=$log && return 0
	done
	return 1
}
if slurm_wait 60 victim_runs && victim_runs; then
	slurm_kill "$victim"
	echo "# $victim is dead, in: $(tail -n 1 "$victim_log")"
	ok "a node dies in the middle of a run"
else
	not_ok "a node dies in the middle of a run" \
		"$(tail -n 3 "$dir/many.err" | tr '\n' ' ')"
fi
wait "$sweep"
status=$?
if [ "$status" -eq 0 ]; then
	ok "the study ends without it"
else
	not_ok "the study ends without it" \
		"status $status: $(tail -n 3 "$dir/many.err" | tr '\n' ' ')"
	sed 's/^/# /' "$dir/many.err" $logs/*.log
fi
columns "$dir/one" >"$dir/one.columns"
columns "$dir/many" >"$dir/many.columns"
check "plan, keys and validity are those of one machine" \
	diff "$dir/one.columns" "$dir/many.columns"
check "every run is there once" test "$(ls "$dir/many/runs" | wc -l)" -eq 8
again=$(sed -n 's/^edgeprof: runs //p' "$victim_log" | sort | uniq -d | wc -l)
check "what was whole was not made again, what was not was" \
	test "$again" -eq 1
check "no database lies on the shared folder" \
	test -z "$(find "$dir/shared" -name '*.db*')"
check "two nodes or more took part" test "$(grep -lF '"node":' \
	"$dir"/many/runs/*/run.json | xargs sed -n 's/.*"node": *"\([^"]*\)".*/\1/p' |
	sort -u | wc -l)" -ge 2

before=$(columns "$dir/many" | cksum)
"$edgeprof" sweep "$dir/many" --collect "$dir/many/runs" "$dir/many/runs" \
	>"$dir/out" 2>"$dir/err"
status=$?
status_is "collecting what is there adds nothing" 0 \
	"collected 0 runs .* 16 there already, 0 left out"
check "and changes nothing" test "$(columns "$dir/many" | cksum)" = "$before"
"$edgeprof" sweep "$dir/many" --rebuild >"$dir/out" 2>"$dir/err"
check "the database can be made again from the folders" \
	test "$(columns "$dir/many" | cksum)" = "$before"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Slurm on this one machine, for tests: . slurm.sh; it needs root.
# Nodes pi1 pi2 ... with one CPU and the feature "demo" each.
#   slurm_start DIR COUNT     slurm_kill NODE     slurm_revive NODE
#   slurm_stop

slurm_host=$(hostname)

slurm_conf() { # folder, count of nodes
	cat <<-EOF
		ClusterName=edgeprof
		SlurmctldHost=$slurm_host(127.0.0.1)
		SlurmctldPort=17800
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		AuthInfo=socket=$1/munge/socket,cred_expire=5
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		SwitchType=switch/none
		MpiDefault=none
		ReturnToService=2
		SlurmctldTimeout=10
		SlurmdTimeout=8
		KillWait=2
		MinJobAge=10
		SchedulerParameters=sched_interval=1,batch_sched_delay=0
		StateSaveLocation=$1/state
		SlurmdSpoolDir=$1/spool/%n
		SlurmctldPidFile=$1/slurmctld.pid
		SlurmdPidFile=$1/slurmd-%n.pid
		SlurmctldLogFile=$1/slurmctld.log
		SlurmdLogFile=$1/slurmd-%n.log
	EOF
	i=1
	while [ "$i" -le "$2" ]; do
		echo "NodeName=pi$i NodeHostname=$slurm_host NodeAddr=127.0.0.1" \
			"Port=$((17800 + i)) CPUs=1 Features=demo State=UNKNOWN"
		i=$((i + 1))
	done
	echo "PartitionName=rack Nodes=ALL Default=YES MaxTime=INFINITE" \
		"State=UP OverSubscribe=NO"
}

slurm_munge() { # folder: a munged of our own, key and socket there
	dd if=/dev/urandom of="$1/munge/key" bs=128 count=1 2>/dev/null
	chmod 0400 "$1/munge/key"
	chown -R munge:munge "$1/munge" || return 1
	setpriv --reuid=munge --regid=munge --clear-groups \
		/usr/sbin/munged --key-file="$1/munge/key" \
		--socket="$1/munge/socket" --pid-file="$1/munge/munged.pid" \
		--log-file="$1/munge/munged.log" --seed-file="$1/munge/seed" \
		--force 2>>"$1/munge.err" </dev/null
}

# waits until COMMAND... succeeds, so many seconds at most
slurm_wait() { # seconds, command
	left=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}

slurm_is() { # node, state
	[ "$(sinfo -h -N -n "$1" -o %t | head -n 1)" = "$2" ]
}

slurm_revive() { # node
	setsid /usr/sbin/slurmd -f "$SLURM_CONF" -N "$1" -D \
		</dev/null >>"$slurm_dir/slurmd-$1.out" 2>&1 &
	eval "slurm_pid_$1=$!"
}

slurm_start() { # folder, count of nodes
	slurm_dir=$1
	slurm_count=$2
	mkdir -p "$1/state" "$1/spool" "$1/munge"
	chmod 0755 "$1"
	slurm_conf "$1" "$2" >"$1/slurm.conf"
	export SLURM_CONF="$1/slurm.conf"
	# munged wants a folder for its socket that others cannot write to.
	slurm_munge "$1" || return 1
	slurm_wait 10 test -S "$1/munge/socket" || return 1
	setsid /usr/sbin/slurmctld -f "$SLURM_CONF" -D -c \
		</dev/null >"$1/slurmctld.out" 2>&1 &
	slurm_ctld=$!
	slurm_wait 20 scontrol ping || return 1
	i=1
	while [ "$i" -le "$2" ]; do
		mkdir -p "$1/spool/pi$i"
		slurm_revive "pi$i"
		i=$((i + 1))
	done
	i=1
	while [ "$i" -le "$2" ]; do
		slurm_wait 30 slurm_is "pi$i" idle || return 1
		i=$((i + 1))
	done
}

# What runs on a node, and the step that started it.
slurm_pids() { # node
	for proc in /proc/[0-9]*; do
		tr '\0' '\n' 2>/dev/null <"$proc/environ" |
			grep -qx "SLURMD_NODENAME=$1" || continue
		echo "${proc#/proc/}"
		parent=$(awk '/^PPid:/ { print $2 }' "$proc/status" 2>/dev/null)
		case $(cat "/proc/${parent:-0}/comm" 2>/dev/null) in
		slurmstepd) echo "$parent" ;;
		esac
	done
}

# The power of a node goes: nothing there has time for a word.
slurm_kill() { # node
	eval "slurm_victim=\${slurm_pid_$1:-}"
	[ -n "$slurm_victim" ] || return 0
	kill -9 "$slurm_victim" $(slurm_pids "$1") 2>/dev/null
	wait "$slurm_victim" 2>/dev/null
	eval "slurm_pid_$1="
}

slurm_stop() {
	i=1
	while [ "$i" -le "${slurm_count:-0}" ]; do
		slurm_kill "pi$i"
		i=$((i + 1))
	done
	[ -n "${slurm_ctld:-}" ] && kill "$slurm_ctld" 2>/dev/null &&
		wait "$slurm_ctld" 2>/dev/null
	pid=$(cat "$slurm_dir/munge/munged.pid" 2>/dev/null) &&
		kill "$pid" 2>/dev/null
	true
}

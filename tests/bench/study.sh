#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# study.sh BUILD_DIR [RUNS]: how long reports of a study take, and how much
# memory, from its results: RUNS (1000) runs, three of each configuration,
# seven phases, as many columns as a board with counters has.  Target: under 2 s
# and 200 MiB each for 1000 runs.  Never fails on speed.
set -u

build=$(cd "${1:?usage: study.sh BUILD_DIR [RUNS]}" && pwd) || exit 2
runs=${2:-1000}
edgeprof=$build/edgeprof
cost=$build/tests/bench/cost
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Every run's report is the same: a real one.
"$edgeprof" run -q --board demo --idle 1s --tail 0s -o "$work/one" -- \
	"$build/infer" -n 20 >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 2
}
mkdir -p "$work/study/runs"
echo '{"study": {"title": "bench", "runs": 3}}' >"$work/study/study.json"
i=1
while [ "$i" -le "$runs" ]; do
	folder=$work/study/runs/$(printf %04d "$i")
	mkdir "$folder" && ln "$work/one/report.json" "$folder/report.json"
	i=$((i + 1))
done
awk -v runs="$runs" 'BEGIN {
	OFMT = CONVFMT = "%.12g"
	srand(1)
	named = split("duration_s tokens steps tokens_per_s energy_j " \
		"energy_net_j j_per_token net_j_per_token j_per_output_token " \
		"action_j_s_per_token edp_j_s_per_token2 power_mean_w " \
		"power_peak_w ttft_s rss_peak_bytes requests energy_served_j " \
		"duration_served_s power_served_mean_w " \
		"cache_misses_per_token context_switches_per_token " \
		"page_faults_per_token instructions_per_token", name, " ")
	for (m = named + 1; m <= 110; m++)
		name[m] = "other_" m "_count"
	printf "study_id,config,run,order,valid,reasons,host,board_serial"
	printf ",threads,quant,phase,folder"
	for (m = 1; m <= 110; m++)
		printf ",%s,%s_u95,%s_u_common,%s_status", name[m], name[m],
			name[m], name[m]
	printf "\n"
	split("idle load prefill generation tail request run", phase, " ")
	for (i = 1; i <= runs; i++)
		for (p = 1; p <= 7; p++) {
			c = int((i - 1) / 3) + 1
			printf "bench,%d,%d,%d,%d,%s,host,serial,%d,q%d,%s,%04d",
				c, (i - 1) % 3 + 1, i, i % 50 != 0,
				i % 50 ? "" : "rejected: other programs ran",
				c % 16 + 1, int(c / 16), phase[p], i
			for (m = 1; m <= 110; m++) {
				v = (c % 37 + 1) * (1 + rand() / 20)
				if (name[m] == "tokens")
					v = 20
				else if (name[m] == "requests")
					v = 1
				printf ",%s,%s,%s,ok", v, v / 50, v / 200
			}
			printf "\n"
		}
}' >"$work/study/results.csv" || exit 2
echo "results.csv: $(wc -c <"$work/study/results.csv") bytes, $runs runs"

# measure WHAT OPTION...
measure() {
	what=$1
	shift
	"$cost" "$work/cost" 0 0 "$edgeprof" report "$work/study" "$@" \
		>"$work/out" 2>"$work/err"
	read -r _ _ _ cpu wall rss status <"$work/cost"
	if [ "$status" -ne 0 ]; then
		echo "$what: exit status $status: $(head -n 1 "$work/err")"
		return
	fi
	echo "$what $cpu $wall $rss $(wc -c <"$work/out")" |
		awk '{ printf "%-16s %6.2f s CPU %6.2f s wall %6.1f MiB, %d bytes out%s\n",
			$1, $2 / 1e9, $3 / 1e9, $4 / 1024, $5,
			($3 > 2e9 || $4 > 200 * 1024) ? "  over the target" : "" }'
}

for format in text md csv json latex html; do
	measure $format --format $format
done
measure best --best generation.j_per_token --floor generation.tokens_per_s=5
measure battery+cost --format json --battery 18.84Wh --price 0.20/kWh
measure against --format json --against "$work/study" --price 0.20/kWh \
	--device-price 100,200

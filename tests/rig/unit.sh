#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# unit.sh CACHE OUT: the arithmetic's unit tests and golden values on arm64,
# under qemu-user, and derived figures that are those of this machine.
set -u
cache=$(cd "$1" && pwd)
out=$2
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
libs=$cache/libs/arm64
# What needs no kernel of its own: decoders, formulas, statistics, files.
tests="test_num test_num_put test_csv test_conf test_ring test_frames
	test_integrate test_integrate_ends test_uncertainty test_metrics
	test_phases test_series test_coverage test_stat_golden test_stat_change
	test_stat_cluster test_battery test_cost test_published test_summary
	test_rounded test_golden test_rpi5_pmic test_um_meter test_report_json"
sh "$here/build.sh" "$cache" arm64 "$out" \
	$(for name in $tests; do echo "$out/tests/unit/$name"; done) || exit 1
status=0
for name in $tests; do
	if EDGEPROF_COVERAGE_RUNS=200 EDGEPROF_BOARDS=$PWD/boards timeout 120 \
		qemu-aarch64-static -L "$libs" "$out/tests/unit/$name" >"$out/$name.log" 2>&1; then
		echo "ok arm64 unit: $name"
	else
		echo "not ok arm64 unit: $name: $(grep -a 'ERROR\|FAILED' "$out/$name.log" | head -n 1)"
		status=1
	fi
done

# One recorded run, its figures here and there.
for arch in arm64 amd64; do
	rm -rf "$out/figures-$arch"
	cp -r tests/fixtures/schema-1 "$out/figures-$arch"
	rm -f "$out/figures-$arch/report.json"
done
qemu-aarch64-static -L "$libs" "$out/edgeprof" report "$out/figures-arm64" >/dev/null &&
	build/release/edgeprof report "$out/figures-amd64" >/dev/null
if python3 "$here/same_figures.py" "$out/figures-arm64/report.json" \
	"$out/figures-amd64/report.json" >"$out/figures.log" 2>&1; then
	echo "ok arm64 unit: $(cat "$out/figures.log")"
else
	echo "not ok arm64 unit: figures are those of amd64: $(head -n 3 "$out/figures.log" | tr '\n' ' ')"
	status=1
fi
exit $status

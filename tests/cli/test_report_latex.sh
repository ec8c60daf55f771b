#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tables and figures for papers.  A real LaTeX compiles them in tests/latex.
. "$(dirname "$0")/lib.sh"
. "$here/lib_paper.sh"

report() {
	timeout 60 "$edgeprof" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
compare() {
	timeout 60 "$edgeprof" compare "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
# has NAME TEXT [FILE]: just these bytes are in it
has() {
	if grep -qF -e "$2" "${3:-$dir/out}"; then
		ok "$1"
	else
		not_ok "$1" "not in it"
		printf '# no "%s" in:\n' "$2"
		sed 's/^/# /' "${3:-$dir/out}" "$dir/err" | head -n 40
	fi
}
cd "$dir" || exit 1

# A run: 10 W for 0.4 s, 20 W for 0.8 s, 15 W for 2 s, 5 % gain.
"$sim/make_run" run || exit 1
report run --format latex
status_is run 0
has packages '\usepackage{siunitx}'
has units '{\si{J/token}}'
has energy 'generation & 2.000 & 30.0 +- 1.'
has idle_is_subtracted ' & 20.0 +- 1.'
has denominators 'prefill & 128 prompt'
has board 'Board: x86, PC with RAPL.'
has coverage 'It covers: the processor package; not memory or disks.'
has count 'n = 1 run, all its requests;'
has factor '(k = 2)'
check no_bare_units fails grep -q 'J/token}} & {}' out
cp out first
report run --format tex
check the_same_again cmp -s out first
report run --format latex --battery 18.84Wh --price 0.20/kWh
has asked_for '\label{tab:edgeprof-battery}'
report run --format md
has markdown '| generation |  2.000 |     42 |         20.00 |       30.0 ± 1.7 |'
report run --format latex -o table.tex
status_is to_a_file 0
check file_is_the_same cmp -s table.tex first

# Texts that mean something to LaTeX.
paper_hostile_run hostile || exit 1
report hostile --format latex
status_is hostile 0
has commands_are_text '\textbackslash{}input\{x\} 50\% a\_b \#1 \$x\$ \textasciitilde{}\textasciicircum{} \& \edgeprofchar{4E2D}'
check no_command_is_left fails grep -qF '\input{x}' out

# A study.
paper_study study || exit 1
report study --format latex
status_is study 0
has configurations '{threads} & {quant} & {Runs} &'
has interval '1 & q4 & 2 & 2.1 +- 1.3 & '
has one_run_has_none '4 & q8 & 1 & 1.500 & '
has missing_is_no_zero '8 & q4 & 0 & {---} & '
has why 'not measured: Energy, gross (8 '
check no_zero fails grep -q '8 & q4 & 0 & 0' out
paper_hostile_study hostile-study || exit 1
report hostile-study --format latex
status_is hostile_study 0
has levels_are_text '\textbackslash{}end\{tabular\}'
has no_row_ends_early '{[}2em]'

# Two groups.
cat >log.csv <<'END'
client,total_s,memory_bytes
rust_a,10,1048576
rust_a,10.2,1048576
rust_a,10.1,2097152
python,20,4194304
python,21,4194304
python,22,4194304
END
compare --csv log.csv --group client --metric total_s,memory_bytes --format latex
status_is compare 0
has compared 'total\_s & rust\_a & 21 +- 2 & 10.1 +- 0.2 & -52 +- 12 & '
has bytes_for_people 'memory, MiB & rust\_a & 4.000 & 1.3 +- 1.4 & '
has verdict '& different \\'
has names_of_groups 'A: python (n = 3); B: rust\_a (n = 3).'
compare --csv log.csv --group client --metric total_s --format md
has compared_in_markdown ' 10.1 ± 0.2, n 3 |'

# Figures.
figures() { # folder of a report: made by gnuplot, in a folder of its own
	rm -rf work
	mkdir work
	(cd work && timeout 60 gnuplot "../$1/all.gp") >gnuplot.out 2>&1
	status=$?
	if [ "$status" -ne 0 ] || [ -s gnuplot.out ]; then
		not_ok "$1_is_drawn" "status $status: $(head -n 3 gnuplot.out | tr '\n' ' ')"
		return
	fi
	for script in "$1"/*.gp; do
		[ "$script" = "$1/all.gp" ] && continue
		png=${script%.gp}.png
		svg=${script%.gp}.svg
		# 85 mm at 300 dots per inch.
		if [ "$(od -An -tu1 -j 18 -N 2 "$png" | awk '{ print 256 * $1 + $2 }')" != 1003 ] ||
			[ "$(wc -c <"$png")" -lt 4000 ] ||
			! python3 -c 'import sys, xml.dom.minidom as x
x.parse(sys.argv[1])' "$svg" 2>>gnuplot.out; then
			not_ok "$1_is_drawn" "${script##*/}: no picture: $(ls -l "$png" "$svg" 2>&1 | tr '\n' ' ')"
			return
		fi
	done
	check "$1_leaves_nothing_elsewhere" test -z "$(ls work)"
	ok "$1_is_drawn"
}
report run --gnuplot plots
status_is plots 0 'gnuplot plots/all.gp' "$dir/out"
report run --gnuplot plots --format json
status_is plots_and_format 2 'ask for --format apart'
has plotted_phases "title 'generation'" plots/power.gp
has plotted_values ' 20' plots/power.dat
figures plots
report run --gnuplot plots
status_is again_into_its_own 0
report study --gnuplot study-plots
status_is study_plots 0
has error_bars '0 2.1 1.2706204736174' study-plots/energy.dat
has not_measured_is_no_zero '3 ? ? 0' study-plots/energy.dat
figures study-plots
check the_front_is_drawn test -s study-plots/pareto.svg

# Labels that try to run commands.
for kind in run study; do
	from=hostile
	[ "$kind" = study ] && from=hostile-study
	report "$from" --gnuplot "hostile-$kind-plots"
	status_is "hostile_${kind}_plots" 0
	figures "hostile-$kind-plots"
	check "hostile_${kind}_runs_no_command" test ! -e "$dir/pwned" -a ! -e work/pwned
done
# The test would see it: this label does run when it is not quoted.
echo 'set title "`touch pwned`"' | gnuplot >gnuplot.out 2>&1
check a_command_would_be_seen test -e pwned

# Nobody's files are written over.
mkdir mine
echo mine >mine/power.gp
report run --gnuplot mine
status_is foreign_folder 2 'new or empty'
check it_is_as_it_was test "$(cat mine/power.gp) $(ls mine | wc -l)" = "mine 1"
report run --gnuplot first
status_is not_a_folder 2
report run --gnuplot
status_is no_folder 2
report run --gnuplot other -o table.tex
status_is figures_and_a_report 2 'ask for -o apart'
report study --gnuplot other --metric generation.j_per_token
status_is figures_and_a_metric 2 'ask for --metric apart'
exit $failed

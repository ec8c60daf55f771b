#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD: the tables of edgeprof in papers that a real LaTeX compiles.
# Papers and their pictures stay in BUILD/../latex.
set -u
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../cli/lib_paper.sh"

passed=0
failures=0
ok() {
	echo "ok $1"
	passed=$((passed + 1))
}
not_ok() {
	printf 'not ok %s: %s\n' "$1" "$2"
	failures=$((failures + 1))
}
finish() {
	echo "$passed passed, $failures failed, 0 skipped"
	[ "$failures" -eq 0 ]
	exit
}
for tool in pdflatex lualatex pdftotext pdftoppm; do
	command -v "$tool" >/dev/null && continue
	not_ok latex "$tool is missing; make deps-latex installs it"
	finish
done

work=$(dirname "$build")/latex
rm -rf "$work"
mkdir -p "$work" || exit 2
cd "$work" || exit 2

# paper NAME COMPILER: NAME.tex in an article
paper() {
	cat >"paper-$1.tex" <<-END
		\\documentclass{article}
		\\usepackage{booktabs}
		\\usepackage{siunitx}
		\\usepackage{longtable}
		\\begin{document}
		\\input{$1}
		The end.
		\\end{document}
	END
	# Twice: widths of long tables and references settle.
	for pass in 1 2; do
		if ! timeout 120 "$2" -interaction=nonstopmode -halt-on-error \
			-no-shell-escape "paper-$1.tex" >"paper-$1.out" 2>&1; then
			not_ok "$1" "$2 stops: $(grep -A 3 '^!' "paper-$1.out" | tr '\n' ' ')"
			return
		fi
	done
	pdftotext -layout "paper-$1.pdf" "paper-$1.txt"
	pdftoppm -r 100 -png "paper-$1.pdf" "paper-$1"
	# Nothing hangs far out of the narrowest page of all.
	wide=$(sed -n 's/^Overfull .hbox (\([0-9]*\)[.0-9]*pt too wide.*/\1/p' \
		"paper-$1.out" | sort -n | tail -n 1)
	if [ "${wide:-0}" -gt "${width:-40}" ]; then
		not_ok "$1" "$wide pt too wide for the page"
	elif ! grep -q 'The end\.' "paper-$1.txt"; then
		not_ok "$1" "the paper ends early"
	else
		ok "$1"
	fi
}
# shows NAME PAPER TEXT: in the PDF, whatever the spaces
shows() {
	if tr -d ' \n\f' <"paper-$2.txt" |
		grep -qF -e "$(printf %s "$3" | tr -d ' ')"; then
		ok "$1"
	else
		not_ok "$1" "no \"$3\" in paper-$2.txt"
	fi
}
table() { # NAME ARGUMENT...
	name=$1
	shift
	"$edgeprof" "$@" >"$name.tex" 2>"$name.err" ||
		not_ok "$name" "edgeprof ended with $?: $(head -n 2 "$name.err")"
}

"$sim/make_run" run || exit 2
table run report run --format latex --battery 18.84Wh --price 0.20/kWh
paper run pdflatex
shows run_energy run 'generation 2.000 30.0 ± 1.7 20.0 ± 1.2'
shows run_units run 'J/token'
shows run_coverage run 'the processor package; not memory or disks'

paper_study study || exit 2
table study report study --format latex
paper study pdflatex
shows study_interval study '2.1 ± 1.3'
shows study_missing study '8q40—'
shows study_footnote study '— not measured: Energy, gross (8'

# Two hundred configurations: over pages, with its head on each.
paper_study many || exit 2
awk 'BEGIN { for (i = 5; i < 205; i++)
	for (r = 1; r <= 2; r++)
		printf "s,%d,%d,%d,1,,h,,%d,q4,generation,%g,%g,%g\n", i, r,
			2 * i + r, i, 1 + i / 100 + r / 50, 9 + r / 10, 0.5 }' \
	>>many/results.csv
table many report many --format latex
paper many pdflatex
shows many_last many '204 q4 2'
check many_pages test "$(pdftotext paper-many.pdf - | grep -c threads)" -ge 5

cat >log.csv <<'END'
client,total_s,memory_bytes
rust_a,10,1048576
rust_a,10.2,1048576
rust_a,10.1,2097152
python,20,4194304
python,21,4194304
python,22,4194304
END
table compare compare --csv log.csv --group client \
	--metric total_s,memory_bytes --format latex
paper compare pdflatex
# (pdftotext sees no underscores: this font draws them.)
shows compared compare 'rust a 21 ± 2 10.1 ± 0.2'

# Texts that try to be commands; letters that pdfLaTeX does not have.
paper_hostile_run hostile || exit 2
table hostile report hostile --format latex
width=400
paper hostile pdflatex
shows hostile_text hostile '\input{x} 50% ab #1 $x$ ˜ˆ & U+4E2D --threads [2em]'
paper_hostile_study hostile-study || exit 2
table hostile-study report hostile-study --format latex
paper hostile-study pdflatex
shows hostile_row hostile-study '[2em]'
shows hostile_end hostile-study '\end{tabular}'
shows hostile_signs hostile-study '*%&#$˜ˆ'
# Another engine; what its font lacks is not lost either.
cp hostile-study.tex letters.tex
paper letters lualatex
shows letters_are_not_lost letters 'U+4E2DU+6587'
shows dashes_are_dashes letters 'DIR --rebuild'
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the documents say: commands that plot, options, examples, links.
set -u

build=$1
edgeprof=$build/edgeprof
validate=$build/tests/sim/validate_json
dir=$(mktemp -d "${TMPDIR:-/tmp}/docs-XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

ok() {
	echo "ok $1"
}

not_ok() {
	echo "not ok $1: $2"
	failed=1
}

for example in docs/examples/*.json; do
	name=schema_of_$(basename "$example" .json)
	if "$validate" docs/report.schema.json "$example" >"$dir/out"; then
		ok "$name"
	else
		not_ok "$name" "$(head -n 1 "$dir/out")"
	fi
done

# The validator itself must be able to say no.
sed 's/"edgeprof.report\/1"/"edgeprof.report\/2"/' \
	docs/examples/report.json >"$dir/wrong.json"
if "$validate" docs/report.schema.json "$dir/wrong.json" >"$dir/out"; then
	not_ok schema_refuses_another_version 'it was accepted'
else
	ok schema_refuses_another_version
fi

# Every option of the help, and no other, is in the man page.
for command in run report; do
	"$edgeprof" "$command" --help >"$dir/help"
	missing=
	for option in $(grep -o -e '--[a-z][a-z-]*' "$dir/help" | sort -u); do
		grep -q -e "\*$option\*" docs/edgeprof.1.scd ||
			missing="$missing $option"
	done
	if [ -z "$missing" ]; then
		ok "man_page_has_the_options_of_$command"
	else
		not_ok "man_page_has_the_options_of_$command" "no$missing"
	fi
done
"$edgeprof" run --help >"$dir/help"
"$edgeprof" report --help >>"$dir/help"
unknown=
for option in $(grep -o -e '^\*.*' docs/edgeprof.1.scd |
	grep -o -e '--[a-z][a-z-]*' | sort -u); do
	grep -q -e "$option" "$dir/help" || unknown="$unknown $option"
done
if [ -z "$unknown" ]; then
	ok man_page_has_no_other_options
else
	not_ok man_page_has_no_other_options "$unknown"
fi

# Relative links lead somewhere.
broken=
for page in README.md docs/*.md; do
	for link in $(grep -o -e ']([^)#]*)' "$page" | sed 's/^](//; s/)$//'); do
		case $link in
		http*) continue ;;
		esac
		[ -e "$(dirname "$page")/$link" ] ||
			broken="$broken $page:$link"
	done
done
if [ -z "$broken" ]; then
	ok links
else
	not_ok links "$broken"
fi

# has TOOL: whether gnuplot, awk, pandas, matplotlib are there
has() {
	case $1 in
	pandas | matplotlib)
		command -v python3 >/dev/null 2>&1 &&
			python3 -c "import $1" >/dev/null 2>&1
		;;
	*)
		command -v "$1" >/dev/null 2>&1
		;;
	esac
}

# The commands after "<!-- test: TOOL[+TOOL] [FILE] -->" work in a run folder
# and make FILE, or print something.
"$build/tests/sim/make_run" "$dir/run" || exit 1
"$edgeprof" report "$dir/run" >"$dir/out" 2>&1 || cat "$dir/out"
awk '
/^<!-- test:/ { tools = $3; file = $4 == "-->" ? "" : $4; next }
/^```sh/ && tools != "" { inside = 1; next }
/^```/ { inside = 0; tools = ""; next }
inside { print tools "|" file "|" $0 }
' docs/run-folder.md >"$dir/commands"
number=0
while IFS='|' read -r tools file command; do
	number=$((number + 1))
	name=command_${number}_$(echo "$tools" | tr '+' '_')
	absent=
	for tool in $(echo "$tools" | tr '+' ' '); do
		has "$tool" || absent="$absent $tool"
	done
	if [ -n "$absent" ]; then
		echo "skip $name: not installed:$absent"
		continue
	fi
	(cd "$dir/run" && MPLBACKEND=Agg sh -c "$command") >"$dir/out" 2>"$dir/err" \
		</dev/null
	status=$?
	if [ $status -ne 0 ] || grep -q -i -e warning "$dir/err"; then
		not_ok "$name" "status $status: $(tail -n 1 "$dir/err")"
	elif [ -n "$file" ] && [ ! -s "$dir/run/$file" ]; then
		not_ok "$name" "no $file was made"
	elif [ -z "$file" ] && [ ! -s "$dir/out" ]; then
		not_ok "$name" 'nothing was printed'
	else
		ok "$name"
	fi
done <"$dir/commands"
if [ "$number" -lt 5 ]; then
	not_ok commands "only $number found in docs/run-folder.md"
fi

exit $failed

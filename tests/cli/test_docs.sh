#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the documents say: commands that plot, options, examples, links.
. "$(dirname "$0")/lib.sh"

validate=$sim/validate_json
man=docs/edgeprof.1.scd
schema=docs/report.schema.json

for example in docs/examples/*.json; do
	check "schema_of_$(basename "$example" .json)" \
		"$validate" "$schema" "$example"
done
"$sim/make_run" "$dir/run" || exit 1
check the_example_run_is_reported "$edgeprof" report "$dir/run"
# keys FILE: every key of a report, and the codes of its warnings
keys() {
	python3 - "$1" <<'P'
import json, sys
found = set()
def walk(value, path):
    found.add(path)
    for key, inner in value.items() if isinstance(value, dict) else []:
        walk(None if key == "budget" else inner, path + "." + key)
    for inner in value if isinstance(value, list) else []:
        walk(inner, path + "[]")
report = json.load(open(sys.argv[1]))
walk(report, "")
found.update(w["code"] for w in report["warnings"])
print("\n".join(sorted(found)))
P
}
keys docs/examples/report.json >"$dir/example"
keys "$dir/run/report.json" >"$dir/now"
check the_example_is_what_is_written_now diff "$dir/example" "$dir/now"

# The validator itself must be able to say no.
sed 's/"edgeprof.report\/1"/"edgeprof.report\/2"/' \
	docs/examples/report.json >"$dir/wrong.json"
check schema_refuses_another_version \
	fails "$validate" "$schema" "$dir/wrong.json"

# The man page has a section for every command, and no other.
"$edgeprof" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | sort >"$dir/commands"
sed -n 's/^# EDGEPROF //p' "$man" | tr 'A-Z' 'a-z' | sort >"$dir/sections"
check man_page_has_every_command diff "$dir/commands" "$dir/sections"

# spellings: the options named in a text, each once.  --help needs no line.
spellings() {
	grep -o -E -e '(^|[^A-Za-z0-9-])--?[a-z][a-z-]*' |
		sed 's/^[^-]*//' | grep -v -x -e --help -e -h | sort -u
}

# Of every command the help and the section name the same options.  A spelling
# that only the section has must be one that the command knows.
while read -r command; do
	"$edgeprof" "$command" --help | sed '/^[Ee]xample/,$d' |
		spellings >"$dir/in_help"
	sed -n "/^# EDGEPROF $(echo "$command" | tr 'a-z' 'A-Z')\$/,/^# /p" "$man" |
		grep '^\*-' | spellings >"$dir/in_man"
	wrong=$(comm -23 "$dir/in_help" "$dir/in_man")
	for option in $(comm -13 "$dir/in_help" "$dir/in_man"); do
		"$edgeprof" "$command" "$option" 2>&1 </dev/null |
			grep -q -e 'no option' -e 'unknown option' &&
			wrong="$wrong $option"
	done
	if [ -z "$wrong" ]; then
		ok "man_page_has_the_options_of_$command"
	else
		not_ok "man_page_has_the_options_of_$command" "$wrong"
	fi
done <"$dir/commands"

# Code in the documents uses commands that exist.
awk '
/^```/ { fenced = !fenced; next }
{
	text = fenced ? "`" $0 : $0
	sub(/^    /, "`", text)
	gsub(/sudo /, "", text)
	while (match(text, /[`*]edgeprof [a-z]+/)) {
		print substr(text, RSTART + 10, RLENGTH - 10)
		text = substr(text, RSTART + RLENGTH)
	}
}' README.md docs/*.md "$man" | sort -u >"$dir/used"
check documents_name_commands_that_exist \
	test "$(comm -23 "$dir/used" "$dir/commands")" = ''
number documents_name_commands "$(wc -l <"$dir/used") >= 3"

# Boards named in a --board or in the README's table are there.
for board in $(sed -n 's/^| `\([a-z0-9_]*\)` |.*/\1/p' README.md) \
	$(grep -o -h -e '--board [a-z0-9_-]*' README.md docs/*.md docs/*.scd |
		sed 's/.* //' | grep -v -x -e none); do
	check "board_$board" test -f "boards/$board.board"
done

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
check links test "$broken" = ''

# Drawings are XML, small, with a title, and shown by a page.
for drawing in docs/*.svg; do
	base=$(basename "$drawing" .svg)
	check "$base" xmllint --noout --nonet "$drawing"
	check "${base}_has_a_title" grep -q '<title' "$drawing"
	check "${base}_is_shown" grep -q "](${drawing#docs/})" docs/*.md
	number "${base}_is_small" "$(wc -c <"$drawing") < 6144"
done

# Every instrument has its answers, and there is no other.
instruments() {
	sed -n '/^## Which instrument answers/,/^\*\*The rule/p' docs/instruments.md
}
sed -n 's/^EP_SENSOR(\([a-z0-9_]*\))/\1/p; s/^EP_SENSOR_ALIAS("\([^"]*\)".*/\1/p' \
	sensors/list.def | sort >"$dir/listed"
instruments | sed -n '/^| `/s/^| \([^|]*\)|.*/\1/p; /^These measure/,/\.$/p' |
	grep -o '`[a-z0-9_]*`' | tr -d '`' | sort >"$dir/answered"
check instruments_have_answers diff "$dir/listed" "$dir/answered"
check answers_to_all_questions test \
	"$(instruments | grep '^|' | awk -F'|' '{ print NF }' | sort -u)" = 12

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
awk '
/^<!-- test:/ { tools = $3; file = $4 == "-->" ? "" : $4; next }
/^```sh/ && tools != "" { inside = 1; next }
/^```/ { inside = 0; tools = ""; next }
inside { print tools "|" file "|" $0 }
' docs/run-folder.md >"$dir/plots"
number=0
while IFS='|' read -r tools file command; do
	number=$((number + 1))
	name=command_${number}_$(echo "$tools" | tr '+' '_')
	absent=
	for tool in $(echo "$tools" | tr '+' ' '); do
		has "$tool" || absent="$absent $tool"
	done
	if [ -n "$absent" ]; then
		skip "$name" "not installed:$absent"
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
done <"$dir/plots"
number commands_were_found "$number >= 5"

exit $failed

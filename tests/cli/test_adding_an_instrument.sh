#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/adding-an-instrument.md: its files and commands, as they stand, in a copy
# of the source.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$here/../.." && pwd)
page=$top/docs/adding-an-instrument.md
make=$(command -v make) || exit 1

# A copy, with the objects that are there: only what is new is compiled.
mkdir -p "$dir/src/build/release" "$dir/tools"
cd "$top" || exit 1
for entry in * .ci; do
	case $entry in
	build | docs) ;;
	*) cp -a "$entry" "$dir/src/" || exit 1 ;;
	esac
done
mkdir -p "$dir/src/docs"
cd "$build" || exit 1
find base drivers sensors runners profiler tests/sim/support tests/unit \
	build_id share_dir -type f ! -name '*.so' ! -path 'tests/unit/test_[!g]*' |
	tar cf - -T - | tar xf - -C "$dir/src/build/release"
# As the objects were made.
variant=release
if nm base/buf.o | grep -q __asan; then
	variant=san
fi
curl=1
[ -f drivers/http.o ] || curl=0
# The new line in list.def concerns the table alone.
cat >"$dir/tools/make" <<T
#!/bin/sh
exec "$make" -j2 VARIANT=$variant WITH_CURL=$curl B=build/release \\
	-o sensors/list.def -W sensors/table.c "\$@"
T
chmod +x "$dir/tools/make"
cd "$dir/src" || exit 1

awk -v at="$dir/step-" '
	/^<!-- recipe: commands -->/ { kind = "sh"; next }
	/^<!-- recipe: (file|append) / { kind = $3; name = $4; next }
	/^```/ && kind != "" && !inside {
		inside = 1
		out = sprintf("%s%02d.%s", at, ++n, kind)
		if (kind != "sh") print name >(out ".name")
		printf "" >out
		next
	}
	/^```/ { inside = 0; kind = ""; next }
	inside { print >out }' "$page"

# The tests of the copy are its own.
unset EP_TEST_TMP EP_TEST_TOP EP_TEST_BUILD MAKEFLAGS MAKELEVEL MFLAGS
export PATH="$dir/tools:$PATH" EDGEPROF_BOARDS="$top/boards"
for step in "$dir"/step-[0-9][0-9].*; do
	case $step in
	*.name) ;;
	*.file)
		name=$(cat "$step.name")
		mkdir -p "$(dirname "$name")"
		check "writes_$name" cp "$step" "$name"
		;;
	*.append)
		cat "$step" >>"$(cat "$step.name")"
		;;
	*.sh)
		timeout 200 sh -e "$step" >"$step.out" 2>&1
		status=$?
		if [ $status -eq 0 ]; then
			ok "commands_$(basename "$step" .sh)"
		else
			not_ok "commands_$(basename "$step" .sh)" \
				"status $status: $(tail -n 6 "$step.out" | tr '\n' '|')"
		fi
		;;
	esac
done
cat "$dir"/step-*.out >"$dir/out"
check builds_without_a_warning fails grep -q 'warning:' "$dir/out"
check golden_test_passes grep -q '^ok test_golden: ' "$dir/out"
number energy_is_measured "$(awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	$2 == "other" { e = $at["energy_j"] }
	END { print (e > 6 && e < 10) }' first/phases.csv)"
check accuracy_is_told grep -q "accuracy limits are the maker" first/run.json
exit $failed

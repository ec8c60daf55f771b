#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/adding-a-board.md: its file and commands, as they stand, on a machine as
# it describes it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

page=$here/../../docs/adding-a-board.md
user_tools
mkdir "$dir/work" "$dir/tools"
ln -s "$edgeprof" "$dir/tools/edgeprof"
cp -R "$here/../../boards" "$dir/known"
chmod -R a+rX "$dir/known"

# The machine of the page: what it says of itself there, and the chip.
{
	sed -n 's|^    \(/proc/device-tree/.* = .*\)|\1|p' "$page"
	cat <<'T'
/proc/sys/kernel/arch = aarch64
/sys/class/hwmon/hwmon0/name = ina226
/sys/class/hwmon/hwmon0/power1_input = 5000000
/sys/class/hwmon/hwmon0/in1_input = 5010
/sys/class/hwmon/hwmon0/curr1_input = 998
/sys/class/thermal/thermal_zone0/type = cpu
/sys/class/thermal/thermal_zone0/temp = 41000
T
} >"$dir/machine.tree"
"$sim/make_tree" "$dir/machine.tree" "$dir/machine" || exit 1

# Files and commands of the page in their order: ($dir/step-N, kind in the name).
awk -v at="$dir/step-" '
	/^<!-- recipe: commands -->/ { kind = "sh"; next }
	/^<!-- recipe: file / { kind = "file"; name = $4; next }
	/^```/ && kind != "" && !inside {
		inside = 1
		out = sprintf("%s%02d.%s", at, ++n, kind)
		if (kind == "file") print name >out ".name"
		printf "" >out
		next
	}
	/^```/ { inside = 0; kind = ""; next }
	inside { print >out }' "$page"

cd "$dir/work" || exit 1
export EDGEPROF_ROOT="$dir/machine" PATH="$dir/tools:$PATH" \
	EDGEPROF_BOARDS="$dir/known" XDG_CONFIG_HOME="$dir/none"
for step in "$dir"/step-[0-9][0-9].*; do
	case $step in
	*.name) ;;
	*.file)
		file=$(cat "$step.name")
		check "writes_$(basename "$file")" cp "$step" "$file"
		;;
	*.sh)
		while IFS= read -r command; do
			case $command in
			export*)
				# The boards that came with edgeprof lie beside it.
				eval "$command:\$dir/known"
				continue
				;;
			esac
			sh -c "$command" >"$dir/out" 2>"$dir/err"
			status=$?
			# Before there is a file the answer is no.
			want=0
			[ "$step" = "$dir/step-01.sh" ] && want=1
			status_is "$(echo "$command" | tr ' ' _)" $want
			cp "$dir/out" "$dir/out.$(echo "$command" |
				awk '{ print $2 $3 }' | tr / _)"
		done <"$step"
		;;
	esac
done
check recipe_has_steps test -f "$dir/step-05.sh"
check check_says_ok grep -q 'hints: 0)$' "$dir/out.boardscheck"
check show_has_it grep -q '^example-sbc: ' "$dir/out.boardsshow"
check detect_finds_it test "$(head -n 1 "$dir/out.boardsdetect")" = example-sbc
check doctor_is_content grep -q ' 0 needed for the total$' "$dir/out.doctor"
tr -s '\n ' ' ' <"$dir/out.reportfirst" >"$dir/report"
check report_has_the_power grep -q 'other ~5.000 ~5.000' "$dir/report"
check report_has_the_coverage grep -q 'Left out: the power supply itself' \
	"$dir/report"
check report_says_untested grep -q untested "$dir/out.reportfirst"
exit $failed

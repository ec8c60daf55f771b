#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Calls and words that do not belong into the code.
calls() { # names, advice
	awk -v names="$1" -v advice="$2" '
	{
		match($0, /^[^:]*:[0-9]+:/)
		place = substr($0, 1, RLENGTH - 1)
		text = " " substr($0, RLENGTH + 1)
		while (match(text, "[^A-Za-z0-9_>.](" names ")[ \t]*[(]")) {
			name = substr(text, RSTART + 1, RLENGTH - 1)
			text = substr(text, RSTART + RLENGTH)
			print place ": " name "): " advice
		}
	}'
}
code=$(mktemp) || exit 1
trap 'rm -f "$code"' EXIT
sh tests/lint/files.sh '*.c' '*.h' | xargs awk -f tests/lint/strip.awk >"$code"

{
	# Text without bounds, laxly parsed numbers, hidden stack, shells.
	grep -v '^tests/' "$code" | calls \
		'v?sprintf|strcpy|stpcpy|strcat|strtok|strtok_r|v?f?scanf|v?sscanf|gets|alloca|system|popen' \
		'no bounds or no strictness'
	grep -v -e '^tests/' -e '^base/num\.c:' "$code" | calls \
		'ato[ifl]|atoll|strto[dlf]|strtold|strtou?l|strtou?ll|strto[iu]max|strtod_l' \
		'numbers are parsed by base/num.h'
	grep -v '^tests/' "$code" | calls \
		'u?sleep|gettimeofday|localtime|localtime_r|ctime|ctime_r|asctime|time' \
		'clocks are in base/clock.h'
	grep '^tests/' "$code" | calls 'v?sprintf|gets|alloca|strtok|ato[ifl]|atoll' \
		'no bounds or no strictness'
	grep '^tests/unit/' "$code" | calls 'u?sleep|nanosleep' \
		'tests wait for events, not for time'
	# The library returns errors; only cli ends the program and prints.
	grep -E '^(base|drivers|sensors|runners|profiler/(record|analyze|report|study))/' "$code" |
		grep -v '^runners/demo/' |
		calls 'exit|abort|v?printf|puts|putchar|perror|v?syslog' \
			'below profiler/cli nothing ends or prints'
	grep -E '^(base|drivers|sensors|runners|profiler/(record|analyze|report|study))/' "$code" |
		grep -v '^runners/demo/' | grep -E 'fprintf *\( *std(err|out)' |
		sed 's|^\([^:]*:[0-9]*\):.*|\1: below profiler/cli nothing prints|'
	grep -E '#[ \t]*include[ \t]*<err\.h>' "$code" |
		sed 's/^\([^:]*:[0-9]*\):.*/\1: nothing prints through err.h/'
	grep -E '^[^:]*:[0-9]*:[ \t]*typedef[ \t]+struct' "$code" |
		sed 's/^\([^:]*:[0-9]*\):.*/\1: no typedef for a struct/'
	# glob(3) is not redirected by umockdev.
	grep -v '^tests/' "$code" | calls 'glob|wordexp' 'list the folder instead'
	sh tests/lint/files.sh '*.c' '*.h' |
		xargs grep -nwE 'TODO|FIXME|XXX|HACK|stub|placeholder|for now' |
		sed 's/^\([^:]*:[0-9]*\):.*/\1: finish it, or open an issue, instead of a note/'
} | sort -u | grep . && exit 1
exit 0

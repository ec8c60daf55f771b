#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may include whom: base < drivers < sensors, runners < profiler, and
# inside profiler record, analyze < report < study < export < cli.
sh tests/lint/files.sh '*.c' '*.h' '*.def' | grep -v '^tests/' |
	xargs awk -f tests/lint/strip.awk |
	sed -n 's/^\([^:]*\):\([0-9]*\):[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1 \2 \3/p' |
	awk '
function floor_of(path, parts) {
	split(path, parts, "/")
	if (parts[1] == "profiler")
		return "profiler/" parts[2]
	if (parts[1] == "runners" && parts[2] == "demo")
		return "runners/demo"
	return parts[1]
}
# perf.c, perf_names.c and perf_parts.h are one door.
function door_of(path) {
	sub(/^.*\//, "", path)
	sub(/\..*$/, "", path)
	sub(/_.*$/, "", path)
	return path
}
BEGIN {
	low = " base drivers "
	may["base"] = " base "
	may["drivers"] = low
	may["sensors"] = low "sensors "
	may["runners"] = low "runners "
	may["runners/demo"] = " runners/demo "
	mid = low "sensors runners "
	may["profiler/record"] = mid "profiler/record "
	may["profiler/analyze"] = mid "profiler/analyze "
	may["profiler/report"] = mid "profiler/analyze profiler/report "
	may["profiler/study"] = mid "profiler/record profiler/analyze " \
		"profiler/report profiler/study "
	may["profiler/export"] = mid "profiler/analyze profiler/report " \
		"profiler/study profiler/export "
	may["profiler/cli"] = mid "profiler/record profiler/analyze " \
		"profiler/report profiler/study profiler/export profiler/cli "
}
{
	from = floor_of($1)
	to = floor_of($3)
	if ($3 == "runners/edgeprof.h" && from == "runners/demo")
		next
	if ((getline line < $3) < 0)
		print $1 ":" $2 ": \"" $3 "\" does not exist; write includes from the root"
	close($3)
	if (!(from in may))
		print $1 ": lies on no floor"
	else if (index(may[from], " " to " ") == 0)
		print $1 ":" $2 ": " from " may not include " $3
	else if (from == "drivers" && to == "drivers" &&
		 door_of($1) != door_of($3))
		print $1 ":" $2 ": drivers do not include each other (" $3 ")"
}' | grep . && exit 1
exit 0

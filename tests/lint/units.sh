#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# In headers a quantity carries its unit as the last word of its name.
sh tests/lint/files.sh '*.h' | grep -v -e '^tests/' -e '^runners/demo/' |
	xargs awk -f tests/lint/strip.awk | awk '
BEGIN {
	number = "^(int|unsigned|long|size_t|ssize_t|double|float|u?int[0-9]+_t)$"
	quantity = "(^|_)(energy|power|time|duration|voltage|current|temp|" \
		"temperature|freq|frequency|interval|timeout|delay|latency|" \
		"lateness|late|period|elapsed|deadline|watts|joules|" \
		"cpu_time|age|slack|span|window|refresh)$"
}
{
	place = $0
	sub(/:[^:]*$/, "", place)
	match($0, /^[^:]*:[0-9]+:/)
	place = substr($0, 1, RLENGTH - 1)
	code = substr($0, RLENGTH + 1)
	gsub(/[*]/, " ", code)
	gsub(/[(,;)=\[]/, " & ", code)
	count = split(code, word, /[ \t]+/)
	for (i = 1; i < count; i++) {
		if (word[i] !~ number)
			continue
		name = word[i + 1]
		if (word[i + 2] == "(")
			continue
		sub(/^ret_/, "", name)
		if (name ~ quantity)
			print place ": " word[i + 1] " has no unit in its name"
	}
}' | grep . && exit 1
exit 0

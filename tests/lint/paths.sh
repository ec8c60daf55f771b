#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Only base/ and drivers/ know where the machine keeps its files.  A literal
# with a space in it is text for people.
sh tests/lint/files.sh '*.c' '*.h' |
	grep -v -e '^base/' -e '^drivers/' -e '^tests/' |
	xargs awk -v strings=1 -f tests/lint/strip.awk |
	grep -E ':[0-9]+:"/(sys|proc|dev)(/[^ "]*)?"$' |
	sed 's/$/: only base\/ and drivers\/ open these/' | grep . && exit 1
exit 0

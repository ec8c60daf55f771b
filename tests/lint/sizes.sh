#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Files up to 400 lines, headers 150, functions 60 lines and 5 parameters.
if ! ctags --version 2>/dev/null | grep -q Universal; then
	echo "universal-ctags is not installed; make deps-lint installs it"
	exit 77
fi
{
	sh tests/lint/files.sh '*.c' '*.h' '*.sh' |
		xargs wc -l | awk '
		$2 == "total" { next }
		# A whole little library that users include.
		$2 == "runners/edgeprof.h" { sub(/\.h$/, ".c", $2) }
		$2 ~ /\.h$/ && $1 > 150 { print $2 ": " $1 " lines; a header has 150 at most" }
		$2 !~ /\.h$/ && $1 > 400 { print $2 ": " $1 " lines; a file has 400 at most" }'
	sh tests/lint/files.sh '*.c' '*.h' |
		xargs ctags --languages=C --langmap=C:.c.h --kinds-C=f \
			--fields=+neS --sort=no -f - |
		awk -F '\t' '
		{
			line = end = 0
			signature = ""
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) line = substr($i, 6)
				if ($i ~ /^end:/) end = substr($i, 5)
				if ($i ~ /^signature:/) signature = substr($i, 11)
			}
			if (end && end - line + 1 > 60)
				print $2 ":" line ": " $1 "() has " end - line + 1 " lines; 60 at most"
			depth = 0
			count = signature ~ /^\((void)?\)/ ? 0 : 1
			for (i = 1; i <= length(signature); i++) {
				c = substr(signature, i, 1)
				if (c == "(") depth++
				if (c == ")") depth--
				if (c == "," && depth == 1) count++
			}
			# What libfuse calls has the parameters that it gives.
			if (count > 5 && $2 !~ /^tests\/rig\/guest\//)
				print $2 ":" line ": " $1 "() has " count " parameters; 5 at most"
		}'
} | grep . && exit 1
exit 0

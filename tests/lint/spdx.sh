#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The licence stands in the first line (after #! in scripts).
tag='SPDX-License-Identifier:'
sh tests/lint/files.sh '*.c' '*.h' '*.def' '*.sh' '*.awk' '*.py' '*.mjs' \
	Makefile .ci/run .ci/deps | while IFS= read -r file; do
	case $file in
	runners/edgeprof.h) want="/* $tag MIT */" ;;
	# Linked with the kernel.
	tests/rig/drivers/*.c) want="/* $tag GPL-2.0-or-later */" ;;
	*.c | *.h | *.def) want="/* $tag GPL-3.0-or-later */" ;;
	*) want= ;;
	esac
	if [ -n "$want" ]; then
		[ "$(head -n 1 "$file")" = "$want" ] ||
			echo "$file:1: first line is not '$want'"
	elif ! head -n 2 "$file" | grep -q "$tag GPL-3.0-or-later"; then
		echo "$file:1: no '$tag GPL-3.0-or-later' in lines 1-2"
	fi
done | grep . && exit 1
exit 0

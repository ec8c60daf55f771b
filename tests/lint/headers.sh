#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header compiles alone and is guarded by EP_<PATH>_H.
. tests/lint/flags.sh
{
	sh tests/lint/files.sh '*.h' | while IFS= read -r file; do
		eval "gcc $FLAGS -Werror -fsyntax-only -x c \"\$file\"" 2>&1
		[ "$file" = runners/edgeprof.h ] && continue
		# The top folder of the two-storey floors is left out.
		long=$(echo "${file%.h}" | tr 'a-z/.-' 'A-Z___')
		short=${long#PROFILER_}
		short=${short#RUNNERS_}
		guard=$(sed -n 's/^#ifndef //p' "$file" | head -n 1)
		case $guard in
		"EP_${long}_H" | "EP_${short}_H") ;;
		*) echo "$file: guard is '$guard', not 'EP_${long}_H'" ;;
		esac
	done
	if [ -f runners/edgeprof.h ]; then
		gcc -std=gnu99 -Wall -Wextra -Werror -fsyntax-only -x c \
			runners/edgeprof.h 2>&1
		if command -v g++ >/dev/null 2>&1; then
			g++ -std=gnu++11 -Wall -Wextra -Werror -fsyntax-only \
				-x c++ runners/edgeprof.h 2>&1
		fi
	fi
} | grep . && exit 1
exit 0

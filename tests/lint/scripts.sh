#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every shell script parses.
sh tests/lint/files.sh '*.sh' .ci/run .ci/deps | while IFS= read -r file; do
	case $(head -n 1 "$file") in
	*bash*) bash -n "$file" 2>&1 ;;
	*) sh -n "$file" 2>&1 ;;
	esac
done | grep . && exit 1
exit 0

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# files.sh PATTERN...: the project's files (tracked, and new ones that git does
# not ignore) whose name matches a pattern such as '*.c' or 'base/*.h'.
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -co --exclude-standard -- "$@"
else
	find . -path ./build -prune -o -type f -print | sed 's|^\./||' |
		while IFS= read -r file; do
			for pattern; do
				# shellcheck disable=SC2254
				case $file in $pattern) echo "$file" ;; esac
			done
		done
fi | sort -u | while IFS= read -r file; do
	if [ -f "$file" ]; then
		echo "$file"
	fi
done

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
if ! command -v cppcheck >/dev/null 2>&1; then
	echo "cppcheck is not installed; make deps-lint installs it"
	exit 77
fi
sh tests/lint/files.sh '*.c' | grep -v '^tests/' |
	xargs cppcheck -j 2 --quiet --std=c11 --language=c --error-exitcode=1 \
		--enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=checkersReport \
		--suppress=preprocessorErrorDirective:runners/edgeprof.h \
		--max-configs=2 -I. -D_GNU_SOURCE -DEP_VERSION='""' \
		-DEP_SHARE_DIR='""' \
		--template='{file}:{line}: {id}: {message}' 2>&1

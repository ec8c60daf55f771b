#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# repeat-for.sh SECONDS COMMAND...: again and again until the time is over; the
# last one is finished.  Ends with the status of the first that fails.
end=$(($(date +%s) + $1))
shift
while :; do
	"$@" || exit
	[ "$(date +%s)" -lt "$end" ] || exit 0
done

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD_DIR: exports, judged by what will read them: promtool, InfluxDB,
# the definitions of OTLP, the format that Perfetto documents.  Programs come
# from the Debian packages, which are unpacked and not installed, so that no
# service starts; definitions come from npm.
set -u
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd) || exit 2
cd "$(dirname "$0")/../.." || exit 2
tests=$PWD/tests
work=$(dirname "$build")/receivers
edgeprof=$build/edgeprof
mkdir -p "$work" || exit 2

give_up() {
	echo "not ok receivers: $1"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}

fetch() {
	(cd "$work/$1/deb" && apt-get download "$1") >"$work/apt.log" 2>&1
}
# The lists of packages may be too old, or not there at all.
update() {
	if [ "$(id -u)" -eq 0 ]; then
		apt-get update -qq >"$work/apt.log" 2>&1
	else
		sudo -n apt-get update -qq >"$work/apt.log" 2>&1
	fi
}

# program PACKAGE NAME: the one that is installed, else that of the package
program() {
	installed=$(command -v "$2" 2>/dev/null)
	if [ -n "$installed" ]; then
		echo "$installed"
		return
	fi
	if [ ! -x "$work/$1/usr/bin/$2" ]; then
		mkdir -p "$work/$1/deb"
		if ! fetch "$1"; then
			update
			fetch "$1" || return 1
		fi
		dpkg -x "$work/$1/deb/$1"_*.deb "$work/$1" || return 1
	fi
	echo "$work/$1/usr/bin/$2"
}
promtool=$(program prometheus promtool) ||
	give_up "apt-get cannot download prometheus: $(tail -n 1 "$work/apt.log")"
influxd=$(program influxdb influxd) ||
	give_up "apt-get cannot download influxdb: $(tail -n 1 "$work/apt.log")"

# The one that is there where it is new enough, else that of the tests.
node=$(command -v node 2>/dev/null)
major=$("${node:-false}" --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ]; then
	dir=$work
	here=$tests/cli
	skip() {
		give_up "$2"
	}
	# shellcheck source=tests/cli/lib_npm.sh
	. "$here/lib_npm.sh"
	npm_packages receivers
fi
if ! cmp -s "$tests/receivers/package-lock.json" "$work/.installed"; then
	rm -rf "$work/node_modules"
	cp "$tests/receivers/package.json" "$tests/receivers/package-lock.json" \
		"$work/"
	(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund) \
		>"$work/npm.log" 2>&1 ||
		give_up "npm cannot fetch its packages: $(grep -m 1 -i '^npm err' "$work/npm.log")"
	cp "$tests/receivers/package-lock.json" "$work/.installed"
fi

# A run, a study, and a run whose every text is hostile.
runs=$work/runs
rm -rf "$runs"
mkdir "$runs"
"$edgeprof" run --board demo --idle 500ms --tail 0s -q --label 'odd=a "b\c", d=e' \
	-o "$runs/run" -- "$build/infer" -n 20 >/dev/null 2>&1 ||
	give_up "edgeprof run ended with $?"
"$edgeprof" sweep --board demo --idle 0s --tail 0s --max-background-cpu 100% \
	--threads 1-2 --runs 2 -q -o "$runs/study" -- "$build/infer" -t '{threads}' -n 10 \
	>/dev/null 2>&1 ||
	give_up "edgeprof sweep ended with $?"
"$node" "$tests/browser/make_run.mjs" "$runs/hostile" hostile ||
	give_up "make_run.mjs hostile"

cp "$tests"/receivers/*.mjs "$work/"
EDGEPROF=$edgeprof PROMTOOL=$promtool INFLUXD=$influxd \
	timeout 300 "$node" "$work/receivers.mjs" "$runs"
